"""The cost volume, one displacement after the other, and the words for a place in it."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import pad


def rows_first(radius: int) -> Iterator[tuple[int, int]]:
    """The displacements (dy, dx) in the order of the channels."""
    reach = range(-radius, radius + 1)
    return ((dy, dx) for dy in reach for dx in reach)


def beyond_is_zero(f2: Tensor, dy: int, dx: int, mode: str = "constant") -> Tensor:
    """At x the features of x + d; outside the image what `mode` has there, which is nothing."""
    height, width = f2.shape[-2:]
    margin = max(abs(dy), abs(dx))
    return pad(f2, [margin] * 4, mode=mode)[..., margin + dy :, margin + dx :][..., :height, :width]


def mean_of_channels(product: Tensor) -> Tensor:
    """The mean over C."""
    return product.mean(1)


def compared(
    f1: Tensor,
    f2: Tensor,
    radius: int,
    *,
    steps: Callable = rows_first,
    look: Callable = beyond_is_zero,
    summary: Callable = mean_of_channels,
) -> Tensor:
    """The cost volume, one displacement after the other.

    The other arguments are the slips: which displacements in which order, what is read where, what becomes of a product.
    """
    return torch.stack([summary(f1 * look(f2, dy, dx)) for dy, dx in steps(radius)], 1)


def channel_in_words(channel: int, radius: int) -> str:
    """A channel and its displacement.

    >>> channel_in_words(42, 4)
    'channel 42 (dy = 0, dx = +2)'
    """
    dy, dx = list(rows_first(radius))[channel]
    return f"channel {channel} (dy = {_signed(dy)}, dx = {_signed(dx)})"


def in_the_volume(channels: int) -> Callable:
    """What makes words of a position in a volume of so many channels.

    >>> in_the_volume(9)(0, 5, 2, 3)
    'in channel 5 (dy = 0, dx = +1) at row 2, column 3'
    """
    radius = (round(channels**0.5) - 1) // 2
    return lambda b, k, y, x: f"in {channel_in_words(k, radius)} at row {y}, column {x}{f' of sample {b}' if b else ''}"


def _signed(step: int) -> str:
    return f"{step:+d}" if step else "0"
