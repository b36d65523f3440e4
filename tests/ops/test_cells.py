"""ops/cells.py: masks at the resolution of a map."""

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.ops import cell_labels, cell_shares, enlarge_cells
from vostutor.ops.cells import STRIDE


def random_ids(size=(13, 18), seed=0):
    ids = torch.randint(0, 4, (2, *size), generator=torch.Generator().manual_seed(seed))
    return torch.where(ids == 3, 255, ids)


def test_shares_are_counted_pixel_by_pixel():
    ids = random_ids()
    shares = cell_shares(ids, 2)
    for n, k, row, column in [(0, 0, 0, 0), (1, 1, 2, 3), (1, 2, 3, 4), (0, 1, 3, 0)]:
        cell = ids[n, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        assert shares[n, k, row, column] == (cell == k).sum() / STRIDE**2


def test_void_and_what_lies_beyond_the_frame_cover_nothing():
    assert cell_shares(torch.full((1, 4, 4), 255), 1).sum() == 0
    assert cell_shares(torch.zeros(1, 2, 4, dtype=torch.int64), 0).item() == 0.5


def test_a_cell_belongs_to_who_covers_most_of_it():
    shares = torch.tensor([[0.6, 0.2, 0.3], [0.4, 0.8, 0.1]]).reshape(1, 2, 1, 3)
    assert cell_labels(shares).tolist() == [[[0, 1, 255]]]


def test_a_small_object_keeps_the_cell_that_it_covers_best():
    ids = torch.zeros(1, 12, 12, dtype=torch.int64)
    ids[0, 5:8, 6:8] = 2
    ids[0, 5, 3] = 2
    labels = cell_labels(cell_shares(ids, 2))
    assert (labels == 2).nonzero().tolist() == [[0, 1, 1]]
    assert not (labels == 1).any(), "an object that is nowhere gets no cell"


def test_the_background_gets_no_cell_that_is_not_its_own():
    ids = torch.ones(1, 4, 8, dtype=torch.int64)
    ids[0, 0, 0] = 0
    assert (cell_labels(cell_shares(ids, 1)) == 1).all()


def test_enlarged_cells_lie_where_they_were():
    maps = torch.zeros(1, 1, 4, 5)
    maps[0, 0, 1, 2] = 1
    full = enlarge_cells(maps, (13, 18))[0, 0]
    assert full.shape == (13, 18)
    assert full[5:7, 9:11].min() > 0.7 and full[:2].max() == full[12:].max() == 0
    assert torch.allclose(enlarge_cells(torch.full((1, 1, 4, 5), 0.3), (13, 18)), torch.tensor(0.3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: cell_shares(torch.zeros(4, 4, dtype=torch.int64), 1), ShapeError, "batch"),
        (lambda: cell_shares(torch.zeros(1, 4, 4), 1), ShapeError, "ids.long"),
        (lambda: cell_shares(torch.full((1, 4, 4), 3), 2), DataError, "from 1 on"),
        (lambda: cell_shares(torch.full((1, 4, 4), -1), 2), DataError, "from 0 to 2"),
        (lambda: cell_shares(torch.zeros(1, 4, 4, dtype=torch.int64), -1), SettingsError, "count"),
        (lambda: cell_shares(torch.zeros(1, 4, 4, dtype=torch.int64).numpy(), 1), ShapeError, "tensor"),
        (lambda: cell_labels(torch.zeros(2, 4, 4)), ShapeError, "batch"),
        (lambda: cell_labels(torch.zeros(1, 2, 4, 4, dtype=torch.int64)), ShapeError, "float"),
        (lambda: enlarge_cells(torch.zeros(1, 1, 4, 4), (12, 16)), ShapeError, r"\(3, 4\) cells"),
        (lambda: enlarge_cells(torch.zeros(1, 4, 4), (16, 16)), ShapeError, "maps"),
        (lambda: enlarge_cells(torch.zeros(1, 1, 4, 4, dtype=torch.int64), (16, 16)), ShapeError, "float"),
    ],
)
def test_what_cannot_be_used_is_refused(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
