"""What the labels of the nearest neighbours say of a place: by a vote, and whether all agree.

[PML] Y. Chen, J. Pont-Tuset, A. Montes, L. Van Gool: Blazingly Fast Video Object Segmentation with Pixel-Wise Metric Learning. CVPR 2018.

Reading order: votes, agreed.
Letters: P places, k neighbours.
"""

import torch
from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ranges import expect_tensor, expect_whole
from vostutor.core.shapes import expect

CLOSER = 1e-3  # by how much a nearest neighbour has more than one vote: enough to break a tie, for nothing else


def votes(neighbours: Tensor, labels: int) -> Tensor:
    """The share of the vote that each label has; of two that have equally many, the one with the nearest voters has a hair more.

    Shapes: neighbours int64 (P,k) from 0 to labels - 1, the nearest first -> float32 (P,labels), sums to 1 over axis 1.
    Raises: ShapeError for other axes or types, DataError for other labels, SettingsError for a number of labels below 1.
    Source: the vote of [PML]; how a tie is broken is an own rule.
    >>> votes(torch.tensor([[2, 0, 0, 2, 0]]), 3).round(decimals=2)
    tensor([[0.6000, 0.0000, 0.4000]])
    """
    _expect_neighbours(neighbours)
    expect_whole(least=1, labels=labels)
    if neighbours.numel() and not (neighbours.min() >= 0 and neighbours.max() < labels):
        low, high = neighbours.aminmax()
        raise DataError(
            expected=f"labels from 0 to {labels - 1}", got=f"{low} to {high}", try_this=f"labels={max(1, high + 1)}"
        )
    weight = 1 + CLOSER * 0.5 ** torch.arange(neighbours.shape[1], device=neighbours.device)
    share = torch.zeros(len(neighbours), labels, device=neighbours.device)
    return share.scatter_add_(1, neighbours, (weight / weight.sum()).expand(neighbours.shape))


def agreed(neighbours: Tensor) -> Tensor:
    """Which places join the pool: those whose neighbours all carry one label.

    Shapes: neighbours int64 (P,k), labels -> bool (P,).
    Raises: ShapeError for other axes or types.
    Source: online adaptation of [PML].
    >>> agreed(torch.tensor([[1, 1, 1], [1, 0, 1]]))
    tensor([ True, False])
    """
    _expect_neighbours(neighbours)
    return (neighbours == neighbours[:, :1]).all(dim=1)


def _expect_neighbours(neighbours: Tensor) -> None:
    expect_tensor(neighbours=neighbours)
    expect("neighbours: P k", neighbours=neighbours, hint="the labels of k neighbours for each of P places")
    if neighbours.dtype != torch.int64 or not neighbours.shape[1]:
        raise ShapeError(
            expected="neighbours: int64, one or more for each place",
            got=f"{neighbours.dtype} {tuple(neighbours.shape)}",
            try_this="pool.labels[k_nearest(places, pool.embedding, k)[1]]",
        )
