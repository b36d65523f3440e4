"""nn/instances.py: a segmenter of instances is asked once, and what it says is looked at before it is believed."""

import pytest
import torch

from tests.models.tiny import SIZE, painted, square
from vostutor.core import DataError, ShapeError
from vostutor.nn import Instances, sure_instances

LEFT, RIGHT = square(3, 3), square(3, 28)
MASKS, FRAME = torch.stack([LEFT, RIGHT]), painted(LEFT)


def ask(*found, least=0.3):
    return sure_instances(lambda frame: found, FRAME, least)


def test_unsure_instances_are_left_out_and_the_others_keep_their_order():
    found = ask(MASKS[[0, 1, 0]], ["cow", "dog", "cat"], [0.9, 0.2, 0.3])
    assert isinstance(found, Instances) and found.labels == ["cow", "cat"] and found.scores == [0.9, 0.3]
    assert torch.equal(found.masks, MASKS[[0, 0]])


def test_a_detector_that_scores_with_a_tensor_is_understood_and_so_is_one_that_finds_nothing():
    assert ask(MASKS, ["cow", "dog"], torch.tensor([0.1, 0.9])).labels == ["dog"]
    assert ask(MASKS[:0], [], []).masks.shape == (0, *SIZE)


def test_masks_without_scores_are_no_instances():
    for found in ((MASKS,), (MASKS, ["cow", "dog"])):
        with pytest.raises(DataError, match="(?s)masks, labels, scores.*return masks, labels, scores"):
            ask(*found)
    for answer, said in ((MASKS[[0, 1, 0]], "Tensor"), (None, "NoneType")):  # three masks are no masks, labels, scores
        with pytest.raises(DataError, match=f"got       {said}"):
            sure_instances(lambda frame, answer=answer: answer, FRAME, 0.3)


@pytest.mark.parametrize(("labels", "scores", "said"), [
    (["cow"], [1.0, 1.0], "(?s)a label for each of 2 masks.*1 labels"), (None, [1.0, 1.0], "(?s)a label.*None"),
    ("me", [1.0, 1.0], "a label for each"), (["cow", "dog"], [1.0], "(?s)a score for each of 2 masks.*1 scores"),
    (["cow", "dog"], None, "a score for each"), (["cow", "dog"], [1.0, None], "scores that are numbers"),
    (["cow", "dog"], [1.0, float("nan")], "scores that are numbers"), ([["cow"], ["dog"]], [1.0, 1.0], "told apart"),
    (torch.tensor([1, 2]), [1.0, 1.0], "labels.tolist"),
])  # fmt: skip
def test_labels_and_scores_that_do_not_fit_are_refused(labels, scores, said):
    with pytest.raises(DataError, match=said):
        ask(MASKS, labels, scores)


@pytest.mark.parametrize(("masks", "said"), [
    (MASKS.float(), "masks > 0.5"), (MASKS.numpy(), "torch.as_tensor"), ([LEFT, RIGHT], "masks: a tensor"),
    (MASKS[..., 1:], "masks: N H W"), (MASKS[:, None], "masks: N H W"),
])  # fmt: skip
def test_masks_of_other_types_or_axes_are_refused(masks, said):
    with pytest.raises(ShapeError, match=said):
        ask(masks, ["cow", "dog"], [1.0, 1.0])
