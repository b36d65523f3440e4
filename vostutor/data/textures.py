"""Surfaces for minivos: photographs, noise with the spectrum of photographs, patterns, colours.

A surface is made once for a clip and then only shrunk or turned, never enlarged: enlarged crops are smoother than their
surroundings, and a network would find the objects by that alone. The photographs are those that scikit-image ships as CC0 or
public domain; none shows a person.

Letters: S texels along a side; colours are float32 RGB from 0 to 255.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

PHOTOGRAPHS = (
    "brick.png",
    "grass.png",
    "gravel.png",
    "chelsea.png",
    "coffee.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
)
GROUND_CHROMA = 28.0  # earth, stone and grass are duller than what crawls on them
PLATES = 6  # noise plates, from rough (exponent .8) to cloudy (1.5)
PLATE_SIDE = 256  # texels; the plates tile without a seam


@cache
def photograph(name: str) -> np.ndarray:
    """A photograph from inside the scikit-image wheel. Shapes: returns uint8 (h,w,3) RGB, read only."""
    import skimage

    image = cv2.cvtColor(cv2.imread(str(Path(skimage.data_dir) / name)), cv2.COLOR_BGR2RGB)
    image.flags.writeable = False
    return image


@cache
def noise_plate(index: int) -> np.ndarray:
    """Noise with amplitude 1/f^a, as photographs have it (a near 1). Shapes: returns float32 (256,256,3), mean 0, deviation 1.

    >>> abs(float(noise_plate(0).mean())) < 1e-4
    True
    """
    rng = np.random.default_rng([index, 0])
    exponent = np.linspace(0.8, 1.5, PLATES)[index]
    fy, fx = np.fft.fftfreq(PLATE_SIDE)[:, None], np.fft.rfftfreq(PLATE_SIDE)[None, :]
    radius = np.hypot(fx, fy)
    radius[0, 0] = np.inf  # no mean
    spectrum = np.fft.rfft2(rng.standard_normal((3, PLATE_SIDE, PLATE_SIDE))) / radius**exponent
    plate = np.fft.irfft2(spectrum, s=(PLATE_SIDE, PLATE_SIDE)).transpose(1, 2, 0)
    return (plate / plate.std()).astype(np.float32)


def random_colour(rng: np.random.Generator, most_chroma: float = 50.0) -> np.ndarray:
    """A colour of moderate saturation, as in outdoor video. Shapes: returns float32 (3,).

    >>> grey = random_colour(np.random.default_rng(0), most_chroma=0)
    >>> bool(np.ptp(grey) == 0 and 45 <= grey[0] <= 195)
    True
    """
    luminance, chroma, hue = rng.uniform(45, 195), rng.uniform(0.1, 1) * most_chroma, rng.uniform(0, 2 * np.pi)
    red_cyan, green_magenta = np.array([2, -1, -1]) / 6**0.5, np.array([0, 1, -1]) / 2**0.5
    return (luminance + chroma * (np.cos(hue) * red_cyan + np.sin(hue) * green_magenta)).astype(np.float32)


def surface(rng: np.random.Generator, height: int, width: int, colour: np.ndarray) -> np.ndarray:
    """A textured piece of material around a colour, half of them cut from photographs, half from noise.

    Shapes: colour (3,) -> float32 (height,width,3).
    """
    if rng.random() < 0.5:
        pattern, colourful = _photo_crop(rng, height, width), rng.uniform(0.1, 0.7)
    else:
        pattern, colourful = _plate_crop(rng, height, width), rng.uniform(0.05, 0.2)
    _, deviation = cv2.meanStdDev(cv2.transform(pattern, np.full((1, 3), 1 / 3)))
    mix = (1 - colourful) / 3 + colourful * np.eye(3)  # towards grey
    mix *= rng.uniform(14, 34) / max(float(deviation[0, 0]), 1e-3)
    return np.clip(cv2.transform(pattern, np.column_stack([mix, colour - mix @ cv2.mean(pattern)[:3]])), 4, 251)


def marked(rng: np.random.Generator, material: np.ndarray) -> np.ndarray:
    """The material with stripes, spots or nothing on it: edges inside an object as strong as its outline. Shapes: (S,S,3) -> (S,S,3)."""
    kind = rng.choice(["none", "stripes", "spots"], p=[0.4, 0.3, 0.3])
    if kind == "none":
        return material
    height, width = material.shape[:2]
    wave = _soft_noise(rng, height, width)
    if kind == "stripes":
        angle, count = rng.uniform(0, np.pi), rng.uniform(2, 6)
        y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
        wave = np.sin(2 * np.pi * count * (x * np.cos(angle) + y * np.sin(angle)) + wave)
    where = np.clip(0.5 + 2.5 * (wave - rng.uniform(0, 0.6)), 0, 1).astype(np.float32)
    return material + cv2.merge([where] * 3) * rng.uniform(0.4, 0.9) * (random_colour(rng) - material.mean((0, 1)))


def ground(rng: np.random.Generator, height: int, width: int, colour: np.ndarray) -> np.ndarray:
    """What lies under everything: one or two materials that meet along a winding border. Shapes: returns float32 (height,width,3)."""
    below = surface(rng, height, width, colour)
    if rng.random() < 0.6:
        above = surface(rng, height, width, 0.5 * colour + 0.5 * random_colour(rng, GROUND_CHROMA))
        cover = np.clip(0.5 + 6 * _soft_noise(rng, height, width), 0, 1)
        below += cv2.merge([cover] * 3) * (above - below)
    below *= cv2.merge([1 + 0.22 * _soft_noise(rng, height, width)] * 3)
    return np.clip(below, 4, 251, out=below)


def _photo_crop(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A window of a photograph, shrunk by up to 2.5, turned over or not; a photograph that is too small is mirrored at its end."""
    photo = photograph(PHOTOGRAPHS[rng.integers(len(PHOTOGRAPHS))])
    most = float(np.clip(min(photo.shape[0] / height, photo.shape[1] / width), 1, 2.5))
    shrink = rng.uniform(max(0.7 * most, 1), most)
    rows, columns = round(height * shrink), round(width * shrink)
    missing_rows, missing_columns = max(rows - photo.shape[0], 0), max(columns - photo.shape[1], 0)
    if missing_rows or missing_columns:
        photo = cv2.copyMakeBorder(photo, 0, missing_rows, 0, missing_columns, cv2.BORDER_REFLECT)
    y, x = rng.integers(photo.shape[0] - rows + 1), rng.integers(photo.shape[1] - columns + 1)
    small = cv2.resize(photo[y : y + rows, x : x + columns], (width, height), interpolation=cv2.INTER_AREA)
    down, right = rng.choice([-1, 1], 2)
    return np.ascontiguousarray(small[::down, ::right], dtype=np.float32)


def _plate_crop(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    plate = noise_plate(int(rng.integers(PLATES)))
    y, x = rng.integers(PLATE_SIDE, size=2)
    rows, columns = (y + np.arange(height)) % PLATE_SIDE, (x + np.arange(width)) % PLATE_SIDE
    return plate[rows[:, None], columns][..., rng.permutation(3)]


def _soft_noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A smooth field between about -1 and 1 with a few hills across."""
    coarse = rng.uniform(-1, 1, (5, 5)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
