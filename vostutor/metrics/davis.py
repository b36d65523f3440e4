"""The two protocols of DAVIS, frame by frame: who is compared with whom, on which frames, and what void means.

[2017] J. Pont-Tuset et al.: The 2017 DAVIS Challenge on Video Object Segmentation. arXiv 1704.00675.
[2019] S. Caelles et al.: The 2019 DAVIS Challenge on VOS: Unsupervised Multi-Object Segmentation. arXiv 1905.00737.

Letters: K objects, P proposals, T scored frames.
Departures: the released code reports the unsupervised scores of a sequence in the order of the proposals; here row k is object k+1.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from vostutor.core.errors import DataError
from vostutor.core.ids import VOID
from vostutor.metrics.contour import contour_radius
from vostutor.metrics.regions import cut, j_and_f

MAX_PROPOSALS = 20  # of [2019]

# The first mask is given. The last is dropped for history's sake: some methods of 2016 did not produce it.
SCORED_FRAMES = {"semi-supervised": slice(1, -1), "unsupervised": slice(None)}


class Curves(NamedTuple):
    """J and F over time. Shapes: float64 (K,T) each, row k is object k+1."""

    J: np.ndarray
    F: np.ndarray


def count_objects(first: np.ndarray) -> int:
    """The number of objects of a sequence: the highest id of its first mask. An id that is skipped still counts.

    Shapes: first integer (H,W), 255 void.
    Source: the released evaluation code of [2017].
    >>> count_objects(np.array([[0, 3, 255]]))
    3
    """
    return int(np.where(first == VOID, 0, first).max(initial=0))


def semi_supervised(
    frames: Iterable[tuple[np.ndarray, np.ndarray]], objects: int, names: Sequence[str] | None = None
) -> Curves:
    """J and F of objects 1 to K, each against the prediction of the same id. Void counts as background.

    `frames` are the scored ones only (SCORED_FRAMES); they may be a generator, one pair is held at a time.

    Shapes: frames yield (gt, pred), integers (H,W), gt with 255 void -> J and F (K,T).
    Raises: DataError for a frame of another size or an id above K, with the frame's name from `names`.
    Source: the semi-supervised protocol of [2017].
    >>> gt = np.zeros((10, 10), np.uint8)
    >>> gt[2:6, 2:6] = 1
    >>> semi_supervised([(gt, gt), (gt, np.roll(gt, 1, axis=1))], objects=1).J.tolist()
    [[1.0, 0.6]]
    """
    table = []
    for gt, pred, radius in _checked(frames, objects, names, "the annotation's first mask names the objects"):
        table.append([j_and_f(cut(gt, k), cut(pred, k), radius) for k in range(1, objects + 1)])
    return Curves(*np.array(table, dtype=float).reshape(-1, objects, 2).transpose(2, 1, 0))


def unsupervised(
    frames: Iterable[tuple[np.ndarray, np.ndarray]], objects: int, names: Sequence[str] | None = None
) -> Curves:
    """J and F of objects 1 to K, each against the proposal that the best assignment over the whole sequence gives it.

    The assignment maximises the sum of (J + F) / 2, averaged over frames. What lies in void is taken out of both masks. Where there
    are fewer proposals than objects, empty ones are added: right where the object is hidden, wrong where it is seen.

    Shapes: frames yield (gt, pred), integers (H,W), gt with 255 void -> J and F (K,T).
    Raises: DataError for a frame of another size or an id above 20, with the frame's name from `names`.
    Source: the unsupervised protocol of [2019].
    >>> gt = np.zeros((10, 10), np.uint8)
    >>> gt[2:6, 2:6], gt[0, 0] = 1, 255
    >>> pred = np.where(gt == 255, 3, 7 * gt)           # proposal 7 is right, proposal 3 lies in void
    >>> unsupervised([(gt, pred)], objects=1)
    Curves(J=array([[1.]]), F=array([[1.]]))
    """
    tables, proposals = [], objects
    for gt, pred, radius in _checked(frames, MAX_PROPOSALS, names, f"keep the {MAX_PROPOSALS} best proposals"):
        proposals = max(proposals, int(pred.max()))
        if gt.max() == VOID:
            pred = np.where(gt == VOID, 0, pred)
        tables.append(_pair_table(gt, pred, objects, radius))
    pairs = np.array(tables).reshape(-1, max(MAX_PROPOSALS, objects), objects, 2)[:, :proposals].transpose(3, 1, 2, 0)
    best = assign(pairs.mean(axis=(0, 3)))
    return Curves(*pairs[:, best, np.arange(objects)])


def assign(value: np.ndarray) -> np.ndarray:
    """For each object the proposal that the assignment of highest total value gives it, none given twice.

    Shapes: value (P,K), P >= K -> integers (K,).
    Source: the Hungarian method, as in the released evaluation code of [2019].
    >>> assign(np.array([[0.9, 0.8], [0.8, 0.1], [0.0, 0.0]])).tolist()     # 0.8 + 0.8 beats 0.9 + 0.1
    [1, 0]
    """
    from scipy.optimize import linear_sum_assignment

    proposal, its_object = linear_sum_assignment(value, maximize=True)
    return proposal[np.argsort(its_object)]


def _pair_table(gt: np.ndarray, pred: np.ndarray, objects: int, radius: int) -> np.ndarray:
    """J and F of every proposal with every object on one frame, (P,K,2).

    A proposal that comes nowhere near a visible object has J = F = 0 with it, and most do.
    """
    proposals = max(MAX_PROPOSALS, objects)
    table = np.zeros((proposals, objects, 2))
    proposal = cache(partial(cut, pred))
    for k in range(objects):
        region = cut(gt, k + 1)
        if region is None or region.length == 0:
            near = range(1, proposals + 1)
        else:
            near = _labels_near(region, pred, radius)
        for label in near:
            table[label - 1, k] = j_and_f(region, proposal(label), radius)
    return table


def _labels_near(region, pred: np.ndarray, radius: int) -> np.ndarray:
    """The proposals with a pixel in the region's box, widened by the radius, and one more where outlines reach up and left."""
    height, width = region.mask.shape
    rows = slice(max(region.top - radius, 0), region.top + height + radius + 1)
    columns = slice(max(region.left - radius, 0), region.left + width + radius + 1)
    counts = np.bincount(pred[rows, columns].ravel())
    return 1 + np.flatnonzero(counts[1:])


def _checked(frames, limit: int, names: Sequence[str] | None, hint: str) -> Iterator[tuple]:
    """Pairs of masks of one size, with the radius that belongs to it, and no id above the limit in the prediction."""
    for t, (gt, pred) in enumerate(frames):
        where = names[t] if names else f"scored frame {t}"
        if gt.shape != pred.shape:
            raise DataError(
                expected=f"{where} at the annotation's size, {gt.shape[1]}x{gt.shape[0]}",
                got=f"{pred.shape[1]}x{pred.shape[0]}",
                try_this="resize ids with nearest neighbours to the size of the annotation",
            )
        highest = int(pred.max(initial=0))
        if highest > limit:
            raise DataError(
                expected=f"ids 0 to {limit} in {where}", got=f"id {highest}", try_this=_repair(highest, limit, hint)
            )
        yield gt, pred, contour_radius(*gt.shape)


def _repair(highest: int, limit: int, hint: str) -> str:
    if highest == VOID:
        return "255 is void, which a prediction cannot be: write 0, or the object's id"
    return f"write ids up to {limit} only ({hint}), or score all objects as one with --merge-objects"
