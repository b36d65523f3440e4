"""What a window of scores says: by hand, one displacement at a time."""

import numpy as np
import pytest

from vostutor.core import VosError
from vostutor.widgets.probe_pair import pair_of
from vostutor.widgets.probe_scores import WORDS, Place, pick_flow, read_slice, take_slice


def read(scores, flow=(0.0, 0.0), radius=2, step=1, at=(16, 16), hidden=False):
    grey = np.zeros((3, 32, 32), np.uint8)
    field = np.broadcast_to(np.float32(flow)[:, None, None], (2, 32, 32))
    pair = pair_of((grey, grey, field, np.full((32, 32), hidden)))
    return read_slice(scores, Place(*at, radius, step), pair, stride=2)


def peak(row, column, side=5):
    scores = np.zeros((side, side))
    scores[row, column] = 1
    return scores


@pytest.mark.parametrize(
    ("flow", "at", "hidden", "said"),
    [
        ((4.0, -2.0), (16, 16), False, "right"),  # two cells to the right, one up: row 1, column 4
        ((2.0, -2.0), (16, 16), False, "close"),
        ((-4.0, 4.0), (16, 16), False, "wrong"),
        ((4.9, -2.0), (16, 16), False, "right"),  # 2.45 cells are nearest to 2
        ((5.0, -2.0), (16, 16), False, "outside"),  # 2.5 are not
        ((-12.0, 0.0), (16, 16), False, "outside"),
        ((-12.0, 0.0), (8, 16), False, "left"),
        ((4.0, -2.0), (16, 16), True, "hidden"),
        ((np.nan, 0.0), (16, 16), False, "unknown"),
    ],
)
def test_the_truth_meets_its_fate_by_hand(flow, at, hidden, said):
    reading = read(peak(1, 4), flow, at=at, hidden=hidden)
    assert reading.said[0] == said and reading.best == (2, -1) and WORDS[said].split(":")[0] in reading.words


def test_a_match_that_leaves_the_window_says_how_far_it_would_have_to_reach():
    assert "only d = 6 would reach it" in read(peak(2, 2), (-12.0, 3.0)).words
    assert "only d = 8 would reach it" in read(peak(0, 0, side=3), (-15.0, 3.0), radius=3, step=2).words  # 3.75 steps


def test_the_rank_counts_what_scores_more_and_ties_share_it():
    scores = np.arange(25.0).reshape(5, 5)
    assert [read(scores, flow).rank for flow in ((4.0, 4.0), (2.0, 4.0), (-4.0, -4.0))] == [1, 2, 25]
    assert read(np.maximum(scores, 20), (-4.0, -4.0)).rank == 5


def test_a_step_over_the_true_match_is_told_in_pixels():
    reading = read(peak(2, 3), (3.0, 0.0), radius=4, step=2)  # steps of 4 px; 3 px lie 1 px, half a cell, beside one
    assert reading.said == ("right", "peak") and reading.best == (2, 0)
    reading = read(peak(2, 2), (1.9, 0.0), radius=4, step=2)
    assert reading.said == ("right", "gap", "peak") and "1.9 px beside it" in reading.words


def test_peaks_ridges_and_neither_are_told_apart():
    rows, columns = np.mgrid[-4:5, -4:5]
    shapes = {
        "peak": np.exp(-(rows**2 + columns**2) / 2),
        "ridge": np.exp(-((rows - columns) ** 2) / 1.5),
        "spread": peak(0, 0, 9) + peak(8, 8, 9),
    }
    for name, scores in shapes.items():
        assert read(scores, radius=4).said[-1] == name
        assert read(scores[:, ::-1], radius=4).said[-1] == name  # whichever way it runs
        assert read(3 * scores - 7, radius=4).said[-1] == name  # whatever the scale


def test_no_scores_and_equal_scores_have_no_best_match():
    assert read(np.full((5, 5), np.nan)).said == ("none",) and read(np.ones((5, 5))).said == ("flat",)
    assert read(np.ones((5, 5)), (40.0, 0.0)).said == ("flat", "left")


def test_a_score_that_is_no_number_is_left_out():
    scores = np.where(peak(1, 4) > 0, np.inf, np.arange(25.0).reshape(5, 5))
    reading = read(scores, (4.0, 4.0))
    assert reading.best == (2, 2) and reading.numbers["count"] == 24


def test_a_larger_step_keeps_every_so_many_th_score_around_zero():
    volume = np.arange(81.0).reshape(9, 9, 1, 1)
    assert take_slice(volume, (0, 0), 4, 2).tolist() == volume[::2, ::2, 0, 0].tolist()
    assert take_slice(volume, (0, 0), 3, 3).tolist() == volume[1:8:3, 1:8:3, 0, 0].tolist()
    assert take_slice(volume, (0, 0), 1, 4).tolist() == [[40.0]]
    with pytest.raises(VosError, match="radius"):
        take_slice(volume, (0, 0), 5)


def test_a_window_of_another_size_is_refused():
    with pytest.raises(VosError, match="5 5"):
        read(np.zeros((7, 7)))


def test_the_wheel_finds_who_moves_like_that_and_nan_moves_like_nothing():
    flow = np.array([[[3.0, 3.4, np.nan]], [[0.0, 0.0, 0.0]]])
    assert pick_flow(flow, (3.0, 0.0), 0.3).tolist() == [[True, False, False]]
