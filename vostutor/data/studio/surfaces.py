"""Materials of minivos: what every body, leaf and floor is made of.

    pattern (a family)  ->  surface: contrast, chroma, colour  ->  marked: stripes, spots, patches  ->  transfer towards the ground

Half of all surfaces are cut from photographs, half come from formulas. A pattern has the contrast and the sharpness of its kind and a
mean that says nothing; its colour comes from the scene, so that no colour belongs to a family or a category.

Letters: S texels along a side; h, w of a piece; colours are float32 RGB from 0 to 255.
"""

import cv2
import numpy as np
from numpy.random import Generator

from vostutor.core.errors import SettingsError
from vostutor.data.studio.colours import colour_statistics, palette, random_colour, transfer
from vostutor.data.studio.layouts import illumination, land, layout
from vostutor.data.studio.patterns import PATTERNS
from vostutor.data.studio.photographs import photo

__all__ = [
    "FAMILIES", "coats", "colour_statistics", "ground", "marked", "random_colour", "shade", "surface", "transfer",
]  # fmt: skip

Families = tuple[str, ...] | None  # names to choose from, None for all
FAMILIES = {"photo": photo, **PATTERNS}
PHOTO_SHARE = 0.5  # of the surfaces, since eight photographs alone are few
DARKEST, BRIGHTEST = 4, 251  # light, noise and lens still have room to either side
GROUND_CHROMA = 36.0  # earth, stone and grass are duller than what crawls on them
CONTRAST = 0.37, 0.75  # share of its pattern's contrast that a material keeps
DEVIATION = 5, 24  # grey levels, what that may come to
CALM = 0.7  # of a material's contrast: still water, sand, asphalt, a coat of one kind
MIDDLE_TONE, TONES = 125.0, (25.0, 75.0)  # brightness of a ground, and how far its materials lie from it
SKIES = ("clouds", "gradient")


def surface(
    rng: Generator, height: int, width: int, colour: np.ndarray, *, families: Families = None, calm: bool = False
) -> np.ndarray:
    """A piece of textured material around a colour; calm ones keep CALM of the contrast.

    Shapes: colour (3,) -> float32 (height,width,3).
    Raises: SettingsError for a family that does not exist.

    >>> surface(np.random.default_rng(0), 4, 6, np.array([90, 100, 110]), families=("wood",)).shape
    (4, 6, 3)
    """
    pattern = FAMILIES[_family(rng, families)](rng, height, width)
    deviation = float(cv2.meanStdDev(cv2.transform(pattern, np.full((1, 3), 1 / 3)))[1][0, 0])
    contrast = np.clip(rng.uniform(*CONTRAST) * deviation, *DEVIATION) / max(deviation, 1e-3) * (CALM if calm else 1)
    chroma = rng.uniform(0.2, 1.2)  # DAVIS has half the saturation of what is drawn in full colour
    mix = contrast * ((1 - chroma) / 3 + chroma * np.eye(3))  # towards grey, or away from it
    return np.clip(
        cv2.transform(pattern, np.column_stack([mix, colour - mix @ cv2.mean(pattern)[:3]])), DARKEST, BRIGHTEST
    )


def _family(rng: Generator, families: Families) -> str:
    if families is None:
        return "photo" if rng.random() < PHOTO_SHARE else str(rng.choice(list(PATTERNS)))
    if not families or not set(families) <= set(FAMILIES):
        raise SettingsError(
            expected=f"families among {', '.join(FAMILIES)}",
            got=", ".join(sorted(set(families) - set(FAMILIES))) or "none at all",
            try_this='families=("photo", "noise"), or families=None for all of them',
        )
    return families[rng.integers(len(families))]


def marked(rng: Generator, material: np.ndarray) -> np.ndarray:
    """The material with stripes, spots, patches or nothing on it: edges inside as strong as an outline. Shapes: (S,S,3) -> (S,S,3)."""
    kind = rng.choice(["none", "stripes", "spots", "patches"], p=[0.4, 0.2, 0.2, 0.2])
    if kind == "none":
        return material
    where = _where(rng, str(kind), *material.shape[:2])
    change = rng.uniform(0.4, 0.9) * (random_colour(rng) - np.array(cv2.mean(material)[:3], np.float32))
    return np.clip(material + where[..., None] * change.astype(np.float32), DARKEST, BRIGHTEST)


def _where(rng: Generator, kind: str, height: int, width: int) -> np.ndarray:
    """Coverage of a mark, with borders one to three texels wide. Shapes: returns float32 (height,width) in [0,1]."""
    cells = 12 if kind == "spots" else 5  # along each side: many small marks, or few large ones
    coarse = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
    wave = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    steepness = max(height, width) / 10  # a wave of few cells rises by about 10 a side: a border of one to three texels
    if kind == "stripes":
        angle, count = rng.uniform(0, np.pi), rng.uniform(2, 7)
        x, y = np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32)[:, None]
        wave = np.sin(2 * np.pi * count * (x * np.cos(angle) + y * np.sin(angle)).astype(np.float32) + 1.5 * wave)
        steepness /= count
    return np.clip(0.5 + steepness * (wave - rng.uniform(-0.2, 0.5)), 0, 1).astype(np.float32)


def coats(
    rng: Generator, count: int, texels: int, colour: np.ndarray, *, families: Families = None, calm: bool = False
) -> list[np.ndarray]:
    """Materials for the parts of one body: the main one, then for each further part its own piece or a recoloured copy (p .5 each).

    A calm body wears one unmarked coat, its parts differ a little in tone.

    Shapes: colour (3,) -> count x float32 (S,S,3).
    """
    main = surface(rng, texels, texels, colour, families=families, calm=calm)
    result = [main if calm else marked(rng, main)]
    while len(result) < count:
        other = colour + rng.uniform(0, 0.25 if calm else 1) * (random_colour(rng) - colour)
        if rng.random() < 0.5 and not calm:
            result.append(surface(rng, texels, texels, other, families=families))
        else:
            result.append(np.clip(result[0] + (other - colour).astype(np.float32), DARKEST, BRIGHTEST))
    return result[:count]


def shade(alpha: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Brightness of a bulging body under a low lamp, 1 + .3 n.l with n pointing outwards, longest at the rim.

    Shapes: alpha (S,S) in [0,1], light (2,) towards the lamp, x right and y down -> float32 (S,S,1) around 1.

    >>> disk = (np.hypot(*np.mgrid[-9:10, -9:10]) < 7).astype(np.float32)
    >>> gain = shade(disk, np.array([-1.0, 0.0]))[9, :, 0]                        # lamp on the left
    >>> bool(gain[3] > 1.15 and abs(gain[9] - 1) < 1e-3 and gain[15] < 0.85)
    True
    """
    side = alpha.shape[0]
    height = cv2.GaussianBlur(alpha.astype(np.float32, copy=False), (0, 0), side / 16)
    # Sobel counts a slope eight times; at a straight rim that blur has the slope .4 / sigma: 8 * .4 * .31 is 1, n's length there.
    slope = -np.stack([cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)]) * (side / 16 * 0.31)
    return 1 + 0.3 * np.clip(np.tensordot(np.float32(light), slope, 1), -1, 1)[..., None].astype(np.float32)


def ground(
    rng: Generator, height: int, width: int, colour: np.ndarray, *, families: Families = None, calm: bool = False
) -> np.ndarray:
    """A place: a first material, others laid over it, light and shade; one place in three lies on textured dead leaves.

    A calm place is open: water, sand or a road to the horizon, and nothing else.

    Shapes: colour (3,) of its middle tone -> float32 (height,width,3).
    """
    leafy = families is None and rng.random() < 1 / 3 and not calm
    covers = [land(rng, height, width)] if calm else layout(rng, height, width)[: 1 if leafy else None]
    first = ("leaves",) if leafy else SKIES if families is None and rng.random() < 0.2 else families
    colours = _tones(rng, colour, len(covers) + 1)
    tone = max(colours, key=np.sum) if first is SKIES else colours[0]
    image = surface(rng, height, width, tone, families=first)
    for cover, own in zip(covers, colours[1:], strict=True):
        image += cover[..., None] * (surface(rng, height, width, own, families=families, calm=calm) - image)
    return np.clip(image * illumination(rng, height, width), DARKEST, BRIGHTEST)


def _tones(rng: Generator, colour: np.ndarray, count: int) -> np.ndarray:
    """Colours of the materials of one place: related hues, and brightnesses that keep apart. Shapes: (3,) -> (count,3)."""
    light = float(colour.mean())
    middle = 0.35 * light + 0.65 * MIDDLE_TONE
    steps = rng.permutation(np.linspace(-1, 1, count)) * rng.uniform(*TONES) + rng.normal(0, 8, count)
    chroma = 0.6 * (colour - light) + palette(rng, count, GROUND_CHROMA)
    return chroma - chroma.mean(1, keepdims=True) + np.clip(middle + steps, 30, 222)[:, None]
