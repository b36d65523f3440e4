"""Region similarity J: how much of two masks together is in both.

[2016] F. Perazzi et al.: A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation. CVPR 2016.
"""

import numpy as np

from vostutor.core.errors import ShapeError
from vostutor.core.shapes import expect


def jaccard(gt: np.ndarray, pred: np.ndarray, void: np.ndarray | None = None) -> float | np.ndarray:
    """Intersection over union of two masks, 1 where both are empty; pixels in `void` do not count.

    Shapes: gt, pred and void bool (...,H,W), or integers of 0 and 1 -> a float for (H,W), an array (...) otherwise.
    Raises: ShapeError for axes that differ and for masks with other values than 0 and 1.
    Source: J of [2016]; the empty case and void as in the released evaluation code of DAVIS 2017.
    >>> gt, pred = np.zeros((2, 10, 10), bool)
    >>> gt[2:6, 2:6], pred[2:6, 3:7] = True, True       # the same square, one pixel to the right
    >>> jaccard(gt, pred)                               # 12 / 20
    0.6
    """
    gt, pred = comparable(gt, pred, void)
    both = np.count_nonzero(gt & pred, axis=(-2, -1))
    either = np.count_nonzero(gt | pred, axis=(-2, -1))
    values = np.where(either == 0, 1.0, both / np.maximum(either, 1))
    return float(values) if values.ndim == 0 else values


def comparable(gt: np.ndarray, pred: np.ndarray, void: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Both masks as booleans, with everything in `void` taken out of both.

    Shapes: as in `jaccard`; returns bool (...,H,W) twice.
    Raises: ShapeError for axes that differ and for masks with other values than 0 and 1.
    Source: void in the released evaluation code of DAVIS 2017.
    >>> gt, pred = comparable(np.eye(2, dtype=bool), np.ones((2, 2), int), void=np.array([[1, 0], [0, 0]]))
    >>> gt.astype(int).tolist(), pred.astype(int).tolist()
    ([[0, 0], [0, 1]], [[0, 1], [1, 1]])
    """
    gt, pred = _as_bool("gt", gt), _as_bool("pred", pred)
    _same_shape(gt, pred=pred)
    if void is None:
        return gt, pred
    void = _as_bool("void", void)
    _same_shape(gt, void=void)
    return gt & ~void, pred & ~void


def _as_bool(name: str, mask: np.ndarray) -> np.ndarray:
    expect(f"{name}: ... H W", **{name: mask})
    mask = np.asarray(mask)
    if mask.dtype == bool:
        return mask
    if mask.dtype.kind not in "ui":
        raise ShapeError(expected=f"{name} of True and False", got=f"{mask.dtype}", try_this=f"{name} > 0.5")
    if mask.size and (mask.min() < 0 or mask.max() > 1):
        raise ShapeError(
            expected=f"{name} of True and False, one object at a time",
            got=f"values from {mask.min()} to {mask.max()}",
            try_this=f"{name} == 1 for object 1",
        )
    return mask.astype(bool)


def _same_shape(gt: np.ndarray, **other: np.ndarray) -> None:
    for name, mask in other.items():
        if mask.shape != gt.shape:
            raise ShapeError(
                expected=f"{name} of the same shape as gt, {gt.shape}",
                got=f"{mask.shape}",
                try_this="resize ids with nearest neighbours to the size of the annotation",
            )
