"""Answers to flow.correlation. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def scores(f1, padded, radius):
    height, width = f1.shape[2:]
    steps = range(2 * radius + 1)
    windows = [padded[:, :, dy : dy + height, dx : dx + width] for dy in steps for dx in steps]
    return torch.stack([(f1 * window).mean(1) for window in windows], dim=1)


def right_padded(f1, f2, radius):
    return scores(f1, F.pad(f2, [radius] * 4), radius)


def right_unfold(f1, f2, radius):
    b, c, h, w = f1.shape
    windows = F.unfold(f2, 2 * radius + 1, padding=radius).view(b, c, -1, h, w)
    return torch.einsum("bchw,bcdhw->bdhw", f1, windows) / c


def right_loop_writes(f1, f2, radius):
    b, c, h, w = f1.shape
    n = 2 * radius + 1
    volume = torch.zeros(b, n * n, h, w)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            y0, y1, x0, x1 = max(0, -dy), min(h, h - dy), max(0, -dx), min(w, w - dx)
            if y0 < y1 and x0 < x1:
                here, there = f1[:, :, y0:y1, x0:x1], f2[:, :, y0 + dy : y1 + dy, x0 + dx : x1 + dx]
                volume[:, (dy + radius) * n + dx + radius, y0:y1, x0:x1] = (here * there).sum(1) / c
    return volume


def right_all_pairs(f1, f2, radius):
    b, c, h, w = f1.shape
    padded = F.pad(f2, [radius] * 4)
    pairs = torch.einsum("bcyx,bcvu->byxvu", f1, padded) / c
    y, x = torch.arange(h)[:, None, None, None], torch.arange(w)[None, :, None, None]
    dy, dx = torch.arange(2 * radius + 1)[:, None], torch.arange(2 * radius + 1)
    return pairs[:, y, x, y + dy, x + dx].flatten(3).permute(0, 3, 1, 2)


def right_views_of_unfold(f1, f2, radius):
    n = 2 * radius + 1
    windows = F.pad(f2, [radius] * 4).unfold(2, n, 1).unfold(3, n, 1)
    return (f1[..., None, None] * windows).mean(1).flatten(3).permute(0, 3, 1, 2)


def wrong_columns_outside(f1, f2, radius):
    """rows and columns are swapped"""
    height, width = f1.shape[2:]
    padded, steps = F.pad(f2, [radius] * 4), range(2 * radius + 1)
    windows = [padded[:, :, dy : dy + height, dx : dx + width] for dx in steps for dy in steps]
    return torch.stack([(f1 * window).mean(1) for window in windows], dim=1)


def wrong_frames_swapped(f1, f2, radius):
    """the frames are swapped"""
    return right_padded(f2, f1, radius)


def wrong_moves_frame_1(f1, f2, radius):
    """frame 1 was moved instead of frame 2"""
    return right_padded(f2, f1, radius).flip(1)


def wrong_way_round(f1, f2, radius):
    """frame 2 is read at x - d"""
    return right_padded(f1, f2, radius).flip(1)


def wrong_rolls(f1, f2, radius):
    """wraps around the image"""
    steps = range(-radius, radius + 1)
    return torch.stack([(f1 * torch.roll(f2, (-dy, -dx), (2, 3))).mean(1) for dy in steps for dx in steps], dim=1)


def wrong_rolls_along(f1, f2, radius):
    """torch.roll by +d brings what lay at x - d"""
    steps = range(-radius, radius + 1)
    return torch.stack([(f1 * f2.roll((dy, dx), dims=(2, 3))).mean(1) for dy in steps for dx in steps], dim=1)


def wrong_circular_padding(f1, f2, radius):
    """wraps around the image"""
    radius_ = min(radius, *f2.shape[2:])
    padded = F.pad(f2, [radius_] * 4, mode="circular")
    return scores(f1, F.pad(padded, [radius - radius_] * 4), radius)


def wrong_border_repeated(f1, f2, radius):
    """the border is repeated"""
    return scores(f1, F.pad(f2, [radius] * 4, mode="replicate"), radius)


def wrong_sum(f1, f2, radius):
    """summed over the channels"""
    return right_padded(f1, f2, radius) * f1.shape[1]


def wrong_scale_of_attention(f1, f2, radius):
    """divided by the root of C"""
    return right_padded(f1, f2, radius) * f1.shape[1] ** 0.5


def wrong_divided_by_the_window(f1, f2, radius):
    """divided by the size of the window as well"""
    return right_padded(f1, f2, radius) / (2 * radius + 1) ** 2


def wrong_cosine(f1, f2, radius):
    """that is a cosine"""
    volume = scores(F.normalize(f1, dim=1), F.pad(F.normalize(f2, dim=1), [radius] * 4), radius)
    return volume * f1.shape[1]


def wrong_cosine_similarity(f1, f2, radius):
    """that is a cosine"""
    height, width = f1.shape[2:]
    padded, steps = F.pad(f2, [radius] * 4), range(2 * radius + 1)
    windows = [padded[:, :, dy : dy + height, dx : dx + width] for dy in steps for dx in steps]
    return torch.stack([F.cosine_similarity(f1, window, dim=1) for window in windows], dim=1)


def wrong_mean_over_everything(f1, f2, radius):
    """averaged over everything"""
    height, width = f1.shape[2:]
    padded, steps = F.pad(f2, [radius] * 4), range(2 * radius + 1)
    return torch.stack([(f1 * padded[:, :, dy : dy + height, dx : dx + width]).mean() for dy in steps for dx in steps])


def wrong_mean_over_pixels(f1, f2, radius):
    """averaged over the pixels too"""
    return right_padded(f1, f2, radius).mean((2, 3))


def wrong_keeps_the_channels(f1, f2, radius):
    """the channels of the features are still there"""
    height, width = f1.shape[2:]
    padded, steps = F.pad(f2, [radius] * 4), range(2 * radius + 1)
    return torch.stack([f1 * padded[:, :, dy : dy + height, dx : dx + width] for dy in steps for dx in steps], dim=1)


def wrong_two_axes_of_window(f1, f2, radius):
    """become one axis of channels"""
    return right_padded(f1, f2, radius).unflatten(1, (2 * radius + 1, 2 * radius + 1))


def wrong_stacked_in_front(f1, f2, radius):
    """stacked along a new first axis"""
    return torch.stack(right_padded(f1, f2, radius).unbind(1))


def wrong_last_step_left_out(f1, f2, radius):
    """the window is 2 radius + 1 wide"""
    height, width = f1.shape[2:]
    padded, steps = F.pad(f2, [radius] * 4), range(-radius, radius)
    windows = [padded[:, :, radius + dy :, radius + dx :][:, :, :height, :width] for dy in steps for dx in steps]
    return torch.stack([(f1 * window).mean(1) for window in windows], dim=1) if windows else f1.new_zeros(0)


def wrong_padded_on_one_side(f1, f2, radius):
    """has 0 in its middle"""
    return scores(f1, F.pad(f2, [0, 2 * radius, 0, 2 * radius]), radius)


def wrong_one_too_far(f1, f2, radius):
    """has 0 in its middle"""
    return scores(f1, F.pad(f2, [radius - 1, radius + 1, radius - 1, radius + 1]), radius)


def wrong_not_padded(f1, f2, radius):
    """frame 2 is not padded"""
    height, width = f1.shape[2:]
    inner = f1[:, :, radius : height - radius, radius : width - radius]
    return scores(inner, f2, radius)


def wrong_square_only(f1, f2, radius):
    """a map need not be as wide as it is high"""
    size = f1.shape[2]
    padded, steps = F.pad(f2, [radius] * 4), range(2 * radius + 1)
    windows = [padded[:, :, dy : dy + size, dx : dx + size] for dy in steps for dx in steps]
    return torch.stack([(f1 * window).mean(1) for window in windows], dim=1)


def wrong_folded_into_width_and_height(f1, f2, radius):
    """a map need not be as wide as it is high"""
    b, c, h, w = f1.shape
    windows = F.unfold(f2, 2 * radius + 1, padding=radius).view(b, c, -1, h * w)
    return (f1.view(b, c, 1, h * w) * windows).mean(1).view(b, -1, w, h)


def wrong_detached(f1, f2, radius):
    """the gradient is cut on the way"""
    return right_padded(f1, f2, radius).detach()


def wrong_through_numpy(f1, f2, radius):
    """the gradient is cut on the way"""
    import numpy as np

    height, width = f1.shape[2:]
    one, two = f1.detach().numpy(), np.pad(f2.detach().numpy(), ((0, 0), (0, 0), (radius,) * 2, (radius,) * 2))
    steps = range(2 * radius + 1)
    windows = [two[:, :, dy : dy + height, dx : dx + width] for dy in steps for dx in steps]
    return torch.from_numpy(np.stack([(one * window).mean(1) for window in windows], axis=1))


def wrong_features_of_frame_1_detached(f1, f2, radius):
    """the features of frame 1 are detached"""
    return right_padded(f1.detach(), f2, radius)


def wrong_writes_into_its_input(f1, f2, radius):
    """in place"""
    f1 /= f1.shape[1]
    return right_padded(f1, f2, radius) * f1.shape[1]


def wrong_return_forgotten(f1, f2, radius):
    """is the `return` missing"""
    right_padded(f1, f2, radius)
