"""Answers to retrieval.local_match. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def squash(squared):
    return torch.tanh(squared / 2)


def masks_of(ids, objects):
    return torch.stack([ids == value for value in (0, *objects)])


def pairs(query, previous, ids, objects, near):
    """The nearest of each label among the places that `near` lets through, which takes steps down and to the right."""
    _, height, width = query.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    y, x = y.flatten(), x.flatten()
    squared = (query.flatten(1)[:, :, None] - previous.flatten(1)[:, None]).square().sum(0)
    counts = masks_of(ids, objects).flatten(1)[:, None] & near(y - y[:, None], x - x[:, None])
    return squash(squared.where(counts, 1e20)).amin(2).reshape(-1, height, width)


def slid(query, previous, ids, objects, steps, void=255):
    """Step by step: the padded frame is cut at another place, and the closer of both distances is kept."""
    _, height, width = query.shape
    reach = max(map(abs, steps), default=0)
    ids, previous = F.pad(ids, [reach] * 4, value=void), F.pad(previous, [reach] * 4)
    best = torch.full((len(objects) + 1, height, width), 1e20)
    for dy in steps:
        for dx in steps:
            top, left = reach + dy, reach + dx
            there = previous[:, top : top + height, left : left + width]
            labels = masks_of(ids[top : top + height, left : left + width], objects)
            best = torch.where(labels, best.minimum((query - there).square().sum(0)), best)
    return squash(best)


def square(reach):
    return lambda dy, dx: (dy.abs() <= reach) & (dx.abs() <= reach)


def right_pairs(query, previous, ids, objects, reach):
    return pairs(query, previous, ids, objects, square(reach))


def right_slid(query, previous, ids, objects, reach):
    return slid(query, previous, ids, objects, range(-reach, reach + 1))


def right_unfold(query, previous, ids, objects, reach):
    channels, height, width = query.shape
    side = 2 * reach + 1
    windows = F.unfold(previous[None], side, padding=reach).view(channels, side * side, height, width)
    labels = F.unfold(ids[None, None].float() + 1, side, padding=reach).view(side * side, height, width) - 1
    squared = (query[:, None] - windows).square().sum(0)
    counted = [squash(squared).where(labels == value, 1.0).amin(0) for value in (0, *objects)]
    return torch.stack(counted)


def right_border_repeated(query, previous, ids, objects, reach):
    _, height, width = query.shape
    y, x = torch.arange(height)[:, None], torch.arange(width)
    maps = torch.ones(len(objects) + 1, height, width)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            v, u = (y + dy).clamp(0, height - 1), (x + dx).clamp(0, width - 1)
            squared = (query - previous[:, v, u]).pow(2).sum(0)
            maps = torch.where(masks_of(ids, objects)[:, v, u], maps.minimum(squash(squared)), maps)
    return maps


def right_place_by_place(query, previous, ids, objects, reach):
    _, height, width = query.shape
    values = []
    for value in (0, *objects):
        for y in range(height):
            for x in range(width):
                rows, columns = (slice(max(n - reach, 0), n + reach + 1) for n in (y, x))
                here = previous[:, rows, columns][:, ids[rows, columns] == value]
                squared = (here - query[:, y, x, None]).square().sum(0)
                values.append(squash(squared.min()) if len(squared) else torch.ones(()))
    return torch.stack(values).reshape(-1, height, width)


def wrong_background_missing(query, previous, ids, objects, reach):
    """the background is missing"""
    return right_pairs(query, previous, ids, objects, reach)[1:]


def wrong_background_last(query, previous, ids, objects, reach):
    """the background comes first"""
    maps = right_slid(query, previous, ids, objects, reach)
    return torch.cat([maps[1:], maps[:1]])


def wrong_channels_sorted(query, previous, ids, objects, reach):
    """the channels were sorted"""
    return right_slid(query, previous, ids, sorted(objects), reach)


def wrong_counted_objects(query, previous, ids, objects, reach):
    """objects are names, not a count"""
    return right_slid(query, previous, ids, range(1, len(objects) + 1), reach)


def wrong_void_is_background(query, previous, ids, objects, reach):
    """void was taken for background"""
    counted = torch.where(ids == 255, 0, ids)
    return right_pairs(query, previous, counted, objects, reach)


def wrong_rest_is_background(query, previous, ids, objects, reach):
    """all that is none of the objects"""
    known = torch.isin(ids, torch.tensor(objects, dtype=ids.dtype))
    return right_pairs(query, previous, torch.where(known, ids, 0), objects, reach)


def wrong_root(query, previous, ids, objects, reach):
    """the distance is not squared"""
    maps = right_pairs(query, previous, ids, objects, reach)
    return squash((2 * maps.atanh()).sqrt())


def wrong_not_squashed(query, previous, ids, objects, reach):
    """between 0 and 1"""
    maps = right_pairs(query.double(), previous.double(), ids, objects, reach)
    return torch.where(maps < 1, 2 * maps.clamp(max=1 - 1e-15).atanh(), 1.0)


def wrong_absent_is_0(query, previous, ids, objects, reach):
    """0 says that the label is right there"""
    _, height, width = query.shape
    labels = masks_of(ids, objects)
    seen = F.max_pool2d(labels.float()[None], 2 * reach + 1, 1, reach)[0] > 0
    return right_slid(query, previous, ids, objects, reach) * seen


def wrong_absent_is_infinite(query, previous, ids, objects, reach):
    """kept the infinity that masked the others"""
    seen = F.max_pool2d(masks_of(ids, objects).float()[None], 2 * reach + 1, 1, reach)[0] > 0
    return right_slid(query, previous, ids, objects, reach).where(seen, torch.inf)


def wrong_everywhere(query, previous, ids, objects, reach):
    """the reach is ignored"""
    return right_slid(query, previous, ids, objects, max(ids.shape))


def wrong_exclusive(query, previous, ids, objects, reach):
    """a place exactly reach away counts"""
    return pairs(query, previous, ids, objects, square(reach - 1))


def wrong_range_without_its_end(query, previous, ids, objects, reach):
    """range ends one before its end"""
    return slid(query, previous, ids, objects, range(-reach, reach))


def wrong_reach_as_width(query, previous, ids, objects, reach):
    """reach is the longest step, not the width"""
    return slid(query, previous, ids, objects, range(-(reach // 2), reach // 2 + 1))


def wrong_twice_as_wide(query, previous, ids, objects, reach):
    """reach is the longest step, not the width"""
    return right_slid(query, previous, ids, objects, 2 * reach + 1)


def wrong_disk(query, previous, ids, objects, reach):
    """the window is a square, not a disk"""
    return pairs(query, previous, ids, objects, lambda dy, dx: dy**2 + dx**2 <= reach**2)


def wrong_diamond(query, previous, ids, objects, reach):
    """rows and columns are counted apart, not added"""
    return pairs(query, previous, ids, objects, lambda dy, dx: dy.abs() + dx.abs() <= reach)


def wrong_cross(query, previous, ids, objects, reach):
    """only the row and the column of the place"""
    return pairs(query, previous, ids, objects, lambda dy, dx: (dy * dx == 0) & ((dy + dx).abs() <= reach))


def wrong_list_of_neighbours(query, previous, ids, objects, reach):
    """rows are bounded and columns are not"""
    return pairs(query, previous, ids, objects, lambda dy, dx: dy.abs() <= reach)


def wrong_one_way(query, previous, ids, objects, reach):
    """right and down only"""
    return slid(query, previous, ids, objects, range(reach + 1))


def wrong_padded_with_background(query, previous, ids, objects, reach):
    """zeros around the frame became matches"""
    return slid(query, previous, ids, objects, range(-reach, reach + 1), void=0)


def wrong_rolls(query, previous, ids, objects, reach):
    """torch.roll wraps around the frame"""
    maps = torch.ones(len(objects) + 1, *ids.shape)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            distance = squash((query - previous.roll((-dy, -dx), (1, 2))).square().sum(0))
            labels = masks_of(ids.roll((-dy, -dx), (0, 1)), objects)
            maps = torch.where(labels, maps.minimum(distance), maps)
    return maps


def wrong_id_of_here(query, previous, ids, objects, reach):
    """the id of the place itself decided"""
    anyone = right_slid(query, previous, torch.zeros_like(ids), (), reach)
    return torch.where(masks_of(ids, objects), anyone, 1.0)


def wrong_not_padded(query, previous, ids, objects, reach):
    """places near the border are lost"""
    _, height, width = query.shape
    maps = right_slid(query, previous, ids, objects, reach)
    return maps[:, reach : height - reach, reach : width - reach]


def wrong_frames_swapped(query, previous, ids, objects, reach):
    """the two maps are swapped"""
    return right_pairs(previous, query, ids, objects, reach)


def wrong_width_before_height(query, previous, ids, objects, reach):
    """a map need not be as wide as it is high"""
    maps = right_pairs(query, previous, ids, objects, reach)
    return maps.reshape(len(maps), query.shape[2], query.shape[1])


def wrong_detached(query, previous, ids, objects, reach):
    """the gradient is cut on the way"""
    return right_pairs(query, previous, ids, objects, reach).detach()


def wrong_previous_detached(query, previous, ids, objects, reach):
    """the map to be searched was detached"""
    return right_pairs(query, previous.detach(), ids, objects, reach)


def wrong_writes_into_its_input(query, previous, ids, objects, reach):
    """in place"""
    ids[ids == 255] = -1
    return right_slid(query, previous, ids, objects, reach)


def wrong_return_forgotten(query, previous, ids, objects, reach):
    """is the `return` missing"""
    right_pairs(query, previous, ids, objects, reach)
