"""What a matching function has to answer, so that a student's own may stand in a network.

Letters: K objects, C channels of an embedding, h and w of its map.
"""

from math import isnan

from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ranges import ROUNDING, expect_finite, expect_tensor

DIVERGED = "weights that are numbers: training that diverged leaves NaN"


def expect_distances(name: str, maps: Tensor, query: Tensor, count: int) -> Tensor:
    """The maps themselves, where they are squashed distances of every place of `query` to each of `count` labels.

    name: of the function that answered them, which the error tells.

    Shapes: maps (count,h,w) in [0,1] in the dtype of query, query floating (C,h,w) -> maps.
    Raises: ShapeError for anything but a tensor, other axes, another dtype or device; DataError for NaN or numbers beyond 0 and 1.
    Source: the range of the squashed distance of FEELVOS (Voigtlaender et al., CVPR 2019).
    Source: the distances of [FEELVOS], as ops/matching.py answers them.
    >>> import torch
    >>> expect_distances("global_match", torch.ones(3, 4, 6), torch.zeros(8, 4, 6), 3).shape
    torch.Size([3, 4, 6])
    """
    expect_tensor(**{f"{name} answers": maps})
    wanted = (count, *query.shape[-2:])
    if tuple(maps.shape) != wanted:
        raise ShapeError(
            expected=f"{name} answers (K+1,h,w) = {wanted}",
            got=f"shape {tuple(maps.shape)}",
            try_this="channel 0 for the background, then one for each object",
        )
    if (maps.dtype, maps.device) != (query.dtype, query.device):
        raise ShapeError(
            expected=f"{name} answers {query.dtype} on {query.device}, as its query",
            got=f"{maps.dtype} on {maps.device}",
            try_this="return maps.to(query)",
        )
    _expect_squashed(name, maps, query)
    return maps


def _expect_squashed(name: str, maps: Tensor, query: Tensor) -> None:
    low, high = (bound.item() for bound in maps.detach().aminmax())
    if low >= -ROUNDING and high <= 1 + ROUNDING:  # NaN is neither
        return
    if isnan(low):
        expect_finite(embedding=query, try_this=DIVERGED)  # then it is not the function's fault
    raise DataError(
        expected=f"{name} answers distances from 0 to 1, and 1 where a place has none",
        got=f"{low:g} to {high:g}",
        try_this="squash(squared) of the squared distances, which makes 1 of infinity",
    )
