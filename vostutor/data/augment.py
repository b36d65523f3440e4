"""Pairs of frames changed at random, and their flow changed with them.

[FlowNet] A. Dosovitskiy et al.: FlowNet: Learning Optical Flow with Convolutional Networks. ICCV 2015.
[FlowNetPytorch] C. Pinard: FlowNetPytorch, its training script.

A network that sees each pair once in every size, place, attitude and light has more pairs to learn from. What is done to the frames has
to be done to the flow, and all of geometry is one formula. Every change of a frame is an affine map from old pixels to new ones, A1 for
frame 1 and A2 for frame 2. The new pixel x shows what lay at p = A1^-1 x; that has gone to p + flow(p); in the new frame 2 this is at
A2 (p + flow(p)). So

    new_flow(x) = A2 (p + flow(p)) - x,    p = A1^-1 x

A crop (A1 = A2 = a shift) leaves the vectors, a mirror changes the sign of u, a zoom multiplies them, a common turn turns them, and
where only frame 2 is shifted by t, t is added: five rules of the field, one line of code.

Reading order: Augmentation (how much), draw_change (what, by chance), augment_pair (do it).
Letters: B pairs, H rows and W columns before, h and w after.
Departures: [FlowNet] does not say how far frame 2 moves relative to frame 1: our own numbers. [FlowNetPytorch] gives half of the relative
turn to each frame, here frame 2 has all of it. The view is shifted only as far as it stays inside the frame; where it does not fit, as
with a zoom below 1, `valid` is false outside.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from vostutor.core.ranges import (
    expect_alike,
    expect_finite,
    expect_mask,
    expect_number,
    expect_size,
    expect_span,
    expect_unit,
    expect_whole,
)
from vostutor.core.shapes import expect
from vostutor.ops.grid import pixel_grid, to_normalised

# Pixels: where blending changes a vector by more than this, two motions meet, and none of them is the blend.
_SEAM = 0.5


@dataclass(frozen=True)
class Augmentation:
    """How much a pair may change. The light of both frames changes alike, noise is fresh in each.

    Units: turns in degrees and shifts in frame widths, each up to so much both ways; zoom, gain and gamma are factors and exponents from
    to; contrast c multiplies the distance from the mean by 1 + c; brightness and noise are standard deviations in [0,1] grey.
    Raises: SettingsError for what is no such number, or a range that ends before it begins.
    """

    crop: float = 1.0  # height and width of the result, as a share of the frame's
    mirror: float = 0.0  # how often left and right change places
    upside_down: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    turn: float = 0.0
    shift: float = 0.0
    relative_zoom: float = 0.0  # frame 2 by 1 - so much to 1 + so much, on top of what both do
    relative_turn: float = 0.0
    relative_shift: float = 0.0
    contrast: tuple[float, float] = (0.0, 0.0)
    gain: tuple[float, float] = (1.0, 1.0)  # of each channel
    gamma: tuple[float, float] = (1.0, 1.0)
    brightness: float = 0.0
    noise: float = 0.0  # the largest deviation; each pair has its own, from 0 on

    def __post_init__(self):
        expect_number(above=0, most=1, crop=self.crop)
        expect_number(most=1, mirror=self.mirror, upside_down=self.upside_down)
        expect_number(turn=self.turn, shift=self.shift, brightness=self.brightness, noise=self.noise)
        expect_number(relative_turn=self.relative_turn, relative_shift=self.relative_shift)
        expect_number(most=0.9, relative_zoom=self.relative_zoom)  # at 1 frame 2 may shrink to a point
        expect_span(above=0, zoom=self.zoom, gain=self.gain, gamma=self.gamma)
        expect_span(least=-1, contrast=self.contrast)


AUGMENTATIONS = {
    # milder than the paper's: 96 rows show little enough, and a small network has little time
    "cpu": Augmentation(
        mirror=0.5, upside_down=0.5, zoom=(0.9, 1.3), turn=10, shift=0.1,
        relative_zoom=0.02, relative_turn=1.0, relative_shift=0.02,
        contrast=(-0.3, 0.3), gain=(0.8, 1.25), gamma=(0.8, 1.25), brightness=0.05, noise=0.02,
    ),
    "paper": Augmentation(
        zoom=(0.9, 2.0), turn=17, shift=0.2, relative_zoom=0.03, relative_turn=3, relative_shift=0.03,
        contrast=(-0.8, 0.4), gain=(0.5, 2.0), gamma=(0.7, 1.5), brightness=0.2, noise=0.04,
    ),
    # 320x448 of 384x512, turns, and 10 of 512 pixels: all that [FlowNetPytorch] does
    "pytorch": Augmentation(crop=0.85, mirror=0.5, upside_down=0.5, turn=10, relative_turn=5, relative_shift=10 / 512),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class PairChange:
    """What happens to each pair of a batch; decided, nothing left to chance.

    Shapes: view1, view2 (B,2,3), affine maps from old pixels to new ones; size (h,w); contrast, gamma, brightness (B,);
    gain (B,3); noise (B,2,3,h,w), of frame 1 and frame 2, or None. Units: pixels, x then y; grey in [0,1].
    Raises: ShapeError for other axes, SettingsError for a size without pixels.
    """

    view1: Tensor
    view2: Tensor
    size: tuple[int, int]
    contrast: Tensor | float = 0.0
    gain: Tensor | float = 1.0
    gamma: Tensor | float = 1.0
    brightness: Tensor | float = 0.0
    noise: Tensor | None = None

    def __post_init__(self):
        expect_size(self.size)
        expect("view1: B 2 3, view2: B 2 3", view1=self.view1, view2=self.view2)
        axes = dict.fromkeys(("contrast", "gamma", "brightness"), "B")
        for name, wanted in (axes | {"gain": "B 3", "noise": "B 2 3 {} {}".format(*self.size)}).items():
            part = getattr(self, name)
            if isinstance(part, Tensor) and part.ndim:
                expect(f"view1: B 2 3, {name}: {wanted}", view1=self.view1, **{name: part})


def draw_change(
    generator: torch.Generator, count: int, size: tuple[int, int], augmentation: Augmentation = AUGMENTATIONS["cpu"]
) -> PairChange:
    """Changes for so many pairs of frames of one size, drawn one after the other from the generator, on the CPU.

    Shapes: size is (H,W). Raises: SettingsError for fewer than one pair or pixel.
    Source: the lists of [FlowNet], section 4, and of [FlowNetPytorch]; see AUGMENTATIONS.
    >>> nothing = draw_change(torch.Generator(), 1, (96, 160), Augmentation())
    >>> torch.equal(nothing.view1[0], torch.eye(2, 3)), nothing.size
    (True, (96, 160))
    """
    expect_whole(least=1, count=count)
    expect_size(size)
    a = augmentation
    new_size = tuple(round(a.crop * n) for n in size)

    def between(low: float, high: float, *more: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *more, generator=generator)

    flips = 1 - 2 * (torch.rand(count, 2, generator=generator) < torch.tensor([a.mirror, a.upside_down])).float()
    linear = turn_and_zoom(between(-a.turn, a.turn), between(*a.zoom)) * flips[:, None]  # mirrored first
    away = between(-1, 1, 2) * _room(linear, size, new_size).clamp(max=a.shift * size[1])
    view1 = _about(linear, _middle(size) + away, _middle(new_size))
    own = turn_and_zoom(between(-a.relative_turn, a.relative_turn), between(1 - a.relative_zoom, 1 + a.relative_zoom))
    aside = between(-1, 1, 2) * a.relative_shift * size[1]
    relative = _about(own, _middle(new_size).expand(count, 2), _middle(new_size) + aside)
    return PairChange(
        view1, after(relative, view1), new_size, between(*a.contrast), between(*a.gain, 3), between(*a.gamma),
        a.brightness * torch.randn(count, generator=generator), _noise(generator, between(0, a.noise), new_size),
    )  # fmt: skip


def change_view(points: Tensor, flow: Tensor, view1: Tensor, view2: Tensor) -> Tensor:
    """What the flow of one pair becomes when frame 1 is shown through view1 and frame 2 through view2.

    Shapes: points (2,h,w), the old place of frame 1 that each new pixel shows; flow (2,h,w), the old flow there; views (2,3),
    affine maps from old pixels to new ones -> (2,h,w).
    Units: pixels, x then y.
    Raises: ShapeError for other axes.
    Source: the formula at the head of this file.
    >>> double = torch.tensor([[2.0, 0, 0], [0, 2, 0]])
    >>> change_view(torch.zeros(2, 1, 1), torch.ones(2, 1, 1), double, double).flatten()
    tensor([2., 2.])
    """
    expect("points: 2 h w, flow: 2 h w, view1: 2 3, view2: 2 3", points=points, flow=flow, view1=view1, view2=view2)
    return (move(view2[None], (points + flow)[None]) - move(view1[None], points[None]))[0]


def augment_pair(
    frame1: Tensor,
    frame2: Tensor,
    flow: Tensor,
    change: PairChange,
    valid: Tensor | None = None,
    change_view: Callable[..., Tensor] = change_view,
) -> dict[str, Tensor]:
    """The changed pair under the keys frame1, frame2, flow and valid; valid is false where frame 1 shows what the old one did not.

    Where two motions meet, the flow is that of the nearest pixel; elsewhere it is blended, as the pictures are. `change_view` may be a
    student's own.

    Shapes: frame1, frame2 float (B,3,H,W) in [0,1], flow (B,2,H,W), valid bool (B,H,W), all true if left out -> the same, of size h, w.
    Units: flow in pixels, x then y.
    Raises: ShapeError for other axes, types or devices and for frames beyond [0,1]; DataError for a view that cannot be undone and for a
    flow that is not finite where it is said to be valid.
    Source: the formula at the head of this file.
    >>> black, right = torch.zeros(1, 3, 4, 6), torch.tensor([1.0, 0]).reshape(1, 2, 1, 1).expand(1, 2, 4, 6)
    >>> mirror = torch.tensor([[[-1.0, 0, 5], [0, 1, 0]]])
    >>> augment_pair(black, black, right, PairChange(mirror, mirror, (4, 6)))["flow"][0, :, 0, 0]
    tensor([-1.,  0.])
    """
    expect("frame1: B 3 H W, frame2: B 3 H W, flow: B 2 H W", frame1=frame1, frame2=frame2, flow=flow)
    expect_unit(frame1=frame1, frame2=frame2)
    valid = torch.ones_like(frame1[:, 0], dtype=torch.bool) if valid is None else valid
    expect("flow: B 2 H W, valid: B H W, view: B 2 3", flow=flow, valid=valid, view=change.view1)
    expect_alike(frame1=frame1, frame2=frame2, flow=flow, view1=change.view1, view2=change.view2)
    expect_mask(valid=valid)
    known_flow = flow.where(valid[:, None], 0.0)
    expect_finite(known_flow=known_flow, try_this="valid = flow.isfinite().all(dim=1)")
    here = pixel_grid(*change.size, dtype=flow.dtype, device=flow.device).expand(len(flow), 2, *change.size)
    source1, source2 = (move(undone(view), here) for view in (change.view1, change.view2))
    flow_there = _fetch_flow(known_flow, source1)
    last = torch.tensor([flow.shape[-1] - 1, flow.shape[-2] - 1], dtype=flow.dtype, device=flow.device)[:, None, None]
    inside = ((source1 > -1e-3) & (source1 < last + 1e-3)).all(dim=1)  # rounding may leave a pixel a hair outside
    known = _fetch(valid[:, None].to(flow.dtype), source1, "nearest")[:, 0] > 0.5
    pictures = torch.stack([_fetch(frame1, source1), _fetch(frame2, source2)], dim=1)  # (B,2,3,h,w)
    frame1, frame2 = relight(pictures, change).unbind(dim=1)
    views = zip(source1, flow_there, change.view1, change.view2, strict=True)
    new_flow = torch.stack([change_view(*one) for one in views])
    return {"frame1": frame1, "frame2": frame2, "flow": new_flow, "valid": inside & known}


def relight(pictures: Tensor, change: PairChange) -> Tensor:
    """Contrast about each pair's mean, then gain, gamma, brightness and noise. Shapes: (B,2,3,h,w) in [0,1] -> the same."""
    contrast, gamma, brightness = (
        torch.as_tensor(value).reshape(-1, 1, 1, 1, 1) for value in (change.contrast, change.gamma, change.brightness)
    )
    mean = pictures.mean(dim=(1, 2, 3, 4), keepdim=True)
    pictures = mean + (1 + contrast) * (pictures - mean)
    gain = torch.as_tensor(change.gain)
    pictures = pictures * (gain.reshape(-1, 1, 3, 1, 1) if gain.ndim else gain)
    pictures = pictures.clamp(0, 1) ** gamma + brightness
    return (pictures if change.noise is None else pictures + change.noise).clamp(0, 1)


def move(view: Tensor, points: Tensor) -> Tensor:
    """Points under an affine map. Shapes: view (B,2,3), points (B,2,h,w) -> (B,2,h,w).

    >>> move(torch.tensor([[[2.0, 0, 1], [0, 2, 0]]]), torch.ones(1, 2, 1, 1)).flatten()
    tensor([3., 2.])
    """
    moved = view[:, :, :2] @ points.flatten(2) + view[:, :, 2:]
    return moved.unflatten(2, points.shape[2:])


def after(second: Tensor, first: Tensor) -> Tensor:
    """The affine map that does the first, then the second. Shapes: (B,2,3) each -> (B,2,3)."""
    linear = second[:, :, :2] @ first
    return torch.cat([linear[:, :, :2], linear[:, :, 2:] + second[:, :, 2:]], dim=2)


def undone(view: Tensor) -> Tensor:
    """The inverse of an affine map. Shapes: (B,2,3) -> (B,2,3). Raises: DataError for a map that has none."""
    expect("view: B 2 3", view=view)
    area = torch.linalg.det(view[:, :, :2])
    expect_finite(view=view, one_over_area=1 / area, try_this="a view that keeps some area, as draw_change draws them")
    back = torch.linalg.inv(view[:, :, :2])
    return torch.cat([back, -back @ view[:, :, 2:]], dim=2)


def turn_and_zoom(degrees: Tensor, zoom: Tensor) -> Tensor:
    """Clockwise as seen, since y points down. Shapes: (B,), (B,) -> (B,2,2)."""
    radians = degrees * (math.pi / 180)
    c, s = zoom * torch.cos(radians), zoom * torch.sin(radians)
    return torch.stack([torch.stack([c, -s], 1), torch.stack([s, c], 1)], 1)


def _noise(generator: torch.Generator, deviation: Tensor, size: tuple[int, int]) -> Tensor | None:
    if not deviation.any():  # a million numbers that would all be zero
        return None
    return deviation.reshape(-1, 1, 1, 1, 1) * torch.randn(len(deviation), 2, 3, *size, generator=generator)


def _about(linear: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """The map with this linear part that brings the old point to the new one. Shapes: (B,2,2), (B,2), (2,) or (B,2) -> (B,2,3)."""
    shift = new - (linear @ old[:, :, None])[:, :, 0]
    return torch.cat([linear, shift[:, :, None]], dim=2)


def _middle(size: tuple[int, int]) -> Tensor:
    return torch.tensor([(size[1] - 1) / 2, (size[0] - 1) / 2])


def _room(linear: Tensor, size: tuple[int, int], new_size: tuple[int, int]) -> Tensor:
    """How far the middle of a view may lie from the frame's before a corner looks outside. Shapes: (B,2,2) -> (B,2), x then y."""
    reach = torch.linalg.inv(linear).abs() @ _middle(new_size)
    return (_middle(size) - reach).clamp(min=0)


def _fetch(image: Tensor, points: Tensor, mode: str = "bilinear") -> Tensor:
    """What lies at those points; outside, what lies at the nearest edge. Shapes: (B,C,H,W), (B,2,h,w) -> (B,C,h,w)."""
    grid = to_normalised(points, *image.shape[-2:]).movedim(1, -1)
    return grid_sample(image, grid, mode=mode, padding_mode="border", align_corners=False)


def _fetch_flow(flow: Tensor, points: Tensor) -> Tensor:
    blended, nearest = _fetch(flow, points), _fetch(flow, points, "nearest")
    at_seam = (blended - nearest).abs().amax(dim=1, keepdim=True) > _SEAM
    return nearest.where(at_seam, blended)
