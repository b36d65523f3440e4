"""Masks over frames: fill, outline and name of every object, each in the look of its id.

Letters: H rows, W columns. A frame may come as (3,H,W), as Clip holds it, or as (H,W,3), as these functions return it.
"""

from collections.abc import Iterable, Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.shapes import expect
from vostutor.viz.colours import DASHES, VOID_COLOUR, look_of

VOID = 255
_HALO = (20, 20, 20)  # a dark rim under every outline keeps light colours visible on light ground


def as_pixels(image) -> np.ndarray:
    """A fresh (H,W,3) uint8 array from a frame, a picture or a grey image.

    Shapes: (3,H,W), (H,W,3) or (H,W), uint8, tensor or array -> (H,W,3).
    Raises: ShapeError for other axes or another type.
    >>> as_pixels(np.zeros((3, 4, 6), np.uint8)).shape
    (4, 6, 3)
    """
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8:
        raise ShapeError(
            expected="an image as uint8, 0 to 255",
            got=f"{pixels.dtype}",
            try_this="(image * 255).round() cast to uint8, if it is in [0,1]",
        )
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if pixels.ndim == 3 and pixels.shape[2] != 3 and pixels.shape[0] == 3:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ShapeError(
            expected="an image (3,H,W), (H,W,3) or (H,W)",
            got=f"shape {pixels.shape}",
            try_this="pass one frame: frames[0]",
        )
    return np.array(pixels, order="C")


def draw_masks(
    frame, ids, *, opacity: float = 0.45, outline: bool = True, width: int = 2, scale: int = 1
) -> np.ndarray:
    """The frame with every object tinted and outlined; void is greyed out.

    Shapes: frame (3,H,W) or (H,W,3) uint8, ids (H,W) integer -> (scale H, scale W, 3) uint8.
    Units: opacity of the tint from 0 to 1; width of the outline in pixels of the result.
    Raises: ShapeError where frame and ids differ in size, SettingsError for an opacity outside [0,1].
    >>> draw_masks(np.zeros((3, 4, 4), np.uint8), np.eye(4, dtype=int), outline=False)[0, 0]
    array([104,  72,   0], dtype=uint8)
    """
    if not 0 <= opacity <= 1:
        raise SettingsError(expected="opacity from 0 to 1", got=f"{opacity}", try_this="opacity=0.45")
    pixels, ids = as_pixels(frame), np.asarray(ids)
    expect("frame: H W 3, ids: H W", frame=pixels, ids=ids, hint="resize the ids to the frame with mode nearest")
    if scale > 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        ids = ids.repeat(scale, axis=0).repeat(scale, axis=1)
    present = [int(i) for i in np.unique(ids) if i != 0]
    for i in present:
        pixels = _tint(pixels, ids == i, VOID_COLOUR if i == VOID else look_of(i).colour, opacity)
    for i in present if outline else []:
        if i != VOID:
            pixels = draw_outline(pixels, ids == i, look_of(i).colour, dash=look_of(i).dash, width=width)
    return pixels


def _tint(pixels: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int], opacity: float) -> np.ndarray:
    pixels = pixels.copy()
    pixels[mask] = np.rint((1 - opacity) * pixels[mask] + opacity * np.array(colour)).astype(np.uint8)
    return pixels


def draw_outline(image, mask, colour: tuple[int, int, int], *, dash: str = "solid", width: int = 2) -> np.ndarray:
    """The image with the border of a mask drawn as a solid, dashed or dotted line on a dark rim.

    Shapes: image (3,H,W) or (H,W,3) uint8, mask (H,W) bool -> (H,W,3) uint8.
    Raises: ShapeError where the sizes differ, SettingsError for another dash.
    >>> draw_outline(np.zeros((5, 5), np.uint8), np.eye(5) > 2, (255, 0, 0)).sum()
    np.uint64(0)
    """
    if dash not in DASHES:
        raise SettingsError(expected=f"a dash: {', '.join(DASHES)}", got=repr(dash), try_this='dash="solid"')
    pixels, mask = as_pixels(image), np.asarray(mask) > 0
    expect("image: H W 3, mask: H W", image=pixels, mask=mask)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for contour in contours:  # a dark line all round, the pattern in colour on top of it
        cv2.polylines(pixels, [contour], True, _HALO, width + 2, cv2.LINE_AA)
    for contour in contours:
        for stroke in _strokes(contour[:, 0], dash, width):
            _paint(pixels, stroke, tuple(int(c) for c in colour), width)
    return pixels


def _paint(pixels: np.ndarray, stroke: np.ndarray, colour: tuple[int, int, int], width: int) -> None:
    if len(stroke) > 1:
        cv2.polylines(pixels, [stroke], False, colour, width, cv2.LINE_AA)
    else:  # a polyline of one point would draw nothing
        cv2.circle(pixels, stroke[0].tolist(), max(1, width // 2), colour, -1, cv2.LINE_AA)


def _strokes(contour: np.ndarray, dash: str, width: int) -> list[np.ndarray]:
    """The drawn pieces of a closed contour. Shapes: contour (N,2) -> pieces (n,2), int32."""
    closed = np.concatenate([contour, contour[:1]]).astype(np.int32)
    drawn, blank = (length * width for length in DASHES[dash])
    if blank == 0 or len(contour) < 4:
        return [closed]
    along = np.concatenate([[0.0], np.hypot(*np.diff(closed, axis=0).T).cumsum()])
    # A whole number of periods on the way round: no half dash where the line closes.
    period = along[-1] / max(1, round(along[-1] / (drawn + blank)))
    turn, rest = np.divmod(along, period)
    keep = (rest <= drawn) | (np.diff(turn, prepend=-1) > 0)  # a dot is the first point of its period
    starts = [np.flatnonzero(keep & (turn == k)) for k in range(int(turn[-1]) + 1)]
    return [closed[piece] for piece in starts if len(piece)]


def draw_labels(image, ids, names: Mapping[int, str] | None = None, *, size: int = 13) -> np.ndarray:
    """The image with a name tag on every object, its number where no name is given.

    Shapes: image (3,sH,sW) or (sH,sW,3) uint8, s a whole number, ids (H,W) -> (sH,sW,3) uint8.
    Units: size of the letters in pixels.
    Raises: ShapeError where the image is not a whole multiple of the ids.
    >>> draw_labels(np.zeros((60, 60), np.uint8), np.ones((30, 30), int)).max()
    np.uint8(255)
    """
    pixels, ids = as_pixels(image), np.asarray(ids)
    scale = pixels.shape[0] // ids.shape[0]
    if pixels.shape[:2] != (scale * ids.shape[0], scale * ids.shape[1]):
        raise ShapeError(
            expected=f"an image that is a whole multiple of the ids {ids.shape}",
            got=f"{pixels.shape[:2]}",
            try_this="draw_masks(frame, ids, scale=3) and then draw_labels of that",
        )
    canvas = Image.fromarray(pixels)
    for i in (int(i) for i in np.unique(ids) if i not in (0, VOID)):
        row, column = _inmost(ids == i)
        _tag(
            canvas, ((column + 0.5) * scale, (row + 0.5) * scale), str((names or {}).get(i, i)), look_of(i).colour, size
        )
    return np.asarray(canvas).copy()


def _inmost(mask: np.ndarray) -> tuple[int, int]:
    """The pixel of the mask that is farthest from its border; a centroid may lie outside."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(depth.argmax(), depth.shape)
    return int(row), int(column)


def _tag(canvas: Image.Image, centre: tuple[float, float], text: str, colour: tuple[int, int, int], size: int) -> None:
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size)
    left, top, right, bottom = pen.textbbox(centre, text, font=font, anchor="mm")
    wide, high = right - left + 8, bottom - top + 6
    x = min(max(centre[0], wide / 2), canvas.width - wide / 2)
    y = min(max(centre[1], high / 2), canvas.height - high / 2)
    box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    pen.rounded_rectangle(box, radius=4, fill=_HALO, outline=colour, width=2)
    pen.text((x, y), text, font=font, fill=(255, 255, 255), anchor="mm")


def draw_binary(
    mask, *, scale: int = 1, on: Iterable[int] = (255, 255, 255), off: Iterable[int] = (0, 0, 0)
) -> np.ndarray:
    """A mask in two colours, every pixel a crisp square.

    Shapes: mask (H,W) bool -> (scale H, scale W, 3) uint8.
    >>> draw_binary(np.array([[True, False]]), scale=2)[..., 0]
    array([[255, 255,   0,   0],
           [255, 255,   0,   0]], dtype=uint8)
    """
    mask = np.asarray(mask)
    expect("mask: H W", mask=mask)
    big = (mask > 0).repeat(scale, axis=0).repeat(scale, axis=1)
    return np.where(big[..., None], np.array(tuple(on), np.uint8), np.array(tuple(off), np.uint8))


def draw_prob(prob) -> np.ndarray:
    """Probabilities from dark (0) to bright (1), in colours that keep their order in grey; what is no number is 0.

    Shapes: prob (H,W) in [0,1] -> (H,W,3) uint8.
    >>> draw_prob(np.array([[0.0, 1.0]]))[0].tolist()
    [[68, 1, 84], [253, 231, 37]]
    """
    prob = np.asarray(prob)
    expect("prob: H W", prob=prob)
    levels = np.rint(255 * np.nan_to_num(prob).clip(0, 1)).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
