"""A body before it is drawn: bones with shapes, joints and textures, in any coordinates.

A category writes its bones in the order that explains it (torso, then legs); `depth` says what lies behind and what in front.
Every number goes through `near`, which makes an individual out of a category: the same plan, each length and angle its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from vostutor.data.studio.outlines import Limb, Outline

Shape = Outline | Limb


@dataclass
class Bone:
    """One stiff part in the plan. Units: depth is the painting order, far negative; swing, phase in radians, spin radians per tick."""

    shapes: list[Shape]
    pivot: tuple[float, float]
    parent: int = -1
    swing: float = 0.0
    phase: float = 0.0
    spin: float = 0.0
    coat: int = 0
    depth: float = 0.0


@dataclass
class Sketch:
    """Bones and how the whole behaves. Units: beat in cycles per tick; seat is a point of the main bone, the first one."""

    rng: np.random.Generator
    bones: list[Bone] = field(default_factory=list)
    beat: float = 0.08
    seat: tuple[float, float] = (0.0, 0.0)

    def near(self, value: float, spread: float = 0.2) -> float:
        """A number of this individual: `value` give or take a share of it.

        >>> 0.8 <= Sketch(np.random.default_rng(0)).near(1.0) <= 1.2
        True
        """
        return value * self.rng.uniform(1 - spread, 1 + spread)

    def girth(self, spread: float = 0.45) -> float:
        """How stout this individual is: a factor around 1 on its thicknesses, log-normal, so that a category has lean and fat ones."""
        return float(np.exp(np.clip(0.08 + spread * self.rng.standard_normal(), -0.5, 0.72)))

    def chance(self, share: float) -> bool:
        """True in this share of the individuals."""
        return bool(self.rng.random() < share)

    def bone(self, shapes: Shape | Sequence[Shape], pivot: Sequence[float] = (0.0, 0.0), **how) -> int:
        """Add a bone and return its number; `how` are the further fields of `Bone`."""
        shapes = [shapes] if isinstance(shapes, Shape) else list(shapes)
        self.bones.append(Bone(shapes, (float(pivot[0]), float(pivot[1])), **how))
        return len(self.bones) - 1

    def chain(self, points: np.ndarray, radii: Sequence[float], swing: float, lag: float = 0.0, **how) -> int:
        """A chain of stiff links along a polyline, each hung on the one before it; returns the last. Each lags behind by `lag` radians.

        Consecutive links share the disk at their joint, so that no gap opens when the joint bends.
        """
        parent, phase = how.pop("parent", -1), how.pop("phase", 0.0)
        for k in range(len(points) - 1):
            link = Limb(np.asarray(points[k : k + 2]), np.asarray(radii[k : k + 2]))
            parent = self.bone(link, points[k], parent=parent, swing=swing, phase=phase - k * lag, **how)
        return parent


def along(start: Sequence[float], angles: Sequence[float], lengths: Sequence[float]) -> np.ndarray:
    """A polyline from a start, absolute angles and lengths of its links. Shapes: (L,), (L,) -> (L+1,2).

    >>> along((0, 0), [0, np.pi / 2], [2, 1]).round(6).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]]
    """
    angles, lengths = np.asarray(angles, float), np.asarray(lengths, float)
    steps = lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, 0)]) + np.asarray(start, float)


def curved(points: Sequence, count: int = 9) -> np.ndarray:
    """A smooth way through three points (a parabola), for arched backs and bent stems. Shapes: (3,2) -> (count,2).

    >>> curved([(0, 0), (1, 1), (2, 0)], 3).tolist()
    [[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]]
    """
    a, b, c = np.asarray(points, float)
    t = np.linspace(0, 1, count)[:, None]
    return a * (1 - t) * (1 - 2 * t) + b * 4 * t * (1 - t) + c * t * (2 * t - 1)


def turned(points: np.ndarray, angle: float, at: Sequence[float] = (0.0, 0.0)) -> np.ndarray:
    """Points turned around the origin, then moved there. Shapes: (N,2) -> (N,2)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points, float) @ np.array([[c, s], [-s, c]]) + np.asarray(at, float)


def disk(centre: Sequence[float], radius: float, hole: bool = False) -> Limb:
    """A filled circle."""
    return Limb(np.array([centre], float), np.array([radius]), hole)


def rod(points: Sequence, radius: float, **how) -> Limb:
    """A polyline of equal thickness."""
    return Limb(np.asarray(points, float), np.full(len(points), radius), **how)
