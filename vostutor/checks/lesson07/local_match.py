"""Exercise retrieval.local_match: `local_match(query, previous, ids, objects, reach) -> maps`, the same search, but only nearby."""

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson07.nearest import (
    OBJECTS,
    ask_maps,
    expect_gradients,
    expect_maps,
    matched,
    matching_slips,
    some_maps,
)
from vostutor.checks.trial import Trial
from vostutor.core.ids import VOID

SIZES = ((4, 7), (6, 6), (1, 7), (4, 1))  # neither square nor even, and one row or column thin


def square(rows: Tensor, columns: Tensor, reach: int) -> Tensor:
    """Whether a step of so many rows and columns stays in the window, both ends included."""
    return (rows.abs() <= reach) & (columns.abs() <= reach)


def windowed(
    query: Tensor,
    previous: Tensor,
    ids: Tensor,
    objects: Sequence[int],
    reach: int,
    *,
    window: Callable = square,
    **slips: Callable,
) -> Tensor:
    """The matching among nearby places, against every pair. The other arguments are the slips: the window, and those of `matched`."""
    return matched(query, previous, ids, objects, window(*_steps(*ids.shape), reach), **slips)


@cache
def _steps(height: int, width: int) -> tuple[Tensor, Tensor]:
    """How many rows down and columns to the right each place lies from each other one. Shapes: (P,P) each."""
    places = torch.ones(height, width).nonzero()
    return (places - places[:, None]).unbind(2)


def worked_by_hand(trial: Trial) -> None:
    """on a line, only neighbours are looked at: a match two steps away does not count at a reach of 1"""
    query = torch.tensor([[[0.0, 0.0, 0.0, 0.0, 0.0]]])
    previous = torch.tensor([[[0.0, 1.0, 1.5, 2.0, 2.0]]])
    ids = torch.tensor([[5, 5, 5, 0, 0]])
    expected = torch.tensor([[[1, 1, 0.96403, 0.96403, 0.96403]], [[0, 0, 0.46212, 0.80930, 1]]])
    expect_maps(
        trial, (query, previous, ids, [5], 1), expected, case="one row, object 5 in columns 0 to 2, a reach of 1"
    )
    expected = torch.tensor([[[1, 0.96403, 0.96403, 0.96403, 0.96403]], [[0, 0, 0, 0.46212, 0.80930]]])
    expect_maps(trial, (query, previous, ids, [5], 2), expected, case="the same, a reach of 2")


def seen_from_the_window(trial: Trial) -> None:
    """a single place is seen from the (2 reach + 1) x (2 reach + 1) places around it, and from nowhere else"""
    for (y, x), reach in (((3, 4), 1), ((1, 5), 3), ((6, 0), 2)):
        query, ids = torch.zeros(2, 7, 9), torch.zeros(7, 9, dtype=torch.int64)
        previous = torch.ones(2, 7, 9)
        previous[:, y, x], ids[y, x] = 0, 5
        expected = torch.full((2, 7, 9), 0.76159)  # background at a squared distance of 2 is near everybody
        expected[1] = 1
        expected[1, max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1] = 0
        case = f"an object of one place, at row {y}, column {x}, and a reach of {reach}"
        expect_maps(trial, (query, previous, ids, [5], reach), expected, case=case)


def nothing_outside(trial: Trial) -> None:
    """beyond the border there is no match: no zeros, no background, and not the other side of the frame"""
    previous = torch.ones(2, 6, 8)
    ids = torch.zeros(6, 8, dtype=torch.int64)
    inputs = torch.zeros(2, 6, 8), previous, ids, [5], 2
    expected = torch.full((2, 6, 8), 0.76159)
    expected[1] = 1
    expect_maps(trial, inputs, expected, case="a query of zeros, background of ones, and a reach of 2")
    inputs = torch.zeros(2, 6, 8), previous, ids + 5, [5], 2
    expect_maps(
        trial, inputs, expected.flip(0), case="a query of zeros, an object of ones everywhere, and a reach of 2"
    )


def the_same_place(trial: Trial) -> None:
    """with a reach of 0 each place is compared with the same place alone, and its label gets the distance"""
    query, previous, ids = some_maps(trial, 3, (4, 6), (4, 6))
    distance = ((query - previous).square().sum(0) / 2).tanh()
    expected = torch.stack([distance.where(ids == value, 1) for value in (0, *OBJECTS)])
    expect_maps(trial, (query, previous, ids, OBJECTS, 0), expected, case="random maps of 4 x 6 and a reach of 0")


def as_far_as_can_be(trial: Trial) -> None:
    """a reach as large as the map, or larger, looks everywhere"""
    for (height, width), reach in (((5, 3), 4), ((1, 5), 9), ((4, 4), 20)):
        maps = some_maps(trial, 2, (height, width), (height, width))
        case = f"random maps of {height} x {width} and a reach of {reach}"
        expect_maps(trial, (*maps, OBJECTS, reach), matched(*maps, OBJECTS), case=case)


def further_is_closer(trial: Trial) -> None:
    """a larger window finds what a smaller one finds or something closer, never closer than the whole frame has"""
    maps = some_maps(trial, 3, (6, 7), (6, 7))
    before = None
    for reach in (0, 1, 6):
        inputs = *maps, OBJECTS, reach
        now = ask_maps(trial, inputs, f"random maps and a reach of {reach}")
        trial.evidence[-1].expected = windowed(*inputs)
        farther = (now > (now if before is None else before) + trial.tolerance).sum()
        trial.require(
            not farther, expected=f"nothing farther with a reach of {reach}", got=f"{farther} values that are"
        )
        before = now
    beyond = int((before < matched(*maps, OBJECTS) - trial.tolerance).sum())
    trial.require(not beyond, expected="nothing closer than the closest of all", got=f"{beyond} values that are")
    trial.depends()


def any_size(trial: Trial) -> None:
    """maps of any size and any reach agree with comparing every pair"""
    for (height, width), reach, channels in zip(SIZES, (2, 1, 2, 1), (3, 1, 4, 2), strict=True):
        inputs = *some_maps(trial, channels, (height, width), (height, width)), OBJECTS, reach
        case = f"random maps of {height} x {width}, {channels} channels, a reach of {reach}"
        expect_maps(trial, inputs, windowed(*inputs), case=case)


def labels_and_void(trial: Trial) -> None:
    """an absent object is 1, void and other objects are nobody, and channels follow the order of objects"""
    query, previous, ids = some_maps(trial, 3, (5, 6), (5, 6))
    every = windowed(query, previous, ids, (7, 3, 9), 2)
    for objects, channels in (((3, 9, 7), [0, 2, 3, 1]), ((9,), [0, 3])):
        expect_maps(
            trial, (query, previous, ids, objects, 2), every[channels], case=f"objects {objects} and a reach of 2"
        )
    inputs = query, query, torch.full((5, 6), VOID), OBJECTS, 1
    expect_maps(trial, inputs, torch.ones(3, 5, 6), case="a previous frame that is void everywhere")


def inputs_stay(trial: Trial) -> None:
    """the maps and the ids it was given stay as they were"""
    trial.ask((*some_maps(trial, 2, (3, 4), (3, 4)), OBJECTS, 1), "random maps")
    trial.leaves_alone((*some_maps(trial, 2, (5, 4), (5, 4)), OBJECTS, 1))


def passes_gradients(trial: Trial) -> None:
    """a loss on the maps reaches both frames; equal or far embeddings and empty windows make no NaN of it"""
    query, previous, ids = some_maps(trial, 3, (4, 5), (4, 5))
    ids[1, 1], query[:, 1, 1], query[:, 2, 3] = 0, previous[:, 1, 1], 20
    inputs = query, previous, ids, (7, 3, 200), 1
    expect_gradients(trial, inputs, windowed, ("query", "previous"), case="random maps and an absent object")


def reference(query: Tensor, previous: Tensor, ids: Tensor, objects: Sequence[int], reach: int) -> Tensor:
    """The package's matching with the previous frame. Shapes: query, previous (C,h,w), ids (h,w) -> (K+1,h,w). Units: reach in places."""
    from vostutor.ops import local_match

    return local_match(query, previous, ids, tuple(objects), reach=reach)


def _through(window: Callable) -> Callable:
    """The matching through another window; `window` takes rows, columns and reach."""
    return lambda *inputs: windowed(*inputs, window=window)


def _framed(
    query: Tensor, previous: Tensor, ids: Tensor, objects: Sequence[int], reach: int, *, outside: int
) -> Tensor:
    """The frame is padded with embeddings of zeros, and with that id, before anything is compared."""
    height, width = ids.shape
    wide = [reach] * 4
    pad = torch.nn.functional.pad
    everywhere = windowed(pad(query, wide), pad(previous, wide), pad(ids, wide, value=outside), objects, reach)
    return everywhere[:, reach : reach + height, reach : reach + width]


def _around(query: Tensor, previous: Tensor, ids: Tensor, objects: Sequence[int], reach: int) -> Tensor:
    """The window goes on at the other side of the frame, as after torch.roll."""
    height, width = ids.shape

    def window(rows: Tensor, columns: Tensor, reach: int) -> Tensor:
        steps = ((s.abs(), n) for s, n in ((rows, height), (columns, width)))
        return torch.stack([s.minimum(n - s) <= reach for s, n in steps]).all(0)

    return windowed(query, previous, ids, objects, reach, window=window)


def _of_here(query: Tensor, previous: Tensor, ids: Tensor, objects: Sequence[int], reach: int) -> Tensor:
    """The id is read at the place that looks, not at the place that is looked at."""
    anyone = windowed(query, previous, torch.zeros_like(ids), (), reach)[0]
    return torch.stack([anyone.where(ids == value, 1) for value in (0, *objects)])


def _inside_only(query: Tensor, previous: Tensor, ids: Tensor, objects: Sequence[int], reach: int) -> Tensor:
    """Only places whose whole window lies in the frame get an answer."""
    height, width = ids.shape
    return windowed(query, previous, ids, objects, reach)[:, reach : height - reach, reach : width - reach]


_PADDED = "zeros around the frame became matches: what lies outside belongs to no label, pad ids with void or distances with 1"
_WIDTH = "reach is the longest step, not the width: the window has 2 reach + 1 rows and columns"

EXERCISE = Exercise(
    id="retrieval.local_match",
    name="local_match",
    points=4,
    difficulty=4,
    minutes=20,
    properties=(
        worked_by_hand,
        seen_from_the_window,
        nothing_outside,
        the_same_place,
        as_far_as_can_be,
        further_is_closer,
        any_size,
        labels_and_void,
        inputs_stay,
        passes_gradients,
    ),
    slips=(
        *matching_slips(windowed),
        Slip(
            "the reach is ignored: only places at most that many rows and columns away count",
            lambda *i: matched(*i[:4]),
        ),
        Slip(
            "the last step is missing: a place exactly reach away counts, range(-reach, reach + 1)",
            _through(lambda y, x, r: square(y, x, r - 1)),
        ),
        Slip(
            "the last step down and to the right is missing: range ends one before its end, so range(-reach, reach + 1)",
            _through(lambda y, x, r: square(y, x, r) & (y < r) & (x < r)),
        ),
        Slip(_WIDTH, _through(lambda y, x, r: square(y, x, r // 2))),
        Slip(_WIDTH, _through(lambda y, x, r: square(y, x, 2 * r + 1))),
        Slip(
            "the window is a square, not a disk: count rows and columns apart",
            _through(lambda y, x, r: y**2 + x**2 <= r**2),
        ),
        Slip(
            "the window is a square: rows and columns are counted apart, not added",
            _through(lambda y, x, r: y.abs() + x.abs() <= r),
        ),
        Slip(
            "only the row and the column of the place were searched: the window is a full square",
            _through(lambda y, x, r: square(y, x, r) & ((y == 0) | (x == 0))),
        ),
        Slip("rows are bounded and columns are not: both are", _through(lambda y, x, r: y.abs() <= r)),
        Slip("columns are bounded and rows are not: both are", _through(lambda y, x, r: x.abs() <= r)),
        Slip(
            "the window reaches right and down only: it goes from -reach to reach",
            _through(lambda y, x, r: square(y, x, r) & (y >= 0) & (x >= 0)),
        ),
        Slip(_PADDED, lambda *i: _framed(*i, outside=0)),
        Slip(
            "torch.roll wraps around the frame: what leaves on one side comes back on the other; pad instead", _around
        ),
        Slip(
            "the id of the place itself decided: the place that is looked at has to carry the label, not the one that looks",
            _of_here,
        ),
        Slip(
            "places near the border are lost: they look at the part of their window that lies in the frame",
            _inside_only,
        ),
    ),
    hints=(
        "From one frame to the next a horse moves a little. Its double on the other side of the meadow looks the same; how would you make "
        "sure that it is never even looked at?",
        "Move the previous frame by every step of the window, and compare it with the query place by place: each step gives one map of "
        "distances, and the ids moved along say to whom they count. What should lie outside of the frame, so that it never wins?",
        "Pad the ids with void and the embeddings with anything. For each vertical and horizontal step from minus to plus reach cut a "
        "window of the frame's size out of both. Where the cut ids carry the label, keep the minimum of what you had and the new distance; "
        "you begin with something huge, and squash at the end.",
    ),
    reference="vostutor.checks.lesson07.local_match:reference",
)
