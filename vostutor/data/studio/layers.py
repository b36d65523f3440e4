"""Where every layer of a scene is at one moment, and exact optical flow from what each pixel shows.

Each layer has a map from its own coordinates to the frame that can be inverted in closed form: joints, two shears that bend the whole
thing, a pose, the camera. So each pixel knows which point of which thing it shows, and where that point is in another frame.

Letters: H rows, W columns, N points, L links of a thing. x right, y down; layer 0 is the floor.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from vostutor.data.studio.motion import at, view
from vostutor.data.studio.scene import ANGLE, CLOCK, SIZE, SQUASH, Scene, Sheet, Thing, X, Y

NOWHERE = 255  # the layer of what lies outside the frame
_CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])[:, None]
_STIFF = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Placed:
    """A thing, or a sheet, at one moment.

    Shapes: pose and unpose (3,3), body to frame and back; joints (L,2,3), a link's rest coordinates to the body's, or None for a
    sheet; bend holds amplitudes, waves and phases.
    """

    part: Sheet | Thing
    first: int  # its first layer
    pose: np.ndarray
    unpose: np.ndarray
    joints: np.ndarray | None = None
    bend: tuple[float, ...] = _STIFF

    def to_frame(self, x, y):
        """Body coordinates to frame pixels. Shapes: (N,), (N,) -> (N,), (N,)."""
        grow_y, grow_x, wave_y, wave_x, phase_y, phase_x = self.bend
        if grow_y:
            y = y + grow_y * np.sin(wave_y * x + phase_y)
            x = x + grow_x * np.sin(wave_x * y + phase_x)
        return project(self.pose, x, y)

    def from_frame(self, x, y):
        """Frame pixels to body coordinates, the inverse of to_frame."""
        x, y = project(self.unpose, x, y)
        grow_y, grow_x, wave_y, wave_x, phase_y, phase_x = self.bend
        if grow_y:
            x = x - grow_x * np.sin(wave_x * y + phase_x)
            y = y - grow_y * np.sin(wave_y * x + phase_y)
        return x, y


def place(scene: Scene, t: float) -> tuple[Placed, ...]:
    """The whole stack at any moment of the clip, from back to front."""
    camera, placed, first = at(scene.camera, t), [], 0
    for part in scene.stack:
        eye = view(camera, part.nearness, scene.size)
        if isinstance(part, Sheet):
            placed.append(Placed(part, first, eye, invert(eye)))
            first += 1
        else:
            placed.append(_placed_thing(part, first, eye, at(part.track, t)))
            first += len(part.links)
    return tuple(placed)


def _placed_thing(thing: Thing, first: int, eye: np.ndarray, now: np.ndarray) -> Placed:
    pose = eye @ stand(now)
    time, (grow_y, grow_x, wave_y, wave_x, rate, phase) = float(now[CLOCK]), map(float, thing.bend)
    bend = (grow_y, grow_x, wave_y, wave_x, phase + rate * time, 1.7 * phase + 0.6 * rate * time)
    return Placed(thing, first, pose, invert(pose), joints_at(thing, time), bend)


def stand(now: np.ndarray) -> np.ndarray:
    """Body to world, at one row of a track. Shapes: (6,) -> (3,3)."""
    along, across = math.exp(now[SIZE] + now[SQUASH]), math.exp(now[SIZE])
    c, s = math.cos(now[ANGLE]), math.sin(now[ANGLE])
    return np.array([[c * along, -s * across, now[X]], [s * along, c * across, now[Y]], [0, 0, 1]])


def joints_at(thing: Thing, time: float) -> np.ndarray:
    """Each link's way from where it hangs at rest to where it is: turns around joints, a parent's turn first. Shapes: (L,2,3)."""
    # Cosine, sine and shift; plain numbers, since there are many of them and all are small.
    joints = {-1: (1.0, 0.0, 0.0, 0.0)}
    for index in thing.parents_first:
        link, (c, s, x, y) = thing.links[index], joints[thing.links[index].parent]
        turn = link.swing * math.sin(2 * math.pi * thing.beat * time + link.phase) + link.spin * time
        cos, sin, (u, v) = math.cos(turn), math.sin(turn), link.pivot
        # A turn around the pivot moves the middle of the body there.
        u, v = u - cos * u + sin * v, v - sin * u - cos * v
        joints[index] = (c * cos - s * sin, s * cos + c * sin, c * u - s * v + x, s * u + c * v + y)
    rows = [(c, -s, x, s, c, y) for c, s, x, y in (joints[index] for index in range(len(thing.links)))]
    return np.array(rows).reshape(-1, 2, 3)


def texel_maps(here: Placed) -> np.ndarray:
    """Body coordinates to the texels of each link: its joint undone, then scaled. Shapes: (L,2,3)."""
    density, origin = here.part.rulers
    undo = here.joints[:, :, :2].transpose(0, 2, 1)  # a joint only turns
    shift = undo @ here.joints[:, :, 2:] + origin[:, :, None]
    return density * np.concatenate([undo, -shift], 2)


def sheet_map(here: Placed) -> np.ndarray:
    """Frame pixels to the texels of a sheet. Shapes: (3,3)."""
    (x, y), density = here.part.origin, here.part.density
    return np.array([[density, 0, -x * density], [0, density, -y * density], [0, 0, 1]]) @ here.unpose


def boxes(here: Placed, size: tuple[int, int], margin: tuple[int, int] = (0, 0)) -> list[list[int]]:
    """For each link what it can touch of the frame, and of a margin of some rows and columns around it: top, bottom, left, right.

    Shapes: L rows of 4.
    """
    (middle, half), turn = here.part.extents, here.joints[:, :, :2]
    middle = (turn @ middle[:, :, None])[:, :, 0] + here.joints[:, :, 2]
    reach = (np.abs(turn) @ half[:, :, None])[:, :, 0] + here.bend[1::-1]
    corners = middle[None] + _CORNERS * reach[None]  # (4,L,2)
    x, y = project(here.pose, corners[:, :, 0], corners[:, :, 1])
    edges = np.stack([y.min(0), y.max(0) + 1, x.min(0), x.max(0) + 1], 1)
    (height, width), (rows, columns) = size, margin
    least, most = [-rows, -rows, -columns, -columns], [height + rows, height + rows, width + columns, width + columns]
    return np.floor(np.minimum(np.maximum(edges, least), most)).astype(int).tolist()


def flow_between(a: tuple[Placed, ...], b: tuple[Placed, ...], owner: np.ndarray) -> np.ndarray:
    """Exact flow from one moment to another: where the point that each pixel shows has gone, hidden or not.

    Shapes: owner uint8 (H,W), the layer each pixel of the first moment shows -> float32 (2,H,W). Units: pixels, x then y.
    """
    columns, rows = grid(*owner.shape)
    target = np.empty((2, *owner.shape), np.float32)
    for here, there in zip(a, b, strict=True):
        if here.joints is not None:
            _carry(here, there, owner, target.reshape(2, -1))
        elif here is a[0]:
            target[0], target[1] = project(there.pose @ here.unpose, columns, rows)
        else:
            mine = owner == here.first
            for axis, moved in enumerate(project(there.pose @ here.unpose, columns, rows)):
                np.copyto(target[axis], moved, where=mine)
    target[0] -= columns
    target[1] -= rows
    return target


def _carry(here: Placed, there: Placed, owner: np.ndarray, target: np.ndarray) -> None:
    """Where a thing's points have gone: off the body into the rest of their link, and onto the body again. Shapes: target (2,H*W)."""
    link = owner.ravel() - np.uint8(here.first)  # wraps around for layers below
    pixels = np.flatnonzero(link < len(here.joints))
    if not len(pixels):
        return
    columns, rows = _flat_grid(*owner.shape)
    x, y = here.from_frame(columns.take(pixels), rows.take(pixels))
    table = link_turns(here, there).reshape(-1, 6).T.astype(np.float32)
    a, b, e, c, d, f = (row.take(link[pixels]) for row in table)
    target[0][pixels], target[1][pixels] = there.to_frame(a * x + b * y + e, c * x + d * y + f)


def link_turns(here: Placed, there: Placed) -> np.ndarray:
    """What happens to each link's points between two moments, on the body. Shapes: (L,2,3)."""
    turn = there.joints[:, :, :2] @ here.joints[:, :, :2].transpose(0, 2, 1)  # a joint only turns: transposed is undone
    return np.concatenate([turn, there.joints[:, :, 2:] - turn @ here.joints[:, :, 2:]], 2)


def occluded_between(owner_a: np.ndarray, owner_b: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Which pixels of the first view have no counterpart in the second: something is in front, or they left. Shapes: bool (H,W)."""
    columns, rows = grid(*owner_a.shape)
    nowhere = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": NOWHERE}
    return cv2.remap(owner_b, flow[0] + columns, flow[1] + rows, cv2.INTER_NEAREST, **nowhere) != owner_a


def project(m: np.ndarray, x, y):
    """A homography applied to points. Shapes: (3,3), (N,), (N,) -> (N,), (N,)."""
    (a, b, c), (d, e, f), (g, h, i) = m.tolist()  # plain numbers leave float32 arrays float32
    if not g and not h:
        return a * x + (b * y + c), d * x + (e * y + f)
    depth = 1 / (g * x + (h * y + i))
    return (a * x + (b * y + c)) * depth, (d * x + (e * y + f)) * depth


@lru_cache(maxsize=8)
def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates as one row and one column, which broadcast. Shapes: float32 (1,W), (H,1)."""
    return np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]


@lru_cache(maxsize=8)
def _flat_grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of every pixel. Shapes: float32 (H*W,) twice."""
    return tuple(np.ascontiguousarray(np.broadcast_to(axis, (height, width))).ravel() for axis in grid(height, width))


def invert(m: np.ndarray) -> np.ndarray:
    """A homography undone, by cofactors: LAPACK takes longer to start than this takes. Shapes: (3,3) -> (3,3).

    >>> (invert(np.array([[2.0, 0, 4], [0, 4, 8], [0, 0, 1]])) @ [6, 16, 1]).tolist()
    [1.0, 2.0, 1.0]
    """
    (a, b, c), (d, e, f), (g, h, i) = m.tolist()
    cofactors = e * i - f * h, f * g - d * i, d * h - e * g
    scale = 1 / (a * cofactors[0] + b * cofactors[1] + c * cofactors[2])
    rows = (
        cofactors[0],
        c * h - b * i,
        b * f - c * e,
        cofactors[1],
        a * i - c * g,
        c * d - a * f,
        cofactors[2],
        b * g - a * h,
        a * e - b * d,
    )
    return scale * np.array(rows).reshape(3, 3)
