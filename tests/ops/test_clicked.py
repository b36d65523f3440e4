"""ops/clicked.py: clicked pixels as a mask."""

import numpy as np
import pytest
import torch

from vostutor.core import DataError, SettingsError
from vostutor.ops.clicked import clicks


def test_only_the_clicked_pixels_are_known_and_the_later_click_counts():
    ids = clicks([(0, 2, 1), (3, 4, 0), (0, 2, 7), (np.int64(2), 0, 254)], (4, 5))
    assert {tuple(at): int(ids[tuple(at)]) for at in (ids != 255).nonzero().tolist()} == {
        (0, 2): 7,
        (3, 4): 0,
        (2, 0): 254,
    }
    assert ids.dtype == torch.int64 and ids.shape == (4, 5)


def test_nothing_clicked_is_nothing_known():
    assert (clicks([], (2, 3)) == 255).all()


@pytest.mark.parametrize(
    "point", [(4, 0, 1), (0, 5, 1), (-1, 0, 1), (0, 0, 255), (0, 0, -1), (0.5, 0, 1), (0, 1), 3, (True, 0, 1)]
)
def test_a_point_that_is_none_is_refused(point):
    with pytest.raises(DataError, match="row before column"):
        clicks([(0, 0, 0), point], (4, 5))


@pytest.mark.parametrize("points", [None, 5])
def test_what_are_no_points_is_refused(points):
    with pytest.raises(DataError, match="points in a list"):
        clicks(points, (4, 5))


def test_a_size_that_is_none_is_refused():
    with pytest.raises(SettingsError, match="size"):
        clicks([], (4, 0))
