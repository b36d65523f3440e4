"""Matching two maps of embeddings: how near each place is to what was labelled in the first frame, and around it in the previous one.

[FEELVOS] Voigtlaender et al., FEELVOS: Fast End-to-End Embedding Learning for Video Object Segmentation, CVPR 2019.

Global matching compares a place with the whole first frame: it finds an object again after it was hidden, and everything that looks
like it. Local matching compares it with the places around it in the previous frame: what looks like it is far away. A network that
sees both maps of every object learns whom to believe. For the search see ops/nearest.py. The local one shares the tiles of the cost volume
(ops/cost_volume.py): one matrix product of a tile with all that it can meet, of which a view along diagonals reads the windows.

Reading order: global_match, local_match, `_search_around`.
Letters: C channels, h rows and w columns of a map, H and W those of the reference; K objects; r the reach, D = 2r + 1 places across a
window; p x q tiles of a x b places, as in the cost volume.
Departures: the released code sets places of other labels to 1 after squashing in the local map, and to 1e20 before it in the global
one; here their distance is infinite in both, which comes to the same.
"""

from collections.abc import Iterable, Sequence, Set
from operator import index

import torch
from torch import Tensor
from torch.nn.functional import pad

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_alike, expect_tensor, expect_whole
from vostutor.core.shapes import expect
from vostutor.ops.cost_volume import _Layout, _layout
from vostutor.ops.nearest import distances_to, k_nearest, min_triplet, nearest_per_label, squared_distances, squash

__all__ = [
    "global_match",
    "k_nearest",
    "local_match",
    "min_triplet",
    "nearest_per_label",
    "squared_distances",
    "squash",
]


def global_match(query: Tensor, reference: Tensor, ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The squashed distance of each place to the nearest reference place of the background and of each object; 1 where it has none.

    Void places, 255, and ids that are not among `objects` belong to nobody. Half precision is computed in float32, and autocast changes
    nothing. A NaN stays in its place; one in the reference reaches every place, but only under its own label.

    Shapes: query floating (C,h,w), reference floating (C,H,W), ids integer (H,W) -> (K+1,h,w) in [0,1], in the dtype of query,
    channel 0 background, channel k the k-th of `objects`.
    Raises: ShapeError for other axes, types or devices, DataError for objects that are not different ids from 1 to 254.
    Source: global matching of [FEELVOS].
    >>> query, reference = torch.tensor([[[0.0, 3.0]]]), torch.tensor([[[1.0, 3.0, 9.0]]])
    >>> global_match(query, reference, torch.tensor([[0, 7, 255]]), objects=(7, 8))
    tensor([[[0.4621, 0.9640]],
    <BLANKLINE>
            [[0.9998, 0.0000]],
    <BLANKLINE>
            [[1.0000, 1.0000]]])
    """
    expect("query: C h w, reference: C H W, ids: H W", query=query, reference=reference, ids=ids, hint=_HINT)
    objects = _different_ids(objects)
    _check_maps(ids, query=query, reference=reference)
    places, keys = (image.flatten(1).mT.contiguous() for image in (query, reference))
    squared = nearest_per_label(places, keys, _labels(ids, objects).flatten(), len(objects) + 1)
    return squash(squared).unflatten(1, query.shape[1:]).to(query.dtype)


def local_match(query: Tensor, previous: Tensor, ids: Tensor, objects: Sequence[int], *, reach: int) -> Tensor:
    """The same among the places of the previous frame at most `reach` rows and columns away; 1 where the window has none.

    Outside the map there is nothing. With a reach of the whole map it is global matching; with 0 a place only meets itself.

    Shapes: query, previous floating (C,h,w), ids integer (h,w) -> (K+1,h,w) in [0,1], in the dtype of query, channels as in global_match.
    Units: reach in places of the map; 15 in the paper, where a place is 4 pixels.
    Raises: ShapeError for other axes, types or devices, DataError for objects that are not different ids from 1 to 254, SettingsError
    for another reach.
    Source: local previous frame matching of [FEELVOS].
    >>> query, previous = torch.tensor([[[0.0, 3.0, 3.0]]]), torch.tensor([[[1.0, 3.0, 2.0]]])
    >>> local_match(query, previous, torch.tensor([[0, 7, 0]]), objects=(7,), reach=1)
    tensor([[[0.4621, 0.4621, 0.4621]],
    <BLANKLINE>
            [[0.9998, 0.0000, 0.0000]]])
    """
    expect("query: C h w, previous: C h w, ids: h w", query=query, previous=previous, ids=ids, hint=_HINT)
    objects = _different_ids(objects)
    _check_maps(ids, query=query, previous=previous)
    expect_whole(reach=reach)
    exact = torch.promote_types(query.dtype, torch.float32)
    places, keys = (image.to(exact).permute(1, 2, 0).contiguous() for image in (query, previous))
    with torch.autocast(query.device.type, enabled=False):
        chosen = _search_around(places, keys, _labels(ids, objects), len(objects) + 1, min(reach, max(ids.shape) - 1))
    squared = distances_to(places.flatten(0, 1), keys.flatten(0, 1), chosen.flatten(1))
    return squash(squared).unflatten(1, ids.shape).to(query.dtype)


@torch.no_grad()
def _search_around(query: Tensor, keys: Tensor, labels: Tensor, count: int, reach: int) -> Tensor:
    """Which key of each label is nearest in the window of each place, -1 where it has none: (h,w,C) twice and (h,w) -> (count,h,w)."""
    layout = _layout(query[None], reach)
    tiles = layout.tiles(-_finite(query)[None])[:, 0]  # (p,q,a*b,C)
    windows = layout.windows(_finite(keys)[None])[0]  # (q,.,C), of which a tile meets M * N
    costs, spans = _costs(keys, labels, count, layout)
    beyond = _beyond(layout, query)
    products, scores = (query.new_empty(layout.q, *beyond.shape) for _ in range(2))
    chosen = labels.new_full((layout.p, 1, *products.shape[:2], count), -1)
    for k in range(layout.p):
        met = layout.met_by(k)
        torch.baddbmm(beyond, tiles[k], windows[:, met].mT, out=products)
        for label, span in spans[k]:
            torch.add(products[span], costs[span, label, None, met], out=scores[span])
            chosen[k, 0, span, :, label] = _lowest(scores[span].unflatten(2, layout.window))
    return layout.join_tiles(_places(chosen, layout))[0].permute(2, 0, 1)


def _costs(keys: Tensor, labels: Tensor, count: int, layout: _Layout) -> tuple[Tensor, list[list[tuple[int, slice]]]]:
    """|y|^2 / 2 of the keys of each label, infinite elsewhere and around the map, cut as `windows`: (q,count,.).

    And for each row of tiles which labels it meets, and from which tile to which: an object is in few places, and searched for in few.
    """
    r, (down, right), (rows, columns) = layout.reach, layout.missing, layout.window
    edges = [r, r + right, r, r + down]
    mine = labels == torch.arange(count, device=labels.device)[:, None, None]
    half_norms = keys.square().sum(2) / 2
    half_norms = half_norms.where(
        ~half_norms.isnan(), torch.finfo(keys.dtype).min
    )  # so that it is found, which tells it
    costs = pad(half_norms.where(mine, torch.inf), edges, value=torch.inf)
    costs = costs.unfold(2, columns, layout.b).permute(2, 0, 1, 3).flatten(2)
    met = pad(mine, edges).unfold(2, columns, layout.b).any(3).unfold(1, rows, layout.a).any(3)  # (count,p,q)
    return costs, [
        [(label, _span(tiles)) for label, tiles in enumerate(row) if any(tiles)] for row in met.transpose(0, 1).tolist()
    ]


def _span(true: list[bool]) -> slice:
    """From the first that is true to the last."""
    return slice(true.index(True), len(true) - true[::-1].index(True))


def _beyond(layout: _Layout, like: Tensor) -> Tensor:
    """Infinite where a tile meets what is further than the reach from a place of it, else 0: (a*b,M*N)."""
    within = [
        (torch.arange(met, device=like.device) - torch.arange(size, device=like.device)[:, None] - layout.reach).abs()
        <= layout.reach
        for size, met in zip((layout.a, layout.b), layout.window, strict=True)
    ]
    near = within[0][:, None, :, None] & within[1][None, :, None, :]  # (a,b,M,N)
    return like.new_zeros(near.shape).masked_fill(~near, torch.inf).flatten(2).flatten(0, 1)


def _lowest(scores: Tensor) -> Tensor:
    """Which entry of a window is lowest, -1 where all are infinite: (...,M,N) -> (...).

    Only the minimum is found many numbers at a time, not where it lies: so first the best column, by the minimum over rows, and then
    the best row of that column alone.
    """
    lowest, column = scores.amin(-2).min(-1)
    row = scores.gather(-1, column[..., None, None].expand(*scores.shape[:-1], 1))[..., 0].min(-1).indices
    return (row * scores.shape[-1] + column).where(lowest != torch.inf, -1)


def _places(chosen: Tensor, layout: _Layout) -> Tensor:
    """The entry of a window as a place of the map, -1 stays: (p,1,q,a*b,.) likewise."""
    top = torch.arange(layout.p, device=chosen.device)[:, None, None, None, None] * layout.a - layout.reach
    left = torch.arange(layout.q, device=chosen.device)[:, None, None] * layout.b - layout.reach
    y, x = top + chosen // layout.window[1], left + chosen % layout.window[1]
    return (y * layout.width + x).where(chosen >= 0, -1)


def _finite(image: Tensor) -> Tensor:
    """Zeros for NaN and infinity, which a product would carry to the places of other labels; `costs` still has them."""
    return image.nan_to_num(0, 0, 0)


def _labels(ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The channel that each id belongs to, -1 for nobody."""
    labels = torch.full_like(ids, -1, dtype=torch.int64)
    for channel, value in enumerate((0, *objects)):
        labels = labels.where(ids != value, channel)
    return labels


_HINT = "maps (C,h,w) without a batch axis, and ids resized to the map they label, by nearest neighbour"


def _different_ids(objects: Iterable[int]) -> tuple[int, ...]:
    """The objects as whole numbers, numpy's too; a set is refused, since nobody knows which of its channels is whose."""
    listed = list(objects) if isinstance(objects, Iterable) and not isinstance(objects, Set) else None
    try:
        values = tuple(0 if isinstance(value, bool) else index(value) for value in listed)
    except TypeError:
        values = (0,)
    if not all(0 < value < VOID for value in values) or len(set(values)) != len(values):
        raise DataError(
            expected="objects: different ids from 1 to 254, without background and void, in an order",
            got=repr(objects if listed is None else tuple(listed)),
            try_this="object_order((), ids)",
        )
    return values


def _check_maps(ids: Tensor, **maps: Tensor) -> None:
    expect_alike(**maps)
    expect_tensor(ids=ids)
    for name, image in maps.items():
        if not image.numel():
            raise ShapeError(
                expected=f"{name}: at least one channel, row and column",
                got=f"shape {tuple(image.shape)}",
                try_this=f"print({name}.shape)",
            )
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool or ids.device != image.device:
        raise ShapeError(
            expected=f"ids: integers on {image.device}",
            got=f"{ids.dtype} on {ids.device}",
            try_this="ids.to(query.device, torch.int64)",
        )
