"""The same scenes drawn with torch, on any device: many moments at once, one layer after the other.

What numpy and OpenCV draw one frame at a time, this renderer draws for all moments of a clip together, sub-frames of the shutter
included. It ends where light falls on the sensor: noise and JPEG stay with `sensor.develop`, on the CPU. Use it where a GPU is at hand; on
a CPU `render` is faster.

Letters: T frames, M moments (frames and their sub-frames), L links, H rows, W columns, N pixels, h, w texels, P pairs.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vostutor.data.studio.layers import Placed, boxes, link_turns, place, sheet_map, texel_maps
from vostutor.data.studio.motion import at
from vostutor.data.studio.render import shutter_times
from vostutor.data.studio.scene import Link, Scene, Shadow, Sheet

MOMENTS = 64  # drawn together at most, for the memory


@dataclass(frozen=True)
class Film:
    """A clip before the sensor, as `shoot.Footage` has it after.

    Shapes: images float32 (T,H,W,3) 0..255; owner (the layer each pixel shows: depth order) and ids uint8 (T,H,W); flow_fwd and
    flow_bwd float32 (T-1,2,H,W); occluded bool (T-1,H,W).
    """

    images: Tensor
    owner: Tensor
    ids: Tensor
    flow_fwd: Tensor
    flow_bwd: Tensor
    occluded: Tensor


@torch.no_grad()
def film(scene: Scene, device: torch.device | str = "cpu") -> Film:
    """Every frame of a scene with its exact annotation.

    >>> from vostutor.data.studio.compose import compose
    >>> from vostutor.data.studio.recipe import PLAIN
    >>> film(compose(PLAIN, np.random.default_rng(0), (48, 80), 3)).flow_fwd.shape
    torch.Size([2, 2, 48, 80])
    """
    parts = [_exposed(scene, group, device) for group in _groups(scene)]
    images, owner = (torch.cat(column) for column in zip(*parts, strict=True))
    stacks = [place(scene, t) for t in range(scene.frames)]
    forward, backward = flow(stacks[:-1], stacks[1:], owner[:-1]), flow(stacks[1:], stacks[:-1], owner[1:])
    numbers = torch.as_tensor(scene.numbers, device=device)
    return Film(images, owner, numbers[owner.long()], forward, backward, occluded(owner[:-1], owner[1:], forward))


def _groups(scene: Scene) -> list[list[tuple[int, list[float]]]]:
    """Frames and their moments, as many together as MOMENTS allows."""
    groups: list[list[tuple[int, list[float]]]] = [[]]
    for t in range(scene.frames):
        moments = shutter_times(scene, t)
        if groups[-1] and sum(len(times) for _, times in groups[-1]) + len(moments) > MOMENTS:
            groups.append([])
        groups[-1].append((t, moments))
    return groups


def _exposed(scene: Scene, group: list[tuple[int, list[float]]], device) -> tuple[Tensor, Tensor]:
    """Some frames, each the average of its moments; whose pixel is whose in the middle moment. Shapes: (T,H,W,3), uint8 (T,H,W)."""
    moments = [moment for _, times in group for moment in times]
    images, owner = _painted(scene, moments, device)
    counts = [len(times) for _, times in group]
    middles = [sum(counts[:k]) + count // 2 for k, count in enumerate(counts)]
    return torch.stack([shots.mean(0) for shots in images.split(counts)]), owner[middles]


def _painted(scene: Scene, moments: list[float], device) -> tuple[Tensor, Tensor]:
    """All layers over one another at many moments. Shapes: returns float32 (M,H,W,3), uint8 (M,H,W)."""
    stacks = [place(scene, moment) for moment in moments]
    image = torch.zeros(len(moments) * scene.size[0] * scene.size[1], 3, device=device)
    owner = torch.zeros(len(image), dtype=torch.uint8, device=device)
    drift = None if scene.drift is None else _tensor([float(at(scene.drift, moment)) for moment in moments], device)
    for heres in zip(*stacks, strict=True):
        floor = heres[0] is stacks[0][0]
        pieces = _pieces(heres, scene.size, drift, device, (0, 0) if floor else scene.shadow.margin)
        if not floor:
            _cast_shadow(image, scene.shadow, pieces, (len(moments), *scene.size))
        for piece in pieces:
            there = image[piece.pixels]
            image[piece.pixels] = there + piece.alpha[:, None] * (piece.colour - there)
        _claim(owner, pieces)
    shape = len(moments), *scene.size
    return image.view(*shape, 3), owner.view(shape)


@dataclass(frozen=True)
class _Piece:
    """A layer at all moments, as the pixels that it covers; `around` and `cover` are pixels and alpha with the shadow's margin.

    Shapes: pixels int64 (N,) into (M,H,W), alpha (N,), colour (N,3); around int64 and cover, more of them, into (M,H,W) with margins.
    """

    layer: int
    pixels: Tensor
    alpha: Tensor
    colour: Tensor
    around: Tensor
    cover: Tensor


def _claim(owner: Tensor, pieces: list[_Piece]) -> None:
    """As in `render`: a thing shows where its pieces cover more than half, each pixel the one that shows most. Shapes: owner (M*H*W,)."""
    clear, most = torch.ones(len(owner), device=owner.device), torch.zeros(len(owner), device=owner.device)
    whose = torch.zeros_like(owner)
    for piece in pieces:
        pixels, alpha, through = piece.pixels, piece.alpha, 1 - piece.alpha
        clear[pixels] *= through
        shown = most[pixels] * through
        whose[pixels[alpha >= shown]] = piece.layer
        most[pixels] = torch.maximum(shown, alpha)
    torch.where(clear < 0.5, whose, owner, out=owner)


def _pieces(
    heres: tuple[Placed, ...], size: tuple[int, int], drift: Tensor | None, device, margin: tuple[int, int]
) -> list[_Piece]:
    """What the moments show of a sheet or a thing, in the frame and in a margin around it."""
    part, first, (rows, columns) = heres[0].part, heres[0].first, margin
    if isinstance(part, Sheet):
        everywhere = np.tile([-rows, size[0] + rows, -columns, size[1] + columns], (len(heres), 1))
        moment, x, y = _pixels(everywhere, device)
        texels = _project(_tensor([sheet_map(here) for here in heres], device)[moment], x, y)
        return [_piece(first, part, (moment, x, y), texels, None, "reflection", size, margin)]
    unpose, bend = (_tensor([getattr(here, name) for here in heres], device) for name in ("unpose", "bend"))
    areas = np.array([boxes(here, size, margin) for here in heres]).swapaxes(0, 1)
    maps, pieces = _tensor([texel_maps(here) for here in heres], device).unbind(1), []
    for k, link in enumerate(part.links):
        moment, x, y = _pixels(areas[k], device)
        if len(moment):
            texels = _project(maps[k][moment], *_from_frame(unpose[moment], bend[moment], x, y))
            share = None if drift is None or link.later is None else drift[moment]
            pieces.append(_piece(first + k, link, (moment, x, y), texels, share, "border", size, margin))
    return pieces


def _pixels(areas: np.ndarray, device) -> tuple[Tensor, Tensor, Tensor]:
    """The pixels of one box a moment: their moment, column and row. Shapes: (M,4) -> (N,) three times."""
    top, bottom, left, right = areas.T
    height, width = max((bottom - top).max(), 0), max((right - left).max(), 0)
    top, bottom, left, right = torch.as_tensor(areas, device=device).T[..., None]
    rows, columns = top + torch.arange(height, device=device), left + torch.arange(width, device=device)
    moment, y, x = ((rows < bottom)[:, :, None] & (columns < right)[:, None]).nonzero(as_tuple=True)
    y, x = y + top[moment, 0], x + left[moment, 0]
    return moment, x.float(), y.float()


def _index(moment: Tensor, x: Tensor, y: Tensor, size: tuple[int, int], margin: tuple[int, int] = (0, 0)) -> Tensor:
    """Pixels, counted through a frame with a margin around it."""
    (height, width), (rows, columns) = size, margin
    return (moment * (height + 2 * rows) + y.long() + rows) * (width + 2 * columns) + x.long() + columns


def _piece(
    layer: int, part: Sheet | Link, where: tuple[Tensor, ...], texels, share: Tensor | None, edge: str, size, margin
) -> _Piece:
    """Alpha first, then colour where there is any alpha in the frame. Shapes: where (moment, x, y) and texels (x, y), each (N,)."""
    points, device = torch.stack(texels, -1), where[0].device
    cover = torch.ones_like(points[:, 0])
    if part.alpha is not None:
        outside = "zeros" if edge == "border" else edge
        cover = _sampled(_tensor(part.alpha[..., None], device), points, "bilinear", outside)[:, 0]
    around, (_, x, y) = _index(*where, size, margin), where
    shown = (cover > 0) & (x >= 0) & (x < size[1]) & (y >= 0) & (y < size[0])
    points, pixels = points[shown], _index(*(axis[shown] for axis in where), size)
    colour = _sampled(_tensor(part.texture, device), points, "bicubic", edge)
    if share is not None:
        later = _sampled(_tensor(part.later, device), points, "bicubic", edge)
        colour = torch.lerp(colour, later, share[shown][:, None])
    return _Piece(layer, pixels, cover[shown], colour, around, cover)


def _sampled(texture: Tensor, points: Tensor, how: str, edge: str) -> Tensor:
    """A texture at some points. Shapes: (h,w,C), (N,2) -> (N,C). Units: points in texels, x then y."""
    height, width, _ = texture.shape
    grid = (2 * points + 1) / _tensor([width, height], points.device) - 1
    return F.grid_sample(texture.permute(2, 0, 1)[None], grid[None, None], how, edge, align_corners=False)[0, :, 0].T


def _cast_shadow(image: Tensor, shadow: Shadow, pieces: list[_Piece], shape: tuple[int, int, int]) -> None:
    """Darken what lies beside a thing or a sheet, by the softened outline of all its parts. Shapes: image (M*H*W,3)."""
    if not shadow.strength or not pieces:
        return
    (moments, height, width), (rows, columns), (dx, dy) = shape, shadow.margin, shadow.shift
    cover = torch.zeros(moments * (height + 2 * rows) * (width + 2 * columns), device=image.device)
    for piece in pieces:
        cover[piece.around] = torch.maximum(cover[piece.around], piece.cover)
    steps = torch.arange(-shadow.reach, shadow.reach + 1, device=image.device)
    kernel = torch.exp(-(steps**2) / (2 * shadow.softness**2))
    kernel = kernel / kernel.sum()
    # The shifted frame: with the reach of the blur around it, it lies inside the margin, so that no tap falls outside.
    top, left = rows - dy - shadow.reach, columns - dx - shadow.reach
    soft = cover.view(moments, height + 2 * rows, width + 2 * columns)
    soft = soft.narrow(1, top, height + 2 * shadow.reach).narrow(2, left, width + 2 * shadow.reach)
    # Taps one by one: a convolution of one channel takes a CPU three times as long.
    for axis, length in ((1, height), (2, width)):
        soft = sum(weight * soft.narrow(axis, k, length) for k, weight in enumerate(kernel.tolist()))
    image *= 1 - shadow.strength * soft.reshape(-1, 1)


def flow(a: list[tuple[Placed, ...]], b: list[tuple[Placed, ...]], owner: Tensor) -> Tensor:
    """Exact flow between pairs of moments: where the point that each pixel shows has gone, hidden or not.

    Shapes: P stacks, P stacks, owner uint8 (P,H,W), of the first moments -> float32 (P,2,H,W). Units: pixels, x then y.
    """
    size, device = owner.shape[1:], owner.device
    flat = torch.zeros(owner.numel(), 2, device=device)
    for heres, theres in zip(zip(*a, strict=True), zip(*b, strict=True), strict=True):
        count = 1 if heres[0].joints is None else len(heres[0].joints)
        moment, y, x = ((owner >= heres[0].first) & (owner < heres[0].first + count)).nonzero(as_tuple=True)
        link = owner[moment, y, x].long() - heres[0].first
        start = torch.stack([x, y], -1).float()
        flat[(moment * size[0] + y) * size[1] + x] = _carried(heres, theres, moment, link, start) - start
    return flat.view(*owner.shape, 2).permute(0, 3, 1, 2).contiguous()


def _carried(
    heres: tuple[Placed, ...], theres: tuple[Placed, ...], moment: Tensor, link: Tensor, start: Tensor
) -> Tensor:
    """Where a part's points have gone. Shapes: moment and link (N,), start (N,2) -> (N,2)."""
    device, pairs = start.device, list(zip(heres, theres, strict=True))
    if heres[0].joints is None:
        across = _tensor([there.pose @ here.unpose for here, there in pairs], device)
        return torch.stack(_project(across[moment], *start.unbind(-1)), -1)
    turns = _tensor([link_turns(here, there) for here, there in pairs], device)
    before, after = (_tensor([here.bend for here in column], device)[moment] for column in (heres, theres))
    unpose, pose = _tensor([here.unpose for here in heres], device), _tensor([there.pose for there in theres], device)
    x, y = _from_frame(unpose[moment], before, *start.unbind(-1))
    x, y = _project(turns[moment, link], x, y)
    return torch.stack(_to_frame(pose[moment], after, x, y), -1)


def occluded(owner_a: Tensor, owner_b: Tensor, flow_ab: Tensor) -> Tensor:
    """Which pixels of the first views have no counterpart in the second. Shapes: (P,H,W), (P,H,W), (P,2,H,W) -> bool (P,H,W)."""
    _, height, width = owner_a.shape
    y, x = torch.meshgrid(*(torch.arange(n, device=owner_a.device) for n in (height, width)), indexing="ij")
    x, y = (flow_ab[:, 0] + x).round().long(), (flow_ab[:, 1] + y).round().long()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found = owner_b.flatten(1).gather(1, (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).flatten(1))
    return ~inside | (found.view_as(owner_a) != owner_a)


def _to_frame(pose: Tensor, bend: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """As `Placed.to_frame`, with a pose and a bend for each point. Shapes: (N,3,3), (N,6), (N,), (N,) -> (N,), (N,)."""
    grow_y, grow_x, wave_y, wave_x, phase_y, phase_x = bend.unbind(-1)
    y = y + grow_y * torch.sin(wave_y * x + phase_y)
    x = x + grow_x * torch.sin(wave_x * y + phase_x)
    return _project(pose, x, y)


def _from_frame(unpose: Tensor, bend: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """As `Placed.from_frame`, the inverse of `_to_frame`."""
    x, y = _project(unpose, x, y)
    grow_y, grow_x, wave_y, wave_x, phase_y, phase_x = bend.unbind(-1)
    x = x - grow_x * torch.sin(wave_x * y + phase_x)
    y = y - grow_y * torch.sin(wave_y * x + phase_y)
    return x, y


def _project(m: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A homography or an affine map for each point. Shapes: (N,3,3) or (N,2,3), (N,), (N,) -> (N,), (N,)."""
    over = [row[:, 0] * x + (row[:, 1] * y + row[:, 2]) for row in m.unbind(1)]
    if len(over) == 2:
        return over[0], over[1]
    return over[0] / over[2], over[1] / over[2]


def _tensor(numbers, device) -> Tensor:
    """Numbers as float32 on a device."""
    return torch.as_tensor(np.asarray(numbers, np.float32), device=device)
