"""From a scene to frames with numpy and OpenCV: painted from back to front, with a real shutter.

Letters: H rows, W columns; h, w rows and columns of a box.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from vostutor.data.studio.layers import Placed, boxes, place, project, sheet_map, texel_maps
from vostutor.data.studio.motion import at
from vostutor.data.studio.scene import Link, Scene, Shadow

# Blurred by up to so many pixels: so many sub-frames, which then lie about a pixel apart and do not show one by one.
SUB_FRAMES = ((0.5, 1), (2.0, 3), (5.0, 5), (9.0, 7), (math.inf, 9))


@dataclass(frozen=True)
class Drawn:
    """One finished view.

    Shapes: image float32 (H,W,3) before the sensor, or None; owner uint8 (H,W), the layer each pixel shows, counted from the
    back; numbers uint8 (layers,), the object that each layer belongs to.
    """

    image: np.ndarray | None
    owner: np.ndarray
    placed: tuple[Placed, ...]
    numbers: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """Which object each pixel shows. Shapes: uint8 (H,W)."""
        return self.numbers[self.owner]


def trace(scene: Scene, t: int) -> Drawn:
    """Who is where in frame t, without colour: enough for ids, flow, occlusion and depth order."""
    placed, owner = place(scene, t), np.zeros(scene.size, np.uint8)
    for here in placed[1:]:
        _claim(owner, _pieces(here, scene.size, None))
    return Drawn(None, owner, placed, scene.numbers)


def draw(scene: Scene, t: int) -> Drawn:
    """Frame t as light falls on the sensor while the shutter is open; the ids are those of the middle of that time."""
    placed, owner = place(scene, t), np.zeros(scene.size, np.uint8)
    image = _painted(scene, placed, t, owner)
    others = [moment for moment in shutter_times(scene, t) if moment != t]
    for moment in others:
        image += _painted(scene, place(scene, moment), moment, None)
    return Drawn(image / (1 + len(others)), owner, placed, scene.numbers)


def shutter_times(scene: Scene, t: int) -> list[float]:
    """The moments whose average is frame t, an odd number of them around t: more, the farther things get meanwhile."""
    if not scene.shutter:
        return [t]
    blurred = _farthest(place(scene, t - scene.shutter / 2), place(scene, t + scene.shutter / 2), scene.size)
    count = next(count for limit, count in SUB_FRAMES if blurred <= limit)
    return [t + scene.shutter * (k - count // 2) / count for k in range(count)]


def _farthest(before: tuple[Placed, ...], after: tuple[Placed, ...], size: tuple[int, int]) -> float:
    """How many pixels a link in view, or a corner of the ground, moves at most between two moments."""
    farthest, frame = 0.0, np.array([[0.0, size[1], 0.0, size[1]], [0.0, 0.0, size[0], size[0]]])
    for a, b in zip(before, after, strict=True):
        if a.joints is None:
            (x, y), (to_x, to_y) = frame, project(b.pose @ a.unpose, *frame)
        else:
            (x, y), (to_x, to_y) = _link_corners(a), _link_corners(b)
            both = np.concatenate([[x, y], [to_x, to_y]], 1)
            if (both.max(1) < 0).any() or (both.min(1) > size[::-1]).any():
                continue
        farthest = max(farthest, float(np.hypot(to_x - x, to_y - y).max()))
    return farthest


def _link_corners(here: Placed) -> tuple[np.ndarray, np.ndarray]:
    """Where the middle of each side of every link is in the frame. Shapes: returns (4L,), (4L,)."""
    middle, half = here.part.extents
    sides = middle[:, :, None] + half[:, :, None] * _SIDES
    moved = here.joints[:, :, :2] @ sides + here.joints[:, :, 2:]
    return here.to_frame(*moved.transpose(1, 0, 2).reshape(2, -1))


_SIDES = np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])


class _Piece(NamedTuple):  # made faster than a frozen dataclass, and there are many
    """A layer inside its box of the frame, and its cover, which is its alpha with what lies in the margin around the frame.

    Shapes: alpha float32 (h,w), colour float32 (h,w,3) or None; cover float32, its first pixel in that row and column of the frame.
    """

    layer: int
    box: tuple[slice, slice]
    alpha: np.ndarray
    colour: np.ndarray | None
    cover: np.ndarray
    corner: tuple[int, int]


def _claim(owner: np.ndarray, pieces: list[_Piece]) -> None:
    """What a thing or a sheet shows, over what is behind it: all pixels of which its pieces together cover more than half.

    Each such pixel goes to the piece that most of it shows, what nearer pieces hide left out; of equals to the nearest.
    """
    if not pieces:
        return
    top, left = (min(piece.box[axis].start for piece in pieces) for axis in (0, 1))
    bottom, right = (max(piece.box[axis].stop for piece in pieces) for axis in (0, 1))
    clear, most = np.ones((bottom - top, right - left), np.float32), np.zeros((bottom - top, right - left), np.float32)
    whose = np.zeros(clear.shape, np.uint8)
    for piece in pieces:  # from back to front, in ascending numbers: the larger number is the later one
        (rows, columns), alpha, through = piece.box, piece.alpha, 1 - piece.alpha
        here = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        there, shown = whose[here], most[here]
        clear[here] *= through
        shown *= through
        np.maximum(there, (alpha >= shown).view(np.uint8) * np.uint8(piece.layer), out=there)
        np.maximum(shown, alpha, out=shown)
    there = owner[top:bottom, left:right]
    np.maximum(there, (clear < 0.5).view(np.uint8) * whose, out=there)


def _painted(scene: Scene, placed: tuple[Placed, ...], moment: float, owner: np.ndarray | None) -> np.ndarray:
    """All layers over one another at one moment; fills in owner where it is wanted. Shapes: returns float32 (H,W,3)."""
    image = _sheet(placed[0], placed[0].part.texture, (0, scene.size[0], 0, scene.size[1]), cv2.INTER_CUBIC)
    drift = 0.0 if scene.drift is None else float(at(scene.drift, moment))
    for here in placed[1:]:
        pieces = _pieces(here, scene.size, drift, scene.shadow.margin)
        _cast_shadow(image, scene.shadow, pieces)
        for piece in pieces:
            if piece.colour is None:  # it stands beside the frame
                continue
            there = image[piece.box]
            there += cv2.merge([piece.alpha] * 3) * (piece.colour - there)
        if owner is not None:
            _claim(owner, pieces)
    return image


def _pieces(here: Placed, size: tuple[int, int], drift: float | None, margin: tuple[int, int] = (0, 0)) -> list[_Piece]:
    """What a sheet or a thing shows in the frame, and in a margin around it; without colour when drift is None."""
    if here.joints is None:
        return _sheet_pieces(here, size, drift, margin)
    areas, maps, links = boxes(here, size, margin), texel_maps(here), here.part.links
    seen = [k for k, (a, b, c, d) in enumerate(areas) if a < b and c < d]
    if not seen:
        return []
    top, bottom, left, right = (fold(areas[k][side] for k in seen) for side, fold in enumerate((min, max, min, max)))
    columns = np.arange(left, right, dtype=np.float32)[None]
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    points = cv2.merge([np.ascontiguousarray(part) for part in here.from_frame(columns, rows)])
    pieces = []
    for k in seen:
        a, b, c, d = areas[k]
        texels = cv2.transform(points[a - top : b - top, c - left : d - left], maps[k])
        cover = cv2.remap(links[k].alpha, texels, None, cv2.INTER_LINEAR)
        box, inside = _inside(areas[k], size)
        alpha, colour = cover[inside], None
        if drift is not None and alpha.size:
            colour = _link_colour(links[k], texels[inside], drift)
        pieces.append(_Piece(here.first + k, box, alpha, colour, cover, (a, c)))
    return pieces


def _inside(area: list[int], size: tuple[int, int]) -> tuple:
    """What of a box, top, bottom, left, right, is in the frame: in pixels of the frame, and counted from the box's own corner."""
    (top, bottom, left, right), (height, width) = area, size
    if top >= 0 and left >= 0 and bottom <= height and right <= width:
        return (slice(top, bottom), slice(left, right)), ...
    rows = min(max(top, 0), height), min(max(bottom, 0), height)
    columns = min(max(left, 0), width), min(max(right, 0), width)
    counted = slice(rows[0] - top, rows[1] - top), slice(columns[0] - left, columns[1] - left)
    return (slice(*rows), slice(*columns)), counted


def _link_colour(link: Link, texels: np.ndarray, drift: float) -> np.ndarray:
    texture = link.texture if link.later is None or not drift else (1 - drift) * link.texture + drift * link.later
    return cv2.remap(texture, texels, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _sheet_pieces(here: Placed, size: tuple[int, int], drift: float | None, margin: tuple[int, int]) -> list[_Piece]:
    """A sheet where there is any of it."""
    (height, width), (rows, columns) = size, margin
    everywhere = -rows, height + rows, -columns, width + columns
    cover = _sheet(here, here.part.alpha, everywhere, cv2.INTER_LINEAR)
    left, top, width, height = cv2.boundingRect((cover > 0).view(np.uint8))
    if not width:
        return []
    cover = np.ascontiguousarray(cover[top : top + height, left : left + width])
    top, left = top - rows, left - columns
    box, inside = _inside([top, top + height, left, left + width], size)
    alpha, colour = cover[inside], None
    if drift is not None and alpha.size:
        area = box[0].start, box[0].stop, box[1].start, box[1].stop
        colour = _sheet(here, here.part.texture, area, cv2.INTER_CUBIC)
    return [_Piece(here.first, box, alpha, colour, cover, (top, left))]


def _sheet(here: Placed, texture: np.ndarray, area: tuple[int, int, int, int], how: int) -> np.ndarray:
    """Ground as the camera sees it in an area, top, bottom, left, right; mirrored where it ends. Shapes: float32 (h,w,...)."""
    top, bottom, left, right = area
    to_texels = sheet_map(here) @ [[1.0, 0, left], [0, 1, top], [0, 0, 1]]
    side, flags = (right - left, bottom - top), how | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(texture, to_texels, side, flags=flags, borderMode=cv2.BORDER_REFLECT)


def _cast_shadow(image: np.ndarray, shadow: Shadow, pieces: list[_Piece]) -> None:
    """Darken what lies beside a thing or a sheet, by the softened outline of all its parts, those beside the frame included."""
    if not shadow.strength or not pieces:
        return
    reach, (dx, dy) = shadow.reach, shadow.shift
    corners, ends = zip(*((p.corner, np.add(p.corner, p.cover.shape)) for p in pieces), strict=True)
    (top, left), (bottom, right) = np.min(corners, 0).tolist(), np.max(ends, 0).tolist()
    cover = np.zeros((bottom - top + 2 * reach, right - left + 2 * reach), np.float32)
    for piece in pieces:
        y, x = piece.corner[0] - top + reach, piece.corner[1] - left + reach
        here = cover[y : y + piece.cover.shape[0], x : x + piece.cover.shape[1]]
        np.maximum(here, piece.cover, out=here)
    top, left = top - reach + dy, left - reach + dx
    box, inside = _inside([top, top + cover.shape[0], left, left + cover.shape[1]], image.shape[:2])
    if cover[inside].size:
        kernel = 2 * reach + 1, 2 * reach + 1
        cover = cv2.GaussianBlur(cover, kernel, shadow.softness, borderType=cv2.BORDER_CONSTANT)
        image[box] *= cv2.merge([1 - shadow.strength * cover[inside]] * 3)
