"""What a fifth or a third of the bodies have besides their plan: thin things that stick out, and true holes."""

from dataclasses import replace

import cv2
import numpy as np

from vostutor.data.studio.outlines import FINER, REACH
from vostutor.data.studio.sketch import Sketch, along, rod, turned

MOST = 12  # parts of a body: each costs a renderer as much as the next
SLIM = 0.02  # half the width of a thin thing, in shares of what carries it


def add_thin_thing(sketch: Sketch) -> None:
    """One to three antennae, a loop or a trailing string, hung on the main bone, as far as there is room for more bones."""
    hull = np.concatenate([piece for shape in sketch.bones[0].shapes if not shape.hole for piece in shape.pieces()])
    low, high = hull.min(0), hull.max(0)
    kind, coat = int(sketch.rng.integers(3)), int(sketch.rng.integers(0, 3))
    wanted = (int(sketch.rng.integers(1, 4)), 1, 2)[kind]
    if len(sketch.bones) + wanted > MOST:
        return
    for _ in range(1 if kind == 2 else wanted):
        angle = sketch.rng.uniform(-np.pi, np.pi)
        foot = (low + high) / 2 + 0.28 * (high - low) * [np.cos(angle), np.sin(angle)]
        how = {"parent": 0, "coat": coat, "depth": -0.5, "swing": sketch.near(0.2), "phase": sketch.rng.uniform(0, 6)}
        (_antenna, _loop, _string)[kind](sketch, foot, angle, float(np.hypot(*(high - low))), **how)


def _antenna(s: Sketch, foot: np.ndarray, angle: float, size: float, **how) -> None:
    way = along(foot, angle + s.rng.uniform(-0.4, 0.4) * np.arange(3), np.full(3, s.near(0.25) * size))
    s.bone(rod(way, SLIM * size), foot, **how)


def _loop(s: Sketch, foot: np.ndarray, angle: float, size: float, **how) -> None:
    """A ring on a short stalk."""
    radius, turn = s.near(0.28) * size, np.arange(17) * np.pi / 8
    middle = along(foot, [angle], [radius + 0.1 * size])[1]
    ring = turned(np.stack([radius * np.cos(turn), s.near(0.75, 0.3) * radius * np.sin(turn)], 1), angle, middle)
    s.bone([rod(ring, SLIM * size), rod([foot, ring[8]], SLIM * size)], foot, **how)


def _string(s: Sketch, foot: np.ndarray, angle: float, size: float, **how) -> None:
    """Two links, the second lags behind the first."""
    way = along(foot, angle + s.rng.uniform(-0.5, 0.5, 2), np.full(2, s.near(0.5) * size))
    s.chain(way, np.full(3, SLIM * size), lag=0.8, **how)


def cut_holes(body, rng: np.random.Generator):
    """The body with one to three elliptic holes in its main part, where there is room: what lies behind shines through.

    Units: half axes of .06 to .2, that is 3 to 10 % of the body's size.
    """
    part = body.parts[body.main]
    alpha, scale = part.alpha.copy(), body.texels / (2 * REACH)
    for _ in range(int(rng.integers(1, 4))):
        axes = np.sort(rng.uniform(0.06, 0.2, 2))[::-1] * scale
        room = cv2.distanceTransform((alpha > 0.9).astype(np.uint8), cv2.DIST_L2, 3)
        places = np.argwhere(room > 0.8 * axes[1] + 0.05 * scale)
        if len(places):
            alpha *= 1 - _ellipse(
                alpha.shape, places[rng.integers(len(places))], np.minimum(axes, room.max()), rng.uniform(0, 180)
            )
    parts = (*body.parts[: body.main], replace(part, alpha=alpha), *body.parts[body.main + 1 :])
    return replace(body, parts=parts)


def _ellipse(size: tuple[int, int], centre: np.ndarray, axes: np.ndarray, angle: float) -> np.ndarray:
    """A soft filled ellipse. Units: texels; centre is row, column; angle in degrees."""
    canvas = np.zeros((size[0] * FINER, size[1] * FINER), np.uint8)
    # cv2 takes whole numbers with 4 binary digits after the point: 16 to the texel.
    middle = [int(16 * FINER * (centre[axis] + 0.5)) for axis in (1, 0)]
    half = [max(int(16 * FINER * axis), 1) for axis in axes]
    cv2.ellipse(canvas, middle, half, angle, 0, 360, 255, -1, cv2.LINE_8, 4)
    return cv2.resize(canvas, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
