"""The oracles of lesson 00 against what was worked by hand and what specs/metrics.md lists."""

import pytest
import torch

from vostutor.checks.lesson00.boundary import traced
from vostutor.checks.lesson00.boundary_f import measured
from vostutor.checks.lesson00.jaccard import counted
from vostutor.checks.lesson00.masks import everything, nothing, outline, square
from vostutor.checks.lesson00.statistics import edges_of, summed_up
from vostutor.checks.lesson00.warp import fetched

ABOUT = {"rel": 0, "abs": 1e-6}  # the published vectors have six digits


def in_64(top=16, left=16, side=32):
    return square(top, left, side=side, height=64, width=64)


@pytest.mark.parametrize(
    "pred, j, f",
    [
        (square(), 1, 1), (nothing(), 0, 0), (square(left=3), 0.6, 1), (square(left=4), 1 / 3, 0.625), (square(left=5), 1 / 7, 0.5625),
        (square() & ~square(left=4), 0.5, 0.785714), (everything(), 0.16, 0),
    ],
)  # fmt: skip
def test_a_square_of_16_pixels_scores_as_listed(pred, j, f):
    assert counted(square(), pred) == pytest.approx(j, **ABOUT)
    assert measured(square(), pred, 1) == pytest.approx(f, **ABOUT)


@pytest.mark.parametrize(
    "pred, j, f",
    [
        (in_64(left=17), 0.939394, 1), (in_64(left=18), 0.882353, 0.515625), (in_64(left=19), 0.828571, 0.5),
        (in_64(left=21), 0.729730, 0.46875), (in_64(18, 18, 28), 0.765625, 0), (in_64(17, 17, 30), 0.878906, 0.984127),
        (in_64(15, 15, 34), 0.885813, 0.985075), (in_64(14, 14, 36), 0.790123, 0),
    ],
)  # fmt: skip
def test_a_larger_square_scores_as_listed(pred, j, f):
    assert counted(in_64(), pred) == pytest.approx(j, **ABOUT)
    assert measured(in_64(), pred, 1) == pytest.approx(f, **ABOUT)


def test_void_and_emptiness_score_as_listed():
    columns = square(top=0, left=-6, side=10)  # columns 0 to 3
    assert columns.sum(0).tolist() == [10] * 4 + [0] * 6
    assert counted(square(), square(left=4), columns) == 0.5
    assert (
        counted(nothing(), nothing())
        == counted(everything(), everything())
        == counted(square(), nothing(), everything())
        == 1
    )
    assert measured(nothing(), nothing(), 1) == measured(everything(), everything(), 1) == 1
    corner = square(9, 9, side=1)
    assert traced(corner).sum() == 3 and measured(corner, corner, 1) == 1
    assert traced(square()).sum() == 16 and traced(square(5, 5, side=1)).sum() == 4


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], (0.55, 0.5, 0.5)),
        ([1, 1, 0.9, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2], (0.66, 0.6, 0.666667)),
        ([0.5] * 12, (0.5, 0, 0)),
        (torch.linspace(1, 0, 101, dtype=torch.float64).tolist(), (0.5, 0.495050, 0.75)),
        (torch.linspace(1, 0, 400, dtype=torch.float64).tolist(), (0.5, 0.5, 0.749373)),
    ],
)
def test_curves_are_summed_up_as_listed(values, expected):
    assert summed_up(values) == pytest.approx(expected, **ABOUT)


def test_the_edges_in_whole_numbers_are_those_of_the_formula():
    for n in range(1, 400):
        assert edges_of(n) == (torch.linspace(1, n, 5, dtype=torch.float64) + 1e-10).round().long().sub(1).tolist()


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (4, 7), (6, 6)])
def test_the_two_ways_to_an_outline_agree(size):
    mask = torch.rand(size, generator=torch.Generator().manual_seed(0)) < 0.5
    assert torch.equal(traced(mask), outline(mask))


def test_an_id_is_fetched_from_where_the_flow_points():
    ids = torch.tensor([[1, 2, 3]])
    flow = torch.tensor([[[1.0, 0.6, 1.0]], [[0.0, 0.0, 0.0]]])
    assert fetched(ids, flow).tolist() == [[2, 3, 0]]
