"""Where every layer of a scene is at one moment, and exact optical flow from what each pixel shows.

Each layer has a map from its own coordinates to the frame that can be inverted in closed form: joints, two shears that bend the whole
thing, a pose, the camera. So each pixel knows which point of which thing it shows, and where that point is in another frame.

Letters: H rows, W columns, N points, L links of a thing. x right, y down; layer 0 is the floor.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vostutor.data.studio.motion import at, view
from vostutor.data.studio.scene import ANGLE, CLOCK, SIZE, SQUASH, Scene, Sheet, Thing, X, Y

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
            placed.append(Placed(part, first, eye, np.linalg.inv(eye)))
            first += 1
        else:
            placed.append(_placed_thing(part, first, eye, at(part.track, t)))
            first += len(part.links)
    return tuple(placed)


def _placed_thing(thing: Thing, first: int, eye: np.ndarray, now: np.ndarray) -> Placed:
    pose = eye @ stand(now)
    time, (grow_y, grow_x, wave_y, wave_x, rate, phase) = float(now[CLOCK]), map(float, thing.bend)
    bend = (grow_y, grow_x, wave_y, wave_x, phase + rate * time, 1.7 * phase + 0.6 * rate * time)
    return Placed(thing, first, pose, np.linalg.inv(pose), joints_at(thing, time), bend)


def stand(now: np.ndarray) -> np.ndarray:
    """Body to world, at one row of a track. Shapes: (6,) -> (3,3)."""
    along, across = math.exp(now[SIZE] + now[SQUASH]), math.exp(now[SIZE])
    c, s = math.cos(now[ANGLE]), math.sin(now[ANGLE])
    return np.array([[c * along, -s * across, now[X]], [s * along, c * across, now[Y]], [0, 0, 1]])


def joints_at(thing: Thing, time: float) -> np.ndarray:
    """Each link's way from where it hangs at rest to where it is: turns around joints, a parent's turn first. Shapes: (L,2,3)."""
    joints: dict[int, np.ndarray] = {-1: np.eye(3)}

    def joint(index: int) -> np.ndarray:
        if index not in joints:
            link = thing.links[index]
            turn = link.swing * math.sin(2 * math.pi * thing.beat * time + link.phase) + link.spin * time
            joints[index] = joint(link.parent) @ _about(link.pivot, turn)
        return joints[index]

    return np.stack([joint(index)[:2] for index in range(len(thing.links))])


def flow_between(a: tuple[Placed, ...], b: tuple[Placed, ...], owner: np.ndarray) -> np.ndarray:
    """Exact flow from one moment to another: where the point that each pixel shows has gone, hidden or not.

    Shapes: owner uint8 (H,W), the layer each pixel of the first moment shows -> float32 (2,H,W). Units: pixels, x then y.
    """
    columns, rows = grid(*owner.shape)
    target = np.stack(project(b[0].pose @ a[0].unpose, columns, rows))
    for here, there in zip(a[1:], b[1:], strict=True):
        if here.joints is None:
            moved = np.stack(project(there.pose @ here.unpose, columns, rows))
            np.copyto(target, moved, where=owner == here.first)
        else:
            _carry(here, there, owner, target.reshape(2, -1))
    target[0] -= columns
    target[1] -= rows
    return target


def _carry(here: Placed, there: Placed, owner: np.ndarray, target: np.ndarray) -> None:
    """Where a thing's points have gone: off the body into the rest of their link, and onto the body again. Shapes: target (2,H*W)."""
    link = owner.ravel() - np.uint8(here.first)  # wraps around for layers below
    pixels = np.flatnonzero(link < len(here.joints))
    if not len(pixels):
        return
    rows, columns = np.divmod(pixels, owner.shape[1])
    x, y = here.from_frame(columns.astype(np.float32), rows.astype(np.float32))
    turn = there.joints[:, :, :2] @ here.joints[:, :, :2].transpose(0, 2, 1)  # a joint only turns: transposed is undone
    shift = there.joints[:, :, 2] - np.squeeze(turn @ here.joints[:, :, 2:], 2)
    a, b, c, d = turn.reshape(-1, 4).T.astype(np.float32)[:, link[pixels]]
    e, f = shift.T.astype(np.float32)[:, link[pixels]]
    target[:, pixels] = there.to_frame(a * x + b * y + e, c * x + d * y + f)


def occluded_between(owner_a: np.ndarray, owner_b: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Which pixels of the first view have no counterpart in the second: something is in front, or they left. Shapes: bool (H,W)."""
    height, width = owner_a.shape
    columns, rows = grid(height, width)
    x, y = np.rint(flow[0] + columns).astype(np.int32), np.rint(flow[1] + rows).astype(np.int32)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return ~inside | (owner_b[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] != owner_a)


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


def _about(pivot: tuple[float, float], angle: float) -> np.ndarray:
    """A turn around a pivot. Shapes: (3,3)."""
    c, s, (x, y) = math.cos(angle), math.sin(angle), pivot
    return np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1]])
