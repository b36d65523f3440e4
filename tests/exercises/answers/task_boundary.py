"""Answers to task.boundary. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def right_slices(mask):
    edge = torch.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def right_loop(mask):
    height, width = mask.shape
    edge = torch.zeros(height, width, dtype=torch.bool)
    for y in range(height):
        for x in range(width):
            for there in ((y, x + 1), (y + 1, x), (y + 1, x + 1)):
                if there[0] < height and there[1] < width and mask[there] != mask[y, x]:
                    edge[y, x] = True
    return edge


def right_replicated_border(mask):
    padded = F.pad(mask[None, None].float(), (0, 1, 0, 1), mode="replicate")[0, 0].bool()
    return (mask != padded[:-1, 1:]) | (mask != padded[1:, :-1]) | (mask != padded[1:, 1:])


def right_window_extremes(mask):
    import numpy as np
    from scipy.ndimage import maximum_filter, minimum_filter

    window = {"size": 2, "origin": -1, "mode": "nearest"}
    pixels = np.asarray(mask).astype(np.uint8)
    return torch.from_numpy(maximum_filter(pixels, **window) != minimum_filter(pixels, **window))


def wrong_diagonal_forgotten(mask):
    """the neighbour right below is forgotten"""
    edge = torch.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    return edge


def wrong_columns_only(mask):
    """only the neighbour to the right"""
    edge = torch.zeros_like(mask)
    edge[:, :-1] = mask[:, :-1] ^ mask[:, 1:]
    return edge


def wrong_looks_back(mask):
    """looks to the left and up"""
    edge = torch.zeros_like(mask)
    edge[:, 1:] |= mask[:, 1:] ^ mask[:, :-1]
    edge[1:] |= mask[1:] ^ mask[:-1]
    edge[1:, 1:] |= mask[1:, 1:] ^ mask[:-1, :-1]
    return edge


def wrong_inner_ring(mask):
    """only pixels of the mask itself"""
    import numpy as np
    from scipy.ndimage import binary_erosion

    return mask & ~torch.from_numpy(binary_erosion(np.asarray(mask)))


def wrong_inner_ring_by_pooling(mask):
    """only pixels of the mask itself"""
    outside = F.max_pool2d((~mask)[None, None].float(), 3, stride=1, padding=1)[0, 0].bool()
    return mask & outside


def wrong_both_sides(mask):
    """two pixels thick"""
    pixels = mask[None, None].float()
    grown = F.max_pool2d(pixels, 3, stride=1, padding=1)
    shrunk = -F.max_pool2d(-pixels, 3, stride=1, padding=1)
    return (grown != shrunk)[0, 0]


def wrong_rolls_around(mask):
    """torch.roll wraps"""
    edge = torch.zeros_like(mask)
    for shift in ((0, -1), (-1, 0), (-1, -1)):
        edge |= mask ^ mask.roll(shift, (0, 1))
    return edge


def wrong_background_outside(mask):
    """beyond the last row and column there is nothing to differ from"""
    padded = F.pad(mask, (0, 1, 0, 1))
    return (mask ^ padded[:-1, 1:]) | (mask ^ padded[1:, :-1]) | (mask ^ padded[1:, 1:])


def wrong_border_left_out(mask):
    """the last row and the last column are left out"""
    edge = torch.zeros_like(mask)
    here = mask[:-1, :-1]
    edge[:-1, :-1] = (here ^ mask[:-1, 1:]) | (here ^ mask[1:, :-1]) | (here ^ mask[1:, 1:])
    return edge


def wrong_all_must_differ(mask):
    """join the three with or"""
    here = mask[:-1, :-1]
    edge = torch.zeros_like(mask)
    edge[:-1, :-1] = (here ^ mask[:-1, 1:]) & (here ^ mask[1:, :-1]) & (here ^ mask[1:, 1:])
    return edge


def wrong_joined_with_xor(mask):
    """not with xor"""
    edge = torch.zeros_like(mask)
    edge[:, :-1] ^= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] ^= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] ^= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def wrong_square_sizes_only(mask):
    """a mask need not be as wide as it is high"""
    n = len(mask)
    edge = torch.zeros_like(mask)
    for y in range(n):
        for x in range(n):
            here = mask[y, x]
            right = x + 1 < n and mask[y, x + 1] != here
            below = y + 1 < n and mask[y + 1, x] != here
            both = x + 1 < n and y + 1 < n and mask[y + 1, x + 1] != here
            edge[y, x] = bool(right or below or both)
    return edge


def wrong_axes_swapped(mask):
    """rows and columns are swapped"""
    mask = mask.T
    edge = torch.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def wrong_leaves_a_byte_map(mask):
    """no boolean tensor"""
    return right_slices(mask).to(torch.uint8)


def wrong_leaves_a_numpy_array(mask):
    """return tensors"""
    return right_slices(mask).numpy()


def wrong_one_row_short(mask):
    """another shape"""
    here = mask[:-1, :-1]
    return (here ^ mask[:-1, 1:]) | (here ^ mask[1:, :-1]) | (here ^ mask[1:, 1:])


def wrong_index_runs_out(mask):
    """an index leaves the image"""
    edge = torch.zeros_like(mask)
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            edge[y, x] = bool(mask[y, x] != mask[y, x + 1] or mask[y, x] != mask[y + 1, x])
    return edge


def wrong_writes_into_its_input(mask):
    """in place"""
    edge = right_slices(mask)
    mask &= edge
    return edge


def wrong_always_the_same(mask):
    """the same whatever is asked"""
    return torch.zeros(10, 10, dtype=torch.bool)


def wrong_pools_a_bool(mask):
    """torch has no such operation"""
    return F.max_pool2d(mask[None, None], 3, stride=1, padding=1)[0, 0] ^ mask


def wrong_subtracts_bools(mask):
    """torch has no such operation"""
    edge = torch.zeros_like(mask)
    edge[:, :-1] |= mask[:, 1:] - mask[:, :-1]
    return edge


def wrong_return_forgotten(mask):
    """is the `return` missing"""
    right_slices(mask)


def wrong_nested_lists(mask):
    """torch.tensor(...)"""
    return right_slices(mask).tolist()


def wrong_returns_the_mask(mask):
    """the mask itself comes back"""
    return mask


def wrong_outer_ring(mask):
    """only pixels outside the mask"""
    return F.max_pool2d(mask[None, None].float(), 3, stride=1, padding=1)[0, 0].bool() & ~mask


def wrong_each_replaces_the_one_before(mask):
    """join them with `|=`"""
    edge = torch.zeros_like(mask)
    edge[:, :-1] = mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] = mask[:-1] ^ mask[1:]
    edge[:-1, :-1] = mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def wrong_diagonal_only(mask):
    """only the neighbour right below"""
    edge = torch.zeros_like(mask)
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge
