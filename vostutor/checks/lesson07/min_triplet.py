"""Exercise retrieval.min_triplet: `min_triplet(anchors, positives, negatives, margin) -> losses`, where only the closest ones count.

Letters: A anchors, M positives, N negatives, C channels.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, expect_field, random
from vostutor.checks.lesson07.nearest import expect_gradients, least, of_half, squares
from vostutor.checks.trial import Trial

SIZES = ((5, 3, 4, 2), (4, 7, 2, 3), (1, 5, 6, 4), (3, 1, 1, 1), (4, 4, 4, 4))  # A, M, N and C


def closed(excess: Tensor) -> Tensor:
    """The hinge: what is below 0 costs nothing."""
    return excess.clamp(min=0)


def pulled(
    anchors: Tensor,
    positives: Tensor,
    negatives: Tensor,
    margin: float,
    *,
    measure: Callable = squares,
    of_positives: Callable = least,
    of_negatives: Callable = least,
    hinge: Callable = closed,
) -> Tensor:
    """The loss of each anchor. The other arguments are the slips: how a pair is measured, which of a pool count, what costs nothing."""
    near, far = of_positives(measure(anchors, positives)), of_negatives(measure(anchors, negatives))
    return hinge(near - far + margin)


def worked_by_hand(trial: Trial) -> None:
    """a closest positive at 1 and a closest negative at 2.25 cost 0 with a margin of 0.7, and 0.75 with one of 2"""
    anchors = torch.tensor([[0.0, 0.0], [0.0, 2.0]])
    positives, negatives = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.5], [3.0, 0.0]])
    for margin, expected in (
        (0.7, [0.0, 0.45]),
        (2.0, [0.75, 1.75]),
    ):  # (0, 2) is a positive itself, and 0.25 from a negative
        _expect(trial, (anchors, positives, negatives, margin), expected, case=f"two anchors and a margin of {margin}")


def two_modes(trial: Trial) -> None:
    """an object of two parts that look different costs nothing, as long as each part is closer to itself than to others"""
    head, shoes = torch.tensor([[0.0, 0.0], [0.5, 0.0]]), torch.tensor([[10.0, 0.0], [10.0, 0.5]])
    grass = torch.tensor([[5.0, 3.0], [5.0, -3.0], [0.0, 4.0]])
    inputs = torch.cat([head, shoes]) + 0.25, torch.cat([head, shoes]), grass, 1.0
    _expect(trial, inputs, [0.0] * 4, case="a head around (0, 0), shoes around (10, 0), and grass between the two")
    inputs = inputs[0], inputs[1], torch.cat([grass, head[:1]]), 1.0
    _expect(trial, inputs, pulled(*inputs).tolist(), case="the same, and one of the others looks just like the head")


def an_open_margin(trial: Trial) -> None:
    """what is in both pools costs the margin, and far from all negatives nothing is left"""
    both = random(trial, 4, 3)
    for margin in (0.3, 1.0, 2.5):
        _expect(trial, (both, both, both.flip(0), margin), [margin] * 4, case=f"equal pools and a margin of {margin}")
    _expect(trial, (both, both, both + 50, 1.0), [0.0] * 4, case="negatives far away")


def squared(trial: Trial) -> None:
    """embeddings twice as large, without a margin, cost four times as much"""
    pools = [random(trial, n, 3) / 2 for n in (6, 4, 5)]
    losses = pulled(*pools, 0.0)
    _expect(trial, (*pools, 0.0), losses.tolist(), case="random embeddings without a margin")
    _expect(trial, (*(2 * p for p in pools), 0.0), (4 * losses).tolist(), case="the same, twice as large")
    _expect(trial, (*(p + 3 for p in pools), 0.0), losses.tolist(), case="the same as at first, all moved by 3")


def any_order(trial: Trial) -> None:
    """the order of a pool does not matter, and those far away can be left out; losses come in the order of the anchors"""
    anchors, positives, negatives = (random(trial, n, 3) / 2 for n in (5, 4, 6))
    losses = pulled(anchors, positives, negatives, 0.8)
    _expect(
        trial, (anchors, positives.flip(0), negatives.roll(2, 0), 0.8), losses.tolist(), case="pools in another order"
    )
    _expect(
        trial, (anchors.flip(0), positives, negatives, 0.8), losses.flip(0).tolist(), case="anchors in another order"
    )
    pools = torch.cat([positives + 9, positives]), torch.cat([negatives, negatives - 9])
    _expect(trial, (anchors, *pools, 0.8), losses.tolist(), case="pools with as many again, far away")


def any_size(trial: Trial) -> None:
    """any numbers of anchors, positives and negatives agree with comparing every pair"""
    for many, positives, negatives, channels in SIZES:
        pools = [random(trial, n, channels) / (2 * channels) ** 0.5 for n in (many, positives, negatives)]
        case = f"{many} anchors, {positives} positives and {negatives} negatives of {channels} channels"
        _expect(trial, (*pools, 0.9), pulled(*pools, 0.9).tolist(), case=case)


def only_the_closest_move(trial: Trial) -> None:
    """the gradient reaches the anchors, the closest of each pool and nobody else, and is 0 where the loss is 0"""
    anchors = torch.tensor([[0.0, 0.0], [0.0, 4.0], [9.0, 9.0]])
    positives = torch.tensor([[1.0, 0.0], [0.0, 2.0], [9.0, 9.5], [-7.0, 0.0]])
    negatives = torch.tensor([[0.0, 1.5], [3.0, 3.0], [0.0, -20.0]])
    inputs, names = (anchors, positives, negatives, 2.0), ("anchors", "positives", "negatives")
    expect_gradients(trial, inputs, pulled, names, case="three anchors, the third of them without loss")


def inputs_stay(trial: Trial) -> None:
    """anchors and pools stay as they were"""
    trial.ask((*(random(trial, n, 2) for n in (3, 2, 4)), 1.0), "random embeddings")
    trial.leaves_alone((*(random(trial, n, 3) for n in (4, 3, 2)), 0.5))


def reference(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> Tensor:
    """The package's triplet loss of the closest. Shapes: anchors (A,C), positives (M,C), negatives (N,C) -> (A,)."""
    from vostutor.ops import min_triplet

    return min_triplet(anchors, positives, negatives, margin=margin)


def _expect(trial: Trial, inputs: tuple, expected: list[float], *, case: str) -> None:
    expect_field(trial, inputs, torch.tensor(expected), case=case, place=lambda a: f"for anchor {a}")


def _mean(table: Tensor) -> Tensor:
    return table.mean(1)


def _most(table: Tensor) -> Tensor:
    return table.amax(1)


def _with(**slips: Callable) -> Callable:
    return lambda *inputs: pulled(*inputs, **slips)


def _margin(change: Callable) -> Callable:
    return lambda a, p, n, margin: pulled(a, p, n, change(margin))


def _detached(place: int) -> Callable:
    return lambda *inputs: pulled(*(x.detach() if k == place else x for k, x in enumerate(inputs)))


def _moved_by(function: Callable) -> Callable:
    """The loss is right, the gradient that of another function."""

    def loss(*inputs):
        other = function(*inputs)
        return pulled(*inputs).detach() + other - other.detach()

    return loss


def _soft(table: Tensor) -> Tensor:
    return -(-table).logsumexp(1)


_MODES = "pulling all positives together would tear a head and its shoes into one: only the closest positive counts"
_MARGIN = "the margin is an argument: add the one that is given"

EXERCISE = Exercise(
    id="retrieval.min_triplet",
    name="min_triplet",
    points=3,
    difficulty=2,
    minutes=10,
    properties=(
        worked_by_hand,
        two_modes,
        an_open_margin,
        squared,
        any_order,
        any_size,
        only_the_closest_move,
        inputs_stay,
    ),
    slips=(
        Slip(_MODES, _with(of_positives=_mean)),
        Slip(
            "both pools were averaged: only the closest positive and the closest negative count",
            _with(of_positives=_mean, of_negatives=_mean),
        ),
        Slip(
            "the negatives were averaged: the closest of them is the one that will be taken for the object",
            _with(of_negatives=_mean),
        ),
        Slip(
            "the farthest positive was taken: that is for one mode only, here the closest counts",
            _with(of_positives=_most),
        ),
        Slip("the farthest negative was taken: the closest one does the harm", _with(of_negatives=_most)),
        Slip(
            "the two are swapped: positives near and negatives far cost nothing", lambda a, p, n, m: pulled(a, n, p, m)
        ),
        Slip(
            "no hinge: what is below 0 becomes 0, or anchors that are right outweigh those that are wrong",
            _with(hinge=lambda x: x),
        ),
        Slip(
            "the hinge comes last: first add the margin, then cut off below 0",
            lambda a, p, n, m: pulled(a, p, n, 0.0) + m,
        ),
        Slip("the margin was subtracted: add it, negatives have to be farther by that much", _margin(lambda m: -m)),
        Slip(
            "the margin is missing: without it a negative as close as the positive costs nothing",
            _margin(lambda m: 0.0),
        ),
        *(Slip(_MARGIN, _margin(lambda m, fixed=fixed: fixed)) for fixed in (0.7, 1.0)),
        Slip("the distance is not squared: leave out the root", _with(measure=lambda x, y: squares(x, y).sqrt())),
        Slip(
            "the squares were averaged over the channels: a squared distance is their sum",
            _with(measure=lambda x, y: squares(x, y) / x.shape[1]),
        ),
        Slip(
            "the distance is not to be squashed here: the loss takes the squared distance itself",
            _with(measure=lambda x, y: of_half(squares(x, y))),
        ),
        Slip("one loss for each anchor: do not add them up", lambda *i: pulled(*i).sum()),
        Slip("one loss for each anchor: do not average them", lambda *i: pulled(*i).mean()),
        Slip(
            "the minimum was taken over the anchors: of each anchor's row take the smallest, axis 1 of (A, M)",
            lambda a, p, n, m: closed(squares(a, p).amin(0) - squares(a, n).amin(0) + m),
        ),
        Slip(
            "one closest pair of all: each anchor has a closest positive of its own",
            lambda a, p, n, m: closed(squares(a, p).amin() - squares(a, n).amin() + m),
        ),
        Slip(
            "one closest pair of all: each anchor has a closest positive and a closest negative of its own",
            _with(of_positives=lambda t: t.amin().expand(len(t)), of_negatives=lambda t: t.amin().expand(len(t))),
        ),
        Slip(
            "anchor, positive and negative were paired row by row: each anchor looks at all of both pools",
            lambda a, p, n, m: closed((a - p).square().sum(1) - (a - n).square().sum(1) + m),
        ),
        Slip(
            "a smooth minimum is another loss: only the closest one counts",
            _with(of_positives=_soft, of_negatives=_soft),
        ),
        Slip(
            "the hinge lets a gradient through where the loss is 0: clamp or relu, not a constant written over it",
            _moved_by(lambda *i: pulled(*i, hinge=lambda x: x)),
        ),
        Slip(
            "the gradient is cut on the way: .detach(), .item(), numpy or torch.no_grad() ends it",
            cuts_the_gradient(pulled),
        ),
        Slip("the anchors were detached: they are embeddings of the network like the others", _detached(0)),
        Slip("the positives were detached: anchor and positive move towards each other", _detached(1)),
        Slip("the negatives were detached: anchor and negative move away from each other", _detached(2)),
    ),
    hints=(
        "A rider wears a black jacket and white trousers. What does a loss do to the network that wants all of the rider in one spot, "
        "though at the end only the nearest neighbour is asked?",
        "Make two tables of squared distances, anchors against positives and anchors against negatives. Which single number of each row "
        "decides the label that this anchor would get?",
        "Take the smallest of each row in both tables. Subtract the negatives' from the positives', add the margin, and cut off what is "
        "below 0. One number stays for each anchor, and autograd sees to it that only the two closest are moved.",
    ),
    reference="vostutor.checks.lesson07.min_triplet:reference",
)
