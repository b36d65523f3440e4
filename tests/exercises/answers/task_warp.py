"""Answers to task.warp. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def places(ids, flow):
    height, width = ids.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (y + flow[1]).round().long(), (x + flow[0]).round().long()


def within(y, x, ids):
    return (y >= 0) & (y < ids.shape[0]) & (x >= 0) & (x < ids.shape[1])


def normalised(ids, flow, last_y, last_x):
    height, width = ids.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([2 * (x + flow[0]) / last_x - 1, 2 * (y + flow[1]) / last_y - 1], dim=-1)[None]


def right_index(ids, flow):
    y, x = places(ids, flow)
    inside = within(y, x, ids)
    fetched = ids[y.clamp(0, ids.shape[0] - 1), x.clamp(0, ids.shape[1] - 1)]
    return torch.where(inside, fetched, 0)


def right_loop(ids, flow):
    height, width = ids.shape
    result = torch.zeros_like(ids)
    for y in range(height):
        for x in range(width):
            from_x, from_y = round(x + flow[0, y, x].item()), round(y + flow[1, y, x].item())
            if 0 <= from_x < width and 0 <= from_y < height:
                result[y, x] = ids[from_y, from_x]
    return result


def right_grid_sample(ids, flow):
    height, width = ids.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    grid = torch.stack([(2 * (x + flow[0]) + 1) / width - 1, (2 * (y + flow[1]) + 1) / height - 1], dim=-1)[None]
    return F.grid_sample(ids[None, None].float(), grid, mode="nearest", align_corners=False)[0, 0].long()


def right_scipy(ids, flow):
    import numpy as np
    from scipy.ndimage import map_coordinates

    y, x = np.mgrid[: ids.shape[0], : ids.shape[1]]
    there = np.rint([y + flow[1].numpy(), x + flow[0].numpy()])
    return torch.from_numpy(map_coordinates(ids.numpy(), there, order=0, mode="constant", cval=0))


def right_opencv(ids, flow):
    import cv2
    import numpy as np

    y, x = np.mgrid[: ids.shape[0], : ids.shape[1]].astype(np.float32)
    there = np.rint(x + flow[0].numpy()), np.rint(y + flow[1].numpy())
    pixels = ids.numpy().astype(np.uint8)
    return torch.from_numpy(cv2.remap(pixels, *there, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)).long()


def wrong_sign(ids, flow):
    """the sign of the flow"""
    return right_index(ids, -flow)


def wrong_axes_swapped(ids, flow):
    """x and y are swapped"""
    return right_index(ids, flow.flip(0))


def wrong_pushes_forward(ids, flow):
    """pushed along the flow"""
    height, width = ids.shape
    result = torch.zeros_like(ids)
    for y in range(height):
        for x in range(width):
            to_x, to_y = round(x + flow[0, y, x].item()), round(y + flow[1, y, x].item())
            if 0 <= to_x < width and 0 <= to_y < height:
                result[to_y, to_x] = ids[y, x]
    return result


def wrong_border_repeated(ids, flow):
    """the border is repeated"""
    y, x = places(ids, flow)
    return ids[y.clamp(0, ids.shape[0] - 1), x.clamp(0, ids.shape[1] - 1)]


def wrong_border_repeated_by_sampling(ids, flow):
    """the border is repeated"""
    grid = normalised(ids, flow, max(ids.shape[0] - 1, 1), max(ids.shape[1] - 1, 1))
    sampled = F.grid_sample(ids[None, None].float(), grid, mode="nearest", padding_mode="border", align_corners=True)
    return sampled[0, 0].long()


def wrong_wraps_around(ids, flow):
    """wraps around"""
    y, x = places(ids, flow)
    return ids[y % ids.shape[0], x % ids.shape[1]]


def wrong_negative_indices(ids, flow):
    """what comes from outside is background"""
    y, x = places(ids, flow)
    return ids[y, x]


def wrong_rounds_down(ids, flow):
    """rounded to the nearest pixel"""
    height, width = ids.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    y, x = (y + flow[1]).floor().long(), (x + flow[0]).floor().long()
    return torch.where(within(y, x, ids), ids[y.clamp(0, height - 1), x.clamp(0, width - 1)], 0)


def wrong_cuts_off_the_position(ids, flow):
    """rounded to the nearest pixel"""
    height, width = ids.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    y, x = (y + flow[1]).long(), (x + flow[0]).long()
    return torch.where(within(y, x, ids), ids[y.clamp(0, height - 1), x.clamp(0, width - 1)], 0)


def wrong_cuts_off_the_flow(ids, flow):
    """rounded to the nearest pixel"""
    return right_index(ids, flow.long())


def wrong_bilinear(ids, flow):
    """ids are names"""
    grid = normalised(ids, flow, max(ids.shape[0] - 1, 1), max(ids.shape[1] - 1, 1))
    return F.grid_sample(ids[None, None].float(), grid, align_corners=True)[0, 0].round().long()


def wrong_bilinear_cut_off(ids, flow):
    """ids are names"""
    grid = normalised(ids, flow, max(ids.shape[0] - 1, 1), max(ids.shape[1] - 1, 1))
    return F.grid_sample(ids[None, None].float(), grid, align_corners=True)[0, 0].long()


def wrong_corners_not_aligned(ids, flow):
    """another grid"""
    grid = normalised(ids, flow, max(ids.shape[0] - 1, 1), max(ids.shape[1] - 1, 1))
    return F.grid_sample(ids[None, None].float(), grid, mode="nearest", align_corners=False)[0, 0].long()


def wrong_normalised_by_the_size(ids, flow):
    """another grid"""
    grid = normalised(ids, flow, *ids.shape)
    return F.grid_sample(ids[None, None].float(), grid, mode="nearest", align_corners=True)[0, 0].long()


def wrong_square_sizes_only(ids, flow):
    """a mask need not be as wide as it is high"""
    n = len(ids)
    result = torch.zeros_like(ids)
    for y in range(n):
        for x in range(n):
            from_x, from_y = round(x + flow[0, y, x].item()), round(y + flow[1, y, x].item())
            if 0 <= from_x < n and 0 <= from_y < n:
                result[y, x] = ids[from_y, from_x]
    return result


def wrong_leaves_floats(ids, flow):
    """whole numbers again"""
    return right_index(ids, flow).float()


def wrong_writes_into_its_input(ids, flow):
    """in place"""
    result = right_index(ids, flow)
    flow[0] += torch.arange(ids.shape[1])
    return result


def wrong_always_the_same(ids, flow):
    """the same whatever is asked"""
    return torch.zeros(5, 8, dtype=torch.int64)


def wrong_samples_whole_numbers(ids, flow):
    """torch has no such operation"""
    grid = normalised(ids, flow, max(ids.shape[0] - 1, 1), max(ids.shape[1] - 1, 1))
    return F.grid_sample(ids[None, None], grid.long(), mode="nearest", align_corners=True)[0, 0]


def wrong_return_forgotten(ids, flow):
    """is the `return` missing"""
    right_index(ids, flow)


def wrong_leaves_int32(ids, flow):
    """the ids came back as int32: .long()"""
    return right_index(ids, flow).int()


def wrong_outside_keeps_the_old_id(ids, flow):
    """the old id is kept"""
    y, x = places(ids, flow)
    inside, result = within(y, x, ids), ids.clone()
    result[inside] = ids[y[inside], x[inside]]
    return result


def wrong_bounds_swapped(ids, flow):
    """the bounds are swapped"""
    y, x = places(ids, flow)
    inside = (x >= 0) & (x < ids.shape[0]) & (y >= 0) & (y < ids.shape[1])
    result = torch.zeros_like(ids)
    result[inside] = ids[y[inside], x[inside]]
    return result


def wrong_bounds_swapped_and_clamped(ids, flow):
    """the bounds are swapped"""
    y, x = places(ids, flow)
    inside = (x >= 0) & (x < ids.shape[0]) & (y >= 0) & (y < ids.shape[1])
    return torch.where(inside, ids[y.clamp(0, ids.shape[0] - 1), x.clamp(0, ids.shape[1] - 1)], 0)


def wrong_only_sideways(ids, flow):
    """only x is followed"""
    return right_index(ids, torch.stack([flow[0], torch.zeros_like(flow[1])]))


def wrong_row_and_column_zero_outside(ids, flow):
    """>= 0, not > 0"""
    y, x = places(ids, flow)
    inside = within(y, x, ids) & (y > 0) & (x > 0)
    return torch.where(inside, ids[y.clamp(0, ids.shape[0] - 1), x.clamp(0, ids.shape[1] - 1)], 0)
