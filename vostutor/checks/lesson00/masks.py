"""Masks to ask about: squares whose scores can be worked by hand, and random ones."""

import torch
from torch import Tensor

from vostutor.checks.trial import Trial

# Neither square nor even, and one row thin: what works only for some sizes fails for one of these.
SIZES = ((5, 8), (9, 4), (6, 6), (1, 7), (7, 1))


def square(top: int = 2, left: int = 2, *, side: int = 4, height: int = 10, width: int = 10) -> Tensor:
    """A square of true pixels; as it stands, rows and columns 2 to 5 of 10 x 10, 16 pixels.

    Shapes: bool (height,width).
    >>> square().sum()
    tensor(16)
    """
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[max(top, 0) : top + side, max(left, 0) : left + side] = True
    return mask


def nothing(height: int = 10, width: int = 10) -> Tensor:
    """An empty mask, bool (height,width)."""
    return torch.zeros(height, width, dtype=torch.bool)


def everything(height: int = 10, width: int = 10) -> Tensor:
    """A full mask, bool (height,width)."""
    return ~nothing(height, width)


def scattered(trial: Trial, height: int, width: int, share: float = 0.5) -> Tensor:
    """A mask in which every pixel is true with that chance, bool (height,width)."""
    return torch.rand(height, width, generator=trial.generator) < share


def inside(mask: Tensor, frame: int) -> Tensor:
    """The mask with `frame` rows and columns of false added on every side."""
    return torch.nn.functional.pad(mask, [frame] * 4)


def outline(mask: Tensor) -> Tensor:
    """The boundary map of a mask, all pixels at once: where a 2 x 2 block is not all the same, beyond the image its last pixels again.

    Shapes: bool (H,W) -> bool (H,W).
    >>> outline(square(1, 1, side=1, height=3, width=3)).int()
    tensor([[1, 1, 0],
            [1, 1, 0],
            [0, 0, 0]], dtype=torch.int32)
    """
    padded = torch.cat([mask, mask[-1:]])
    padded = torch.cat([padded, padded[:, -1:]], 1)
    return (mask ^ padded[:-1, 1:]) | (mask ^ padded[1:, :-1]) | (mask ^ padded[1:, 1:])
