"""Answers to oneshot.balanced_bce. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def cost(logits, mask):
    return F.binary_cross_entropy_with_logits(logits, mask.float(), reduction="none")


def share(mask):
    return 1 - mask.float().mean()


def right_with_logits(logits, mask):
    beta = share(mask)
    return (torch.where(mask, beta, 1 - beta) * cost(logits, mask)).sum()


def right_softplus_of_each_class(logits, mask):
    beta = (~mask).sum() / mask.numel()
    return beta * F.softplus(-logits[mask]).sum() + (1 - beta) * F.softplus(logits[~mask]).sum()


def right_formula_of_the_paper(logits, mask):
    y = mask.float()
    per_pixel = torch.relu(logits) - logits * y + torch.log(1 + torch.exp(-torch.abs(logits)))
    positive, negative = y.sum(), (1 - y).sum()
    total = positive + negative
    return negative / total * (y * per_pixel).sum() + positive / total * ((1 - y) * per_pixel).sum()


def right_pixel_by_pixel(logits, mask):
    beta = share(mask).item()
    loss = logits.new_zeros(())
    for x, y in zip(logits.flatten(), mask.flatten().tolist(), strict=True):
        loss = loss - (beta * F.logsigmoid(x) if y else (1 - beta) * F.logsigmoid(-x))
    return loss


def wrong_weights_swapped(logits, mask):
    """the weights are swapped"""
    beta = share(mask)
    return (torch.where(mask, 1 - beta, beta) * cost(logits, mask)).sum()


def wrong_not_balanced(logits, mask):
    """nothing is balanced"""
    return cost(logits, mask).sum()


def wrong_background_at_full_weight(logits, mask):
    """only the object is weighed"""
    return (torch.where(mask, share(mask), 1.0) * cost(logits, mask)).sum()


def wrong_object_alone(logits, mask):
    """the background costs nothing"""
    return -(share(mask) * F.logsigmoid(logits) * mask).sum()


def wrong_pos_weight(logits, mask):
    """pos_weight has the right ratio"""
    ratio = (~mask).sum() / mask.sum()
    return F.binary_cross_entropy_with_logits(logits, mask.float(), pos_weight=ratio, reduction="sum")


def wrong_mean_of_each_class(logits, mask):
    """each class is averaged"""
    every = cost(logits, mask)
    return every[mask].mean() + every[~mask].mean()


def wrong_mean(logits, mask):
    """averaged over the pixels"""
    beta = share(mask)
    return F.binary_cross_entropy_with_logits(logits, mask.float(), torch.where(mask, beta, 1 - beta))


def wrong_sign(logits, mask):
    """the sign is missing"""
    beta = share(mask)
    return beta * F.logsigmoid(logits)[mask].sum() + (1 - beta) * F.logsigmoid(-logits)[~mask].sum()


def wrong_classes_in_the_logarithms(logits, mask):
    """swapped in the logarithms"""
    beta = share(mask)
    return -(beta * F.logsigmoid(-logits)[mask].sum() + (1 - beta) * F.logsigmoid(logits)[~mask].sum())


def wrong_sigmoid_twice(logits, mask):
    """the sigmoid was applied twice"""
    return right_with_logits(logits.sigmoid(), mask)


def wrong_log_of_sigmoid(logits, mask):
    """never log(sigmoid(x))"""
    prob, beta, y = torch.sigmoid(logits), share(mask), mask.float()
    return -(beta * y * prob.log() + (1 - beta) * (1 - y) * (1 - prob).log()).sum()


def wrong_small_number_in_the_log(logits, mask):
    """a small number inside the logarithm"""
    prob, beta, y = torch.sigmoid(logits), share(mask), mask.float()
    return -(beta * y * (prob + 1e-8).log() + (1 - beta) * (1 - y) * (1 - prob + 1e-8).log()).sum()


def wrong_binary_cross_entropy(logits, mask):
    """cuts every logarithm off at -100"""
    beta = share(mask)
    weights = torch.where(mask, beta, 1 - beta)
    return F.binary_cross_entropy(logits.sigmoid(), mask.float(), weights, reduction="sum")


def wrong_not_reduced(logits, mask):
    """one number is asked for"""
    beta = share(mask)
    return torch.where(mask, beta, 1 - beta) * cost(logits, mask)


def wrong_item(logits, mask):
    """the gradient is cut on the way"""
    return right_with_logits(logits, mask).item()


def wrong_detached(logits, mask):
    """the gradient is cut on the way"""
    return right_with_logits(logits.detach(), mask)


def wrong_writes_into_its_input(logits, mask):
    """in place"""
    loss = right_with_logits(logits.clone(), mask)
    mask |= True
    return loss


def wrong_return_forgotten(logits, mask):
    """is the `return` missing"""
    right_with_logits(logits, mask)
