import csv
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tests.metrics import oracle, seeded
from vostutor.__main__ import main
from vostutor.core import Clip, DataError, SettingsError, ShapeError
from vostutor.data.minivos import draw_clip
from vostutor.data.palette import write_ids
from vostutor.engine import evaluate_clip, evaluate_results
from vostutor.engine.evaluate import annotation_folder
from vostutor.engine.report import KEYS

SIZE = 24, 32


def blocks(objects=1, frames=5, left=4):
    """uint8 (T,H,W): squares side by side, one pixel further to the right in every frame."""
    ids = np.zeros((frames, *SIZE), np.uint8)
    for t in range(frames):
        for k in range(objects):
            ids[t, 8:14, left + t + 7 * k : left + t + 7 * k + 6] = k + 1
    return ids


def stored(folder, ids):
    for t, mask in enumerate(ids):
        write_ids(folder / f"{t:05d}.png", mask)
    return folder


@pytest.fixture
def place(tmp_path):
    """Three sequences with perfect results: bear (1 object), cows (3) and dogs (1)."""
    for name, objects in (("bear", 1), ("cows", 3), ("dogs", 1)):
        stored(tmp_path / "root/Annotations/480p" / name, blocks(objects))
        stored(tmp_path / "results" / name, blocks(objects))
    return tmp_path


def evaluate(place, **options):
    return evaluate_results(place / "results", place / "root", **options)


def run(monkeypatch, *words):
    """The exit code of the command line."""
    monkeypatch.setattr(sys, "argv", ["vostutor", "evaluate", *map(str, words)])
    with pytest.raises(SystemExit) as exit_:
        main()
    return exit_.value.code


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


def damage(place, kind):
    """Spoil the results of bear; what the report has to say about it."""
    results, truth = place / "results/bear", place / "root/Annotations/480p/bear"
    if kind == "foreign id":
        write_ids(results / "00002.png", 2 * blocks()[2])
        return "ids 0 to 1 in bear/00002.png", "id 2", "--merge-objects"
    if kind == "void predicted":
        write_ids(results / "00002.png", 255 * blocks()[2])
        return "ids 0 to 1 in bear/00002.png", "id 255", "255 is void"
    if kind == "missing frames":
        for t in (1, 3):
            (results / f"0000{t}.png").unlink()
        return "a PNG for each of the 3 scored frames of bear", "1 (00001, 00003 missing)", "bear/00001.png"
    if kind == "another size":
        write_ids(results / "00003.png", blocks()[3][:, :-1])
        return "bear/00003.png at the annotation's size, 32x24", "31x24", "nearest"
    if kind == "corrupt":
        (results / "00001.png").write_bytes((results / "00001.png").read_bytes()[:60])
        return "a whole PNG file bear/00001.png", "", "again"
    if kind == "corrupt annotation":
        (truth / "00000.png").write_bytes(b"")
        return "a whole PNG file bear/00000.png", "", "again"
    if kind == "colours":
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(results / "00001.png")
        return "a mask bear/00001.png that stores ids", "mode RGB", "write_ids"
    if kind == "two frames":
        for t in (2, 3, 4):
            (truth / f"0000{t}.png").unlink()
        return "at least 3 masks of bear", "2", "unsupervised"
    if kind == "unreadable":
        (results / "00001.png").unlink()
        (results / "00001.png").mkdir()
        return "a mask bear/00001.png", "is a directory", "ls -l bear/00001.png"
    assert kind == "no object"
    write_ids(truth / "00000.png", 0 * blocks()[0])
    return "at least one object in the first mask, bear/00000.png", "background only", "annotate"


DAMAGES = [
    "foreign id",
    "void predicted",
    "missing frames",
    "another size",
    "corrupt",
    "corrupt annotation",
    "colours",
    "two frames",
    "unreadable",
    "no object",
]


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


def test_json_holds_scores_provenance_and_what_was_left_out(place):
    damage(place, "foreign id")
    told = json.loads(evaluate(place).save(place / "out/scores.json").read_text())
    assert (told["task"], told["merge_objects"], told["results"], told["data"]) == (
        "semi-supervised",
        False,
        "results",
        "root",
    )
    assert sorted(told["global"]) == sorted(["J&F-Mean", *KEYS])
    assert list(told["per_sequence"]) == ["cows", "dogs"]
    assert sorted(told["per_sequence"]["cows"]) == sorted([*KEYS, "per_object"])
    assert told["per_sequence"]["cows"]["per_object"]["3"] == dict.fromkeys(KEYS, 1.0) | {"J-Decay": 0, "F-Decay": 0}
    assert told["not_evaluated"]["bear"]["got"] == "id 2"


def test_csv_holds_a_line_for_all_for_each_sequence_and_each_object(place):
    with evaluate(place).save(place / "scores.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["sequence"] + line["object"] for line in lines] == [
        "allmean", "bearmean", "bear1", "cowsmean", "cows1", "cows2", "cows3", "dogsmean", "dogs1",
    ]  # fmt: skip
    assert all(float(line["J&F-Mean"]) == 1 for line in lines)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
@pytest.mark.parametrize("kind", DAMAGES)
def test_no_file_names_a_place_on_this_machine(place, kind, suffix):
    damage(place, kind)
    assert str(place) not in evaluate(place).save(place / f"scores{suffix}").read_text()


def test_the_command_prints_the_table_and_saves_it(place, monkeypatch, capsys):
    out = place / "scores.json"
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", out) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("bear", "cows", "dogs", "all", "J&F", "decay", "1.000", f"wrote {out}"))
    assert json.loads(out.read_text())["global"]["J-Mean"] == 1


def test_the_command_exits_with_1_and_says_why_where_a_sequence_was_left_out(place, monkeypatch, capsys):
    damage(place, "missing frames")
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", place / "scores.csv") == 1
    printed = capsys.readouterr()
    assert "bear: not evaluated" in printed.err and "00001, 00003 missing" in printed.err and "cows" in printed.out
    assert (place / "scores.csv").exists()


def test_the_command_exits_with_1_where_nothing_could_be_evaluated(place, monkeypatch, capsys):
    damage(place, "corrupt")
    for other in ("cows", "dogs"):
        (place / "results" / other).rename(place / other)
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", place / "scores.json") == 1
    assert json.loads((place / "scores.json").read_text())["global"] == {}


def test_the_command_merges_objects_and_takes_the_task(place, monkeypatch, capsys):
    words = [place / "results", "--data", place / "root", "--merge-objects", "--task", "unsupervised"]
    assert run(monkeypatch, *words, "--out", place / "scores.json") == 0
    told = json.loads((place / "scores.json").read_text())
    assert told["merge_objects"] and told["task"] == "unsupervised"
    assert list(told["per_sequence"]["cows"]["per_object"]) == ["1"]


@pytest.mark.parametrize("out", ["scores.txt", "scores", "results", "results/bear/00000.png/scores.json"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work_starts(place, out, monkeypatch, capsys):
    monkeypatch.setattr("vostutor.engine.evaluate.read_ids", lambda path: pytest.fail("the work has started"))
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", place / out) == 2
    assert "try       " in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--task", "interactive"], ["--data", "nowhere"]])
def test_a_mistake_exits_with_2_and_advice(place, words, monkeypatch, capsys):
    assert run(monkeypatch, place / "results", "--data", place / "root", *words) == 2
    assert "expected  " in capsys.readouterr().err


def test_the_command_needs_no_torch(place):
    code = (
        "import sys; sys.argv = ['vostutor', 'evaluate', *sys.argv[1:]]\n"
        "from vostutor.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as exit: assert exit.code == 0, exit.code\n"
        "assert 'torch' not in sys.modules and 'scipy' in sys.modules"
    )
    words = [place / "results", "--data", place / "root", "--task", "unsupervised"]
    subprocess.run([sys.executable, "-c", code, *map(str, words)], check=True, capture_output=True)


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
    clip = draw_clip("fast", 1, frames=6)
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
