"""Answers to task.boundary_f. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F

from vostutor.ops.masks import dilate  # the lesson hands it out


def boundary(mask):
    edge = torch.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return edge


def shares(g, p, radius):
    precision = (p & dilate(g, radius)).sum() / p.sum()
    recall = (g & dilate(p, radius)).sum() / g.sum()
    return precision.item(), recall.item()


def right_dilation(gt, pred, radius):
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    precision, recall = shares(g, p, radius)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def right_distance_transform(gt, pred, radius):
    import numpy as np
    from scipy.ndimage import distance_transform_edt

    g, p = np.asarray(boundary(gt)), np.asarray(boundary(pred))
    if not g.any() and not p.any():
        return 1.0
    if not g.any() or not p.any():
        return 0.0
    precision = (distance_transform_edt(~g)[p] <= radius).mean()
    recall = (distance_transform_edt(~p)[g] <= radius).mean()
    return 2 * precision * recall / max(precision + recall, 1e-12)


def right_pairs(gt, pred, radius):
    g, p = boundary(gt).nonzero().float(), boundary(pred).nonzero().float()
    if len(g) == 0 or len(p) == 0:
        return float(len(g) == len(p))
    near = torch.cdist(g, p) <= radius + 1e-3
    recall, precision = near.any(1).float().mean(), near.any(0).float().mean()
    return torch.nan_to_num(2 * precision * recall / (precision + recall))


def right_opencv(gt, pred, radius):
    import cv2
    import numpy as np

    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk = (x * x + y * y <= radius * radius).astype(np.uint8)
    g, p = (boundary(mask).numpy().astype(np.uint8) for mask in (gt, pred))
    lengths = int(g.sum()), int(p.sum())
    if 0 in lengths:
        return 1.0 if lengths == (0, 0) else 0.0
    recall = (g & cv2.dilate(p, disk)).sum() / lengths[0]
    precision = (p & cv2.dilate(g, disk)).sum() / lengths[1]
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def with_special_cases(gt, pred, score):
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    precision, recall = (float(value) for value in score(g, p))
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def wrong_no_dilation(gt, pred, radius):
    """nothing is dilated"""
    return with_special_cases(gt, pred, lambda g, p: ((p & g).sum() / p.sum(), (g & p).sum() / g.sum()))


def wrong_square_instead_of_disk(gt, pred, radius):
    """a square was dilated with"""

    def grown(edge):
        return F.max_pool2d(edge[None, None].float(), 2 * radius + 1, stride=1, padding=radius)[0, 0].bool()

    return with_special_cases(gt, pred, lambda g, p: ((p & grown(g)).sum() / p.sum(), (g & grown(p)).sum() / g.sum()))


def wrong_radius_as_diameter(gt, pred, radius):
    """the radius was taken for a diameter"""
    return right_dilation(gt, pred, radius // 2)


def wrong_radius_off_by_one(gt, pred, radius):
    """one pixel too large"""
    return right_dilation(gt, pred, radius + 1)


def wrong_masks_dilated(gt, pred, radius):
    """the masks were dilated, not their boundaries"""
    return with_special_cases(
        gt, pred, lambda g, p: ((p & dilate(gt, radius)).sum() / p.sum(), (g & dilate(pred, radius)).sum() / g.sum())
    )


def wrong_precision_only(gt, pred, radius):
    """only precision"""
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    return shares(g, p, radius)[0]


def wrong_plain_average(gt, pred, radius):
    """the plain average"""
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    return sum(shares(g, p, radius)) / 2


def wrong_factor_missing(gt, pred, radius):
    """the factor 2"""
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    precision, recall = shares(g, p, radius)
    return precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def wrong_share_of_the_band(gt, pred, radius):
    """a denominator is another"""

    def score(g, p):
        near_g, near_p = dilate(g, radius), dilate(p, radius)
        return (p & near_g).sum() / near_g.sum(), (g & near_p).sum() / near_p.sum()

    return with_special_cases(gt, pred, score)


def wrong_denominators_swapped(gt, pred, radius):
    """a denominator is another"""
    return with_special_cases(
        gt, pred, lambda g, p: ((p & dilate(g, radius)).sum() / g.sum(), (g & dilate(p, radius)).sum() / p.sum())
    )


def wrong_own_band(gt, pred, radius):
    """its own band"""
    return with_special_cases(
        gt, pred, lambda g, p: ((p & dilate(p, radius)).sum() / p.sum(), (g & dilate(g, radius)).sum() / g.sum())
    )


def wrong_bands_compared(gt, pred, radius):
    """the two bands were compared"""

    def score(g, p):
        near_g, near_p = dilate(g, radius), dilate(p, radius)
        both = (near_g & near_p).sum()
        return both / near_p.sum(), both / near_g.sum()

    return with_special_cases(gt, pred, score)


def wrong_nothing_at_all_scores_zero(gt, pred, radius):
    """where neither mask has a boundary the score is 1"""
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 0.0
    return right_dilation(gt, pred, radius)


def wrong_divides_by_zero(gt, pred, radius):
    """P + R may be 0"""
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    precision, recall = shares(g, p, radius)
    return 2 * precision * recall / (precision + recall)


def wrong_asks_the_masks(gt, pred, radius):
    """a full mask has no boundary either"""
    if not gt.any() and not pred.any():
        return 1.0
    g, p = boundary(gt), boundary(pred)
    precision = float((p & dilate(g, radius)).sum()) / max(int(p.sum()), 1)
    recall = float((g & dilate(p, radius)).sum()) / max(int(g.sum()), 1)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def wrong_writes_into_its_input(gt, pred, radius):
    """in place"""
    score = right_dilation(gt, pred, radius)
    gt |= pred
    return score


def wrong_always_the_same(gt, pred, radius):
    """the same whatever is asked"""
    return 1.0


def joined(gt, pred, radius, mean):
    g, p = boundary(gt), boundary(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    return mean(*shares(g, p, radius))


def wrong_means_over_bools(gt, pred, radius):
    """torch has no such operation"""
    g, p = boundary(gt), boundary(pred)
    precision, recall = dilate(g, radius)[p].mean(), dilate(p, radius)[g].mean()
    return (2 * precision * recall / (precision + recall)).item()


def wrong_return_forgotten(gt, pred, radius):
    """is the `return` missing"""
    right_dilation(gt, pred, radius)


def wrong_radius_one_less(gt, pred, radius):
    """one pixel too small"""
    return right_dilation(gt, pred, max(radius - 1, 0))


def wrong_radius_one_less_and_negative(gt, pred, radius):
    """one pixel too small"""
    return right_dilation(gt, pred, radius - 1)


def wrong_strictly_nearer(gt, pred, radius):
    """<=, not <"""
    g, p = boundary(gt).nonzero().float(), boundary(pred).nonzero().float()
    if len(g) == 0 or len(p) == 0:
        return float(len(g) == len(p))
    near = torch.cdist(g, p) < radius - 1e-3
    recall, precision = near.any(1).float().mean(), near.any(0).float().mean()
    return torch.nan_to_num(2 * precision * recall / (precision + recall)).item()


def wrong_radius_ignored(gt, pred, radius):
    """the radius is ignored"""
    return right_dilation(gt, pred, 1)


def wrong_product(gt, pred, radius):
    """the product"""
    return joined(gt, pred, radius, lambda p, r: p * r)


def wrong_smaller(gt, pred, radius):
    """the smaller"""
    return joined(gt, pred, radius, min)


def wrong_geometric_mean(gt, pred, radius):
    """the geometric mean"""
    return joined(gt, pred, radius, lambda p, r: (p * r) ** 0.5)
