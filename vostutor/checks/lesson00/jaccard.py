"""Exercise task.jaccard: `jaccard(gt, pred, void=None) -> float`, the overlap of two masks, void pixels left out."""

from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson00.masks import SIZES, everything, inside, nothing, scattered, square
from vostutor.checks.trial import Trial


def counted(gt: Tensor, pred: Tensor, void: Tensor | None = None) -> float:
    """J by looking at one pixel after the other."""
    both, either = _counts(gt, pred, void)
    return both / either if either else 1.0


def a_square_that_moves(trial: Trial) -> None:
    """a square against itself moved by 1, 2 and 3 pixels scores 3/5, 1/3 and 1/7"""
    for step, score in ((1, 12 / 20), (2, 8 / 24), (3, 4 / 28)):
        trial.expect((square(), square(left=2 + step)), score, case=f"a 4 x 4 square moved {step} to the right")
    trial.expect((square(), everything()), 16 / 100, case="16 pixels against all 100")


def nothing_at_all(trial: Trial) -> None:
    """nothing against nothing scores 1, nothing against something 0"""
    trial.expect((nothing(), nothing()), 1.0, case="two empty masks")
    trial.expect((square(), nothing()), 0.0, case="an empty prediction")
    trial.expect((nothing(), square()), 0.0, case="an empty ground truth")


def void_is_left_out(trial: Trial) -> None:
    """a void pixel counts for nothing"""
    left_columns = square(top=0, left=-6, side=10)
    moved = (square(), square(left=4), left_columns)
    trial.expect(moved, 1 / 2, case="a square moved 2 to the right, columns 0 to 3 void")
    trial.expect((square(), nothing(), everything()), 1.0, case="an empty prediction, all pixels void")
    for height, width in SIZES[:3]:
        masks = tuple(scattered(trial, height, width) for _ in range(3))
        trial.expect(masks, counted(*masks), case=f"random masks and void of {height} x {width}")


def either_way_round(trial: Trial) -> None:
    """ground truth and prediction may change places"""
    for height, width in SIZES[:3]:
        gt, pred, void = (
            scattered(trial, height, width, 0.3),
            scattered(trial, height, width, 0.6),
            nothing(height, width),
        )
        one_way = trial.ask((gt, pred, void), "random masks")
        other_way = trial.ask((pred, gt, void), "random masks")
        trial.compare(one_way, other_way, case=f"random masks of {height} x {width} that changed places")
    trial.depends()


def anywhere(trial: Trial) -> None:
    """mirroring both masks, or moving both, changes nothing"""
    gt, pred = scattered(trial, 5, 7, 0.4), scattered(trial, 5, 7)
    here = trial.ask((gt, pred), "random masks")
    for axis in (0, 1):
        mirrored = trial.ask((gt.flip(axis), pred.flip(axis)), "mirrored masks")
        trial.compare(here, mirrored, case=f"both masks mirrored along axis {axis}")
    far = trial.ask((inside(gt, 3), inside(pred, 3)), "masks in a larger frame")
    trial.compare(here, far, case="the same masks in a larger frame")
    trial.depends()


def any_size(trial: Trial) -> None:
    """masks of any size agree with counting pixel by pixel"""
    for height, width in (*SIZES, (24, 31)):  # the last has more than 255 pixels in its union: too many for a uint8
        gt, pred = scattered(trial, height, width), scattered(trial, height, width)
        trial.expect((gt, pred), counted(gt, pred), case=f"random masks of {height} x {width}")


def inputs_stay(trial: Trial) -> None:
    """the masks it was given stay as they were"""
    trial.leaves_alone(tuple(scattered(trial, 6, 9) for _ in range(3)))


def _counts(gt: Tensor, pred: Tensor, void: Tensor | None) -> tuple[int, int]:
    left_out = [False] * gt.numel() if void is None else void.flatten().tolist()
    pixels = list(zip(gt.flatten().tolist(), pred.flatten().tolist(), left_out, strict=True))
    return sum(g and p and not v for g, p, v in pixels), sum((g or p) and not v for g, p, v in pixels)


def _area(mask: Tensor) -> int:
    return sum(mask.flatten().tolist())


def _valid(mask: Tensor, void: Tensor | None) -> Tensor:
    return mask if void is None else mask & ~void


def _over(numerator: float, denominator: float, empty: float) -> float:
    return numerator / denominator if denominator else empty


def _without(gt, pred, void, measure) -> float:
    """`measure` of the two masks with void taken out first, as an answer with one mistake would have it."""
    return measure(_valid(gt, void), _valid(pred, void))


def _as_if_square(gt, pred, void=None) -> float:
    """A loop over n x n pixels, n the height: blind to what lies further right, out of bounds where there is less."""
    n = len(gt)
    if n > gt.shape[1]:
        raise IndexError
    return counted(gt[:, :n], pred[:, :n], None if void is None else void[:, :n])


def _needs_void(gt, pred, void=None) -> float:
    if void is None:
        raise TypeError
    return counted(gt, pred, void)


def _of_both_sides(gt: Tensor, pred: Tensor) -> float:
    """The mean of J and of the background's J, as mIoU has it."""
    return (counted(gt, pred) + counted(~gt, ~pred)) / 2


_ONE_SIDE = "void is taken out of one mask only: a void pixel of the other still counts"
_EMPTY = "an empty union scores 1: there was nothing to find, and nothing was claimed"

EXERCISE = Exercise(
    id="task.jaccard",
    name="jaccard",
    points=3,
    difficulty=1,
    minutes=10,
    properties=(
        a_square_that_moves,
        nothing_at_all,
        void_is_left_out,
        either_way_round,
        anywhere,
        any_size,
        inputs_stay,
    ),
    slips=(
        Slip(
            "void pixels are counted: leave them out of the intersection and of the union",
            lambda gt, pred, void=None: counted(gt, pred),
        ),
        Slip(
            "void is left out of the intersection but not of the union",
            lambda gt, pred, void=None: _over(_counts(gt, pred, void)[0], _counts(gt, pred, None)[1], 1.0),
        ),
        Slip(
            "void is left out of the union but not of the intersection",
            lambda gt, pred, void=None: _over(_counts(gt, pred, None)[0], _counts(gt, pred, void)[1], 1.0),
        ),
        Slip(
            "only void pixels are counted: void says which pixels to leave out",
            lambda gt, pred, void=None: counted(gt, pred, None if void is None else ~void),
        ),
        Slip(
            "divided by the sum of both areas, which counts a shared pixel twice: divide by the union",
            lambda gt, pred, void=None: _without(
                gt, pred, void, lambda g, p: _over(_area(g & p), _area(g) + _area(p), 1.0)
            ),
        ),
        Slip(
            "twice the intersection by the sum of the areas is the Dice score; J divides by the union",
            lambda gt, pred, void=None: _without(
                gt, pred, void, lambda g, p: _over(2 * _area(g & p), _area(g) + _area(p), 1.0)
            ),
        ),
        Slip(
            "agreement on the background is counted too: that is pixel accuracy, and J looks at the objects only",
            lambda gt, pred, void=None: _without(gt, pred, void, lambda g, p: _area(g == p) / g.numel()),
        ),
        Slip(
            "divided by the area of the ground truth alone: a prediction that claims everything would score 1",
            lambda gt, pred, void=None: _without(gt, pred, void, lambda g, p: _over(_area(g & p), _area(g), 1.0)),
        ),
        Slip(
            "divided by the area of the prediction alone: a prediction of one pixel would score 1",
            lambda gt, pred, void=None: _without(gt, pred, void, lambda g, p: _over(_area(g & p), _area(p), 1.0)),
        ),
        Slip(
            "one empty mask does not make the score 1: only where both are empty there was nothing to find",
            lambda gt, pred, void=None: _without(
                gt, pred, void, lambda g, p: counted(g, p) if _area(g) * _area(p) else 1.0
            ),
        ),
        Slip(_EMPTY, lambda gt, pred, void=None: _over(*_counts(gt, pred, void), empty=0.0)),
        Slip(_EMPTY, lambda gt, pred, void=None: _over(*_counts(gt, pred, void), empty=float("nan"))),
        Slip(_EMPTY, lambda gt, pred, void=None: _counts(gt, pred, void)[0] / _counts(gt, pred, void)[1]),
        Slip("void may be None, or left out: then every pixel counts", _needs_void),
        Slip(_ONE_SIDE, lambda gt, pred, void=None: counted(_valid(gt, void), pred)),
        Slip(_ONE_SIDE, lambda gt, pred, void=None: counted(gt, _valid(pred, void))),
        Slip("1 - J is the Jaccard distance: J itself is 1 for equal masks", lambda *masks: 1 - counted(*masks)),
        Slip(
            "xor is where the two differ; the union is where at least one claims the pixel: or",
            lambda gt, pred, void=None: _without(gt, pred, void, lambda g, p: _over(_area(g & p), _area(g ^ p), 1.0)),
        ),
        Slip(
            "the mean of object and background is mIoU of two classes; J looks at the object only",
            lambda gt, pred, void=None: _without(gt, pred, void, _of_both_sides),
        ),
        Slip(
            "an empty ground truth does not make the score 1: only where both are empty there was nothing to find",
            lambda gt, pred, void=None: _without(gt, pred, void, lambda g, p: counted(g, p) if _area(g) else 1.0),
        ),
        Slip("a mask need not be as wide as it is high: its axes are (H, W)", _as_if_square),
    ),
    hints=(
        "Which pixels does at least one of the two masks claim, and which of them do both claim?",
        "Take the void pixels out of both masks first; then count the pixels in both, and the pixels in either.",
        "J is the count of the logical and, divided by the count of the logical or. Before you divide, ask whether the "
        "second count is 0: then nobody claimed anything, and the score is 1.",
    ),
    reference="vostutor.metrics.region:jaccard",
)
