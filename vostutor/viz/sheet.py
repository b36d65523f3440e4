"""Several frames in one picture: a sheet, or in one row a film strip, with captions."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vostutor.core.errors import ShapeError
from vostutor.viz.draw import as_pixels


def time_stamps(frames: Sequence[int], fps: float) -> list[str]:
    """What a viewer needs to place a frame: its number and its second.

    Units: frames counted from 0, fps in frames per second.
    >>> time_stamps([0, 6], fps=24)
    ['frame 0 · 0.00 s', 'frame 6 · 0.25 s']
    """
    return [f"frame {t} · {t / fps:.2f} s" for t in frames]


def contact_sheet(
    images: Sequence, *, columns: int | None = None, captions: Sequence[str] = (), gap: int = 6, size: int = 13
) -> np.ndarray:
    """The images side by side on white, row by row, each with its caption above.

    Shapes: images of one size, each (3,H,W) or (H,W,3) uint8 -> (H', W', 3) uint8. `columns` left out: a film strip in one row.
    Units: gap between images and size of the letters in pixels.
    Raises: ShapeError for no image, images of different sizes, or another number of captions.
    >>> contact_sheet([np.zeros((4, 6), np.uint8)] * 3, gap=2).shape
    (4, 22, 3)
    """
    tiles = [as_pixels(image) for image in images]
    _refuse_odd_ones(tiles, captions)
    columns = min(columns or len(tiles), len(tiles))
    rows, (high, wide) = math.ceil(len(tiles) / columns), tiles[0].shape[:2]
    head = round(size * 1.6) if captions else 0
    sheet = Image.new("RGB", (columns * (wide + gap) - gap, rows * (high + head + gap) - gap), "white")
    font = _fitting_font(captions, wide, size)
    for i, tile in enumerate(tiles):
        x, y = (i % columns) * (wide + gap), (i // columns) * (high + head + gap)
        sheet.paste(Image.fromarray(tile), (x, y + head))
        if captions:
            strip = Image.new("RGB", (wide, head), "white")  # a caption ends with its image
            ImageDraw.Draw(strip).text((1, head / 2), captions[i], font=font, fill=(34, 34, 34), anchor="lm")
            sheet.paste(strip, (x, y))
    return np.asarray(sheet).copy()


def _fitting_font(captions: Sequence[str], wide: int, size: int) -> ImageFont.FreeTypeFont:
    """Letters of the size that is asked for, or the largest down to 9 pixels in which every caption fits its image."""
    fonts = [ImageFont.load_default(points) for points in range(max(size, 9), 8, -1)]
    return next((font for font in fonts if all(font.getlength(text) < wide for text in captions)), fonts[-1])


def _refuse_odd_ones(tiles: list[np.ndarray], captions: Sequence[str]) -> None:
    sizes = {tile.shape[:2] for tile in tiles}
    if len(sizes) != 1:
        raise ShapeError(
            expected="at least one image, all of one size",
            got=f"sizes {sorted(sizes)}",
            try_this="draw all with one scale",
        )
    if captions and len(captions) != len(tiles):
        raise ShapeError(
            expected=f"{len(tiles)} captions, one per image",
            got=f"{len(captions)}",
            try_this="time_stamps(frames, fps)",
        )
