"""Fetching along a flow: what the picture would look like if every pixel had come from where the flow points.

Letters: B batch, C channels, H rows, W columns.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ranges import expect_tensor
from vostutor.core.shapes import expect
from vostutor.ops.grid import pixel_grid, to_normalised

_OUTSIDE = -2.0  # pixels: far enough that not even a blend touches the first one


def backward_warp(image: Tensor, flow: Tensor, mode: Literal["bilinear", "nearest"] = "bilinear") -> Tensor:
    """The image sampled at x + flow(x): pixel x of the result is fetched from the place its flow points to.

    To bring frame t+1 into the view of frame t, pass `flow_fwd`, which leads from t to t+1. What lies outside the image is zero; a
    sample between the last pixel and the outside blends with that zero. A flow that is not finite leads nowhere: zero as well.
    `bilinear` passes gradients to image and flow. `nearest` copies values as they are, for masks of any type, and passes none to
    the flow; halfway between two pixels it takes the even one, as torch.round does.

    Shapes: image (B,C,H,W), flow floating (B,2,H,W) -> (B,C,H,W) in the image's dtype.
    Units: flow in pixels, x then y.
    Raises: ShapeError for other axes or types, SettingsError for another mode.
    Source: the bilinear sampler of Jaderberg et al., Spatial Transformer Networks, NeurIPS 2015, Eq. 5.
    >>> image = torch.tensor([10.0, 20.0, 30.0]).reshape(1, 1, 1, 3)
    >>> to_the_left = torch.tensor([-1.0, 0.0]).reshape(1, 2, 1, 1).expand(1, 2, 1, 3)
    >>> backward_warp(image, to_the_left).flatten()
    tensor([ 0., 10., 20.])
    """
    expect(
        "image: B C H W, flow: B 2 H W",
        image=image,
        flow=flow,
        hint="one flow per image, of its size; [None] adds the batch",
    )
    _check_types(image, flow, mode)
    height, width = image.shape[-2:]
    # At least float32: bfloat16 knows no pixel between 256 and 258.
    exact = torch.promote_types(torch.promote_types(flow.dtype, image.dtype), torch.float32)
    points = pixel_grid(height, width, device=flow.device, dtype=exact) + flow
    points = points.where(points.isfinite(), _OUTSIDE)
    if mode == "nearest":
        return _fetch_nearest(image, points)
    grid = to_normalised(points, height, width).movedim(1, -1)  # (B,H,W,2)
    warped = grid_sample(image.to(exact), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return warped.to(image.dtype)


def _fetch_nearest(image: Tensor, points: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    x, y = points.round().long().unbind(dim=1)  # (B,H,W) each
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    index = (y * width + x).where(inside, 0).flatten(1)  # (B,HW)
    fetched = image.flatten(2).gather(2, index[:, None].expand(-1, image.shape[1], -1)).reshape(image.shape)
    return fetched.where(inside[:, None], torch.zeros((), dtype=image.dtype, device=image.device))


def _check_types(image: Tensor, flow: Tensor, mode: str) -> None:
    if mode not in ("bilinear", "nearest"):
        raise SettingsError(expected="mode 'bilinear' or 'nearest'", got=repr(mode), try_this="mode='nearest' for ids")
    expect_tensor(image=image, flow=flow)
    if not flow.is_floating_point() or flow.device != image.device:
        raise ShapeError(
            expected=f"a floating-point flow on {image.device}",
            got=f"{flow.dtype} on {flow.device}",
            try_this="flow.to(image.device, torch.float32)",
        )
    if mode == "bilinear" and not image.is_floating_point():
        raise ShapeError(
            expected="a floating-point image, since bilinear sampling blends values",
            got=f"{image.dtype}",
            try_this="image.float() for a picture, mode='nearest' for ids",
        )
