"""What a fifth or a third of the bodies have besides their plan: thin things that stick out, and true holes."""

from dataclasses import replace

import cv2
import numpy as np

from vostutor.data.studio.outlines import FINER, REACH
from vostutor.data.studio.sketch import Sketch, along, rod

MOST = 12  # parts of a body: each costs a renderer as much as the next


def add_thin_thing(sketch: Sketch) -> None:
    """One to three antennae, a loop or a trailing string, hung on the main bone and swinging by themselves."""
    room = MOST - len(sketch.bones)
    if room <= 0:
        return
    hull = np.concatenate([piece for shape in sketch.bones[0].shapes if not shape.hole for piece in shape.pieces()])
    low, high = hull.min(0), hull.max(0)
    middle, size = (low + high) / 2, float(np.hypot(*(high - low)))
    kind, coat = sketch.rng.choice(["antennae", "loop", "string"]), int(sketch.rng.integers(0, 3))
    thick = 0.02 * size
    for _ in range(min(int(sketch.rng.integers(1, 4)) if kind == "antennae" else 1, room)):
        angle = sketch.rng.uniform(-np.pi, np.pi)
        foot = middle + 0.28 * (high - low) * [np.cos(angle), np.sin(angle)]
        how = {
            "parent": 0,
            "coat": coat,
            "depth": -0.5,
            "swing": sketch.near(0.2),
            "phase": sketch.rng.uniform(0, 6.28),
        }
        if kind == "antennae":
            bend = sketch.rng.uniform(-0.4, 0.4)
            way = along(foot, [angle, angle + bend, angle + 2 * bend], np.full(3, sketch.near(0.25) * size))
            sketch.bone(rod(way, thick), foot, **how)
        elif kind == "loop":
            ring = np.arange(17) * np.pi / 8
            radius = sketch.near(0.28) * size
            centre = foot + (radius + 0.1 * size) * np.array([np.cos(angle), np.sin(angle)])
            way = centre + radius * np.stack([np.cos(ring), sketch.rng.uniform(0.5, 1) * np.sin(ring)], 1)
            sketch.bone([rod(way, thick), rod([foot, centre - 0.9 * (centre - foot) * 0.3], thick)], foot, **how)
        else:
            wave = angle + 0.5 * np.sin(np.arange(6) * sketch.near(1.1) + how["phase"])
            sketch.chain(
                along(foot, wave, np.full(6, sketch.near(0.2) * size))[: 3 * min(room, 2) + 1 : 3],
                np.full(min(room, 2) + 1, thick),
                lag=0.8,
                **how,
            )


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
    middle = [int(16 * FINER * (centre[axis] + 0.5)) for axis in (1, 0)]
    half = [max(int(16 * FINER * axis), 1) for axis in axes]
    cv2.ellipse(canvas, middle, half, angle, 0, 360, 255, -1, cv2.LINE_8, 4)
    return cv2.resize(canvas, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
