"""One line at the top of a public function says which axes its arrays have."""

import re
from collections.abc import Mapping
from functools import lru_cache

from vostutor.core.errors import ShapeError

_AXIS = re.compile(r"(?P<name>[A-Za-z]\w*)(?P<offset>[+-]\d+)?$|(?P<size>\d+)$")


def expect(spec: str, *, hint: str | None = None, **arrays) -> dict[str, int]:
    """The size of every named axis, after checking that each array has the axes that `spec` says.

    A spec lists `name: axes` pairs, separated by commas. An axis is a number, a letter or word that is bound at its first use and
    must agree afterwards, or a bound name plus or minus a number (`T-1`). A leading `...` stands for any number of axes.

    Shapes: any array with `.shape`; a scalar has no axes.
    Raises: ShapeError naming the first array whose axes differ, with `hint` as the thing to try.
    Source: own convention, after einops.
    >>> import numpy as np
    >>> expect("flow: B 2 H W, image: B 3 H W", flow=np.zeros((1, 2, 4, 6)), image=np.zeros((1, 3, 4, 6)))
    {'B': 1, 'H': 4, 'W': 6}
    """
    sizes: dict[str, int] = {}
    for name, axes in _parse(spec):
        if name not in arrays:
            raise TypeError(f"expect: {name!r} is in the spec but was not passed")
        _match(name, axes, arrays[name], sizes, hint)
    return sizes


@lru_cache(maxsize=1024)
def _parse(spec: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = []
    for part in spec.split(","):
        name, colon, axes = part.partition(":")
        assert colon, f"a spec reads 'name: axes', not {part!r}"
        words = tuple(axes.split())
        assert all(_AXIS.match(word) or (word == "..." and i == 0) for i, word in enumerate(words)), (
            f"bad axes in {part!r}"
        )
        pairs.append((name.strip(), words))
    return tuple(pairs)


def _match(name: str, axes: tuple[str, ...], array, sizes: dict[str, int], hint: str | None) -> None:
    shape = getattr(array, "shape", None)
    if shape is None:
        _refuse(name, axes, f"a {type(array).__name__}", sizes, hint or f"pass {name} as a tensor")
    shape = tuple(int(n) for n in shape)
    named = axes[1:] if axes[:1] == ("...",) else axes
    if len(shape) < len(named) or (named is axes and len(shape) != len(named)):
        _refuse(name, axes, f"shape {shape}", sizes, hint)
    for axis, size in zip(named, shape[len(shape) - len(named) :], strict=True):
        if not _agrees(axis, size, sizes):
            _refuse(name, axes, f"shape {shape}", sizes, hint)


def _agrees(axis: str, size: int, sizes: dict[str, int]) -> bool:
    found = _AXIS.match(axis)
    if found["size"]:
        return size == int(found["size"])
    return sizes.setdefault(found["name"], size - int(found["offset"] or 0)) == size - int(found["offset"] or 0)


def _refuse(name: str, axes: tuple[str, ...], got: str, sizes: Mapping[str, int], hint: str | None):
    bound = {axis: sizes[axis] for axis in axes if axis in sizes}
    known = f" with {', '.join(f'{axis} = {size}' for axis, size in bound.items())}" if bound else ""
    wanted = " ".join(axes) or "no axes"
    raise ShapeError(
        expected=f"{name}: {wanted}{known}",
        got=got,
        try_this=hint or f"print({name}.shape) and permute or index to {wanted}",
    )
