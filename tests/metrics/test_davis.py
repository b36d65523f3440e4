import weakref

import numpy as np
import pytest

from tests.metrics import oracle, seeded
from vostutor.core import DataError
from vostutor.data.minivos import draw_clip
from vostutor.metrics import boundary_f, semi_supervised, unsupervised
from vostutor.metrics.davis import SCORED_FRAMES, assign, count_objects

CLIPS = [("plain", 2), ("occlusion", 2), ("fast", 0)]  # three, three and two objects; one of them hidden for a while


def minivos(label, seed, void=False, frames=8):
    """Masks of a clip whose object 1 is gone in the last three frames, void at the right and the bottom, and 20 proposals."""
    gt = draw_clip(label, seed, frames=frames).ids.numpy().astype(np.uint8)
    objects = int(gt[0].max())
    gt[-3:][gt[-3:] == 1] = 0
    if void:
        gt[:, :, -25:], gt[:, -12:] = 255, 255
    rng = np.random.default_rng(seed)
    pred = seeded.with_objects(seeded.proposals(frames, *gt.shape[1:], seed), gt, objects, rng)
    return gt, pred, objects


def square(left=2, size=10):
    ids = np.zeros((size, size), np.uint8)
    ids[2:6, left : left + 4] = 1
    return ids


def test_the_first_and_the_last_frame_count_only_for_the_unsupervised_task():
    frames = list(range(5))
    assert frames[SCORED_FRAMES["semi-supervised"]] == [1, 2, 3]
    assert frames[SCORED_FRAMES["unsupervised"]] == frames
    assert not frames[:2][SCORED_FRAMES["semi-supervised"]]


def test_the_highest_id_of_the_first_mask_is_the_number_of_objects():
    assert count_objects(np.array([[0, 1, 3, 255]])) == 3 and count_objects(np.array([[0, 255]])) == 0


def test_each_object_has_its_row():
    gt = square() + 2 * square(6)
    gt[0:2], gt[8:] = 0, 0
    pred = np.where(gt == 2, 2, 0)
    curves = semi_supervised([(gt, gt), (gt, pred)], objects=2)
    assert curves.J.tolist() == [[1, 0], [1, 1]] and curves.F.tolist() == [[1, 0], [1, 1]]


def test_fewer_predicted_ids_are_padded_with_empty_masks():
    curves = semi_supervised([(square(), square()), (0 * square(), 0 * square())], objects=2)
    assert curves.J.tolist() == [[1, 1], [1, 1]]  # object 2 is nowhere, and nobody said it was


def test_void_is_background_for_the_semi_supervised_task():
    gt = square()
    gt[2:6, 6:8] = 255
    pred = np.where(gt == 255, 1, gt)
    assert semi_supervised([(gt, pred)], objects=1).J.tolist() == [[16 / 24]]
    assert unsupervised([(gt, pred)], objects=1).J.tolist() == [[1]]


@pytest.mark.parametrize(("label", "seed"), CLIPS)
def test_several_objects_equal_the_oracle(label, seed):
    gt, pred, objects = minivos(label, seed)
    pred = np.where(pred <= objects, pred, 0)
    scored = SCORED_FRAMES["semi-supervised"]
    curves = semi_supervised(zip(gt[scored], pred[scored], strict=True), objects)
    np.testing.assert_allclose(curves, oracle.semi_supervised(gt, pred, objects), rtol=0, atol=1e-12)


@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize(("label", "seed"), CLIPS)
def test_20_proposals_equal_the_oracle_that_tries_every_assignment(label, seed, void):
    gt, pred, objects = minivos(label, seed, void)
    assert len(np.unique(pred)) == 21
    curves = unsupervised(zip(gt, pred, strict=True), objects)
    np.testing.assert_allclose(curves, oracle.unsupervised(gt, pred, objects), rtol=0, atol=1e-12)


def test_the_best_assignment_is_not_the_greedy_one():
    assert assign(np.array([[0.9, 0.8], [0.8, 0.1]])).tolist() == [1, 0]


def test_a_proposal_serves_one_object_only():
    gt = square() + 2 * np.roll(square(), 3, axis=0) * (square() == 0)
    pred = (gt > 0).astype(np.uint8)
    curves = unsupervised([(gt, pred)], objects=2)
    assert sorted(row[0] > 0 for row in curves.J.tolist()) == [False, True]


def test_missing_proposals_are_right_only_where_the_object_is_hidden():
    curves = unsupervised([(square(), 0 * square()), (0 * square(), 0 * square())], objects=1)
    assert curves.J.tolist() == [[0, 1]] == curves.F.tolist()


def test_no_empty_proposal_is_added_where_there_are_enough():
    """An empty mask would score 0.5 here, more than the only proposal, which is wrong on both frames."""
    wrong = np.zeros((10, 10), np.uint8)
    wrong[8:, :2] = 1
    curves = unsupervised([(square(), wrong), (0 * square(), wrong)], objects=1)
    assert curves.J.tolist() == [[0, 0]]


def test_an_object_without_outline_meets_every_proposal():
    full = np.ones((10, 10), np.uint8)
    assert unsupervised([(full, 5 * full)], objects=1).F.tolist() == [[1]]
    nothing = unsupervised([(full, 0 * full)], objects=1)
    assert (nothing.J.item(), nothing.F.item()) == (0, 1)  # two masks without an outline agree about outlines


@pytest.mark.parametrize("direction", [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1)])
def test_a_proposal_counts_from_the_distance_at_which_its_outline_is_near(direction):
    """At 250x250 the radius is 3; gaps run from touching to out of reach."""
    gt = np.zeros((250, 250), np.uint8)
    gt[100:110, 100:110] = 1
    scores = []
    for gap in range(6):
        pred = np.roll(gt, [(10 + gap) * step for step in direction], axis=(0, 1))
        scores.append(unsupervised([(gt, pred)], objects=1).F.item())
        assert scores[-1] == boundary_f(gt, pred)
    assert scores[0] > 0 == scores[-1]


def test_rows_belong_to_objects_not_to_proposals():
    gt = square() + 2 * square(6)
    gt[0:2], gt[8:] = 0, 0
    pred = np.where(gt == 1, 9, np.where(gt == 2, 4, 0)).astype(np.uint8)
    pred[2] = np.where(pred[2] == 4, 0, pred[2])
    curves = unsupervised([(gt, pred)], objects=2)
    assert curves.J[:, 0].tolist() == [1, 0.75]


def test_a_renaming_of_proposals_changes_nothing():
    gt, pred, objects = minivos("plain", 2)
    names = np.concatenate([[0], np.random.default_rng(0).permutation(20) + 1]).astype(np.uint8)
    here, there = (unsupervised(zip(gt, p, strict=True), objects) for p in (pred, names[pred]))
    assert np.array_equal(here.J, there.J) and np.array_equal(here.F, there.F)


def test_one_pair_of_frames_is_held_at_a_time():
    alive = []

    def frames():
        for _ in range(12):
            pair = square(), square(3)
            alive.append(weakref.ref(pair[0]))
            yield pair
            del pair
            assert sum(ref() is not None for ref in alive) <= 2

    assert semi_supervised(frames(), 1).J.shape == unsupervised(frames(), 1).J.shape == (1, 12)


def test_an_id_that_the_annotation_lacks_is_refused_with_the_frame():
    with pytest.raises(DataError) as caught:
        semi_supervised([(square(), square()), (square(), 2 * square())], 1, names=["bear/00001.png", "bear/00002.png"])
    assert caught.value.expected == "ids 0 to 1 in bear/00002.png" and caught.value.got == "id 2"


def test_a_21st_proposal_is_refused():
    unsupervised([(square(), 20 * square())], 1)
    with pytest.raises(DataError, match="id 21"):
        unsupervised([(square(), 21 * square())], 1)


def test_void_in_a_prediction_is_refused_with_its_own_advice():
    with pytest.raises(DataError, match="255 is void"):
        semi_supervised([(square(), 255 * square())], 1)


@pytest.mark.parametrize("protocol", [semi_supervised, unsupervised])
def test_a_frame_of_another_size_is_refused(protocol):
    with pytest.raises(DataError, match="scored frame 0 at the annotation's size, 10x10"):
        protocol([(square(), square(size=12))], 1)
