"""Contour accuracy F: how much of two outlines lies within a few pixels of each other.

[2016] F. Perazzi et al.: A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation. CVPR 2016.

Letters: r radius in pixels, P precision, R recall.
Departures: [2016] defines F by a one-to-one matching of the two outlines. Like all public DAVIS code this file lets several pixels of
one outline match the same pixel of the other: an outline is dilated by a disk and the other one counted inside.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from vostutor.core.errors import ShapeError
from vostutor.core.shapes import expect
from vostutor.metrics.region import comparable


class BoundaryMatch(NamedTuple):
    """What F is made of, to be drawn: two outlines, the bands around them, the pixels that found a partner.

    Shapes: bool (H,W) each; a pixel of an outline that is not matched is a miss (gt) or a false alarm (pred).
    """

    gt: np.ndarray
    pred: np.ndarray
    gt_band: np.ndarray
    pred_band: np.ndarray
    gt_matched: np.ndarray
    pred_matched: np.ndarray
    precision: float
    recall: float
    f: float


def boundary(mask: np.ndarray) -> np.ndarray:
    """The outline of a mask: true where the 2x2 block to the lower right is not all the same.

    The outline runs between pixels, so it is drawn half a pixel towards the origin: a 4x4 square has a 5x5 ring of 16. Beyond the
    lower and the right border the mask goes on as it is there, and so a full mask has no outline at all.

    Shapes: mask bool (...,H,W), or integers of 0 and 1 -> bool (...,H,W).
    Raises: ShapeError for a mask with other values than 0 and 1.
    Source: seg2bmap of the Berkeley segmentation benchmark, as used by [2016].
    >>> mask = np.zeros((6, 6), bool)
    >>> mask[2:4, 2:4] = True
    >>> print(boundary(mask).astype(int))
    [[0 0 0 0 0 0]
     [0 1 1 1 0 0]
     [0 1 0 1 0 0]
     [0 1 1 1 0 0]
     [0 0 0 0 0 0]
     [0 0 0 0 0 0]]
    """
    mask, _ = comparable(mask, mask)
    return outline(mask)


def outline(mask: np.ndarray) -> np.ndarray:
    """`boundary` without its checks.

    Shapes: bool (...,H,W) -> bool (...,H,W).
    Source: as `boundary`.
    """
    edge = np.zeros(mask.shape, bool)
    down = mask[..., :-1, :] != mask[..., 1:, :]
    edge[..., :, :-1] = mask[..., :, :-1] != mask[..., :, 1:]
    edge[..., :-1, :] |= down
    edge[..., :-1, :-1] |= down[..., :, 1:]  # what is left of a 2x2 block whose upper row and left column are the same
    return edge


def contour_radius(height: int, width: int, bound_th: float = 0.008) -> int:
    """How far apart two outlines may lie, in pixels: 0.8 % of the image's diagonal, rounded up.

    Shapes: numbers only.
    Units: bound_th below 1 is a share of the diagonal, from 1 on it is pixels.
    Raises: ShapeError for a bound_th that is negative or not a number.
    Source: the released evaluation code of [2016].
    >>> contour_radius(480, 854), contour_radius(96, 160), contour_radius(480, 854, bound_th=3)
    (8, 2, 3)
    """
    if not (math.isfinite(bound_th) and bound_th >= 0):
        raise ShapeError(
            expected="bound_th: 0 to 1 as a share of the diagonal, or pixels",
            got=f"{bound_th}",
            try_this="bound_th=0.008",
        )
    return math.ceil(bound_th if bound_th >= 1 else bound_th * math.hypot(height, width))


def disk(radius: int) -> np.ndarray:
    """All offsets of at most `radius` pixels.

    Shapes: bool (2r+1,2r+1).
    Raises: ShapeError for a radius that is not 0, 1, 2, ...
    Source: the structuring element of [2016].
    >>> disk(2).astype(int).tolist()
    [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
    """
    if radius != int(radius) or radius < 0:
        raise ShapeError(expected="a radius of 0, 1, 2, ... pixels", got=f"{radius}", try_this="math.ceil(radius)")
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= radius * radius


def boundary_f(
    gt: np.ndarray, pred: np.ndarray, void: np.ndarray | None = None, bound_th: float = 0.008
) -> float | np.ndarray:
    """Harmonic mean of precision and recall of the outlines, 1 where neither mask has one; pixels in `void` do not count.

    Shapes: gt, pred and void bool (...,H,W), or integers of 0 and 1 -> a float for (H,W), an array (...) otherwise.
    Units: bound_th as in `contour_radius`.
    Raises: ShapeError for axes that differ and for masks with other values than 0 and 1.
    Source: F of [2016]; void as in the released evaluation code of DAVIS 2017.
    >>> gt, pred = np.zeros((2, 10, 10), bool)
    >>> gt[2:6, 2:6], pred[2:6, 4:8] = True, True       # the same square, two pixels to the right: r = 1 is too small
    >>> boundary_f(gt, pred), boundary_f(gt, pred, bound_th=2)
    (0.625, 1.0)
    """
    gt, pred = comparable(gt, pred, void)
    radius = contour_radius(*gt.shape[-2:], bound_th)
    if gt.ndim == 2:
        return match_boundaries(gt, pred, radius).f
    pairs = zip(gt.reshape(-1, *gt.shape[-2:]), pred.reshape(-1, *gt.shape[-2:]), strict=True)
    return np.array([match_boundaries(*pair, radius).f for pair in pairs], dtype=float).reshape(gt.shape[:-2])


def match_boundaries(gt: np.ndarray, pred: np.ndarray, radius: int) -> BoundaryMatch:
    """The outlines of two masks, the pixels of each that lie within `radius` of the other, precision, recall and F.

    Shapes: gt and pred bool (H,W), or integers of 0 and 1.
    Units: radius in pixels.
    Raises: ShapeError for axes that differ and for masks with other values than 0 and 1.
    Source: F of [2016].
    >>> gt, pred = np.zeros((2, 10, 10), bool)
    >>> gt[2:6, 2:6], pred[2:6, 4:8] = True, True
    >>> match = match_boundaries(gt, pred, radius=1)
    >>> match.precision, match.recall, int((match.pred & ~match.pred_matched).sum())
    (0.625, 0.625, 6)
    """
    gt, pred = comparable(gt, pred)
    expect("gt: H W", gt=gt, hint="one frame at a time, or boundary_f for a batch")
    gt, pred = outline(gt), outline(pred)
    gt_band, pred_band = dilate(gt, radius), dilate(pred, radius)
    gt_matched, pred_matched = gt & pred_band, pred & gt_band
    precision, recall = precision_recall(*(int(np.count_nonzero(m)) for m in (gt_matched, pred_matched, gt, pred)))
    f = harmonic_mean(precision, recall)
    return BoundaryMatch(gt, pred, gt_band, pred_band, gt_matched, pred_matched, precision, recall, f)


def dilate(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask grown by a disk; outside the image everything is false.

    Shapes: bool (H,W) -> bool (H,W).
    Raises: ShapeError for a radius that is not 0, 1, 2, ...
    Source: the structuring element of [2016].
    >>> dilate(np.array([[0, 0, 1, 0, 0]], bool), 1).astype(int).tolist()
    [[0, 1, 1, 1, 0]]
    """
    return cv2.dilate(mask.view(np.uint8), _kernel(radius)).view(bool)


def precision_recall(gt_matched: int, pred_matched: int, gt_length: int, pred_length: int) -> tuple[float, float]:
    """Shares of the two outlines that are matched. An outline that is not there makes no mistake but is not found either.

    Shapes: counts of pixels.
    Source: the special cases of the released evaluation code of [2016].
    >>> precision_recall(8, 10, 16, 20), precision_recall(0, 0, 16, 0), precision_recall(0, 0, 0, 0)
    ((0.5, 0.5), (1.0, 0.0), (1.0, 1.0))
    """
    if gt_length and pred_length:
        return pred_matched / pred_length, gt_matched / gt_length
    return float(pred_length == 0), float(gt_length == 0)


def harmonic_mean(precision: float, recall: float) -> float:
    """F from precision and recall, 0 where both are.

    Shapes: numbers only.
    Source: F of [2016].
    >>> harmonic_mean(1.0, 0.5), harmonic_mean(0.0, 0.0)
    (0.6666666666666666, 0.0)
    """
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@lru_cache(maxsize=64)
def _kernel(radius: int) -> np.ndarray:
    return disk(radius).astype(np.uint8)
