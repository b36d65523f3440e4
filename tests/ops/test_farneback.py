"""ops/farneback.py: OpenCV's Farneback between tensors."""

import cv2
import numpy as np
import pytest
import torch

from vostutor.core import ShapeError
from vostutor.ops import farneback_flow


def moved_pair(dx, dy, size=(96, 128)):
    """Two views of one smooth texture: what is at x in the first is at x + (dx, dy) in the second."""
    noise = np.random.default_rng(0).integers(0, 256, (size[0] // 4, size[1] // 4, 3), dtype=np.uint8)
    wide = cv2.resize(noise, (size[1] + 32, size[0] + 32), interpolation=cv2.INTER_CUBIC)
    views = (wide[16 - y : 16 - y + size[0], 16 - x : 16 - x + size[1]] for x, y in ((0, 0), (dx, dy)))
    return [torch.from_numpy(view.copy()).permute(2, 0, 1) for view in views]


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (0, -2), (-4, 1)])
def test_the_flow_is_the_displacement_x_then_y(dx, dy):
    flow = farneback_flow(*moved_pair(dx, dy))
    # the median of the inner part; near the border its windows look outside
    assert torch.allclose(flow[:, 20:-20, 20:-20].flatten(1).median(1).values, torch.tensor([dx, dy]).float(), atol=0.1)


def test_the_flow_is_float32_of_the_frames_size():
    flow = farneback_flow(*(torch.zeros(3, 41, 57, dtype=torch.uint8) for _ in range(2)))
    assert (flow.shape, flow.dtype) == ((2, 41, 57), torch.float32)


def test_frames_that_are_no_frames_are_refused():
    frame = torch.zeros(3, 16, 24, dtype=torch.uint8)
    with pytest.raises(ShapeError, match="uint8"):
        farneback_flow(frame.float(), frame.float())
    with pytest.raises(ShapeError, match="frame_b"):
        farneback_flow(frame, frame[:, :8])
