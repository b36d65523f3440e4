"""Exercise task.statistics: `statistics(values) -> (mean, recall, decay)`, a curve over time in three numbers."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.trial import Trial


def edges_of(n: int) -> list[int]:
    """The frames that bound the quarters: 1 + (n - 1) k / 4 rounded to the nearest, halves up, and counted from 0, in whole numbers.

    >>> edges_of(8), edges_of(10)
    ([0, 2, 4, 5, 7], [0, 2, 5, 7, 9])
    """
    return [((n - 1) * k + 2) // 4 for k in range(5)]


def summed_up(
    values: Sequence[float],
    *,
    recalled: Callable = lambda v: v > 0.5,
    edges: Callable = edges_of,
    first=slice,
    last=slice,
    sign=1,
) -> tuple[float, float, float]:
    """Mean, recall and decay by adding up one value after the other.

    The other arguments are the slips: who counts as recalled, where the quarters end, and which frames belong to them.
    """
    values = [float(v) for v in values]
    edge = edges(len(values))
    decay = _mean(values[first(edge[0], edge[1] + 1)]) - _mean(values[last(edge[3], edge[4] + 1)])
    return _mean(values), _mean([float(recalled(v)) for v in values]), sign * decay


FALLING = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
TEN = (1.0, 1.0, 0.9, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2)


def worked_by_hand(trial: Trial) -> None:
    """eight and ten falling values give what they give by hand"""
    trial.expect((list(FALLING),), (0.55, 0.5, 0.5), case="0.9, 0.8, ... 0.2")
    trial.expect((list(TEN),), (0.66, 0.6, 2 / 3), case="1, 1, .9, .9, .8, .6, .5, .4, .3, .2")


def exactly_one_half(trial: Trial) -> None:
    """a frame of exactly one half is not recalled"""
    trial.expect(([0.5] * 6,), (0.5, 0.0, 0.0), case="six times 0.5")
    trial.expect(([0.5, 0.75, 0.25, 0.5, 1.0],), (0.6, 0.4, 0.625 - 0.75), case="0.5, 0.75, 0.25, 0.5, 1")


def quarters_share_their_edges(trial: Trial) -> None:
    """neighbouring quarters share a frame, and an edge half-way between two frames goes to the later one"""
    # 7 frames: edges 0, 2, 3, 5, 6 (from 1, 2.5, 4, 5.5, 7), so the first quarter has frames 0 to 2, the last 5 and 6.
    trial.expect(([6.0, 3.0, 3.0, 0.0, 0.0, 1.0, 2.0],), (15 / 7, 5 / 7, 4 - 1.5), case="6, 3, 3, 0, 0, 1, 2")
    for n in (9, 11, 12):
        values = torch.rand(n, generator=trial.generator).tolist()
        trial.expect((values,), summed_up(values), case=f"{n} random values")


def long_clips(trial: Trial) -> None:
    """a clip may have more than 256 frames"""
    trial.expect((torch.linspace(1, 0, 101),), (0.5, 50 / 101, 0.75), case="101 values from 1 to 0")
    values = torch.linspace(1, 0, 400)
    trial.expect((values,), summed_up(values.tolist()), case="400 values from 1 to 0, decay 0.749373")
    values = torch.rand(300, generator=trial.generator)
    trial.expect((values,), summed_up(values.tolist()), case="300 random values")


def backwards(trial: Trial) -> None:
    """backwards in time the decay changes its sign, mean and recall do not"""
    for n in (8, 13, 18):
        values = torch.rand(n, generator=trial.generator).tolist()
        forth, back = trial.ask((values,), "random values"), trial.ask((values[::-1],), "random values")
        mean, recall, decay = _three(trial, forth)
        trial.compare((mean, recall, -decay), back, case=f"{n} random values backwards")
    trial.depends()


def short_clips(trial: Trial) -> None:
    """clips of one, two and three frames have a mean, a recall and a decay as well"""
    for values in ([0.7], [0.9, 0.2], [0.4, 0.9, 0.3]):
        trial.expect((values,), summed_up(values), case=f"the values {values}")


def lists_and_tensors(trial: Trial) -> None:
    """a list and a tensor of the same values give the same, and stay as they were"""
    values = torch.rand(10, generator=trial.generator)
    trial.expect((values,), summed_up(values.tolist()), case="a tensor of 10 random values")
    trial.leaves_alone((values,))
    trial.leaves_alone((values.tolist(),))


def reference(values: Sequence[float] | Tensor) -> tuple[float, float, float]:
    """The package's mean, recall and decay. Shapes: values (n,)."""
    from vostutor.metrics.summary import statistics

    return tuple(statistics(values))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _three(trial: Trial, result) -> tuple[float, float, float]:
    result = result.tolist() if isinstance(result, Tensor) else result
    fits = isinstance(result, (list, tuple)) and len(result) == 3
    trial.require(fits, expected="three numbers: mean, recall, decay", got=repr(result)[:60])
    return tuple(float(value) for value in result)


def _without_last(start: int, stop: int) -> slice:
    return slice(start, stop - 1)


def _half_to_even(n: int) -> list[int]:
    return [round(1 + (n - 1) * k / 4) - 1 for k in range(5)]


def _cut_off(n: int) -> list[int]:
    return [(n - 1) * k // 4 for k in range(5)]


def _in_one_byte(n: int) -> list[int]:
    return [edge % 256 for edge in edges_of(n)]


def _one_too_late(n: int) -> list[int]:
    """Counted from 1 and used as indices."""
    return [edge + 1 for edge in edges_of(n)]


def _middle(values, share: float = 0.5) -> tuple[float, float, float]:
    """The median in place of the mean; share None takes the lower of two in the middle, as torch does."""
    values = torch.tensor([float(v) for v in values], dtype=torch.float64)
    return (float(values.median() if share is None else values.quantile(share)), *summed_up(values)[1:])


def _without_sign(values) -> tuple[float, float, float]:
    mean, recall, decay = summed_up(values)
    return mean, recall, abs(decay)


def _as_raised(values: Sequence[float], **slips) -> tuple[float, float, float]:
    """As summed_up, but without a value to average over there is a division by zero."""
    result = summed_up(values, **slips)
    if result[2] != result[2]:
        raise ZeroDivisionError
    return result


def _by_pieces(values, size: Callable) -> tuple[float, float, float]:
    """Decay between the first and the last `size(n)` values."""
    values = [float(v) for v in values]
    mean, recall, _ = summed_up(values)
    k = size(len(values))
    return mean, recall, _mean(values[:k]) - _mean(values[len(values) - k :])


_SHARED = "neighbouring quarters share their edge frame: the last frame of a quarter belongs to it"
_NUDGE = (
    "an edge half-way between two frames goes to the later one (Python and NumPy round halves to even), "
    "or the nudge was added in float32, where 1 + 1e-10 is 1"
)
_MEDIAN = "the median is the value in the middle; the mean is the sum by the number of frames"
_COUNTED = "the edges count frames from 1, an index counts from 0: one less"
_FLOOR = "the edges of the quarters are rounded to the nearest frame, not cut off"

EXERCISE = Exercise(
    id="task.statistics",
    name="statistics",
    points=3,
    difficulty=2,
    minutes=15,
    properties=(
        worked_by_hand,
        exactly_one_half,
        quarters_share_their_edges,
        long_clips,
        backwards,
        short_clips,
        lists_and_tensors,
    ),
    slips=(
        Slip("recall is strict: exactly one half does not count", lambda v: summed_up(v, recalled=lambda x: x >= 0.5)),
        Slip(
            "recall is a share of the frames, not their number",
            lambda v: (summed_up(v)[0], summed_up(v)[1] * len(v), summed_up(v)[2]),
        ),
        Slip(
            "recall is the share of the frames above one half, not the mean of their values",
            lambda v: summed_up(v, recalled=lambda x: x * (x > 0.5)),
        ),
        Slip(
            "the sign of the decay: what is lost from the first quarter to the last is positive",
            lambda v: summed_up(v, sign=-1),
        ),
        Slip(_SHARED, lambda v: summed_up(v, first=_without_last)),
        Slip(_SHARED, lambda v: summed_up(v, last=_without_last)),
        Slip(_SHARED, lambda v: summed_up(v, first=_without_last, last=_without_last)),
        Slip(_SHARED, lambda v: _as_raised(v, first=_without_last, last=_without_last)),
        Slip(_NUDGE, lambda v: summed_up(v, edges=_half_to_even)),
        Slip(_FLOOR, lambda v: summed_up(v, edges=_cut_off)),
        Slip(
            "the edges are kept in one byte: frame 256 becomes frame 0, use whole numbers",
            lambda v: summed_up(v, edges=_in_one_byte),
        ),
        Slip(
            "the edges are kept in one byte: frame 256 becomes frame 0, use whole numbers",
            lambda v: _as_raised(v, edges=_in_one_byte),
        ),
        Slip("decay compares the means of two quarters, not two frames", lambda v: _by_pieces(v, lambda n: 1)),
        Slip(
            "decay compares the first and the last quarter, not the two halves",
            lambda v: _by_pieces(v, lambda n: n // 2),
        ),
        Slip(_SHARED, lambda v: _by_pieces(v, lambda n: n // 4)),
        Slip(_SHARED, lambda v: _by_pieces(v, lambda n: max(n // 4, 1))),
        Slip("the decay keeps its sign: a curve that rises has a negative one", _without_sign),
        Slip(_MEDIAN, _middle),
        Slip(_MEDIAN, lambda v: _middle(v, None)),
        Slip(_COUNTED, lambda v: summed_up(v, edges=_one_too_late)),
        Slip(_COUNTED, lambda v: _as_raised(v, edges=_one_too_late)),
        Slip("three numbers are asked for, mean, recall and decay: this is the mean", lambda v: summed_up(v)[0]),
        Slip(
            "the three come in another order: mean, recall, decay", lambda v: tuple(summed_up(v)[k] for k in (0, 2, 1))
        ),
    ),
    hints=(
        "Three questions about one curve: how high is it, how often is it good enough, and how much of it is lost on the way?",
        "Do eight frames by hand: which frames does the mark at 4.5 belong to?",
        "The edges, counted from 1, are 1 + (n - 1) k / 4 for k from 0 to 4, rounded, with halves going up: add a tiny amount before you "
        "round. The first quarter is edge 0 up to and with edge 1, the last edge 3 up to and with edge 4.",
    ),
    reference="vostutor.checks.lesson00.statistics:reference",
    outputs=("mean", "recall", "decay"),
)
