"""ops/masks.py: ids, channels, disks."""

import pytest
import torch

from vostutor.core import DataError, ShapeError
from vostutor.ops import dilate, erode, object_order, one_hot, to_ids


def pixels(height, width, *places):
    mask = torch.zeros(height, width, dtype=torch.bool)
    for y, x in places:
        mask[y, x] = True
    return mask


def slow_dilate(mask, radius):
    """Every pixel asks every true pixel how far away it is."""
    grown = torch.zeros_like(mask)
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            grown[y, x] = any((y - v) ** 2 + (x - u) ** 2 <= radius**2 for v, u in mask.nonzero().tolist())
    return grown


# hand-worked numbers


@pytest.mark.parametrize(("radius", "count"), [(0, 1), (1, 5), (2, 13), (4, 49), (8, 197)])
def test_one_pixel_grows_to_the_disk_of_the_radius(radius, count):
    assert dilate(pixels(21, 21, (10, 10)), radius).sum() == count


def test_new_objects_follow_the_known_ones_in_ascending_order():
    assert object_order((9, 2), torch.tensor([[0, 255, 7], [2, 3, 9]])) == (9, 2, 3, 7)


def test_a_mask_of_void_and_background_names_no_object():
    assert object_order((), torch.tensor([[0, 255]])) == ()


def test_channels_follow_the_order_of_the_objects_and_void_is_background():
    prob_all = one_hot(torch.tensor([[0, 4, 2, 255]]), objects=(4, 2))
    assert prob_all.tolist() == [[[1, 0, 0, 1]], [[0, 1, 0, 0]], [[0, 0, 1, 0]]]
    assert prob_all.dtype == torch.float32


def test_equal_channels_go_to_the_lower_one():
    prob_all = torch.tensor([[[0.3, 0.2, 0.5]], [[0.3, 0.4, 0.0]], [[0.3, 0.4, 0.5]]])
    assert to_ids(prob_all, (8, 5)).tolist() == [[0, 8, 0]]


# invariances


def test_ids_survive_the_way_through_the_channels():
    ids = torch.randint(0, 4, (13, 17), generator=torch.Generator().manual_seed(0))
    assert torch.equal(to_ids(one_hot(ids, (3, 1, 2)), (3, 1, 2)), ids)


def test_a_clip_of_masks_grows_frame_by_frame():
    masks = torch.rand(3, 2, 9, 11, generator=torch.Generator().manual_seed(0)) > 0.9
    apart = torch.stack([torch.stack([dilate(m, 2) for m in pair]) for pair in masks])
    assert torch.equal(dilate(masks, 2), apart)


def test_growing_leaves_the_mask_itself_alone():
    mask = pixels(5, 5, (2, 2))
    dilate(mask, 1)
    assert mask.sum() == 1


def test_only_the_integer_type_of_a_mask_differs():
    ids = torch.tensor([[0, 3], [255, 1]])
    for dtype in (torch.uint8, torch.int32):
        assert object_order((), ids.to(dtype)) == (1, 3)
        assert torch.equal(one_hot(ids.to(dtype), (1, 3)), one_hot(ids, (1, 3)))


# slow references


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (7, 10), (12, 5)])
@pytest.mark.parametrize("radius", [0, 1, 3, 6])
def test_the_grown_mask_holds_the_pixels_within_the_radius(size, radius):
    mask = torch.rand(size, generator=torch.Generator().manual_seed(radius)) > 0.8
    assert torch.equal(dilate(mask, radius), slow_dilate(mask, radius))


def test_the_likeliest_channel_is_the_argmax():
    prob_all = torch.rand(5, 9, 7, generator=torch.Generator().manual_seed(1)).mul(4).round()  # many ties
    assert torch.equal(to_ids(prob_all, (6, 2, 9, 1)), torch.tensor([0, 6, 2, 9, 1])[prob_all.argmax(0)])


def test_a_square_of_five_shrinks_to_one_of_three_and_the_border_takes_nothing():
    mask = torch.zeros(9, 9, dtype=torch.bool)
    mask[2:7, 2:7] = True
    assert erode(mask, 3).nonzero().amin(0).tolist() == [3, 3]
    assert erode(mask, 3).sum() == 9
    assert erode(torch.ones(4, 5, dtype=torch.bool), 5).all()


@pytest.mark.parametrize("side", [1, 3, 5])
def test_a_pixel_survives_where_no_background_is_within_the_square(side):
    mask = torch.rand(2, 8, 11, generator=torch.Generator().manual_seed(0)) < 0.9
    slow, reach = torch.zeros_like(mask), side // 2
    for k, y, x in mask.nonzero().tolist():
        slow[k, y, x] = mask[k, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].all()
    assert torch.equal(erode(mask, side), slow)


# refusal of bad input


@pytest.mark.parametrize("side", [0, 2, -3, 1.0, True])
def test_a_square_has_an_odd_side(side):
    with pytest.raises(ShapeError, match="an odd side"):
        erode(torch.zeros(4, 4, dtype=torch.bool), side)


def test_a_mask_of_floats_does_not_shrink():
    with pytest.raises(ShapeError, match="boolean mask"):
        erode(torch.zeros(4, 4), 3)


def test_a_mask_of_floats_does_not_grow():
    with pytest.raises(ShapeError, match="boolean mask"):
        dilate(torch.zeros(4, 4), 1)


@pytest.mark.parametrize("radius", [-1, 1.5, True, None])
def test_a_radius_is_a_count_of_pixels(radius):
    with pytest.raises(ShapeError, match="a radius of 0, 1, 2"):
        dilate(torch.zeros(4, 4, dtype=torch.bool), radius)


@pytest.mark.parametrize("ids", [torch.zeros(2, 2), torch.zeros(2, 2, dtype=torch.bool)])
def test_a_mask_holds_integers(ids):
    with pytest.raises(ShapeError, match="a mask of integers"):
        object_order((), ids)


@pytest.mark.parametrize("value", [-1, 256])
def test_ids_beyond_a_byte_are_refused(value):
    with pytest.raises(DataError, match=rf"ids from 0 to 255\n.*{value}"):
        one_hot(torch.tensor([[0, value]]), (1,))


def test_an_object_without_a_channel_is_named():
    with pytest.raises(DataError, match=r"\[3\] as well"):
        one_hot(torch.tensor([[1, 3]]), (1,))


def test_channels_without_objects_are_refused():
    with pytest.raises(ShapeError, match="prob_all: 3 H W"):
        to_ids(torch.zeros(2, 4, 4), (1, 2))


@pytest.mark.parametrize("asked", [
    lambda: object_order((), torch.zeros(2, 2).long().numpy()), lambda: one_hot(torch.zeros(2, 2).long().numpy(), (1,)),
    lambda: dilate(pixels(4, 4).numpy(), 1), lambda: erode(pixels(4, 4).numpy(), 3),
])  # fmt: skip
def test_arrays_of_numpy_are_refused_as_such(asked):
    with pytest.raises(ShapeError, match="(?s)a tensor.*ndarray.*torch.as_tensor"):
        asked()
