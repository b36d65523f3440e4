"""Whether an output is what was expected, and if not, both in words at the first place where they differ."""

from collections.abc import Sequence
from math import isclose, isnan
from numbers import Real

import torch
from torch import Tensor


def difference(expected, got, tolerance: float = 0.0, names: Sequence[str] = ()) -> tuple[str, str] | None:
    """(expected, got) in words at the first place where they differ, or None when they agree.

    Numbers agree within `tolerance` and may come as tensors without axes; NaN agrees with NaN. A tuple agrees with a list or a
    one-axis tensor of the same values; `names` says what its parts are. For tensors the shape counts and the type does not, as long
    as the values are equal.

    Shapes: any nesting of tensors and JSON values.
    >>> difference((0.6, 0.5), (0.6, 0.25)), difference((0.6, 0.5), (0.6, 0.25), names=("mean", "recall"))
    (('0.5 at position 1', '0.25'), ('0.5 as recall', '0.25'))
    >>> difference(torch.eye(2), torch.ones(2, 2))
    ('0 at row 0, column 1', '1; 2 of 4 values differ')
    """
    if isinstance(expected, Tensor) and expected.ndim:
        return _tensors(expected, got, tolerance)
    if isinstance(expected, (list, tuple)):
        return _sequences(expected, got, tolerance, names)
    if isinstance(expected, dict):
        return _dicts(expected, got, tolerance)
    expected, got = (x.item() if isinstance(x, Tensor) and x.ndim == 0 else x for x in (expected, got))
    agree = _numbers(expected, got, tolerance) if _is_number(expected) and _is_number(got) else _same(expected, got)
    return None if agree else (in_words(expected), in_words(got))


def in_words(value) -> str:
    """A value as a short phrase.

    >>> in_words(torch.zeros(4, 6)), in_words(0.8571428571), in_words([1, 2, 3])
    ('a float32 tensor of shape (4, 6)', '0.857143', 'a list of 3')
    """
    if isinstance(value, Tensor) and value.ndim:
        dtype = str(value.dtype).removeprefix("torch.")
        return f"{'an' if dtype[0] == 'i' else 'a'} {dtype} tensor of shape {tuple(value.shape)}"
    if isinstance(value, Tensor):
        value = value.item()
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _numbers(expected, got, tolerance: float) -> bool:
    if isnan(expected) or isnan(got):
        return isnan(expected) and isnan(got)
    return isclose(expected, got, rel_tol=0, abs_tol=tolerance)


def _same(expected, got) -> bool:
    return type(expected) is type(got) and expected == got


def _tensors(expected: Tensor, got, tolerance: float) -> tuple[str, str] | None:
    if not isinstance(got, Tensor) or got.shape != expected.shape:
        return in_words(expected), in_words(got)
    if not got.is_complex() and (got.is_floating_point() or expected.is_floating_point()):
        wrong = ~torch.isclose(got.double(), expected.double(), rtol=0, atol=tolerance, equal_nan=True)
    else:
        wrong = got != expected
    if not wrong.any():
        return None
    first = tuple(wrong.nonzero()[0].tolist())
    place = f"row {first[0]}, column {first[1]}" if len(first) == 2 else f"position {first if first[1:] else first[0]}"
    wanted, came = in_words(expected[first]), in_words(got[first])
    return f"{wanted} at {place}", f"{came}; {int(wrong.sum())} of {wrong.numel()} values differ"


def _sequences(expected, got, tolerance: float, names: Sequence[str]) -> tuple[str, str] | None:
    if isinstance(got, Tensor) and got.ndim == 1:
        got = got.tolist()
    if not isinstance(got, (list, tuple)) or len(got) != len(expected):
        return in_words(expected), in_words(got)
    for k, (wanted, came) in enumerate(zip(expected, got, strict=True)):
        if found := difference(wanted, came, tolerance):
            return f"{found[0]} {f'as {names[k]}' if len(names) == len(expected) else f'at position {k}'}", found[1]
    return None


def _dicts(expected: dict, got, tolerance: float) -> tuple[str, str] | None:
    if not isinstance(got, dict) or set(got) != set(expected):
        return f"a dict with {', '.join(expected)}", f"a dict with {', '.join(got)}" if isinstance(
            got, dict
        ) else in_words(got)
    for key, wanted in expected.items():
        if found := difference(wanted, got[key], tolerance):
            return f"{found[0]} in {key!r}", found[1]
    return None
