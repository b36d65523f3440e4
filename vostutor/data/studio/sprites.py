"""From shapes and surfaces to what a scene is made of: things in their coats, ground with what lies on it.

Every texture is made once, at a little more than one texel a pixel, and never enlarged. Labelled things, unlabelled things and what
lies on the ground come from the same shapes, surfaces, borders and lamp.

Letters: S texels along a body, h, w texels.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from vostutor.data.studio.bodies import REACH, TRAINING, Body, Part, draw_body
from vostutor.data.studio.recipe import Recipe
from vostutor.data.studio.scene import Link, Sheet
from vostutor.data.studio.surfaces import coats, ground, random_colour, shade, surface, transfer

DENSITY = 1.2  # texels per pixel
FLOOR = 1.5  # frames wide, mirrored beyond
SHELF, SHELF_TEXELS = 48, 72  # silhouettes for what lies about
LEAF = SHELF_TEXELS  # texels of the stuff it is cut from


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

    def soft(self, texture: np.ndarray) -> np.ndarray:
        """The blur that all textures share."""
        return cv2.GaussianBlur(texture.astype(np.float32), (0, 0), self.recipe.texture_blur)


def dress(
    setting: Setting,
    rng: np.random.Generator,
    body: Body,
    radius: float,
    stuff: np.ndarray | None = None,
    *,
    drifting=None,
):
    """The links of a body in fresh coats, shaded by the scene's lamp; `stuff` (S,S,3) is what to cut the main coat from.

    Shapes: returns a tuple of Link. Units: radius in pixels. drifting is a generator for the coats after drifting, or None.
    """
    recipe, texels = setting.recipe, body_texels(radius)
    count = 1 + max(part.coat for part in body.parts)
    calm = rng.random() < recipe.calm
    material = coats(rng, count, texels, random_colour(rng), families=recipe.families, calm=calm)
    weight, hardness = recipe.blend * rng.random(), 1 + recipe.borders * rng.uniform(-0.2, 0.8)
    if stuff is not None:
        material = [stuff, *material[1:]] if count > 1 and not recipe.camouflage else [stuff] * count
    elif weight:
        material = [transfer(coat, setting.surroundings, weight) for coat in material]
    later = None if drifting is None else _new_coats(setting, drifting, material)
    return tuple(_link(setting, part, texels, material, later, hardness) for part in body.parts)


def body_texels(radius: float) -> int:
    """How many texels a body of this radius in pixels has along its side."""
    return max(24, round(2 * REACH * radius * DENSITY))


def _link(setting: Setting, part: Part, texels: int, material, later, hardness: float) -> Link:
    pad, density = 3, texels / (2 * REACH)
    alpha = cv2.copyMakeBorder(part.alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    row, column = part.corner[0] - pad, part.corner[1] - pad
    light = shade(alpha, setting.light)
    # A hard or a soft border, whatever the shape: the middle of the ramp stays where it is.
    alpha = np.clip(0.5 + hardness * (setting.soft(alpha) - 0.5), 0, 1).astype(np.float32)
    alpha[[0, -1]] = alpha[:, [0, -1]] = 0
    texture = setting.soft(_cut(material[part.coat], row, column, alpha.shape) * light)
    coat = None if later is None else setting.soft(_cut(later[part.coat], row, column, alpha.shape) * light)
    origin = ((column + 0.5) / density - REACH, (row + 0.5) / density - REACH)
    joint = {name: getattr(part, name) for name in ("parent", "pivot", "swing", "phase", "spin")}
    return Link(np.clip(texture, 0, 255), alpha, origin, density, coat, **joint)


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


def floor(setting: Setting, rng: np.random.Generator, leaves: int) -> Sheet:
    """The farthest ground and what lies on it."""
    height, width = (round(FLOOR * n * DENSITY) for n in setting.size)
    image = np.ascontiguousarray(
        ground(rng, height, width, setting.colour, families=setting.recipe.families, calm=setting.calm),
        dtype=np.float32,
    )
    _scatter(setting, rng, image, None, leaves)
    return Sheet(setting.soft(image), None, _middle(height, width), DENSITY, 1.0)


def hill(setting: Setting, rng: np.random.Generator, nearness: float, leaves: int) -> Sheet:
    """Nearer ground that covers a part of the view behind an uneven border: a slope, a wall, a bank."""
    height, width = (round(FLOOR * n * DENSITY) for n in setting.size)
    colour = 0.5 * setting.colour + 0.5 * random_colour(rng)
    image = np.ascontiguousarray(
        ground(rng, height, width, colour, families=setting.recipe.families, calm=setting.calm), dtype=np.float32
    )
    alpha = _bank(rng, height, width)
    _scatter(setting, rng, image, alpha, leaves)
    return Sheet(setting.soft(image), setting.soft(alpha), _middle(height, width), DENSITY, nearness)


def branches(setting: Setting, rng: np.random.Generator, nearness: float, leaves: int) -> Sheet:
    """A few leaves close to the camera, with nothing between them."""
    height, width = (round(FLOOR * n * DENSITY) for n in setting.size)
    image = np.zeros((height, width, 3), np.float32)
    alpha = np.zeros((height, width), np.float32)
    _scatter(setting, rng, image, alpha, leaves, sizes=(4.0, 14.0))
    return Sheet(setting.soft(image), setting.soft(alpha), _middle(height, width), DENSITY, nearness)


def _middle(height: int, width: int) -> tuple[float, float]:
    return -(width - 1) / 2 / DENSITY, -(height - 1) / 2 / DENSITY


def _bank(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A half plane behind a border of hills, stones or grass. Shapes: float32 (h,w)."""
    along = np.linspace(0, 1, 4 * width)
    waves = sum(rng.normal(0, 0.05) / k**0.8 * np.sin(2 * np.pi * (k * along + rng.random())) for k in range(1, 14))
    rough = cv2.GaussianBlur(rng.standard_normal((1, 4 * width)), (0, 0), rng.uniform(2, 8))[0]
    edge = (rng.uniform(0.5, 0.72) + waves + rng.uniform(0, 0.05) * rough) * height * 4
    canvas = np.zeros((4 * height, 4 * width), np.uint8)
    outline = np.concatenate([np.stack([np.arange(4.0 * width), edge], 1), [[4 * width, 4 * height], [0, 4 * height]]])
    cv2.fillPoly(canvas, [np.round(outline).astype(np.int32)], 255)
    alpha = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    turn = rng.choice([-1, 0, 0, 0, 1])
    if turn:  # a wall to one side
        alpha = np.ascontiguousarray(cv2.resize(np.rot90(alpha, turn), (width, height), interpolation=cv2.INTER_AREA))
    return alpha


def _scatter(
    setting: Setting, rng, image: np.ndarray, alpha, leaves: int, sizes: tuple[float, float] = (2.5, 18.0)
) -> None:
    """Put things down that nobody annotated, drawn like the objects; small ones are the most frequent (radius^-3)."""
    smallest, largest = sizes
    materials = [
        surface(rng, LEAF, LEAF, random_colour(rng), families=setting.recipe.families) for _ in range(min(leaves, 8))
    ]
    for _ in range(leaves):
        radius = (smallest**-2 - rng.random() * (smallest**-2 - largest**-2)) ** -0.5 * setting.unit
        cover = _silhouette(rng, 2 * max(3, round(radius * DENSITY * 1.2)))
        y, x = rng.integers(LEAF - len(cover) + 1, size=2)
        material = materials[rng.integers(len(materials))][y : y + len(cover), x : x + len(cover)]
        material = material + 0.6 * (
            random_colour(rng) - material.mean((0, 1))
        )  # its own shade of the stuff that lies about
        weight = setting.recipe.blend * rng.random()
        if weight and setting.surroundings:
            material = transfer(material, setting.surroundings, weight)
        _put(setting, rng, image, alpha, cover, np.clip(material * shade(cover, setting.light), 0, 255))


def _put(setting: Setting, rng, image, alpha, cover, material) -> None:
    edge = 3 + round(2 * setting.unit)  # room for the shadow
    side = len(cover)
    y, x = (int(rng.integers(edge, n - side - edge)) for n in image.shape[:2])
    if alpha is None:
        dy, dx = np.rint(-1.5 * setting.unit * setting.light[::-1]).astype(int)
        shadow = 1 - 0.3 * cv2.GaussianBlur(cover, (0, 0), setting.unit)
        image[y + dy : y + dy + side, x + dx : x + dx + side] *= shadow[..., None]
        weight = cover
    else:
        there = alpha[y : y + side, x : x + side]
        weight = 1 - (1 - cover) * there  # where the sheet is empty, colour reaches beyond the border: no dark fringe
        np.maximum(there, cover, out=there)
    here = image[y : y + side, x : x + side]
    here += weight[..., None] * (material - here)


@cache
def _shelf() -> tuple[np.ndarray, ...]:
    """Silhouettes of bodies at rest, the same for every scene, to be turned and shrunk. Shapes: float32 (72,72)."""
    shelf = []
    for index in range(SHELF):
        rng = np.random.default_rng([index, 7])
        shelf.append(draw_body(TRAINING[index % len(TRAINING)], rng, SHELF_TEXELS).silhouette())
    return tuple(shelf)


def _silhouette(rng: np.random.Generator, side: int) -> np.ndarray:
    """One of the shelf, turned, stretched and shrunk to side x side. Shapes: float32 (side,side)."""
    shape = _shelf()[rng.integers(SHELF)]
    side = int(np.clip(side, 6, SHELF_TEXELS))
    shrink = side / SHELF_TEXELS
    soft = cv2.GaussianBlur(shape, (0, 0), 0.45 / shrink) if shrink < 0.8 else shape
    angle, squeeze = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1)
    c, s = np.cos(angle), np.sin(angle)
    turn = shrink * np.array([[c, -s * squeeze], [s, c * squeeze]]) * rng.choice([-1, 1], 2)[None]
    middle, new = (SHELF_TEXELS - 1) / 2, (side - 1) / 2
    shift = new - turn @ [middle, middle]
    return cv2.warpAffine(soft, np.column_stack([turn, shift]), (side, side))
