"""ops/splat.py: throwing along a flow."""

import math

import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.ops import backward_warp, forward_splat

SIZES = [(1, 1), (1, 6), (5, 1), (5, 7), (8, 6)]


def slow_splat(image, flow, weight, importance):
    """One source pixel after the other, as the docstring says it, exp(Z) as it stands: image of the average, coverage."""
    batch, _, height, width = image.shape
    total, norm, coverage = torch.zeros_like(image), torch.zeros_like(image[:, :1]), torch.zeros_like(image[:, :1])
    for b, y, x in torch.cartesian_prod(torch.arange(batch), torch.arange(height), torch.arange(width)).tolist():
        to_x, to_y = x + flow[b, 0, y, x].item(), y + flow[b, 1, y, x].item()
        left, top = math.floor(to_x), math.floor(to_y)
        for v, u in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if 0 <= v < height and 0 <= u < width:
                share = (1 - abs(to_x - u)) * (1 - abs(to_y - v)) * weight[b, 0, y, x].item()
                counts = share * math.exp(importance[b, 0, y, x].item())
                total[b, :, v, u] += counts * image[b, :, y, x]
                norm[b, 0, v, u] += counts
                coverage[b, 0, v, u] += share
    holes = coverage < 1e-3
    return (total / norm.where(~holes, 1)).where(~holes, 0), coverage


def drawn(size, seed=0, reach=2.0, batch=2):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(batch, 3, *size, generator=generator, dtype=torch.float64)
    flow = reach * torch.randn(batch, 2, *size, generator=generator, dtype=torch.float64)
    weight = torch.rand(batch, 1, *size, generator=generator, dtype=torch.float64)
    importance = torch.randn(batch, 1, *size, generator=generator, dtype=torch.float64)
    return image, flow, weight, importance


def row(*values):
    return torch.tensor(values)[None, None, None]


def flow_along(*columns):
    return torch.stack([row(*columns)[0], torch.zeros(1, 1, len(columns))], dim=1)


# hand-worked numbers


def test_a_flow_of_one_to_the_right_throws_to_the_right_and_leaves_a_hole():
    splat = forward_splat(row(1.0, 2.0, 3.0), flow_along(1.0, 1.0, 1.0))
    assert splat.image.flatten().tolist() == [0, 1, 2]
    assert splat.coverage.flatten().tolist() == [0, 1, 1]
    assert splat.holes.flatten().tolist() == [True, False, False]


def test_a_pixel_that_lands_between_four_is_shared_by_area():
    image, flow = torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, 2)
    image[..., 0, 0], flow[:, 0, 0, 0], flow[:, 1, 0, 0] = 16.0, 0.25, 0.5
    weight = torch.zeros(1, 1, 2, 2)
    weight[..., 0, 0] = 1
    splat = forward_splat(image, flow, weight=weight, average=False)
    assert splat.image.flatten().tolist() == [6, 2, 6, 2]  # 16 times 3/8, 1/8, 3/8, 1/8
    assert splat.coverage.sum() == 1


def test_two_that_land_together_are_averaged_summed_or_ordered():
    image, flow = row(10.0, 30.0), flow_along(1.0, 0.0)
    assert forward_splat(image, flow).image[..., 1].item() == 20
    assert forward_splat(image, flow, average=False).image[..., 1].item() == 40
    assert forward_splat(image, flow, weight=row(3.0, 1.0)).image[..., 1].item() == 15
    odds = forward_splat(image, flow, importance=row(math.log(4.0), 0.0)).image[..., 1].item()
    assert odds == pytest.approx(14)  # (4 * 10 + 30) / 5
    assert forward_splat(image, flow, importance=row(0.0, 50.0)).image[..., 1].item() == 30


# invariances


@pytest.mark.parametrize("size", SIZES)
def test_zero_flow_is_identity_without_holes(size):
    image, flow, *_ = drawn(size)
    splat = forward_splat(image, torch.zeros_like(flow))
    assert torch.equal(splat.image, image)
    assert not splat.holes.any()


@pytest.mark.parametrize("size", SIZES)
def test_the_sum_is_the_transpose_of_the_backward_warp(size):
    image, flow, *_ = drawn(size)
    other = drawn(size, seed=1)[0]
    thrown = (forward_splat(image, flow, average=False).image * other).sum()
    fetched = (image * backward_warp(other, flow)).sum()
    assert torch.allclose(thrown, fetched, atol=1e-10)  # float64 rounding


def test_the_sum_keeps_the_total_of_what_stays_inside():
    image, flow, *_ = drawn((9, 9), reach=0.3)
    inner = torch.zeros_like(image[:, :1])
    inner[..., 3:6, 3:6] = 1
    splat = forward_splat(image, flow, weight=inner, average=False)
    assert torch.allclose(splat.image.sum((2, 3)), (image * inner).sum((2, 3)))
    assert torch.allclose(splat.coverage.sum(), inner.sum())


@pytest.mark.parametrize("offset", [-700.0, 700.0])
def test_only_differences_of_importance_count_however_large_it_is(offset):
    image, flow, weight, importance = (t.float() for t in drawn((6, 7)))
    plain = forward_splat(image, flow, weight=weight, importance=importance)
    moved = forward_splat(image, flow, weight=weight, importance=importance + offset)
    assert torch.allclose(plain.image, moved.image, atol=1e-3)  # 700 leaves float32 steps of 6e-5 in the exponent
    assert torch.equal(plain.holes, moved.holes)


def test_a_pixel_of_no_weight_is_nowhere():
    image, flow, weight, importance = drawn((5, 6))
    weight = (weight > 0.5).double()
    changed = image.where(weight > 0, 99.0)
    for told in (None, importance + 20 * (weight == 0)):
        one = forward_splat(image, flow, weight=weight, importance=told)
        two = forward_splat(changed, flow, weight=weight, importance=told)
        assert torch.equal(one.image, two.image)


def test_a_pixel_counts_only_where_it_lands_however_important():
    image, flow = row(1.0, 2.0, 3.0, 4.0), flow_along(0.0, 0.0, 0.0, 9.0)  # the last one leaves
    splat = forward_splat(image, flow, importance=row(0.0, 500.0, 0.0, 1000.0))
    assert splat.image.flatten().tolist() == [1, 2, 3, 0]


def test_a_batch_is_its_pictures():
    image, flow, weight, importance = drawn((5, 6))
    together = forward_splat(image, flow, weight=weight, importance=importance)
    alone = forward_splat(image[1:], flow[1:], weight=weight[1:], importance=importance[1:])
    assert all(torch.equal(a[1:], b) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("nowhere", [float("nan"), float("inf"), -float("inf"), 1e30, -1e30])
def test_what_leads_nowhere_is_lost(nowhere):
    flow = torch.zeros(1, 2, 4, 5)
    flow[0, 1, 1, 2] = nowhere
    splat = forward_splat(torch.ones(1, 2, 4, 5), flow)
    assert splat.holes.nonzero().tolist() == [[0, 0, 1, 2]]
    assert splat.image.sum() == 2 * 19
    assert splat.coverage.sum() == 19


def test_a_coarse_number_type_loses_no_pixel():
    picture = torch.arange(600.0).remainder(7).reshape(1, 1, 1, 600).bfloat16()
    splat = forward_splat(picture, torch.ones(1, 2, 1, 600).bfloat16() * torch.tensor([1, 0])[None, :, None, None])
    assert splat.image.dtype == torch.bfloat16
    assert torch.equal(splat.image[..., 1:], picture[..., :-1])


# slow reference


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_lands_where_its_flow_points(size):
    image, flow, weight, importance = drawn(size, seed=3)
    splat = forward_splat(image, flow, weight=weight, importance=importance)
    expected, coverage = slow_splat(image, flow, weight, importance)
    assert torch.allclose(splat.image, expected, atol=1e-10)  # float64 rounding
    assert torch.allclose(splat.coverage, coverage, atol=1e-10)


@pytest.mark.parametrize("average", [True, False])
def test_the_gradients_are_those_of_small_steps(average):
    image, flow, weight, importance = drawn((2, 3), seed=5, batch=1)
    # a quarter of a pixel away from whole ones, where the shares have a corner; every pixel receives enough not to be a hole
    flow = 0.5 + 0.25 * torch.rand(flow.shape, generator=torch.Generator().manual_seed(6), dtype=flow.dtype)
    parts = [image, flow, 0.5 + weight] + [importance] * average

    def splat(image, flow, weight, importance=None):
        return forward_splat(image, flow, weight=weight, importance=importance, average=average).image

    assert torch.autograd.gradcheck(splat, [part.requires_grad_() for part in parts])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_throws_the_same():
    image, flow, weight, importance = (t.float() for t in drawn((33, 21), seed=7))
    near = forward_splat(image, flow, weight=weight, importance=importance)
    far = forward_splat(image.cuda(), flow.cuda(), weight=weight.cuda(), importance=importance.cuda())
    assert far.image.is_cuda
    # summed in another order, then divided by as little as a thousandth
    assert torch.allclose(far.image.cpu(), near.image, atol=1e-3)
    assert torch.equal(far.holes.cpu(), near.holes)


# refusal of bad input


def test_a_flow_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="flow: B 2 H W with B = 1, H = 4, W = 5"):
        forward_splat(torch.zeros(1, 3, 4, 5), torch.zeros(1, 2, 5, 4))


def test_ids_are_refused_with_the_way_out():
    with pytest.raises(ShapeError, match="one_hot"):
        forward_splat(torch.zeros(1, 1, 4, 5, dtype=torch.int64), torch.zeros(1, 2, 4, 5))


@pytest.mark.parametrize("name", ["weight", "importance"])
def test_weights_without_a_channel_are_refused(name):
    with pytest.raises(ShapeError, match=f"{name}: B 1 H W"):
        forward_splat(torch.zeros(1, 3, 4, 5), torch.zeros(1, 2, 4, 5), **{name: torch.ones(1, 4, 5)})


@pytest.mark.parametrize(("name", "value"), [("weight", -1), ("weight", math.nan), ("importance", math.inf)])
def test_weights_below_zero_and_infinite_importance_are_refused(name, value):
    with pytest.raises(ShapeError, match=f"{name} of finite numbers"):
        forward_splat(
            torch.zeros(1, 3, 4, 5), torch.zeros(1, 2, 4, 5), **{name: torch.full((1, 1, 4, 5), float(value))}
        )


def test_importance_without_an_average_is_refused():
    with pytest.raises(SettingsError, match="average=True"):
        forward_splat(
            torch.zeros(1, 3, 4, 5), torch.zeros(1, 2, 4, 5), importance=torch.zeros(1, 1, 4, 5), average=False
        )
