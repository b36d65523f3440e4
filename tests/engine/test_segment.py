"""engine/segment.py: a folder of results, whole or not at all."""

import json
import shutil

import numpy as np
import pytest
import torch

from tests.data.drawn import arrays, drawn_frames, folder_of, write_video
from vostutor.core import DataError
from vostutor.data import open_source, read_ids, write_ids
from vostutor.engine import predict, segment_video
from vostutor.models import CopyFirstMask, FlowWarp
from vostutor.viz import look_of

pytest.importorskip("av")


def moved(current, previous):
    """The flow of drawn frames: everything was two pixels further right a frame ago."""
    return torch.tensor([2.0, 0.0])[:, None, None].expand(2, *current.shape[-2:])


def two_squares(size=(48, 64)):
    ids = np.zeros(size, np.uint8)
    ids[4:24, 8:28], ids[20:44, 36:60] = 1, 2
    return ids


@pytest.fixture
def clip(tmp_path):
    """Eight frames of odd size whose names are not numbers, and a mask of two objects."""
    path = folder_of(tmp_path / "clip", drawn_frames(8, height=47, width=65), names=[f"f{t}" for t in range(8, 16)])
    return open_source(path, write_ids(tmp_path / "mask.png", two_squares((47, 65))))


def test_the_masks_are_what_predict_gives_under_the_names_of_the_pictures(clip, tmp_path):
    run = segment_video(FlowWarp(moved), clip, tmp_path / "out")
    answers = [prediction.ids.numpy() for prediction in predict(FlowWarp(moved), clip)]
    assert run.frames == len(answers) == 8
    for path, ids in zip(clip.frames, answers, strict=True):
        assert np.array_equal(read_ids(tmp_path / f"out/{path.stem}.png"), ids)
    assert not np.array_equal(answers[0], answers[7])


def test_the_film_has_every_frame_in_an_even_size_with_objects_tinted(clip, tmp_path):
    segment_video(FlowWarp(moved), clip, tmp_path / "out")
    film, frames = arrays(open_source(tmp_path / "out/overlay.mp4")), arrays(clip)
    assert [picture.shape for picture in film] == [(48, 66, 3)] * 8
    for t in (0, 5):
        picture, frame = film[t][:47, :65].astype(float), frames[t].astype(float)
        for k, (rows, columns) in {1: (slice(9, 19), slice(16, 22)), 2: (slice(25, 39), slice(41, 52))}.items():
            place = rows, slice(columns.start - 2 * t, columns.stop - 2 * t)  # inside, away from the outline
            tinted = 0.55 * frame[place] + 0.45 * np.array(look_of(k).colour)
            assert np.abs(picture[place] - tinted).mean() < 8  # what the codec costs; 30 and more without the tint
            assert np.abs(picture[place] - frame[place]).mean() > 20
        assert np.abs(picture[30:, :14] - frame[30:, :14]).mean() < 8


def test_frames_of_a_video_file_are_numbered(tmp_path):
    video = write_video(tmp_path / "clip.mp4", drawn_frames(3))
    segment_video(CopyFirstMask(), open_source(video, write_ids(tmp_path / "m.png", two_squares())), tmp_path / "out")
    names = [path.name for path in sorted((tmp_path / "out").iterdir())]
    assert names == ["00000.png", "00001.png", "00002.png", "overlay.mp4", "segment.json"]


def test_the_record_says_what_was_run_and_how_long_it_took(clip, tmp_path):
    run = segment_video(CopyFirstMask(), clip, tmp_path / "out", record={"system": "copy"})
    told = json.loads((tmp_path / "out/segment.json").read_text())
    assert told["system"] == "copy" and told["frames"] == 8
    assert told["system_seconds_per_frame"] >= 0 and told["seconds_per_frame"] == round(run.seconds / 8, 4)


def test_nothing_is_in_sight_before_all_is_there(clip, tmp_path):
    seen = []
    segment_video(
        CopyFirstMask(), clip, tmp_path / "out",
        progress=lambda frames: seen.append((frames, [p.name for p in (tmp_path / "out").glob("[!.]*")])),
    )  # fmt: skip
    assert seen == [(t, []) for t in range(1, 9)]


class Fails(CopyFirstMask):
    def __init__(self, error):
        super().__init__()
        self.error, self.left = error, 3

    def step(self, frame):
        self.left -= 1
        if not self.left:
            raise self.error
        return super().step(frame)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError("a bug in the system")])
def test_a_run_that_fails_leaves_nothing(clip, tmp_path, error):
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        segment_video(Fails(error), clip, tmp_path / "out/deep")
    assert not (tmp_path / "out").exists()


def test_a_run_over_an_earlier_one_that_fails_leaves_the_earlier_one(clip, tmp_path):
    segment_video(CopyFirstMask(), clip, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(ValueError):
        segment_video(Fails(ValueError()), clip, tmp_path / "out", overwrite=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_disk_that_is_full_is_told(clip, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vostutor.engine.segment.write_ids", full)
    with pytest.raises(DataError, match="No space left"):
        segment_video(CopyFirstMask(), clip, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_shorter_earlier_run_is_replaced_by_all_of_the_new_one(tmp_path):
    mask = write_ids(tmp_path / "m.png", two_squares())
    for frames in (4, 2):
        video = write_video(tmp_path / "clip.mp4", drawn_frames(frames))
        segment_video(CopyFirstMask(), open_source(video, mask), tmp_path / "out", overwrite=True)
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_a_folder_with_anything_in_it_is_refused_without_overwrite(clip, tmp_path):
    (tmp_path / "out").mkdir()
    segment_video(CopyFirstMask(), clip, tmp_path / "out")  # empty is fine
    with pytest.raises(DataError, match=r"10 files, among them f10.png(.|\n)*--overwrite"):
        segment_video(CopyFirstMask(), clip, tmp_path / "out")


@pytest.mark.parametrize("spoil", ["add a file", "add a mask", "no record", "odd record", "a folder of pictures"])
def test_overwrite_replaces_nothing_but_one_earlier_run(clip, tmp_path, spoil):
    out = tmp_path / "out"
    segment_video(CopyFirstMask(), clip, out)
    if spoil == "add a file":
        (out / "notes.txt").write_text("x")
    elif spoil == "add a mask":
        shutil.copy(out / "f8.png", out / "painted.png")
    elif spoil == "no record":
        (out / "segment.json").unlink()
    elif spoil == "odd record":
        (out / "segment.json").write_text("[]")
    else:
        out = clip.path
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(DataError, match="but one earlier run"):
        segment_video(CopyFirstMask(), clip, out, overwrite=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_file_in_the_place_of_the_folder_is_refused(clip, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(DataError, match="got       a file"):
        segment_video(CopyFirstMask(), clip, tmp_path / "out", overwrite=True)


def test_two_pictures_of_one_name_are_refused(tmp_path):
    folder_of(tmp_path / "clip", drawn_frames(2))
    folder_of(tmp_path / "clip", drawn_frames(1), ext="jpg")
    source = open_source(tmp_path / "clip", write_ids(tmp_path / "m.png", two_squares()))
    with pytest.raises(DataError, match=r"00000\.jpg and 00000\.png"):
        segment_video(CopyFirstMask(), source, tmp_path / "out")
