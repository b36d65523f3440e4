"""From shapes and surfaces to the links that a thing is made of: bodies in their coats.

Every texture is made once, at a little more than one texel a pixel, and never enlarged. Labelled things, unlabelled things and what
lies on the ground come from the same shapes, surfaces, borders and lamp.

Letters: S texels along a body, h, w texels.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vostutor.data.studio.bodies import REACH, Body, Part
from vostutor.data.studio.recipe import Recipe
from vostutor.data.studio.scene import Link, Shadow
from vostutor.data.studio.surfaces import coats, random_colour, shade, transfer

DENSITY = 1.2  # texels per pixel
SWING = 0.6  # of a body's own swing, so that forms change as much as in film
SWING_GROWS = 0.6  # the power of the recipe's deformation by which it grows


@dataclass(frozen=True)
class Setting:
    """What all things in a scene share.

    Shapes: light (2,), towards the lamp; surroundings (mean (3,), deviation (3,)) of the ground's colours, as `transfer` takes them.
    """

    recipe: Recipe
    size: tuple[int, int]
    frames: int
    unit: float
    colour: np.ndarray
    light: np.ndarray
    surroundings: tuple = ()
    calm: bool = False  # an open place
    shadow: Shadow = Shadow()
    sketch: bool = False  # who is where, without colour: enough to see whether a scene is worth dressing

    def soft(self, texture: np.ndarray) -> np.ndarray:
        """The blur that all textures share; a recipe may go without."""
        if not self.recipe.texture_blur:
            return texture.astype(np.float32)
        return cv2.GaussianBlur(texture.astype(np.float32), (0, 0), self.recipe.texture_blur)


def dress(
    setting: Setting,
    rng: np.random.Generator,
    body: Body,
    radius: float,
    stuff: np.ndarray | None = None,
    *,
    angle: float = 0.0,
    drifting: np.random.Generator | None = None,
) -> tuple[Link, ...]:
    """The links of a body in fresh coats, shaded by the scene's lamp; `stuff` (S,S,3) is what to cut the main coat from.

    Units: radius in pixels; angle at which it stands at first, in radians: the lamp does not turn with it.
    drifting is a generator for the coats after drifting, or None.
    """
    texels, hardness = body_texels(radius), border(setting, rng)
    setting = replace(setting, light=_turned(setting.light, -angle))
    if setting.sketch:
        return tuple(_link(setting, part, texels, [], None, hardness) for part in body.parts)
    material = _material(setting, rng, 1 + max(part.coat for part in body.parts), texels, stuff)
    later = None if drifting is None else _new_coats(setting, drifting, material)
    return tuple(_link(setting, part, texels, material, later, hardness) for part in body.parts)


def _material(setting: Setting, rng, count: int, texels: int, stuff: np.ndarray | None) -> list[np.ndarray]:
    """The coats of a body: its own, moved towards the colours of its surroundings; or `stuff` for its main coat or for all."""
    recipe, calm = setting.recipe, rng.random() < setting.recipe.calm
    material = coats(rng, count, texels, random_colour(rng), families=recipe.families, calm=calm)
    weight = recipe.blend * rng.random()
    if stuff is not None:
        return [stuff] * count if recipe.camouflage else [stuff, *material[1:]]
    return [transfer(coat, setting.surroundings, weight) for coat in material] if weight else material


def _turned(direction: np.ndarray, angle: float) -> np.ndarray:
    (x, y), c, s = direction, np.cos(angle), np.sin(angle)
    return np.array([c * x - s * y, s * x + c * y])


def border(setting: Setting, rng: np.random.Generator) -> float:
    """How steep the ramp of a border is, drawn anew for each thing: below 1 softer than drawn, above harder."""
    return 1 + setting.recipe.borders * rng.uniform(-0.2, 0.8)


def body_texels(radius: float) -> int:
    """How many texels a body of this radius in pixels has along its side."""
    return max(24, round(2 * REACH * radius * DENSITY))


def _link(setting: Setting, part: Part, texels: int, material, later, hardness: float) -> Link:
    pad, density = 3, texels / (2 * REACH)
    alpha = cv2.copyMakeBorder(part.alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    row, column = part.corner[0] - pad, part.corner[1] - pad
    # A hard or a soft border, whatever the shape: the middle of the ramp stays where it is.
    edge = np.clip(0.5 + hardness * (setting.soft(alpha) - 0.5), 0, 1).astype(np.float32)
    edge[[0, -1]] = edge[:, [0, -1]] = 0
    origin = ((column + 0.5) / density - REACH, (row + 0.5) / density - REACH)
    joint = {name: getattr(part, name) for name in ("parent", "pivot", "phase", "spin")}
    joint["swing"] = SWING * setting.recipe.deform**SWING_GROWS * part.swing
    light = None if setting.sketch else shade(alpha, setting.light)
    worn = [
        None if coats is None or light is None else _painted(setting, coats[part.coat], row, column, light)
        for coats in (material, later)
    ]
    return Link(worn[0], edge, origin, density, worn[1], **joint)


def _painted(setting: Setting, coat: np.ndarray, row: int, column: int, light: np.ndarray) -> np.ndarray:
    """The window of a coat that a part wears, in the light of the scene. Shapes: light (h,w,1) -> float32 (h,w,3)."""
    return np.clip(setting.soft(_cut(coat, row, column, light.shape[:2]) * light), 0, 255)


def _cut(coat: np.ndarray, row: int, column: int, shape: tuple[int, int]) -> np.ndarray:
    """A window of a coat that may begin outside it, where it repeats its edge."""
    rows = np.clip(np.arange(row, row + shape[0]), 0, coat.shape[0] - 1)
    columns = np.clip(np.arange(column, column + shape[1]), 0, coat.shape[1] - 1)
    return coat[rows[:, None], columns]


def _new_coats(setting: Setting, rng: np.random.Generator, material: list) -> list:
    """Other materials, of three colours the one least like the old."""
    own = material[0].mean((0, 1))
    colour = max((random_colour(rng) for _ in range(3)), key=lambda colour: float(np.abs(colour - own).sum()))
    return coats(rng, len(material), len(material[0]), colour, families=setting.recipe.families)
