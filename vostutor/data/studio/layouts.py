"""How a place is laid out and lit: which material covers which part of the ground, and where light and shade fall.

A layout is a list of covers, laid over a first material one after the other: the land below a horizon, a meadow's winding edge,
a road, a wall, posts. Real frames have strong light and dark regions; one material with even light looks like wallpaper.

Letters: h, w of the ground in texels; a cover is float32 (h,w), 0 bare to 1 covered.
"""

import cv2
import numpy as np

from vostutor.data.studio.plates import noise_plate, piece


def layout(rng: np.random.Generator, height: int, width: int) -> list[np.ndarray]:
    """One to three covers over the first material. Shapes: returns a list of float32 (height,width) in [0,1].

    >>> covers = layout(np.random.default_rng(0), 20, 30)
    >>> 1 <= len(covers) <= 3 and all(cover.shape == (20, 30) for cover in covers)
    True
    """
    first = (land, patches, wall)[rng.choice(3, p=[0.55, 0.3, 0.15])]
    further = [
        (land, road, wall, patches, posts)[kind]
        for kind in rng.choice(5, rng.integers(0, 3), p=[0.25, 0.25, 0.2, 0.15, 0.15])
    ]
    return [cover(rng, height, width) for cover in (first, *further)]


def land(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Everything below a hilly or straight horizon. Shapes: returns (height,width)."""
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)
    line = rng.uniform(0.2, 0.75) + rng.normal(0, 0.15) * x
    steps, roughness = np.cumsum(rng.standard_normal(width)), rng.choice([0, 0.004, 0.012])
    hills = cv2.resize(rng.uniform(-0.12, 0.12, (1, 7)), (width, 1), interpolation=cv2.INTER_CUBIC)[0] * rng.random()
    line = line + hills + roughness * (steps - np.linspace(0, steps[-1], width))
    below = np.arange(height, dtype=np.float32)[:, None] - (height * line)[None].astype(np.float32)
    return _bordered(rng, below)


def patches(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A winding border: puddles, bushes, a bank. Shapes: returns (height,width)."""
    coarse = rng.uniform(-1, 1, rng.integers(3, 6, 2)).astype(np.float32)
    hills = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    rough = 0.05 * piece(rng, noise_plate(4), height, width)[..., 0] * rng.choice([0, 1, 2])
    return _bordered(rng, (hills + rough - np.float32(rng.uniform(-0.2, 0.3))) * np.float32(0.25 * max(height, width)))


def road(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A way that narrows towards its end, in any direction. Shapes: returns (height,width)."""
    side = max(height, width)
    near, far = rng.uniform(0.1, 0.35) * side, rng.uniform(0.02, 0.15) * side
    corners = np.array([[-side, -near], [side, -far], [side, far], [-side, near]]) @ _turn(
        rng.normal(0, 0.5) + rng.choice([0, np.pi / 2])
    )
    return _filled(rng, [corners + rng.uniform(0.25, 0.75, 2) * [width, height]], height, width)


def wall(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One to three large four-cornered shapes that reach the border: walls, roofs, fields. Shapes: returns (height,width)."""
    shapes = []
    for _ in range(rng.integers(1, 4)):
        half = rng.uniform(0.15, 0.6, 2) * [width, height] / 2
        box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + rng.normal(0, 0.06, (4, 2)) * [width, height]
        shapes.append(box + rng.uniform(0.05, 0.95, 2) * [width, height])
    return _filled(rng, shapes, height, width)


def posts(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Trunks, poles or slats, nearly parallel. Shapes: returns (height,width)."""
    side = max(height, width)
    lean = rng.normal(0, 0.15) + rng.choice([0, 0, np.pi / 2])  # two in three stand, the rest lie
    thickness = rng.uniform(0.008, 0.05)
    shapes = []
    for _ in range(rng.integers(2, 9)):
        half = thickness * side * rng.uniform(0.6, 1.4) / 2
        post = np.array([[-half, -side], [half, -side], [1.2 * half, side], [-1.2 * half, side]])
        shapes.append(post @ _turn(lean + rng.normal(0, 0.04)) + rng.uniform(0, 1, 2) * [width, height])
    return _filled(rng, shapes, height, width)


def illumination(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Gain of the light on every texel: a slow fall-off, and in half of the places shadows of things out of the picture.

    Shapes: returns float32 (height,width,1) around 1.
    """
    hills = cv2.resize(rng.uniform(-1, 1, (3, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    gain = 1 + np.float32(rng.uniform(0.05, 0.35)) * hills
    if rng.random() < 0.5:
        shadow = (patches, wall, road, posts)[rng.integers(4)](rng, height, width)
        if rng.random() < 0.5:
            shadow = cv2.GaussianBlur(shadow, (0, 0), float(rng.uniform(1, 5)))
        gain *= 1 - np.float32(rng.uniform(0.25, 0.6)) * shadow
    return gain[..., None]


def _turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _filled(rng: np.random.Generator, shapes: list[np.ndarray], height: int, width: int) -> np.ndarray:
    """Straight-edged shapes, anti-aliased, some of them with a frayed or soft edge."""
    mask = np.zeros((height, width), np.uint8)
    for corners in shapes:
        cv2.fillPoly(mask, [np.int32(np.rint(corners * 8))], 255, cv2.LINE_AA, 3)  # 3 binary digits
    if rng.random() < 0.6:
        return mask.astype(np.float32) / 255
    return _bordered(rng, cv2.GaussianBlur(mask, (0, 0), 3).astype(np.float32) * np.float32(7 / 255) - 3.5)


def _bordered(rng: np.random.Generator, inside: np.ndarray) -> np.ndarray:
    """From texels inside the border to a cover: hard, soft, or frayed by noise as grass is."""
    kind = rng.choice(3, p=[0.5, 0.2, 0.3])
    if kind == 1:
        return np.clip(0.5 + inside / np.float32(rng.uniform(4, 16)), 0, 1)
    if kind == 2:
        inside = inside + np.float32(rng.uniform(1.5, 5)) * piece(rng, noise_plate(1), *inside.shape)[..., 0]
    return np.clip(0.5 + inside, 0, 1)
