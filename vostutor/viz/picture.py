"""What a lesson's cell ends with: pixels and the sentence that says what is seen, as one object.

The bytes are the same on every run (no date, no version), so that a notebook changes only where its picture does.
"""

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from vostutor.core.errors import SettingsError
from vostutor.viz.digest import figure_digest
from vostutor.viz.draw import as_pixels
from vostutor.viz.figures import DPI, style

_LIMIT = 13_500  # bytes that a stored photograph aims at: a notebook of half a megabyte holds fifteen
_LEAST_WIDE = 500  # pixels that a photograph keeps when it is made smaller: frames of 160 columns are not
_PALETTE = 64  # colours of a stored figure
_UNSEEN = 0.5  # grey levels that a smaller palette may cost on average; a figure with a photograph in it loses more


class Picture:
    """A figure or an array of pixels with its alt text; Jupyter shows it, and stores both.

    Shapes: a matplotlib Figure, or an image (3,H,W), (H,W,3), (H,W) as uint8.
    Units: width in CSS pixels; left out, a figure keeps its own size and an array its pixels.
    Raises: SettingsError for a missing alt text.
    A figure is stored as PNG, a photograph as JPEG, both small enough for a notebook that holds a dozen; what lies on a figure's axes
    is stored beside it, so that a run can be compared with another.
    >>> Picture(np.zeros((2, 3, 3), np.uint8), alt="Two rows of black.")
    Picture(3 x 2, image/png, 'Two rows of black.')
    """

    def __init__(self, figure_or_array, alt: str, *, width: int | None = None):
        if not isinstance(alt, str) or not alt.strip():
            raise SettingsError(
                expected="alt text: a sentence that says what is seen",
                got=repr(alt),
                try_this='Picture(figure, alt="J falls from 0.9 to 0.2 while the object turns.")',
            )
        self.alt = " ".join(alt.split())
        drawn = hasattr(figure_or_array, "savefig")
        if drawn:
            pixels, own_width = render_figure(figure_or_array)
            self.digest = figure_digest(figure_or_array)
        else:
            pixels, own_width, self.digest = as_pixels(figure_or_array), None, None
        self.size = (pixels.shape[1], pixels.shape[0])
        self.width = width or own_width
        self.data, self.mime = _compress(Image.fromarray(pixels), drawn=drawn)

    def save(self, path) -> None:
        """Writes the picture's bytes to a file."""
        Path(path).write_bytes(self.data)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        about = {"alt": self.alt} | ({"width": int(self.width)} if self.width else {})
        if self.digest is not None:  # as a string: notebooks give every number of a list a line of its own
            about["digest"] = json.dumps(self.digest, separators=(",", ":"), ensure_ascii=False)
        stored = {self.mime: base64.b64encode(self.data).decode("ascii"), "text/plain": self.alt}
        return stored, {self.mime: about}

    def __repr__(self) -> str:
        return f"Picture({self.size[0]} x {self.size[1]}, {self.mime}, {self.alt!r})"


def render_figure(figure, dpi: int = DPI) -> tuple[np.ndarray, int]:
    """Pixels (H,W,3) of a figure and its width in CSS pixels; the figure is closed.

    Units: dpi in pixels per inch.

    >>> from vostutor.viz.figures import new_figure
    >>> render_figure(new_figure(width=2, height=1)[0])[0].shape
    (144, 288, 3)
    """
    with style():
        figure.set_dpi(dpi)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    if "matplotlib.pyplot" in sys.modules:  # else no window manager can hold it
        sys.modules["matplotlib.pyplot"].close(figure)
    return pixels, round(figure.get_figwidth() * 96)


def _compress(image: Image.Image, *, drawn: bool) -> tuple[bytes, str]:
    """A figure and what is small as PNG; a photograph as JPEG, of falling quality and size until it is small enough.

    Lines and letters have few colours besides their soft edges: 64 are as good to the eye as all, at a third of the bytes. A figure
    that holds a photograph is one.
    """
    few = image if image.getcolors(_PALETTE) else image.quantize(_PALETTE, dither=Image.Dither.NONE)
    if few is image or (drawn and _mean_error(image, few) < _UNSEEN):
        return _encoded(few, "PNG", optimize=True), "image/png"
    exact = _encoded(image, "PNG", optimize=True)
    if len(exact) <= _LIMIT:
        return exact, "image/png"
    for scale, quality in _tries(image.width):
        size = tuple(round(scale * side) for side in image.size)
        smaller = image if scale == 1 else image.resize(size, Image.Resampling.LANCZOS)
        photograph = _encoded(smaller, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(photograph) <= _LIMIT:
            break
    return photograph, "image/jpeg"


def _tries(width: int) -> list[tuple[float, int]]:
    """Scale and quality to be tried in turn: what is large is made smaller before it is made of blocks.

    >>> _tries(480)
    [(1, 85), (1, 75), (1, 65), (1, 55), (1, 45), (1, 35)]
    >>> _tries(960)[4:]
    [(0.8, 65), (0.8, 55), (0.65, 65), (0.65, 55), (0.65, 45), (0.65, 35)]
    """
    scales = [scale for scale in (0.8, 0.65) if scale * width >= _LEAST_WIDE]
    smaller = [(scale, quality) for scale in scales for quality in (65, 55)]
    least = scales[-1] if scales else 1
    return [(1, 85), (1, 75), (1, 65), (1, 55), *smaller, (least, 45), (least, 35)]


def _mean_error(image: Image.Image, other: Image.Image) -> float:
    """How far the pixels of two images lie apart on average, in grey levels."""
    return float(np.abs(np.asarray(image, dtype=int) - np.asarray(other.convert("RGB"), dtype=int)).mean())


def _encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
