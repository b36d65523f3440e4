"""Answers to retrieval.min_triplet. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def squares(x, y):
    return (x[:, None] - y[None]).pow(2).sum(-1)


def hinge(near, far, margin):
    return F.relu(near - far + margin)


def right_tables(anchors, positives, negatives, margin):
    return hinge(squares(anchors, positives).min(1).values, squares(anchors, negatives).min(1).values, margin)


def right_anchor_by_anchor(anchors, positives, negatives, margin):
    losses = []
    for anchor in anchors:
        near = min(((anchor - one) ** 2).sum() for one in positives)
        far = min(((anchor - one) ** 2).sum() for one in negatives)
        losses.append(torch.clamp(near - far + margin, min=0))
    return torch.stack(losses)


def right_search_first(anchors, positives, negatives, margin):
    with torch.no_grad():
        p, n = torch.cdist(anchors, positives).argmin(1), torch.cdist(anchors, negatives).argmin(1)
    near, far = (anchors - positives[p]).square().sum(1), (anchors - negatives[n]).square().sum(1)
    return torch.where(near - far + margin > 0, near - far + margin, 0.0)


def right_products(anchors, positives, negatives, margin):
    def closest(pool):
        table = anchors.square().sum(1, keepdim=True) + pool.square().sum(1) - 2 * anchors @ pool.T
        return table.clamp(min=0).amin(1)

    return (closest(positives) - closest(negatives)).add(margin).relu()


def right_all_triplets(anchors, positives, negatives, margin):
    every = squares(anchors, positives)[:, :, None] - squares(anchors, negatives)[:, None]
    return F.relu(every.amax(2).amin(1) + margin)


def right_sorted(anchors, positives, negatives, margin):
    near, far = (squares(anchors, pool).sort(1).values[:, 0] for pool in (positives, negatives))
    return hinge(near, far, margin)


def wrong_mean_of_positives(anchors, positives, negatives, margin):
    """would tear a head and its shoes into one"""
    return hinge(squares(anchors, positives).mean(1), squares(anchors, negatives).amin(1), margin)


def wrong_means(anchors, positives, negatives, margin):
    """both pools were averaged"""
    return hinge(squares(anchors, positives).mean(1), squares(anchors, negatives).mean(1), margin)


def wrong_mean_of_negatives(anchors, positives, negatives, margin):
    """the negatives were averaged"""
    return hinge(squares(anchors, positives).amin(1), squares(anchors, negatives).mean(1), margin)


def wrong_hardest_positive(anchors, positives, negatives, margin):
    """the farthest positive was taken"""
    return hinge(squares(anchors, positives).amax(1), squares(anchors, negatives).amin(1), margin)


def wrong_farthest_negative(anchors, positives, negatives, margin):
    """the farthest negative was taken"""
    return hinge(squares(anchors, positives).amin(1), squares(anchors, negatives).amax(1), margin)


def wrong_sign(anchors, positives, negatives, margin):
    """the two are swapped"""
    return hinge(squares(anchors, negatives).amin(1), squares(anchors, positives).amin(1), margin)


def wrong_no_hinge(anchors, positives, negatives, margin):
    """no hinge"""
    return squares(anchors, positives).amin(1) - squares(anchors, negatives).amin(1) + margin


def wrong_hinge_before_margin(anchors, positives, negatives, margin):
    """the hinge comes last"""
    return F.relu(squares(anchors, positives).amin(1) - squares(anchors, negatives).amin(1)) + margin


def wrong_margin_subtracted(anchors, positives, negatives, margin):
    """the margin was subtracted"""
    return right_tables(anchors, positives, negatives, -margin)


def wrong_margin_missing(anchors, positives, negatives, margin):
    """the margin is missing"""
    return right_tables(anchors, positives, negatives, 0.0)


def wrong_margin_of_seven_tenths(anchors, positives, negatives, margin):
    """the margin is an argument"""
    return right_tables(anchors, positives, negatives, 0.7)


def wrong_margin_of_one(anchors, positives, negatives, margin):
    """the margin is an argument"""
    return right_tables(anchors, positives, negatives, 1.0)


def wrong_root(anchors, positives, negatives, margin):
    """the distance is not squared"""
    return hinge(torch.cdist(anchors, positives).amin(1), torch.cdist(anchors, negatives).amin(1), margin)


def wrong_mean_over_channels(anchors, positives, negatives, margin):
    """averaged over the channels"""
    near, far = ((anchors[:, None] - pool).pow(2).mean(2).amin(1) for pool in (positives, negatives))
    return hinge(near, far, margin)


def wrong_squashed(anchors, positives, negatives, margin):
    """not to be squashed"""
    near, far = ((squares(anchors, pool) / 2).tanh().amin(1) for pool in (positives, negatives))
    return hinge(near, far, margin)


def wrong_sum(anchors, positives, negatives, margin):
    """do not add them up"""
    return right_tables(anchors, positives, negatives, margin).sum()


def wrong_mean(anchors, positives, negatives, margin):
    """do not average them"""
    return right_tables(anchors, positives, negatives, margin).mean()


def wrong_axis(anchors, positives, negatives, margin):
    """the minimum was taken over the anchors"""
    return hinge(squares(anchors, positives).amin(0), squares(anchors, negatives).amin(0), margin)


def wrong_one_pair_of_all(anchors, positives, negatives, margin):
    """one closest pair of all"""
    return hinge(squares(anchors, positives).min(), squares(anchors, negatives).min(), margin)


def wrong_row_by_row(anchors, positives, negatives, margin):
    """paired row by row"""
    near, far = (anchors - positives).pow(2).sum(1), (anchors - negatives).pow(2).sum(1)
    return hinge(near, far, margin)


def wrong_smooth_minimum(anchors, positives, negatives, margin):
    """a smooth minimum is another loss"""
    near, far = (-torch.logsumexp(-squares(anchors, pool), 1) for pool in (positives, negatives))
    return hinge(near, far, margin)


def wrong_detached(anchors, positives, negatives, margin):
    """the gradient is cut on the way"""
    return right_tables(anchors, positives, negatives, margin).detach()


def wrong_no_grad(anchors, positives, negatives, margin):
    """the gradient is cut on the way"""
    with torch.no_grad():
        return right_products(anchors, positives, negatives, margin)


def wrong_anchors_detached(anchors, positives, negatives, margin):
    """the anchors were detached"""
    return right_tables(anchors.detach(), positives, negatives, margin)


def wrong_positives_detached(anchors, positives, negatives, margin):
    """the positives were detached"""
    return right_tables(anchors, positives.detach(), negatives, margin)


def wrong_negatives_detached(anchors, positives, negatives, margin):
    """the negatives were detached"""
    return right_tables(anchors, positives, negatives.detach(), margin)


def wrong_constant_over_the_hinge(anchors, positives, negatives, margin):
    """lets a gradient through where the loss is 0"""
    losses = squares(anchors, positives).amin(1) - squares(anchors, negatives).amin(1) + margin
    return losses + (-losses).clamp(min=0).detach()


def wrong_writes_into_its_input(anchors, positives, negatives, margin):
    """in place"""
    losses = right_tables(anchors, positives, negatives, margin)
    anchors.data -= positives.mean(0)
    return losses


def wrong_return_forgotten(anchors, positives, negatives, margin):
    """is the `return` missing"""
    right_tables(anchors, positives, negatives, margin)
