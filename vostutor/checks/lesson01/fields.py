"""Flows and feature maps to ask about, and the words for a place in them."""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.compare import in_words
from vostutor.checks.trial import Broken, Trial

# Neither square nor even, and one row thin: what works only for some sizes fails for one of these.
SIZES = ((5, 8), (7, 4), (6, 6), (1, 7))


def expect_field(
    trial: Trial, inputs: tuple, expected: Tensor, *, case: str, place: Callable, word: Callable = in_words
) -> None:
    """Like `Trial.expect`, for a result with many axes: the first place that differs is told in the exercise's own words.

    `place` makes words of a position, `word` of a value.
    """
    try:
        trial.expect(inputs, expected, case=case)
    except Broken as why:
        got = trial.evidence[-1].outputs
        if not isinstance(got, Tensor) or got.shape != expected.shape:
            raise
        wrong = different(expected, got, trial.tolerance)
        first = tuple(wrong.nonzero()[0].tolist())
        raise Broken(
            f"{word(expected[first])} {place(*first)}, for {case}",
            f"{word(got[first])}; {int(wrong.sum())} of {wrong.numel()} values differ",
            why.likely,
        ) from why


def expect_gradient(trial: Trial, expected: Tensor, got: Tensor | None, name: str) -> None:
    """Breaks the property unless a gradient reached that input, and the right one."""
    trial.require(isinstance(got, Tensor), expected=f"a gradient that reaches {name}", got="none: it is cut on the way")
    wrong = different(expected, got, trial.tolerance)
    first = tuple(wrong.nonzero()[0].tolist()) if wrong.any() else (0,) * wrong.ndim
    trial.require(
        not wrong.any(),
        expected=f"a gradient of {in_words(expected[first].item())} for {name} at position {first}",
        got=f"{in_words(got[first].item())}; {int(wrong.sum())} of {wrong.numel()} values differ",
    )


def different(expected: Tensor, got: Tensor, tolerance: float) -> Tensor:
    """Where two tensors of one shape differ; NaN agrees with NaN. Shapes: (...) twice -> bool (...).

    >>> different(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]), 0.1)
    tensor([False,  True])
    """
    if got.is_complex():
        return expected != got
    return ~torch.isclose(expected.double(), got.double(), rtol=0, atol=tolerance, equal_nan=True)


def in_the_flow(*position: int) -> str:
    """A position of a flow in words, the sample where it is not the first.

    >>> in_the_flow(1, 0, 2, 3), in_the_flow(1, 2, 3)
    ('as x at row 2, column 3 of sample 1', 'as y at row 2, column 3')
    """
    *sample, axis, row, column = position
    return f"as {'xy'[axis]} at row {row}, column {column}{f' of sample {sample[0]}' if any(sample) else ''}"


def uniform(right: float, down: float, height: int, width: int) -> Tensor:
    """The same motion everywhere. Shapes: (2,height,width), x then y. Units: pixels.

    >>> uniform(3, 4, 1, 2).flatten()
    tensor([3., 3., 4., 4.])
    """
    return torch.tensor([right, down], dtype=torch.float32).reshape(2, 1, 1).repeat(1, height, width)


def random(trial: Trial, *shape: int) -> Tensor:
    """Numbers around 0 from the property's own generator, float32."""
    return torch.randn(*shape, generator=trial.generator)


def cuts_the_gradient(function: Callable) -> Callable:
    """The slip of an answer that is right and lets no gradient through, as after `.detach()`, `.item()` or numpy."""
    return lambda *inputs: function(*inputs).detach()
