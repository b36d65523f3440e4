"""Answers to oneshot.finetune. The docstring of a wrong one is what its diagnosis has to say."""

import copy

import torch
import torch.nn.functional as F


def balanced(logits, mask, reduction="sum"):
    y = mask.float().expand_as(logits)
    beta = 1 - y.mean()
    weights = torch.where(y > 0, beta, 1 - beta)
    return F.binary_cross_entropy_with_logits(logits, y, weights, reduction=reduction)


def trained(network, frame, mask, steps, loss=balanced, lr=3e-3, parameters=None):
    optimizer = torch.optim.Adam(parameters or network.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(network(frame[None])[-1], mask[None, None]).backward()
        optimizer.step()
    return network


def right_adam(parent, frame, mask, steps):
    network = copy.deepcopy(parent)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = balanced(network(frame[None])[-1], mask[None, None])
        loss.backward()
        optimizer.step()
    return network


def right_momentum_on_the_mean(parent, frame, mask, steps, generator=None):
    network = copy.deepcopy(parent).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        loss = balanced(network(frame[None])[-1], mask[None, None], "mean")
        network.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def right_flips_and_side_scores(parent, frame, mask, steps, generator=None):
    generator = generator or torch.Generator().manual_seed(0)
    network = copy.deepcopy(parent)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3, weight_decay=2e-4)
    for k in range(steps):
        flip = bool(torch.rand((), generator=generator) < 0.5)
        image, truth = (frame.flip(2), mask.flip(1)) if flip else (frame, mask)
        *side, fused = network(image[None])
        loss = balanced(fused, truth[None, None])
        loss = loss + (1 - k / steps) * sum(balanced(s, truth[None, None]) for s in side)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


def right_steps_by_hand(parent, frame, mask, steps):
    network = copy.deepcopy(parent)
    weights = list(network.fine.parameters()) + list(network.coarse.parameters()) + list(network.fused.parameters())
    speed = [torch.zeros_like(w) for w in weights]
    for _ in range(steps):
        loss = balanced(network(frame[None])[-1], mask[None, None])
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for w, v, g in zip(weights, speed, gradients, strict=True):
                v.mul_(0.9).add_(g)
                w.sub_(1e-4 * v)
    return network


def wrong_trains_the_parent(parent, frame, mask, steps):
    """the parent itself was trained"""
    return trained(parent, frame, mask, steps)


def wrong_shallow_copy(parent, frame, mask, steps):
    """the parent itself was trained"""
    return trained(copy.copy(parent), frame, mask, steps)


def wrong_copy_made_at_the_end(parent, frame, mask, steps):
    """the parent itself was trained"""
    return copy.deepcopy(trained(parent, frame, mask, steps))


def wrong_optimiser_of_the_parent(parent, frame, mask, steps):
    """nothing was learnt"""
    network = copy.deepcopy(parent)
    return trained(network, frame, mask, steps, parameters=list(parent.parameters()))


def wrong_untrained_copy_returned(parent, frame, mask, steps):
    """an untrained copy came back"""
    network = copy.deepcopy(parent)
    trained(parent, frame, mask, steps)
    return network


def wrong_no_step(parent, frame, mask, steps):
    """nothing was learnt"""
    network = copy.deepcopy(parent)
    for _ in range(steps):
        balanced(network(frame[None])[-1], mask[None, None]).backward()
    return network


def wrong_cleared_before_the_step(parent, frame, mask, steps):
    """nothing was learnt"""
    network = copy.deepcopy(parent)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(steps):
        balanced(network(frame[None])[-1], mask[None, None]).backward()
        optimizer.zero_grad()
        optimizer.step()
    return network


def wrong_only_the_last_layer(parent, frame, mask, steps):
    """only the last layer was trained"""
    network = copy.deepcopy(parent)
    return trained(network, frame, mask, steps, parameters=list(network.fused.parameters()))


def wrong_first_score(parent, frame, mask, steps):
    """another score than the last"""
    network = copy.deepcopy(parent)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        balanced(network(frame[None])[0], mask[None, None]).backward()
        optimizer.step()
    return network


def wrong_learning_rate_of_the_paper_on_the_mean(parent, frame, mask, steps):
    """the learning rate is too small"""
    network = copy.deepcopy(parent)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-8, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        balanced(network(frame[None])[-1], mask[None, None], "mean").backward()
        optimizer.step()
    return network


def wrong_far_too_slow(parent, frame, mask, steps):
    """the learning rate is too small"""
    return trained(copy.deepcopy(parent), frame, mask, steps, lr=1e-5)


def wrong_climbs(parent, frame, mask, steps):
    """sign"""
    return trained(copy.deepcopy(parent), frame, mask, steps, loss=lambda x, y: -balanced(x, y).clamp(max=2e3))


def wrong_mask_inverted(parent, frame, mask, steps):
    """the opposite was learnt"""
    return trained(copy.deepcopy(parent), frame, ~mask, steps)


def wrong_outvoted(parent, frame, mask, steps):
    """take the class-balanced loss"""
    plain = lambda logits, y: F.binary_cross_entropy_with_logits(logits, y.float())  # noqa: E731
    return trained(copy.deepcopy(parent), frame, mask, steps, loss=plain, lr=1e-3)


def wrong_plain_cross_entropy_in_large_steps(parent, frame, mask, steps):
    """take the class-balanced loss"""
    plain = lambda logits, y: F.binary_cross_entropy_with_logits(logits, y.float(), reduction="sum")  # noqa: E731
    return trained(copy.deepcopy(parent), frame, mask, steps, loss=plain, lr=1e-2)


def wrong_squared_error(parent, frame, mask, steps):
    """take the class-balanced loss"""
    squares = lambda logits, y: (logits.sigmoid() - y.float()).square().sum()  # noqa: E731
    return trained(copy.deepcopy(parent), frame, mask, steps, loss=squares, lr=1e-2)


def wrong_half_of_the_steps(parent, frame, mask, steps):
    """fewer steps are taken than asked for"""
    return trained(copy.deepcopy(parent), frame, mask, steps // 2)


def wrong_twice_the_steps(parent, frame, mask, steps):
    """more steps are taken than asked for"""
    return trained(copy.deepcopy(parent), frame, mask, 2 * steps)


def wrong_new_optimiser_for_every_step(parent, frame, mask, steps):
    """a new optimiser for every step forgets"""
    network = copy.deepcopy(parent)
    for _ in range(steps):
        trained(network, frame, mask, 1)
    return network


def wrong_from_nothing(parent, frame, mask, steps):
    """nothing to do with the parent's"""
    network = copy.deepcopy(parent)
    torch.manual_seed(0)
    for layer in network.children():
        layer.reset_parameters()
    return trained(network, frame, mask, steps)


def wrong_steps_ignored(parent, frame, mask, steps):
    """steps are taken that were not asked for"""
    return trained(copy.deepcopy(parent), frame, mask, 60)


def wrong_one_step_too_many(parent, frame, mask, steps):
    """steps are taken that were not asked for"""
    return trained(copy.deepcopy(parent), frame, mask, steps + 1)


KEPT = []


def wrong_goes_on_with_the_last_clip(parent, frame, mask, steps):
    """nothing to do with the parent's"""
    if not KEPT:
        KEPT.append(copy.deepcopy(parent))
    return trained(copy.deepcopy(KEPT[0]), frame, mask, steps)


def wrong_returns_the_mask(parent, frame, mask, steps):
    """return the network itself"""
    return trained(copy.deepcopy(parent), frame, mask, steps)(frame[None])[-1] > 0


def wrong_returns_the_loss(parent, frame, mask, steps):
    """return the network itself"""
    network = trained(copy.deepcopy(parent), frame, mask, steps)
    return balanced(network(frame[None])[-1], mask[None, None]).item()


def wrong_thresholded(parent, frame, mask, steps):
    """the loss hangs on no weight"""
    return trained(copy.deepcopy(parent), frame, mask, steps, loss=lambda x, y: balanced((x > 0).float(), y))


def wrong_mask_of_bools(parent, frame, mask, steps):
    """the loss wants mask.float()"""
    return trained(
        copy.deepcopy(parent), frame, mask, steps, loss=lambda x, y: (x.sigmoid() - y).square().sum() + (1 - y).sum()
    )


def wrong_list_of_scores(parent, frame, mask, steps):
    """the last one is the answer"""
    network = copy.deepcopy(parent)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        balanced(network(frame[None]), mask[None, None]).backward()
        optimizer.step()
    return network


def wrong_writes_into_the_frame(parent, frame, mask, steps):
    """in place"""
    frame *= 0.99
    return trained(copy.deepcopy(parent), frame, mask, steps)


def wrong_return_forgotten(parent, frame, mask, steps):
    """is the `return` missing"""
    trained(copy.deepcopy(parent), frame, mask, steps)
