"""Exercise flow.multiscale_epe: `multiscale_epe(predictions, flow, weights, div_flow) -> loss`, the end-point error of every level."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, expect_gradient, random, uniform
from vostutor.checks.trial import Trial

LEVELS = (0.005, 0.01, 0.02, 0.08, 0.32)  # the published weights, finest level first


def area(flow: Tensor, size: Sequence[int]) -> Tensor:
    """The mean over the area of each coarse pixel, for sizes that divide: rows and columns in blocks.

    Shapes: (B,2,H,W) -> (B,2,h,w). A flow that is the same everywhere is so at any size.
    """
    (height, width), (h, w) = flow.shape[2:], size
    if height % h or width % w:
        return flow[:, :, :1, :1].expand(-1, -1, h, w)
    return flow.unflatten(3, (w, width // w)).unflatten(2, (h, height // h)).mean((3, 5))


def length(error: Tensor) -> Tensor:
    """The length of every vector, with a slope of 0 where it is 0. Shapes: (B,2,h,w) -> (B,h,w)."""
    square = error.square().sum(1)
    return torch.where(square > 0, square.where(square > 0, 1.0).sqrt(), 0.0)


def summed(
    predictions: Sequence[Tensor],
    flow: Tensor,
    weights: Sequence[float],
    div_flow: float,
    *,
    shrink: Callable = area,
    size_of: Callable = length,
    collect: Callable = torch.sum,
) -> Tensor:
    """The loss, one level after the other.

    The other arguments are the slips: how the truth gets small, what an error's size is, how a level becomes a number.
    """
    total = flow.new_zeros(())
    for prediction, weight in zip(predictions, weights, strict=False):
        truth = shrink(flow / div_flow, prediction.shape[2:])
        total = total + weight * collect(size_of(prediction - truth))
    return total / len(flow)


def as_published(trial: Trial) -> None:
    """a truth of (3, 4) pixels and predictions of zero on the published levels cost 34.56"""
    truth = uniform(3, 4, 384, 512)[None]
    nothing = [torch.zeros(1, 2, 384 // s, 512 // s) for s in (4, 8, 16, 32, 64)]
    # 5 / 20 at every pixel: (61.44 + 30.72 + 15.36 + 15.36 + 15.36) / 4
    trial.expect((nothing, truth, LEVELS, 20.0), 34.56, case="zero flow on 5 levels of 384 x 512, div_flow 20")


def worked_by_hand(trial: Trial) -> None:
    """a coarse pixel is compared with the mean of the flow in its area, in pixels of the full image"""
    truth = torch.tensor([[[6.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]], [[8.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]])
    coarse = [torch.zeros(1, 2, 1, 2)]  # the areas hold (1.5, 2), of length 2.5, and (2, 0)
    trial.expect((coarse, truth[None], [1.0], 1.0), 4.5, case="a 2 x 4 truth against a level of 1 x 2, div_flow 1")
    both = [torch.zeros(1, 2, 2, 4), torch.zeros(1, 2, 1, 2)]  # the finer one has errors of 10 and four times 2
    trial.expect((both, truth[None], [1.0, 10.0], 2.0), 31.5, case="levels of 2 x 4 and 1 x 2, weights 1 and 10")


def the_mean_over_the_batch(trial: Trial) -> None:
    """the loss of a batch is the mean of what its samples cost alone"""
    predictions, truth = _some(trial, 3, (6, 8), (1, 2))
    alone = [summed([p[k : k + 1] for p in predictions], truth[k : k + 1], (1.0, 2.0), 5.0) for k in range(3)]
    expected = sum(alone).item() / 3
    trial.expect((predictions, truth, [1.0, 2.0], 5.0), expected, case="three samples of 6 x 8, weights 1 and 2")
    twice = [p[:1].repeat(2, 1, 1, 1) for p in predictions]
    inputs = (twice, truth[:1].repeat(2, 1, 1, 1), [1.0, 2.0], 5.0)
    trial.expect(inputs, alone[0].item(), case="the same sample twice")


def any_level(trial: Trial) -> None:
    """samples and levels of many sizes agree with summing level by level"""
    for batch, size, factors in ((2, (8, 12), (1, 2, 4)), (1, (6, 6), (1, 3)), (2, (9, 3), (3,)), (1, (5, 7), (1,))):
        predictions, truth = _some(trial, batch, size, factors)
        weights = [round(0.3 * (k + 1) ** 2, 2) for k in range(len(factors))]
        expected = summed(predictions, truth, weights, 8.0).item()
        case = (
            f"{batch} random sample{'s' * (batch > 1)} of {size[0]} x {size[1]} with {len(factors)} levels, div_flow 8"
        )
        trial.expect((predictions, truth, weights, 8.0), expected, case=case)


def odd_sizes(trial: Trial) -> None:
    """a level need not divide the size of the image"""
    for size, levels in (((7, 13), ((4, 7), (2, 4))), ((109, 5), ((55, 3), (28, 2)))):
        truth = uniform(6, -8, *size)[None]
        predictions = [torch.zeros(1, 2, *level) for level in levels]
        expected = summed(predictions, truth, (0.5, 1.0), 20.0).item()
        case = f"{size[0]} x {size[1]} with levels of {' and '.join(f'{h} x {w}' for h, w in levels)}"
        trial.expect((predictions, truth, [0.5, 1.0], 20.0), expected, case=case)


def inputs_stay(trial: Trial) -> None:
    """predictions and truth stay as they were"""
    predictions, truth = _some(trial, 2, (4, 6), (1, 2))
    trial.ask(([p + 1 for p in predictions], truth, [1.0, 2.0], 5.0), "random flows")
    trial.leaves_alone((predictions, truth, [1.0, 2.0], 5.0))


def passes_gradients(trial: Trial) -> None:
    """the loss is one number whose gradient pulls every prediction towards its truth"""
    predictions, truth = _some(trial, 2, (4, 4), (1, 2))
    _gradients(trial, predictions, truth, case="random flows")


def rests_at_the_truth(trial: Trial) -> None:
    """a prediction that is exactly right costs nothing and pulls nowhere"""
    truth = random(trial, 1, 2, 4, 4)
    truth[:, :, :2] = 0  # a camera that stands still
    predictions = [truth / 4, random(trial, 1, 2, 2, 2)]
    loss = _gradients(trial, predictions, truth, case="a finest level that is exactly right")
    expected = summed(predictions, truth, (0.5, 2.0), 4.0)
    trial.compare(expected, loss, case="a finest level that is exactly right")


def _gradients(trial: Trial, predictions: list[Tensor], truth: Tensor, *, case: str) -> Tensor:
    loss, gradients = trial.ask_grad((predictions, truth, [0.5, 2.0], 4.0), case)
    trial.require(
        isinstance(loss, Tensor) and loss.numel() == 1,
        expected="the loss as a tensor of one number, which backward() can start from",
        got=f"{type(loss).__name__}{f' of shape {tuple(loss.shape)}' if isinstance(loss, Tensor) else ''}",
    )
    wanted = [p.clone().requires_grad_() for p in predictions]
    expected = torch.autograd.grad(summed(wanted, truth, (0.5, 2.0), 4.0), wanted)
    for k, (wished, came) in enumerate(zip(expected, gradients[0], strict=True)):
        expect_gradient(trial, wished, came, f"predictions[{k}]")
    return loss


def _some(trial: Trial, batch: int, size: tuple[int, int], factors: Sequence[int]) -> tuple[list[Tensor], Tensor]:
    """Random predictions of order one, and a truth of several pixels."""
    height, width = size
    predictions = [random(trial, batch, 2, height // s, width // s) for s in factors]
    return predictions, 6 * random(trial, batch, 2, height, width)


def _shrunk(mode: str) -> Callable:
    options = {"align_corners": False} if mode == "bilinear" else {}
    return lambda flow, size: interpolate(flow, size=tuple(size), mode=mode, **options)


def _rescaled(flow: Tensor, size: Sequence[int]) -> Tensor:
    factors = torch.tensor([size[1] / flow.shape[3], size[0] / flow.shape[2]]).reshape(1, 2, 1, 1)
    return area(flow, size) * factors


def _pooled_by_whole_numbers(flow: Tensor, size: Sequence[int]) -> Tensor:
    """Blocks of H // h rows; what is left over makes more of them than there are."""
    if flow.shape[2] // (flow.shape[2] // size[0]) != size[0] or flow.shape[3] // (flow.shape[3] // size[1]) != size[1]:
        raise RuntimeError
    return area(flow, size)


def _enlarged(mode: str) -> Callable:
    """Every prediction brought to the size of the image instead."""
    return lambda p, f, w, d: summed([_shrunk(mode)(level, f.shape[2:]) for level in p], f, w, d)


def _predictions_detached(predictions, flow, weights, div_flow) -> Tensor:
    return summed([p.detach() for p in predictions], flow, weights, div_flow)


_CUT = "the gradient is cut on the way: .item(), float(), .detach(), numpy or torch.no_grad() ends it"
_SMALL = "the truth gets small by area: every coarse pixel is compared with the mean flow of what it covers"
_ENLARGED = "predictions were enlarged to the size of the image: shrink the truth to each level instead"


EXERCISE = Exercise(
    id="flow.multiscale_epe",
    name="multiscale_epe",
    points=3,
    difficulty=2,
    minutes=15,
    tolerance=1e-3,  # a small number added under the root, against its steep slope at 0, is as right as none
    properties=(
        as_published,
        worked_by_hand,
        the_mean_over_the_batch,
        any_level,
        odd_sizes,
        inputs_stay,
        passes_gradients,
        rests_at_the_truth,
    ),
    slips=(
        Slip(
            "averaged over the pixels: the error of a level is a sum, so that finer levels, with more pixels, count more",
            lambda *i: summed(*i, collect=torch.mean) * len(i[1]),
        ),
        Slip(
            "averaged over pixels and batch: sum over the pixels, and divide by the number of samples alone",
            lambda *i: summed(*i, collect=torch.mean),
        ),
        Slip("the batch is missing: divide the sum by the number of samples", lambda *i: summed(*i) * len(i[1])),
        Slip(
            "divided by the number of levels: the weights alone say how much a level counts",
            lambda *i: summed(*i) / len(i[0]),
        ),
        Slip(
            "the flow was rescaled for each level: its values stay those of the full image, only its size changes",
            lambda *i: summed(*i, shrink=_rescaled),
        ),
        Slip(
            "the truth is in pixels, the predictions in pixels / div_flow: divide the truth by div_flow",
            lambda p, f, w, d: summed(p, f, w, 1.0),
        ),
        Slip(
            "the truth was multiplied by div_flow: divide it, as the network predicts small numbers",
            lambda p, f, w, d: summed(p, f, w, 1 / d),
        ),
        Slip(
            "predictions were multiplied by div_flow: divide the truth instead, or the loss is div_flow times too large",
            lambda p, f, w, d: summed(p, f, w, d) * d,
        ),
        Slip(
            "the errors of x and y were added: the end-point error is the length of the vector between",
            lambda *i: summed(*i, size_of=lambda e: e.abs().sum(1)),
        ),
        Slip(
            "the root is missing: an end-point error is a length, not its square",
            lambda *i: summed(*i, size_of=lambda e: e.square().sum(1)),
        ),
        Slip(
            "the mean over x and y under the root: a length is the root of the sum of both squares",
            lambda *i: summed(*i, size_of=lambda e: length(e) / 2**0.5),
        ),
        Slip(
            "one root over all pixels: every pixel has an error of its own, the norm runs over axis 1 only",
            lambda *i: summed(*i, collect=torch.linalg.vector_norm),
        ),
        *(
            Slip(_SMALL, lambda *i, m=m: summed(*i, shrink=_shrunk(m)))
            for m in ("nearest", "nearest-exact", "bilinear")
        ),
        Slip(
            "the largest flow of an area is taken: average over it",
            lambda *i: summed(*i, shrink=torch.nn.functional.adaptive_max_pool2d),
        ),
        Slip(
            "pooling by whole numbers needs sizes that divide: adaptive pooling, or interpolation by area, fits any",
            lambda *i: summed(*i, shrink=_pooled_by_whole_numbers),
        ),
        Slip(
            "the weights are reversed: predictions come finest first, and so do the weights",
            lambda p, f, w, d: summed(p, f, w[::-1], d),
        ),
        Slip("the weights are not used", lambda p, f, w, d: summed(p, f, [1.0] * len(p), d)),
        Slip(
            "weights divided by their sum: they are used as they are",
            lambda p, f, w, d: summed(p, f, w, d) / sum(w),
        ),
        Slip(
            "only the finest level counts: is the `return` inside the loop?",
            lambda p, f, w, d: summed(p[:1], f, w, d),
        ),
        Slip(
            "only the coarsest level counts: add the levels up, `+=` instead of `=`",
            lambda p, f, w, d: summed(p[-1:], f, w[-1:], d),
        ),
        *(Slip(_ENLARGED, _enlarged(mode)) for mode in ("bilinear", "nearest")),
        Slip(
            "the slope of a root is infinite at 0, and 0 times infinity is NaN: torch.linalg.vector_norm knows, or add 1e-12 under it",
            lambda *i: summed(*i, size_of=lambda e: e.square().sum(1).sqrt()),
        ),
        *(Slip(_CUT, cut) for cut in (cuts_the_gradient(summed), lambda *i: summed(*i).item(), _predictions_detached)),
    ),
    hints=(
        "A coarse pixel covers many fine ones. What single motion would you ask of it, and in which unit does the network answer?",
        "Work on one level first: bring the truth to its size, subtract, and look at the shape before you make a length of x and y. "
        "Which axes are left to be summed?",
        "Divide the truth by div_flow once. For every level average it over the area of the coarse pixels, take the length of the "
        "difference over axis 1, sum it all up, and multiply by the level's weight. Add the levels, divide by the number of samples.",
    ),
    reference="vostutor.losses:multiscale_epe",
)
