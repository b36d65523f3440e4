"""Throwing along a flow: every pixel lands where its flow leads, shared between the four pixels around that place.

[SPLAT] S. Niklaus, F. Liu: Softmax Splatting for Video Frame Interpolation. CVPR 2020.

Backward warping asks every pixel of the result where to fetch; it needs the flow that starts at the result. Splatting needs only the
flow that starts at the picture, but two things can go wrong, and both are told. Several pixels can land in one place: they are
averaged, and `importance` says who counts, as depth order would. And no pixel may land somewhere: that place is a hole.

Letters: B batch, C channels, H rows, W columns; b the bilinear share that reaches a pixel of the result, Z the importance.
Departures: [SPLAT] computes exp(Z) as it stands, which overflows for large Z and vanishes for small ones. Here the largest Z that
lands in a pixel is subtracted there first, which cancels in the quotient; and a hole is named instead of being zero.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.shapes import expect
from vostutor.ops.grid import pixel_grid

# A thousandth of a pixel: below it the place is empty but for the rounding of coordinates.
_LEAST = 1e-3
_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))  # x, y


class Splat(NamedTuple):
    """image (B,C,H,W), 0 in the holes of an average; coverage (B,1,H,W), how many pixels' worth has landed; holes (B,1,H,W) bool."""

    image: Tensor
    coverage: Tensor
    holes: Tensor


def forward_splat(
    image: Tensor, flow: Tensor, *, weight: Tensor | None = None, importance: Tensor | None = None, average: bool = True
) -> Splat:
    """The image thrown along the flow: what frame t becomes in the view of frame t+1, given `flow_fwd`.

    Left to itself, each pixel of the result is the average of what landed there, sum(b I) / sum(b). `weight` is how much of each
    pixel is thrown: 0 leaves it out (an invalid one, say). `importance` decides among pixels that land together: each counts
    exp(importance) times, so a difference of a few units makes the nearer one win. `average=False` returns the plain sum(b I), which
    keeps the total of what stays in the image. What lands outside, or has a flow that is not finite, is lost.

    Gradients reach image, flow, weight and importance. On CUDA the order of summation varies, and with it the last bits.

    Shapes: image floating (B,C,H,W), flow floating (B,2,H,W), weight and importance (B,1,H,W) -> Splat, image in its dtype.
    Units: flow in pixels, x then y; coverage in pixels.
    Raises: ShapeError for other axes or types, a weight below zero or values that are not finite; SettingsError for an importance
        without an average.
    Source: summation, average and linear splatting of [SPLAT] and, with importance, its softmax splatting.
    >>> row = torch.tensor([10.0, 20.0, 30.0]).reshape(1, 1, 1, 3)
    >>> meet = torch.zeros(1, 2, 1, 3)
    >>> meet[0, 0, 0] = torch.tensor([2.0, 0.5, 0.0])      # the first lands on the last, the second between two
    >>> [part.flatten().tolist() for part in forward_splat(row, meet)]
    [[0.0, 20.0, 20.0], [0.0, 0.5, 2.5], [True, False, False]]
    """
    _check(image, flow, weight, importance, average)
    exact = torch.promote_types(torch.promote_types(image.dtype, flow.dtype), torch.float32)
    places, shares = _landing(flow.to(exact), weight)
    coverage = _sum_at(places, shares, torch.ones_like(shares[:1, :, None]).expand(4, -1, -1, -1))
    counts = shares if importance is None else shares * _odds(importance.to(exact).flatten(1), places, shares)
    total = _sum_at(places, counts, image.to(exact).flatten(2).expand(4, -1, -1, -1))
    holes = coverage < _LEAST
    if average:
        norm = coverage if importance is None else _sum_at(places, counts, torch.ones_like(counts)[:, :, None])
        total = (total / norm.where(~holes, 1.0)).where(~holes, 0.0)
    size = image.shape[-2:]
    return Splat(*(part.unflatten(2, size) for part in (total.to(image.dtype), coverage.to(image.dtype), holes)))


def _landing(flow: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """Shapes: -> the four places of each pixel (4,B,HW), an index into HW, and the share that each receives (4,B,HW)."""
    height, width = flow.shape[-2:]
    points = pixel_grid(height, width, device=flow.device, dtype=flow.dtype) + flow
    points = points.where(points.isfinite(), -2.0)  # so far outside that no share comes in
    corner = points.detach().floor().clamp(-2, max(height, width) + 1)  # a number that fits an index
    places, shares = [], []
    for right, down in _CORNERS:
        at = corner + torch.tensor([right, down], device=flow.device, dtype=flow.dtype)[:, None, None]
        x, y = at.long().unbind(dim=1)
        share = (1 - (points - at).abs()).prod(dim=1)  # (B,H,W)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        places.append((y * width + x).where(inside, 0))
        shares.append(share.where(inside, 0.0))
    places, shares = torch.stack(places).flatten(2), torch.stack(shares).flatten(2)
    return places, shares if weight is None else shares * weight.to(shares.dtype).flatten(1)


def _odds(importance: Tensor, places: Tensor, shares: Tensor) -> Tensor:
    """exp(Z - the largest Z that lands in the same place). Shapes: importance (B,HW) -> (4,B,HW)."""
    landing = importance.detach().expand(4, -1, -1).where(shares > 0, -torch.inf)
    landing, index = (part.transpose(0, 1).flatten(1) for part in (landing, places))  # (B,4HW)
    most = torch.full_like(importance, -torch.inf).scatter_reduce(1, index, landing, "amax")
    behind = importance - torch.stack([most.gather(1, place) for place in places])
    return behind.where(shares > 0, -torch.inf).exp()


def _sum_at(places: Tensor, shares: Tensor, values: Tensor) -> Tensor:
    """Shapes: places, shares (4,B,HW), values (4,B,C,HW) -> (B,C,HW)."""
    total = torch.zeros_like(values[0])
    for place, share, value in zip(places, shares, values, strict=True):
        total = total.scatter_add(2, place[:, None].expand_as(value), share[:, None] * value)
    return total


def _check(image: Tensor, flow: Tensor, weight: Tensor | None, importance: Tensor | None, average: bool) -> None:
    arrays = {"weight": weight, "importance": importance}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    expect(
        "image: B C H W, flow: B 2 H W" + "".join(f", {name}: B 1 H W" for name in arrays),
        image=image,
        flow=flow,
        **arrays,
        hint="one flow per image, of its size; [None] adds the batch, and [:, None] the channel of weight and importance",
    )
    for name, array in {"image": image, "flow": flow}.items():
        if not array.is_floating_point() or array.device != image.device:
            raise ShapeError(
                expected=f"{name} as a floating-point tensor on {image.device}",
                got=f"{array.dtype} on {array.device}",
                try_this="one_hot(ids, objects) turns ids into something that can be shared between pixels",
            )
    for name, array in arrays.items():
        if not array.isfinite().all() or (name == "weight" and (array < 0).any()):
            raise ShapeError(
                expected=f"{name} of finite numbers" + (", 0 or more" if name == "weight" else ""),
                got=f"values from {array.min()} to {array.max()}",
                try_this="weight=valid[:, None].float() leaves pixels out",
            )
    if importance is not None and not average:
        raise SettingsError(
            expected="importance with average=True, since only its differences have a meaning",
            got="importance and average=False",
            try_this="weight= scales a sum",
        )
