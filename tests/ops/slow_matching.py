"""Matching as its equations say it, one pair after the other: the oracle of the tests. Below, the two plain ways of the benchmark."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def squared(a: Tensor, b: Tensor) -> Tensor:
    """|a - b|^2 of two points."""
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def squashed(nearest: Tensor) -> Tensor:
    """1 - 2 / (1 + e^s)."""
    return 1 - 2 / (1 + nearest.exp())


def smallest(distances: list[Tensor], like: Tensor) -> Tensor:
    """The smallest of them; infinity when there is none."""
    return torch.stack(distances).min() if distances else like.new_tensor(torch.inf)


def nearest_per_label(query: Tensor, keys: Tensor, labels: Tensor, count: int) -> Tensor:
    """(count,P), one pair of points after the other."""
    rows = []
    for label in range(count):
        mine = [key for key, of in zip(keys, labels.tolist(), strict=True) if of == label]
        rows.append(torch.stack([smallest([squared(place, key) for key in mine], query) for place in query]))
    return torch.stack(rows)


def match(query: Tensor, reference: Tensor, ids: Tensor, objects: tuple[int, ...], reach: int | None = None) -> Tensor:
    """Global matching, or local matching with a reach: (K+1,h,w)."""
    result = []
    for value in (0, *objects):
        for y in range(query.shape[1]):
            for x in range(query.shape[2]):
                distances = [
                    squared(query[:, y, x], reference[:, v, u])
                    for v in range(reference.shape[1])
                    for u in range(reference.shape[2])
                    if ids[v, u] == value and (reach is None or (abs(v - y) <= reach and abs(u - x) <= reach))
                ]
                absent = 1 + 0 * (query.sum() + reference.sum())  # so that autograd finds a gradient, of zero
                result.append(squashed(torch.stack(distances).min()) if distances else absent)
    return torch.stack(result).reshape(len(objects) + 1, *query.shape[1:])


def k_nearest(query: Tensor, keys: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """(P,k) twice: all distances of a place, sorted."""
    found = [torch.stack([squared(place, key) for key in keys]).sort() for place in query]
    return torch.stack([each.values[:k] for each in found]), torch.stack([each.indices[:k] for each in found])


def min_triplet(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    """(A,), one anchor after the other."""
    closest = [
        smallest([squared(a, p) for p in positives], a) - smallest([squared(a, n) for n in negatives], a)
        for a in anchors
    ]
    return torch.stack([(difference + margin).clamp(min=0) for difference in closest])


def by_all_pairs(query: Tensor, reference: Tensor, ids: Tensor, objects: tuple[int, ...]) -> Tensor:
    """Global matching: every distance at once, then those of each object."""
    x, y, ids = query.flatten(1).T, reference.flatten(1).T, ids.flatten()
    distances = (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * (x @ y.T)).clamp(min=0)
    nearest = [torch.where(ids == value, distances, torch.inf).amin(1) for value in (0, *objects)]
    return torch.tanh(torch.stack(nearest) / 2).reshape(-1, *query.shape[1:])


def by_shifts(query: Tensor, previous: Tensor, ids: Tensor, objects: tuple[int, ...], *, reach: int) -> Tensor:
    """Local matching: one product of two maps for each shift of the previous frame."""
    height, width = ids.shape
    around, known = pad(previous, [reach] * 4), pad(ids, [reach] * 4, value=255)
    nearest = query.new_full((len(objects) + 1, height, width), torch.inf)
    for dy in range(2 * reach + 1):
        for dx in range(2 * reach + 1):
            window = slice(dy, dy + height), slice(dx, dx + width)
            distances = (query - around[:, *window]).square().sum(0)
            for channel, value in enumerate((0, *objects)):
                there = torch.where(known[window] == value, distances, torch.inf)
                nearest[channel] = torch.minimum(nearest[channel], there)
    return torch.tanh(nearest / 2)
