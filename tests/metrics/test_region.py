import numpy as np
import pytest
import torch

from tests.metrics import oracle, seeded
from vostutor.core import ShapeError
from vostutor.metrics import jaccard

EMPTY = np.zeros((10, 10), bool)
A = EMPTY.copy()
A[2:6, 2:6] = True


def moved(mask, columns):
    return np.roll(mask, columns, axis=1)


def left_half(mask):
    half = mask.copy()
    half[:, 4:] = False
    return half


def one_pixel(y, x):
    mask = EMPTY.copy()
    mask[y, x] = True
    return mask


LEFT_FOUR = EMPTY.copy()
LEFT_FOUR[:, :4] = True

# section 9 of the specification: ground truth, prediction, void, J, F
VECTORS = {
    "itself": (A, A, None, 1, 1),
    "both empty": (EMPTY, EMPTY, None, 1, 1),
    "prediction empty": (A, EMPTY, None, 0, 0),
    "ground truth empty": (EMPTY, A, None, 0, 0),
    "1 to the right": (A, moved(A, 1), None, 0.6, 1),
    "2 to the right": (A, moved(A, 2), None, 1 / 3, 0.625),
    "3 to the right": (A, moved(A, 3), None, 1 / 7, 0.5625),
    "left half": (A, left_half(A), None, 0.5, 11 / 14),
    "all ones": (A, ~EMPTY, None, 0.16, 0),
    "both all ones": (~EMPTY, ~EMPTY, None, 1, 1),
    "single pixel": (one_pixel(4, 4), one_pixel(4, 4), None, 1, 1),
    "bottom-right pixel": (one_pixel(9, 9), one_pixel(9, 9), None, 1, 1),
    "2 to the right, void": (A, moved(A, 2), LEFT_FOUR, 0.5, 11 / 14),
    "void everywhere": (A, EMPTY, ~EMPTY, 1, 1),
}

# squares of 64x64: by how much the prediction moves or grows, J, F
SHIFTS = {1: (0.939394, 1), 2: (0.882353, 0.515625), 3: (0.828571, 0.5), 5: (0.729730, 0.46875)}
GROWTHS = {-2: (0.765625, 0), -1: (0.878906, 0.984127), 1: (0.885813, 0.985075), 2: (0.790123, 0)}


def square(grown=0):
    mask = np.zeros((64, 64), bool)
    mask[16 - grown : 48 + grown, 16 - grown : 48 + grown] = True
    return mask


@pytest.mark.parametrize("case", VECTORS)
def test_the_table_of_the_specification(case):
    gt, pred, void, j, _ = VECTORS[case]
    assert jaccard(gt, pred, void) == pytest.approx(j, abs=1e-12)


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_square_that_moves(shift):
    assert jaccard(square(), moved(square(), shift)) == pytest.approx(SHIFTS[shift][0], abs=5e-7)


@pytest.mark.parametrize("growth", GROWTHS)
def test_a_square_that_grows(growth):
    assert jaccard(square(), square(growth)) == pytest.approx(GROWTHS[growth][0], abs=5e-7)


def test_a_stack_of_frames_gives_a_value_for_each():
    assert jaccard(np.stack([A, EMPTY, A]), np.stack([A, EMPTY, EMPTY])).tolist() == [1, 1, 0]


def test_batched_equals_single_over_any_leading_axes():
    rng = np.random.default_rng(0)
    gt, pred, void = rng.random((3, 2, 4, 7, 9)) < 0.5
    single = [[jaccard(gt[i, k], pred[i, k], void[i, k]) for k in range(4)] for i in range(2)]
    assert jaccard(gt, pred, void).tolist() == single


def test_it_is_symmetric_and_blind_to_flips_and_moves():
    for gt, pred in seeded.masks(seed=1):
        assert (
            jaccard(gt, pred)
            == jaccard(pred, gt)
            == jaccard(gt[::-1], pred[::-1])
            == jaccard(gt[:, ::-1], pred[:, ::-1])
        )
    inside = np.pad(A, 5)
    assert jaccard(inside, moved(inside, 1)) == jaccard(moved(inside, 4), moved(inside, 5))


def test_it_equals_the_oracle_with_and_without_void():
    rng = np.random.default_rng(2)
    for gt, pred in seeded.masks(seed=2):
        void = rng.random(gt.shape) < 0.3
        assert jaccard(gt, pred) == pytest.approx(oracle.j(gt, pred), abs=1e-12)
        assert jaccard(gt, pred, void) == pytest.approx(oracle.j(gt, pred, void), abs=1e-12)


def test_integers_of_0_and_1_and_tensors_are_masks_too():
    assert jaccard(A.astype(np.int64), torch.from_numpy(moved(A, 1)).int()) == 0.6


def test_ids_of_several_objects_are_refused_with_the_way_to_one_object():
    with pytest.raises(ShapeError) as caught:
        jaccard(A, 2 * A.astype(np.int64))
    assert caught.value.got == "values from 0 to 2" and caught.value.try_this == "pred == 1 for object 1"


def test_negative_values_are_refused():
    with pytest.raises(ShapeError, match="-1 to 0"):
        jaccard(A, -A.astype(np.int64))


def test_probabilities_are_refused_with_the_way_to_a_mask():
    with pytest.raises(ShapeError, match="pred > 0.5"):
        jaccard(A, A.astype(np.float32))


@pytest.mark.parametrize("other", [A[:9], A[None], A[0]])
def test_masks_of_another_shape_are_refused(other):
    with pytest.raises(ShapeError):
        jaccard(A, other)
    if other.ndim > 1:
        with pytest.raises(ShapeError, match="void"):
            jaccard(A, A, void=other)
