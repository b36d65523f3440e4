"""models/baselines.py: the two trivial baselines keep the Segmenter's contract."""

import itertools

import cv2
import numpy as np
import pytest
import torch

from vostutor.core import DataError, Segmenter, ShapeError
from vostutor.data import DavisRoot
from vostutor.models import CopyFirstMask, FlowWarp, SoftFlowWarp
from vostutor.models.baselines import fetch_ids
from vostutor.ops import dis_flow

SIZE = (9, 13)  # odd on purpose


def frame(seed=0, size=SIZE):
    return torch.randint(0, 256, (3, *size), generator=torch.Generator().manual_seed(seed)).byte()


def square(top, left, value=1, base=None):
    ids = torch.zeros(SIZE, dtype=torch.int64) if base is None else base.clone()
    ids[top : top + 3, left : left + 3] = value
    return ids


def still(current, previous):
    return torch.zeros(2, *current.shape[-2:])


def coming_from(dx, dy):
    """A flow function that says: everything was (dx, dy) away a frame ago."""
    return lambda current, previous: torch.tensor([dx, dy]).float()[:, None, None].expand(2, *current.shape[-2:])


SYSTEMS = [CopyFirstMask, lambda: FlowWarp(still), lambda: SoftFlowWarp(still)]


def ids_of(prob_all, objects):
    return torch.tensor([0, *objects])[prob_all.argmax(0)]


# hand-worked


@pytest.mark.parametrize("new", SYSTEMS)
def test_where_nothing_moves_the_first_mask_is_the_answer(new):
    system, ids = new(), square(2, 3, 7)
    system.observe(frame(), ids)
    for t in range(1, 4):
        prob_all = system.step(frame(t))
        assert prob_all.shape == (2, *SIZE)
        assert prob_all.dtype == torch.float32
        assert torch.equal(ids_of(prob_all, (7,)), ids)


def test_the_flow_leads_from_the_current_frame_back_to_the_one_before():
    seen = []

    def flow(a, b):
        seen.append((a[0, 0, 0].item(), b[0, 0, 0].item()))
        return still(a, b)

    system = FlowWarp(flow)
    frames = [torch.full((3, *SIZE), t, dtype=torch.uint8) for t in range(3)]
    system.observe(frames[0], square(2, 3))
    system.step(frames[1])
    system.step(frames[2])
    assert seen == [(1, 0), (2, 1)]


def test_an_object_that_came_from_the_left_moves_to_the_right():
    system = FlowWarp(coming_from(-2, 1))  # a frame ago it was 2 to the left and 1 below
    system.observe(frame(), square(4, 3))
    assert torch.equal(ids_of(system.step(frame(1)), (1,)), square(3, 5))
    assert torch.equal(ids_of(system.step(frame(2)), (1,)), square(2, 7))


def test_an_object_that_left_the_image_does_not_come_back():
    steps = iter([-5, -5, 5, 5])
    system = FlowWarp(lambda a, b: coming_from(next(steps), 0)(a, b))
    system.observe(frame(), square(2, 6))
    assert [system.step(frame(t))[1].sum().item() for t in range(4)] == [6, 0, 0, 0]


def test_half_a_pixel_goes_to_the_even_one_as_in_torch_round():
    ids = torch.tensor([[1, 2, 3, 4]])
    flow = torch.tensor([0.5, 0.0])[:, None, None].expand(2, 1, 4)
    assert fetch_ids(ids, flow).tolist() == [[1, 3, 3, 0]]


def test_fractions_of_a_pixel_add_up_only_where_they_are_carried():
    rounding, carrying = FlowWarp(coming_from(-0.25, 0)), SoftFlowWarp(coming_from(-0.25, 0))
    for system in (rounding, carrying):
        system.observe(frame(), square(2, 3))
        for t in range(4):
            prob_all = system.step(frame(t))
    assert torch.equal(ids_of(rounding.step(frame()), (1,)), square(2, 3))
    # by the binomial law: of a column 81/256 has stayed, 108/256 moved by one, 54/256 by two, 12/256 by three, 1/256 by four
    assert prob_all[1, 3, 3].item() == pytest.approx(81 / 256, abs=1e-4)  # float32 places a sample within 1e-5 pixels
    assert prob_all[1, 3, 5].item() == pytest.approx((81 + 108 + 54) / 256, abs=1e-4)
    assert torch.equal(ids_of(prob_all, (1,)), square(2, 4))


def test_carried_fractions_of_several_objects_and_background_sum_to_one():
    system = SoftFlowWarp(
        lambda a, b: 3 * torch.randn(2, *SIZE, generator=torch.Generator().manual_seed(a.sum().item()))
    )
    system.observe(frame(), square(1, 1, 9, base=square(5, 6, 4)))
    for t in range(5):
        prob_all = system.step(frame(t))
        assert torch.allclose(prob_all.sum(0), torch.ones(SIZE), atol=1e-6)  # float32 rounding
        assert prob_all.min() >= 0


# several objects, late objects, corrections


@pytest.mark.parametrize("new", SYSTEMS)
def test_channels_stay_in_order_of_first_annotation(new):
    system = new()
    system.observe(frame(), square(1, 1, 9))
    both = square(5, 8, 4, base=square(1, 1, 9))
    system.observe(frame(1), both)  # object 4 comes late and stands behind object 9
    prob_all = system.step(frame(2))
    assert prob_all.shape[0] == 3
    assert torch.equal(ids_of(prob_all, (9, 4)), both)
    assert torch.allclose(prob_all.sum(0), torch.ones(SIZE), atol=1e-6)  # float32 rounding


@pytest.mark.parametrize("new", SYSTEMS)
def test_a_correction_replaces_the_mask(new):
    system = new()
    system.observe(frame(), square(1, 1))
    system.step(frame(1))
    system.observe(frame(2), square(5, 6))
    assert torch.equal(ids_of(system.step(frame(3)), (1,)), square(5, 6))


@pytest.mark.parametrize("new", SYSTEMS)
def test_an_object_that_a_correction_lacks_keeps_its_empty_channel(new):
    system = new()
    system.observe(frame(), square(1, 1, 1, base=square(5, 6, 2)))
    system.observe(frame(1), square(5, 6, 2))
    prob_all = system.step(frame(2))
    assert prob_all[1].sum() == 0
    assert prob_all[2].sum().item() == pytest.approx(9)


@pytest.mark.parametrize("new", SYSTEMS)
def test_a_mask_without_objects_is_answered_with_background(new):
    system = new()
    system.observe(frame(), torch.zeros(SIZE, dtype=torch.int64))
    assert torch.equal(system.step(frame(1)), torch.ones(1, *SIZE))


@pytest.mark.parametrize("new", SYSTEMS)
def test_void_is_background(new):
    system = new()
    system.observe(frame(), square(1, 1, 255, base=square(5, 6, 2)))
    assert torch.equal(ids_of(system.step(frame(1)), (2,)), square(5, 6, 2))


@pytest.mark.parametrize("new", SYSTEMS)
def test_what_the_caller_does_with_its_mask_later_does_not_matter(new):
    system, ids = new(), square(1, 1)
    system.observe(frame(), ids)
    ids.zero_()
    assert system.step(frame(1))[1].sum().item() == pytest.approx(9)


@pytest.mark.parametrize("new", SYSTEMS)
def test_two_systems_share_no_state(new):
    first, second = new(), new()
    first.observe(frame(), square(1, 1))
    second.observe(frame(), square(5, 6))
    assert torch.equal(ids_of(first.step(frame(1)), (1,)), square(1, 1))


@pytest.mark.parametrize("new", SYSTEMS)
def test_they_are_segmenters(new):
    assert isinstance(new(), Segmenter)


def test_a_students_warp_is_the_one_that_is_used():
    system = FlowWarp(still, warp=lambda ids, flow: torch.where(ids == 1, 0, ids))
    system.observe(frame(), square(1, 1, 1, base=square(5, 6, 2)))
    assert system.step(frame(1)).sum((1, 2)).tolist() == [9 * 13 - 9, 0, 9]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("new", [CopyFirstMask, FlowWarp, SoftFlowWarp])
def test_the_answer_is_on_the_frames_device(new):
    system = new() if new is CopyFirstMask else new(lambda a, b: still(a, b).to(a.device))
    system.observe(frame().cuda(), square(1, 1))
    assert system.step(frame(1).cuda()).is_cuda


# refusals


@pytest.mark.parametrize("new", SYSTEMS)
def test_a_step_before_any_mask_is_refused(new):
    with pytest.raises(DataError, match=r"a mask before the first step(.|\n)*system.observe"):
        new().step(frame())


@pytest.mark.parametrize("new", SYSTEMS)
def test_a_frame_of_another_size_is_refused(new):
    system = new()
    system.observe(frame(), square(1, 1))
    with pytest.raises(ShapeError, match=r"\(9, 13\), like those before(.|\n)*\(9, 14\)"):
        system.step(frame(size=(9, 14)))
    with pytest.raises(ShapeError, match=r"a new \w+ for each video"):
        system.observe(frame(size=(9, 14)), torch.zeros(9, 14, dtype=torch.int64))


@pytest.mark.parametrize("new", SYSTEMS)
def test_a_mask_of_another_size_is_refused(new):
    with pytest.raises(ShapeError, match="one mask of the size of its frame"):
        new().observe(frame(), torch.zeros(4, 4, dtype=torch.int64))


@pytest.mark.parametrize("new", SYSTEMS)
def test_a_mask_of_floats_is_refused_and_changes_nothing(new):
    system = new()
    system.observe(frame(), square(1, 1))
    with pytest.raises(ShapeError, match="a mask of integers"):
        system.observe(frame(1), square(5, 6).float())
    assert torch.equal(ids_of(system.step(frame(2)), (1,)), square(1, 1))


@pytest.mark.parametrize("flow", [None, torch.zeros(9, 13, 2), torch.zeros(1, 2, 9, 13)])
@pytest.mark.parametrize("kind", [FlowWarp, SoftFlowWarp])
def test_a_flow_of_other_axes_is_refused(kind, flow):
    system = kind(lambda a, b: flow)
    system.observe(frame(), square(1, 1))
    with pytest.raises(ShapeError, match="flow: 2 H W"):
        system.step(frame(1))


@pytest.mark.parametrize("ids", [None, torch.zeros(13, 9, dtype=torch.int64), torch.zeros(9, 13)])
def test_what_a_warp_returns_has_to_be_a_mask(ids):
    system = FlowWarp(still, warp=lambda old, flow: ids)
    system.observe(frame(), square(1, 1))
    with pytest.raises(ShapeError, match="ids"):
        system.step(frame(1))


def test_ids_that_a_warp_made_up_are_named():
    system = FlowWarp(still, warp=lambda ids, flow: ids * 3)
    system.observe(frame(), square(1, 1))
    with pytest.raises(DataError, match=r"\[3\] as well"):
        system.step(frame(1))


# real video


def test_on_real_video_the_carried_mask_is_that_of_opencvs_remap(davis):
    """The same written down with OpenCV alone, frame by frame: grey, DIS from the current frame back, remap, more than a half."""
    frames = [frame for frame, _ in itertools.islice(DavisRoot(davis).sequence("dog"), 8)]
    first = next(DavisRoot(davis).sequence("dog").truth())
    grey = [cv2.cvtColor(f.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2GRAY) for f in frames]
    y, x = np.mgrid[: first.shape[0], : first.shape[1]].astype(np.float32)
    system, mask = SoftFlowWarp(dis_flow), (first == 1).numpy().astype(np.float32)
    system.observe(frames[0], first)
    for t in range(1, 8):
        flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey[t], grey[t - 1], None)
        mask = cv2.remap(mask, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
        ids = ids_of(system.step(frames[t]), (1,)).numpy()
        # remap rounds positions to 1/32 of a pixel; only pixels near one half can differ
        assert ((ids == 1) != (mask > 0.5)).sum() <= 0.01 * (mask > 0.5).sum()
