import numpy as np
import pytest

from vostutor.core import ShapeError
from vostutor.metrics import confusion, mean_iou

GT = np.array([[0, 0, 1, 1], [2, 2, 255, 255]])
PRED = np.array([[0, 1, 1, 1], [2, 0, 0, 7]])


def test_a_table_counted_by_hand():
    assert confusion(GT, PRED, classes=3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def test_the_mean_of_the_classes():
    scores = mean_iou(confusion(GT, PRED, classes=3))  # 1/3, 2/3, 1/2
    assert scores.per_class == pytest.approx([1 / 3, 2 / 3, 1 / 2]) and scores.mean == pytest.approx(0.5)


def test_a_class_that_occurs_nowhere_does_not_count():
    scores = mean_iou(confusion(GT, PRED, classes=5))
    assert scores.mean == pytest.approx(0.5) and np.isnan(scores.per_class[3:]).all()


def test_a_class_that_is_only_predicted_counts_as_0():
    assert mean_iou(confusion(np.array([0, 0]), np.array([0, 1]), classes=2)).mean == 0.25


def test_without_any_class_there_is_no_mean():
    assert np.isnan(mean_iou(confusion(np.array([255]), np.array([0]), classes=2)).mean)


def test_what_is_ignored_changes_nothing():
    other = np.where(GT == 255, 1, PRED)
    assert np.array_equal(confusion(GT, PRED, 3), confusion(GT, other, 3))


def test_the_label_to_ignore_is_a_choice():
    assert confusion(np.array([0, 1]), np.array([0, 0]), classes=1, ignore=1).tolist() == [[1]]


def test_tables_of_parts_add_up_to_the_table_of_the_whole():
    rng = np.random.default_rng(0)
    gt, pred = rng.integers(0, 4, (2, 6, 5, 7))
    parts = sum(confusion(g, p, 4) for g, p in zip(gt, pred, strict=True))
    assert np.array_equal(parts, confusion(gt, pred, 4))


def test_it_equals_counting_class_by_class():
    rng = np.random.default_rng(1)
    gt, pred = rng.integers(0, 4, (2, 50, 60))
    gt[rng.random(gt.shape) < 0.2] = 255
    seen = gt != 255
    slow = [((gt == c) & (pred == c) & seen).sum() / (((gt == c) | (pred == c)) & seen).sum() for c in range(4)]
    assert mean_iou(confusion(gt, pred, 4)).per_class == pytest.approx(slow)


@pytest.mark.parametrize(
    ("gt", "pred"),
    [([0, 1], [0]), ([0.0], [0]), ([0], [0.5]), ([2], [0]), ([0], [2]), ([0], [255]), ([-1], [0]), ([0], [-1])],
)
def test_other_shapes_types_and_labels_are_refused(gt, pred):
    with pytest.raises(ShapeError):
        confusion(np.array(gt), np.array(pred), classes=2)


def test_a_table_that_is_not_square_is_refused():
    with pytest.raises(ShapeError, match="classes classes"):
        mean_iou(np.zeros((2, 3)))
