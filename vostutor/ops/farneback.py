"""Farneback's optical flow: the neighbourhood of every pixel as a quadratic polynomial, and how far it has moved. From OpenCV.

[FARNEBACK] G. Farneback: Two-Frame Motion Estimation Based on Polynomial Expansion. SCIA 2003.
"""

import cv2
import torch
from torch import Tensor

from vostutor.core.errors import ShapeError
from vostutor.core.shapes import expect

# Three levels, each half the size; windows of 15 pixels, 3 rounds; polynomials over 5 pixels, weighted by a Gaussian of 1.2.
SETTINGS = {"pyr_scale": 0.5, "levels": 3, "winsize": 15, "iterations": 3, "poly_n": 5, "poly_sigma": 1.2, "flags": 0}


def farneback_flow(frame_a: Tensor, frame_b: Tensor) -> Tensor:
    """The flow from frame a to frame b: where in b each pixel of a went.

    The method sees brightness only. It averages over its window, so borders of motion come out blurred.

    Shapes: frame_a, frame_b uint8 RGB (3,H,W) -> float32 (2,H,W), x then y, on frame_a's device (computed on the CPU).
    Units: pixels of the frames as given.
    Raises: ShapeError for frames that are not such, or differ in size.
    Source: [FARNEBACK] as OpenCV has it, with the settings of OpenCV's own example.
    >>> frame = torch.zeros(3, 16, 24, dtype=torch.uint8)
    >>> farneback_flow(frame, frame).abs().max()
    tensor(0.)
    """
    expect("frame_a: 3 H W, frame_b: 3 H W", frame_a=frame_a, frame_b=frame_b, hint="two RGB frames of one size")
    flow = cv2.calcOpticalFlowFarneback(_brightness(frame_a), _brightness(frame_b), None, **SETTINGS)  # (H,W,2)
    return torch.from_numpy(flow).permute(2, 0, 1).contiguous().to(frame_a.device)


def _brightness(frame: Tensor):
    if frame.dtype != torch.uint8:
        raise ShapeError(
            expected="frames as uint8, 0 to 255",
            got=f"{frame.dtype}",
            try_this="(255 * frame).round().byte() for a frame in [0, 1]",
        )
    return cv2.cvtColor(frame.permute(1, 2, 0).contiguous().cpu().numpy(), cv2.COLOR_RGB2GRAY)
