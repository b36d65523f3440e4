import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.stored import DAMAGES, SIZE, blocks, damage, evaluate, stored
from tests.metrics import oracle, seeded
from vostutor.core import Clip, DataError, SettingsError, ShapeError
from vostutor.data.minivos import draw_clip
from vostutor.data.palette import write_ids
from vostutor.engine import evaluate_clip, evaluate_results
from vostutor.engine.evaluate import annotation_folder
from vostutor.engine.report import KEYS


def test_a_shift_of_one_pixel_has_the_score_counted_by_hand(place):
    stored(place / "results/bear", blocks(left=5))
    scores = evaluate(place).per_sequence()["bear"]
    assert scores["J-Mean"] == pytest.approx(30 / 42) and scores["F-Mean"] == 1 and scores["J-Decay"] == 0


def test_the_global_score_is_the_mean_over_objects_not_over_sequences(place):
    stored(place / "results/cows", 0 * blocks())
    report = evaluate(place)
    assert report.overall()["J-Mean"] == pytest.approx(2 / 5) and report.overall()["J&F-Mean"] == pytest.approx(2 / 5)
    assert report.per_sequence()["cows"]["J-Mean"] == 0 and list(report.per_sequence()["cows"]["per_object"]) == [
        "1",
        "2",
        "3",
    ]


def test_only_the_first_mask_says_how_many_objects_there_are(place):
    late = blocks(2)
    late[0][late[0] == 2] = 0
    stored(place / "root/Annotations/480p/bear", late)
    assert len(evaluate(place).sequences["bear"]) == 1


@pytest.mark.parametrize("part", ["official", "merged"])
def test_it_equals_the_reference_evaluator_on_real_video(davis, part):
    reference = json.loads((davis / "reference_scores.json").read_text())[part]
    report = evaluate_results(davis / "results_osvos", davis, merge_objects=part == "merged")
    assert sorted(report.sequences) == sorted(reference)
    for name, wanted in reference.items():
        assert {key: report.per_sequence()[name][key] for key in KEYS} == pytest.approx(wanted, abs=1e-9)


def test_sequences_of_two_and_three_predicted_objects_need_merging_on_real_video(davis):
    assert sorted(evaluate_results(davis / "results_osvos", davis).refused) == ["horsejump-high", "kite-surf"]


@pytest.mark.parametrize("task", ["semi-supervised", "unsupervised"])
def test_it_equals_the_oracle_on_minivos(task, tmp_path):
    gt = draw_clip("occlusion", 2, frames=8).ids.numpy().astype(np.uint8)
    objects, rng = int(gt[0].max()), np.random.default_rng(0)
    gt[:, :10] = 255
    pred = seeded.with_objects(seeded.proposals(*gt.shape, seed=1), gt, objects, rng)
    if task == "semi-supervised":
        pred = np.where(pred <= objects, pred, 0)
    stored(tmp_path / "root/Annotations/clip", gt)
    stored(tmp_path / "results/clip", pred)
    scores = evaluate(tmp_path, task=task).sequences["clip"]
    j, f = (oracle.semi_supervised if task == "semi-supervised" else oracle.unsupervised)(gt, pred, objects)
    for k, (own_j, own_f) in enumerate(zip(j, f, strict=True), start=1):
        assert [*scores[k].J, *scores[k].F] == pytest.approx([*own_j, *own_f], abs=1e-12)
        wanted = [*oracle.statistics(own_j.tolist()), *oracle.statistics(own_f.tolist())]
        assert [*scores[k].j, *scores[k].f] == pytest.approx(wanted, abs=1e-12)


def test_merged_objects_are_one(place):
    swapped = np.choose(blocks(3), [0, 3, 1, 2]).astype(np.uint8)
    stored(place / "results/cows", swapped)
    assert evaluate(place).per_sequence()["cows"]["J-Mean"] == 0
    merged = evaluate(place, merge_objects=True)
    assert merged.per_sequence()["cows"]["J-Mean"] == 1 and len(merged.sequences["cows"]) == 1


@pytest.mark.parametrize("task", ["semi-supervised", "unsupervised"])
def test_merging_leaves_void_what_it_is_for_the_task(place, task):
    gt = blocks(2)
    gt[:, 8:14, :6] = 255
    stored(place / "root/Annotations/480p/bear", gt)
    stored(place / "results/bear", (gt > 0).astype(np.uint8))
    mean = evaluate(place, task=task, merge_objects=True).per_sequence()["bear"]["J-Mean"]
    assert (mean == 1) == (task == "unsupervised")


def test_grey_masks_of_2016_hold_their_object_as_255(place):
    for kind in ("root/Annotations/480p/bear", "results/bear"):
        for t, mask in enumerate(blocks()):
            Image.fromarray(255 * mask).save(place / kind / f"{t:05d}.png")
    assert evaluate(place, merge_objects=True).per_sequence()["bear"]["J-Mean"] == 1
    assert "--merge-objects" in evaluate(place).refused["bear"].try_this


def test_the_first_and_the_last_result_are_not_needed(place):
    for t in (0, 4):
        (place / f"results/bear/{t:05d}.png").unlink()
    assert evaluate(place).per_sequence()["bear"]["J-Mean"] == 1
    assert "bear" in evaluate(place, task="unsupervised").refused


@pytest.mark.parametrize("folder", ["Annotations", "Annotations/480p"])
def test_masks_may_lie_with_or_without_480p(place, folder):
    other = place / "other"
    stored(other / folder / "bear", blocks())
    assert list(evaluate_results(place / "results", other).sequences) == ["bear"]


def test_the_unsupervised_task_has_masks_of_its_own_where_they_exist(place):
    assert annotation_folder(place / "root", "unsupervised") == place / "root/Annotations/480p"
    stored(place / "root/Annotations_unsupervised/480p/bear", blocks(2))
    assert annotation_folder(place / "root", "unsupervised") == place / "root/Annotations_unsupervised/480p"
    assert annotation_folder(place / "root") == place / "root/Annotations/480p"
    assert len(evaluate(place, task="unsupervised").sequences["bear"]) == 2


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_sequence_that_cannot_be_evaluated_is_named_and_the_others_are_evaluated(place, kind):
    expected, got, try_this = damage(place, kind)
    report = evaluate(place)
    assert sorted(report.sequences) == ["cows", "dogs"] and list(report.refused) == ["bear"]
    error = report.refused["bear"]
    assert error.expected.startswith(expected) and error.got.startswith(got) and try_this in error.try_this


def test_21_proposals_are_refused(place):
    write_ids(place / "results/bear/00000.png", 21 * blocks()[0])
    assert evaluate(place, task="unsupervised").refused["bear"].got == "id 21"


def test_results_without_masks_are_passed_over_and_said(place):
    stored(place / "results/zebra", blocks())
    report = evaluate(place)
    assert report.without_masks == ("zebra",) and not report.refused and len(report.sequences) == 3


@pytest.mark.parametrize(
    ("results", "root", "got"),
    [("results/bear", "root", "no folder"), ("nowhere", "root", "no such place"), ("root", "root", "Annotations")],
)
def test_results_in_another_layout_are_a_mistake(place, results, root, got):
    with pytest.raises(DataError, match=got):
        evaluate_results(place / results, place / root)


@pytest.mark.parametrize("root", ["nowhere", "results", "root/Annotations/480p"])
def test_a_root_in_another_layout_is_a_mistake(place, root):
    with pytest.raises(DataError, match="--data the folder that holds Annotations"):
        evaluate_results(place / "results", place / root)


def test_an_unknown_task_is_a_mistake(place):
    with pytest.raises(SettingsError, match="semi-supervised, unsupervised"):
        evaluate(place, task="interactive")


def test_progress_counts_every_frame_once_and_ends_at_the_total(place):
    damage(place, "foreign id")
    seen = []
    evaluate(place, progress=lambda *told: seen.append(told))
    done = [d for _, d, _ in seen]
    assert done == sorted(done) and done[-1] == 15 and {total for *_, total in seen} == {15}
    assert [name for name, *_ in seen][-1] == "dogs" and len(seen) >= 9


# One clip in memory


def clip_of(ids, **known):
    frames = torch.zeros(len(ids), 3, *ids.shape[1:], dtype=torch.uint8)
    return Clip(frames, torch.from_numpy(ids).long(), **known)


def test_a_clip_gives_curves_of_all_frames_and_statistics_without_the_first_and_the_last():
    pred = blocks()
    pred[0], pred[-1], pred[2] = 0, 0, 0
    scores = evaluate_clip(pred, clip_of(blocks()))[1]
    assert scores.J.tolist() == [0, 1, 0, 1, 0] == scores.F.tolist()
    assert scores.j == scores.f and scores.j.mean == pytest.approx(2 / 3)


def test_the_ids_of_a_clip_may_be_any(place):
    names = np.array([0, 7, 3], np.uint8)
    scores = evaluate_clip(names[blocks(2)], clip_of(names[blocks(2)], object_ids=(7, 3)))
    assert list(scores) == [7, 3] and all(s.j.mean == 1 for s in scores.values())


def test_a_clip_scores_like_the_same_clip_on_disk(tmp_path):
    clip = draw_clip("fast", 1, frames=8)
    pred = torch.roll(clip.ids, 2, dims=2)
    stored(tmp_path / "root/Annotations/clip", clip.ids)
    stored(tmp_path / "results/clip", pred)
    on_disk = evaluate(tmp_path).sequences["clip"]
    for k, scores in evaluate_clip(pred, clip).items():
        assert scores.j == on_disk[k].j and scores.f == on_disk[k].f
        assert scores.J[1:-1].tolist() == on_disk[k].J.tolist()


def test_void_in_a_clip_is_background():
    gt = blocks()
    gt[:, :4] = 255
    assert evaluate_clip(blocks(), clip_of(gt))[1].j.mean == 1


@pytest.mark.parametrize("value", [2, 255, 256, -1])
def test_an_id_that_the_clip_lacks_is_refused(value):
    pred = blocks().astype(np.int64)
    pred[1, 0, 0] = value
    with pytest.raises(DataError, match=f"got       {value} as well"):
        evaluate_clip(pred, clip_of(blocks()))


@pytest.mark.parametrize("pred", [blocks()[:4], blocks()[:, :-1], blocks().astype(float)])
def test_another_shape_or_type_is_refused(pred):
    with pytest.raises(ShapeError, match="pred_ids"):
        evaluate_clip(pred, clip_of(blocks()))


def test_a_clip_without_masks_objects_or_three_frames_is_refused():
    frames = torch.zeros(5, 3, *SIZE, dtype=torch.uint8)
    for clip in (Clip(frames), Clip(frames, object_ids=(1,)), clip_of(0 * blocks()), clip_of(blocks(frames=2))):
        with pytest.raises(DataError, match="at least three frames"):
            evaluate_clip(blocks(frames=len(clip)), clip)
