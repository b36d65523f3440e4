"""Optical flow as colour: the hue says where a pixel goes, the strength of the colour how far.

[WHEEL] Baker, Scharstein, Lewis, Roth, Black, Szeliski: A Database and Evaluation Methodology for Optical Flow. IJCV 2011 (Middlebury).
Departures: the released code takes a rounding error for a fact in three places. A motion exactly to the right with a vertical part
of -0.0 gets the last hue instead of the first; the fastest pixel of a flow that was divided by its own length can come out darkened,
being 1.0000001 long; a colour that should be 34 can become 33. Here the zero loses its sign and a millionth is forgiven.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.shapes import expect

# Steps from red to yellow, green, cyan, blue, magenta and back to red: the eye tells more hues apart where an arc is longer.
_ARCS = (15, 6, 4, 11, 13, 6)  # 55 in all
_CORNERS = ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 0, 0))
_DARKER = 0.75  # of the full colour, for what moves farther than the rim of the wheel
_FORGIVEN = 1e-6
_UNKNOWN_ABOVE = 1e9  # px; how the Middlebury files mark a pixel whose flow nobody knows


def _wheel() -> np.ndarray:
    """Shapes: -> (55,3), colours from 0 to 1."""
    arcs = []
    for steps, start, end in zip(_ARCS, np.array(_CORNERS[:-1]), np.array(_CORNERS[1:]), strict=True):
        climb = 255 * np.arange(steps)[:, None] // steps  # whole numbers, also where the arc descends: 255 - floor(...)
        arcs.append(start + np.sign(end - start) * climb)
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
    _check_scale(max_flow)
    blank = ~(np.abs(flow) < _UNKNOWN_ABOVE).all(axis=0)
    if unknown is not None:
        blank |= np.asarray(unknown).astype(bool)
    x, y = np.where(blank, 0.0, flow) / max_flow
    length = np.hypot(x, y)[..., None]
    hue = _hue(x, y)
    colour = np.where(length <= 1 + _FORGIVEN, 1 - np.minimum(length, 1) * (1 - hue), hue * _DARKER)
    colour[blank] = 0
    return np.floor(255 * colour + _FORGIVEN).astype(np.uint8)


def _hue(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wheel = _wheel()
    # + 0.0 turns -0.0 into 0.0; the two lie on opposite sides of the cut of the arc tangent
    place = (np.arctan2(-(y + 0.0), -(x + 0.0)) / np.pi + 1) / 2 * (len(wheel) - 1)
    low = np.floor(place).astype(int)
    share = (place - low)[..., None]
    return (1 - share) * wheel[low] + share * wheel[(low + 1) % len(wheel)]


def flow_of_colour(colour, *, max_flow: float) -> np.ndarray:
    """The motion that a colour of draw_flow stands for: the wheel read backwards.

    How far it goes is right to 1/255 of max_flow, where to as well as the colour tells: within a degree near the rim, less where it
    is pale. What is darkened moves farther than max_flow by an amount that nobody can read off; it comes out max_flow long. Black,
    which is unknown, and colours that are not on the wheel are NaN.

    Shapes: colour uint8 (...,3) -> float64 (2,...), x then y.
    Units: pixels.
    Raises: ShapeError for other axes or types, SettingsError for a max_flow that is not positive.
    Source: the inverse of [WHEEL].
    >>> flow_of_colour(np.array([255, 127, 127], np.uint8), max_flow=8.0).round(2) + 0.0
    array([4.02, 0.  ])
    """
    expect("colour: ... 3", colour=colour, hint="red, green and blue on the last axis")
    colour = np.asarray(colour)
    if colour.dtype != np.uint8:
        raise ShapeError(expected="colours as uint8, 0 to 255", got=f"{colour.dtype}", try_this="pixels of draw_flow")
    _check_scale(max_flow)
    shade = colour / 255.0
    # One channel of a full colour is 1 and one is 0, all around the wheel: the first tells the rim, the second the length.
    top, length = shade.max(axis=-1), 1 - shade.min(axis=-1)
    darkened = np.abs(top - _DARKER) < 2 / 255
    hue = np.where(darkened[..., None], shade / _DARKER, 1 - (1 - shade) / np.maximum(length, 1 / 255)[..., None])
    angle, off = _angle_of(hue)
    flow = length * np.stack([np.cos(angle), np.sin(angle)])
    # What hue there is in a pale colour is mostly rounding: 1/255 of the length of the colour, in units of a full one
    foreign = (off * length > 4 / 255) | ~(darkened | (top >= 254 / 255))
    return np.where(foreign, np.nan, max_flow * flow)


def _angle_of(hue: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The angle of the nearest hue among finely spaced ones, and how far that is. Shapes: (...,3) -> (...), (...)."""
    from scipy.spatial import cKDTree  # here, because drawing does without it

    angles = np.linspace(0, 2 * np.pi, 54 * 32 + 1)[:-1]  # 32 between neighbours of the wheel: steps of 0.2 degrees
    hues = _hue(np.cos(angles), np.sin(angles))
    distance, nearest = cKDTree(hues).query(hue)
    return angles[nearest], distance


def _check_scale(max_flow: float) -> None:
    if not (np.isfinite(max_flow) and max_flow > 0):
        raise SettingsError(expected="max_flow > 0, in pixels", got=f"{max_flow}", try_this="max_flow=10.0")


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
