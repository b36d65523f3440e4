"""Answers to oneshot.snap. The docstring of a wrong one is what its diagnosis has to say."""

import numpy as np
import torch
from scipy import ndimage


def right_loop(superpixels, mask):
    snapped = torch.zeros_like(mask)
    for label in superpixels.unique():
        here = superpixels == label
        snapped[here] = mask[here].float().mean() > 0.5
    return snapped


def right_bincount(superpixels, mask):
    flat = superpixels.flatten()
    area = torch.bincount(flat)
    inside = torch.bincount(flat, weights=mask.flatten().float())
    return (2 * inside > area)[superpixels]


def right_renamed_and_scattered(superpixels, mask):
    names, place = superpixels.unique(return_inverse=True)
    votes = torch.zeros(len(names)).scatter_add_(0, place.flatten(), mask.flatten() * 2.0 - 1)
    return votes[place] > 0


def right_scipy(superpixels, mask):
    names, place = np.unique(superpixels.numpy(), return_inverse=True)
    place = place.reshape(superpixels.shape)
    means = ndimage.mean(mask.numpy().astype(float), place, range(len(names)))
    return torch.from_numpy(np.asarray(means)[place] > 0.5)


def by_share(superpixels, mask, wins):
    snapped = torch.zeros_like(mask)
    for label in superpixels.unique():
        here = superpixels == label
        snapped[here] = wins(mask[here])
    return snapped


def wrong_tie_to_the_object(superpixels, mask):
    """a tie went to the object"""
    return by_share(superpixels, mask, lambda inside: inside.float().mean() >= 0.5)


def wrong_half_rounded_down(superpixels, mask):
    """half of an odd area was rounded down"""
    return by_share(superpixels, mask, lambda inside: inside.sum() >= len(inside) // 2)


def wrong_any(superpixels, mask):
    """one pixel is enough"""
    return by_share(superpixels, mask, lambda inside: inside.any())


def wrong_touched_by_labels(superpixels, mask):
    """one pixel is enough"""
    return torch.isin(superpixels, superpixels[mask])


def wrong_all(superpixels, mask):
    """every pixel has to be in the mask"""
    return by_share(superpixels, mask, lambda inside: inside.all())


def wrong_upside_down(superpixels, mask):
    """upside down"""
    return ~right_loop(superpixels, mask)


def wrong_joined_with_the_mask(superpixels, mask):
    """pixels of the mask were kept"""
    return right_loop(superpixels, mask) | mask


def wrong_cut_by_the_mask(superpixels, mask):
    """pixels outside the mask were left out"""
    return right_loop(superpixels, mask) & mask


def wrong_only_adds(superpixels, mask):
    """pixels of the mask were kept"""
    snapped = mask.clone()
    for label in superpixels.unique():
        here = superpixels == label
        if mask[here].float().mean() > 0.5:
            snapped[here] = True
    return snapped


def wrong_share_of_the_mask(superpixels, mask):
    """compared with the size of the mask"""
    return by_share(superpixels, mask, lambda inside: inside.sum() > mask.sum() / 2)


def wrong_label_0_is_background(superpixels, mask):
    """label 0 was taken for background"""
    snapped = torch.zeros_like(mask)
    for label in range(1, int(superpixels.max()) + 1):
        here = superpixels == label
        snapped[here] = 2 * mask[here].sum() > here.sum()
    return snapped


def wrong_last_label_missing(superpixels, mask):
    """the last label is missing"""
    snapped = torch.zeros_like(mask)
    for label in range(int(superpixels.max())):
        here = superpixels == label
        snapped[here] = 2 * mask[here].sum() > here.sum()
    return snapped


def wrong_labels_counted(superpixels, mask):
    """there may be gaps"""
    snapped = torch.zeros_like(mask)
    for label in range(len(superpixels.unique())):
        here = superpixels == label
        snapped[here] = 2 * mask[here].sum() > here.sum()
    return snapped


def wrong_names_as_bytes(superpixels, mask):
    """a byte has room for 256 names"""
    return right_loop(superpixels.to(torch.uint8), mask)


def wrong_not_snapped(superpixels, mask):
    """the mask came back as it was"""
    return mask.clone()


def wrong_shares(superpixels, mask):
    """shares came back"""
    shares = torch.zeros(mask.shape)
    for label in superpixels.unique():
        here = superpixels == label
        shares[here] = mask[here].float().mean()
    return shares


def wrong_square_only(superpixels, mask):
    """a map need not be as wide as it is high"""
    n = mask.shape[0]
    return right_loop(superpixels.reshape(n, n), mask.reshape(n, n))


def wrong_numbers(superpixels, mask):
    """a comparison gives bool"""
    return right_loop(superpixels, mask).float()


def wrong_writes_into_its_input(superpixels, mask):
    """in place"""
    for label in superpixels.unique():
        here = superpixels == label
        mask[here] = mask[here].float().mean() > 0.5
    return mask


def wrong_return_forgotten(superpixels, mask):
    """is the `return` missing"""
    right_loop(superpixels, mask)
