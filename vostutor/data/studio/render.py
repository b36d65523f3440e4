"""From a scene to frames with numpy and OpenCV: painted from back to front, with a real shutter.

Letters: H rows, W columns; h, w rows and columns of a box.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vostutor.data.studio.layers import Placed, boxes, grid, place, project, sheet_map, texel_maps
from vostutor.data.studio.motion import at
from vostutor.data.studio.scene import Link, Scene, Shadow

SUB_FRAMES = (
    (0.5, 1),
    (2.0, 3),
    (5.0, 5),
    (9.0, 7),
    (math.inf, 9),
)  # blurred by up to so many pixels: so many sub-frames


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
    placed, owner = place(scene, t), np.zeros(scene.size, np.float32)
    for here in placed[1:]:
        for piece in _pieces(here, scene.size, None):
            piece.claim(owner)
    return Drawn(None, owner.astype(np.uint8), placed, scene.numbers)


def draw(scene: Scene, t: int) -> Drawn:
    """Frame t as light falls on the sensor while the shutter is open; the ids are those of the middle of that time."""
    placed, owner = place(scene, t), np.zeros(scene.size, np.float32)
    image = _painted(scene, placed, t, owner)
    others = [moment for moment in shutter_times(scene, t) if moment != t]
    for moment in others:
        image += _painted(scene, place(scene, moment), moment, None)
    return Drawn(image / (1 + len(others)), owner.astype(np.uint8), placed, scene.numbers)


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


@dataclass(frozen=True)
class _Piece:
    """A layer inside its box of the frame. Shapes: colour float32 (h,w,3) or None, alpha float32 (h,w)."""

    layer: int
    box: tuple[slice, slice]
    alpha: np.ndarray
    colour: np.ndarray | None = None

    def claim(self, owner: np.ndarray) -> None:
        """The layer shows wherever it covers more than half a pixel."""
        there = owner[self.box]
        cv2.max(
            there, cv2.threshold(self.alpha, 0.5, self.layer, cv2.THRESH_BINARY)[1], there
        )  # nearer layers count higher


def _painted(scene: Scene, placed: tuple[Placed, ...], moment: float, owner: np.ndarray | None) -> np.ndarray:
    """All layers over one another at one moment; fills in owner where it is wanted. Shapes: returns float32 (H,W,3)."""
    image = _sheet(
        placed[0], placed[0].part.texture, (slice(0, scene.size[0]), slice(0, scene.size[1])), cv2.INTER_CUBIC
    )
    drift = 0.0 if scene.drift is None else float(at(scene.drift, moment))
    for here in placed[1:]:
        pieces = _pieces(here, scene.size, drift)
        _cast_shadow(image, scene.shadow, pieces)
        for piece in pieces:
            there = image[piece.box]
            there += cv2.merge([piece.alpha] * 3) * (piece.colour - there)
            if owner is not None:
                piece.claim(owner)
    return image


def _pieces(here: Placed, size: tuple[int, int], drift: float | None) -> list[_Piece]:
    """What the frame shows of a sheet or a thing; without colour when drift is None."""
    if here.joints is None:
        return _sheet_pieces(here, size, drift)
    areas, maps, links = boxes(here, size), texel_maps(here), here.part.links
    seen = [k for k, (a, b, c, d) in enumerate(areas) if a < b and c < d]
    if not seen:
        return []
    top, bottom, left, right = (fold(areas[k][side] for k in seen) for side, fold in enumerate((min, max, min, max)))
    rows, columns = grid(*size)[1][top:bottom], grid(*size)[0][:, left:right]
    points = cv2.merge([np.ascontiguousarray(part) for part in here.from_frame(columns, rows)])
    pieces = []
    for k in seen:
        a, b, c, d = areas[k]
        inside = points[a - top : b - top, c - left : d - left]
        texels = cv2.transform(inside, maps[k])
        alpha = cv2.remap(links[k].alpha, texels, None, cv2.INTER_LINEAR)
        colour = None if drift is None else _link_colour(links[k], texels, drift)
        pieces.append(_Piece(here.first + k, (slice(a, b), slice(c, d)), alpha, colour))
    return pieces


def _link_colour(link: Link, texels: np.ndarray, drift: float) -> np.ndarray:
    texture = link.texture if link.later is None or not drift else (1 - drift) * link.texture + drift * link.later
    return cv2.remap(texture, texels, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _sheet_pieces(here: Placed, size: tuple[int, int], drift: float | None) -> list[_Piece]:
    """A sheet where there is any of it."""
    whole = slice(0, size[0]), slice(0, size[1])
    alpha = _sheet(here, here.part.alpha, whole, cv2.INTER_LINEAR)
    left, top, width, height = cv2.boundingRect((alpha > 0).view(np.uint8))
    if not width:
        return []
    box = slice(top, top + height), slice(left, left + width)
    colour = None if drift is None else _sheet(here, here.part.texture, box, cv2.INTER_CUBIC)
    return [_Piece(here.first, box, np.ascontiguousarray(alpha[box]), colour)]


def _sheet(here: Placed, texture: np.ndarray, box: tuple[slice, slice], how: int) -> np.ndarray:
    """Ground as the camera sees it in a box of the frame, mirrored where it ends. Shapes: float32 (h,w,...)."""
    rows, columns = box
    to_texels = sheet_map(here) @ [[1.0, 0, columns.start], [0, 1, rows.start], [0, 0, 1]]
    side, flags = (columns.stop - columns.start, rows.stop - rows.start), how | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(texture, to_texels, side, flags=flags, borderMode=cv2.BORDER_REFLECT)


def _cast_shadow(image: np.ndarray, shadow: Shadow, pieces: list[_Piece]) -> None:
    """Darken what lies beside a thing or a sheet, by the softened outline of all its parts."""
    if not shadow.strength or not pieces:
        return
    reach, (dx, dy) = int(2 * shadow.softness) + 1, shadow.shift
    top, bottom = min(p.box[0].start for p in pieces), max(p.box[0].stop for p in pieces)
    left, right = min(p.box[1].start for p in pieces), max(p.box[1].stop for p in pieces)
    cover = np.zeros((bottom - top + 2 * reach, right - left + 2 * reach), np.float32)
    for piece in pieces:
        y, x = piece.box[0].start - top + reach, piece.box[1].start - left + reach
        here = cover[y : y + piece.alpha.shape[0], x : x + piece.alpha.shape[1]]
        np.maximum(here, piece.alpha, out=here)
    cover = cv2.GaussianBlur(cover, (2 * reach + 1, 2 * reach + 1), shadow.softness, borderType=cv2.BORDER_CONSTANT)
    y, x = top - reach + dy, left - reach + dx
    cut_y, cut_x = max(-y, 0), max(-x, 0)
    there = image[y + cut_y : y + len(cover), x + cut_x : x + cover.shape[1]]
    there *= cv2.merge(
        [1 - shadow.strength * cover[cut_y : cut_y + there.shape[0], cut_x : cut_x + there.shape[1]]] * 3
    )
