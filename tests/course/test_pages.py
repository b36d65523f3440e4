"""The pages that one looks at show what the generator draws today."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from vostutor.course import pages
from vostutor.data.minivos import LABELS


def test_there_is_a_page_for_every_label():
    assert {path.stem for path in (ROOT / "docs" / "minivos").glob("*.jpg")} == set(LABELS)


@pytest.mark.parametrize("label", ["camouflage", "occlusion"])
def test_a_stored_page_is_what_is_drawn_today(label, tmp_path):
    """Up to JPEG, whose rounding is half a grey level or so; another scene differs by tens."""
    stored = np.asarray(Image.open(ROOT / "docs" / "minivos" / f"{label}.jpg").convert("RGB"), int)
    assert np.abs(stored - pages.page(label).astype(int)).mean() < 4


def test_a_row_is_one_clip_with_outlines_at_both_ends(monkeypatch):
    monkeypatch.setattr(pages, "CLIPS", 1)
    outlined, plain = (pages.tile(pages.draw_clip("plain", 900_000, flow=False), t) for t in (0, 4))
    assert outlined.shape == plain.shape == (144, 240, 3)
    assert not np.array_equal(outlined, plain)
    assert pages.page("plain").shape[1] >= 5 * 240


def test_pages_are_written_one_a_label(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "CLIPS", 1)
    monkeypatch.setattr(pages, "LABELS", ("plain", "fast"))
    assert [path.name for path in pages.write_pages(tmp_path)] == ["plain.jpg", "fast.jpg"]
    assert Image.open(tmp_path / "fast.jpg").format == "JPEG"
