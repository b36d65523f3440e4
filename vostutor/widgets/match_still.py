"""The match probe as a still picture: three frames with the lines between them, and the maps of every label.

Letters: h and w rows and columns of a map, s pixels of the picture a place.
"""

import cv2
import numpy as np

from vostutor.viz.colours import SKY, VERMILLION, look_of
from vostutor.viz.draw import as_pixels, draw_outline, draw_prob
from vostutor.viz.picture import Picture
from vostutor.viz.sheet import contact_sheet
from vostutor.widgets.likeness import Likeness, Reading
from vostutor.widgets.view import stacked

_WIDE = 240  # pixels across of a frame in the picture
_GAP = 18
_INK = (20, 20, 20)
_ROWS = 2  # labels whose maps are drawn; of more, the ones that win come first


def draw_match(likeness: Likeness, reading: Reading, t: int, reach: int, scale: float) -> Picture:
    """Frame t between the first frame and the one before, and the maps as they stand.

    Units: reach in places; scale, the distance that is drawn darkest.
    """
    maps, side = likeness.of(t, reach), max(2, round(_WIDE / likeness.size[1]))
    labels = (likeness.truth[0].numpy(), maps.answer, maps.previous)
    tiles = [_frame(likeness, n, label, side) for n, label in zip((0, t, t - 1), labels, strict=True)]
    captions = ["the first frame", f"frame {t}, its answer outlined", f"frame {t - 1} and the window"]
    box = (
        np.array([max(0, n - reach) for n in reading.place[::-1]]) * side,
        np.array([min(end, n + reach + 1) for n, end in zip(reading.place[::-1], likeness.size[::-1], strict=True)])
        * side
        - 1,
    )
    cv2.rectangle(tiles[2], box[0].tolist(), box[1].tolist(), (255, 255, 255), 2)
    panes = contact_sheet(tiles, captions=captions, gap=_GAP, size=14)
    _lines(panes, reading, side, panes.shape[0] - tiles[0].shape[0], tiles[0].shape[1] + _GAP)
    parts = [panes, _maps(likeness, reading, t, reach, scale, panes.shape[1]), _scale(scale, panes.shape[1])]
    return Picture(stacked(parts, gap=6), alt=_in_words(likeness, reading, t, reach), width=820)


def _frame(likeness: Likeness, t: int, labels: np.ndarray, side: int) -> np.ndarray:
    size = (likeness.size[1] * side, likeness.size[0] * side)
    pixels = cv2.resize(as_pixels(likeness.clip.frames[t]), size, interpolation=cv2.INTER_AREA)
    for label, number in enumerate(likeness.objects, start=1):
        mask = (labels == label).repeat(side, 0).repeat(side, 1)
        pixels = draw_outline(pixels, mask, look_of(number).colour, dash=look_of(number).dash)
    return pixels


def _lines(panes: np.ndarray, reading: Reading, side: int, top: int, apart: int) -> None:
    """From the place in the middle to its match in the first frame, left, and in the one before, right."""

    def at(panel: int, place: tuple[int, int]) -> tuple[int, int]:
        return round(panel * apart + (place[1] + 0.5) * side), round(top + (place[0] + 0.5) * side)

    own = at(1, reading.place)
    for panel, match, colour in ((0, reading.first, VERMILLION), (2, reading.last, SKY)):
        if match is not None:
            for line, width in ((_INK, 5), (colour, 2)):
                cv2.line(panes, own, at(panel, match), line, width, cv2.LINE_AA)
                cv2.circle(panes, at(panel, match), 5, line, width, cv2.LINE_AA)
    for colour, width in ((_INK, 5), ((255, 255, 255), 2)):
        cv2.rectangle(panes, *([n + by for n in own] for by in (-6, 6)), colour, width)


def _maps(likeness: Likeness, reading: Reading, t: int, reach: int, scale: float, wide: int) -> np.ndarray:
    """A row for each label: G and L, bright where it is near, the answer before and the answer."""
    maps, tiles, captions = likeness.of(t, reach), [], []
    side = max(1, (wide - 18) // (4 * likeness.size[1]))
    labels = sorted(range(likeness.count), key=lambda k: k not in (reading.far, reading.near, reading.answer))[:_ROWS]
    for label in sorted(labels):
        shown = (1 - maps.far[label] / scale, 1 - maps.near[label] / scale, maps.before[label], maps.prob[label])
        heads = ("G", "L", "before", "softmax")
        for head, values, number in zip(heads, shown, reading.table[label], strict=True):
            tile = draw_prob(values.clip(0, 1)).repeat(side, 0).repeat(side, 1)
            corner = np.array(reading.place[::-1]) * side
            cv2.rectangle(tile, (corner - side).tolist(), (corner + 2 * side - 1).tolist(), (255, 255, 255), 1)
            tiles.append(tile)
            captions.append(f"{head} {number:.2f} · {likeness.names[label]}")
    return contact_sheet(tiles, columns=4, captions=captions, size=13)


def _scale(scale: float, wide: int) -> np.ndarray:
    """What dark and bright stand for."""
    bar = draw_prob(np.linspace(0, 1, wide)[None].repeat(8, 0))
    said = f"dark: distance {scale:.2f} and more, probability 0 · bright: distance 0, probability 1 · one scale for all maps"
    return contact_sheet([bar], captions=[said], size=13)


def _in_words(likeness: Likeness, reading: Reading, t: int, reach: int) -> str:
    rows = "; ".join(
        f"{name}: G {g:.2f}, L {l:.2f}, before {before:.2f}, softmax {now:.2f}"
        for name, (g, l, before, now) in zip(likeness.names, reading.table, strict=True)
    )
    matches = ", ".join(
        f"{where} at {match}" if match else f"none {where}"
        for where, match in (("in the first frame", reading.first), ("in the frame before", reading.last))
    )
    notes = " ".join(likeness.notes.values())
    return (
        f"Place {reading.place} of frame {t}, with a window of {2 * reach + 1} by {2 * reach + 1} places. {rows}. "
        f"Nearest places: {matches}. {reading.words} Bright is near, or sure. {notes}"
    )
