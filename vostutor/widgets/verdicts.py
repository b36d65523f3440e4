"""What became of each pixel: the verdict on a predicted mask, and how verdicts, or other codes, are painted over the frame.

Paints: a code -> (colour, what it means, pattern), so that nobody needs to see colour; those of verdicts are PAINT.

Apart from switches.py, which measured figures are made with: a colour may change without making a figure stale.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from vostutor.viz.colours import GREEN, PURPLE, YELLOW, Look
from vostutor.viz.draw import as_pixels

RIGHT, LOST, EXTRA = 1, 2, 3
# The curves of up to three systems are blue, vermillion and ink; a tint must not look like one of them.
PAINT = {
    RIGHT: (GREEN, "right", "plain"),
    LOST: (PURPLE, "lost", "striped"),
    EXTRA: (YELLOW, "not the object", "chequered"),
}
PERIOD = 12  # the stripes and dots return after 6 pixels, the checks after 4
Paints = Mapping[int, tuple[tuple[int, int, int], str, str]]


def judge(truth, pred) -> np.ndarray:
    """What became of each pixel: 0 background, 1 the right object, 2 an object missed or misnamed, 3 an object where none is.

    Shapes: ids of any one shape, twice -> uint8 of that shape.
    >>> judge(np.array([0, 1, 1, 0, 2]), np.array([0, 1, 0, 1, 1])).tolist()
    [0, 1, 2, 3, 2]
    """
    truth, pred = np.asarray(truth), np.asarray(pred)
    return np.where(truth > 0, np.where(pred == truth, RIGHT, LOST), np.where(pred > 0, EXTRA, 0)).astype(np.uint8)


def cover(verdict: int, height: int = PERIOD, width: int = PERIOD, paints: Paints = PAINT) -> np.ndarray:
    """How much of a pixel its verdict's colour takes: even for what is right, stripes for lost, checks for extra.

    Shapes: -> (height, width) in [0,1], the same again after PERIOD pixels either way.
    >>> cover(EXTRA, 4, 4)[0].tolist()
    [0.3, 0.3, 0.9, 0.9]
    """
    rows, columns = np.indices((height, width))
    pattern = paints[verdict][2]
    if pattern == "striped":
        return np.where((rows + columns) % 6 < 3, 0.95, 0.25)
    if pattern == "chequered":
        return np.where((rows // 2 + columns // 2) % 2, 0.9, 0.3)
    if pattern == "dotted":
        return np.where((rows // 2 % 3 == 0) & (columns // 2 % 3 == 0), 0.9, 0.45)
    return np.full((height, width), 0.5)


def paint(frame, verdicts: np.ndarray, scale: int = 1, paints: Paints = PAINT) -> np.ndarray:
    """A frame with its verdicts: right is a green tint, lost is striped purple, extra is chequered yellow.

    Shapes: frame (3,H,W) or (H,W,3) uint8, verdicts (H,W) -> uint8 (scale H, scale W, 3).
    >>> paint(np.zeros((1, 2, 3), np.uint8), np.array([[0, 1]]))[0].tolist()
    [[0, 0, 0], [0, 79, 58]]
    """
    pixels = as_pixels(frame)
    if scale > 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    for verdict, (colour, _, _) in paints.items():
        share = np.where(verdicts == verdict, cover(verdict, *verdicts.shape, paints), 0)
        share = share[..., None].repeat(scale, 0).repeat(scale, 1)
        pixels = np.rint((1 - share) * pixels + share * np.array(colour)).astype(np.uint8)
    return pixels


def tell_paints(paints: Paints) -> list[dict]:
    """The paints as the page takes them.

    >>> tell_paints(PAINT)[0]["word"]
    'right'
    """
    return [
        {"code": code, "rgb": list(rgb), "word": word, "period": PERIOD, "cover": cover(code, paints=paints).ravel().tolist()}
        for code, (rgb, word, _) in paints.items()
    ]  # fmt: skip


def paint_key(paints: Paints) -> list:
    """The paints as entries of a figure's legend."""
    from matplotlib.patches import Patch

    hatches = {"plain": "", "striped": "//", "chequered": "xx", "dotted": ".."}
    looks = [(Look(rgb, "").hex, word, hatches[pattern]) for rgb, word, pattern in paints.values()]
    return [
        Patch(facecolor="white" if hatch else colour, edgecolor=colour, hatch=hatch, label=word)
        for colour, word, hatch in looks
    ]
