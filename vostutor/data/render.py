"""From a scene to frames, and exact optical flow from what each pixel shows.

Every layer has a map from its own coordinates to the frame that can be inverted in closed form: a joint, two shears that bend it,
a pose seen by the camera. So each pixel knows which point of which layer it shows, and where that point is in the next frame.

Letters: H rows, W columns, N points. x right, y down; layer 0 is the floor.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from vostutor.data.scene import Scene, Sprite, Thing


@dataclass(frozen=True)
class Layer:
    """One sprite and where it is in one frame. Shapes: pose and unpose (3,3) nested lists; joint and unjoint (2,3)."""

    sprite: Sprite
    number: int
    pose: list
    unpose: list
    joint: list
    unjoint: list
    bend: tuple[float, float, float, float, float, float]  # amplitudes, waves, phases

    def to_frame(self, x, y):
        """Layer coordinates to frame pixels. Shapes: (N,), (N,) -> (N,), (N,)."""
        x, y = _affine(self.joint, x, y)
        grow_y, grow_x, wave_y, wave_x, phase_y, phase_x = self.bend
        if grow_y:
            y = y + grow_y * np.sin(wave_y * x + phase_y)
            x = x + grow_x * np.sin(wave_x * y + phase_x)
        return _homography(self.pose, x, y)

    def from_frame(self, x, y):
        """Frame pixels to layer coordinates, the inverse of to_frame."""
        x, y = _homography(self.unpose, x, y)
        grow_y, grow_x, wave_y, wave_x, phase_y, phase_x = self.bend
        if grow_y:
            x = x - grow_x * np.sin(wave_x * y + phase_x)
            y = y - grow_y * np.sin(wave_y * x + phase_y)
        return _affine(self.unjoint, x, y)


@dataclass(frozen=True)
class Drawn:
    """One finished view. Shapes: image float32 (H,W,3) before the sensor; owner uint8 (H,W), the layer each pixel shows.

    layers are in painting order; points holds for each layer but the floor which pixels show it (N,), counted row by row, and which
    of its points they show (2,N).
    """

    image: np.ndarray
    owner: np.ndarray
    layers: tuple[Layer, ...]
    points: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def ids(self) -> np.ndarray:
        """Which object each pixel shows. Shapes: uint8 (H,W)."""
        return np.array([layer.number for layer in self.layers], np.uint8)[self.owner]


def draw(scene: Scene, t: int) -> Drawn:
    """Frame t of a scene, painted from back to front, seen through the lens but without the sensor's noise."""
    layers = layers_at(scene, t)
    image = _floor_seen(layers[0], scene.size)
    place = np.zeros((2, *scene.size), np.float32)
    owner = np.zeros(scene.size, np.uint8)
    index = 1
    for thing in scene.things:
        pieces = []
        for _ in thing.sprites:
            pieces += _piece(layers[index], index, scene.size, scene.drift[t])
            index += 1
        _cast_shadow(image, scene.shadow, pieces)
        for piece in pieces:
            there, solid = image[piece.box], piece.alpha > 0.5
            there += cv2.merge([piece.alpha] * 3) * (piece.colour - there)
            np.copyto(owner[piece.box], np.uint8(piece.index), where=solid)
            np.copyto(place[:, *piece.box], piece.place, where=solid)
    image = cv2.GaussianBlur(image, (5, 5), scene.blur) * scene.gains
    pixels = [np.flatnonzero(owner == index) for index in range(1, len(layers))]
    return Drawn(image, owner, layers, tuple((shown, place.reshape(2, -1)[:, shown]) for shown in pixels))


def flow_between(a: Drawn, b: Drawn) -> np.ndarray:
    """Exact flow from one view to another: where the point that each pixel shows has gone, hidden or not.

    Shapes: float32 (2,H,W). Units: pixels, x then y.
    """
    columns, rows = _grid(*a.owner.shape)
    over_the_floor = np.array(b.layers[0].pose) @ np.array(a.layers[0].unpose)
    target = np.stack(_homography(over_the_floor.tolist(), columns, rows))
    for layer, (shown, place) in zip(b.layers[1:], a.points, strict=True):
        target.reshape(2, -1)[:, shown] = layer.to_frame(*place)
    target[0] -= columns
    target[1] -= rows
    return target


def occluded_between(a: Drawn, b: Drawn, flow: np.ndarray) -> np.ndarray:
    """Which pixels of the first view have no counterpart in the second: something is in front, or they left. Shapes: bool (H,W)."""
    height, width = a.owner.shape
    columns, rows = _grid(height, width)
    x, y = np.rint(flow[0] + columns).astype(np.int32), np.rint(flow[1] + rows).astype(np.int32)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return ~inside | (b.owner[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] != a.owner)


def develop(image: np.ndarray, scene: Scene, grain: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What the sensor makes of a view: noise, fresh for every frame, and whole numbers.

    Shapes: image float32 (H,W,3), grain from `grain_for` -> uint8 (H,W,3).
    """
    height, width = scene.size
    y, x = rng.integers(GRAIN_MARGIN, size=2)
    return cv2.addWeighted(image, 1, grain[y : y + height, x : x + width], scene.noise, 0, dtype=cv2.CV_8U)


def grain_for(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Noise larger than the frame; every frame takes another window of it. Shapes: float32 (H+32,W+32,3), deviation 1."""
    height, width = scene.size
    return rng.standard_normal((height + GRAIN_MARGIN, width + GRAIN_MARGIN, 3), dtype=np.float32)


def layers_at(scene: Scene, t: int) -> tuple[Layer, ...]:
    """Floor and sprites in painting order, where they are in frame t."""
    layers = [Layer(scene.floor, 0, *_both(scene.camera[t]), _STIFF, _STIFF, _FLAT)]
    for thing in scene.things:
        pose, unpose = _both(scene.camera[t] @ _stand(thing, t))
        time = float(thing.clock[t])
        grow_y, grow_x, wave_y, wave_x, rate, phase = thing.bend
        bend = (grow_y, grow_x, wave_y, wave_x, phase + rate * time, 1.7 * phase + 0.6 * rate * time)
        for sprite in thing.sprites:
            turn = sprite.swing * math.sin(thing.beat * time + sprite.phase)
            joint, unjoint = _about(sprite.pivot, turn), _about(sprite.pivot, -turn)
            layers.append(Layer(sprite, thing.number, pose, unpose, joint, unjoint, bend))
    return tuple(layers)


GRAIN_MARGIN = 32
_STIFF = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
_FLAT = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Piece:
    """A sprite inside its box of the frame. Shapes: colour (h,w,3), alpha (h,w), place (2,h,w)."""

    index: int
    box: tuple[slice, slice]
    colour: np.ndarray
    alpha: np.ndarray
    place: np.ndarray


def _floor_seen(floor: Layer, size: tuple[int, int]) -> np.ndarray:
    """The floor through the camera, mirrored where it ends. Shapes: float32 (H,W,3)."""
    (x, y), density = floor.sprite.origin, floor.sprite.density
    to_texels = np.array([[density, 0, -x * density], [0, density, -y * density], [0, 0, 1]]) @ np.array(floor.unpose)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(floor.sprite.texture, to_texels, size[::-1], flags=how, borderMode=cv2.BORDER_REFLECT)


def _piece(layer: Layer, index: int, size: tuple[int, int], drift: float) -> list[_Piece]:
    """The sprite as the frame shows it; nothing when it is outside."""
    sprite = layer.sprite
    box = _box(layer, size)
    if box is None:
        return []
    rows, columns = box
    grid = np.ogrid[rows, columns]
    place = np.stack(layer.from_frame(grid[1].astype(np.float32), grid[0].astype(np.float32)))
    texture = sprite.texture
    if sprite.later is not None and drift > 0:
        colour = texture[..., :3] + np.float32(drift) * (sprite.later - texture[..., :3])
        texture = np.dstack([colour, texture[..., 3]])
    seen = cv2.remap(texture, *_texels(sprite, *place), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = np.clip(cv2.extractChannel(seen, 3), 0, 1)
    return [_Piece(index, box, cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB), alpha, place)]


def _box(layer: Layer, size: tuple[int, int]) -> tuple[slice, slice] | None:
    """The part of the frame that the sprite can touch: its corners, as far as they can be bent."""
    (x, y), (h, w), density = layer.sprite.origin, layer.sprite.texture.shape[:2], layer.sprite.density
    corners = [_affine(layer.joint, x + right, y + down) for right in (0, w / density) for down in (0, h / density)]
    (xs, ys), (grow_y, grow_x) = zip(*corners, strict=True), layer.bend[:2]
    widest, highest = (min(xs) - grow_x, max(xs) + grow_x), (min(ys) - grow_y, max(ys) + grow_y)
    xs, ys = zip(*(_homography(layer.pose, px, py) for px in widest for py in highest), strict=True)
    left, right = max(int(min(xs)) - 1, 0), min(int(max(xs)) + 2, size[1])
    top, bottom = max(int(min(ys)) - 1, 0), min(int(max(ys)) + 2, size[0])
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def _cast_shadow(image: np.ndarray, shadow, pieces: list[_Piece]) -> None:
    """Darken what lies beside a thing, by the softened outline of all its parts."""
    shift_x, shift_y, softness, strength = shadow
    if not strength or not pieces:
        return
    reach = int(2 * softness) + 1
    dy, dx = int(shift_y), int(shift_x)
    top, bottom = min(p.box[0].start for p in pieces), max(p.box[0].stop for p in pieces)
    left, right = min(p.box[1].start for p in pieces), max(p.box[1].stop for p in pieces)
    cover = np.zeros((bottom - top + 2 * reach, right - left + 2 * reach), np.float32)
    for piece in pieces:
        y, x = piece.box[0].start - top + reach, piece.box[1].start - left + reach
        h, w = piece.alpha.shape
        np.maximum(cover[y : y + h, x : x + w], piece.alpha, out=cover[y : y + h, x : x + w])
    cover = cv2.GaussianBlur(cover, (2 * reach + 1, 2 * reach + 1), softness)
    y, x = top - reach + dy, left - reach + dx
    cut_y, cut_x = max(-y, 0), max(-x, 0)
    there = image[y + cut_y : y + len(cover), x + cut_x : x + cover.shape[1]]
    there *= cv2.merge([1 - strength * cover[cut_y : cut_y + there.shape[0], cut_x : cut_x + there.shape[1]]] * 3)


def _texels(sprite: Sprite, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (x - sprite.origin[0]) * sprite.density, (y - sprite.origin[1]) * sprite.density


def _stand(thing: Thing, t: int) -> np.ndarray:
    c, s = thing.radius * np.cos(thing.angle[t]), thing.radius * np.sin(thing.angle[t])
    return np.array([[c, -s, thing.path[t, 0]], [s, c, thing.path[t, 1]], [0, 0, 1]])


def _both(matrix: np.ndarray) -> tuple[list, list]:
    """A matrix and its inverse as plain numbers: they leave float32 arrays float32."""
    return matrix.tolist(), np.linalg.inv(matrix).tolist()


def _about(pivot: tuple[float, float], angle: float) -> list:
    """A turn around a pivot."""
    c, s = math.cos(angle), math.sin(angle)
    return [[c, -s, pivot[0] - c * pivot[0] + s * pivot[1]], [s, c, pivot[1] - s * pivot[0] - c * pivot[1]]]


def _affine(m: list, x, y):
    return m[0][0] * x + m[0][1] * y + m[0][2], m[1][0] * x + m[1][1] * y + m[1][2]


def _homography(m: list, x, y):
    depth = m[2][0] * x + m[2][1] * y + m[2][2]
    x, y = _affine(m, x, y)
    return x / depth, y / depth


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates as one row and one column, which broadcast. Shapes: float32 (1,W), (H,1)."""
    return np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
