"""How wide the end of an object is: ramps whose width is known, and steps that are none."""

import numpy as np
import pytest

from benchmarks.measures import edge, picture
from benchmarks.measures.observed import Observed


def soft_step(width, size=(480, 800)):
    """A vertical edge from 60 to 180 that rises evenly over so many pixels, its mask, and 80 % of that width."""
    place = np.arange(size[1]) - size[1] / 2
    row = 60 + 120 * np.clip(place / width + 0.5, 0, 1)
    return np.tile(row.round().astype(np.uint8), (size[0], 1)), np.tile(place >= 0, (size[0], 1)), 0.8 * width


@pytest.mark.parametrize("width", [2, 5, 8])
def test_an_edge_is_eight_tenths_of_its_ramp_wide_and_as_wide_from_either_side(width):
    grey, mask, expected = soft_step(width)
    for frame, side in ((grey, mask), (grey, ~mask), (255 - grey, mask), (grey.T.copy(), mask.T)):
        assert np.median(edge.edge_widths(frame, side)) == pytest.approx(expected, abs=0.3)


def test_only_clean_steps_have_a_width():
    grey, mask, _ = soft_step(5)
    faint, striped = (grey // 6), grey.copy()
    striped[:, 390:394] = 255  # a bright line beside the edge leaves the range of its plateaus
    assert len(edge.edge_widths(faint, mask)) == len(edge.edge_widths(striped, mask)) == 0
    assert len(edge.edge_widths(grey, np.zeros_like(mask))) == 0


def test_an_edge_has_a_width_at_480_rows_and_one_at_96():
    grey, mask, expected = soft_step(8)
    rows = picture.edges(Observed(np.repeat(grey[None, ..., None], 3, 3)), mask, 0)
    assert np.median(rows["edge width"]) == pytest.approx(expected, abs=0.3)
    assert 1 < np.median(rows["edge width @96"]) < 2.5  # 1.3 and what a grid of pixels adds
    small = np.zeros((1, 96, 160, 3), np.uint8)
    assert set(picture.edges(Observed(small), small[0, ..., 0] > 0, 0)) == {"edge width @96"}
