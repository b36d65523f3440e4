"""Exercise task.boundary_f: `boundary_f(gt, pred, radius) -> float`, how much of two outlines lies within `radius` of each other."""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson00.masks import everything, nothing, outline, scattered, square
from vostutor.checks.trial import Trial
from vostutor.ops.masks import dilate


def within(edge: Tensor, other: Tensor, radius: float) -> Tensor:
    """Which pixels of one outline have a pixel of the other at most `radius` away, by measuring every pair.

    Shapes: bool (H,W) twice -> bool (number of pixels in `edge`).
    """
    offsets = edge.nonzero()[:, None] - other.nonzero()[None]
    return (offsets.pow(2).sum(-1) <= radius * radius).any(1)


def harmonic(precision: float, recall: float) -> float:
    """2PR / (P + R), 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def measured(
    gt: Tensor, pred: Tensor, radius: int, *, near: Callable = within, mean: Callable = harmonic, both_empty=1.0
) -> float:
    """F by measuring the distance of every pair of boundary pixels.

    The other arguments are the slips: what counts as near, how P and R are joined, what two masks without boundary score.
    """
    edges = outline(gt), outline(pred)
    if not edges[0].any() and not edges[1].any():
        return both_empty
    return mean(_share(near(edges[1], edges[0], radius)), _share(near(edges[0], edges[1], radius)))


def a_square_that_moves(trial: Trial) -> None:
    """a square moved by 1, 2 and 3 pixels scores 1, 10/16 and 9/16 at radius 1"""
    for step, score in ((1, 1.0), (2, 10 / 16), (3, 9 / 16)):
        trial.expect((square(), square(left=2 + step), 1), score, case=f"a 4 x 4 square moved {step} to the right")
    left_half = square() & ~square(left=4)
    trial.expect((square(), left_half, 1), 11 / 14, case="a 4 x 4 square and its left half")


def no_boundary(trial: Trial) -> None:
    """without any boundary the score is 1, with one boundary only it is 0"""
    trial.expect((nothing(), nothing(), 1), 1.0, case="two empty masks")
    trial.expect((square(), nothing(), 1), 0.0, case="an empty prediction")
    trial.expect((nothing(), square(), 1), 0.0, case="an empty ground truth")
    trial.expect((square(), everything(), 1), 0.0, case="a full prediction, which has no boundary")
    trial.expect((everything(), nothing(), 1), 1.0, case="a full mask against an empty one: neither has a boundary")


def two_pixels_too_large(trial: Trial) -> None:
    """of a square that is 2 pixels too large on all sides nothing is found at radius 1, at radius 2 all but the corners"""
    small, large = square(4, 4, side=6, height=14, width=15), square(2, 2, side=10, height=14, width=15)
    trial.expect((small, large, 1), 0.0, case="a square 2 pixels too large, radius 1")
    precision, recall = 28 / 40, 1.0  # of each of the 4 corners of the large ring 3 pixels are farther than 2 away
    trial.expect((small, large, 2), 2 * precision * recall / (precision + recall), case="the same at radius 2")


def a_round_neighbourhood(trial: Trial) -> None:
    """any two masks agree with measuring the distance of every pair of boundary pixels"""
    for (height, width), radius in (((12, 9), 1), ((9, 14), 2), ((13, 13), 3), ((8, 11), 0)):
        gt, pred = scattered(trial, height, width, 0.06), scattered(trial, height, width, 0.04)
        gt[3, 4], pred[5, 6] = True, True  # neither is empty, and they lie aslant
        trial.expect(
            (gt, pred, radius), measured(gt, pred, radius), case=f"random masks of {height} x {width}, radius {radius}"
        )


def either_way_round(trial: Trial) -> None:
    """ground truth and prediction may change places: precision and recall do"""
    for radius in (1, 2):
        gt, pred = scattered(trial, 11, 8, 0.1), scattered(trial, 11, 8, 0.03)
        gt[4, 4], pred[4, 6] = True, True
        one_way = trial.ask((gt, pred, radius), "random masks")
        other_way = trial.ask((pred, gt, radius), "random masks")
        trial.compare(one_way, other_way, case=f"random masks that changed places, radius {radius}")
    trial.depends()


def more_is_forgiven(trial: Trial) -> None:
    """a larger radius never lowers the score, and a huge one makes it 1"""
    gt, pred = scattered(trial, 10, 13, 0.05), scattered(trial, 10, 13, 0.03)
    gt[2, 3], pred[7, 9] = True, True
    scores = [trial.ask((gt, pred, radius), f"radius {radius}") for radius in (0, 1, 2, 4)]
    falls = next((k for k in range(3) if _number(scores[k]) > _number(scores[k + 1]) + trial.tolerance), None)
    trial.require(
        falls is None,
        expected="scores that do not fall while the radius grows over 0, 1, 2, 4",
        got=f"{', '.join(f'{_number(score):.4g}' for score in scores)}",
    )
    trial.expect((gt, pred, 17), 1.0, case="radius 17, which reaches across the whole image")
    trial.depends()


def inputs_stay(trial: Trial) -> None:
    """the masks it was given stay as they were"""
    trial.leaves_alone((scattered(trial, 9, 7, 0.2), scattered(trial, 9, 7, 0.2), 1))


def _share(found: Tensor) -> float:
    return found.double().mean().item() if len(found) else 0.0


def _number(score) -> float:
    return (
        float(score) if isinstance(score, (int, float, Tensor)) and torch.as_tensor(score).ndim == 0 else float("nan")
    )


def _nearer(edge: Tensor, other: Tensor, radius: int) -> Tensor:
    offsets = edge.nonzero()[:, None] - other.nonzero()[None]
    return (offsets.pow(2).sum(-1) < radius * radius).any(1)


def _one_less(gt: Tensor, pred: Tensor, radius: int) -> float:
    """With the lesson's own dilation, which refuses a radius of -1."""
    if radius == 0:
        dilate(gt, -1)
    return measured(gt, pred, radius - 1)


def _in_a_square(edge: Tensor, other: Tensor, radius: int) -> Tensor:
    return ((edge.nonzero()[:, None] - other.nonzero()[None]).abs().amax(-1) <= radius).any(1)


def _dilated(edge: Tensor, radius: int) -> Tensor:
    return within(torch.ones_like(edge), edge, radius).reshape(edge.shape)


def _bands(gt, pred, radius, score: Callable) -> float:
    """`score` of both outlines and both bands, with the special cases in place."""
    g, p = outline(gt), outline(pred)
    if not g.any() or not p.any():
        return 1.0 if not g.any() and not p.any() else 0.0
    return score(g, p, _dilated(g, radius), _dilated(p, radius))


def _over(numerator: Tensor, denominator: Tensor) -> float:
    return (numerator.sum() / denominator.sum().clamp(min=1)).item()


def reference(gt: Tensor, pred: Tensor, radius: int) -> float:
    """The package's F at a radius in pixels. Shapes: gt and pred bool (H,W)."""
    from vostutor.metrics.contour import match_boundaries

    return match_boundaries(gt, pred, radius).f


_BOTH = "where neither mask has a boundary the score is 1: there was nothing to find, and nothing was claimed"
_SWAP = "precision is a share of the predicted boundary, recall of the true one: a denominator is another"

EXERCISE = Exercise(
    id="task.boundary_f",
    name="boundary_f",
    points=4,
    difficulty=3,
    minutes=20,
    properties=(
        a_square_that_moves,
        no_boundary,
        two_pixels_too_large,
        a_round_neighbourhood,
        either_way_round,
        more_is_forgiven,
        inputs_stay,
    ),
    slips=(
        Slip(
            "nothing is dilated: a boundary pixel counts as found when the other boundary is within the radius",
            lambda gt, pred, radius: measured(gt, pred, 0),
        ),
        Slip(
            "a square was dilated with, not a disk: corners are farther than the radius",
            lambda gt, pred, radius: measured(gt, pred, radius, near=_in_a_square),
        ),
        Slip(
            "the radius was taken for a diameter",
            lambda gt, pred, radius: measured(gt, pred, radius // 2),
        ),
        Slip("the radius is one pixel too large", lambda gt, pred, radius: measured(gt, pred, radius + 1)),
        Slip(
            "the radius is one pixel too small",
            lambda gt, pred, radius: measured(gt, pred, max(radius - 1, 0)),
        ),
        Slip("the radius is one pixel too small", _one_less),
        Slip(
            "exactly `radius` away is near enough: <=, not <",
            lambda gt, pred, radius: measured(gt, pred, radius, near=_nearer),
        ),
        Slip("the radius is ignored: dilate by the one that is given", lambda gt, pred, radius: measured(gt, pred, 1)),
        Slip("the radius is ignored: dilate by the one that is given", lambda gt, pred, radius: measured(gt, pred, 2)),
        Slip(
            "the masks were dilated, not their boundaries",
            lambda gt, pred, radius: _bands(
                gt,
                pred,
                radius,
                lambda g, p, gb, pb: harmonic(_over(p & _dilated(gt, radius), p), _over(g & _dilated(pred, radius), g)),
            ),
        ),
        Slip(
            "the masks were compared, not their boundaries",
            lambda gt, pred, radius: harmonic(
                _over(pred & _dilated(gt, radius), pred), _over(gt & _dilated(pred, radius), gt)
            ),
        ),
        Slip(
            "only precision: what the prediction misses costs nothing",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: p),
        ),
        Slip(
            "only recall: what the prediction invents costs nothing",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: r),
        ),
        Slip(
            "the plain average of precision and recall: F is their harmonic mean",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: (p + r) / 2),
        ),
        Slip(
            "the product of precision and recall: F is their harmonic mean",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: p * r),
        ),
        Slip(
            "the smaller of precision and recall: F is their harmonic mean",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=min),
        ),
        Slip(
            "the geometric mean of precision and recall: F is their harmonic mean",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: (p * r) ** 0.5),
        ),
        Slip(
            "the factor 2 of the harmonic mean is missing: P = R = 1 has to give 1",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: harmonic(p, r) / 2),
        ),
        Slip(
            "P + R may be 0, and then F is 0",
            lambda gt, pred, radius: measured(gt, pred, radius, mean=lambda p, r: 2 * p * r / (p + r)),
        ),
        Slip(
            "P + R may be 0, and then F is 0",
            lambda gt, pred, radius: measured(
                gt, pred, radius, mean=lambda p, r: harmonic(p, r) if p + r else float("nan")
            ),
        ),
        Slip(
            _SWAP,
            lambda gt, pred, radius: _bands(
                gt, pred, radius, lambda g, p, gb, pb: harmonic(_over(p & gb, gb), _over(g & pb, pb))
            ),
        ),
        Slip(
            _SWAP,
            lambda gt, pred, radius: _bands(
                gt, pred, radius, lambda g, p, gb, pb: harmonic(_over(p & gb, g), _over(g & pb, p))
            ),
        ),
        Slip(
            "each boundary was compared with its own band, where it always lies",
            lambda gt, pred, radius: _bands(
                gt, pred, radius, lambda g, p, gb, pb: harmonic(_over(p & pb, p), _over(g & gb, g))
            ),
        ),
        Slip(
            "the two bands were compared: dilate one side only, the other is counted as it is",
            lambda gt, pred, radius: _bands(
                gt, pred, radius, lambda g, p, gb, pb: harmonic(_over(pb & gb, pb), _over(gb & pb, gb))
            ),
        ),
        Slip(_BOTH, lambda gt, pred, radius: measured(gt, pred, radius, both_empty=0.0)),
        Slip(_BOTH, lambda gt, pred, radius: measured(gt, pred, radius, both_empty=float("nan"))),
        Slip(
            "one boundary alone scores 0: only where neither mask has one there was nothing to find",
            lambda gt, pred, radius: measured(gt, pred, radius) if outline(gt).any() and outline(pred).any() else 1.0,
        ),
        Slip(
            "it asks whether the masks are empty; a full mask has no boundary either, so ask the boundaries",
            lambda gt, pred, radius: measured(gt, pred, radius, both_empty=0.0) if gt.any() or pred.any() else 1.0,
        ),
    ),
    hints=(
        "Two questions: how much of what was drawn is near the truth, and how much of the truth is near what was drawn?",
        "Precision: of the predicted boundary's pixels, the share that lies in the dilated true boundary. Recall: the same with the two "
        "changing places.",
        "Take both boundaries first. If neither has a pixel the score is 1, if only one has, 0. Otherwise dilate each by the radius, count "
        "the other one inside, divide by that other one's length, and join the two shares by 2PR / (P + R), which is 0 when both are.",
    ),
    reference="vostutor.checks.lesson00.boundary_f:reference",
)
