"""What an option or a tensor may be, beside its axes: the checks that many functions share.

Letters: as in `expect`; each name is the one that the error tells.
"""

from collections.abc import Mapping
from math import isfinite
from numbers import Integral, Real

from vostutor.core.errors import DataError, SettingsError, ShapeError

ROUNDING = 1e-3  # a picture that was resized may be so far beyond 0 and 1


def expect_whole(*, least: int = 0, try_this: str | None = None, **options) -> None:
    """Nothing, where each option is a whole number from `least` on.

    Raises: SettingsError naming the first that is not, with `try_this` as the repair.
    >>> expect_whole(least=1, steps=400, batch=8)
    """
    for name, value in options.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise SettingsError(
                expected=f"{name} a whole number from {least} on",
                got=repr(value),
                try_this=try_this or f"{name}={least}",
            )


def expect_number(
    *, least: float = 0, above: float | None = None, most: float | None = None, try_this: str | None = None, **options
) -> None:
    """Nothing, where each option is a finite number from `least` (or above `above`) to `most`.

    Raises: SettingsError naming the first that is not, with `try_this` as the repair.
    >>> expect_number(above=0, rate=2e-3)
    """
    begins = f"from {least:g}" if above is None else f"above {above:g}"
    ends = " and finite" if most is None else f" up to {most:g}"
    for name, value in options.items():
        is_number = isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
        if not is_number or (value < least if above is None else value <= above) or (most is not None and value > most):
            nearest = least if above is None else most or 1
            raise SettingsError(
                expected=f"{name} a number {begins}{ends}", got=repr(value), try_this=try_this or f"{name}={nearest:g}"
            )


def expect_span(*, least: float = 0, above: float | None = None, **options) -> None:
    """Nothing, where each option is two such numbers, (from, to), the second not below the first.

    Raises: SettingsError naming the first that is not.
    >>> expect_span(above=0, zoom=(0.9, 1.3))
    """
    for name, span in options.items():
        if not isinstance(span, tuple | list) or len(span) != 2:
            raise SettingsError(expected=f"{name}: two numbers, from and to", got=repr(span), try_this=f"{name}=(1, 1)")
        expect_number(least=least, above=above, try_this=f"{name}=(1, 1)", **{f"{name} from": span[0]})
        expect_number(least=span[0], try_this=f"{name}={tuple(reversed(span))}", **{f"{name} to": span[1]})


def expect_size(size) -> None:
    """Nothing, where a size is (H,W) in whole pixels.

    Raises: SettingsError for any other.
    >>> expect_size((96, 160))
    """
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise SettingsError(expected="size (H,W)", got=repr(size), try_this="size=(96, 160)")
    expect_whole(least=1, try_this="size=(96, 160)", height=size[0], width=size[1])


def expect_one_of(allowed: tuple[str, ...], **options) -> None:
    """Nothing, where each option is one of these words.

    Raises: SettingsError naming the first that is not.
    >>> expect_one_of(("float32", "bfloat16"), precision="bfloat16")
    """
    for name, value in options.items():
        if value not in allowed:
            raise SettingsError(
                expected=f"{name} {' or '.join(map(repr, allowed))}", got=repr(value), try_this=f"{name}={allowed[0]!r}"
            )


def expect_truth(**options) -> None:
    """Nothing, where each option is True or False: a 1, a "no" or an array would be taken for either.

    Raises: SettingsError naming the first that is not.
    >>> expect_truth(feedback=True)
    """
    for name, value in options.items():
        if not isinstance(value, bool):
            raise SettingsError(expected=f"{name}: True or False", got=repr(value), try_this=f"{name}=True")


def expect_tensor(**tensors) -> None:
    """Nothing, where each is a tensor: numpy's arrays have shapes too, and other methods.

    Raises: ShapeError naming the first that is not.
    >>> import torch
    >>> expect_tensor(flow=torch.zeros(1, 2, 4, 6))
    """
    for name, tensor in tensors.items():
        if not hasattr(tensor, "is_floating_point"):
            raise ShapeError(expected=f"{name}: a tensor", got=_kind(tensor), try_this=f"torch.as_tensor({name})")


def expect_floating(*, try_this: str | None = None, **tensors) -> None:
    """Nothing, where each is a tensor of floating-point numbers.

    Raises: ShapeError naming the first that is not, with `try_this` as the repair.
    >>> import torch
    >>> expect_floating(flow=torch.zeros(1, 2, 4, 6))
    """
    expect_tensor(**tensors)
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ShapeError(
                expected=f"{name}: a tensor of floating-point numbers",
                got=_kind(tensor),
                try_this=try_this or f"{name}.float()",
            )


def expect_alike(**tensors) -> None:
    """Nothing, where all are tensors of one floating-point type on one device.

    Raises: ShapeError naming the first that is not like the first of all.
    >>> import torch
    >>> expect_alike(frame=torch.zeros(1, 3, 4, 6), flow=torch.zeros(1, 2, 4, 6))
    """
    expect_floating(**tensors)
    (first, like), *others = tensors.items()
    for name, tensor in others:
        if (tensor.dtype, tensor.device) != (like.dtype, like.device):
            raise ShapeError(
                expected=f"{name}: {like.dtype} on {like.device}, as {first}",
                got=f"{tensor.dtype} on {tensor.device}",
                try_this=f"{name}.to({first})",
            )


def expect_finite(*, try_this: str, **tensors) -> None:
    """Nothing, where each tensor holds finite numbers only. Looks at every number, so a GPU has to wait.

    Raises: DataError naming the first that does not.
    >>> import torch
    >>> expect_finite(flow=torch.zeros(1, 2, 4, 6), try_this="flow.nan_to_num()")
    """
    for name, tensor in tensors.items():
        low, high = (bound.item() for bound in tensor.detach().aminmax())  # a NaN is both
        if not (isfinite(low) and isfinite(high)):
            raise DataError(expected=f"{name}: finite numbers", got=f"{low:g} to {high:g}", try_this=try_this)


def expect_batch(batch: Mapping) -> int:
    """How many samples a batch has, the same in each of its tensors.

    Raises: DataError for an empty batch, or tensors that have not equally many.
    >>> import torch
    >>> expect_batch({"frames": torch.zeros(2, 3, 4, 6), "valid": torch.zeros(2, 4, 6)})
    2
    """
    sizes = {name: len(tensor) for name, tensor in batch.items()}
    if len(set(sizes.values())) != 1 or 0 in sizes.values():
        raise DataError(expected="tensors of equally many samples", got=str(sizes), try_this="take_pairs(pool, [0, 1])")
    return next(iter(sizes.values()))


def expect_mask(**masks) -> None:
    """Nothing, where each is a tensor of bool: 0.5 is no answer to whether a pixel counts.

    Raises: ShapeError naming the first that is not.
    >>> import torch
    >>> expect_mask(valid=torch.ones(1, 4, 6) > 0)
    """
    for name, mask in masks.items():
        if str(getattr(mask, "dtype", "")) != "torch.bool":
            raise ShapeError(expected=f"{name}: a tensor of bool", got=_kind(mask), try_this=f"{name} > 0.5")


def expect_unit(**pictures) -> None:
    """Nothing, where each picture holds floating-point numbers in [0,1], but for rounding. Looks at every pixel, so a GPU has to wait.

    Raises: ShapeError naming the first that does not, also for NaN and for a picture without pixels.
    >>> import torch
    >>> expect_unit(frame=torch.rand(1, 3, 4, 6))
    """
    expect_floating(try_this="frame / 255", **pictures)
    for name, picture in pictures.items():
        if not picture.numel():
            raise ShapeError(
                expected=f"{name}: at least one pixel",
                got=f"shape {tuple(picture.shape)}",
                try_this=f"print({name}.shape)",
            )
        low, high = (bound.item() for bound in picture.detach().aminmax())
        if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # NaN is neither
            repair = f"{name} / 255" if high > 2 else f"{name}.nan_to_num().clamp(0, 1)"
            raise ShapeError(expected=f"{name}: numbers in [0,1]", got=f"{low:g} to {high:g}", try_this=repair)


def expect_prob(**probs) -> None:
    """Nothing, where each holds probabilities: floating-point numbers in [0,1], but for rounding; there may be none. Looks at every
    number, so a GPU has to wait.

    Raises: ShapeError naming the first that does not; of NaN it says where it comes from.
    >>> import torch
    >>> expect_prob(prob=torch.rand(2, 4, 6))
    """
    expect_floating(try_this="logits.sigmoid()", **probs)
    for name, prob in probs.items():
        low, high = (bound.item() for bound in prob.detach().aminmax()) if prob.numel() else (0, 1)
        if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # NaN is neither
            runaway = "a lower learning rate: the weights of the network that answered grew until they became NaN"
            raise ShapeError(
                expected=f"{name}: probabilities in [0,1]",
                got=f"{low:g} to {high:g}",
                try_this="logits.sigmoid()" if low == low else runaway,
            )


def _kind(value) -> str:
    dtype = getattr(value, "dtype", None)
    return type(value).__name__ + (f" of {dtype}" if dtype is not None else "")
