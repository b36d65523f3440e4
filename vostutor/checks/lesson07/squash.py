"""Exercise retrieval.squash: `squashed_distances(x, y) -> table`, how far apart embeddings are, on a scale that ends at 1.

Letters: P rows of x, N rows of y, C channels.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vostutor.checks.compare import in_words
from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, different, expect_field, random
from vostutor.checks.lesson07.nearest import expect_gradients, of_half, squares
from vostutor.checks.trial import Broken, Trial

SIZES = ((5, 8, 3), (7, 2, 4), (1, 6, 2), (4, 4, 1), (6, 1, 9))  # P, N and C


def paired(x: Tensor, y: Tensor, *, measure: Callable = squares, squeeze: Callable = of_half) -> Tensor:
    """The table, difference by difference. The other arguments are the slips. Shapes: x (P,C), y (N,C) -> (P,N)."""
    return squeeze(measure(x, y))


def worked_by_hand(trial: Trial) -> None:
    """squared distances of 0, 0.5, 1, 2 and 4 become 0, 0.24492, 0.46212, 0.76159 and 0.96403"""
    y = torch.tensor([[0.0, 0.0], [0.5, 0.5], [0.0, 1.0], [-1.0, 1.0], [2.0, 0.0]])
    row = torch.tensor([0, 0.24492, 0.46212, 0.76159, 0.96403])
    _expect(trial, (torch.zeros(1, 2), y), row[None], case="(0, 0) against five vectors")
    _expect(trial, (y, torch.zeros(1, 2)), row[:, None], case="five vectors against (0, 0)")


def only_the_difference_counts(trial: Trial) -> None:
    """the table is the same when all vectors are moved alike or turned alike, and lies on its side when x and y change places"""
    x, y = random(trial, 4, 3) / 2, random(trial, 6, 3) / 2
    table = paired(x, y)
    _expect(trial, (x, y), table, case="random vectors")
    _expect(trial, (x + 2, y + 2), table, case="the same, with 2 added everywhere")
    _expect(trial, (-x.flip(1), -y.flip(1)), table, case="the same, reflected and with the channels reversed")
    _expect(trial, (y, x), table.T, case="the same, with x and y in each other's place")


def any_size(trial: Trial) -> None:
    """any numbers of vectors and channels agree with taking one difference after the other"""
    for rows, columns, channels in SIZES:
        x, y = (random(trial, n, channels) / (2 * channels) ** 0.5 for n in (rows, columns))
        _expect(trial, (x, y), paired(x, y), case=f"random vectors, {rows} against {columns}, {channels} channels")


def never_below_zero(trial: Trial) -> None:
    """equal vectors are at 0, never below it and never NaN, however long they are"""
    for length in (1.0, 10.0, 50.0):
        x = length * normalize(random(trial, 24, 64))
        case = f"24 vectors of length {length:g} against themselves"
        table = trial.ask((x, x.clone()), case)
        trial.evidence[-1].expected = 1.0 - torch.eye(24)
        usable = isinstance(table, Tensor) and table.shape == (24, 24) and not table.is_complex()
        trial.require(usable, expected=f"real numbers of shape (24, 24), for {case}", got=in_words(table))
        table, own = table.double(), torch.eye(24).bool()
        _none(trial, table, table.isnan(), f"NaN, for {case}", _ROUNDED if table[own].isnan().any() else None)
        _none(trial, table, table < 0, f"below 0, for {case}", _ROUNDED)
        _none(trial, table, table > 1, f"above 1, for {case}")
        # |x|^2 + |y|^2 - 2 x y rounds by about 64 x 6e-8 of the squared length, which is 0.01 of 2500
        _none(trial, table, own & (table > 0.01), f"above 0 for a vector and itself, for {case}")


def far_away(trial: Trial) -> None:
    """far away is 1, with a gradient of 0: nothing overflows"""
    x, y = torch.tensor([[0.0, 0.0], [30.0, 0.0]]), torch.tensor([[10.0, 0.0], [0.0, 1000.0], [0.0, 1e6]])
    _expect(trial, (x, y), torch.ones(2, 3), case="squared distances of 100 and more")
    expect_gradients(trial, (x, y), paired, "xy", case="squared distances of 100 and more")


def passes_gradients(trial: Trial) -> None:
    """a loss on the table reaches x and y, and is 0 and not NaN at equal vectors"""
    x, y = random(trial, 4, 3) / 2, random(trial, 5, 3) / 2
    y[1], y[3] = x[0], x[2]
    expect_gradients(trial, (x, y), paired, "xy", case="random vectors, two of them in both")


def inputs_stay(trial: Trial) -> None:
    """the vectors it was given stay as they were"""
    trial.ask((random(trial, 3, 2), random(trial, 4, 2)), "random vectors")
    trial.leaves_alone((random(trial, 5, 4), random(trial, 3, 4)))


def many_at_once(trial: Trial) -> None:
    """six hundred against nine hundred vectors are one operation, not half a million"""
    x, y = random(trial, 600, 8) / 4, random(trial, 900, 8) / 4
    case = "600 against 900 vectors of 8 channels"
    try:
        table = trial.ask((x, y), case)
    except Broken as why:
        if trial.evidence[-1].outputs.kind != "hung":
            raise
        raise Broken(why.expected, why.got, _LOOPS, sure=True) from why
    finally:
        trial.evidence.pop()  # so that no slip is tried on half a million pairs
    trial.require(
        isinstance(table, Tensor) and table.shape == (600, 900) and not table.is_complex(),
        expected=f"real numbers of shape (600, 900), for {case}",
        got=in_words(table),
        likely="one number for each pair, a row for each vector of x: print the shape",
    )
    wrong = different(paired(x[::60], y), table[::60], trial.tolerance)
    trial.require(
        not wrong.any(),
        expected=f"every pair as in a small table, for {case}",
        got=f"{int(wrong.sum())} of {wrong.numel()} looked at that differ",
        likely="what is wrong with small tables is wrong with this one too: see the property above",
    )


def reference(x: Tensor, y: Tensor) -> Tensor:
    """The package's squashed distances. Shapes: x (P,C), y (N,C) -> (P,N)."""
    from vostutor.ops import squared_distances, squash

    return squash(squared_distances(x, y))


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=lambda p, n: f"for row {p} of x and row {n} of y")


def _none(trial: Trial, table: Tensor, wrong: Tensor, what: str, likely: str | None = None) -> None:
    """Breaks the property where a value is wrong, and shows one."""
    shown = f", such as {table[wrong][0].item():.3g}" if wrong.any() else ""
    got = f"{int(wrong.sum())} of {wrong.numel()}{shown}"
    trial.require(not wrong.any(), expected=f"no value {what}", got=got, likely=likely)


def _by_products(x: Tensor, y: Tensor) -> Tensor:
    """|x|^2 + |y|^2 - 2 x y, as it is rounded."""
    return x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.T


def _measured(measure: Callable) -> Callable:
    return lambda x, y: paired(x, y, measure=measure)


def _squeezed(squeeze: Callable) -> Callable:
    return lambda x, y: paired(x, y, squeeze=squeeze)


def _as_if_alike(x: Tensor, y: Tensor) -> Tensor:
    """Row by row: the p-th of x with the p-th of y."""
    return of_half((x - y).square().sum(1))


_ROUNDED = "rounding makes |x|^2 + |y|^2 - 2 x y a little negative where vectors are equal: clamp it at 0"
_LOOPS = "a loop over pairs takes seconds: all products at once are one matrix product, all differences one broadcast"
_ROOT = "the root is not squared again: half of the squared distance is squashed, no root is needed"
_NAN = "the root of 0 has an infinite slope, and NaN comes back: add up the squares, and take no root"
_OVERFLOW = (
    "e^s overflows beyond s = 88, and inf / inf or 0 · inf is NaN: use torch.tanh(s / 2), or twice a sigmoid minus 1"
)

EXERCISE = Exercise(
    id="retrieval.squash",
    name="squashed_distances",
    points=3,
    difficulty=2,
    minutes=10,
    properties=(
        worked_by_hand,
        only_the_difference_counts,
        any_size,
        far_away,
        never_below_zero,
        passes_gradients,
        inputs_stay,
        many_at_once,
    ),
    slips=(
        Slip(_ROOT, _measured(lambda x, y: squares(x, y).sqrt())),
        Slip(_NAN, _measured(lambda x, y: squares(x, y).sqrt().square())),
        Slip(_ROUNDED, _measured(_by_products)),
        Slip(_OVERFLOW, _squeezed(lambda s: 1 - 2 / (1 + s.exp()))),
        Slip(_OVERFLOW, _squeezed(lambda s: (s.exp() - 1) / (s.exp() + 1))),
        Slip("not squashed: the squared distance itself has no end, take tanh of half of it", _squeezed(lambda s: s)),
        Slip("the half is missing: 1 - 2 / (1 + e^s) is tanh of s / 2, not of s", _squeezed(torch.tanh)),
        Slip("a sigmoid is 1/2 at a distance of 0: take twice the sigmoid, minus 1", _squeezed(torch.sigmoid)),
        Slip("twice the sigmoid is 1 at a distance of 0: subtract 1", _squeezed(lambda s: 2 * s.sigmoid())),
        Slip("upside down: equal vectors are at 0, a distance is no similarity", _squeezed(lambda s: 1 - of_half(s))),
        Slip("another curve: 1 - e^-s, where 1 - 2 / (1 + e^s) is asked for", _squeezed(lambda s: 1 - (-s).exp())),
        Slip("the sign in the exponent: with e^-s the distance comes out negative", _squeezed(lambda s: -of_half(s))),
        Slip(
            "averaged over the channels: a squared distance is the sum of the squares",
            _measured(lambda x, y: squares(x, y) / x.shape[1]),
        ),
        Slip(
            "absolute differences were added up: square them",
            _measured(lambda x, y: (x[:, None] - y).abs().sum(2)),
        ),
        Slip(
            "the products are subtracted once: |x - y|^2 is |x|^2 + |y|^2 minus twice the product",
            _measured(lambda x, y: (squares(x, y) + (x @ y.T)).clamp(min=0)),
        ),
        Slip(
            "|y|^2 was forgotten: |x - y|^2 is |x|^2 + |y|^2 minus twice the product",
            _measured(lambda x, y: (squares(x, y) - y.square().sum(1)).clamp(min=0)),
        ),
        Slip(
            "the vectors were brought to length one: embeddings are compared as they are",
            _measured(lambda x, y: squares(normalize(x), normalize(y))),
        ),
        Slip("x and y are swapped: a row for each vector of x, a column for each of y", lambda x, y: paired(y, x)),
        Slip("row by row: every vector of x is compared with every one of y", _as_if_alike),
        Slip(
            "the channels are still there: add up the squares over the last axis",
            lambda x, y: of_half((x[:, None] - y).square()),
        ),
        Slip(
            "the gradient is cut on the way: .detach(), .item(), numpy or torch.no_grad() ends it",
            cuts_the_gradient(paired),
        ),
    ),
    hints=(
        "Two embeddings that are 5 apart and two that are 50 apart: does a network that has to tell objects apart care which is which? "
        "What should a distance do that is only used to say same or not the same?",
        "A table of all pairs needs no loop: the square of a difference is the one square plus the other minus twice the product, and all "
        "products together are one matrix product. What does rounding do to a difference that should be exactly 0?",
        "Squared lengths of x as a column, those of y as a row, added, minus twice the matrix product; what is negative becomes 0. Then "
        "the hyperbolic tangent of half of it, a curve that never overflows. Roots and exponentials of your own are where NaN comes from.",
    ),
    reference="vostutor.checks.lesson07.squash:reference",
)
