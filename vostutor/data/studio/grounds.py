"""Ground at several depths, and what lies about on it that nobody annotated.

What lies about comes from the same shapes, surfaces, borders and lamp as the things that move. Where things lie and what they are made
of are drawn from two generators: a sketch, which only asks what is in front of what, needs the first alone.

Letters: h, w texels of a sheet.
"""

from functools import cache

import cv2
import numpy as np

from vostutor.data.studio.bodies import TRAINING, draw_body
from vostutor.data.studio.scene import Sheet
from vostutor.data.studio.sprites import DENSITY, Setting, border
from vostutor.data.studio.surfaces import ground, random_colour, shade, surface, transfer

FLOOR = 1.5  # frames wide, mirrored beyond
SHELF, SHELF_TEXELS = 48, 72  # silhouettes for what lies about, and their size at 96 rows
STUFFS = 4  # kinds of it on one sheet, at most
UNSEEN = np.zeros((1, 1, 3), np.float32)  # the texture of what is only sketched


def floor(setting: Setting, rng: np.random.Generator, leaves: int) -> Sheet:
    """The farthest ground and what lies on it."""
    height, width = _texels(setting)
    if setting.sketch:
        return Sheet(np.broadcast_to(UNSEEN, (height, width, 3)), None, _middle(height, width), DENSITY, 1.0)
    image = _material(setting, rng, setting.colour)
    _scatter(setting, rng, image, None, leaves)
    return Sheet(setting.soft(image), None, _middle(height, width), DENSITY, 1.0)


def hill(setting: Setting, rng: np.random.Generator, nearness: float, leaves: int) -> Sheet:
    """Nearer ground that covers a part of the view behind an uneven border: a slope, a wall, a bank."""
    height, width = _texels(setting)
    image = _material(setting, rng, 0.5 * setting.colour + 0.5 * random_colour(rng))
    alpha = _bank(rng, height, width)
    _scatter(setting, rng, image, alpha, leaves)
    return Sheet(setting.soft(image), setting.soft(alpha), _middle(height, width), DENSITY, nearness)


def branches(setting: Setting, rng: np.random.Generator, nearness: float, leaves: int) -> Sheet:
    """A few leaves close to the camera, with nothing between them."""
    height, width = _texels(setting)
    image, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    _scatter(setting, rng, image, alpha, leaves, sizes=(4.0, 14.0))
    return Sheet(setting.soft(image), setting.soft(alpha), _middle(height, width), DENSITY, nearness)


def _texels(setting: Setting) -> tuple[int, int]:
    return tuple(round(FLOOR * n * DENSITY) for n in setting.size)


def _middle(height: int, width: int) -> tuple[float, float]:
    return -(width - 1) / 2 / DENSITY, -(height - 1) / 2 / DENSITY


def _material(setting: Setting, rng: np.random.Generator, colour: np.ndarray) -> np.ndarray:
    families, calm = setting.recipe.families, setting.calm
    image = ground(rng, *_texels(setting), colour, families=families, calm=calm)
    return np.ascontiguousarray(image, dtype=np.float32)


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
    making = rng.spawn(1)[0]
    stuffs = [] if setting.sketch else [_stuff(setting, making) for _ in range(min(leaves, STUFFS))]
    for _ in range(leaves):
        radius = (smallest**-2 - rng.random() * (smallest**-2 - largest**-2)) ** -0.5 * setting.unit
        cover = _silhouette(rng, 2 * max(3, round(radius * DENSITY * 1.2)), _most_texels(setting.unit))
        cover = np.clip(0.5 + border(setting, rng) * (cover - 0.5), 0, 1).astype(np.float32)
        material = UNSEEN if setting.sketch else _shade_of(setting, making, stuffs, cover)
        _put(setting, rng, image, alpha, cover, material)


def _stuff(setting: Setting, rng) -> np.ndarray:
    side = _most_texels(setting.unit)
    return surface(rng, side, side, random_colour(rng), families=setting.recipe.families)


def _shade_of(setting: Setting, rng, stuffs: list[np.ndarray], cover: np.ndarray) -> np.ndarray:
    """A piece of the stuff that lies about, in a shade of its own. Shapes: cover (s,s) -> (s,s,3)."""
    y, x = rng.integers(len(stuffs[0]) - len(cover) + 1, size=2)
    material = stuffs[rng.integers(len(stuffs))][y : y + len(cover), x : x + len(cover)]
    material = material + 0.6 * (random_colour(rng) - material.mean((0, 1)))
    weight = setting.recipe.blend * rng.random()
    if weight and setting.surroundings:
        material = transfer(material, setting.surroundings, weight)
    return np.clip(material * shade(cover, setting.light), 0, 255)


def _put(setting: Setting, rng, image, alpha, cover, material) -> None:
    side, edge = len(cover), 3 + max(map(abs, setting.shadow.shift))  # room for the shadow
    y, x = (int(rng.integers(edge, n - side - edge)) for n in image.shape[:2])
    if alpha is None:
        dx, dy = setting.shadow.shift
        shadow = 1 - setting.shadow.strength * cv2.GaussianBlur(cover, (0, 0), setting.shadow.softness)
        image[y + dy : y + dy + side, x + dx : x + dx + side] *= shadow[..., None]
        weight = cover
    else:
        there = alpha[y : y + side, x : x + side]
        weight = 1 - (1 - cover) * there  # where the sheet is empty, colour reaches beyond the border: no dark fringe
        np.maximum(there, cover, out=there)
    here = image[y : y + side, x : x + side]
    here += weight[..., None] * (material - here)


def _most_texels(unit: float) -> int:
    """Texels along the side of the largest thing that lies about."""
    return max(24, round(SHELF_TEXELS * unit))


@cache
def _shelf(texels: int) -> tuple[np.ndarray, ...]:
    """Silhouettes of bodies at rest, the same for every scene, to be turned and shrunk. Shapes: float32 (texels,texels)."""
    shelf = []
    for index in range(SHELF):
        rng = np.random.default_rng([index, 7])
        shelf.append(draw_body(TRAINING[index % len(TRAINING)], rng, texels).silhouette())
    return tuple(shelf)


def _silhouette(rng: np.random.Generator, side: int, texels: int) -> np.ndarray:
    """One of the shelf, turned, stretched and shrunk to side x side. Shapes: float32 (side,side)."""
    shape = _shelf(texels)[rng.integers(SHELF)]
    side = int(np.clip(side, 6, texels))
    shrink = side / texels
    soft = cv2.GaussianBlur(shape, (0, 0), 0.45 / shrink) if shrink < 0.8 else shape
    angle, squeeze = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1)
    c, s = np.cos(angle), np.sin(angle)
    turn = shrink * np.array([[c, -s * squeeze], [s, c * squeeze]]) * rng.choice([-1, 1], 2)[None]
    middle, new = (texels - 1) / 2, (side - 1) / 2
    shift = new - turn @ [middle, middle]
    return cv2.warpAffine(soft, np.column_stack([turn, shift]), (side, side))
