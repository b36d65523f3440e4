"""Exercise flow.expected_displacement: `expected_displacement(scores, radius, temperature) -> flow`, a cost volume read as a motion."""

from collections.abc import Callable
from math import log

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import (
    SIZES,
    cuts_the_gradient,
    expect_field,
    expect_gradient,
    in_the_flow,
    random,
    uniform,
)
from vostutor.checks.trial import Trial

_NEVER = -64.0  # a score whose share is lost in rounding: e^-64, and e^-32 at half the temperature


def shares_of(scores: Tensor) -> Tensor:
    """The softmax over the displacements of each pixel. Shapes: (B,D,H,W) -> (B,D,H,W)."""
    raised = (scores - scores.amax(1, keepdim=True)).exp()
    return raised / raised.sum(1, keepdim=True)


def averaged(
    scores: Tensor, radius: int, temperature: float, *, shares: Callable = shares_of, first: int | None = None
) -> Tensor:
    """The expected displacement, one channel after the other.

    The other arguments are the slips: how scores become shares, and which displacement the first channel has.
    """
    reach = 2 * radius + 1
    first = -radius if first is None else first
    share = shares(scores * temperature)
    x = sum(share[:, k] * (k % reach + first) for k in range(reach**2))
    y = sum(share[:, k] * (k // reach + first) for k in range(reach**2))
    return torch.stack([x, y], 1)


def one_clear_peak(trial: Trial) -> None:
    """one clear peak at dx = +2, dy = -1 is a flow of (+2, -1)"""
    for height, width in ((4, 7), (5, 5)):
        scores = torch.zeros(1, 25, height, width)
        scores[:, 9] = 50  # (-1 + 2) * 5 + (2 + 2)
        _expect(trial, (scores, 2, 1.0), _everywhere(2, -1, height, width), case="a score of 50 in channel 9, radius 2")


def between_two_peaks(trial: Trial) -> None:
    """two displacements of which one is three times as likely give a flow between them"""
    scores = torch.full((1, 9, 3, 3), _NEVER)
    scores[:, 1], scores[:, 5] = 0, log(3)  # dx 0, dy -1 and dx +1, dy 0
    case = "scores of 0 at (0, -1) and ln 3 at (+1, 0), temperature 1"
    _expect(trial, (scores, 1, 1.0), _everywhere(0.75, -0.25, 3, 3), case=case)
    scores = torch.zeros(1, 9, 3, 3)
    scores[:, 8] = log(8)  # as likely as the eight others together, whose mean is (-1/8, -1/8)
    case = "a score of ln 8 at (+1, +1), 0 elsewhere, temperature 1"
    _expect(trial, (scores, 1, 1.0), _everywhere(7 / 16, 7 / 16, 3, 3), case=case)


def temperature_sharpens(trial: Trial) -> None:
    """the scores are multiplied by the temperature: a larger one makes the choice clearer"""
    for temperature, share in ((2.0, 9 / 10), (3.0, 27 / 28), (0.5, 3**0.5 / (1 + 3**0.5))):
        scores = torch.full((1, 9, 3, 3), _NEVER)
        scores[:, 1], scores[:, 5] = 0, log(3)
        case = f"scores of 0 at (0, -1) and ln 3 at (+1, 0), temperature {temperature:g}"
        _expect(trial, (scores, 1, temperature), _everywhere(share, share - 1, 3, 3), case=case)


def every_pixel_its_own(trial: Trial) -> None:
    """every pixel of every sample weighs its own displacements, whatever the size"""
    for batch, radius, (height, width) in zip((2, 1, 3, 2), (1, 2, 1, 0), SIZES, strict=True):
        scores = random(trial, batch, (2 * radius + 1) ** 2, height, width)
        case = f"random scores of {batch} x {(2 * radius + 1) ** 2} x {height} x {width}, temperature 1.7"
        _expect(trial, (scores, radius, 1.7), averaged(scores, radius, 1.7), case=case)


def only_differences_count(trial: Trial) -> None:
    """a number added to all scores of a pixel changes nothing, however large"""
    scores = random(trial, 1, 9, 4, 4)
    for most in (2, 512):
        added = torch.linspace(-most, most, 16).reshape(1, 1, 4, 4)
        raised = scores + added
        kept = raised - added  # beside a large number float32 keeps less of the scores; what it keeps is what is asked
        case = f"random scores plus a number from {-most} to {most} for each pixel"
        _expect(trial, (raised, 1, 1.0), averaged(kept, 1, 1.0), case=case)


def inputs_stay(trial: Trial) -> None:
    """the scores it was given stay as they were"""
    trial.ask((random(trial, 1, 9, 3, 5), 1, 2.0), "random scores")
    trial.leaves_alone((random(trial, 1, 9, 3, 5), 1, 2.0))


def passes_gradients(trial: Trial) -> None:
    """a loss on the flow reaches the scores of all displacements"""
    scores, weights = random(trial, 2, 9, 4, 4), random(trial, 2, 2, 4, 4)
    _, gradients = trial.ask_grad((scores, 1, 2.0), "random scores", weights=weights)
    wanted = scores.clone().requires_grad_()
    (expected,) = torch.autograd.grad((averaged(wanted, 1, 2.0) * weights).sum(), [wanted])
    expect_gradient(trial, expected, gradients[0], "scores")


def reference(scores: Tensor, radius: int, temperature: float) -> Tensor:
    """The expected displacement in three lines. Shapes: scores (B,(2 radius + 1)^2,H,W) -> (B,2,H,W), x then y. Units: pixels."""
    reach = torch.arange(-radius, radius + 1, dtype=scores.dtype, device=scores.device)
    share = (scores * temperature).softmax(1).unflatten(1, (len(reach), len(reach)))  # (B,dy,dx,H,W)
    return torch.stack([torch.einsum(f"bvuyx,{axis}->byx", share, reach) for axis in "uv"], 1)


def _everywhere(x: float, y: float, height: int, width: int) -> Tensor:
    return uniform(x, y, height, width)[None]


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=in_the_flow)


def _softmax_over(axis: int) -> Callable:
    return lambda scores: scores.softmax(axis)


def _the_best_alone(scores: Tensor) -> Tensor:
    best = scores.argmax(1, keepdim=True)
    return torch.zeros_like(scores).scatter(1, best, 1.0)


def _unguarded(scores: Tensor) -> Tensor:
    raised = scores.exp()
    return raised / raised.sum(1, keepdim=True)


def _guarded_by_the_largest_of_all(scores: Tensor) -> Tensor:
    return _unguarded(scores - scores.max())


def _as_they_are(scores: Tensor) -> Tensor:
    return scores


def _divided_by_their_sum(scores: Tensor) -> Tensor:
    return scores / scores.sum(1, keepdim=True)


def _as_if_square(scores: Tensor, radius: int, temperature: float) -> Tensor:
    if scores.shape[2] != scores.shape[3]:
        raise RuntimeError
    return averaged(scores, radius, temperature)


_AXIS = "the softmax runs over the wrong axis: the displacements of one pixel compete, axis 1"
_OVERFLOW = "exp() of a large score is infinite: take the largest score of each pixel away first, as torch.softmax does"
_CENTRE = "the displacements run from -radius to +radius: channel 0 is (-radius, -radius), the middle one (0, 0)"

EXERCISE = Exercise(
    id="flow.expected_displacement",
    name="expected_displacement",
    points=3,
    difficulty=2,
    minutes=10,
    properties=(
        one_clear_peak,
        between_two_peaks,
        temperature_sharpens,
        every_pixel_its_own,
        only_differences_count,
        inputs_stay,
        passes_gradients,
    ),
    slips=(
        Slip(
            "x and y are swapped: dx runs fastest in the channels, and x comes first in the flow",
            lambda s, r, t: averaged(s, r, t).flip(1),
        ),
        Slip(
            "divided by the temperature: here it multiplies the scores, so that a larger one sharpens",
            lambda s, r, t: averaged(s, r, 1 / t),
        ),
        Slip("the temperature is not used: multiply the scores by it", lambda s, r, t: averaged(s, r, 1)),
        Slip(
            "the temperature came after the softmax: multiply the scores, not the shares or the flow",
            lambda s, r, t: averaged(s, r, 1) * t,
        ),
        *(Slip(_AXIS, lambda s, r, t, a=a: averaged(s, r, t, shares=_softmax_over(a))) for a in (0, 2, 3)),
        Slip(
            "the softmax runs over all pixels: the displacements of one pixel compete, axis 1",
            lambda s, r, t: averaged(s, r, t, shares=lambda x: x.flatten(1).softmax(1).view_as(x)),
        ),
        Slip(
            "only the best displacement counts: argmax has no gradient and knows whole pixels only; average over all of them",
            lambda s, r, t: averaged(s, r, t, shares=_the_best_alone),
        ),
        Slip(_CENTRE, lambda s, r, t: averaged(s, r, t, first=0)),
        Slip(_CENTRE, lambda s, r, t: averaged(s, r, t, first=-r - 1)),
        Slip(_CENTRE, lambda s, r, t: averaged(s, r, t, first=-r + 1)),
        Slip(_OVERFLOW, lambda s, r, t: averaged(s, r, t, shares=_unguarded)),
        Slip(
            "the largest score of all was taken away, and pixels far below it have no share left: take each pixel's own",
            lambda s, r, t: averaged(s, r, t, shares=_guarded_by_the_largest_of_all),
        ),
        Slip(
            "the softmax is missing: scores are no shares, they neither are positive nor sum to 1",
            lambda s, r, t: averaged(s, r, t, shares=_as_they_are),
        ),
        Slip(
            "scores divided by their sum are no softmax: a score may be negative, its exponential is not",
            lambda s, r, t: averaged(s, r, t, shares=_divided_by_their_sum),
        ),
        Slip(
            "exponentials that are not divided by their sum: shares sum to 1",
            lambda s, r, t: averaged(s, r, t, shares=torch.exp),
        ),
        Slip(
            "averaged over the channels after weighing: the shares already sum to 1, so add the displacements up",
            lambda s, r, t: averaged(s, r, t) / (2 * r + 1) ** 2,
        ),
        Slip(
            "the displacements are counted in radii: the flow is in pixels",
            lambda s, r, t: averaged(s, r, t) / max(r, 1),
        ),
        Slip(
            "the sign of the displacements: channel 0 looks to the left and up, at (-radius, -radius)",
            lambda s, r, t: -averaged(s, r, t),
        ),
        Slip("a map need not be as wide as it is high: its axes are (B, C, H, W)", _as_if_square),
        Slip(
            "the axis of x and y is not the second: stack along axis 1",
            lambda s, r, t: averaged(s, r, t).movedim(1, -1),
        ),
        Slip(
            "the axis of x and y is not the second: stack along axis 1",
            lambda s, r, t: averaged(s, r, t).movedim(1, 0),
        ),
        Slip(
            "the gradient is cut on the way: argmax, .detach(), .item(), numpy or torch.no_grad() ends it",
            cuts_the_gradient(averaged),
        ),
    ),
    hints=(
        "If a pixel is three times as sure of one displacement as of another, where between the two would you put its motion?",
        "A softmax over the channels of a pixel gives each displacement a share. Every channel has a dx and a dy; write down both lists "
        "for a radius of 1, in the order of the channels.",
        "Multiply the scores by the temperature and take the softmax over axis 1. Split that axis into rows dy and columns dx. Summed "
        "over the rows it gives a share for each dx; add up share times dx. Likewise for dy. Stack x before y.",
    ),
    reference="vostutor.checks.lesson01.expected_displacement:reference",
)
