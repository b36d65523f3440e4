"""ops/distance.py: how far every pixel is from a mask."""

import pytest
import torch

from vostutor.core import ShapeError
from vostutor.ops import dilate, distance_to


def drawn(size=(13, 22), share=0.03, seed=0):
    return torch.rand(size, generator=torch.Generator().manual_seed(seed)) < share


def test_three_right_and_four_down_are_five_away():
    mask = torch.zeros(5, 4, dtype=torch.bool)
    mask[0, 0] = True
    assert distance_to(mask)[4, 3].item() == pytest.approx(5)
    assert distance_to(mask)[0].tolist() == [0, 1, 2, 3]


def test_without_a_mask_everything_is_infinitely_far():
    assert distance_to(torch.zeros(3, 4, dtype=torch.bool)).isinf().all()


def test_a_mirrored_mask_has_mirrored_distances():
    mask = drawn()
    assert torch.allclose(distance_to(mask.flip(1)), distance_to(mask).flip(1), atol=1e-5)  # float32 roots


@pytest.mark.parametrize("radius", [1, 3, 6])
def test_what_is_at_most_a_radius_away_is_the_mask_grown_by_a_disk(radius):
    mask = drawn()
    assert torch.equal(distance_to(mask) <= radius, dilate(mask, radius))


def test_it_is_the_least_of_all_distances_spelled_out():
    mask = drawn()
    y, x = torch.meshgrid(torch.arange(13.0), torch.arange(22.0), indexing="ij")
    places = torch.stack([y, x], dim=-1)
    slow = torch.cdist(places.reshape(-1, 2), places[mask]).min(dim=1).values.reshape(13, 22)
    assert torch.allclose(distance_to(mask), slow, atol=1e-4)  # cdist squares and takes roots in float32


@pytest.mark.parametrize("wrong", [torch.zeros(3, 4), torch.zeros(3, 4, dtype=torch.int64)])
def test_what_is_no_mask_is_refused(wrong):
    with pytest.raises(ShapeError, match="a boolean mask"):
        distance_to(wrong)


def test_a_batch_is_refused():
    with pytest.raises(ShapeError, match="one mask"):
        distance_to(torch.zeros(1, 3, 4, dtype=torch.bool))


def test_an_array_of_numpy_is_refused_as_such():
    with pytest.raises(ShapeError, match="(?s)mask: a tensor.*torch.as_tensor"):
        distance_to(drawn().numpy())
