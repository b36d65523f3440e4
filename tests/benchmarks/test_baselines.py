"""The table of baselines: its parts by hand, and that a label is measured once."""

import json

import pytest
import torch

from benchmarks import baselines
from benchmarks.matcher import Matcher
from benchmarks.nets import ForegroundNet
from vostutor.core.clip import Clip


def clip_showing(*areas, objects=1):
    """Object 1 shows the given number of pixels, frame by frame; object 2, if asked for, always one row."""
    ids = torch.zeros(len(areas), 32, 48, dtype=torch.int64)
    for t, area in enumerate(areas):
        ids[t].view(-1)[:area] = 1
    if objects == 2:
        ids[:, -1] = 2
    return Clip(torch.zeros(len(areas), 3, 32, 48, dtype=torch.uint8), ids, object_ids=tuple(range(1, objects + 1)))


def test_before_during_and_after_by_hand():
    # a quarter of 100 is 25: frames 2 and 4 show less, 3 lies between
    parts = baselines.parts_of("occlusion", clip_showing(100, 90, 20, 40, 0, 80, 90))
    assert {name: frames.tolist() for name, frames in parts.items()} == {
        "before": [True, False, False, False, False, False],
        "during": [False, True, True, True, False, False],
        "after": [False, False, False, False, True, True],
    }


def test_the_last_quarter_of_eight_frames_is_two():
    assert baselines.parts_of("drift", clip_showing(*[100] * 8))["last quarter"].tolist() == [False] * 5 + [True] * 2


def test_a_copied_mask_scores_by_hand(monkeypatch):
    monkeypatch.setattr(baselines, "ONE_SHOT_STEPS", 1)
    clip = clip_showing(96, 96, 48, objects=2)
    nets = ForegroundNet().eval(), Matcher().eval()
    curves = baselines.curves_of(clip, nets, torch.Generator().manual_seed(0))
    assert curves["copy"].tolist() == [[1.0, 0.5], [1.0, 1.0]]  # object 1 shrinks to a half, object 2 stays
    assert {name: each.shape for name, each in curves.items()} == {
        "copy": (2, 2), "DIS warp": (2, 2), "foreground": (1, 2), "one-shot": (1, 2), "matcher": (2, 2),
    }  # fmt: skip


def test_a_label_is_measured_once_and_again_for_other_code(tmp_path, monkeypatch):
    asked, file = [], tmp_path / "rows.json"
    row = {system: {"J": 0.5, "error": 0.1, "last quarter": 0.25} for system in baselines.SYSTEMS}
    monkeypatch.setattr(baselines, "trained_nets", lambda: (None, {}))
    monkeypatch.setattr(baselines, "draw_clip", lambda label, seed: None)
    monkeypatch.setattr(baselines, "measure", lambda label, *_: asked.append(label) or row)
    for code in ("a", "a", "b"):
        monkeypatch.setattr(baselines, "fingerprint", lambda _, code=code: code)
        baselines.measure_missing(file, ["plain", "drift"], lambda _: None)
    assert asked == ["plain", "drift"] * 2
    told = baselines.tables(json.loads(file.read_text()))
    assert "| plain | 0.500 |" in told and "| drift, last quarter | 0.250 |" in told


def test_without_a_file_the_table_says_what_to_run(tmp_path, capsys):
    assert baselines.main(["--table", "--file", str(tmp_path / "none.json")]) == 1
    assert "python -m benchmarks.baselines" in capsys.readouterr().err


@pytest.mark.parametrize("label", ["plain", "fast"])
def test_other_labels_have_no_parts(label):
    assert baselines.parts_of(label, clip_showing(100, 0, 100)) == {}
