"""ops/warp.py: fetching along a flow."""

import math

import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.ops import backward_warp

SIZES = [(1, 1), (1, 6), (5, 1), (5, 7), (8, 6)]


def pixel(image, b, c, y, x):
    inside = 0 <= y < image.shape[2] and 0 <= x < image.shape[3]
    return image[b, c, y, x].item() if inside else 0.0


def slow_warp(image, flow, mode):
    """One output pixel after the other, as the docstring says it."""
    out = torch.zeros_like(image)
    for b, c, y, x in torch.cartesian_prod(*map(torch.arange, image.shape)).reshape(-1, 4).tolist():
        to_x, to_y = x + flow[b, 0, y, x].item(), y + flow[b, 1, y, x].item()
        if mode == "nearest":
            out[b, c, y, x] = pixel(image, b, c, round(to_y), round(to_x))  # round takes the even one halfway
            continue
        left, top = math.floor(to_x), math.floor(to_y)
        for v, u in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            out[b, c, y, x] += (1 - abs(to_x - u)) * (1 - abs(to_y - v)) * pixel(image, b, c, v, u)
    return out


def drawn(size, seed=0, reach=4.0, batch=2):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(batch, 3, *size, generator=generator, dtype=torch.float64)
    flow = reach * torch.randn(batch, 2, *size, generator=generator, dtype=torch.float64)
    return image, flow


def constant_flow(x, y, size):
    return torch.tensor([x, y], dtype=torch.float32)[None, :, None, None].expand(1, 2, *size)


# hand-worked numbers


def test_a_flow_of_one_to_the_right_fetches_the_right_neighbour():
    image = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])[None, None]
    for mode in ("bilinear", "nearest"):
        fetched = backward_warp(image, constant_flow(1, 0, (2, 3)), mode)
        assert torch.allclose(fetched, torch.tensor([[2.0, 3.0, 0.0], [5.0, 6.0, 0.0]]), atol=1e-6)


def test_a_flow_of_one_downwards_fetches_the_row_below():
    image = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])[None, None]
    fetched = backward_warp(image, constant_flow(0, 1, (2, 3)))
    assert torch.allclose(fetched, torch.tensor([[4.0, 5.0, 6.0], [0.0, 0.0, 0.0]]), atol=1e-6)


def test_a_sample_between_pixels_is_their_blend_and_the_outside_blends_as_zero():
    image = torch.tensor([10.0, 20.0])[None, None, None]
    assert torch.allclose(backward_warp(image, constant_flow(0.25, 0, (1, 2))), torch.tensor([12.5, 15.0]), atol=1e-5)


def test_halfway_the_nearest_pixel_is_the_even_one():
    image = torch.tensor([10, 20, 30, 40])[None, None, None]
    assert backward_warp(image, constant_flow(0.5, 0, (1, 4)), "nearest").flatten().tolist() == [10, 30, 30, 0]


# invariances


@pytest.mark.parametrize("size", [*SIZES, (480, 854)])
def test_zero_flow_is_identity(size):
    image = drawn(size, batch=1)[0].float()
    zero = torch.zeros(1, 2, *size)
    assert torch.equal(backward_warp(image, zero, "nearest"), image)
    # float32 places a sample within W * 6e-8 pixels of where it should be
    assert torch.allclose(backward_warp(image, zero), image, atol=854 * 1.2e-7)


def test_ids_keep_their_type_and_no_new_id_appears():
    ids = torch.randint(0, 4, (2, 1, 9, 7), generator=torch.Generator().manual_seed(0))
    warped = backward_warp(ids, drawn((9, 7))[1].float(), "nearest")
    assert warped.dtype == torch.int64
    assert set(warped.unique().tolist()) <= {0, 1, 2, 3}


def test_images_of_a_batch_do_not_mix():
    image, flow = drawn((6, 5))
    for mode in ("bilinear", "nearest"):
        together = backward_warp(image, flow, mode)
        assert torch.equal(together[1:], backward_warp(image[1:], flow[1:], mode))


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("nowhere", [float("nan"), float("inf"), -float("inf"), 1e30, -1e30])
def test_what_leads_nowhere_is_zero(mode, nowhere):
    image = torch.ones(1, 2, 4, 5)
    flow = torch.zeros(1, 2, 4, 5)
    flow[0, 0, 1, 2] = nowhere
    warped = backward_warp(image, flow, mode)
    assert (warped[0, :, 1, 2] == 0).all()
    assert warped.sum() == pytest.approx(2 * 19)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_a_coarse_number_type_loses_no_pixel(mode):
    row = torch.arange(600.0).remainder(7).reshape(1, 1, 1, 600)
    flow = constant_flow(1, 0, (1, 600))
    for dtype in (torch.bfloat16, torch.float16):
        warped = backward_warp(row.to(dtype), flow.to(dtype), mode)
        assert warped.dtype == dtype
        # 600 pixels times 1.2e-7 from float32 coordinates, then 8 bits for values up to 6
        assert torch.allclose(warped.float(), backward_warp(row, flow, mode), atol=0.02)


# slow reference


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_every_pixel_comes_from_where_its_flow_points(size, mode):
    image, flow = drawn(size, seed=3)
    assert torch.allclose(
        backward_warp(image, flow, mode), slow_warp(image, flow, mode), atol=1e-12
    )  # float64 rounding


def test_the_gradients_to_image_and_flow_are_those_of_small_steps():
    image, flow = drawn((4, 5), seed=5, reach=1.5, batch=1)
    flow = (
        flow.floor() + 0.2 + 0.6 * torch.rand(flow.shape, generator=torch.Generator().manual_seed(6), dtype=flow.dtype)
    )
    # away from whole pixels, where the blend has a corner
    assert torch.autograd.gradcheck(backward_warp, (image.requires_grad_(), flow.requires_grad_()))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_a_gpu_fetches_the_same(mode):
    image, flow = (t.float() for t in drawn((33, 21), seed=7))
    far = backward_warp(image.cuda(), flow.cuda(), mode)
    assert far.is_cuda
    assert torch.allclose(far.cpu(), backward_warp(image, flow, mode), atol=1e-5)  # float32 rounding of the coordinates


# refusal of bad input


def test_a_flow_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="flow: B 2 H W with B = 1, H = 4, W = 5"):
        backward_warp(torch.zeros(1, 3, 4, 5), torch.zeros(1, 2, 5, 4))


def test_a_flow_of_integers_is_refused():
    with pytest.raises(ShapeError, match="a floating-point flow"):
        backward_warp(torch.zeros(1, 3, 4, 5), torch.zeros(1, 2, 4, 5, dtype=torch.int64))


def test_ids_do_not_blend():
    with pytest.raises(ShapeError, match="mode='nearest' for ids"):
        backward_warp(torch.zeros(1, 1, 4, 5, dtype=torch.int64), torch.zeros(1, 2, 4, 5))


def test_an_unknown_mode_is_refused():
    with pytest.raises(SettingsError, match="bicubic"):
        backward_warp(torch.zeros(1, 1, 4, 5), torch.zeros(1, 2, 4, 5), "bicubic")


def test_arrays_are_refused():
    image, flow = torch.zeros(1, 1, 4, 5), torch.zeros(1, 2, 4, 5)
    for wrong in [(image.numpy(), flow), (image, flow.numpy())]:
        with pytest.raises(ShapeError, match="(image|flow): a tensor"):
            backward_warp(*wrong)
