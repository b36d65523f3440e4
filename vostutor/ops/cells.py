"""Masks at the resolution of a network's map: whose each cell of 4x4 pixels is, and back again.

Letters: B batch, K objects, H rows and W columns of a frame, h = ceil(H/4) and w = ceil(W/4) those of its map.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, one_hot

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_floating, expect_tensor, expect_whole
from vostutor.core.shapes import expect

STRIDE = 4  # rows and columns of a cell


def cell_shares(ids: Tensor, count: int) -> Tensor:
    """How much of each cell the background and each object covers; void covers nothing. Of a cell that the border cuts only the part
    within the frame counts.

    Shapes: ids int64 (B,H,W), 0 background, 1 to K = count, 255 void -> float32 (B,K+1,h,w), in [0,1].
    Raises: ShapeError for other axes or types, DataError for other ids.
    Source: average pooling; [FEELVOS] takes the nearest pixel instead.
    >>> cell_shares(torch.tensor([[[0, 0, 1, 1]] * 4]), 1).flatten()
    tensor([0.5000, 0.5000])
    """
    expect_tensor(ids=ids)
    expect("ids: B H W", ids=ids, hint="ids[None] adds the batch")
    expect_whole(count=count)
    expect_ids(ids, count)
    covered = one_hot(torch.where(ids == VOID, count + 1, ids), count + 2)[..., :-1]
    return avg_pool2d(covered.movedim(-1, 1).float(), STRIDE, ceil_mode=True)  # divides by what lies within the frame


def object_shares(ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The same of one mask whose objects have numbers of any kind, in the order of `objects`.

    Shapes: ids integer (H,W), 0 background, 255 void -> float32 (K+1,h,w). Ids that are not among `objects` count as background.
    Source: as `cell_shares`.
    >>> object_shares(torch.tensor([[0, 7, 7, 7]]), (3, 7)).flatten()
    tensor([0.2500, 0.0000, 0.7500])
    """
    channel = torch.zeros(VOID + 1, dtype=torch.int64)
    channel[[*objects, VOID]] = torch.tensor([*range(1, len(objects) + 1), VOID])
    return cell_shares(channel.to(ids.device)[ids.long()][None], len(objects))[0]


def expect_ids(ids: Tensor, count: int) -> None:
    """Nothing, where these are ids int64 of the background, of objects 1 to K = count, and of void.

    Shapes: ids int64 of any axes.
    Raises: ShapeError for another type, DataError for other ids.
    Source: the ids of core/ids.py.
    >>> expect_ids(torch.tensor([0, 2, 255]), 2)
    """
    if ids.dtype != torch.int64:
        raise ShapeError(expected="ids of int64", got=f"{ids.dtype}", try_this="ids.long()")
    if ((ids < 0) | (ids > count) & (ids != VOID)).any():
        raise DataError(
            expected=f"ids from 0 to {count}, and {VOID}",
            got=f"{ids[ids != VOID].unique().tolist()[-4:]}",
            try_this="number the objects from 1 on, without gaps",
        )


def cell_labels(shares: Tensor) -> Tensor:
    """Whose a cell is: theirs who cover most of it, and nobody's (255) where they cover less than half or two objects half each.

    An object that has no cell by that gets the one that it covers best, so that a small one is not lost, but never the only one of
    another object. Who covers least chooses first, then who covers fewest cells, then who covers more in reading order: the order of
    the objects decides only between two whose shares are the same in every cell.

    Shapes: shares floating (B,K+1,h,w) -> int64 (B,h,w), 0 to K and 255.
    Raises: ShapeError for other axes or types.
    Source: own rule; see `cell_shares`.
    >>> cell_labels(torch.tensor([[[[0.8, 0.3]], [[0.2, 0.0]]]]))
    tensor([[[  1, 255]]])
    """
    expect_floating(shares=shares)
    expect("shares: B K h w", shares=shares, hint="shares[None] adds the batch")
    most, labels = shares.max(dim=1)
    labels = torch.where(shares[:, 0] == most, 0, labels)
    tied = (labels > 0) & ((shares[:, 1:] == most[:, None]).sum(dim=1) > 1)
    labels = torch.where((most >= 0.5) & ~tied, labels, VOID)
    channels = torch.arange(shares.shape[1], device=shares.device)[:, None, None]
    lost = ~(labels[:, None] == channels).flatten(2).any(dim=2) & (shares.flatten(2) > 0).any(dim=2)
    lost[:, 0] = False  # the background is everywhere else
    for n in lost.any(dim=1).nonzero().flatten().tolist():
        _seat(labels[n].view(-1), shares[n].flatten(1), lost[n].nonzero().flatten().tolist())
    return labels


def _seat(labels: Tensor, shares: Tensor, lost: list[int]) -> None:
    """Give each lost object a cell, in place. Shapes: labels (h*w,), shares (K+1,h*w)."""
    here = shares[lost].cpu()
    best = here.amax(dim=1)
    order = sorted(range(len(lost)), key=lambda k: (best[k].item(), int((here[k] > 0).sum()), (-here[k]).tolist()))
    whose = labels.cpu()
    for k in order:
        held = torch.bincount(whose, minlength=VOID + 1)
        held[[0, VOID]] = 2  # only an object can lose its last cell
        free = torch.where(held[whose] > 1, here[k], 0)
        if free.any():
            whose[(free == free.amax()).nonzero()[0]] = lost[k]  # argmax may take any of them
    labels.copy_(whose)


def enlarge_cells(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps at the size of the frame, blended between the middles of the cells.

    Shapes: maps floating (B,C,h,w) -> (B,C,H,W), size is (H,W).
    Raises: ShapeError for other axes or types and for a size that has other cells.
    Source: bilinear interpolation.
    >>> enlarge_cells(torch.ones(1, 1, 2, 3), (7, 9)).shape
    torch.Size([1, 1, 7, 9])
    """
    expect_floating(maps=maps)
    expect("maps: B C h w", maps=maps)
    cells = tuple(-(-pixels // STRIDE) for pixels in size)
    if cells != tuple(maps.shape[-2:]):
        raise ShapeError(
            expected=f"a map of {cells} cells for a frame of {tuple(size)}",
            got=f"{tuple(maps.shape[-2:])}",
            try_this="the size of the frame that the map was calculated from",
        )
    full = interpolate(maps, scale_factor=float(STRIDE), mode="bilinear", align_corners=False)
    return full[..., : size[0], : size[1]]
