"""Colours of minivos: single ones, palettes, and the transfer of one picture's colours to another.

Letters: h, w of a picture; colours are float32 RGB from 0 to 255.
"""

import cv2
import numpy as np

# Light, red to cyan, green to blue: three axes of length 1 at right angles.
OPPONENT = np.array([[1, 1, 1], [2, -1, -1], [0, 1, -1]]) / np.sqrt([[3], [6], [2]])
HUES = np.array([40, 100, 208, 0])  # degrees from red towards yellow: earth and skin, foliage, sky and water, any
HUE_SHARES = (0.35, 0.2, 0.2, 0.25)


def random_colour(rng: np.random.Generator, chroma: float = 50.0) -> np.ndarray:
    """A colour of at most this chroma, moderate as in outdoor video. Shapes: returns float32 (3,).

    >>> grey = random_colour(np.random.default_rng(0), chroma=0)
    >>> bool(np.ptp(grey) < 1e-4 and 30 <= grey[0] <= 210)
    True
    """
    return palette(rng, 1, chroma)[0]


def palette(rng: np.random.Generator, count: int, chroma: float = 50.0) -> np.ndarray:
    """Random colours, each earth, foliage or sky in hue or of any hue. Shapes: returns float32 (count,3)."""
    kind = rng.choice(len(HUES), count, p=HUE_SHARES)
    hue = np.where(kind == 3, rng.uniform(0, 360, count), HUES[kind] + rng.normal(0, 18, count)) * (np.pi / 180)
    luminance, strength = rng.uniform(30, 210, count), rng.uniform(0.1, 1, count) * chroma
    return (np.stack([3**0.5 * luminance, strength * np.cos(hue), strength * np.sin(hue)], 1) @ OPPONENT).astype(
        np.float32
    )


def painted(rng: np.random.Generator, plate: np.ndarray) -> np.ndarray:
    """Three independent channels of deviation 1 turned into colours: 3 to 22 random colours in random shares give the axes.

    Shapes: (h,w,3) float32 -> (h,w,3) float32, mean about 128.
    Source: the colour model of Baradad et al. (2021), with the covariance of the palette in place of its histogram.
    """
    colours = palette(rng, int(rng.integers(3, 23)))
    shares = rng.dirichlet(np.ones(len(colours)))
    away = colours - shares @ colours
    spread, axes = np.linalg.eigh((away * shares[:, None]).T @ away)
    mix = (axes * np.sqrt(np.maximum(spread, 4)))[:, ::-1]  # the plate's first channel takes the longest axis
    return cv2.transform(plate, np.column_stack([mix, np.full(3, 128)]))


def colour_statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation along the opponent axes, what `transfer` moves towards. Shapes: (h,w,3) -> (3,), (3,).

    >>> colour_statistics(np.full((2, 2, 3), 60, np.float32))[0].round(2).tolist()      # 60 times root of 3
    [103.92, 0.0, 0.0]
    """
    mean, deviation = cv2.meanStdDev(cv2.transform(image.astype(np.float32, copy=False), OPPONENT))
    return mean[:, 0], deviation[:, 0]


def transfer(material: np.ndarray, towards: tuple[np.ndarray, np.ndarray], weight: float) -> np.ndarray:
    """The material with its colours moved towards other statistics: not at all at weight 0, all the way at 1.

    Shapes: (h,w,3) float32, two (3,) of `colour_statistics` -> (h,w,3) float32, not clipped.
    Source: mean and deviation along decorrelated axes, as Reinhard et al. (2001) do it in another space.
    """
    if weight == 0:
        return material
    mean, deviation = colour_statistics(material)
    gain = 1 + weight * (towards[1] / np.maximum(deviation, 1e-3) - 1)
    shift = mean + weight * (towards[0] - mean) - gain * mean
    return cv2.transform(material, OPPONENT.T @ np.column_stack([gain[:, None] * OPPONENT, shift]))
