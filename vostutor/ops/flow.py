"""What two flows tell about each other, and what a flow becomes when its picture changes size.

[LDOF-GPU] N. Sundaram, T. Brox, K. Keutzer: Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow. ECCV 2010.

A pixel that is hidden in the next frame has no counterpart there, so no flow of it can be right. Whoever has the flow both ways can
find such pixels without knowing the scene: go forward, come back, and see whether the round trip ends where it began.

Resizing has two meanings. A flow in pixels of its own picture has to be rescaled: in a picture of half the width, everything moves
half as many columns. The networks of lesson 01 do otherwise: each of their levels, however coarse, predicts pixels of the *full*
picture, so between levels the values stay (`rescale=False`, plain interpolation). Both are `resize_flow`, and nothing else here is.

Letters: H rows, W columns, h and w the new ones; leading axes are a batch.
Departures: [LDOF-GPU] ends a trajectory where the criterion fails; here it marks a pixel. What leaves the image is marked too.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.shapes import expect
from vostutor.ops.grid import pixel_grid
from vostutor.ops.warp import backward_warp

_UNKNOWN_ABOVE = 1e9  # pixels; larger values mark unknown flow in the files of Middlebury


def find_occluded(flow_fwd: Tensor, flow_bwd: Tensor, *, relative: float = 0.01, absolute: float = 0.5) -> Tensor:
    """The pixels of frame t whose way to frame t+1 and back does not end where it began.

    A pixel x with forward flow f(x) and backward flow b read at x + f(x) is occluded where

        |f + b|^2 >= relative (|f|^2 + |b|^2) + absolute

    The tolerance grows with the motion, because errors do. Also occluded are pixels that leave the image (its edges lie half a pixel
    beyond the centres of the outermost pixels) and pixels whose flow, either one, is unknown (NaN, infinite or beyond 1e9); the
    backward flow is read between four pixels and is unknown where one of them is.

    Shapes: flow_fwd, flow_bwd floating (...,2,H,W), x then y -> bool (...,H,W).
    Units: flow in pixels; relative without unit, absolute in pixels squared.
    Raises: ShapeError for other axes or types, SettingsError for a negative tolerance.
    Source: the consistency check of [LDOF-GPU], with its two constants.
    >>> there = torch.zeros(2, 1, 4)
    >>> there[0] = 2.0                                      # everything moves two columns to the right,
    >>> back = torch.tensor([0.0, 0.0, -2.0, 0.0]).expand(2, 1, 4) * torch.tensor([1.0, 0.0]).reshape(2, 1, 1)
    >>> find_occluded(there, back)                          # and only column 2 leads back
    tensor([[False,  True,  True,  True]])
    """
    sizes = expect(
        "flow_fwd: ... 2 H W, flow_bwd: ... 2 H W",
        flow_fwd=flow_fwd,
        flow_bwd=flow_bwd,
        hint="two flows of one size, x and y on the third axis from the end: flow.permute(2, 0, 1) from (H,W,2)",
    )
    _check_pair(flow_fwd, flow_bwd)
    if not (relative >= 0 and absolute >= 0):
        raise SettingsError(
            expected="tolerances of 0 or more",
            got=f"relative={relative}, absolute={absolute}",
            try_this="relative=0.01, absolute=0.5",
        )
    height, width = sizes["H"], sizes["W"]
    exact = torch.promote_types(flow_fwd.dtype, torch.float32)
    forward, backward = (flow.to(exact).reshape(-1, 2, height, width) for flow in (flow_fwd, flow_bwd))
    back, readable = _read_at_the_end(forward, backward)
    trip = (forward + back).square().sum(dim=1)
    length = forward.square().sum(dim=1) + back.square().sum(dim=1)
    closed = trip < relative * length + absolute  # false for NaN as well
    return ~(readable & closed).reshape(*flow_fwd.shape[:-3], height, width)


def _read_at_the_end(forward: Tensor, backward: Tensor) -> tuple[Tensor, Tensor]:
    """The backward flow where the forward flow leads, and whether that place is in the image and known there.

    Shapes: (B,2,H,W) twice -> (B,2,H,W), bool (B,H,W).
    """
    height, width = forward.shape[-2:]
    here = pixel_grid(height, width, device=forward.device, dtype=forward.dtype)
    last = torch.tensor([width - 1, height - 1], device=forward.device, dtype=forward.dtype)[:, None, None]
    there = here + forward
    inside = ((there >= -0.5) & (there <= last + 0.5)).all(dim=1)  # false for NaN as well
    # Within the outer half pixel the sampler would blend with the zero outside; the outermost pixel itself is asked instead.
    way = there.clamp(torch.zeros_like(last), last) - here
    unknown = ~(backward.abs() < _UNKNOWN_ABOVE).all(dim=1, keepdim=True)
    # NaN and 1e10 would spread even with a share of nothing, so zeros are read in their place, and what the zeros' share was
    *back, doubt = backward_warp(torch.cat([backward.masked_fill(unknown, 0), unknown.to(way)], dim=1), way).unbind(1)
    return torch.stack(back, dim=1), inside & (doubt < 1e-3)


def resize_flow(
    flow: Tensor,
    size: Sequence[int],
    *,
    rescale: bool = True,
    mode: Literal["bilinear", "nearest", "area"] = "bilinear",
) -> Tensor:
    """The flow at another size, x multiplied by w / W and y by h / H so that it counts pixels of the new picture.

    `rescale=False` leaves the values: the flow still counts pixels of the old picture, as the levels of FlowNet do. `bilinear` is for
    enlarging; it puts edges, not centres, on edges (align_corners=False), as every coordinate of this package. `area` averages and is
    for shrinking; `nearest` invents no motion between two objects. A value that is not finite spreads to what is mixed from it.

    Shapes: flow floating (...,2,H,W) -> (...,2,h,w) in its dtype; size is (h, w).
    Units: pixels of the old picture -> of the new one, or as they were.
    Raises: ShapeError for other axes or types, SettingsError for another mode or a size below one pixel.
    Source: own convention; the variant without rescaling is the last step of FlowNet (Dosovitskiy et al., ICCV 2015).
    >>> flow = torch.tensor([3.0, 4.0]).reshape(2, 1, 1).expand(2, 4, 6)
    >>> resize_flow(flow, (8, 3))[:, 0, 0], resize_flow(flow, (8, 3), rescale=False)[:, 0, 0]
    (tensor([1.5000, 8.0000]), tensor([3., 4.]))
    """
    sizes = expect("flow: ... 2 H W", flow=flow, hint="x and y on the third axis from the end: flow.permute(2, 0, 1)")
    _check_floating("flow", flow)
    height, width = _checked_size(size)
    if mode not in ("bilinear", "nearest", "area"):
        raise SettingsError(expected="mode 'bilinear', 'nearest' or 'area'", got=repr(mode), try_this="mode='bilinear'")
    # 'nearest-exact' takes the pixel whose centre is nearest; torch's 'nearest' shifts the picture by up to half a pixel
    options = {"bilinear": {"mode": mode, "align_corners": False}, "nearest": {"mode": "nearest-exact"}}
    batch = flow.reshape(-1, 2, sizes["H"], sizes["W"])
    resized = interpolate(batch, (height, width), **options.get(mode, {"mode": mode}))
    resized = resized.reshape(*flow.shape[:-2], height, width)
    if not rescale:
        return resized
    factors = torch.tensor([width / sizes["W"], height / sizes["H"]], device=flow.device, dtype=flow.dtype)
    return resized * factors[:, None, None]


def _check_pair(flow_fwd: Tensor, flow_bwd: Tensor) -> None:
    _check_floating("flow_fwd", flow_fwd)
    _check_floating("flow_bwd", flow_bwd)
    if flow_fwd.shape != flow_bwd.shape or flow_fwd.device != flow_bwd.device:
        raise ShapeError(
            expected=f"flow_bwd of shape {tuple(flow_fwd.shape)} on {flow_fwd.device}, like flow_fwd",
            got=f"{tuple(flow_bwd.shape)} on {flow_bwd.device}",
            try_this="one backward flow for each forward flow, flow_bwd.to(flow_fwd.device)",
        )


def _check_floating(name: str, flow: Tensor) -> None:
    if not flow.is_floating_point():
        raise ShapeError(expected=f"{name} as floating-point pixels", got=f"{flow.dtype}", try_this=f"{name}.float()")


def _checked_size(size: Sequence[int]) -> tuple[int, int]:
    numbers = tuple(size) if isinstance(size, Sequence) else ()
    if len(numbers) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in numbers):
        raise SettingsError(
            expected="size (h, w), each at least one pixel", got=repr(size), try_this="size=image.shape[-2:]"
        )
    return numbers
