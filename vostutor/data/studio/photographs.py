"""The photographs that minivos cuts its materials from, and how a piece is cut.

All lie inside the scikit-image wheel, as CC0, public domain or "no known copyright restrictions"; none shows a person. A piece
is only shrunk, never enlarged: an enlarged crop is smoother than its surroundings, and a network would find the objects by
that alone. Photographs that are soft at their own size are always shrunk.

Letters: h, w of the piece; colours are RGB from 0 to 255.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from vostutor.data.studio.plates import noise_plate, piece

LEAST_SHRINK = {  # by which a photograph must shrink at least before it is as sharp as the others
    "brick.png": 1.5,
    "grass.png": 1.0,
    "gravel.png": 1.0,
    "coins.png": 1.5,
    "chelsea.png": 2.0,
    "coffee.png": 2.0,
    "rocket.jpg": 3.0,
    "hubble_deep_field.jpg": 2.0,
}
PHOTOGRAPHS = tuple(LEAST_SHRINK)
SHARES = np.array([1, 2, 2, 1, 1, 1, 1, 1]) / 10  # grass and gravel twice: they look like nothing else in particular
LEAST_SIDE = 100  # pixels: a smaller photograph would give every piece the same content
SHRINKS = (1.0, 1.5, 2.0, 3.0)  # sizes at which a photograph is kept, averaged over areas


@cache
def photograph(name: str) -> np.ndarray:
    """A photograph from inside the scikit-image wheel. Shapes: returns uint8 (h,w,3) RGB, read only.

    >>> photograph("brick.png").shape
    (512, 512, 3)
    """
    import skimage

    image = cv2.cvtColor(cv2.imread(str(Path(skimage.data_dir) / name)), cv2.COLOR_BGR2RGB)
    image.flags.writeable = False
    return image


@cache
def shrunk(name: str, factor: float) -> np.ndarray:
    """The photograph at 1/factor of its size, each pixel the average of the area it covers. Shapes: returns uint8 (h/f,w/f,3)."""
    image = photograph(name)
    if factor == 1:
        return image
    height, width = (round(side / factor) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    small.flags.writeable = False
    return small


def pixels_digest(images: Iterable[np.ndarray] | None = None) -> str:
    """SHA-256 over decoded pixels, by default of every photograph in use: part of what freezes minivos.

    >>> black = np.zeros((1, 2, 3), np.uint8)
    >>> pixels_digest([black]) == pixels_digest([black.reshape(2, 1, 3)])       # the shape counts too
    False
    """
    digest = hashlib.sha256()
    for image in map(photograph, PHOTOGRAPHS) if images is None else images:
        digest.update(f"{image.shape} {image.dtype}".encode())
        digest.update(np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()


def window(
    rng: np.random.Generator, picture: np.ndarray, height: int, width: int, *, border: int = cv2.BORDER_REFLECT_101
) -> np.ndarray:
    """A piece of the picture at its own scale, turned by any angle, mirrored or not, in one resampling.

    Shapes: (h0,w0,C) -> (height,width,C) of the same type. Where the piece reaches over the border it continues mirrored.
    """
    rows, columns = picture.shape[:2]
    centre = [
        rng.uniform(min(half, side / 2), max(side - half, side / 2))
        for half, side in ((width / 2, columns), (height / 2, rows))
    ]
    cos, sin = np.cos(angle := rng.uniform(0, 2 * np.pi)), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.diag([rng.choice([-1, 1]), 1])
    shift = centre - turn @ [width / 2, height / 2]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, np.column_stack([turn, shift]), (width, height), flags=flags, borderMode=border)


def photo(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A piece of one of the photographs, never enlarged, with grain so that its empty parts are no smoother than the rest.

    Shapes: returns float32 (height,width,3).

    >>> photo(np.random.default_rng(0), 4, 6).shape
    (4, 6, 3)
    """
    name = PHOTOGRAPHS[rng.choice(len(PHOTOGRAPHS), p=SHARES)]
    side = min(photograph(name).shape[:2])
    fitting = [
        factor for factor in SHRINKS if factor >= LEAST_SHRINK[name] and side / factor >= max(height, LEAST_SIDE)
    ]
    factor = fitting[rng.integers(len(fitting))] if fitting else LEAST_SHRINK[name]
    grain = piece(rng, noise_plate(0), height, width)[..., :1] * np.float32(rng.uniform(1, 7))
    return window(rng, shrunk(name, factor), height, width) + grain
