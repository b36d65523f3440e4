"""Families of patterns besides the photographs: pieces of plates, and formulas over warped coordinates.

A family takes a generator and a size and returns colours with the contrast and sharpness of its kind; only `surface` gives them a mean.
Every formula carries fine grain, so that nothing drawn is smoother than what is photographed.

Letters: h, w of the piece; u, v coordinates in texels along the pattern; colours are float32 RGB about 0 to 255.
"""

import cv2
import numpy as np

from vostutor.data.studio import plates
from vostutor.data.studio.colours import painted, palette
from vostutor.data.studio.photographs import window


def noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Noise with the spectrum of photographs, in the colours of a palette. Shapes: returns float32 (height,width,3)."""
    return painted(rng, plates.piece(rng, plates.noise_plate(int(rng.integers(plates.NOISES))), height, width))


def wavelet(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Noise with heavy-tailed bands. Shapes: returns float32 (height,width,3)."""
    return painted(rng, plates.piece(rng, plates.wavelet_plate(int(rng.integers(plates.COPIES))), height, width))


def leaves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Dead leaves with textures. Shapes: returns float32 (height,width,3)."""
    return painted(rng, window(rng, plates.leaves_plate(int(rng.integers(plates.COPIES))), height, width))


def cells(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Stones or scales with seams between them. Shapes: returns float32 (height,width,3)."""
    return painted(rng, window(rng, plates.cells_plate(int(rng.integers(plates.COPIES))), height, width))


def foliage(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Grass, needles or leaves. Shapes: returns float32 (height,width,3)."""
    return painted(rng, window(rng, plates.foliage_plate(int(rng.integers(plates.COPIES))), height, width))


def clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Billows: the folds of cloudy noise, with grain. Shapes: returns float32 (height,width,3)."""
    billow = np.abs(plates.piece(rng, plates.noise_plate(plates.NOISES - 1), height, width)[..., 0])
    return _ramp(rng, billow * 90) + _grain(rng, height, width, 2)


def gradient(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A slow change from one colour to others across the piece, with grain. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 0.15 * max(height, width))
    field = u if rng.random() < 0.6 else np.hypot(u, v)
    low, high = float(field.min()), float(field.max())
    return _ramp(rng, (field - low) * (255 / max(high - low, 1e-3))) + _grain(rng, height, width, 2.5)


def stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Bands of two to six colours and unequal widths. Shapes: returns float32 (height,width,3)."""
    u, _ = _coordinates(rng, height, width, 3)
    return _bands(rng, u) + _grain(rng, height, width)


def checks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Bands across bands: tiles, plaid. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 2)
    return 0.6 * _bands(rng, u) + 0.6 * _bands(rng, v) + _grain(rng, height, width)


def bricks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Bricks or slabs, each with its own brightness, with mortar between. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 1.5)
    tall = _period(rng, 5, 16)
    row = np.floor(v / tall)
    along = u / (tall * rng.uniform(1, 3)) + 0.5 * row
    column = np.floor(along)
    face = _ramp(rng, _hashed(rng, row, column))
    seam = (v / tall - row < 0.16) | (along - column < 0.08)
    face[seam] = palette(rng, 1)[0]
    return face + _grain(rng, height, width)


def weave(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Threads that pass over and under each other. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 2)
    period = _period(rng, 3.5, 9)
    across, down = u / period, v / period
    over = (np.floor(across) + np.floor(down)).astype(np.int32) & 1
    bulge = np.where(over, np.abs(np.sin(np.pi * across)), np.abs(np.sin(np.pi * down)))
    return _ramp(rng, 200 * bulge + 55 * over) + _grain(rng, height, width)


def wood(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Rings cut lengthwise: slow rise, sharp fall. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 6)
    rings = np.hypot(u * rng.uniform(0.05, 0.3), v + rng.uniform(-60, 60)) / _period(rng, 4, 14)
    return _ramp(rng, 255 * (rings % 1)) + _grain(rng, height, width)


def ripples(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Waves of related directions with narrow crests: water, sand. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 3)
    height_of = np.zeros_like(u)
    for _ in range(4):
        angle, wave = rng.normal(0, 0.35), 2 * np.pi / _period(rng, 4, 26)
        height_of += np.sin(np.float32(wave * np.cos(angle)) * u + np.float32(wave * np.sin(angle)) * v) / 2
    return _ramp(rng, 255 * (1 - np.abs(height_of) / 2)) + _grain(rng, height, width)


def spots(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Round spots of many sizes on a plain or speckled material. Shapes: returns float32 (height,width,3)."""
    u, v = _coordinates(rng, height, width, 2)
    period = _period(rng, 6, 22)
    row, column = np.floor(v / period), np.floor(u / period)
    size = _hashed(rng, row, column) / 255
    reach = 0.5 - 0.5 * size
    off = np.hypot(u / period - column - 0.5, v / period - row - 0.5)
    return _ramp(rng, np.clip((reach - off) * period, 0, 1) * (155 + 100 * size)) + _grain(rng, height, width)


PATTERNS = {
    family.__name__: family
    for family in (
        noise, leaves, gradient, stripes, checks, bricks, cells, weave, wood, foliage, ripples, clouds, spots, wavelet,
    )
}  # fmt: skip


def _period(rng: np.random.Generator, shortest: float, longest: float) -> float:
    return float(np.exp(rng.uniform(np.log(shortest), np.log(longest))))


def _coordinates(rng: np.random.Generator, height: int, width: int, warp: float) -> tuple[np.ndarray, np.ndarray]:
    """Texel coordinates turned by any angle and bent by up to `warp` texels. Shapes: returns two float32 (height,width)."""
    x, y = np.arange(width, dtype=np.float32) - width / 2, np.arange(height, dtype=np.float32)[:, None] - height / 2
    cos, sin = np.float32(np.cos(angle := rng.uniform(0, 2 * np.pi))), np.float32(np.sin(angle))
    bend = cv2.resize(
        rng.uniform(-warp, warp, (6, 6, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return cos * x - sin * y + bend[..., 0], sin * x + cos * y + bend[..., 1]


def _grain(rng: np.random.Generator, height: int, width: int, strength: float = 1.0) -> np.ndarray:
    """Fine noise, the same in all channels. Shapes: returns float32 (height,width,1)."""
    plate = plates.noise_plate(int(rng.integers(2)))[..., :1]
    return plates.piece(rng, plate, height, width) * np.float32(strength * rng.uniform(4, 14))


def _ramp(rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
    """Colours along a scale from 0 to 255, through two to five of a palette. Shapes: (h,w) -> float32 (h,w,3)."""
    stops = palette(rng, int(rng.integers(2, 6)), chroma=35)
    at = np.linspace(0, 255, len(stops))
    table = np.stack([np.interp(np.arange(256), at, channel) for channel in stops.T], 1).astype(np.float32)
    return table[np.clip(field, 0, 255).astype(np.uint8)]


def _bands(rng: np.random.Generator, u: np.ndarray) -> np.ndarray:
    """Bands along u whose colours repeat after a while. Shapes: (h,w) -> float32 (h,w,3)."""
    colours = palette(rng, int(rng.integers(2, 7)), chroma=35)
    table = np.repeat(colours, rng.integers(1, 5, len(colours)), 0)
    return table[np.floor(u / _period(rng, 2, 8)).astype(np.int32) % len(table)]


def _hashed(rng: np.random.Generator, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """A value from 0 to 255 for each cell of a grid. Shapes: two (h,w) -> float32 (h,w)."""
    table = rng.uniform(0, 255, 251).astype(np.float32)
    return table[(row.astype(np.int32) * 37 + column.astype(np.int32) * 101) % 251]
