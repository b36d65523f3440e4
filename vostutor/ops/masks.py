"""Masks as ids, as one channel per object, grown by a disk, shrunk by a square.

Letters: K objects, H rows, W columns.
"""

from collections.abc import Sequence
from math import isqrt

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_tensor
from vostutor.core.shapes import expect

_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def object_order(known: Sequence[int], ids: Tensor) -> tuple[int, ...]:
    """The objects in order of first annotation: those already known, then the new ones of `ids`, ascending.

    Shapes: ids integer (H,W), 0 background, 255 void. Position k of the result is channel k+1 of a prob_all.
    Raises: ShapeError for a mask that does not hold integers, DataError for values outside 0..255.
    Source: the order of channels that core/clip.py promises for a Segmenter.
    >>> object_order((3,), torch.tensor([[0, 7, 255], [3, 5, 0]]))
    (3, 5, 7)
    """
    _check_ids(ids)
    counts = torch.bincount(ids.flatten(), minlength=VOID + 1)
    present = [value for value in counts.nonzero().flatten().tolist() if value not in (0, VOID)]
    return tuple(known) + tuple(value for value in present if value not in known)


def one_hot(ids: Tensor, objects: Sequence[int]) -> Tensor:
    """A mask as certain probabilities: one channel for the background and one per object.

    Void counts as background: nobody is asked about it, and every pixel has to sum to 1.

    Shapes: ids integer (H,W) -> prob_all float32 (K+1,H,W), channel 0 background, channel k the k-th of `objects`.
    Raises: DataError for an id that `objects` lacks, ShapeError for a mask that does not hold integers.
    Source: the form of prob_all in core/clip.py.
    >>> one_hot(torch.tensor([[0, 7, 255]]), objects=(7,))
    tensor([[[1., 0., 1.]],
    <BLANKLINE>
            [[0., 1., 0.]]])
    """
    unknown = sorted(set(object_order((), ids)) - set(objects))
    if unknown:
        raise DataError(
            expected=f"ids among 0, {', '.join(map(str, objects))} and {VOID}",
            got=f"{unknown} as well",
            try_this="objects = object_order(objects, ids) names the new ones",
        )
    channels = [ids == value for value in objects]
    background = (ids == 0) | (ids == VOID)
    return torch.stack([background, *channels]).float()


def to_ids(prob_all: Tensor, objects: Sequence[int]) -> Tensor:
    """The likeliest id of every pixel; where channels are equal the lower one wins, so the background before any object.

    Shapes: prob_all (K+1,H,W) -> ids int64 (H,W), drawn from 0 and `objects`.
    Raises: ShapeError when the channels are not background and one per object.
    Source: the meaning of prob_all in core/clip.py.
    >>> to_ids(torch.tensor([[[0.4, 0.5]], [[0.6, 0.5]]]), objects=(7,))
    tensor([[7, 0]])
    """
    expect(
        f"prob_all: {len(objects) + 1} H W",
        prob_all=prob_all,
        hint=f"one channel for the background and one for each of the objects {tuple(objects)}",
    )
    ids = torch.zeros(prob_all.shape[1:], dtype=torch.int64, device=prob_all.device)
    best = prob_all[0]
    for value, prob in zip(
        objects, prob_all[1:], strict=True
    ):  # argmax over a leading axis is 20 times slower on a CPU
        ids = torch.where(prob > best, value, ids)
        best = torch.maximum(prob, best)
    return ids


def dilate(mask: Tensor, radius: int) -> Tensor:
    """A mask grown by a Euclidean disk: true where some true pixel lies at most `radius` away.

    Outside the image everything is false.

    Shapes: mask bool (...,H,W) -> bool (...,H,W).
    Units: radius in pixels, an integer >= 0; the disk holds the offsets with x^2 + y^2 <= radius^2.
    Raises: ShapeError for a mask that is not boolean or a radius that is not such an integer.
    Source: the structuring element of the DAVIS contour measure (Perazzi et al., CVPR 2016, released code).
    >>> dilate(torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]]).bool(), radius=1).int()
    tensor([[0, 1, 0],
            [1, 1, 1],
            [0, 1, 0]], dtype=torch.int32)
    """
    expect("mask: ... H W", mask=mask)
    _check_dilation(mask, radius)
    run, reach = mask.clone(), 0  # run: the mask grown along its rows by `reach` on both sides
    grown = torch.zeros_like(mask)
    for dy in range(radius, -1, -1):  # a disk is a stack of rows that widen towards its middle
        half_width = isqrt(radius * radius - dy * dy)
        for dx in range(reach + 1, half_width + 1):
            _add_shifted(run, mask, dx, axis=-1)
        reach = half_width
        _add_shifted(grown, run, dy, axis=-2)
    return grown


def erode(mask: Tensor, side: int) -> Tensor:
    """A mask shrunk by a square: true where everything within the square around a pixel is true.

    Beyond the border of the image nothing is known, so nothing is lost there. It is not the counterpart of `dilate`, whose disk
    measures contours; it is the grey erosion that online adaptation uses.

    Shapes: mask bool (...,H,W) -> bool (...,H,W).
    Units: side of the square in pixels, odd; 1 changes nothing.
    Raises: ShapeError for a mask that is not boolean or a side that is not odd.
    Source: grey erosion in the released code of OnAVOS (Voigtlaender and Leibe, BMVC 2017).
    >>> erode(torch.tensor([[1, 1, 1, 1, 0]]).bool(), side=3).int()
    tensor([[1, 1, 1, 0, 0]], dtype=torch.int32)
    """
    expect("mask: ... H W", mask=mask)
    if isinstance(side, bool) or not isinstance(side, int) or side < 1 or side % 2 == 0:
        raise ShapeError(expected="an odd side, 1, 3, 5, ...", got=repr(side), try_this="2 * radius + 1")
    _check_dilation(mask, side // 2)
    lost = (~mask).float().reshape(-1, 1, *mask.shape[-2:])
    for window, reach in (((side, 1), (side // 2, 0)), ((1, side), (0, side // 2))):  # a square is a column of rows
        lost = max_pool2d(lost, window, stride=1, padding=reach)  # padded with -inf, so that the border takes nothing
    return lost.reshape(mask.shape) == 0


def _add_shifted(target: Tensor, mask: Tensor, offset: int, axis: int) -> None:
    """Set `target` wherever `mask` is true `offset` pixels before or after along the axis."""
    inside = mask.shape[axis] - offset
    if inside <= 0:
        return
    target.narrow(axis, offset, inside).logical_or_(mask.narrow(axis, 0, inside))
    target.narrow(axis, 0, inside).logical_or_(mask.narrow(axis, offset, inside))


def _check_dilation(mask: Tensor, radius: int) -> None:
    expect_tensor(mask=mask)
    if mask.dtype != torch.bool:
        raise ShapeError(
            expected="a boolean mask", got=f"{mask.dtype}", try_this="mask > 0, or ids == 1 for one object"
        )
    if not isinstance(radius, int) or isinstance(radius, bool) or radius < 0:
        raise ShapeError(expected="a radius of 0, 1, 2, ... pixels", got=repr(radius), try_this="math.ceil(radius)")


def _check_ids(ids: Tensor) -> None:
    expect_tensor(ids=ids)
    expect("ids: H W", ids=ids, hint="one mask (H,W) at a time, without a batch or channel axis")
    if ids.dtype not in _INTEGERS:
        raise ShapeError(expected="a mask of integers", got=f"{ids.dtype}", try_this="ids.long()")
    low, high = (int(value) for value in torch.aminmax(ids)) if ids.numel() else (0, 0)
    if low < 0 or high > VOID:
        raise DataError(
            expected="ids from 0 to 255",
            got=f"{low} to {high}",
            try_this="map the values to 0 background, 1.. objects, 255 void",
        )
