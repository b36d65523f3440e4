"""The fixed experiment: its scores, its pairs, its table, and that nothing is measured twice."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import pools, transfer
from benchmarks.ladder import SCORES, Gain, Row, earlier_rows, paired_gain, read_rows, table, write_row
from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.data.davis import DavisRoot
from vostutor.data.minivos import draw_training_clip
from vostutor.data.place import home
from vostutor.data.pool import Pool


def row(variant, seed, value, judged=0.0):
    scores = {name: dict.fromkeys(SCORES, value) for name in transfer.CHOOSE}
    scores |= {name: dict.fromkeys(SCORES, judged) for name in transfer.JUDGE}
    return Row(variant, seed, "abc", {"foreground": 1}, {"foreground": 0.1}, scores)


def test_the_auc_of_frames_by_hand_counts_an_empty_one_a_half():
    # object 3 and 1, background 2 and 0: of four pairs, only (1, 2) is out of order; the second frame shows nothing
    logits, masks = np.array([[3.0, 2.0, 1.0, 0.0]] * 2), np.array([[True, False, True, False], [False] * 4])
    assert transfer.frames_auc(logits[:1], masks[:1]) == 0.75
    assert transfer.frames_auc(logits, masks) == (0.75 + 0.5) / 2


def test_a_gain_by_hand():
    gain = paired_gain({0: 0.5, 1: 0.6, 2: 0.7}, {0: 0.4, 1: 0.4, 2: 0.4})
    # differences .1 .2 .3: mean .2, deviation .1, standard error .1 / sqrt 3 = .0577; .2 is beyond .1155
    assert gain.mean == pytest.approx(0.2) and gain.error == pytest.approx(0.1 / 3**0.5)
    assert (gain.pairs, gain.verdict) == (3, "gains")


def test_only_seeds_that_both_have_make_pairs():
    assert paired_gain({0: 0.5, 1: 0.9}, {0: 0.4, 7: 0.1}) == Gain(0.1, None, 1)
    assert paired_gain({0: 0.5}, {1: 0.4}) is None


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        (Gain(0.05, 0.02, 3), "gains"),
        (Gain(-0.05, 0.02, 3), "loses"),
        (Gain(0.04, 0.02, 3), "neither"),
        (Gain(0.5, None, 1), "neither"),
    ],
)
def test_a_verdict_needs_more_than_two_standard_errors(gain, verdict):
    assert gain.verdict == verdict


def test_the_table_compares_with_the_rung_before_or_a_named_base():
    rows = [
        row(name, seed, value + seed / 500) for name, value in (("a", 0.1), ("b", 0.3), ("c", 0.2)) for seed in (0, 1)
    ]
    ladder, against_a = table(rows, transfer.CHOOSE, None), table(rows, transfer.CHOOSE, "a")
    assert ladder.splitlines()[2].startswith("| a | 0, 1 |  | 0.101 |  |")
    assert ladder.splitlines()[4].startswith("| c | 0, 1 | b | 0.201 | -0.100 ± 0.000 loses |")
    assert against_a.splitlines()[4].startswith("| c | 0, 1 | a | 0.201 | +0.100 ± 0.000 gains |")


def test_the_judging_half_is_shown_only_when_asked_for(tmp_path, capsys):
    write_row(tmp_path / "rows.json", row("first", 0, 0.25, judged=0.75))
    transfer.main(["--table", "--file", str(tmp_path / "rows.json")])
    assert "0.250" in (hidden := capsys.readouterr().out) and "0.750" not in hidden
    transfer.main(["--table", "--judge", "--file", str(tmp_path / "rows.json")])
    assert "0.750" in capsys.readouterr().out


def test_a_row_is_written_whole_and_replaces_only_its_own(tmp_path):
    file = tmp_path / "rows.json"
    for each in (row("a", 0, 0.1), row("a", 1, 0.2), row("a", 0, 0.3)):
        write_row(file, each)
    assert [(r.seed, r.mean("auc", transfer.CHOOSE)) for r in read_rows(file)] == [
        (1, pytest.approx(0.2)),
        (0, pytest.approx(0.3)),
    ]
    assert len(json.loads(file.read_text())["rows"]) == 2


def test_a_row_that_is_replaced_stays_among_the_earlier_ones(tmp_path):
    file = tmp_path / "rows.json"
    old, new = replace(row("mixture", 0, 0.25), fingerprint="old"), row("mixture", 0, 0.5)
    write_row(file, old)
    write_row(file, new)
    assert read_rows(file) == [new] and earlier_rows(file) == [old]
    write_row(file, row("first", 0, 0.1))
    assert earlier_rows(file) == [old]


def test_seeds_of_several_generators_are_not_averaged():
    rows = [row("mixture", 0, 0.25), replace(row("mixture", 1, 0.5), fingerprint="old")]
    with pytest.raises(DataError, match="one generator"):
        table(rows, transfer.CHOOSE, None)


def test_what_was_measured_is_not_measured_again(tmp_path, monkeypatch):
    file = tmp_path / "rows.json"
    monkeypatch.setattr(transfer, "real_sequence", lambda root, name: name)
    monkeypatch.setattr(
        transfer,
        "DavisRoot",
        lambda data, year: type("Root", (), {"sequences": lambda _: transfer.CHOOSE + transfer.JUDGE})(),
    )
    monkeypatch.setattr(transfer, "draw_pool", lambda variant, seed: None)
    asked = []
    monkeypatch.setattr(transfer, "fingerprint", lambda variant: "today")

    def measured(variant, seed, *_):
        asked.append(seed)
        return replace(row(variant, seed, 0.5), fingerprint="today")

    monkeypatch.setattr(transfer, "run", measured)
    for _ in range(2):
        transfer.main(["--data", "anywhere", "--variant", "first", "--seed", "0", "1", "--file", str(file)])
    assert asked == [0, 1]
    monkeypatch.setattr(transfer, "fingerprint", lambda variant: "tomorrow")
    transfer.main(["--data", "anywhere", "--variant", "first", "--seed", "0", "--file", str(file)])
    assert asked == [0, 1, 0]  # by another generator it is


def test_a_run_scores_every_sequence(monkeypatch):
    monkeypatch.setattr(transfer, "FOREGROUND_STEPS", 1)
    monkeypatch.setattr(transfer, "MATCHER_STEPS", 1)
    monkeypatch.setattr(transfer, "ONE_SHOT_STEPS", 1)
    frames = torch.randint(0, 255, (2, 4, 3, 32, 48), dtype=torch.uint8)
    ids = torch.zeros(2, 4, 32, 48, dtype=torch.uint8)
    ids[:, :, 8:20, 10:30] = 1
    done = transfer.run("first", 0, Pool(frames, ids, ("plain",) * 2), {"x": (frames[0], ids[0] > 0)})
    assert done.scores["x"].keys() == {*SCORES} and all(0 <= value <= 1 for value in done.scores["x"].values())
    assert done.fingerprint == pools.FIRST_COMMIT and done.steps["matcher"] == 1


def test_a_filmed_sequence_is_shrunk_and_every_second_frame_taken():
    root = DavisRoot(home() / "minivos")
    frames, masks = transfer.real_sequence(root, root.sequences("val")[0])
    assert (frames.shape, frames.dtype) == ((8, 3, 96, 160), torch.uint8)
    assert (masks.shape, masks.dtype) == ((8, 96, 160), torch.bool)
    assert masks[0].any()


def test_data_without_the_six_sequences_is_refused(tmp_path):
    with pytest.raises(DataError, match="6 missing"):
        transfer.main(["--data", str(home() / "minivos"), "--variant", "first", "--file", str(tmp_path / "rows.json")])


def test_an_unknown_variant_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="first"):
        pools.draw_pool("frist", 0)


def test_a_pool_is_drawn_once_and_then_read(tmp_path, monkeypatch):
    calls = []

    def draw(seed, clips, frames):
        calls.append(seed)
        for _ in range(clips):
            yield Clip(
                torch.full((frames, 3, 4, 4), seed % 251, dtype=torch.uint8),
                torch.ones(frames, 4, 4, dtype=torch.int64),
                labels={"toy"},
            )

    monkeypatch.setattr(pools, "KEPT", tmp_path)
    monkeypatch.setattr(pools, "VARIANTS", ("toy",))
    monkeypatch.setitem(pools.DRAWN, "toy", draw)
    first, second = (pools.draw_pool("toy", 3, 2, 2) for _ in range(2))
    assert calls == [3 * pools.SEEDS_APART] and torch.equal(first.frames, second.frames)
    assert pools.CLIPS < pools.SEEDS_APART


def test_the_first_minivos_is_drawn_by_its_own_code():
    try:
        (clip,) = pools.draw_first(3, 1, 8)
    except DataError:
        pytest.skip("a clone without the commit")
    assert (clip.frames.shape, clip.ids.shape) == ((8, 3, 96, 160), (8, 96, 160))
    assert set(clip.object_ids) <= {1, 2, 3} and clip.ids[0].any()


def test_a_clone_without_the_commit_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setattr(pools, "FIRST_COMMIT", "0000000")
    with pytest.raises(DataError, match="unshallow"):
        next(pools.draw_first(0, 1, 8))


def test_every_rung_of_the_ladder_is_a_variant_with_a_fingerprint_of_its_own():
    names = ["first", "mixture", "bare", *pools.KNOBS]
    assert list(pools.VARIANTS[:3]) == names[:3] and set(names) == set(pools.VARIANTS)
    assert len({pools.fingerprint(name) for name in names}) == len(names)


def test_a_pool_of_a_recipe_has_the_shapes_that_training_wants(tmp_path, monkeypatch):
    monkeypatch.setattr(pools, "KEPT", tmp_path)
    pool = pools.draw_pool("bare", 0, 1, 2)
    assert (pool.frames.shape, pool.frames.dtype) == ((1, 2, 3, 96, 160), torch.uint8)
    assert (pool.ids.shape, pool.ids.dtype) == ((1, 2, 96, 160), torch.uint8)


def test_the_mixture_s_pool_has_the_clips_of_its_seeds_easy_ones_first(tmp_path, monkeypatch):
    monkeypatch.setattr(pools, "KEPT", tmp_path)
    pool, clips = pools.draw_pool("mixture", 0, 4, 2), [draw_training_clip(seed, frames=2) for seed in range(4)]
    expected = [c for c in clips if c.labels == {"easy"}] + [c for c in clips if c.labels != {"easy"}]
    assert expected != clips and pool.labels[0] == "easy" and pool.labels[-1] != "easy"
    assert all(torch.equal(frames, clip.frames) for frames, clip in zip(pool.frames, expected, strict=True))
    assert all(torch.equal(ids.long(), clip.ids) for ids, clip in zip(pool.ids, expected, strict=True))
