import time

import numpy as np
import pytest

from tests.metrics import oracle, seeded
from vostutor.metrics import boundary_f, contour_radius, jaccard
from vostutor.metrics.contour import dilate
from vostutor.metrics.regions import cut, grow, j_and_f


def regions(gt, pred):
    return cut(gt.astype(np.uint8), 1), cut(pred.astype(np.uint8), 1)


def test_a_region_is_the_box_with_a_margin_of_one_where_the_image_has_one():
    ids = np.zeros((20, 30), np.uint8)
    ids[5:9, 26:30] = 4
    region = cut(ids, 4)
    assert (region.top, region.left, region.mask.shape, region.area) == (4, 25, (6, 5), 16)


def test_a_label_that_is_not_there_has_no_region():
    assert cut(np.zeros((4, 4), np.uint8), 1) is None


def test_an_empty_mask_against_a_full_frame_has_no_overlap_but_no_outline_either():
    full = cut(np.ones((6, 6), np.uint8), 1)
    assert j_and_f(None, full, 1) == (0, 1) and j_and_f(full, None, 1) == (0, 1)
    assert j_and_f(None, None, 1) == (1, 1)


def test_cutting_changes_no_score():
    for gt, pred in seeded.masks(seed=7):
        j, f = j_and_f(*regions(gt, pred), contour_radius(*gt.shape))
        assert j == jaccard(gt, pred) and f == boundary_f(gt, pred)


@pytest.mark.parametrize("radius", [1, 2, 5, 8])
def test_cutting_changes_no_score_at_any_radius_and_place(radius):
    rng = np.random.default_rng(radius)
    for _ in range(40):
        gt, pred = np.zeros((2, 50, 60), bool)
        for mask in (gt, pred):
            (y0, y1), (x0, x1) = np.sort(rng.integers(0, 51, 2)), np.sort(rng.integers(0, 61, 2))
            mask[y0:y1, x0:x1] = rng.random((y1 - y0, x1 - x0)) < rng.choice([0.03, 0.97, 1])
        j, f = j_and_f(*regions(gt, pred), radius)
        assert j == jaccard(gt, pred) and f == boundary_f(gt, pred, bound_th=radius)


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 4, 8, 9, 12])
def test_growing_on_one_long_row_equals_dilation(radius):
    rng = np.random.default_rng(radius)
    inside = slice(radius, -radius or None)
    for shape in [(1, 1), (5, 40), (40, 5), (30, 30)]:
        mask = rng.random(shape) < 0.05
        canvas = np.pad(mask, radius)
        assert np.array_equal(grow(canvas, radius), dilate(canvas, radius))
        filled = rng.random(canvas.shape) < 0.05  # what grows out of a row must not reach the inside of the next
        assert np.array_equal(grow(filled, radius)[:, inside], dilate(filled, radius)[:, inside])


def test_a_frame_at_480p_is_at_least_20_times_cheaper_than_the_formulas():
    gt, pred = seeded.proposals(2, 480, 854, seed=0)
    radius, pair = contour_radius(480, 854), (gt == 7, pred == 7)

    def cpu(score, repeats):
        start = time.process_time()
        for _ in range(repeats):
            value = score()
        return (time.process_time() - start) / repeats, value

    fast, scores = cpu(lambda: j_and_f(cut(gt, 7), cut(pred, 7), radius), 20)
    slow, wanted = cpu(lambda: (oracle.j(*pair), oracle.f(*pair)), 1)
    assert scores == pytest.approx(wanted, abs=1e-12)
    assert slow > 20 * fast  # about 1000 on an idle core
