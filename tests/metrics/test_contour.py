import numpy as np
import pytest
import torch

from tests.metrics import oracle, seeded
from tests.metrics.test_region import EMPTY, GROWTHS, SHIFTS, VECTORS, A, moved, one_pixel, square
from vostutor.core import ShapeError
from vostutor.metrics import boundary, boundary_f, contour_radius, disk, match_boundaries
from vostutor.metrics.contour import dilate


@pytest.mark.parametrize("case", VECTORS)
def test_the_table_of_the_specification(case):
    gt, pred, void, _, f = VECTORS[case]
    assert boundary_f(gt, pred, void) == pytest.approx(f, abs=1e-12)


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_square_that_moves(shift):
    assert boundary_f(square(), moved(square(), shift)) == pytest.approx(SHIFTS[shift][1], abs=5e-7)


@pytest.mark.parametrize("growth", GROWTHS)
def test_a_square_that_grows(growth):
    assert boundary_f(square(), square(growth)) == pytest.approx(GROWTHS[growth][1], abs=5e-7)


def test_a_square_of_4_has_a_ring_of_16_that_starts_one_pixel_earlier():
    edge = boundary(A)
    ring = EMPTY.copy()
    ring[1:6, 1:6] = True
    ring[2:5, 2:5] = False
    assert np.array_equal(edge, ring) and edge.sum() == 16


@pytest.mark.parametrize(("y", "x", "length"), [(4, 4, 4), (9, 9, 3), (0, 0, 1), (9, 4, 4), (4, 9, 4), (0, 9, 2)])
def test_the_outline_of_a_single_pixel(y, x, length):
    assert boundary(one_pixel(y, x)).sum() == length


def test_the_outline_of_the_large_square_has_128_pixels():
    assert boundary(square()).sum() == 128


def test_a_full_mask_and_an_empty_one_have_no_outline():
    assert not boundary(~EMPTY).any() and not boundary(EMPTY).any()


@pytest.mark.parametrize(
    ("size", "radius"),
    [
        ((10, 10), 1),
        ((64, 64), 1),
        ((100, 100), 2),
        ((128, 128), 2),
        ((240, 432), 4),
        ((360, 640), 6),
        ((480, 854), 8),
        ((480, 910), 9),
        ((720, 1280), 12),
    ],
)
def test_the_radius_is_a_share_of_the_diagonal_rounded_up(size, radius):
    assert contour_radius(*size) == radius


def test_a_threshold_from_1_on_is_pixels():
    assert contour_radius(480, 854, bound_th=1) == 1 and contour_radius(10, 10, bound_th=5) == 5


@pytest.mark.parametrize(("radius", "pixels"), [(0, 1), (1, 5), (2, 13), (4, 49), (8, 197)])
def test_the_disk_is_round(radius, pixels):
    assert disk(radius).sum() == pixels and disk(radius).shape == (2 * radius + 1,) * 2


def test_a_stack_of_frames_gives_a_value_for_each():
    assert boundary_f(np.stack([A, EMPTY, A]), np.stack([A, EMPTY, EMPTY])).tolist() == [1, 1, 0]


def test_batched_equals_single_over_any_leading_axes():
    rng = np.random.default_rng(0)
    gt, pred, void = rng.random((3, 2, 3, 12, 9)) < 0.1
    single = [[boundary_f(gt[i, k], pred[i, k], void[i, k]) for k in range(3)] for i in range(2)]
    assert boundary_f(gt, pred, void).tolist() == single
    assert np.array_equal(boundary(gt)[1, 2], boundary(gt[1, 2]))
    assert boundary_f(gt[:0], pred[:0]).shape == (0, 3)


def test_it_is_symmetric_and_precision_and_recall_change_places():
    for gt, pred in seeded.masks(seed=1):
        there, back = match_boundaries(gt, pred, 2), match_boundaries(pred, gt, 2)
        assert there.f == pytest.approx(back.f, abs=1e-12)
        assert (there.precision, there.recall) == (back.recall, back.precision)


def test_it_is_blind_to_flips_and_moves_away_from_the_border():
    for gt, pred in seeded.masks(seed=3):
        gt, pred = np.pad(gt, 6), np.pad(pred, 6)
        f = boundary_f(gt, pred, bound_th=2)
        assert f == pytest.approx(boundary_f(gt[::-1], pred[::-1], bound_th=2), abs=1e-12)
        assert f == pytest.approx(boundary_f(gt[:, ::-1], pred[:, ::-1], bound_th=2), abs=1e-12)
        assert f == boundary_f(moved(gt, 2), moved(pred, 2), bound_th=2)


def test_it_grows_with_the_radius_up_to_1_where_both_have_an_outline():
    for gt, pred in seeded.masks(seed=4):
        values = [match_boundaries(gt, pred, radius).f for radius in (0, 1, 2, 4, 60)]
        assert values == sorted(values)
        if boundary(gt).any() and boundary(pred).any():
            assert values[-1] == 1


def test_outlines_and_dilation_equal_the_oracle():
    for gt, _ in seeded.masks(seed=5):
        assert np.array_equal(boundary(gt), oracle.seg2bmap(gt) > 0)
        for radius in (0, 1, 3, 8):
            assert np.array_equal(dilate(gt, radius), oracle.dilated(gt.astype(float), radius) > 0)


@pytest.mark.parametrize("bound_th", [0.008, 0.1, 3])
def test_it_equals_the_oracle_with_and_without_void(bound_th):
    rng = np.random.default_rng(6)
    for gt, pred in seeded.masks(seed=6):
        void = rng.random(gt.shape) < 0.1
        assert boundary_f(gt, pred, bound_th=bound_th) == pytest.approx(oracle.f(gt, pred, None, bound_th), abs=1e-12)
        assert boundary_f(gt, pred, void, bound_th) == pytest.approx(oracle.f(gt, pred, void, bound_th), abs=1e-12)


def test_the_pieces_of_f_fit_together():
    gt, pred = A, moved(A, 2)
    match = match_boundaries(gt, pred, radius=1)
    assert np.array_equal(match.gt, boundary(gt)) and np.array_equal(match.pred, boundary(pred))
    assert np.array_equal(match.gt_band, dilate(match.gt, 1)) and np.array_equal(match.pred_band, dilate(match.pred, 1))
    assert np.array_equal(match.gt_matched, match.gt & match.pred_band)
    assert np.array_equal(match.pred_matched, match.pred & match.gt_band)
    assert match.precision == match.pred_matched.sum() / match.pred.sum() == 0.625
    assert match.recall == match.gt_matched.sum() / match.gt.sum() == 0.625
    assert match.f == boundary_f(gt, pred)


def test_a_false_alarm_costs_precision_and_a_miss_costs_recall():
    both = A | one_pixel(8, 8)
    alarm, miss = match_boundaries(A, both, radius=1), match_boundaries(both, A, radius=1)
    assert (alarm.precision, alarm.recall) == (16 / 20, 1) and (miss.precision, miss.recall) == (1, 16 / 20)


def test_tensors_and_integers_are_masks_too():
    assert boundary_f(torch.from_numpy(A), moved(A, 2).astype(np.uint8)) == 0.625


@pytest.mark.parametrize("bound_th", [-0.1, float("nan"), float("inf")])
def test_a_threshold_that_is_none_is_refused(bound_th):
    with pytest.raises(ShapeError, match="bound_th"):
        boundary_f(A, A, bound_th=bound_th)


@pytest.mark.parametrize("radius", [-1, 1.5])
def test_a_radius_that_is_no_number_of_pixels_is_refused(radius):
    with pytest.raises(ShapeError, match="radius"):
        match_boundaries(A, A, radius)


def test_a_batch_is_refused_where_pictures_are_drawn():
    with pytest.raises(ShapeError, match="one frame at a time"):
        match_boundaries(A[None], A[None], 1)


def test_ids_and_other_shapes_are_refused():
    with pytest.raises(ShapeError, match="one object at a time"):
        boundary(3 * A.astype(np.uint8))
    with pytest.raises(ShapeError, match="same shape"):
        boundary_f(A, A[:9])
