"""What the J/F explorer shows at a state: two squares in a small world, their boundaries and bands, and the numbers they give.

Reading order: Box, Functions, Explored, explore (state -> arrays and numbers), summarise (a clip's scores), SEQUENCES.
Letters: gt the true mask, pred the predicted one, J region overlap, F contour agreement, r radius of the band.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vostutor.metrics.contour import boundary, dilate, harmonic_mean, precision_recall
from vostutor.metrics.region import jaccard
from vostutor.metrics.summary import statistics

WORLD = 64  # pixels a side: the world of the second table of test vectors, r = 1 by the rule of DAVIS
RADII = (1, 8)
SIZES = (2, 48)


@dataclass(frozen=True)
class Box:
    """A square by its upper left pixel and its side, kept inside the world.

    >>> Box(16, 16, 32).grown(2).moved(0, 40)
    Box(row=14, column=28, size=36)
    """

    row: int
    column: int
    size: int

    def moved(self, rows: int, columns: int) -> "Box":
        """The same square elsewhere, as far as the world allows."""
        return Box(self.row + rows, self.column + columns, self.size).clamped()

    def grown(self, pixels: int) -> "Box":
        """The square with that many pixels more on every side."""
        return Box(self.row - pixels, self.column - pixels, self.size + 2 * pixels).clamped()

    def clamped(self) -> "Box":
        """The nearest square that lies inside the world."""
        size = min(max(self.size, SIZES[0]), SIZES[1])
        row, column = (min(max(place, 0), WORLD - size) for place in (self.row, self.column))
        return Box(row, column, size)

    def mask(self) -> np.ndarray:
        """Shapes: -> (WORLD, WORLD) bool."""
        mask = np.zeros((WORLD, WORLD), bool)
        mask[self.row : self.row + self.size, self.column : self.column + self.size] = True
        return mask


TRUTH = Box(16, 16, 32)


@dataclass(frozen=True)
class Functions:
    """Who computes the numbers: the student's functions, or None for the package's own. They get torch masks, as in the exercises."""

    jaccard: Callable | None = None
    boundary: Callable | None = None
    boundary_f: Callable | None = None
    statistics: Callable | None = None

    @property
    def own(self) -> list[str]:
        """Names of the functions that were passed in."""
        return [name for name in self.__dataclass_fields__ if getattr(self, name) is not None]


@dataclass(frozen=True)
class Explored:
    """Everything that the picture shows at one state; masks are (WORLD, WORLD) bool, numbers from 0 to 1 or NaN."""

    gt: np.ndarray
    pred: np.ndarray
    gt_boundary: np.ndarray
    pred_boundary: np.ndarray
    gt_band: np.ndarray
    pred_band: np.ndarray
    J: float
    precision: float
    recall: float
    F: float
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def flags(self) -> np.ndarray:
        """All six masks in one byte a pixel, in the order of the fields. Shapes: -> (WORLD, WORLD) uint8."""
        masks = (self.gt, self.pred, self.gt_boundary, self.pred_boundary, self.gt_band, self.pred_band)
        return sum((mask.astype(np.uint8) << bit for bit, mask in enumerate(masks)), np.zeros((WORLD, WORLD), np.uint8))


def explore(truth: Box, guess: Box, radius: int, functions: Functions = Functions()) -> Explored:
    """What there is to see and to read when `guess` is the prediction for `truth`.

    Units: radius of the band in pixels.
    Source: J and F as in DAVIS; a band is the boundary dilated by a Euclidean disk.
    A function that fails leaves a note, and its number is NaN; the package's boundary stands in for a failed one.
    >>> seen = explore(TRUTH, TRUTH.grown(2), radius=1)     # 2 px cost a fifth of J and all of F
    >>> round(seen.J, 6), seen.F
    (0.790123, 0.0)
    """
    notes: list[str] = []
    gt, pred = truth.mask(), guess.mask()
    j = _number("jaccard", functions.jaccard or jaccard, notes, gt, pred)
    gt_boundary, pred_boundary = (_edge(functions.boundary, notes, mask) for mask in (gt, pred))
    gt_band, pred_band = dilate(gt_boundary, radius), dilate(pred_boundary, radius)
    counts = {
        "intersection": gt & pred,
        "union": gt | pred,
        "gt_hit": gt_boundary & pred_band,
        "pred_hit": pred_boundary & gt_band,
        "gt_all": gt_boundary,
        "pred_all": pred_boundary,
    }
    counts = {name: int(mask.sum()) for name, mask in counts.items()}
    p, r = precision_recall(counts["gt_hit"], counts["pred_hit"], counts["gt_all"], counts["pred_all"])
    f = harmonic_mean(p, r)
    if functions.boundary_f:
        f = _number("boundary_f", functions.boundary_f, notes, gt, pred, radius)
    masks = (gt, pred, gt_boundary, pred_boundary, gt_band, pred_band)
    return Explored(*masks, J=j, precision=p, recall=r, F=f, counts=counts, notes=tuple(dict.fromkeys(notes)))


def _number(name: str, function: Callable, notes: list[str], *inputs) -> float:
    """A function's number, or NaN and a note: it may be a student's, so anything can happen."""
    try:
        return float(function(*_as_tensors(inputs)))
    except Exception as error:
        notes.append(f"{name} gave no number: {type(error).__name__}: {error}")
        return float("nan")


def _edge(function: Callable | None, notes: list[str], mask: np.ndarray) -> np.ndarray:
    """The student's boundary where it is one, the package's otherwise."""
    try:
        edge = boundary(mask) if function is None else np.asarray(function(*_as_tensors((mask,)))).astype(bool)
        if edge.shape == mask.shape:
            return edge
        notes.append(f"boundary gave shape {edge.shape} for a mask {mask.shape}")
    except Exception as error:
        notes.append(f"boundary gave no mask: {type(error).__name__}: {error}")
    return boundary(mask)


def _as_tensors(inputs: Sequence) -> list:
    import torch

    return [torch.from_numpy(x.copy()) if isinstance(x, np.ndarray) else x for x in inputs]


def summarise(values: Sequence[float], functions: Functions = Functions()) -> dict[str, float]:
    """Mean, recall and decay of a clip's scores.

    >>> {name: round(value, 3) for name, value in summarise([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]).items()}
    {'M': 0.55, 'R': 0.5, 'D': 0.5}
    """
    try:
        return dict(zip("MRD", (float(x) for x in (functions.statistics or statistics)(list(values))), strict=True))
    except Exception:  # a student's function: three dashes are answer enough, the check says more
        return dict.fromkeys("MRD", float("nan"))


def _sequences() -> dict[str, tuple[Box, ...]]:
    """Twelve frames each: how a prediction goes wrong decides what the decay says."""
    still = TRUTH.moved(1, 2)
    drift = tuple(TRUTH.moved(t // 2, 2 * t) for t in range(12))
    lost = tuple(still if t < 9 else Box(2, 2 + 3 * (t - 9), 16) for t in range(12))
    return {"steady": (still,) * 12, "slow drift": drift, "lost at the end": lost, "found late": lost[::-1]}


SEQUENCES: Mapping[str, tuple[Box, ...]] = _sequences()


def score_box(box: Box, functions: Functions = Functions()) -> float:
    """J of a square against the true one, NaN where the function gives no number.

    >>> score_box(TRUTH)
    1.0
    """
    return _number("jaccard", functions.jaccard or jaccard, [], TRUTH.mask(), box.mask())
