"""Exercise flow.change_view: `change_view(points, flow, view1, view2) -> flow`, a flow after both frames have changed."""

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import SIZES, expect_field, in_the_flow, random, uniform
from vostutor.checks.trial import Trial

NO_SHIFT = torch.tensor([[1.0, 1.0, 0.0]])


def moved(view: Tensor, points: Tensor) -> Tensor:
    """Where an affine map takes each point, one coefficient at a time. Shapes: view (2,3), points (2,H,W) -> (2,H,W).

    >>> moved(torch.tensor([[0.0, -1, 5], [1, 0, 0]]), torch.tensor([2.0, 3.0]).reshape(2, 1, 1)).flatten()
    tensor([2., 2.])
    """
    (a, b, right), (c, d, down) = view.tolist()
    x, y = points
    return torch.stack([a * x + b * y + right, c * x + d * y + down])


def seen_anew(points: Tensor, flow: Tensor, view1: Tensor, view2: Tensor) -> Tensor:
    """The new flow: where the moved point is in the new frame 2, minus where it came from in the new frame 1."""
    return moved(view2, points + flow) - moved(view1, points)


def the_same_view(trial: Trial) -> None:
    """frames that are shown as they were keep their flow, and a crop keeps it too"""
    flow = random(trial, 2, 5, 8)
    _expect(trial, (_pixels(5, 8), flow, _view(), _view()), flow, case="two identity views")
    crop = _view(right=-3, down=-2)
    _expect(trial, (_pixels(5, 8) + 3, flow, crop, crop), flow, case="a crop that takes 3 columns and 2 rows off both")


def mirrored(trial: Trial) -> None:
    """a mirror turns motion to the right into motion to the left"""
    mirror = _view(a=-1, right=5)  # column x of 6 goes to 5 - x
    inputs = (_pixels(4, 6).flip(2), uniform(2, 1, 4, 6), mirror, mirror)
    _expect(trial, inputs, uniform(-2, 1, 4, 6), case="a flow of (+2, +1) in a mirror")


def zoomed_and_turned(trial: Trial) -> None:
    """a zoom of both frames makes the vectors longer, a quarter turn turns them"""
    zoom = _view(a=2, d=2, right=-3, down=1)
    expected = uniform(4, -2, 5, 5)
    _expect(trial, (_pixels(5, 5) / 2, uniform(2, -1, 5, 5), zoom, zoom), expected, case="a flow of (+2, -1) at zoom 2")
    turn = _view(a=0, b=-1, c=1, d=0, right=4)  # right becomes down
    inputs = (random(trial, 2, 3, 3), uniform(2, -1, 3, 3), turn, turn)
    _expect(trial, inputs, uniform(1, 2, 3, 3), case="a flow of (+2, -1) after a quarter turn clockwise")


def one_frame_shifted(trial: Trial) -> None:
    """what only frame 2 is shifted by is added, what only frame 1 is shifted by is taken away"""
    flow, shift = random(trial, 2, 4, 4), _view(right=3, down=-1)
    added = torch.tensor([3.0, -1.0]).reshape(2, 1, 1)
    _expect(trial, (_pixels(4, 4), flow, _view(), shift), flow + added, case="frame 2 shifted by (+3, -1)")
    _expect(trial, (_pixels(4, 4) - added, flow, shift, _view()), flow - added, case="frame 1 shifted by (+3, -1)")


def frame_2_alone_grows(trial: Trial) -> None:
    """frame 2 alone at twice the size moves everything away from its corner, the further the more"""
    zoom = _view(a=2, d=2)
    still, right = uniform(0, 0, 4, 4), uniform(1, 0, 4, 4)
    _expect(trial, (_pixels(4, 4), still, _view(), zoom), _pixels(4, 4), case="no motion, and frame 2 at zoom 2")
    expected = _pixels(4, 4) + uniform(2, 0, 4, 4)
    _expect(trial, (_pixels(4, 4), right, _view(), zoom), expected, case="a flow of (+1, 0), and frame 2 at zoom 2")


def any_views(trial: Trial) -> None:
    """two views of any kind, and a flow of any size, agree with moving point by point"""
    for height, width in SIZES:
        points, flow = 3 * random(trial, 2, height, width), random(trial, 2, height, width)
        view1, view2 = (_view() + 0.4 * random(trial, 2, 3) for _ in range(2))
        expected = seen_anew(points, flow, view1, view2)
        _expect(trial, (points, flow, view1, view2), expected, case=f"random views and flow of {height} x {width}")


def inputs_stay(trial: Trial) -> None:
    """points, flow and views stay as they were"""
    views = [_view() + 0.4 * random(trial, 2, 3) for _ in range(2)]
    trial.ask((random(trial, 2, 4, 6), random(trial, 2, 4, 6), *views), "a random flow")
    trial.leaves_alone((random(trial, 2, 4, 6), random(trial, 2, 4, 6), *views))


def reference(points: Tensor, flow: Tensor, view1: Tensor, view2: Tensor) -> Tensor:
    """The formula of `augment_pair`, for one pair. Shapes: points, flow (2,H,W), views (2,3) -> (2,H,W). Units: pixels, x then y."""
    from vostutor.data.augment import move

    return (move(view2[None], (points + flow)[None]) - move(view1[None], points[None]))[0]


def _pixels(height: int, width: int) -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return torch.stack([columns, rows])


def _view(*, a=1.0, b=0.0, c=0.0, d=1.0, right=0.0, down=0.0) -> Tensor:
    """x' = a x + b y + right, y' = c x + d y + down; left out, nothing changes. Shapes: (2,3)."""
    return torch.tensor([[a, b, right], [c, d, down]], dtype=torch.float32)


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=in_the_flow)


def _transposed(view: Tensor) -> Tensor:
    return torch.cat([view[:, :2].T, view[:, 2:]], 1)


def _undone(view: Tensor) -> Tensor:
    back = torch.linalg.inv(view[:, :2])
    return torch.cat([back, -back @ view[:, 2:]], 1)


def _rows_first(view: Tensor) -> Tensor:
    """The view as it acts on points given as (y, x) and answered as (y, x), shifts of x and y included."""
    return torch.cat([view[:, :2].flip(0, 1), view[:, 2:].flip(0)], 1)


def _as_if_square(points: Tensor, flow: Tensor, view1: Tensor, view2: Tensor) -> Tensor:
    if points.shape[1] != points.shape[2]:
        raise RuntimeError
    return seen_anew(points, flow, view1, view2)


def _folded(points: Tensor, flow: Tensor, view1: Tensor, view2: Tensor) -> Tensor:
    """The right numbers, folded back into (W, H)."""
    return seen_anew(points, flow, view1, view2).flatten(1).unflatten(1, (points.shape[2], points.shape[1]))


_LINEAR = "only the shifts are used: a zoom makes the vectors longer, and a turn turns them"
_SWAPPED = "x and y are swapped: x is channel 0, and the first row of a view says what becomes of x"
_WIDE = "a map need not be as wide as it is high: its axes are (2, H, W)"

EXERCISE = Exercise(
    id="flow.change_view",
    name="change_view",
    points=3,
    difficulty=3,
    minutes=15,
    tolerance=1e-4,  # coordinates of some ten pixels, of which float32 keeps seven digits
    properties=(
        the_same_view,
        mirrored,
        zoomed_and_turned,
        one_frame_shifted,
        frame_2_alone_grows,
        any_views,
        inputs_stay,
    ),
    slips=(
        Slip("the flow was left as it is: the views change its length and its direction", lambda p, f, v, w: f.clone()),
        Slip(_LINEAR, lambda p, f, v, w: f + (w - v)[:, 2, None, None]),
        Slip(_LINEAR, lambda p, f, v, w: f + w[:, 2, None, None]),
        Slip(
            "the flow was added after the view: a zoom or a turn of frame 2 acts on it too, move points + flow",
            lambda p, f, v, w: moved(w, p) + f - moved(v, p),
        ),
        Slip(
            "the flow is missing: what lay at points in frame 1 is at points + flow in frame 2",
            lambda p, f, v, w: moved(w, p) - moved(v, p),
        ),
        Slip(
            "the second view alone was used, on the vectors or on both ends: frame 1 has its own, its points go through view1",
            lambda p, f, v, w: moved(w * NO_SHIFT, f),
        ),
        Slip(
            "frame 2 is moved by the first view: points + flow go through view2",
            lambda p, f, v, w: moved(v, p + f) - moved(v, p),
        ),
        Slip(
            "the views are swapped: frame 1 is shown through view1, frame 2 through view2",
            lambda p, f, v, w: moved(v, p + f) - moved(w, p),
        ),
        Slip(
            "the shift of view2 is missing: its last column is added to every point",
            lambda p, f, v, w: moved(w * NO_SHIFT, p + f) - moved(v, p),
        ),
        Slip(
            "the shift of view1 is missing: its last column is added to every point",
            lambda p, f, v, w: moved(w, p + f) - moved(v * NO_SHIFT, p),
        ),
        Slip(
            "the shifts of both views are missing: where they differ, everything moves",
            lambda p, f, v, w: moved(w * NO_SHIFT, p + f) - moved(v * NO_SHIFT, p),
        ),
        Slip(
            "the old place was taken away: in the new frame 1 the point lies at view1(points)",
            lambda p, f, v, w: moved(w, p + f) - p,
        ),
        Slip(
            "the place in frame 1 was not taken away: a flow is a difference, view2(points + flow) - view1(points)",
            lambda p, f, v, w: moved(w, p + f),
        ),
        Slip(
            "points + flow went into both frames: in frame 1 the point is still at points; `points += flow` changes it for good",
            lambda p, f, v, w: moved(w, p + f) - moved(v, p + f),
        ),
        Slip(
            "the vector points backwards: the new place in frame 2 minus the one in frame 1",
            lambda p, f, v, w: -seen_anew(p, f, v, w),
        ),
        Slip(
            "the flow was taken away from the points: it leads forward, add it",
            lambda p, f, v, w: seen_anew(p, -f, v, w),
        ),
        Slip(
            "the matrix is transposed: each row of a view makes one new coordinate, x from the first",
            lambda p, f, v, w: seen_anew(p, f, _transposed(v), _transposed(w)),
        ),
        Slip(_SWAPPED, lambda p, f, v, w: seen_anew(p, f, _rows_first(v), _rows_first(w))),
        Slip(_SWAPPED, lambda p, f, v, w: seen_anew(p.flip(0), f, v, w)),
        Slip(_SWAPPED, lambda p, f, v, w: seen_anew(p, f.flip(0), v, w)),
        Slip(_SWAPPED, lambda p, f, v, w: seen_anew(p.flip(0), f.flip(0), v, w)),
        Slip(_SWAPPED, lambda p, f, v, w: seen_anew(p, f, v, w).flip(0)),
        Slip(
            "the views were inverted: they already lead from old pixels to new ones",
            lambda p, f, v, w: seen_anew(p, f, _undone(v), _undone(w)),
        ),
        Slip(_WIDE, _as_if_square),
        Slip(_WIDE, _folded),
    ),
    hints=(
        "A flow is the difference of two places. Where is the point in the new frame 1, and where in the new frame 2 is what it became?",
        "In the old frame 2 the point is at its old place plus its old flow. Each of the two old places goes through its own frame's view.",
        "A view is a 2 x 2 matrix and a shift. Write a small function that moves points: flatten the pixels, multiply the matrix with "
        "them, add the shift, fold the pixels back. Move the sum of points and flow by view2, the points by view1, and subtract.",
    ),
    reference="vostutor.checks.lesson01.change_view:reference",
)
