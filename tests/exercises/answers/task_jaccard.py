"""Answers to task.jaccard. The docstring of a wrong one is what its diagnosis has to say."""

import torch


def right_logical(gt, pred, void=None):
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    union = (gt | pred).sum()
    return ((gt & pred).sum() / union).item() if union > 0 else 1.0


def right_loop(gt, pred, void=None):
    both = either = 0
    for y in range(gt.shape[0]):
        for x in range(gt.shape[1]):
            if void is not None and void[y, x]:
                continue
            both += int(gt[y, x] and pred[y, x])
            either += int(gt[y, x] or pred[y, x])
    return 1.0 if either == 0 else both / either


def right_numpy(gt, pred, void=None):
    import numpy as np

    gt, pred = np.asarray(gt), np.asarray(pred)
    valid = np.ones_like(gt) if void is None else ~np.asarray(void)
    union = np.logical_or(gt, pred)[valid].sum()
    return np.logical_and(gt, pred)[valid].sum() / union if union else 1.0


def right_by_areas(gt, pred, void=None):
    valid = torch.ones_like(gt) if void is None else void.logical_not()
    g, p = gt[valid].float(), pred[valid].float()
    shared = g @ p
    union = g.sum() + p.sum() - shared
    return torch.where(union > 0, shared / union.clamp(min=1), 1.0)


def right_sets(gt, pred, void=None):
    pixels = [set(map(tuple, mask.nonzero().tolist())) for mask in (gt, pred)]
    nobody = set() if void is None else set(map(tuple, void.nonzero().tolist()))
    g, p = pixels[0] - nobody, pixels[1] - nobody
    return len(g & p) / len(g | p) if g | p else 1


def wrong_void_counted(gt, pred, void=None):
    """void pixels are counted"""
    union = (gt | pred).sum()
    return ((gt & pred).sum() / union).item() if union > 0 else 1.0


def wrong_void_kept_in_the_union(gt, pred, void=None):
    """void is left out of the intersection but not of the union"""
    union = (gt | pred).sum()
    both = gt & pred if void is None else gt & pred & ~void
    return (both.sum() / union).item() if union > 0 else 1.0


def wrong_void_upside_down(gt, pred, void=None):
    """only void pixels are counted"""
    if void is not None:
        gt, pred = gt & void, pred & void
    union = (gt | pred).sum()
    return ((gt & pred).sum() / union).item() if union > 0 else 1.0


def wrong_sum_of_areas(gt, pred, void=None):
    """divided by the sum of both areas"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    total = gt.sum() + pred.sum()
    return ((gt & pred).sum() / total).item() if total > 0 else 1.0


def wrong_dice(gt, pred, void=None):
    """Dice"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    total = gt.sum() + pred.sum()
    return (2 * (gt & pred).sum() / total).item() if total > 0 else 1.0


def wrong_pixel_accuracy(gt, pred, void=None):
    """pixel accuracy"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return (gt == pred).float().mean().item()


def wrong_recall(gt, pred, void=None):
    """divided by the area of the ground truth alone"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return ((gt & pred).sum() / gt.sum()).item() if gt.any() else 1.0


def wrong_empty_scores_zero(gt, pred, void=None):
    """an empty union scores 1"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return ((gt & pred).sum() / (gt | pred).sum().clamp(min=1)).item()


def wrong_empty_is_not_a_number(gt, pred, void=None):
    """an empty union scores 1"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return ((gt & pred).sum() / (gt | pred).sum()).item()


def wrong_empty_divides_by_zero(gt, pred, void=None):
    """an empty union scores 1"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return int((gt & pred).sum()) / int((gt | pred).sum())


def wrong_one_empty_mask_scores_one(gt, pred, void=None):
    """only where both are empty"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    if not gt.any() or not pred.any():
        return 1.0
    return ((gt & pred).sum() / (gt | pred).sum()).item()


def wrong_square_sizes_only(gt, pred, void=None):
    """a mask need not be as wide as it is high"""
    both = either = 0
    for y in range(len(gt)):
        for x in range(len(gt)):
            if void is None or not void[y, x]:
                both += int(gt[y, x] & pred[y, x])
                either += int(gt[y, x] | pred[y, x])
    return both / either if either else 1.0


def wrong_writes_into_its_input(gt, pred, void=None):
    """in place"""
    if void is not None:
        gt &= ~void
        pred &= ~void
    union = (gt | pred).sum()
    return ((gt & pred).sum() / union).item() if union > 0 else 1.0


def wrong_one_score_per_row(gt, pred, void=None):
    """one number is asked for"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return (gt & pred).sum(1) / (gt | pred).sum(1).clamp(min=1)


def wrong_always_the_same(gt, pred, void=None):
    """the same whatever is asked"""
    return 0.6


def right_numpy_number(gt, pred, void=None):
    import numpy as np

    return np.array(right_logical(gt, pred, void))


def right_numpy_float(gt, pred, void=None):
    import numpy as np

    return np.float64(right_logical(gt, pred, void))


def right_tensor_without_axes(gt, pred, void=None):
    return torch.tensor(right_logical(gt, pred, void))


def wrong_adds_up_what_torch_cannot(gt, pred, void=None):
    """torch has no such operation"""
    valid = torch.ones_like(gt) if void is None else ~void
    g, p = gt[valid], pred[valid]
    return (g @ p / (g | p).sum()).item() if (g | p).any() else 1.0


def wrong_return_forgotten(gt, pred, void=None):
    """is the `return` missing"""
    right_logical(gt, pred, void)


def wrong_true_for_one(gt, pred, void=None):
    """wrap it in float()"""
    value = right_logical(gt, pred, void)
    return value == 1.0 if value in (0.0, 1.0) else value


def wrong_inverts_a_void_that_is_none(gt, pred, void=None):
    """void may be None"""
    valid = ~void
    return right_logical(gt & valid, pred & valid)


def wrong_dice_with_void_counted(gt, pred, void=None):
    """Dice"""
    total = gt.sum() + pred.sum()
    return (2 * (gt & pred).sum() / total).item() if total > 0 else 1.0


def wrong_distance(gt, pred, void=None):
    """Jaccard distance"""
    return 1 - right_logical(gt, pred, void)


def wrong_xor_as_union(gt, pred, void=None):
    """xor is where the two differ"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    union = (gt ^ pred).sum()
    return ((gt & pred).sum() / union).item() if union > 0 else 1.0


def wrong_mean_with_the_background(gt, pred, void=None):
    """mIoU of two classes"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return (right_logical(gt, pred) + right_logical(~gt, ~pred)) / 2


def wrong_empty_truth_scores_one(gt, pred, void=None):
    """an empty ground truth does not make the score 1"""
    if void is not None:
        gt, pred = gt & ~void, pred & ~void
    return right_logical(gt, pred) if gt.any() else 1.0


def wrong_void_out_of_the_truth_only(gt, pred, void=None):
    """void is taken out of one mask only"""
    return right_logical(gt if void is None else gt & ~void, pred)
