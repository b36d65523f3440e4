"""What an instance segmenter says of a frame: how it is asked, and whether it answered in order.

Letters: N instances, H rows, W columns.
"""

from collections.abc import Callable, Hashable, Sequence
from math import isnan
from numbers import Real
from typing import NamedTuple

import torch
from torch import Tensor

from vostutor.core.errors import DataError
from vostutor.core.ranges import expect_mask, expect_tensor
from vostutor.core.shapes import expect


class Instances(NamedTuple):
    """What an instance segmenter finds in a frame. Shapes: masks bool (N,H,W); a label of any kind and a score for each."""

    masks: Tensor
    labels: Sequence[Hashable]
    scores: Sequence[float]


FindInstances = Callable[[Tensor], Instances]  # frame uint8 (3,H,W) -> instances


class OnceAFrame:
    """An instance segmenter that is asked once about a frame, however many objects are looked for in it."""

    def __init__(self, find: FindInstances):
        self.find, self.frame, self.found = find, None, None

    def __call__(self, frame: Tensor) -> Instances:
        if self.frame is None or self.frame.device != frame.device or not torch.equal(self.frame, frame):
            self.frame, self.found = frame.clone(), self.find(frame)
        return self.found


def sure_instances(find: FindInstances, frame: Tensor, least_score: float) -> Instances:
    """What the segmenter finds in a frame, without what it is unsure of.

    Shapes: frame uint8 (3,H,W) -> masks bool (N,H,W) on the frame's device, N labels, N scores.
    Raises: DataError for anything but masks, labels and scores, one each for an instance; ShapeError for masks of other axes or types.
    Source: own design.
    >>> find = lambda frame: (torch.ones(2, 1, 1) > 0, ["cow", "dog"], [0.9, 0.1])
    >>> sure_instances(find, torch.zeros(3, 1, 1, dtype=torch.uint8), 0.5).labels
    ['cow']
    """
    masks, labels, scores = _three(find(frame))
    expect_tensor(masks=masks)
    expect("frame: 3 H W, masks: N H W", frame=frame, masks=masks, hint="find -> masks (N,H,W), labels, scores")
    expect_mask(masks=masks)
    for name, each in (("label", labels), ("score", scores)):
        counted = hasattr(each, "__len__") and not isinstance(each, str)
        if not counted or len(each) != len(masks):
            got = f"{len(each)} {name}s" if counted else repr(each)
            _refuse(f"a {name} for each of {len(masks)} masks", got, f"a list of {len(masks)} {name}s")
    if isinstance(labels, Tensor) or not all(isinstance(label, Hashable) for label in labels):
        _refuse("labels that can be told apart by ==", f"a {type(labels).__name__}", "labels.tolist()")
    wrong = [score for score in map(_number, scores) if not isinstance(score, Real) or isnan(score)]
    if wrong:
        _refuse("scores that are numbers", repr(wrong[0]), "a float from 0 to 1 for each mask")
    kept = [n for n, score in enumerate(scores) if score >= least_score]
    return Instances(masks[kept].to(frame.device), [labels[n] for n in kept], [scores[n] for n in kept])


def _three(found) -> tuple:
    if not isinstance(found, tuple | list) or len(found) != 3:
        many = f" of {len(found)}" if isinstance(found, tuple | list) else ""
        _refuse("instances: masks, labels, scores", type(found).__name__ + many, "return masks, labels, scores")
    return tuple(found)


def _number(score):
    """A detector's scores may lie in a tensor."""
    return score.item() if isinstance(score, Tensor) and score.numel() == 1 else score


def _refuse(expected: str, got: str, try_this: str):
    raise DataError(expected=expected, got=got, try_this=try_this)
