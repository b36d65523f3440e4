"""ops/flow.py: occlusion from two flows, and flow at another size."""

import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.data import draw_clip
from vostutor.ops import find_occluded, resize_flow


def flow_of(x, y, size=(6, 8)):
    return torch.tensor([x, y], dtype=torch.float32)[:, None, None].expand(2, *size).clone()


def slow_occluded(flow_fwd, flow_bwd, relative=0.01, absolute=0.5):
    """Pixel by pixel, the backward flow read between its four neighbours, at the border from the outermost ones."""
    _, height, width = flow_fwd.shape
    occluded = torch.zeros(height, width, dtype=torch.bool)
    for y in range(height):
        for x in range(width):
            forward = flow_fwd[:, y, x]
            to_x, to_y = x + forward[0].item(), y + forward[1].item()
            if not (-0.5 <= to_x <= width - 0.5 and -0.5 <= to_y <= height - 0.5):
                occluded[y, x] = True
                continue
            to_x, to_y = min(max(to_x, 0), width - 1), min(max(to_y, 0), height - 1)
            left, top = min(int(to_x), max(width - 2, 0)), min(int(to_y), max(height - 2, 0))
            right, low, a, b = min(left + 1, width - 1), min(top + 1, height - 1), to_x - left, to_y - top
            back = (1 - b) * ((1 - a) * flow_bwd[:, top, left] + a * flow_bwd[:, top, right])
            back = back + b * ((1 - a) * flow_bwd[:, low, left] + a * flow_bwd[:, low, right])
            trip, length = (forward + back).square().sum(), forward.square().sum() + back.square().sum()
            occluded[y, x] = trip >= relative * length + absolute
    return occluded


def drawn(size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    forward = 2 * torch.randn(2, *size, generator=generator, dtype=torch.float64)
    return forward, 0.6 * torch.randn(2, *size, generator=generator, dtype=torch.float64) - forward


# occlusion: hand-worked numbers


@pytest.mark.parametrize(("there", "back", "occluded"), [
    (0, 0.71, False),  # misses by 0.71: 0.5041 of the 0.5050 allowed
    (0, 0.72, True),  # 0.5184 of 0.5052
    (10, -8.6, False),  # misses by 1.4: 1.96 of 0.01 (100 + 73.96) + 0.5 = 2.24
    (10, -8.5, True),  # 2.25 of 2.2225
])  # fmt: skip
def test_the_tolerance_is_half_a_squared_pixel_and_a_hundredth_of_the_motion(there, back, occluded):
    assert find_occluded(flow_of(there, 0, (1, 30)), flow_of(back, 0, (1, 30)))[0, 5].item() is occluded


def test_beyond_the_outer_edge_is_occluded_and_within_half_a_pixel_is_not():
    forward = flow_of(0, 0, (1, 4))
    forward[0, 0] = torch.tensor([-0.5, -1.6, 1.6, 0.5])
    assert find_occluded(forward, -forward).tolist() == [[False, True, True, False]]


def test_a_square_that_moves_hides_what_lies_before_it():
    forward, backward = torch.zeros(2, 2, 7, 12).unbind()
    forward[0, 2:5, 2:5] = 4  # a square at columns 2 to 4 goes to 6 to 8
    backward[0, 2:5, 6:9] = -4
    expected = torch.zeros(7, 12, dtype=torch.bool)
    expected[2:5, 6:9] = True
    assert torch.equal(find_occluded(forward, backward), expected)


# occlusion: invariances


def test_two_flows_without_motion_hide_nothing():
    assert not find_occluded(torch.zeros(2, 5, 6), torch.zeros(2, 5, 6)).any()


@pytest.mark.parametrize("axis", [-1, -2])
def test_a_mirrored_scene_has_mirrored_occlusion(axis):
    sign = torch.tensor([-1.0, 1.0] if axis == -1 else [1.0, -1.0], dtype=torch.float64)[:, None, None]
    forward, backward = drawn((7, 9))
    mirrored = find_occluded(*(sign * flow.flip(axis) for flow in (forward, backward)))
    assert torch.equal(mirrored, find_occluded(forward, backward).flip(axis))


def test_a_batch_and_a_single_flow_give_the_same():
    pairs = [drawn((5, 6), seed) for seed in range(4)]
    together = find_occluded(*(torch.stack(flows).unflatten(0, (2, 2)) for flows in zip(*pairs, strict=True)))
    assert torch.equal(together.flatten(0, 1), torch.stack([find_occluded(*pair) for pair in pairs]))


@pytest.mark.parametrize("unknown", [float("nan"), float("inf"), 1e10])
def test_unknown_flow_either_way_is_occluded(unknown):
    forward, backward = torch.zeros(2, 4, 5), torch.zeros(2, 4, 5)
    forward[0, 1, 1], backward[1, 3, 4] = unknown, unknown
    assert find_occluded(forward, backward).nonzero().tolist() == [[1, 1], [3, 4]]


def test_the_inputs_stay_as_they_are():
    forward, backward = drawn((4, 5))
    copies = forward.clone(), backward.clone()
    find_occluded(forward, backward)
    assert torch.equal(forward, copies[0]) and torch.equal(backward, copies[1])


# occlusion: slow reference and exact scenes


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 1), (5, 7), (8, 6)])
def test_every_pixel_goes_there_and_back(size):
    forward, backward = drawn(size, seed=2)
    assert torch.equal(find_occluded(forward, backward), slow_occluded(forward, backward))


@pytest.mark.parametrize(("label", "f1"), [("occlusion", 0.90), ("fast", 0.88)])
def test_on_exact_flow_it_finds_most_of_the_exact_occlusion(label, f1):
    """Exact flow still blends at borders and says nothing where two things move alike: over 24 clips F1 is 0.90, IoU 0.82."""
    clip = draw_clip(label, 1_000_000, frames=8)
    found = find_occluded(clip.flow_fwd, clip.flow_bwd)
    both = (found & clip.occluded).sum()
    assert 2 * both / (found.sum() + clip.occluded.sum()) > f1


# resizing


def test_half_the_width_halves_x_and_twice_the_height_doubles_y():
    small = resize_flow(flow_of(3, 4), (12, 4))
    assert small.shape == (2, 12, 4)
    assert torch.equal(small, flow_of(1.5, 8, (12, 4)))


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "area"])
def test_without_rescaling_the_values_stay(mode):
    assert torch.equal(resize_flow(flow_of(3, 4), (12, 4), rescale=False, mode=mode), flow_of(3, 4, (12, 4)))


def test_twice_as_large_blends_a_quarter_and_three_quarters():
    flow = torch.tensor([0.0, 4.0]).expand(2, 1, 2)
    assert resize_flow(flow, (1, 4), rescale=False)[0, 0].tolist() == [0, 1, 3, 4]
    assert resize_flow(flow, (1, 4))[:, 0].tolist() == [[0, 2, 6, 8], [0, 1, 3, 4]]


def test_half_the_size_averages_or_picks():
    flow = torch.arange(12.0).reshape(1, 2, 6).expand(2, 2, 6)
    assert resize_flow(flow, (1, 3), rescale=False, mode="area")[0, 0].tolist() == [3.5, 5.5, 7.5]
    assert resize_flow(flow, (2, 2), rescale=False, mode="nearest")[0].tolist() == [[1, 4], [7, 10]]


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "area"])
def test_the_same_size_is_the_same_flow(mode):
    flow, _ = drawn((5, 7))
    assert torch.equal(resize_flow(flow, (5, 7), mode=mode), flow)


def test_a_zoom_stays_a_zoom():
    """Where a point of the picture goes does not depend on how finely the picture is drawn."""
    x = torch.arange(8.0).expand(8, 8)
    zoom = torch.stack([x + 0.5, x.T + 0.5])  # away from the corner at (-1/2, -1/2), as fast as it is far
    large = resize_flow(zoom, (16, 24))
    at = torch.stack([(torch.arange(24) + 0.5).expand(16, 24), (torch.arange(16) + 0.5)[:, None].expand(16, 24)])
    inner = (slice(None), slice(2, -2), slice(2, -2))  # at the border there is nothing to blend with
    assert torch.allclose(large[inner], at[inner], atol=1e-5)  # float32 rounding of values up to 24


def test_leading_axes_are_a_batch_and_gradients_pass():
    flow = torch.stack([drawn((4, 6), seed)[0] for seed in range(6)]).requires_grad_()
    together = resize_flow(flow.unflatten(0, (2, 3)), (8, 9))
    assert torch.equal(together[1, 2], resize_flow(flow[5], (8, 9)))
    together.sum().backward()
    assert (flow.grad != 0).all()


# refusal of bad input


def test_flows_of_two_sizes_or_batches_are_refused():
    with pytest.raises(ShapeError, match="two flows of one size"):
        find_occluded(torch.zeros(2, 4, 5), torch.zeros(2, 5, 4))
    with pytest.raises(ShapeError, match="like flow_fwd"):
        find_occluded(torch.zeros(3, 2, 4, 5), torch.zeros(2, 4, 5))


def test_a_flow_in_the_order_of_an_image_is_refused():
    with pytest.raises(ShapeError, match="permute"):
        resize_flow(torch.zeros(4, 5, 2), (8, 10))


def test_a_flow_of_integers_is_refused():
    whole = torch.zeros(2, 4, 5, dtype=torch.int64)
    for refused in (lambda: find_occluded(whole, whole), lambda: resize_flow(whole, (4, 5))):
        with pytest.raises(ShapeError, match=r"\.float\(\)"):
            refused()


@pytest.mark.parametrize("tolerance", [{"relative": -0.01}, {"absolute": float("nan")}])
def test_a_tolerance_below_zero_is_refused(tolerance):
    with pytest.raises(SettingsError, match="tolerances of 0 or more"):
        find_occluded(torch.zeros(2, 4, 5), torch.zeros(2, 4, 5), **tolerance)


@pytest.mark.parametrize("size", [(0, 4), (4,), 8, (4.0, 5.0), (True, 4)])
def test_a_size_is_two_counts_of_pixels(size):
    with pytest.raises(SettingsError, match="at least one pixel"):
        resize_flow(torch.zeros(2, 4, 5), size)


def test_an_unknown_mode_is_refused():
    with pytest.raises(SettingsError, match="bicubic"):
        resize_flow(torch.zeros(2, 4, 5), (8, 10), mode="bicubic")
