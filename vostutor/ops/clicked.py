"""Clicked pixels as a mask of which little is known.

Letters: H rows, W columns.
"""

from collections.abc import Iterable
from numbers import Integral

import torch
from torch import Tensor

from vostutor.core.errors import DataError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_size


def clicks(points: Iterable[tuple[int, int, int]], size: tuple[int, int]) -> Tensor:
    """A mask in which only the clicked pixels are known; of two clicks on one pixel the later counts.

    Shapes: points are (row, column, id), id 0 for the background -> ids int64 (H,W), `size`, 255 where nobody has clicked.
    Raises: DataError for points that do not come one by one, or one that is not three whole numbers, lies beyond the frame, or has an id
    beyond 0..254; SettingsError for a size that is none.
    Source: the interactive mode of PML (Chen et al., CVPR 2018).
    >>> clicks([(0, 1, 1), (1, 2, 0)], (2, 3))
    tensor([[255,   1, 255],
            [255, 255,   0]])
    """
    expect_size(size)
    ids = torch.full(tuple(size), VOID)
    if not isinstance(points, Iterable):
        raise DataError(expected="points in a list", got=repr(points), try_this="clicks([(row, column, id)], size)")
    for point in points:
        whole = isinstance(point, tuple | list) and len(point) == 3 and all(map(_is_whole, point))
        if not whole or not all(0 <= n < end for n, end in zip(point, (*size, VOID), strict=True)):
            raise DataError(
                expected=f"(row, column, id) in whole numbers, within {tuple(size)}, ids from 0 to {VOID - 1}",
                got=repr(point),
                try_this="row before column, both counted from 0; id 0 for the background",
            )
        ids[int(point[0]), int(point[1])] = int(point[2])
    return ids


def _is_whole(number) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)
