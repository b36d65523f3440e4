"""What a frame of a video has to be for a system that goes through it."""

import torch
from torch import Tensor

from vostutor.core.errors import ShapeError
from vostutor.core.ranges import expect_tensor
from vostutor.core.shapes import expect


def expect_video_frame(frame: Tensor, *, like: Tensor | None = None) -> None:
    """Nothing, where this is a frame of the same video as `like`, an earlier one, if there is any.

    Shapes: frame, like uint8 (3,H,W).
    Raises: ShapeError for other axes, another type or size.
    Source: the contract of a Segmenter in core/clip.py.
    Source: own rule; the frames of core/clip.py.
    >>> expect_video_frame(torch.zeros(3, 4, 6, dtype=torch.uint8))
    """
    expect_tensor(frame=frame)
    expect("frame: 3 H W", frame=frame, hint="one RGB frame (3,H,W) at a time")
    if frame.dtype != torch.uint8:
        raise ShapeError(expected="a frame of uint8", got=f"{frame.dtype}", try_this="(255 * frame).byte()")
    if like is not None and frame.shape != like.shape:
        raise ShapeError(
            expected=f"frames of {tuple(like.shape[-2:])}, like those before",
            got=f"{tuple(frame.shape[-2:])}",
            try_this="a new system for each video",
        )
