"""Answers to retrieval.global_match. The docstring of a wrong one is what its diagnosis has to say."""

import torch

HUGE = 1e20


def table_of(query, reference):
    """The squared distance of every pair."""
    x, y = query.flatten(1).T, reference.flatten(1).T
    return (x[:, None] - y).square().sum(2)


def squash(squared):
    return 2 * torch.sigmoid(squared) - 1


def searched(query, table, masks, squeeze=squash, other=HUGE):
    """The smallest of each row among the columns of each mask."""
    maps = [table.masked_fill(~mask.flatten(), other).amin(1) for mask in masks]
    return squeeze(torch.stack(maps)).reshape(-1, *query.shape[1:])


def masks_of(ids, objects):
    return [ids == value for value in (0, *objects)]


def right_table(query, reference, ids, objects):
    return searched(query, table_of(query, reference), masks_of(ids, objects))


def right_products(query, reference, ids, objects):
    x, y = query.flatten(1).T, reference.flatten(1)
    table = (x.square().sum(1, keepdim=True) + y.square().sum(0) - 2 * x @ y).clamp(min=0)
    maps = []
    for value in [0, *objects]:
        found = table[:, ids.flatten() == value]
        nearest = found.min(1).values if found.shape[1] else torch.full((len(x),), float("inf"))
        maps.append(torch.tanh(nearest / 2).view(query.shape[1:]))
    return torch.stack(maps)


def right_squashed_first(query, reference, ids, objects):
    table = torch.tanh(table_of(query, reference) / 2)
    names = torch.tensor([0, *objects])
    counted = torch.where(ids.flatten() == names[:, None, None], table, 1.0)
    return counted.amin(2).unflatten(1, query.shape[1:])


def right_place_by_place(query, reference, ids, objects):
    _, height, width = query.shape
    rows = []
    for value in (0, *objects):
        places = reference[:, ids == value]
        for y in range(height):
            for x in range(width):
                squared = (places - query[:, y, x, None]).pow(2).sum(0)
                rows.append(torch.tanh(squared.min() / 2) if len(squared) else torch.tensor(1.0))
    return torch.stack(rows).view(-1, height, width)


def right_search_first(query, reference, ids, objects):
    x, y = query.flatten(1).T, reference.flatten(1).T
    result = torch.ones(len(objects) + 1, len(x))
    for k, value in enumerate((0, *objects)):
        places = y[ids.flatten() == value]
        if len(places):
            with torch.no_grad():
                best = torch.cdist(x, places).argmin(1)
            result[k] = ((x - places[best]).square().sum(1) / 2).tanh()
    return result.reshape(-1, *query.shape[1:])


def wrong_background_missing(query, reference, ids, objects):
    """the background is missing"""
    return searched(query, table_of(query, reference), [ids == value for value in objects])


def wrong_background_last(query, reference, ids, objects):
    """the background comes first"""
    return searched(query, table_of(query, reference), [ids == value for value in (*objects, 0)])


def wrong_channels_sorted(query, reference, ids, objects):
    """the channels were sorted"""
    return right_table(query, reference, ids, sorted(objects))


def wrong_counted_objects(query, reference, ids, objects):
    """objects are names, not a count"""
    return searched(query, table_of(query, reference), [ids == k for k in range(len(objects) + 1)])


def wrong_void_is_background(query, reference, ids, objects):
    """void was taken for background"""
    return right_table(query, reference, torch.where(ids == 255, 0, ids), objects)


def wrong_rest_is_background(query, reference, ids, objects):
    """all that is none of the objects"""
    masks = [ids == value for value in objects]
    rest = torch.ones_like(ids, dtype=torch.bool)
    for mask in masks:
        rest &= ~mask
    return searched(query, table_of(query, reference), [rest, *masks])


def wrong_others_are_background(query, reference, ids, objects):
    """an object nobody asks about"""
    known = torch.isin(ids, torch.tensor([*objects, 255], dtype=ids.dtype))
    return searched(query, table_of(query, reference), [~known, *(ids == value for value in objects)])


def wrong_labels_ignored(query, reference, ids, objects):
    """all places count for every label"""
    return searched(query, table_of(query, reference), [torch.ones_like(ids).bool()] * (len(objects) + 1))


def wrong_root(query, reference, ids, objects):
    """the distance is not squared"""
    table = torch.cdist(query.flatten(1).T, reference.flatten(1).T)
    return searched(query, table, masks_of(ids, objects))


def wrong_mean_over_channels(query, reference, ids, objects):
    """averaged over the channels"""
    return searched(query, table_of(query, reference) / len(query), masks_of(ids, objects))


def wrong_not_squashed(query, reference, ids, objects):
    """the distance is not squashed"""
    inf = float("inf")
    return searched(query, table_of(query, reference), masks_of(ids, objects), lambda s: s, inf)


def wrong_not_squashed_but_absent(query, reference, ids, objects):
    """between 0 and 1"""
    return searched(query, table_of(query, reference), masks_of(ids, objects), lambda s: torch.where(s < HUGE, s, 1))


def wrong_tanh_of_all(query, reference, ids, objects):
    """half of the squared distance"""
    return searched(query, table_of(query, reference), masks_of(ids, objects), torch.tanh)


def wrong_sigmoid(query, reference, ids, objects):
    """a sigmoid begins at a half"""
    return searched(query, table_of(query, reference), masks_of(ids, objects), torch.sigmoid)


def wrong_overflows(query, reference, ids, objects):
    """e^s overflows"""
    return searched(query, table_of(query, reference), masks_of(ids, objects), lambda s: 1 - 2 / (1 + s.exp()))


def wrong_overflows_at_once(query, reference, ids, objects):
    """e^s overflows"""
    return searched(query, table_of(query, reference), masks_of(ids, objects), lambda s: (s.exp() - 1) / (s.exp() + 1))


def wrong_absent_is_0(query, reference, ids, objects):
    """0 says that the label is right there"""
    maps = right_table(query, reference, ids, objects)
    present = torch.tensor([bool((ids == value).any()) for value in (0, *objects)])
    return torch.where(present[:, None, None], maps, 0.0)


def wrong_absent_is_infinite(query, reference, ids, objects):
    """kept the infinity that masked the others"""
    maps = right_table(query, reference, ids, objects)
    present = torch.tensor([bool((ids == value).any()) for value in (0, *objects)])
    return torch.where(present[:, None, None], maps, torch.inf)


def wrong_mask_times_distance(query, reference, ids, objects):
    """places of other labels got the distance 0"""
    table = table_of(query, reference)
    maps = [squash((table * mask.flatten()).amin(1)) for mask in masks_of(ids, objects)]
    return torch.stack(maps).reshape(-1, *query.shape[1:])


def wrong_others_at_1_before_squashing(query, reference, ids, objects):
    """the distance 1 before the squashing"""
    return searched(query, table_of(query, reference), masks_of(ids, objects), other=1.0)


def wrong_embeddings_masked(query, reference, ids, objects):
    """a vector of zeros is a match as good as any"""
    maps = [squash(table_of(query, reference * mask).amin(1)) for mask in masks_of(ids, objects)]
    return torch.stack(maps).reshape(-1, *query.shape[1:])


def wrong_mean_distance(query, reference, ids, objects):
    """only the closest place of a label counts"""
    table = table_of(query, reference)
    maps = [squash(table[:, mask.flatten()].mean(1)) for mask in masks_of(ids, objects)]
    return torch.stack(maps).reshape(-1, *query.shape[1:])


def wrong_farthest(query, reference, ids, objects):
    """the farthest place was taken"""
    table, maps = table_of(query, reference), []
    for mask in masks_of(ids, objects):
        found = table[:, mask.flatten()]
        maps.append(squash(found.amax(1)) if mask.any() else torch.ones(len(table)))
    return torch.stack(maps).reshape(-1, *query.shape[1:])


def wrong_maps_swapped(query, reference, ids, objects):
    """the two maps are swapped"""
    return right_table(reference, query, ids, objects)


def wrong_sized_like_the_reference(query, reference, ids, objects):
    """the reference may have another size"""
    return right_table(query, reference, ids, objects).reshape(-1, *reference.shape[1:])


def wrong_same_place_only(query, reference, ids, objects):
    """not only at the same row and column"""
    distance = squash((query - reference).square().sum(0))
    return torch.stack([torch.where(mask, distance, 1.0) for mask in masks_of(ids, objects)])


def wrong_no_minimum_of_nothing(query, reference, ids, objects):
    """a label without a place has no minimum"""
    table = table_of(query, reference)
    maps = [squash(table[:, mask.flatten()].amin(1)) for mask in masks_of(ids, objects)]
    return torch.stack(maps).reshape(-1, *query.shape[1:])


def wrong_channels_last(query, reference, ids, objects):
    """channels come first"""
    return right_table(query, reference, ids, objects).permute(1, 2, 0)


def wrong_no_map(query, reference, ids, objects):
    """give it the height and width of the query"""
    return right_table(query, reference, ids, objects).flatten(1)


def wrong_width_before_height(query, reference, ids, objects):
    """a map need not be as wide as it is high"""
    return right_table(query, reference, ids, objects).reshape(-1, query.shape[2], query.shape[1])


def wrong_square_only(query, reference, ids, objects):
    """a map need not be as wide as it is high"""
    maps, side = right_table(query, reference, ids, objects), query.shape[1]
    return maps.reshape(len(maps), side, side)


def wrong_no_grad(query, reference, ids, objects):
    """the gradient is cut on the way"""
    with torch.no_grad():
        return right_table(query, reference, ids, objects)


def wrong_reference_detached(query, reference, ids, objects):
    """the map to be searched was detached"""
    return right_table(query, reference.detach(), ids, objects)


def wrong_query_detached(query, reference, ids, objects):
    """the query was detached"""
    return right_table(query.detach(), reference, ids, objects)


def wrong_writes_into_its_input(query, reference, ids, objects):
    """in place"""
    maps = right_table(query, reference, ids, objects)
    for k, value in enumerate(objects):
        ids[ids == value] = k + 1
    return maps


def wrong_return_forgotten(query, reference, ids, objects):
    """is the `return` missing"""
    right_table(query, reference, ids, objects)
