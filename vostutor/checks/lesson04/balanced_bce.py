"""Exercise oneshot.balanced_bce: `balanced_bce(logits, mask) -> loss`, in which a small object weighs as much as all around it."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, expect_gradient, random
from vostutor.checks.trial import Trial

SIZES = ((5, 8), (7, 4), (1, 9), (6, 6))  # neither square nor even, and one row thin


def surprise(logits: Tensor, mask: Tensor) -> Tensor:
    """What every pixel costs, in nats: max(x, 0) - x y + log(1 + e^-|x|). Shapes: (...) twice -> (...)."""
    return logits.clamp(min=0) - logits * mask + (-logits.abs()).exp().log1p()


def share_of_others(mask: Tensor) -> tuple[float, float]:
    """The weights of object and background: each the other's share of the pixels."""
    beta = int((~mask).sum()) / mask.numel()
    return beta, 1 - beta


def weighed(
    logits: Tensor,
    mask: Tensor,
    *,
    cost: Callable = surprise,
    weights: Callable = share_of_others,
    collect: Callable = torch.sum,
) -> Tensor:
    """The loss. The other arguments are the slips: what a pixel costs, what the classes weigh, how it becomes a number."""
    of_object, of_background = weights(mask)
    return collect(torch.where(mask, of_object, of_background) * cost(logits, mask.float()))


def worked_by_hand(trial: Trial) -> None:
    """a network that knows nothing pays 2 · |Y+| · |Y-| · ln 2 / |Y|"""
    for height, width, count, expected in ((10, 10, 20, 22.18071), (4, 5, 10, 6.93147), (3, 7, 1, 1.32028)):
        inputs = torch.zeros(1, 1, height, width), _first(count, height, width)
        trial.expect(inputs, expected, case=f"logits of 0 and {count} of {height * width} pixels in the mask")


def both_weigh_the_same(trial: Trial) -> None:
    """object and background pull with the same force, however small the object is"""
    for count in (1, 6, 27):
        mask = _first(count, 5, 6)
        logits = math.log(3) * (1.0 - 2 * mask)  # every pixel wrong, with a probability of 3/4
        _, gradients = trial.ask_grad((logits, mask), f"all wrong with probability 3/4, {count} of 30 pixels")
        pull = count * (30 - count) / 30 * 3 / 4  # each side: its pixels times the other's share, times what is wrong
        wanted = torch.where(mask, -pull / count, pull / (30 - count))
        expect_gradient(trial, wanted, gradients[0], "logits")


def pixel_by_pixel(trial: Trial) -> None:
    """any logits and masks agree with adding up pixel by pixel"""
    for height, width in SIZES:
        logits, mask = _some(trial, height, width)
        case = f"random logits and mask of {height} x {width}"
        trial.expect((logits, mask), weighed(logits, mask).item(), case=case)


def a_sum(trial: Trial) -> None:
    """twice the picture costs twice as much"""
    logits, mask = _some(trial, 4, 6)
    twice = torch.cat([logits, logits], 3), torch.cat([mask, mask], 3)
    trial.expect((logits, mask), weighed(logits, mask).item(), case="random logits of 4 x 6")
    trial.expect(twice, 2 * weighed(logits, mask).item(), case="the same twice, side by side")


def sure_and_wrong(trial: Trial) -> None:
    """a network that is sure, rightly or wrongly, gets a finite loss and a finite gradient"""
    mask = _first(6, 4, 6)
    for name, sign in (("wrong", -1.0), ("right", 1.0)):
        logits = 1000 * sign * (2.0 * mask - 1)
        loss = 0.0 if sign > 0 else 6 * 0.75 * 1000 + 18 * 0.25 * 1000
        trial.expect((logits, mask), loss, case=f"logits of +1000 and -1000, all {name}")
        _, gradients = trial.ask_grad((logits, mask), f"logits of +1000 and -1000, all {name}")
        pull = torch.where(mask, -0.75, 0.25) if sign < 0 else torch.zeros_like(logits)
        expect_gradient(trial, pull, gradients[0], "logits")


def one_class_alone(trial: Trial) -> None:
    """a mask without object, or without background, costs 0 and not NaN"""
    for name, mask in (("no object", _first(0, 4, 5)), ("object everywhere", _first(20, 4, 5))):
        logits = random(trial, 1, 1, 4, 5)
        trial.expect((logits, mask), 0.0, case=f"a mask with {name}")
    logits, mask = _some(trial, 4, 5)
    trial.expect((logits, mask), weighed(logits, mask).item(), case="a mask of both")


def passes_gradients(trial: Trial) -> None:
    """the loss is one number, its gradient reaches every logit, and both inputs stay as they were"""
    for height, width in SIZES[:2]:
        logits, mask = _some(trial, height, width)
        loss, gradients = trial.ask_grad((logits, mask), "random logits")
        trial.require(
            isinstance(loss, Tensor) and loss.numel() == 1,
            expected="the loss as a tensor of one number, which backward() can start from",
            got=f"{type(loss).__name__}{f' of shape {tuple(loss.shape)}' if isinstance(loss, Tensor) else ''}",
        )
        wanted = logits.clone().requires_grad_()
        (expected,) = torch.autograd.grad(weighed(wanted, mask), wanted)
        expect_gradient(trial, expected, gradients[0], "logits")
    trial.leaves_alone((logits, mask))


def reference(logits: Tensor, mask: Tensor) -> Tensor:
    """The package's class-balanced cross entropy. Shapes: logits float, mask bool, (1,1,H,W) -> scalar, a sum."""
    from vostutor.losses import balanced_bce

    return balanced_bce(logits, mask[:, 0])


def _first(count: int, height: int, width: int) -> Tensor:
    """A mask of the first so many pixels. Shapes: bool (1,1,H,W)."""
    return (torch.arange(height * width) < count).reshape(1, 1, height, width)


def _some(trial: Trial, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Random logits, and a mask with between one and a third of the pixels, and always some of both."""
    count = int(torch.randint(1, height * width // 3, (), generator=trial.generator))
    order = torch.randperm(height * width, generator=trial.generator)
    return 3 * random(trial, 1, 1, height, width), (order < count).reshape(1, 1, height, width)


def _unguarded(logits: Tensor, mask: Tensor) -> Tensor:
    prob = logits.sigmoid()
    return -(mask * prob.log() + (1 - mask) * (1 - prob).log())


def _guarded(small: float) -> Callable:
    def cost(logits: Tensor, mask: Tensor) -> Tensor:
        prob = logits.sigmoid()
        return -(mask * (prob + small).log() + (1 - mask) * (1 - prob + small).log())

    return cost


def _torch_probability(logits: Tensor, mask: Tensor) -> Tensor:
    return torch.nn.functional.binary_cross_entropy(logits.sigmoid(), mask, reduction="none")


def _own_shares(mask: Tensor) -> tuple[float, float]:
    return share_of_others(mask)[::-1]


def _by_ratio(mask: Tensor) -> tuple[Tensor, float]:
    """As `pos_weight` does: the object by |Y-| / |Y+|, the background by 1."""
    return (~mask).sum() / mask.sum(), 1.0


def _by_counts(mask: Tensor) -> tuple[Tensor, Tensor]:
    return 1 / mask.sum(), 1 / (~mask).sum()


_UNSTABLE = (
    "the logarithm of a rounded 0 is -inf: use softplus or binary_cross_entropy_with_logits, never log(sigmoid(x))"
)
_CLIPPED = "a small number inside the logarithm hides what it costs to be sure and wrong: use the form for logits"
_ONE = "one number is asked for, for all of the picture: sum over every axis"

EXERCISE = Exercise(
    id="oneshot.balanced_bce",
    name="balanced_bce",
    points=3,
    difficulty=2,
    minutes=10,
    tolerance=1e-3,  # sums of a few hundred nats in float32
    properties=(
        worked_by_hand,
        both_weigh_the_same,
        pixel_by_pixel,
        a_sum,
        sure_and_wrong,
        one_class_alone,
        passes_gradients,
    ),
    slips=(
        Slip(
            "the weights are swapped: the object, which is small, is weighed by the share of the background",
            lambda x, m: weighed(x, m, weights=_own_shares),
        ),
        Slip(
            "nothing is balanced: weigh object pixels by the share of the background, and the others by the rest",
            lambda x, m: weighed(x, m, weights=lambda _: (1.0, 1.0)),
        ),
        Slip(
            "only the object is weighed: the background has the weight 1 - beta, which is the share of the object",
            lambda x, m: weighed(x, m, weights=lambda y: (share_of_others(y)[0], 1.0)),
        ),
        Slip(
            "the background costs nothing: its logarithm is the one of 1 - P, weighed by 1 - beta",
            lambda x, m: weighed(x, m, weights=lambda y: (share_of_others(y)[0], 0.0)),
        ),
        Slip(
            "pos_weight has the right ratio, and the loss is larger by |Y| / |Y+|: multiply by the share of the object",
            lambda x, m: weighed(x, m, weights=_by_ratio),
        ),
        Slip(
            "each class is averaged: the paper adds up pixels, weighed by shares of |Y|, and divides by nothing",
            lambda x, m: weighed(x, m, weights=_by_counts),
        ),
        Slip(
            "averaged over the pixels: it is a sum, and the learning rates of the paper count on it",
            lambda x, m: weighed(x, m, collect=torch.mean),
        ),
        Slip(
            "the sign is missing: the logarithm of a probability is negative, the loss is minus it",
            lambda x, m: -weighed(x, m),
        ),
        Slip(
            "mask and background are swapped in the logarithms: object pixels pay -log P, the others -log(1 - P)",
            lambda x, m: weighed(-x, m),
        ),
        Slip(
            "the sigmoid was applied twice: ..._with_logits does it, give it the logits themselves",
            lambda x, m: weighed(x.sigmoid(), m),
        ),
        Slip(_UNSTABLE, lambda x, m: weighed(x, m, cost=_unguarded)),
        *(Slip(_CLIPPED, lambda x, m, e=e: weighed(x, m, cost=_guarded(e))) for e in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)),
        Slip(
            "binary_cross_entropy cuts every logarithm off at -100: its form with logits does not",
            lambda x, m: weighed(x, m, cost=_torch_probability),
        ),
        Slip(_ONE, lambda x, m: weighed(x, m, collect=lambda every: every)),
        Slip(
            "the gradient is cut on the way: .item(), float(), .detach(), numpy or torch.no_grad() ends it",
            cuts_the_gradient(weighed),
        ),
    ),
    hints=(
        "Nineteen pixels of twenty are background. What does a network learn first that pays the same for each of them? "
        "How heavy must an object pixel be, so that all of them together weigh as much as all the others?",
        "Beta is the share of the background among all pixels. It weighs the object pixels, one minus beta the others. "
        "For the cost of one pixel there is a ready function that takes logits; ask it for every pixel, without reducing.",
        "Turn the mask into floats. Take the cross entropy with logits of every pixel, multiply by beta inside the mask and by "
        "one minus beta outside, and add everything up. Divide by nothing.",
    ),
    reference="vostutor.checks.lesson04.balanced_bce:reference",
)
