"""ops/dis.py: OpenCV's DIS between tensors."""

import cv2
import numpy as np
import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.ops import dis_flow


def texture(height, width, seed=0):
    """Smooth noise in colour: something to match everywhere, at every scale."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return torch.from_numpy(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)).permute(2, 0, 1)


def moved_pair(dx, dy, size=(96, 128)):
    """Two views of one texture: what is at x in the first is at x + (dx, dy) in the second."""
    wide = texture(size[0] + 32, size[1] + 32)
    first = wide[:, 16:-16, 16:-16]
    second = wide[:, 16 - dy : 16 - dy + size[0], 16 - dx : 16 - dx + size[1]]
    return first.contiguous(), second.contiguous()


# medium ends at half the resolution, the others at a quarter: there a tenth of a pixel is four tenths of one seen in full
@pytest.mark.parametrize(("preset", "tolerance"), [("ultrafast", 0.4), ("fast", 0.4), ("medium", 0.2)])
@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (0, -2), (-4, 1)])
def test_the_flow_is_the_displacement_x_then_y(preset, tolerance, dx, dy):
    flow = dis_flow(*moved_pair(dx, dy), preset=preset)
    inner = flow[:, 16:-16, 16:-16].flatten(1)
    assert torch.allclose(inner.median(dim=1).values, torch.tensor([dx, dy]).float(), atol=tolerance)


def test_frames_that_are_equal_do_not_move():
    frame = texture(40, 56)
    assert dis_flow(frame, frame).abs().max() == 0


def test_the_flow_is_float32_of_the_frames_size():
    flow = dis_flow(texture(41, 57), texture(41, 57, seed=1))
    assert flow.shape == (2, 41, 57)
    assert flow.dtype == torch.float32
    assert flow.is_contiguous()


def test_the_number_of_threads_does_not_change_the_flow():
    first, second = moved_pair(5, 3, size=(240, 320))
    before = cv2.getNumThreads()
    try:
        flows = []
        for threads in (1, 2, 4):
            cv2.setNumThreads(threads)
            flows.append(dis_flow(first, second))
    finally:
        cv2.setNumThreads(before)
    assert torch.equal(flows[0], flows[1])
    assert torch.equal(flows[0], flows[2])


def test_how_the_frames_lie_in_memory_does_not_matter():
    first, second = moved_pair(2, 2)
    interleaved = (frame.permute(1, 2, 0).contiguous().permute(2, 0, 1) for frame in (first, second))
    assert torch.equal(dis_flow(first, second), dis_flow(*interleaved))


def test_it_is_opencv_on_the_brightness():
    first, second = moved_pair(3, 1)
    grey = [cv2.cvtColor(f.permute(1, 2, 0).numpy().copy(), cv2.COLOR_RGB2GRAY) for f in (first, second)]
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    assert np.array_equal(dis_flow(first, second, "fast").permute(1, 2, 0).numpy(), solver.calc(*grey, None))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_flow_returns_to_the_frames_device():
    first, second = moved_pair(2, 0)
    assert torch.equal(dis_flow(first.cuda(), second.cuda()).cpu(), dis_flow(first, second))


def test_frames_of_two_sizes_are_refused():
    with pytest.raises(ShapeError, match="frame_b: 3 H W with H = 40, W = 56"):
        dis_flow(texture(40, 56), texture(40, 60))


def test_frames_in_zero_to_one_are_refused():
    with pytest.raises(ShapeError, match="frame_b as uint8"):
        dis_flow(texture(40, 56), texture(40, 56) / 255)


@pytest.mark.parametrize("size", [(7, 40), (11, 11)])
def test_frames_too_small_for_a_patch_are_refused(size):
    frame = torch.zeros(3, *size, dtype=torch.uint8)
    with pytest.raises(ShapeError, match="at least 8 x 12"):
        dis_flow(frame, frame)


def test_the_smallest_frames_pass():
    frame = torch.zeros(3, 8, 12, dtype=torch.uint8)
    assert dis_flow(frame, frame).shape == (2, 8, 12)


def test_an_unknown_preset_is_refused():
    frame = torch.zeros(3, 16, 16, dtype=torch.uint8)
    with pytest.raises(SettingsError, match="ultrafast, fast, medium"):
        dis_flow(frame, frame, preset="slow")
