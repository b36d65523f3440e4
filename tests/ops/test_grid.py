"""ops/grid.py: pixels and normalised coordinates."""

import pytest
import torch
from torch.nn.functional import affine_grid

from vostutor.core import ShapeError
from vostutor.ops import pixel_grid, to_normalised, to_pixels


def test_the_grid_holds_x_then_y():
    grid = pixel_grid(2, 3)
    assert grid[:, 1, 2].tolist() == [2, 1]
    assert grid.shape == (2, 2, 3)


def test_the_outer_edges_are_minus_one_and_one():
    edges = torch.tensor([[-0.5, -0.5], [3.5, 2.5]]).T.reshape(2, 1, 2)  # top left, bottom right of a 3x4 image
    assert to_normalised(edges, height=3, width=4).reshape(2, 2).T.tolist() == [[-1, -1], [1, 1]]


def test_an_image_of_one_pixel_has_its_centre_at_zero():
    assert to_normalised(pixel_grid(1, 1), 1, 1).tolist() == [[[0.0]], [[0.0]]]


@pytest.mark.parametrize("size", [(1, 1), (5, 8), (480, 854)])
def test_there_and_back_is_the_same_place(size):
    points = pixel_grid(*size, dtype=torch.float64) + 0.25
    assert torch.allclose(to_pixels(to_normalised(points, *size), *size), points, atol=1e-12)  # float64 rounding


def test_torch_has_the_same_convention_without_aligned_corners():
    identity = affine_grid(torch.eye(2, 3)[None], [1, 1, 5, 7], align_corners=False)[0].movedim(-1, 0)
    assert torch.allclose(to_normalised(pixel_grid(5, 7), 5, 7), identity, atol=1e-6)  # float32 rounding


def test_the_grid_takes_type_and_device_of_the_flow_it_is_added_to():
    assert pixel_grid(2, 2, device="cpu", dtype=torch.float64).dtype == torch.float64


def test_points_need_x_and_y():
    with pytest.raises(ShapeError, match="x and y lie on the third axis from the end"):
        to_normalised(torch.zeros(4, 4, 3), 4, 4)


@pytest.mark.parametrize("size", [(0, 4), (4, -1), (2.5, 4), (4, None), (True, 4)])
def test_an_image_without_pixels_or_with_part_of_one_has_no_grid(size):
    for place in (pixel_grid, lambda *size: to_normalised(torch.zeros(2, 4, 4), *size)):
        with pytest.raises(ShapeError, match="at least one pixel"):
            place(*size)


def test_points_are_a_tensor():
    for convert in (to_normalised, to_pixels):
        with pytest.raises(ShapeError, match="points: a tensor"):
            convert(torch.zeros(2, 3, 4).numpy(), 3, 4)
