"""Closed curves, limbs and the soft masks that they fill.

Everything is drawn four times too large and averaged over its area, so that every border in a clip is equally soft, whatever drew it.
Sources: Fourier outlines and fractal roughness follow FractalDB's idea that a category is a parameter vector; the superformula is
Gielis (2003); rounded polygons are the spoked polygons of FlyingChairs' successors with Chaikin's corner cutting.

Letters: S texels along a body's side, which shows x and y from -REACH to REACH; N points of a curve. x right, y down.
Reading order: curves (`polar`, `fourier`, `woven`, `superformula`, `polygon`), what is filled (`Outline`, `Limb`), `soft_mask`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vostutor.core.errors import ShapeError

REACH = 1.15  # a body fills the unit disk; its side shows a little more
FINER = 4  # masks are drawn this much larger, then averaged
_CIRCLE = np.stack([np.cos(np.arange(20) * np.pi / 10), np.sin(np.arange(20) * np.pi / 10)], 1)


def polar(radius: np.ndarray, squeeze: float = 1.0) -> np.ndarray:
    """A star-shaped outline from radii at equal angles, its largest extent 1. Shapes: (N,) -> (N,2).

    >>> polar(np.full(4, 7.0), 0.5).round(3).tolist()
    [[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [-0.0, -0.5]]
    """
    angle = np.linspace(0, 2 * np.pi, len(radius), endpoint=False)
    outline = np.stack([radius * np.cos(angle), squeeze * radius * np.sin(angle)], 1)
    return outline / np.hypot(*outline.T).max()


def fourier(rng: np.random.Generator, strength: float, fall: float = 1.6, squeeze: float = 1.0) -> np.ndarray:
    """A wavy blob, r = 1 + sum of A_k cos(k phi + psi_k) with A_k = strength k^-fall N(0,1), k = 2..12. Shapes: (96,2).

    >>> float(np.hypot(*fourier(np.random.default_rng(0), 0.4).T).max().round(6))
    1.0
    """
    angle, k = np.linspace(0, 2 * np.pi, 96, endpoint=False), np.arange(2, 13)[:, None]
    amplitude = strength * k**-fall * rng.standard_normal(k.shape)
    waves = amplitude * np.cos(k * angle + rng.uniform(0, 2 * np.pi, k.shape))
    return polar(np.maximum(1 + waves.sum(0), 0.25), squeeze)


def woven(rng: np.random.Generator, terms: int = 5, fall: float = 1.6) -> np.ndarray:
    """A closed curve that need not be star-shaped and may cross itself: z = sum of c_k e^ikt, |c_k| ~ |k|^-fall. Shapes: (128,2).

    >>> woven(np.random.default_rng(0)).shape
    (128, 2)
    """
    t, k = (
        np.linspace(0, 2 * np.pi, 128, endpoint=False),
        np.concatenate([np.arange(-terms, 0), np.arange(1, terms + 1)]),
    )
    weight = np.abs(k) ** -fall * rng.normal(1, 0.3, len(k)) * np.where(k == -1, 0.4, 1.0)
    z = (weight * np.exp(1j * rng.uniform(0, 2 * np.pi, len(k)))) @ np.exp(1j * np.outer(k, t))
    return np.stack([z.real, z.imag], 1) / np.abs(z).max()


def superformula(m: float, n1: float, n2: float, n3: float, squeeze: float = 1.0) -> np.ndarray:
    """Leaves, stars and gears: r = (|cos(m phi / 4)|^n2 + |sin(m phi / 4)|^n3)^(-1/n1). Shapes: (144,2).

    >>> circle = superformula(4, 2, 2, 2)
    >>> bool(np.allclose(np.hypot(*circle.T), 1))
    True
    """
    angle = np.linspace(0, 2 * np.pi, 144, endpoint=False) * m / 4
    radius = (np.abs(np.cos(angle)) ** n2 + np.abs(np.sin(angle)) ** n3) ** (-1 / n1)
    return polar(np.minimum(radius, 4 * radius.min()), squeeze)


def polygon(
    rng: np.random.Generator, corners: int, least: float = 0.3, rounds: int = 0, squeeze: float = 1.0
) -> np.ndarray:
    """Corners at sorted random angles with radii from `least` to 1; each round of corner cutting doubles them. Shapes: (N,2).

    >>> polygon(np.random.default_rng(0), 7, rounds=2).shape
    (28, 2)
    """
    angle = (np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    radius = rng.uniform(least, 1, corners)
    outline = np.stack([radius * np.cos(angle), squeeze * radius * np.sin(angle)], 1) / radius.max()
    return smoothed(outline, rounds)


def smoothed(outline: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Chaikin's corner cutting: every edge keeps its middle half. Shapes: (N,2) -> (N 2^rounds,2).

    >>> smoothed(np.array([(0.0, 0), (4, 0), (4, 4), (0, 4)]), 1)[:3].tolist()
    [[1.0, 0.0], [3.0, 0.0], [4.0, 1.0]]
    """
    outline = np.asarray(outline, float)
    for _ in range(rounds):
        after = np.roll(outline, -1, 0)
        outline = np.stack([0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after], 1).reshape(-1, 2)
    return outline


@dataclass(frozen=True)
class Outline:
    """A filled closed curve, or a hole in what was filled before it. Shapes: points (N,2).

    Where the curve crosses itself the overlap is filled when `crosses` says so (winding number), else left empty (even-odd).
    """

    points: np.ndarray
    hole: bool = False
    crosses: bool = False

    def moved(self, centre: np.ndarray, scale: float) -> "Outline":
        """The same shape after subtracting `centre` and multiplying by `scale`."""
        return replace(self, points=(np.asarray(self.points, float) - centre) * scale)

    def pieces(self) -> list[np.ndarray]:
        """Polygons whose union it is."""
        return [np.asarray(self.points, float)]


@dataclass(frozen=True)
class Limb:
    """A tapered capsule along a polyline: for each link the hull of the disks at its ends. Shapes: points (N,2), radii (N,)."""

    points: np.ndarray
    radii: np.ndarray
    hole: bool = False
    crosses: bool = False

    def moved(self, centre: np.ndarray, scale: float) -> "Limb":
        """The same shape after subtracting `centre` and multiplying by `scale`."""
        return replace(
            self, points=(np.asarray(self.points, float) - centre) * scale, radii=np.asarray(self.radii, float) * scale
        )

    def pieces(self) -> list[np.ndarray]:
        """Polygons whose union it is."""
        disks = np.asarray(self.points, float)[:, None] + np.asarray(self.radii, float)[:, None, None] * _CIRCLE
        if len(disks) == 1:
            return [disks[0]]
        pairs = np.concatenate([disks[:-1], disks[1:]], 1).astype(np.float32)
        return [cv2.convexHull(pair)[:, 0] for pair in pairs]


def soft_mask(shapes: Sequence[Outline | Limb], texels: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The opacity of a union of shapes, cut to its own box: (alpha, corner), corner the row and column of its first texel.

    Shapes: alpha float32 (h,w) 0..1 with an empty rim one texel wide; it lies on the S x S texels of the body's side.
    Raises: ShapeError when nothing is filled.
    >>> alpha, corner = soft_mask([Outline(np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]))], 46)     # 20 texels to the unit
    >>> alpha.shape, corner, float(alpha[20, 20])
    ((42, 42), (2, 2), 1.0)
    """
    drawn = [(shape, shape.pieces()) for shape in shapes]
    filled = [piece for shape, pieces in drawn if not shape.hole for piece in pieces]
    if not filled:
        raise ShapeError(
            expected="at least one shape that is not a hole", got=f"{len(drawn)} shapes", try_this="add an Outline"
        )
    scale = texels / (2 * REACH)
    every = np.concatenate(filled)
    first = np.floor((every.min(0) + REACH) * scale + 1e-6).astype(int) - 1
    last = np.ceil((every.max(0) + REACH) * scale - 1e-6).astype(int) + 1
    width, height = last - first
    canvas = np.zeros((height * FINER, width * FINER), np.uint8)
    for shape, pieces in drawn:
        for piece in pieces:
            points = ((piece + REACH) * scale - first) * FINER - 0.5
            _fill(canvas, points, 0 if shape.hole else 255, shape)
    alpha = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    return alpha / np.float32(255), (int(first[1]), int(first[0]))


def _fill(canvas: np.ndarray, points: np.ndarray, value: int, shape: Outline | Limb) -> None:
    if shape.crosses:
        canvas[_wound(points, canvas.shape)] = value
        return
    corners = np.round(points * 16).astype(np.int32)  # 4 binary digits after the point
    fill = cv2.fillConvexPoly if isinstance(shape, Limb) else _fill_poly
    fill(canvas, corners, value, cv2.LINE_8, 4)


def _fill_poly(canvas: np.ndarray, corners: np.ndarray, value: int, line: int, shift: int) -> None:
    cv2.fillPoly(canvas, [corners], value, line, shift)


def _wound(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Where a curve's winding number is not 0: each edge that a row crosses adds its direction from there to the right."""
    x, y = points.T
    x_next, y_next = np.roll(x, -1), np.roll(y, -1)
    rows = np.arange(size[0])[:, None] + 1e-6  # never exactly on a corner
    crossed = (y <= rows) != (y_next <= rows)
    row, edge = np.nonzero(crossed)
    share = (row - y[edge]) / (y_next[edge] - y[edge])
    column = np.clip(np.ceil(x[edge] + share * (x_next[edge] - x[edge])), 0, size[1] - 1).astype(int)
    turns = np.zeros(size, np.int8)
    np.add.at(turns, (row, column), np.where(y_next[edge] > y[edge], 1, -1).astype(np.int8))
    return np.cumsum(turns, 1, dtype=np.int8) != 0
