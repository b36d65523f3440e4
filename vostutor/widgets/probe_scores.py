"""What the scores of one place say: which displacement fits best, where the true one stands, one peak or a ridge.

Reading order: WORDS, Place (where we look), Reading, take_slice (volume -> its window), read_slice (window -> Reading),
pick_flow (the colour wheel read backwards). The page does the same sums in probe_twin.js; a test holds the two together.
Letters: r radius of the window in cells, s the stride of its steps, n = 2 * (r // s) + 1 steps per axis. A cell is one place of the
features, `stride` pixels wide.
"""

from dataclasses import dataclass

import numpy as np

from vostutor.core.errors import SettingsError
from vostutor.core.shapes import expect
from vostutor.widgets.probe_pair import Pair

RADII, STEPS = (1, 10), (1, 4)  # what the sliders offer
NEARLY = 0.25  # of the way from the best score to the median: what lies in it fits almost as well
_THIN, _LONG = (
    0.75,
    1.3,
)  # spread in steps: below the one a line has no width, above the other it is a line and no point
_FILLED = 2.2  # places per spread; a line without holes has sqrt(12) = 3.5, a diagonal one sqrt(6) = 2.4
WORDS = {
    "none": "There are no scores here.",
    "flat": "All scores are equal: nothing says where this place went.",
    "unknown": "The true displacement is not known here.",
    "left": "The true match has left the image.",
    "outside": "The true match lies outside the window: only d = {need} would reach it. What fits best inside is something else.",
    "hidden": "The true match is hidden in frame 2.",
    "right": "The best match is the true one.",
    "close": "The best match is next to the true one.",
    "wrong": "The best match is not the true one.",
    "gap": "No step falls on the true match: the nearest is {gap} px beside it.",
    "peak": "One sharp peak.",
    "ridge": "A ridge: {near} of {count} places in a line fit almost as well.",
    "spread": "No single peak: {near} of {count} places fit almost as well.",
}


@dataclass(frozen=True)
class Place:
    """A pixel of frame 1 and the window that is searched for it.

    Units: x, y in pixels; radius in cells; step in cells from one displacement to the next.
    """

    x: int
    y: int
    radius: int
    step: int = 1

    @property
    def reach(self) -> int:
        """How many steps the window reaches to each side."""
        return self.radius // self.step


@dataclass(frozen=True, eq=False)
class Reading:
    """What a window of scores says: the best displacement and the step nearest to the true one, each None where there is none.

    Shapes: scores float64 (n,n), NaN where there is none; best and true are (x, y).
    Units: best and true in cells; rank from 1, which ties share. said: keys of WORDS, whose gaps `numbers` fills.
    """

    scores: np.ndarray
    said: tuple[str, ...]
    numbers: dict
    best: tuple[int, int] | None = None
    best_score: float | None = None
    true: tuple[int, int] | None = None
    true_score: float | None = None
    rank: int | None = None

    @property
    def words(self) -> str:
        """The reading as sentences."""
        return " ".join(WORDS[key].format(**self.numbers) for key in self.said)


def cell_of(x: int, y: int, stride: int, cells: tuple[int, int]) -> tuple[int, int]:
    """(row, column) of the cell that a pixel lies in; pixels beyond the last one belong to it.

    >>> cell_of(9, 3, 4, (6, 10))
    (0, 2)
    """
    return min(y // stride, cells[0] - 1), min(x // stride, cells[1] - 1)


def take_slice(volume: np.ndarray, cell: tuple[int, int], radius: int, step: int = 1) -> np.ndarray:
    """The scores of one cell at every step-th displacement around zero, within the radius.

    Shapes: volume (D,D,h,w), its own radius at least this one -> (n,n), row dy, column dx.
    >>> take_slice(np.arange(49.0).reshape(7, 7, 1, 1), (0, 0), radius=3, step=2)[:, 0]
    array([ 8., 22., 36.])
    """
    middle, reach = volume.shape[0] // 2, radius // step * step
    if reach > middle:
        raise SettingsError(expected=f"a radius up to {middle}", got=str(radius), try_this=f"radius={middle}")
    kept = slice(middle - reach, middle + reach + 1, step)
    return volume[kept, kept, cell[0], cell[1]]


def read_slice(scores, place: Place, pair: Pair, stride: int) -> Reading:
    """What the window says about this place, and where the truth stands in it.

    Shapes: scores (n,n), NaN where there is none. Units: stride in pixels a cell.
    Raises: ShapeError for another window.
    >>> from vostutor.widgets.probe_pair import pair_of
    >>> grey = np.zeros((3, 8, 8), np.uint8)
    >>> pair = pair_of((grey, grey, np.full((2, 8, 8), 2.0)))
    >>> scores = np.array([[0, 0, 0], [0, 0.5, 0], [0, 0, 1]])
    >>> reading = read_slice(scores, Place(3, 3, radius=1), pair, stride=2)
    >>> reading.best, reading.rank, reading.words
    ((1, 1), 1, 'The best match is the true one. One sharp peak.')
    """
    scores = np.array(scores, dtype=np.float64)
    scores[~np.isfinite(scores)] = np.nan
    side = 2 * place.reach + 1
    expect(f"scores: {side} {side}", scores=scores)
    flow = pair.flow[:, place.y, place.x].astype(np.float64)
    fate, numbers = _fate(flow, place, pair, stride)
    numbers["count"] = int(np.isfinite(scores).sum())
    inside = fate in ("hidden", "inside")
    true = tuple(int(k) for k in _nearest(flow, place, stride)) if inside else None
    best = _best(scores, place)
    if best is None:
        empty = "none" if not numbers["count"] else "flat"
        return Reading(scores, (empty, *(() if fate == "inside" else (fate,))), numbers, true=_cells(true, place))
    shape, numbers["near"] = _shape(scores)
    found = {"best": _cells(best, place), "best_score": float(np.nanmax(scores))}
    if inside:
        score = scores[true[1] + place.reach, true[0] + place.reach]
        found |= {"true": _cells(true, place), "true_score": float(score), "rank": 1 + int((scores > score).sum())}
    if fate == "inside":
        apart = max(abs(a - b) for a, b in zip(best, true, strict=True))
        fate = ("right", "close")[apart] if apart < 2 else "wrong"
    gap = ("gap",) if "gap" in numbers else ()
    told = (shape,) if inside or fate == "unknown" else ()  # where nothing can be found, no shape means anything
    return Reading(scores, (fate, *gap, *told), numbers, **found)


def _fate(flow: np.ndarray, place: Place, pair: Pair, stride: int) -> tuple[str, dict]:
    """What became of the pixel as far as the window is concerned, with the numbers for the sentence."""
    if not np.isfinite(flow).all():
        return "unknown", {}
    steps = _nearest(flow, place, stride)
    landed, (height, width) = np.array([place.x, place.y]) + flow, pair.size
    if not (-0.5 <= landed[0] < width - 0.5 and -0.5 <= landed[1] < height - 0.5):
        return "left", {}
    if np.abs(steps).max() > place.reach:
        return "outside", {"need": int(np.abs(steps).max()) * place.step}
    beside = float(np.abs(flow / stride - steps * place.step).max())
    missed = (
        {"gap": f"{np.floor(beside * stride * 10 + 0.5) / 10:.1f}"} if beside > 0.5 else {}
    )  # half a cell is rounding
    return ("hidden" if pair.hidden[place.y, place.x] else "inside"), missed


def _nearest(flow: np.ndarray, place: Place, stride: int) -> np.ndarray:
    """The step nearest to a displacement. Halves go up, as in JavaScript."""
    return np.floor(flow / (stride * place.step) + 0.5).astype(int)


def _cells(steps: tuple[int, int] | None, place: Place) -> tuple[int, int] | None:
    return None if steps is None else (steps[0] * place.step, steps[1] * place.step)


def _best(scores: np.ndarray, place: Place) -> tuple[int, int] | None:
    if np.isnan(scores).all() or np.nanmin(scores) == np.nanmax(scores):
        return None
    row, column = divmod(int(np.nanargmax(scores)), scores.shape[1])
    return column - place.reach, row - place.reach


def _shape(scores: np.ndarray) -> tuple[str, int]:
    """Peak, ridge or neither, by the spread of the places that fit almost as well as the best, and how many they are."""
    best = np.nanmax(scores)
    rows, columns = np.nonzero(scores >= best - NEARLY * (best - np.nanmedian(scores)))
    y, x = rows - rows.mean(), columns - columns.mean()
    half, apart = (np.mean(x * x) + np.mean(y * y)) / 2, np.hypot((np.mean(x * x) - np.mean(y * y)) / 2, np.mean(x * y))
    long, thin = np.sqrt(half + apart), np.sqrt(max(half - apart, 0))
    if long < _LONG:
        return "peak", len(rows)
    filled = len(rows) >= _FILLED * long  # else it is a few peaks that happen to lie in a line
    return ("ridge" if filled and thin < max(_THIN, long / 3) else "spread"), len(rows)


def pick_flow(flow, motion, tolerance: float) -> np.ndarray:
    """Where the flow is this motion, up to the tolerance. Shapes: flow (2,H,W), motion (2,) -> (H,W) bool. Units: pixels.

    >>> pick_flow(np.array([[[1.0, 3.0]], [[0.0, 0.0]]]), (1.2, 0), tolerance=0.5)
    array([[ True, False]])
    """
    expect("flow: 2 H W", flow=flow)
    away = np.asarray(flow, dtype=np.float64) - np.asarray(motion, dtype=np.float64)[:, None, None]
    return np.hypot(away[0], away[1]) <= tolerance  # NaN is near nothing
