"""Bodies for minivos: a category's plan becomes an individual with soft, jointed, textured parts.

A category is a part tree with proportions; an individual varies every number by a fifth. Some individuals have holes, and some carry
thin things (antennae, loops, trailing strings): real outlines are less round than drawn ones, and that is what these are for.
Colour never tells the category; parts that share a coat share a texture.

Letters: S texels along a body's side, which shows x and y from -REACH to REACH. x right, y down; a body looks along +x and,
where it is upright, stands on what lies at +y.
Reading order: `Part`, `Body`, `draw_body`, then how a sketch is fitted and drawn; the plans are in creatures.py, machines.py, things.py.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from vostutor.core.errors import SettingsError
from vostutor.data.studio import plain
from vostutor.data.studio.categories import CATEGORIES, HELD_BACK, TRAINING
from vostutor.data.studio.extras import add_thin_thing, cut_holes
from vostutor.data.studio.outlines import FINER, REACH, Limb, Outline, soft_mask
from vostutor.data.studio.sketch import Bone, Sketch

__all__ = ["CATEGORIES", "FINER", "HELD_BACK", "REACH", "STYLES", "TRAINING", "Body", "Part", "draw_body"]

STYLES = ("simple", "fourier", "articulated")
THINNEST = 0.034  # half a width: 1.2 pixels across where the body measures 35, so that opacity passes one half
LEAST = 24  # texels: with fewer the rim of a part would leave the side
HOLED, THIN = 0.3, 0.2  # shares of the bodies that have holes, and that carry thin things


@dataclass(frozen=True)
class Part:
    """One stiff part of a body, in body coordinates, at rest.

    Shapes: alpha float32 (h,w) 0..1, whose first texel is at (row, column) `corner` of the S x S texels; pivot (x, y).
    Units: swing and phase in radians, spin in radians per tick. How it moves by them is `layers.joints_at`; parent is a place in
    `Body.parts`, -1 is the body itself.
    """

    alpha: np.ndarray
    corner: tuple[int, int]
    parent: int = -1
    pivot: tuple[float, float] = (0.0, 0.0)
    swing: float = 0.0
    phase: float = 0.0
    spin: float = 0.0
    coat: int = 0


@dataclass(frozen=True)
class Body:
    """An individual: parts from back to front; a parent may come after its children.

    Units: beat in cycles per tick; stiffness 0 (may bend as a whole) to 1 (must not); seat (x, y) is a point of part `main` on which a
    second body can sit. heads: turns to where it goes; upright: keeps its feet down, so that going left is `mirrored`, not turned.
    """

    parts: tuple[Part, ...]
    texels: int
    main: int
    beat: float
    seat: tuple[float, float]
    heads: bool
    upright: bool
    stiffness: float

    @cached_property
    def fill(self) -> float:
        """The share of its bounding square, x and y from -1 to 1, that it covers at rest."""
        return float(self.silhouette().sum()) * (2 * REACH / self.texels) ** 2 / 4

    def silhouette(self) -> np.ndarray:
        """All parts together, at rest. Shapes: float32 (S,S) 0..1."""
        whole = np.zeros((self.texels, self.texels), np.float32)
        for part in self.parts:
            (row, column), (height, width) = part.corner, part.alpha.shape
            there = whole[row : row + height, column : column + width]
            np.maximum(there, part.alpha, out=there)
        return whole

    def mirrored(self) -> "Body":
        """The same body upside down: turned by half a circle it then goes to the left with its feet down."""
        parts = []
        for part in self.parts:
            corner = (self.texels - part.corner[0] - len(part.alpha), part.corner[1])
            alpha, (x, y) = np.ascontiguousarray(part.alpha[::-1]), part.pivot
            parts.append(replace(part, alpha=alpha, corner=corner, pivot=(x, -y), swing=-part.swing, spin=-part.spin))
        return replace(self, parts=tuple(parts), seat=(self.seat[0], -self.seat[1]))


def draw_body(category: str, rng: np.random.Generator, texels: int, *, style: str = "articulated") -> Body:
    """A new individual of a category.

    style "simple" draws one blob, polygon or ellipse without joints, holes or thin things, "fourier" one wavy outline; both differ from
    category to category. They are there for the experiment that asks what jointed bodies are worth.

    Raises: SettingsError for an unknown category or style, or for too few texels.
    >>> body = draw_body("walker", np.random.default_rng(0), 64)
    >>> len(body.parts) <= 13, body.silhouette().shape, body.heads
    (True, (64, 64), True)
    """
    if category not in CATEGORIES or style not in STYLES:
        wrong, choice = (category, list(CATEGORIES)) if category not in CATEGORIES else (style, list(STYLES))
        raise SettingsError(
            expected=f"one of {', '.join(choice)}", got=repr(wrong), try_this=f"draw_body({choice[0]!r}, ...)"
        )
    if texels < LEAST:
        raise SettingsError(
            expected=f"at least {LEAST} texels a side", got=f"{texels}", try_this=f"draw_body(..., {LEAST})"
        )
    kind, sketch = CATEGORIES[category], Sketch(rng)
    if style == "articulated":
        kind.plan(sketch)
        if sketch.chance(THIN):
            add_thin_thing(sketch)
    else:
        plain.PLANS[style](sketch, list(CATEGORIES).index(category))
    body = _drawn(sketch, kind, texels)
    return cut_holes(body, rng) if style == "articulated" and rng.random() < HOLED else body


def _drawn(sketch: Sketch, kind, texels: int) -> Body:
    centre, scale = _fit(sketch.bones)
    order = sorted(range(len(sketch.bones)), key=lambda index: sketch.bones[index].depth)
    place = {-1: -1} | {index: position for position, index in enumerate(order)}

    def moved(point) -> tuple[float, float]:
        x, y = (np.asarray(point, float) - centre) * scale
        return float(x), float(y)

    parts = []
    for bone in (sketch.bones[index] for index in order):
        alpha, corner = soft_mask([_at_least(shape.moved(centre, scale)) for shape in bone.shapes], texels)
        joint = Part(alpha, corner, place[bone.parent], moved(bone.pivot), bone.swing, bone.phase, bone.spin, bone.coat)
        parts.append(joint)
    seat = moved(sketch.seat)
    return Body(tuple(parts), texels, place[0], sketch.beat, seat, kind.heads, kind.upright, kind.stiffness)


def _fit(bones: list[Bone]) -> tuple[np.ndarray, float]:
    """What to subtract and to multiply by, so that the body fills the unit disk."""
    pieces = [piece for bone in bones for shape in bone.shapes if not shape.hole for piece in shape.pieces()]
    (x, y), radius = cv2.minEnclosingCircle(cv2.convexHull(np.concatenate(pieces).astype(np.float32)))
    return np.array([x, y]), 1 / radius


def _at_least(shape: Outline | Limb) -> Outline | Limb:
    """No limb thinner than what a small clip can show."""
    if isinstance(shape, Outline) or shape.hole:
        return shape
    return replace(shape, radii=np.maximum(shape.radii, THINNEST))
