"""Answers to oneshot.upsample. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def row(stride):
    return 1 - (torch.arange(2 * stride) - (stride - 0.5)).abs() / stride


def transposed(scores, kernel, stride):
    channels = scores.shape[1]
    return F.conv_transpose2d(scores, kernel.expand(channels, 1, -1, -1), stride=stride, groups=channels)


def enlarged(scores, stride):
    return transposed(scores, torch.outer(row(stride), row(stride)), stride)


def cut(large, size):
    top, left = (large.shape[2] - size[0]) // 2, (large.shape[3] - size[1]) // 2
    return large[:, :, top : top + size[0], left : left + size[1]]


def right_groups(scores, stride, size):
    return cut(enlarged(scores, stride), size)


def right_diagonal_of_kernels(scores, stride, size):
    channels = scores.shape[1]
    weight = torch.zeros(channels, channels, 2 * stride, 2 * stride)
    for c in range(channels):
        weight[c, c] = row(stride)[:, None] * row(stride)[None]
    return cut(F.conv_transpose2d(scores, weight, stride=stride), size)


def right_zeros_between_then_blur(scores, stride, size):
    batch, channels, height, width = scores.shape
    apart = torch.zeros(batch * channels, 1, height, stride, width, stride)
    apart[:, :, :, 0, :, 0] = scores.reshape(-1, 1, height, width)
    apart = apart.reshape(-1, 1, height * stride, width * stride)
    weights, margin = row(stride), 2 * stride - 1
    apart = F.conv2d(F.pad(apart, [margin] * 4), weights[:, None] * weights[None, None, None])
    apart = apart[:, :, : (height + 1) * stride, : (width + 1) * stride]
    return cut(apart.reshape(batch, channels, *apart.shape[2:]), size)


def right_padded_zeros_and_interpolate(scores, stride, size):
    padded = F.pad(scores, [1] * 4)
    large = F.interpolate(padded, scale_factor=stride, mode="bilinear", align_corners=False)
    margin = stride // 2  # the ring of zeros reaches half a stride further than the tents
    return cut(large[:, :, margin : large.shape[2] - margin, margin : large.shape[3] - margin], size)


def wrong_interpolate_to_size(scores, stride, size):
    """interpolate stretches the map"""
    return F.interpolate(scores, size=tuple(size), mode="bilinear", align_corners=False)


def wrong_interpolate_with_corners(scores, stride, size):
    """interpolate stretches the map"""
    return F.interpolate(scores, size=tuple(size), mode="bilinear", align_corners=True)


def wrong_nearest(scores, stride, size):
    """nearest neighbours make blocks"""
    return F.interpolate(scores, size=tuple(size))


def wrong_flat_kernel(scores, stride, size):
    """the kernel is flat"""
    return cut(transposed(scores, torch.ones(2 * stride, 2 * stride), stride), size)


def wrong_off_its_middle(scores, stride, size):
    """the kernel is off its middle"""
    weights = 1 - (torch.arange(2 * stride) - stride).abs() / stride
    return cut(transposed(scores, torch.outer(weights, weights), stride), size)


def wrong_normalised_kernel(scores, stride, size):
    """divided by its sum"""
    kernel = torch.outer(row(stride), row(stride))
    return cut(transposed(scores, kernel / kernel.sum(), stride), size)


def wrong_cut_at_the_top_left(scores, stride, size):
    """the cut begins at the top left"""
    return enlarged(scores, stride)[:, :, : size[0], : size[1]]


def wrong_cut_at_the_bottom_right(scores, stride, size):
    """takes everything off at the top left"""
    return enlarged(scores, stride)[:, :, -size[0] :, -size[1] :]


def wrong_larger_half_first(scores, stride, size):
    """the larger half was cut"""
    large = enlarged(scores, stride)
    top, left = (large.shape[2] - size[0] + 1) // 2, (large.shape[3] - size[1] + 1) // 2
    return large[:, :, top : top + size[0], left : left + size[1]]


def wrong_channels_added(scores, stride, size):
    """the channels are added up"""
    channels = scores.shape[1]
    weight = torch.outer(row(stride), row(stride)).expand(channels, channels, -1, -1)
    return cut(F.conv_transpose2d(scores, weight, stride=stride), size)


def wrong_size_swapped(scores, stride, size):
    """height and width of the size are swapped"""
    return cut(enlarged(scores, stride), size[::-1])


def wrong_not_cut(scores, stride, size):
    """nothing was cut"""
    return enlarged(scores, stride)


def wrong_border_repeated(scores, stride, size):
    """interpolate repeats the border"""
    large = F.interpolate(scores, scale_factor=stride, mode="bilinear")
    top, left = max(large.shape[2] - size[0], 0) // 2, max(large.shape[3] - size[1], 0) // 2
    return large[:, :, top : top + size[0], left : left + size[1]]


def wrong_gradient_cut(scores, stride, size):
    """the gradient is cut on the way"""
    with torch.no_grad():
        return right_groups(scores, stride, size)


def wrong_writes_into_its_input(scores, stride, size):
    """in place"""
    large = right_groups(scores.clone(), stride, size)
    scores.detach().mul_(0.5)
    return large


def wrong_return_forgotten(scores, stride, size):
    """is the `return` missing"""
    right_groups(scores, stride, size)
