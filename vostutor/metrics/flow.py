"""How far a flow is from the truth: endpoint error, outliers, angle, and each of them by how fast things move.

[WHEEL] Baker, Scharstein, Lewis, Roth, Black, Szeliski: A Database and Evaluation Methodology for Optical Flow. IJCV 2011 (Middlebury).
[SINTEL] Butler, Wulff, Stanley, Black: A Naturalistic Open Source Movie for Optical Flow Evaluation. ECCV 2012.
[KITTI] Menze, Geiger: Object Scene Flow for Autonomous Vehicles. CVPR 2015.

Pooling: pixels, never pictures. Every valid pixel of all pairs counts once, so a pair with much known flow weighs more than one with
little. The mean of the pictures' means is another number; for it, score the pictures one by one.
A pixel is valid where `valid` says so (left out: everywhere) and the true flow is known, finite and below 1e9. A prediction has to be
finite at every valid pixel: leaving out what a system could not answer would reward it.

Letters: H rows, W columns; gt is the true flow. Arrays or tensors.
Departures: none.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.shapes import expect

_UNKNOWN_ABOVE = 1e9  # px; the mark of unknown flow in Middlebury files
BUCKETS = {"s0-10": (0, 10), "s10-40": (10, 40), "s40+": (40, float("inf"))}  # px, of [SINTEL]


@dataclass(frozen=True)
class FlowScores:
    """The errors of one system, over all valid pixels.

    epe in pixels; fl_all in percent; aae in degrees; buckets and shares by the length of the true flow: mean endpoint error in
    pixels, and the share of the valid pixels from 0 to 1. NaN where no pixel is.
    """

    epe: float
    fl_all: float
    aae: float
    pixels: int
    buckets: dict[str, float]
    shares: dict[str, float]


def endpoint_error(gt, pred) -> np.ndarray:
    """How far each pixel's flow ends from where it should.

    Shapes: gt, pred (...,2,H,W), x then y -> float64 (...,H,W), NaN where either is.
    Units: pixels.
    Raises: ShapeError for other or differing axes.
    Source: [WHEEL].
    >>> endpoint_error(np.zeros((2, 1, 1)), np.array([3.0, 4.0]).reshape(2, 1, 1))
    array([[5.]])
    """
    gt, pred = _as_flows(gt, pred)
    difference = pred - gt
    return np.hypot(difference[..., 0, :, :], difference[..., 1, :, :])


def angular_error(gt, pred) -> np.ndarray:
    """The angle between (u,v,1) and the same of the truth, in space and time, so that standing still has a direction as well.

    Shapes: gt, pred (...,2,H,W), x then y -> float64 (...,H,W), NaN where either is.
    Units: degrees.
    Raises: ShapeError for other or differing axes.
    Source: [WHEEL], after Barron, Fleet and Beauchemin, IJCV 1994.
    >>> endpoint = np.array([1.0, 0.0]).reshape(2, 1, 1)
    >>> angular_error(np.zeros((2, 1, 1)), endpoint).round(6)      # (0,0,1) and (1,0,1)
    array([[45.]])
    """
    (u, v), (s, t) = (np.moveaxis(flow, -3, 0) for flow in _as_flows(gt, pred))
    across = np.sqrt((v - t) ** 2 + (s - u) ** 2 + (u * t - v * s) ** 2)  # |(u,v,1) x (s,t,1)|
    return np.degrees(
        np.arctan2(across, u * s + v * t + 1)
    )  # the arc cosine would lose angles below a hundredth of a degree


def average_endpoint_error(gt, pred, valid=None) -> float:
    """The mean endpoint error over the valid pixels (AEPE, often just EPE).

    Shapes: gt, pred (...,2,H,W), valid (...,H,W) bool or None -> a float, NaN where no pixel is valid.
    Units: pixels.
    Raises: ShapeError for other axes, DataError for a prediction that is not finite at a valid pixel.
    Source: [WHEEL], pooled over pixels.
    >>> average_endpoint_error(np.zeros((2, 1, 2)), np.array([[[3.0, 0]], [[4.0, 0]]]), valid=np.array([[True, False]]))
    5.0
    """
    return score_flow([(gt, pred, valid)]).epe


def fl_all(gt, pred, valid=None) -> float:
    """The share of valid pixels whose endpoint error is above 3 pixels and above 5 % of the true motion (Fl-all).

    Shapes: gt, pred (...,2,H,W), valid (...,H,W) bool or None -> a float, NaN where no pixel is valid.
    Units: percent.
    Raises: ShapeError for other axes, DataError for a prediction that is not finite at a valid pixel.
    Source: [KITTI], pooled over pixels.
    >>> gt, pred = np.zeros((2, 2, 1, 2))
    >>> gt[0], pred[0] = 100, [104, 106]          # 4 px of 100 is forgiven, 6 px is not
    >>> fl_all(gt, pred)
    50.0
    """
    return score_flow([(gt, pred, valid)]).fl_all


def average_angular_error(gt, pred, valid=None) -> float:
    """The mean angular error over the valid pixels (AAE).

    Shapes: gt, pred (...,2,H,W), valid (...,H,W) bool or None -> a float, NaN where no pixel is valid.
    Units: degrees.
    Raises: ShapeError for other axes, DataError for a prediction that is not finite at a valid pixel.
    Source: [WHEEL], pooled over pixels.
    >>> average_angular_error(np.ones((2, 1, 1)), np.ones((2, 1, 1)))
    0.0
    """
    return score_flow([(gt, pred, valid)]).aae


def score_flow(pairs: Iterable[tuple]) -> FlowScores:
    """All the errors at once, over the pixels of all pairs (gt, pred, valid or None), which are read one after the other.

    Shapes: gt, pred (...,2,H,W), valid (...,H,W) bool or None; sizes may differ from pair to pair.
    Raises: ShapeError for other axes, DataError for a prediction that is not finite at a valid pixel.
    Source: [WHEEL], [KITTI], and the classes of speed of [SINTEL].
    >>> scores = score_flow([(np.full((2, 1, 3), 9.0), np.zeros((2, 1, 3)), None), (np.zeros((2, 1, 1)), np.ones((2, 1, 1)), None)])
    >>> scores.pixels, round(scores.epe, 3), scores.fl_all, scores.shares["s10-40"]
    (4, 9.899, 75.0, 0.75)
    """
    speeds = [(0.0, float("inf")), *BUCKETS.values()]
    counts, sums = np.zeros(len(speeds), int), np.zeros(len(speeds))
    outliers = angles = 0.0
    for gt, pred, valid in pairs:
        error, speed, angle = _valid_errors(gt, pred, valid)
        outliers += np.count_nonzero((error > 3) & (error > 0.05 * speed))
        angles += angle.sum()
        for i, (least, most) in enumerate(speeds):
            chosen = (speed >= least) & (speed < most)
            counts[i] += np.count_nonzero(chosen)
            sums[i] += error[chosen].sum()
    means = [_ratio(total, count) for total, count in zip(sums, counts, strict=True)]
    return FlowScores(
        epe=means[0],
        fl_all=100 * _ratio(outliers, counts[0]),
        aae=_ratio(angles, counts[0]),
        pixels=int(counts[0]),
        buckets=dict(zip(BUCKETS, means[1:], strict=True)),
        shares={name: _ratio(count, counts[0]) for name, count in zip(BUCKETS, counts[1:], strict=True)},
    )


def _valid_errors(gt, pred, valid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Endpoint error, length of the true flow and angular error of the valid pixels, flat."""
    gt, pred = _as_flows(gt, pred)
    with np.errstate(invalid="ignore"):
        chosen = (np.abs(gt) < _UNKNOWN_ABOVE).all(axis=-3)
    if valid is not None:
        valid = _as_array(valid)
        if valid.shape != chosen.shape or valid.dtype != bool:
            raise ShapeError(
                expected=f"valid of True and False, shape {chosen.shape}",
                got=f"{valid.dtype}, shape {valid.shape}",
                try_this="valid > 0",
            )
        chosen &= valid
    gt, pred = (np.moveaxis(flow, -3, 0)[:, chosen][:, None] for flow in (gt, pred))  # (2,1,n)
    lost = int((~np.isfinite(pred)).any(axis=0).sum())
    if lost:
        raise DataError(
            expected="a prediction at every valid pixel",
            got=f"NaN or infinity at {lost} of {pred.shape[-1]}",
            try_this="pass valid & prediction.isfinite().all(0) only if the rest shall not count",
        )
    return endpoint_error(gt, pred)[0], np.hypot(*gt)[0], angular_error(gt, pred)[0]


def _as_flows(gt, pred) -> tuple[np.ndarray, np.ndarray]:
    gt, pred = _as_array(gt), _as_array(pred)
    hint = "x and y on the third axis from the end: flow.permute(2, 0, 1) from (H,W,2); bring both to one size by resize_flow"
    expect("gt: ... 2 H W, pred: ... 2 H W", gt=gt, pred=pred, hint=hint)
    if gt.shape != pred.shape:
        raise ShapeError(expected=f"pred of gt's shape {gt.shape}", got=f"{pred.shape}", try_this=hint)
    return gt.astype(np.float64), pred.astype(np.float64)


def _as_array(flow) -> np.ndarray:
    # A network's output still hangs on its graph.
    return np.asarray(flow.detach().cpu() if hasattr(flow, "detach") else flow)


def _ratio(total: float, count: int) -> float:
    return float(total / count) if count else float("nan")
