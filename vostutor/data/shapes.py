"""Shapes for minivos: what a category looks like, as soft masks of parts that turn around joints.

A category is a way of drawing (a part tree with proportions), an instance varies every number. Colour never tells the category.
Masks are drawn four times too large and averaged, so that every border in a clip is equally soft.

Letters: S texels along the side of a mask; it shows x and y from -REACH to REACH; an object points along +x.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

REACH = 1.15  # a mask shows a little more than the unit disk that objects fill
_CIRCLE = np.stack([np.cos(np.arange(24) * np.pi / 12), np.sin(np.arange(24) * np.pi / 12)], 1)
FINER = 4  # masks are drawn this much larger, then averaged


@dataclass(frozen=True)
class Part:
    """One stiff part of an object, in the object's coordinates.

    Shapes: alpha float32 (S,S) from 0 to 1; pivot (x, y). Units: swing in radians to either side; beat in radians of phase.
    """

    alpha: np.ndarray
    pivot: tuple[float, float] = (0.0, 0.0)
    swing: float = 0.0
    phase: float = 0.0


def draw_parts(category: str, rng: np.random.Generator, texels: int) -> tuple[Part, ...]:
    """A new individual of a category, its parts from back to front.

    Shapes: each part's alpha is float32 (texels,texels).
    >>> parts = draw_parts("lizard", np.random.default_rng(0), 48)
    >>> len(parts), parts[0].alpha.shape
    (4, (48, 48))
    """
    return CATEGORIES[category].draw(rng, texels)


def _canvas(texels: int) -> np.ndarray:
    return np.zeros((texels * FINER, texels * FINER), np.uint8)


def _soft(canvas: np.ndarray) -> np.ndarray:
    texels = len(canvas) // FINER
    small = cv2.resize(canvas, (texels, texels), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _pixels(points: np.ndarray, side: int) -> np.ndarray:
    """Object coordinates to canvas pixels."""
    return (np.asarray(points) + REACH) * side / (2 * REACH) - 0.5


def _fill(canvas: np.ndarray, outline: np.ndarray, value: int = 255) -> None:
    cv2.fillPoly(canvas, [np.round(_pixels(outline, len(canvas))).astype(np.int32)], value)


def _limb(canvas: np.ndarray, points: np.ndarray, radii: np.ndarray) -> None:
    """A tapered limb along a polyline: for each link the hull of the disks at its ends."""
    disks = [np.asarray(point) + radius * _CIRCLE for point, radius in zip(points, radii, strict=True)]
    for start, end in zip(disks, disks[1:], strict=False):
        link = np.round(_pixels(np.concatenate([start, end]), len(canvas))).astype(np.int32)
        cv2.fillConvexPoly(canvas, cv2.convexHull(link), 255)


def _polar(radius: np.ndarray, squeeze: float = 1.0) -> np.ndarray:
    """A closed outline from radii at equal angles, its largest extent 1."""
    angle = np.linspace(0, 2 * np.pi, len(radius), endpoint=False)
    outline = np.stack([radius * np.cos(angle), squeeze * radius * np.sin(angle)], 1)
    return outline / np.hypot(*outline.T).max()


def _wavy(rng: np.random.Generator, strength: float, squeeze: float) -> np.ndarray:
    """A smooth blob: r = 1 + sum A_k cos(k phi + psi_k), A_k falling as k^-1.5."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    k = np.arange(2, 9)[:, None]
    amplitude = strength * k**-1.5 * rng.standard_normal(k.shape)
    waves = amplitude * np.cos(k * angle + rng.uniform(0, 2 * np.pi, k.shape))
    return _polar(np.maximum(1 + waves.sum(0), 0.3), squeeze)


def _pebble(rng, texels):
    canvas = _canvas(texels)
    _fill(canvas, _wavy(rng, rng.uniform(0.3, 0.8), rng.uniform(0.6, 1)))
    return (Part(_soft(canvas)),)


def _starfish(rng, texels):
    arms, depth, sharp = int(rng.integers(4, 8)), rng.uniform(0.45, 0.65), rng.uniform(0.8, 2)
    angle = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    crest = (0.5 + 0.5 * np.cos(arms * angle + rng.uniform(0, 2 * np.pi))) ** sharp
    canvas = _canvas(texels)
    _fill(canvas, _polar(1 - depth + depth * crest, rng.uniform(0.85, 1)))
    return (Part(_soft(canvas)),)


def _ring(rng, texels):
    canvas = _canvas(texels)
    squeeze = rng.uniform(0.7, 1)
    _fill(canvas, _wavy(rng, 0.2, squeeze))
    _fill(canvas, rng.uniform(0.5, 0.68) * _wavy(rng, 0.2, squeeze), 0)
    return (Part(_soft(canvas)),)


def _leaf(rng, texels):
    canvas = _canvas(texels)
    x = np.linspace(-1, 1, 48)
    width, belly = rng.uniform(0.32, 0.5), rng.uniform(-0.3, 0.3)
    half = width * (1 - np.abs(x) ** 1.7) * (1 + belly * x) * (1 + 0.07 * np.sin(rng.uniform(8, 16) * x))
    arch = rng.uniform(-0.15, 0.15) * (1 - x**2)
    upper, lower = np.stack([0.9 * x, arch + half], 1), np.stack([0.9 * x, arch - half], 1)[::-1]
    _fill(canvas, np.concatenate([upper, lower]))
    for _ in range(rng.integers(0, 4)):  # eaten by a caterpillar
        _fill(canvas, rng.uniform(0.08, 0.14) * _wavy(rng, 0.4, 1) + rng.uniform(-0.3, 0.3, 2) * [1.5, 0.6], 0)
    _limb(canvas, [(-0.85, 0), (-1.08, rng.uniform(-0.1, 0.1))], [0.04, 0.03])
    return (Part(_soft(canvas)),)


def _fish(rng, texels):
    body, tail = _canvas(texels), _canvas(texels)
    x, height = np.linspace(-0.55, 1, 40), rng.uniform(0.3, 0.48)
    half = height * np.sin(np.pi * np.clip((x + 0.6) / 1.63, 0, 1)) ** rng.uniform(0.7, 1.1)
    _fill(body, np.concatenate([np.stack([x, half], 1), np.stack([x, -half], 1)[::-1]]))
    for side in (-1, 1):
        _fill(body, np.array([(0.45, side * height * 0.7), (0.05, side * (height + 0.3)), (0.0, side * height * 0.7)]))
    spread, notch = rng.uniform(0.3, 0.5), rng.uniform(-0.85, -0.65)
    _fill(tail, np.array([(-0.35, 0.06), (-0.98, spread), (notch, 0), (-0.98, -spread), (-0.35, -0.06)]))
    return (
        Part(_soft(tail), (-0.45, 0.0), rng.uniform(0.25, 0.5), 0.0),
        Part(_soft(body), (0.3, 0.0), rng.uniform(0.03, 0.08), np.pi / 2),
    )


def _lizard(rng, texels):
    """Each pair of legs is one part that turns around the spine, so that left goes forward while right goes back."""
    body, tail, front, hind = (_canvas(texels) for _ in range(4))
    thick, neck, leg = rng.uniform(0.13, 0.2), rng.uniform(0.3, 0.4), rng.uniform(0.42, 0.58)
    _limb(body, [(-0.3, 0), (0.1, 0), (neck, 0), (0.6, 0), (0.8, 0)], [0.1, thick, 0.6 * thick, 0.75 * thick, 0.06])
    _limb(tail, [(-0.25, 0), (-0.6, rng.uniform(-0.12, 0.12)), (-0.98, rng.uniform(-0.25, 0.25))], [0.1, 0.07, 0.025])
    for canvas, hip, reach in ((front, 0.25, 0.12), (hind, -0.22, -0.12)):
        for side in (-1, 1):
            knee, foot = (hip + reach, side * leg * 0.55), (hip + 1.6 * reach, side * leg)
            _limb(canvas, [(hip, 0), knee, foot], [0.08, 0.06, 0.045])
    swing = rng.uniform(0.3, 0.55)
    return (
        Part(_soft(tail), (-0.25, 0.0), 0.4 * swing, np.pi / 2),
        Part(_soft(hind), (-0.22, 0.0), swing, np.pi),
        Part(_soft(front), (0.25, 0.0), swing, 0.0),
        Part(_soft(body)),
    )


def _pinwheel(rng, texels):
    canvas = _canvas(texels)
    blades, width = int(rng.integers(3, 6)), rng.uniform(0.05, 0.1)
    for angle in np.arange(blades) * 2 * np.pi / blades:
        tip = np.array([np.cos(angle), np.sin(angle)])
        bent = np.array([np.cos(angle + 0.35), np.sin(angle + 0.35)])
        _limb(canvas, [(0, 0), 0.55 * bent, 0.95 * tip], [width, 1.3 * width, 0.8 * width])
    _limb(canvas, [(0, 0), (0.01, 0)], [0.2, 0.2])
    return (Part(_soft(canvas)),)


@dataclass(frozen=True)
class Category:
    """How a category is drawn and how it behaves.

    Units: fill is its usual share of the bounding square; heads: it turns to where it goes; spin: radians per frame, at most.
    """

    draw: Callable[[np.random.Generator, int], tuple[Part, ...]]
    fill: float
    heads: bool = False
    spin: float = 0.02


CATEGORIES = {
    "pebble": Category(_pebble, fill=0.55),
    "starfish": Category(_starfish, fill=0.35),
    "ring": Category(_ring, fill=0.38),
    "leaf": Category(_leaf, fill=0.3, spin=0.04),
    "fish": Category(_fish, fill=0.32, heads=True),
    "lizard": Category(_lizard, fill=0.18, heads=True),
    "pinwheel": Category(_pinwheel, fill=0.2, spin=0.12),
}
