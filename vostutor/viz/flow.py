"""Optical flow as colour: the hue says where a pixel goes, the strength of the colour how far.

[WHEEL] Baker, Scharstein, Lewis, Roth, Black, Szeliski: A Database and Evaluation Methodology for Optical Flow. IJCV 2011 (Middlebury).
Departures: none; the wheel is computed from the lengths of its six arcs.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vostutor.core.errors import SettingsError
from vostutor.core.shapes import expect

# Steps from red to yellow, green, cyan, blue, magenta and back to red: the eye tells more hues apart where an arc is longer.
_ARCS = (15, 6, 4, 11, 13, 6)  # 55 in all
_CORNERS = ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 0, 0))
_UNKNOWN_ABOVE = 1e9  # px; how the Middlebury files mark a pixel whose flow nobody knows


def _wheel() -> np.ndarray:
    """Shapes: -> (55,3), colours from 0 to 1."""
    arcs = []
    for steps, start, end in zip(_ARCS, _CORNERS[:-1], _CORNERS[1:], strict=True):
        share = np.arange(steps)[:, None] / steps
        arcs.append(np.floor((1 - share) * start + share * np.array(end)))
    return np.concatenate(arcs) / 255


def draw_flow(flow, *, max_flow: float, unknown=None) -> np.ndarray:
    """The flow in the colours of the Middlebury wheel: white stands still, full colour moves by `max_flow`, darker moves farther,
    black is unknown.

    Shapes: flow (2,H,W), x then y; unknown (H,W) bool, in addition to NaN and beyond 1e9 -> (H,W,3) uint8.
    Units: flow and max_flow in pixels. Pictures that are to be compared need the same max_flow.
    Raises: ShapeError for other axes, SettingsError for a max_flow that is not positive.
    Source: [WHEEL].
    >>> draw_flow(np.zeros((2, 1, 1)), max_flow=4.0)[0, 0]
    array([255, 255, 255], dtype=uint8)
    """
    flow = np.asarray(flow, dtype=np.float64)
    expect(
        "flow: 2 H W",
        flow=flow,
        hint="flow has x and y in axis 0: flow.permute(2, 0, 1) from (H,W,2), flow[0] from a batch",
    )
    if not (np.isfinite(max_flow) and max_flow > 0):
        raise SettingsError(expected="max_flow > 0, in pixels", got=f"{max_flow}", try_this="max_flow=10.0")
    blank = ~(np.abs(flow) < _UNKNOWN_ABOVE).all(axis=0)
    if unknown is not None:
        blank |= np.asarray(unknown).astype(bool)
    x, y = np.where(blank, 0.0, flow) / max_flow
    length = np.hypot(x, y)[..., None]
    hue = _hue(x, y)
    colour = np.where(length <= 1, 1 - length * (1 - hue), hue * 0.75)
    colour[blank] = 0
    return np.floor(255 * colour).astype(np.uint8)


def _hue(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wheel = _wheel()
    place = (np.arctan2(-y, -x) / np.pi + 1) / 2 * (len(wheel) - 1)
    low = np.floor(place).astype(int)
    share = (place - low)[..., None]
    return (1 - share) * wheel[low] + share * wheel[(low + 1) % len(wheel)]


def draw_wheel(size: int = 120, *, max_flow: float) -> np.ndarray:
    """The legend of draw_flow: each point of the disk has the colour of the motion that leads there from the centre.

    Shapes: -> (size, size, 3) uint8.
    Units: size in pixels; the rim stands for max_flow pixels.
    Source: [WHEEL].
    >>> draw_wheel(60, max_flow=8.0).shape
    (60, 60, 3)
    """
    reach = (size - 1) / 2
    y, x = (np.mgrid[:size, :size] - reach) / (reach * 0.94)
    disk = draw_flow(np.stack([x, y]) * max_flow, max_flow=max_flow)
    disk[np.hypot(x, y) > 1] = 255
    picture = Image.fromarray(disk)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(max(9, size // 11))
    pen.line([(reach, reach), (size * 0.97, reach)], fill=(34, 34, 34), width=1)
    pen.text((size * 0.75, reach - 2), f"{max_flow:g} px", font=font, fill=(34, 34, 34), anchor="mb")
    return np.asarray(picture).copy()
