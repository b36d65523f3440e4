import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from vostutor.core.errors import DataError, SettingsError
from vostutor.data import pool
from vostutor.data.minivos import draw_clip, draw_training_clip, mixed_label
from vostutor.data.pool import INDEX, clip_pool, kept_pool, make_room, pools_folder

HOW = {"frames": 2, "size": (48, 80)}


def pool_in(folder, clips=2, **how):
    return clip_pool(clips, folder=folder, **(HOW | how))


def places(folder):
    return sorted(path for path in folder.iterdir())


def test_a_pool_holds_the_clips_of_its_seeds(tmp_path):
    pooled = pool_in(tmp_path, 3, seed=40, flow=True)
    for k in range(3):
        clip = draw_training_clip(40 + k, flow=True, **HOW)
        assert torch.equal(pooled.frames[k], clip.frames) and torch.equal(pooled.ids[k].long(), clip.ids)
        assert torch.equal(pooled.flow[k], clip.flow_fwd) and torch.equal(pooled.occluded[k], clip.occluded)
        assert {pooled.labels[k]} == clip.labels
    assert (pooled.frames.dtype, pooled.ids.dtype, pooled.flow.dtype) == (torch.uint8, torch.uint8, torch.float32)
    assert pooled.flow.shape == (3, 1, 2, 48, 80) and pooled.occluded.dtype == torch.bool and len(pooled) == 3


def test_labels_are_drawn_in_turn(tmp_path):
    pooled = pool_in(tmp_path, 3, labels=["static", "drift"])
    assert pooled.labels == ("static", "drift", "static") and pooled.flow is None and pooled.occluded is None
    assert torch.equal(pooled.frames[1], draw_clip("drift", 1, **HOW).frames)


def test_progress_decides_which_stage_of_the_curriculum_is_drawn(tmp_path):
    assert set(pool_in(tmp_path, progress=0.1).labels) == {"easy"}
    late = clip_pool(2, size=(48, 80), progress=0.9, folder=tmp_path)
    assert late.labels == tuple(mixed_label(seed, 0.9) for seed in range(2))


def test_the_second_time_nothing_is_drawn(tmp_path, monkeypatch):
    lines = []
    first = pool_in(tmp_path, report=lines.append)
    assert lines == ["drawing 2 clips of minivos"]
    monkeypatch.setattr(pool, "draw_training_clip", None)
    again = pool_in(tmp_path, report=lines.append)
    assert len(lines) == 1 and torch.equal(again.frames, first.frames) and again.labels == first.labels


def test_a_pool_is_shown_from_disk_and_writing_to_it_changes_no_file(tmp_path):
    pooled = pool_in(tmp_path)
    own = pooled.frames[0, 0].clone()
    pooled.frames[0, 0] = 255 - own
    assert torch.equal(pool_in(tmp_path).frames[0, 0], own)


def test_every_argument_and_the_generator_have_pools_of_their_own(tmp_path, monkeypatch):
    for change in (
        {},
        {"seed": 5},
        {"frames": 3},
        {"size": (50, 80)},
        {"progress": 0.1},
        {"labels": ["plain"]},
        {"flow": True},
    ):
        pool_in(tmp_path, 1, **change)
    pool_in(tmp_path, 2)
    assert len(places(tmp_path)) == 8
    pool_in(tmp_path, 2, progress=0.6)  # the same stage: the same clips
    assert len(places(tmp_path)) == 8
    monkeypatch.setattr(pool, "fingerprint", lambda: "another generator")
    pool_in(tmp_path, 2)
    assert len(places(tmp_path)) == 9


@pytest.mark.parametrize("library", ["cv2", "numpy"])
def test_another_version_of_a_library_has_pools_of_its_own(tmp_path, monkeypatch, library):
    pool_in(tmp_path, 1)
    monkeypatch.setattr(getattr(pool, {"cv2": "cv2", "numpy": "np"}[library]), "__version__", "0.0.1")
    lines = []
    pool_in(tmp_path, 1, report=lines.append)
    assert lines and len(places(tmp_path)) == 2
    versions = {json.loads((place / INDEX).read_text())["libraries"][library] for place in places(tmp_path)}
    assert len(versions) == 2 and "0.0.1" in versions


def test_clips_of_any_kind_are_kept_and_asked_for_once(tmp_path):
    def drawn():
        asked.append(1)
        yield draw_clip("static", 7, **HOW)

    asked = []
    first, second = (kept_pool({"what": "own"}, 1, drawn(), tmp_path) for _ in range(2))
    assert asked == [1] and torch.equal(first.frames, second.frames) and second.labels == ("static",)


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: cut(place / "frames.npy"),
        lambda place: (place / "frames.npy").write_bytes((place / "frames.npy").read_bytes() + b"x"),
        lambda place: (place / "ids.npy").unlink(),
        lambda place: (place / INDEX).unlink(),
        lambda place: (place / INDEX).write_text("{"),
        lambda place: (place / INDEX).write_text("[]"),
        lambda place: (place / "frames.npy").write_bytes(bytes((place / "frames.npy").stat().st_size)),
    ],
    ids=["cut off", "longer", "a file missing", "no index", "half an index", "another index", "zeros"],
)
def test_a_damaged_pool_is_drawn_again(tmp_path, damage):
    own, lines = pool_in(tmp_path, 1).frames.clone(), []
    damage(*places(tmp_path))
    again = pool_in(tmp_path, 1, report=lines.append)
    assert lines and torch.equal(again.frames, own) and len(places(tmp_path)) == 1


def test_a_pool_that_cannot_be_finished_leaves_nothing_behind(tmp_path, monkeypatch):
    def breaks_off(seed, **how):
        if seed == 1:
            raise KeyboardInterrupt
        return draw_training_clip(seed, **how)

    monkeypatch.setattr(pool, "draw_training_clip", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        pool_in(tmp_path)
    assert places(tmp_path) == []


def test_several_that_draw_the_same_pool_at_once_leave_one(tmp_path):
    with ThreadPoolExecutor(4) as executor:  # each draws into a folder of its own, as processes do
        pools = list(executor.map(lambda _: pool_in(tmp_path, 3), range(4)))
    assert all(torch.equal(pools[0].frames, other.frames) for other in pools)
    lines = []
    pool_in(tmp_path, 3, report=lines.append)
    assert lines == [] and len(places(tmp_path)) == 1


def test_a_faster_process_wins_and_its_pool_stays(tmp_path, monkeypatch):
    def meanwhile(seed, **how):
        monkeypatch.setattr(pool, "draw_training_clip", draw_training_clip)
        pool_in(tmp_path, 1)
        written.append((places(tmp_path)[-1] / INDEX).stat().st_ino)
        return draw_training_clip(seed, **how)

    written = []
    monkeypatch.setattr(pool, "draw_training_clip", meanwhile)
    pool_in(tmp_path, 1)
    assert [(place / INDEX).stat().st_ino for place in places(tmp_path)] == written


def test_the_pools_used_longest_ago_make_room(tmp_path):
    for seed in range(3):
        pool_in(tmp_path, 1, seed=seed)
        time.sleep(0.01)
    first, second, third = sorted(places(tmp_path), key=lambda place: (place / INDEX).stat().st_mtime_ns)
    pool_in(tmp_path, 1, seed=0)  # reading counts as use
    weight = sum(file.stat().st_size for file in first.iterdir())
    make_room(tmp_path, limit=int(2.5 * weight))
    assert set(places(tmp_path)) == {first, third}
    make_room(tmp_path, keep=third, limit=0)
    assert places(tmp_path) == [third]


def test_room_is_made_when_a_pool_is_drawn_and_never_of_the_new_one(tmp_path, monkeypatch):
    pool_in(tmp_path, 1)
    monkeypatch.setattr(pool, "LIMIT", 1)
    pool_in(tmp_path, 2)
    assert len(places(tmp_path)) == 1 and len(pool_in(tmp_path, 2)) == 2


def test_half_drawn_pools_of_processes_that_are_gone_are_removed(tmp_path):
    old, new = (tmp_path / f"{pool.DRAWING}{name}" for name in ("old", "new"))
    for half in (old, new):
        half.mkdir()
    os.utime(old, (0, 0))
    make_room(tmp_path)
    assert places(tmp_path) == [new]


def test_pools_lie_in_the_user_s_cache_as_the_environment_says_now(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert pools_folder() == tmp_path / "vostutor/pools"
    clip_pool(1, **HOW)
    assert len(places(tmp_path / "vostutor/pools")) == 1
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pools_folder() == tmp_path / ".cache/vostutor/pools"


def test_drawing_reports_how_far_it_is(tmp_path, monkeypatch):
    clip, lines = draw_training_clip(0, **HOW), []
    monkeypatch.setattr(pool, "draw_training_clip", lambda seed, **how: clip)
    pool_in(tmp_path, 120, report=lines.append)
    assert lines == ["drawing 120 clips of minivos", "drawn 50 of 120 clips", "drawn 100 of 120 clips"]


def test_the_index_says_what_was_asked_for(tmp_path):
    pool_in(tmp_path, 1, labels=["plain"])
    index = json.loads((places(tmp_path)[0] / INDEX).read_text())
    assert (index["clips"], index["frames"], index["size"], index["labels"]) == (1, 2, [48, 80], ["plain"])
    assert len(index["fingerprint"]) == 64


@pytest.mark.parametrize(
    "wrong",
    [
        {"clips": 0},
        {"clips": 2.5},
        {"clips": 1, "progress": 1.5},
        {"clips": 1, "labels": []},
        {"clips": 1, "labels": "plain"},
        {"clips": 1, "labels": ["nonsense"]},
        {"clips": 1, "seed": -1},
        {"clips": 1, "frames": 1},
        {"clips": 1, "size": (8, 8)},
        {"clips": 1, "size": 96},
    ],
)
def test_a_pool_that_cannot_be_drawn_is_refused(tmp_path, wrong):
    with pytest.raises(SettingsError) as refusal:
        clip_pool(**({"folder": tmp_path} | wrong))
    assert refusal.value.try_this and not any(tmp_path.glob("*"))


def test_a_folder_that_cannot_be_written_is_refused_with_a_way_out(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="XDG_CACHE_HOME"):
        pool_in(tmp_path / "file" / "pools", 1)
