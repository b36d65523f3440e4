"""Mean, recall and decay: what a curve over time is summed up by.

[2016] F. Perazzi et al.: A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation. CVPR 2016.

Departures: the released code keeps the borders of the quarters in one byte, so that clips of more than 256 frames wrap around and
the last quarter is a wrong one. Here they are integers; a test shows the difference at 400 frames.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vostutor.core.errors import ShapeError


class Statistics(NamedTuple):
    """Mean (0 to 1), recall (share of frames above one half), decay (loss from the first quarter to the last)."""

    mean: float
    recall: float
    decay: float


def statistics(values: Sequence[float]) -> Statistics:
    """Mean, recall and decay of one object's J or F over the frames.

    Recall counts values strictly above 0.5. Decay is the mean of the first quarter minus that of the last.

    Shapes: values (n,), n >= 1, a list, array or tensor.
    Raises: ShapeError for an empty list, for other axes, and for values that are not finite.
    Source: [2016] and its released code.
    >>> statistics([1.0, 1.0, 0.75, 0.75, 0.5, 0.5, 0.25, 0.0])
    Statistics(mean=0.59375, recall=0.5, decay=0.6666666666666666)
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ShapeError(
            expected="values: n, at least one finite number",
            got=f"shape {values.shape}" + (", with NaN or infinity" if values.ndim == 1 and values.size else ""),
            try_this="one object's J or F over the evaluated frames; two frames leave nothing to evaluate",
        )
    edges = quarter_edges(len(values))
    first, last = values[edges[0] : edges[1] + 1], values[edges[3] : edges[4] + 1]
    return Statistics(float(values.mean()), float((values > 0.5).mean()), float(first.mean() - last.mean()))


def quarter_edges(n: int) -> list[int]:
    """The five frames that bound the four quarters of n frames.

    Neighbours share their edge: quarter i is edges[i] to edges[i+1], both included.

    Shapes: five integers from 0 to n-1.
    Source: the released code of [2016], which rounds half to even after a nudge upwards.
    >>> quarter_edges(8), quarter_edges(10), quarter_edges(100)
    ([0, 2, 4, 5, 7], [0, 2, 5, 7, 9], [0, 25, 50, 74, 99])
    """
    return (np.round(np.linspace(1, n, 5) + 1e-10).astype(int) - 1).tolist()
