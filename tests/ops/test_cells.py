"""ops/cells.py: masks at the resolution of a map."""

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.ops import cell_labels, cell_shares, enlarge_cells


def random_ids(size=(13, 18), seed=0):
    ids = torch.randint(0, 4, (2, *size), generator=torch.Generator().manual_seed(seed))
    return torch.where(ids == 3, 255, ids)


def test_shares_are_counted_pixel_by_pixel():
    ids = random_ids()
    shares = cell_shares(ids, 2)
    for n, k, row, column in [(0, 0, 0, 0), (1, 1, 2, 3), (1, 2, 3, 4), (0, 1, 3, 0)]:
        cell = ids[n, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        assert shares[n, k, row, column] == (cell == k).sum() / cell.numel()


def test_void_covers_nothing_and_of_a_cell_that_the_border_cuts_the_rest_is_all():
    assert cell_shares(torch.full((1, 4, 4), 255), 1).sum() == 0
    ids = torch.zeros(1, 2, 7, dtype=torch.int64)  # cells of 2x4 and of 2x3 pixels
    ids[0, 0, 4:], ids[0, 1, 4] = 1, 255
    torch.testing.assert_close(cell_shares(ids, 1)[0, :, 0], torch.tensor([[1, 2 / 6], [0, 3 / 6]]))


@pytest.mark.parametrize("size", [(33, 47), (96, 160), (34, 427)])
def test_where_everything_is_known_shares_sum_to_one_and_no_border_is_nobodys(size):
    ids = torch.ones(1, *size, dtype=torch.int64)
    ids[..., : size[1] // 8 * 4] = 0
    shares = cell_shares(ids, 1)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(1, -(-size[0] // 4), -(-size[1] // 4)))
    assert cell_labels(shares).max() == 1


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


def test_two_objects_of_one_pixel_keep_a_cell_each():
    ids = torch.zeros(1, 8, 12, dtype=torch.int64)
    ids[0, 0, 3], ids[0, 5, 9] = 1, 2
    assert cell_labels(cell_shares(ids, 2)).tolist() == [[[1, 0, 0], [0, 0, 2]]]


def test_who_has_another_cell_leaves_the_one_that_is_anothers_only_one():
    ids = torch.zeros(1, 4, 8, dtype=torch.int64)
    ids[0, 0, 0] = 1  # one pixel in the cell in which 2 has four of its five, and 2 one in the next
    ids[0, 1, :4], ids[0, 0, 4] = 2, 2
    assert cell_labels(cell_shares(ids, 2)).tolist() == [[[1, 2]]]


@pytest.mark.parametrize(
    ("pixels", "labels"),  # pixels of two objects in each of three cells, and whose the cells are
    [
        ([[4, 1, 0], [2, 0, 1]], [2, 1, 0]),  # who covers least chooses first
        ([[1, 0, 0], [1, 1, 0]], [1, 2, 0]),  # then who covers fewest cells
        ([[2, 1, 0], [2, 0, 1]], [1, 0, 2]),  # then who covers more in reading order
    ],
)
def test_who_chooses_first_does_not_depend_on_the_numbers(pixels, labels):
    objects = torch.tensor(pixels)[:, None] / 16
    background = 1 - objects.sum(dim=0, keepdim=True)
    assert cell_labels(torch.cat([background, objects])[None]).tolist() == [[labels]]
    swapped = cell_labels(torch.cat([background, objects.flip(0)])[None])
    assert swapped.tolist() == [[[(0, 2, 1)[label] for label in labels]]]


def test_a_lost_object_takes_no_cell_from_one_that_has_no_other():
    ids = torch.zeros(1, 4, 8, dtype=torch.int64)
    ids[0, :3, :3], ids[0, 3, :4], ids[0, 0, 4] = 1, 2, 2  # 9 of 16 pixels are 1's, 4 are 2's
    assert cell_labels(cell_shares(ids, 2)).tolist() == [[[1, 2]]]


def test_two_objects_that_cover_half_of_a_cell_each_leave_it_to_nobody():
    ids = torch.tensor([[0] * 4 + [1, 1, 2, 2] + [1] * 4 + [2] * 4]).expand(4, -1)[None]
    assert cell_labels(cell_shares(ids, 2)).tolist() == [[[0, 255, 1, 2]]]


@pytest.mark.parametrize("seed", range(5))
def test_in_another_order_the_objects_have_the_same_cells(seed):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 9, (1, 24, 28), generator=generator)
    ids = torch.where(ids < 5, 0, ids - 4)[:, ::2].repeat_interleave(2, dim=1)  # four small ones everywhere
    ids[0, :6, :6], ids[0, 10:13, 10:12], ids[0, 10:13, 12:13] = 1, 5, 6
    order = torch.cat([torch.zeros(1, dtype=torch.int64), 1 + torch.randperm(6, generator=generator)])
    one, other = (cell_labels(cell_shares(each, 6)) for each in (ids, order[ids]))
    table = torch.cat([order, torch.full((249,), 255)])
    assert torch.equal(table[one], other)
    assert {1, 2, 3, 4, 5, 6} <= set(one.unique().tolist())


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
