"""Plates: patterns too dear to draw for every surface, computed once on first use and then cut.

A plate depends on constants only, never on the generator of a clip. Its three channels are independent, with mean 0 and deviation 1;
`colours.painted` gives them colours when a piece is cut. Plates of noise and wavelets tile without a seam.

Letters: SIDE texels along a plate.
"""

from functools import cache

import cv2
import numpy as np

SIDE = 256
NOISES = 6  # noise plates, from rough (exponent .8) to cloudy (1.5)
COPIES = 3  # plates of each other kind


def piece(rng: np.random.Generator, plate: np.ndarray, height: int, width: int) -> np.ndarray:
    """A piece of a plate that tiles: shifted, mirrored, not resampled. Shapes: (SIDE,SIDE,C) -> (height,width,C)."""
    y, x = rng.integers(SIDE, size=2)
    down, right = rng.choice([-1, 1], 2)
    rows, columns = (y + down * np.arange(height)) % SIDE, (x + right * np.arange(width)) % SIDE
    return plate.take(rows, 0).take(columns, 1)


def _standard(plate: np.ndarray) -> np.ndarray:
    plate = plate - plate.mean((0, 1))
    plate = (plate / plate.std((0, 1))).astype(np.float32)
    plate.flags.writeable = False
    return plate


def _radius(side: int) -> np.ndarray:
    radius = np.hypot(np.fft.rfftfreq(side)[None], np.fft.fftfreq(side)[:, None])
    radius[0, 0] = np.inf  # no mean
    return radius


@cache
def noise_plate(index: int) -> np.ndarray:
    """Noise with amplitude 1/f^a, as photographs have it (a near 1.2). Shapes: returns float32 (SIDE,SIDE,3).

    >>> abs(float(noise_plate(0).mean())) < 1e-4
    True
    """
    rng = np.random.default_rng([index, 0])
    exponent = np.linspace(0.8, 1.5, NOISES)[index]
    spectrum = np.fft.rfft2(rng.standard_normal((3, SIDE, SIDE))) / _radius(SIDE) ** exponent
    return _standard(np.fft.irfft2(spectrum, s=(SIDE, SIDE)).transpose(1, 2, 0))


@cache
def wavelet_plate(index: int) -> np.ndarray:
    """Noise whose bands (four scales, four directions) have heavy tails: streaks and flecks. Shapes: returns float32 (SIDE,SIDE,3).

    Source: the wavelet marginal model of Baradad et al. (2021), one round, a power of the band in place of a matched histogram.
    """
    rng = np.random.default_rng([index, 1])
    radius = _radius(SIDE)
    angle = np.arctan2(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    white = np.fft.rfft2(rng.standard_normal((SIDE, SIDE)))
    light = np.zeros((SIDE, SIDE))
    for scale in range(5):
        ring = np.exp(-((np.log2(radius / 0.35 * 2**scale)) ** 2) / 0.5)
        for direction in np.arange(4) * np.pi / 4:
            band = np.fft.irfft2(white * ring * np.cos(angle - direction) ** 6, s=(SIDE, SIDE))
            light += 1.15**scale * np.sign(band) * (np.abs(band) / band.std()) ** rng.uniform(2, 2.8)
    return _standard(np.dstack([light, noise_plate(index + 2)[..., :2]]))


@cache
def leaves_plate(index: int) -> np.ndarray:
    """Dead leaves: opaque textured shapes that fell on each other, radii of density r^-3. Shapes: returns float32 (SIDE,SIDE,3).

    Source: Lee, Mumford, Huang (2001).
    """
    rng = np.random.default_rng([index, 2])
    count, smallest = 1500, (0.012, 0.02, 0.03)[index]
    radii = 2 * SIDE * (smallest**-2 - rng.random(count) * (smallest**-2 - 0.35**-2)) ** -0.5
    owner = np.zeros((2 * SIDE, 2 * SIDE), np.int32)
    for number, (radius, corners) in enumerate(zip(radii, rng.integers(3, 14, count), strict=True), 1):
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if corners < 8 else np.linspace(0, 6, 20)
        outline = radius * np.stack([np.cos(angles), rng.uniform(0.3, 1) * np.sin(angles)], 1) @ _turn(rng)
        cv2.fillPoly(owner, [np.int32(outline + rng.uniform(0, 2 * SIDE, 2))], number)
    return _standard(_coloured(rng, owner, count + 1))


@cache
def cells_plate(index: int) -> np.ndarray:
    """Voronoi cells with dark seams: stones, scales, cracked earth. Shapes: returns float32 (SIDE,SIDE,3)."""
    rng = np.random.default_rng([index, 3])
    count = (150, 500, 1500)[index]
    seeds = np.full((2 * SIDE, 2 * SIDE), 255, np.uint8)
    seeds[tuple(rng.integers(0, 2 * SIDE, (2, count)))] = 0
    _, owner = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    plate = _coloured(rng, owner, count + 1)
    kernel = np.ones((3, 3), np.uint8)
    seams = cv2.dilate(owner.astype(np.uint16), kernel) != cv2.erode(owner.astype(np.uint16), kernel)
    plate[..., 0] -= 2 * cv2.resize(seams.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return _standard(plate)


@cache
def foliage_plate(index: int) -> np.ndarray:
    """Many short strokes over each other: grass, needles, leaves, hair. Shapes: returns float32 (SIDE,SIDE,3)."""
    rng = np.random.default_rng([index, 4])
    count, length, wildness = 5000, (8, 14, 24)[index], (3.1, 1.2, 0.35)[index]
    owner = np.zeros((2 * SIDE, 2 * SIDE), np.int32)
    places, angles = rng.uniform(0, 2 * SIDE, (count, 2)), rng.normal(0, wildness, count)
    halves = rng.uniform(0.5, 1.5, (count, 1)) * length * np.stack([np.sin(angles), np.cos(angles)], 1)
    thickness = rng.integers(1, (7, 4, 3)[index], count)
    for number in range(count):
        start, end = np.int32(places[number] - halves[number]), np.int32(places[number] + halves[number])
        cv2.line(owner, start.tolist(), end.tolist(), number + 1, int(thickness[number]))
    plate = _coloured(rng, owner, count + 1)
    clumps = cv2.resize(rng.standard_normal((20, 20)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    plate[..., 0] += 0.6 * clumps  # light and dark between the leaves
    return _standard(plate)


def _turn(rng: np.random.Generator) -> np.ndarray:
    cos, sin = np.cos(angle := rng.uniform(0, 2 * np.pi)), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _coloured(rng: np.random.Generator, owner: np.ndarray, count: int) -> np.ndarray:
    """Each owner gets a colour and a texture of its own strength, then both are averaged down to half size."""
    values = rng.standard_normal((count, 3)).astype(np.float32)
    strength = rng.gamma(1.5, 0.35, (count, 1)).astype(np.float32)
    small = cv2.resize(values[owner], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return small + strength[owner[::2, ::2]] * noise_plate(1)
