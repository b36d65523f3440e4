"""What the first steps of Adam give away: how many there were, and whether one remembers the other.

The first step of Adam moves every weight equally far, by the learning rate, whatever its gradient; later ones are shorter where the
gradient has turned. Of other optimisers nothing can be told from lengths.
"""

from torch import Tensor

from vostutor.checks.network import SmallNetwork

_EQUAL = 0.02  # lengths that differ by less, as a share, are equal: weight decay changes them a little
_MOST = 0.9  # of the weights; where a gradient is small, Adam's epsilon counts


def strides(before: SmallNetwork, after: SmallNetwork) -> Tensor:
    """How far each weight of the largest layer has moved. Shapes: -> (3456,)."""
    return (after.coarse.weight - before.coarse.weight).detach().abs().flatten()


def several(first: Tensor) -> bool:
    """Whether a first step of Adam was more than one. One moves every weight equally far, by the learning rate; a second no longer does.

    Of other optimisers nothing is said: most of their weights move little, and a few far.
    >>> import torch
    >>> several(torch.tensor([3.0, 3.0, 0.0, 3.0])), several(torch.tensor([6.0, 5.2, 0.0, 5.7])), several(torch.tensor([9.0, 0, 0, 0, 0]))
    (False, True, False)
    """
    moved = first[first > first.max() / 20]  # weights without a gradient go as far as they decay
    median = moved.median()
    alike = ((moved / median - 1).abs() < 2 * _EQUAL).float().mean()
    return bool(len(moved) > len(first) / 4 and 2 * median > moved.max() and alike < _MOST)


def forgetful(first: Tensor, third: Tensor) -> bool:
    """Whether three steps of Adam were each as long as the first: then some weights, sent back once, are where one step leaves them, and
    the others are three away. Adam that remembers takes shorter steps after a turn.

    >>> import torch
    >>> forgetful(torch.full((3,), 2.0), torch.tensor([2.0, 6, 6])), forgetful(torch.full((3,), 2.0), torch.tensor([1.3, 5.9, 6]))
    (True, False)
    """
    moved = first > 0
    strides = third[moved] / first[moved].median()
    one, three = (((strides - n).abs() < _EQUAL).float().mean() for n in (1, 3))
    return bool(one > 0.03 and one + three > 0.8)
