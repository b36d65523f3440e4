"""Answers to flow.find_occluded. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F

from vostutor.ops import backward_warp


def leaves(flow):
    height, width = flow.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x + flow[:, 0], y + flow[:, 1]
    return (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)


def square(flow):
    return (flow**2).sum(dim=1)


def parts(there, back, relative=0.01, absolute=0.5):
    return square(there + back) >= relative * (square(there) + square(back)) + absolute


def right_warp(flow_fwd, flow_bwd):
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd)) | leaves(flow_fwd)


def right_grid_sample(flow_fwd, flow_bwd):
    height, width = flow_fwd.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x = 2 * (x + flow_fwd[:, 0]) / max(width - 1, 1) - 1
    y = 2 * (y + flow_fwd[:, 1]) / (height - 1) - 1 if height > 1 else flow_fwd[:, 1] * 2
    back = F.grid_sample(flow_bwd, torch.stack([x, y], dim=-1), align_corners=True)
    visible = ~parts(flow_fwd, back) & (x.abs() < 1.0001) & (y.abs() < 1.0001)
    return ~visible


def right_pixel_by_pixel(flow_fwd, flow_bwd):
    batch, _, height, width = flow_fwd.shape
    back = backward_warp(flow_bwd, flow_fwd)
    occluded = torch.zeros(batch, height, width, dtype=torch.bool)
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                (u, v), (s, t) = flow_fwd[b, :, y, x].tolist(), back[b, :, y, x].tolist()
                outside = not (0 <= x + u <= width - 1 and 0 <= y + v <= height - 1)
                rest = (u + s) ** 2 + (v + t) ** 2
                occluded[b, y, x] = outside or rest >= 0.01 * (u * u + v * v + s * s + t * t) + 0.5
    return occluded


def wrong_not_warped(flow_fwd, flow_bwd):
    """both flows are read at the same pixel"""
    return parts(flow_fwd, flow_bwd) | leaves(flow_fwd)


def wrong_neither_warped_nor_bounded(flow_fwd, flow_bwd):
    """both flows are read at the same pixel"""
    return parts(flow_fwd, flow_bwd)


def wrong_difference(flow_fwd, flow_bwd):
    """the flows were subtracted"""
    return parts(flow_fwd, -backward_warp(flow_bwd, flow_fwd)) | leaves(flow_fwd)


def wrong_warped_along_itself(flow_fwd, flow_bwd):
    """the way back is read at the wrong place"""
    return parts(flow_fwd, backward_warp(flow_bwd, flow_bwd)) | leaves(flow_fwd)


def wrong_warped_against_the_flow(flow_fwd, flow_bwd):
    """the way back is read at the wrong place"""
    return parts(flow_fwd, backward_warp(flow_bwd, -flow_fwd)) | leaves(flow_fwd)


def wrong_forward_flow_warped(flow_fwd, flow_bwd):
    """flow_fwd was warped instead of flow_bwd"""
    return parts(backward_warp(flow_fwd, flow_fwd), flow_bwd) | leaves(flow_fwd)


def wrong_flows_swapped(flow_fwd, flow_bwd):
    """have changed places"""
    return parts(flow_bwd, backward_warp(flow_fwd, flow_bwd)) | leaves(flow_bwd)


def wrong_outside_forgotten(flow_fwd, flow_bwd):
    """what leaves the frame counts as visible"""
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd))


def wrong_border_repeated(flow_fwd, flow_bwd):
    """what leaves the frame counts as visible"""
    height, width = flow_fwd.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    grid = torch.stack(
        [(2 * (x + flow_fwd[:, 0]) + 1) / width - 1, (2 * (y + flow_fwd[:, 1]) + 1) / height - 1], dim=-1
    )
    return parts(flow_fwd, F.grid_sample(flow_bwd, grid, padding_mode="border", align_corners=False))


def wrong_frame_one_too_large(flow_fwd, flow_bwd):
    """what leaves the frame counts as visible"""
    height, width = flow_fwd.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x + flow_fwd[:, 0], y + flow_fwd[:, 1]
    outside = (x <= -1) | (x >= width) | (y <= -1) | (y >= height)
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd)) | outside


def wrong_row_and_column_zero_outside(flow_fwd, flow_bwd):
    """>= 0, not > 0"""
    height, width = flow_fwd.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x + flow_fwd[:, 0], y + flow_fwd[:, 1]
    inside = (x > 0) & (x <= width - 1) & (y > 0) & (y <= height - 1)
    return ~(inside & ~parts(flow_fwd, backward_warp(flow_bwd, flow_fwd)))


def wrong_bounds_swapped(flow_fwd, flow_bwd):
    """the bounds are swapped"""
    width, height = flow_fwd.shape[-2:]
    y, x = torch.meshgrid(torch.arange(width), torch.arange(height), indexing="ij")
    x, y = x + flow_fwd[:, 0], y + flow_fwd[:, 1]
    outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd)) | outside


def wrong_upside_down(flow_fwd, flow_bwd):
    """upside down"""
    return ~right_warp(flow_fwd, flow_bwd)


def wrong_both_at_once(flow_fwd, flow_bwd):
    """join the two with |"""
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd)) & leaves(flow_fwd)


def wrong_fixed_tolerance(flow_fwd, flow_bwd):
    """the tolerance does not grow"""
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd), relative=0) | leaves(flow_fwd)


def wrong_relative_tolerance_alone(flow_fwd, flow_bwd):
    """the 0.5 is missing"""
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd), absolute=0) | leaves(flow_fwd)


def wrong_lengths(flow_fwd, flow_bwd):
    """lengths instead of squared lengths"""
    back = backward_warp(flow_bwd, flow_fwd)
    tolerance = 0.01 * (flow_fwd.norm(dim=1) + back.norm(dim=1)) + 0.5
    return ((flow_fwd + back).norm(dim=1) >= tolerance) | leaves(flow_fwd)


def wrong_nearest(flow_fwd, flow_bwd):
    """read it between four"""
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd, mode="nearest")) | leaves(flow_fwd)


def wrong_axis_by_axis(flow_fwd, flow_bwd):
    """x and y were judged apart"""
    back = backward_warp(flow_bwd, flow_fwd)
    far = (flow_fwd + back) ** 2 >= 0.01 * (flow_fwd**2 + back**2) + 0.5
    return far | leaves(flow_fwd)[:, None]


def wrong_axis_left_over(flow_fwd, flow_bwd):
    """an axis was left over"""
    return right_warp(flow_fwd, flow_bwd).unsqueeze(1)


def wrong_square_only(flow_fwd, flow_bwd):
    """a map need not be as wide as it is high"""
    n = flow_fwd.shape[-1]
    place = torch.arange(n)
    x, y = place + flow_fwd[:, 0], place[:, None] + flow_fwd[:, 1]
    outside = (x < 0) | (x > n - 1) | (y < 0) | (y > n - 1)
    return parts(flow_fwd, backward_warp(flow_bwd, flow_fwd)) | outside


def wrong_numbers(flow_fwd, flow_bwd):
    """a comparison gives bool"""
    return right_warp(flow_fwd, flow_bwd).float()


def wrong_writes_into_its_input(flow_fwd, flow_bwd):
    """in place"""
    occluded = right_warp(flow_fwd, flow_bwd)
    flow_bwd += flow_fwd
    return occluded


def wrong_return_forgotten(flow_fwd, flow_bwd):
    """is the `return` missing"""
    right_warp(flow_fwd, flow_bwd)
