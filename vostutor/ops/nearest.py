"""The nearest of many points: of each label, the nearest k, the nearest of friends against the nearest of strangers.

[PML] Chen et al., Blazingly Fast Video Object Segmentation with Pixel-Wise Metric Learning, CVPR 2018.
[FEELVOS] Voigtlaender et al., FEELVOS: Fast End-to-End Embedding Learning for Video Object Segmentation, CVPR 2019.

All pairs of two maps of 120x214 places are 660 million distances, 2.6 GB, and a gradient keeps each of them, though in the end one
per place and label is wanted. So the search runs without gradient, some places at a time, and only the distance to the key that was
found is computed with one: the same gradient, since that of a minimum is that of its smallest element. Two observations make it quick:

1. With the keys sorted by label once, a label is a slice of columns, and ten labels cost little more than one.
2. A processor finds a minimum many numbers at a time, but where it lies only one by one. So keys come in blocks, each of one label:
   the minimum of every block first, then the place within the best block alone.

Reading order: squared_distances, nearest_per_label, `_search`, then the two that are built in the same way.
Letters: P query places, N keys, C channels, L labels, k neighbours, A anchors, M positives; a block holds `_BLOCK` keys.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import embedding, pad

from vostutor.core.errors import DataError, SettingsError, ShapeError
from vostutor.core.ranges import expect_alike, expect_floating, expect_number, expect_tensor, expect_whole
from vostutor.core.shapes import expect

_BLOCK = 32  # keys: with fewer there are more minima to look through, with more a larger block, and more to complete
_SCORES = 1 << 21  # numbers at once on a processor, 8 MB in float32, that a cache holds
_SCORES_CUDA = 1 << 26


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """|x - y|^2 of every pair, as |x|^2 + |y|^2 - 2 x.y, one matrix product; rounding never makes it negative.

    Half precision is computed, and returned, in float32: small differences of large sums are all that counts here.

    Shapes: x floating (P,C), y floating (N,C) -> (P,N).
    Raises: ShapeError for other axes, integers, or two types or devices.
    Source: the distance of [PML] and of [FEELVOS], in the form of the latter's released code.
    >>> squared_distances(torch.tensor([[0.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 4.0]])).flatten()
    tensor([16., 25.])
    """
    expect("x: P C, y: N C", x=x, y=y, hint="points as rows: map.flatten(1).mT")
    expect_alike(x=x, y=y)
    x, y = _exact(x), _exact(y)
    with torch.autocast(x.device.type, enabled=False):
        products = x @ y.mT
    return (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * products).clamp(min=0)


def squash(squared: Tensor) -> Tensor:
    """A squared distance as a number in [0,1]: 1 - 2 / (1 + e^s), which is tanh(s / 2); infinity becomes 1.

    It is below 1 for every finite distance, but from about 17 on float32 rounds it to 1, and its gradient to 0.

    Shapes: squared floating (...) -> (...) in its dtype.
    Raises: ShapeError for integers.
    Source: the distance of [FEELVOS], in the form of its paper; the released code writes 2 (sigmoid(s) - 1/2), which is the same.
    >>> squash(torch.tensor([0.0, 0.5, 2.0, torch.inf]))
    tensor([0.0000, 0.2449, 0.7616, 1.0000])
    """
    expect_alike(squared=squared)
    return torch.tanh(squared / 2)


def nearest_per_label(query: Tensor, keys: Tensor, labels: Tensor, count: int) -> Tensor:
    """The squared distance of each place to its nearest key of each label; infinity where a label has no key.

    Labels beyond 0..count-1 belong to nobody. A NaN in a place stays in its place, one in a key reaches every place, but only under
    the key's label. Half precision is computed, and returned, in float32. The memory it takes grows with P and N, not with their product.

    Shapes: query floating (P,C), keys floating (N,C), labels integer (N,) -> (count,P).
    Raises: ShapeError for other axes, types or devices, no key at all, SettingsError for a count below 1.
    Source: global matching of [FEELVOS] before squashing.
    >>> query, keys = torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [5.0], [2.5]])
    >>> nearest_per_label(query, keys, torch.tensor([0, 2, 0]), count=3)
    tensor([[ 1.0000,  0.2500],
            [    inf,     inf],
            [25.0000,  4.0000]])
    """
    expect("query: P C, keys: N C, labels: N", query=query, keys=keys, labels=labels)
    expect_points(query=query, keys=keys)
    expect_tensor(labels=labels)
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool or labels.device != keys.device:
        raise ShapeError(
            expected=f"labels: integers on {keys.device}",
            got=f"{labels.dtype} on {labels.device}",
            try_this="labels.to(keys.device, torch.int64)",
        )
    expect_whole(least=1, count=count)
    query, keys = _exact(query), _exact(keys)
    return distances_to(query, keys, _search(query, keys, labels, count))


def distances_to(query: Tensor, keys: Tensor, chosen: Tensor) -> Tensor:
    """The squared distance of each place to the keys chosen for it, with gradient; infinity where the choice is -1.

    Shapes: query (P,C), keys (N,C), chosen int64 (L,P), -1 or in 0..N-1 -> (L,P).
    Raises: ShapeError for other axes or types, DataError for a key that is not there.
    Source: the gradient of a minimum is that of its smallest element.
    >>> distances_to(torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [5.0]]), torch.tensor([[1, 0], [-1, 1]]))
    tensor([[25.,  4.],
            [inf,  4.]])
    """
    expect(
        "query: P C, keys: N C, chosen: L P", query=query, keys=keys, chosen=chosen, hint="chosen[None] for one label"
    )
    expect_tensor(query=query, keys=keys, chosen=chosen)
    if chosen.dtype != torch.int64:
        raise ShapeError(expected="chosen of int64", got=f"{chosen.dtype}", try_this="chosen.long()")
    low, high = chosen.aminmax() if chosen.numel() else (-1, -1)
    if low < -1 or high >= len(keys):
        raise DataError(
            expected=f"keys from 0 to {len(keys) - 1}, or -1", got=f"{low} to {high}", try_this="-1 where there is none"
        )
    found = [(query - embedding(index, keys)).square().sum(1) for index in chosen.clamp(min=0)]
    return torch.stack(found).where(chosen >= 0, torch.inf)


def k_nearest(query: Tensor, keys: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k nearest keys of each place: squared distances, ascending, and which keys they are. Of equally near ones, any.

    Keys with a NaN or infinity are nobody's neighbours; where that leaves fewer than k, the distance is infinite and the index -1.
    Distances carry a gradient; half precision is computed, and returned, in float32.

    Shapes: query floating (P,C), keys floating (N,C) -> distances (P,k), indices int64 (P,k).
    Raises: ShapeError for other axes, types or devices, SettingsError for k below 1 or above N.
    Source: the classifier of [PML].
    >>> distances, indices = k_nearest(torch.tensor([[0.0]]), torch.tensor([[3.0], [-1.0], [2.0]]), k=2)
    >>> distances.tolist(), indices.tolist()
    ([[1.0, 4.0]], [[1, 2]])
    """
    expect("query: P C, keys: N C", query=query, keys=keys)
    expect_points(query=query, keys=keys)
    expect_whole(least=1, k=k)
    if k > len(keys):
        raise SettingsError(expected=f"k at most {len(keys)}, as there are keys", got=str(k), try_this=f"k={len(keys)}")
    query, keys = _exact(query), _exact(keys)
    chosen = _search_many(query, keys, k)
    distances, rank = distances_to(query, keys, chosen.mT).mT.sort(dim=1)  # rounding may have them in another order
    return distances, chosen.gather(1, rank)


def min_triplet(anchors: Tensor, positives: Tensor, negatives: Tensor, *, margin: float) -> Tensor:
    """How far each anchor is from having its closest positive nearer than its closest negative, by a margin: 0 where it has.

    Only the closest ones count: an object may look one way here and another there, and to pull all of it together would be wrong.

    Shapes: anchors floating (A,C), positives floating (M,C), negatives floating (N,C) -> (A,), float32 for half precision.
    Units: margin in squared distance.
    Raises: ShapeError for other axes, types or devices, or an empty set of positives or negatives, SettingsError for a negative margin.
    Source: the modified triplet loss of [PML], one term of its sum per anchor.
    >>> positives, negatives = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.5], [3.0, 0.0]])
    >>> min_triplet(torch.zeros(1, 2), positives, negatives, margin=2.0)              # 1 - 2.25 + 2
    tensor([0.7500])
    """
    expect("anchors: A C, positives: M C, negatives: N C", anchors=anchors, positives=positives, negatives=negatives)
    expect_points(anchors=anchors, positives=positives, negatives=negatives)
    expect_number(margin=margin)
    keys = torch.cat([_exact(positives), _exact(negatives)])
    strange = torch.arange(len(keys), device=keys.device) >= len(positives)
    friend, stranger = nearest_per_label(_exact(anchors), keys, strange.long(), count=2)
    return (friend - stranger + margin).relu()


@torch.no_grad()
def _search(query: Tensor, keys: Tensor, labels: Tensor, count: int) -> Tensor:
    """Which key of each label is nearest, -1 where it has none: (count,P)."""
    order, blocks = _by_label(labels, count)
    chosen = order.new_full((count, len(query)), -1)
    present = [label for label, number in enumerate(blocks) if number]
    if not present:
        return chosen
    first = torch.tensor([sum(blocks[:label]) for label in present], device=keys.device)
    for places, scores in _scores(query, keys, order):
        best = [block.min(1).indices for block in scores.amin(2).split([blocks[label] for label in present], 1)]
        best = torch.stack(best, 1) + first  # (rows, labels that are present)
        rows = torch.arange(len(scores), device=keys.device)[:, None]
        within = scores[rows, best].min(2).indices
        chosen[present, places] = order[best * _BLOCK + within].mT
    return chosen


@torch.no_grad()
def _search_many(query: Tensor, keys: Tensor, k: int) -> Tensor:
    """Which k keys are nearest: (P,k). They lie in the k blocks with the smallest minima."""
    order = torch.arange(len(keys), device=keys.device).where(keys.isfinite().all(1), -1)
    order = _completed(order)
    chosen = order.new_empty(len(query), k)
    for places, scores in _scores(query, keys, order):
        blocks = scores.amin(2).topk(min(k, scores.shape[1]), largest=False).indices
        rows = torch.arange(len(scores), device=keys.device)[:, None]
        within = scores[rows, blocks].flatten(1).topk(k, largest=False).indices
        chosen[places] = order[blocks.gather(1, within // _BLOCK) * _BLOCK + within % _BLOCK]
    return chosen


def _by_label(labels: Tensor, count: int) -> tuple[Tensor, list[int]]:
    """The keys sorted by label, each label completed to whole blocks with -1, and how many blocks each has."""
    labels = labels.long()
    labels = labels.where((labels >= 0) & (labels < count), count)
    sizes = torch.bincount(labels, minlength=count + 1).tolist()
    parts = [_completed(part) for part in labels.argsort().split(sizes)[:count]]
    return torch.cat(parts), [len(part) // _BLOCK for part in parts]


def _completed(order: Tensor) -> Tensor:
    return pad(order, [0, -len(order) % _BLOCK], value=-1)


def _scores(query: Tensor, keys: Tensor, order: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Some places, and |y|^2 / 2 - x.y of them with every key, (rows, blocks, _BLOCK): as good as a distance, without what all keys
    share; infinite where there is none. The numbers are good until the next are asked for."""
    nobody = order < 0
    columns = keys[order.clamp(min=0)].masked_fill(nobody[:, None], 0)
    costs = (columns.square().sum(1) / 2).masked_fill(nobody, torch.inf)
    columns = torch.cat([-columns, costs[:, None]], 1).mT  # a channel of ones brings the cost into the product
    query = pad(query, [0, 1], value=1)
    rows = max(1, (_SCORES_CUDA if keys.is_cuda else _SCORES) // len(order))
    room = query.new_empty(min(rows, len(query)), len(order))
    with torch.autocast(keys.device.type, enabled=False):
        for first in range(0, len(query), rows):
            places = slice(first, min(first + rows, len(query)))
            scores = torch.mm(query[places], columns, out=room[: places.stop - first])
            yield places, scores.unflatten(1, (-1, _BLOCK))


def _exact(points: Tensor) -> Tensor:
    """In float32 at least."""
    return points.to(torch.promote_types(points.dtype, torch.float32))


def expect_points(**points: Tensor) -> None:
    """Nothing, where the first are points, and each of the others at least one: of one floating type, with at least one channel.

    Shapes: the first floating (P,C), the others floating (N,C).
    Raises: ShapeError naming the first that is none.
    Source: own rule.
    >>> expect_points(query=torch.zeros(0, 3), keys=torch.zeros(4, 3))
    """
    expect_alike(**points)
    (_, like), *keys = points.items()
    for name, tensor in keys:
        if not len(tensor) or not like.shape[1]:
            raise ShapeError(
                expected=f"{name}: at least one row and one channel",
                got=f"shape {tuple(tensor.shape)}",
                try_this=f"print({name}.shape)",
            )


def expect_triplet(lost: Tensor, anchors: Tensor, positives: Tensor, negatives: Tensor) -> None:
    """Nothing, where a triplet has answered as min_triplet does: a finite number for each anchor, with a gradient where anchors have one.

    Points that are no numbers are no fault of the triplet.

    Shapes: lost floating (A,), anchors (A,C), positives (M,C), negatives (N,C).
    Raises: ShapeError for other axes or types, DataError for an answer without gradient or numbers.
    Source: own rule.
    >>> points = torch.zeros(2, 3)
    >>> expect_triplet(min_triplet(points, points, points, margin=0.7), points, points, points)
    """
    expect_floating(try_this="return (near - far + margin).relu()", **{"what triplet returns": lost})
    expect("anchors: A C, lost: A", anchors=anchors, lost=lost, hint="triplet: one number for each anchor, no mean")
    if anchors.requires_grad and not lost.requires_grad:
        raise DataError(
            expected="triplet: an answer with a gradient",
            got="one without",
            try_this="triplet without detach, item or no_grad",
        )
    if not lost.isfinite().all() and all(points.isfinite().all() for points in (anchors, positives, negatives)):
        raise DataError(
            expected="triplet: finite numbers", got=f"{lost.max():g}", try_this="print the two distances in triplet"
        )
