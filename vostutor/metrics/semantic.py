"""Mean intersection over union: the measure of semantic segmentation, where a class is what counts and not whose pixel it is.

[FCN] J. Long, E. Shelhamer, T. Darrell: Fully Convolutional Networks for Semantic Segmentation. CVPR 2015.
"""

from typing import NamedTuple

import numpy as np

from vostutor.core.errors import ShapeError
from vostutor.core.ids import VOID


class MeanIoU(NamedTuple):
    """The mean over all classes that occur, and the value per class, NaN for those that do not."""

    mean: float
    per_class: np.ndarray


def confusion(gt: np.ndarray, pred: np.ndarray, classes: int, ignore: int = VOID) -> np.ndarray:
    """How often each true class was called what. Tables of several frames can be added, which is how a whole data set is scored.

    Shapes: gt and pred integers of any one shape -> int64 (classes, classes), row true class, column predicted class.
    Raises: ShapeError for shapes that differ, and for labels that are no class where gt is not `ignore`.
    Source: n_ij of [FCN], section 5.
    >>> confusion(np.array([0, 0, 1, 255]), np.array([0, 1, 1, 0]), classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    gt, pred = np.asarray(gt), np.asarray(pred)
    if gt.shape != pred.shape or gt.dtype.kind not in "bui" or pred.dtype.kind not in "bui":
        raise ShapeError(
            expected=f"pred of the shape of gt, {gt.shape}, both integers",
            got=f"{pred.shape}, {gt.dtype} and {pred.dtype}",
            try_this="logits.argmax(channel axis) gives labels",
        )
    counted = gt != ignore
    gt, pred = gt[counted].astype(np.int64), pred[counted].astype(np.int64)
    for name, labels in (("gt", gt), ("pred", pred)):
        if labels.size and (labels.min() < 0 or labels.max() >= classes):
            raise ShapeError(
                expected=f"{name}: labels from 0 to {classes - 1}" + f", or {ignore}" * (name == "gt"),
                got=f"{labels.min()} to {labels.max()}",
                try_this=f"classes={labels.max() + 1}, or map the labels first",
            )
    return np.bincount(gt * classes + pred, minlength=classes * classes).reshape(classes, classes)


def mean_iou(table: np.ndarray) -> MeanIoU:
    """Mean IoU of a table of `confusion`: per class true positives over everything that is or was called that class.

    Classes that neither occur nor were predicted are left out of the mean; without any class it is NaN.

    Shapes: table (classes, classes), row true class, column predicted class.
    Raises: ShapeError for a table that is not square.
    Source: mean IU of [FCN], section 5.
    >>> mean_iou(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]]))
    MeanIoU(mean=0.5, per_class=array([0.5, 0.5, nan]))
    """
    table = np.asarray(table)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ShapeError(
            expected="table: classes classes", got=f"shape {table.shape}", try_this="confusion(gt, pred, classes)"
        )
    either = table.sum(0) + table.sum(1) - table.diagonal()
    per_class = np.where(either > 0, table.diagonal() / np.maximum(either, 1), np.nan)
    occurs = per_class[either > 0]
    return MeanIoU(float(occurs.mean()) if occurs.size else float("nan"), per_class)
