"""vostutor segment: your own video, from the command line."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.data.drawn import drawn_frames, folder_of, write_video
from vostutor import zoo
from vostutor.__main__ import app, main
from vostutor.core import DataError, SettingsError, VosError
from vostutor.data import open_source, read_ids, write_ids
from vostutor.engine import Scaled, predict
from vostutor.models import CopyFirstMask

pytest.importorskip("av")


def square(size=(48, 64), value=1):
    ids = np.zeros(size, np.uint8)
    ids[8:40, 20:52] = value
    return ids


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of your own: a video, its frames as pictures, and a mask."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "clip.mp4", drawn_frames(6))
    folder_of(tmp_path / "frames", drawn_frames(6), names=[f"{t}" for t in range(6, 12)])
    write_ids(tmp_path / "first.png", square())
    return tmp_path


def segment(video="clip.mp4", *words, masks=("first.png",), out="out"):
    told = [word for mask in masks for word in ("--mask", mask)]
    return CliRunner().invoke(app, ["segment", video, *told, "--out", out, *words])


def results(folder):
    return [read_ids(path) for path in sorted(folder.glob("*.png"), key=lambda path: int(path.stem))]


@pytest.mark.parametrize("system", ["copy", "warp"])
@pytest.mark.parametrize("video", ["clip.mp4", "frames"])
def test_it_writes_what_the_system_answers_and_says_how_long_it_took(here, video, system):
    run = segment(video, "--system", system)
    assert run.exit_code == 0, run.output
    assert run.output.startswith("6 frames, ") and f"s a frame, of which {system} took" in run.output
    answers = [p.ids.numpy() for p in predict(zoo.segmenter(system), open_source(here / video, here / "first.png"))]
    assert all(np.array_equal(a, b) for a, b in zip(results(here / "out"), answers, strict=True))
    assert (answers[0] == answers[-1]).all() == (system == "copy")
    assert (here / "out/overlay.mp4").stat().st_size > 1000


def test_rows_are_what_the_system_sees_and_not_the_size_of_the_masks(here):
    write_ids(here / "first.png", np.tri(48, 64, dtype=np.uint8))  # a slope, which half the rows round off
    assert segment("clip.mp4", "--rows", "24", "--system", "copy").exit_code == 0
    small = Scaled(CopyFirstMask(), 24)
    answers = [p.ids.numpy() for p in predict(small, open_source(here / "clip.mp4", here / "first.png"))]
    assert all(np.array_equal(a, b) for a, b in zip(results(here / "out"), answers, strict=True))
    assert answers[-1].shape == (48, 64) and (answers[-1] != answers[0]).any()


def test_several_masks_are_told_at_their_frames(here):
    write_ids(here / "m/00000.png", square(value=1))
    write_ids(here / "m/00003.png", square(value=2))
    assert segment("clip.mp4", "--system", "copy", masks=["m/00000.png", "m/00003.png"]).exit_code == 0
    assert [ids.max() for ids in results(here / "out")] == [1, 1, 1, 2, 2, 2]


def test_the_record_names_everything_that_was_asked_for(here):
    segment("clip.mp4", "--system", "copy", "--rows", "32", "--profile", "smoke")
    told = json.loads((here / "out/segment.json").read_text())
    asked = {"video": "clip.mp4", "masks": ["first.png"], "system": "copy", "profile": "smoke", "rows": 32, "frames": 6}
    assert told | asked == told


def without(here, name):
    write_ids(here / name, square() * 0)
    return [name]


def larger(here, name):
    write_ids(here / name, square((96, 128)))
    return [name]


def in_colour(here, name):
    folder_of(here, [np.dstack([square()] * 3) * 90], names=[Path(name).stem])
    return [name]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (larger, r"a mask of 64x48, like the frames of clip(.|\n)*128x96(.|\n)*resize the mask"),
        (without, r"at least one object(.|\n)*background only(.|\n)*paint the object"),
        (in_colour, r"stores ids(.|\n)*mode RGB"),
        (lambda here, name: ["nowhere.png"], r"a mask .*nowhere.png"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(here, make, said):
    error = segment(masks=make(here, "mask.png")).exception
    assert isinstance(error, DataError) and re.search(said, str(error)), error
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("video", "words", "kind", "said"),
    [
        ("nowhere.mp4", (), DataError, "nothing at nowhere.mp4"),
        ("notes.txt", (), DataError, "a video in notes.txt"),
        ("empty", (), DataError, "pictures (.jpg, "),
        ("clip.mp4", ("--system", "osvoos"), SettingsError, "a system that segments videos: copy, warp"),
        ("clip.mp4", ("--profile", "huge"), SettingsError, "a profile: smoke"),
        ("clip.mp4", ("--device", "tpu"), SettingsError, "a device of this machine"),
        ("clip.mp4", ("--out", "frames"), DataError, "an empty folder frames, or none yet"),
        ("frames", ("--out", "frames", "--overwrite"), DataError, "nothing in frames but one earlier run"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_changes(here, video, words, kind, said):
    (here / "notes.txt").write_text("no video\n" * 40)
    (here / "empty").mkdir()
    before = sorted(here.rglob("*"))
    error = segment(video, *words).exception
    assert isinstance(error, kind) and said in str(error), str(error)
    assert sorted(here.rglob("*")) == before


def test_results_are_replaced_when_one_says_so(here):
    assert segment("clip.mp4", "--system", "copy").exit_code == 0
    assert "--overwrite" in str(segment("clip.mp4").exception)
    assert segment("clip.mp4", "--system", "warp", "--overwrite").exit_code == 0
    assert json.loads((here / "out/segment.json").read_text())["system"] == "warp"


class Stops(CopyFirstMask):
    """Does something at its third frame."""

    def __init__(self, what):
        super().__init__()
        self.what, self.steps = what, 0

    def step(self, frame):
        self.steps += 1
        if self.steps == 2:
            self.what()
        return super().step(frame)


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize("what", [interrupt, terminate])
def test_an_interrupted_run_leaves_nothing_and_says_how_to_go_on(here, monkeypatch, what):
    monkeypatch.setitem(zoo.SEGMENTERS, "stops", lambda profile, device: Stops(what))
    handler, before = signal.getsignal(signal.SIGTERM), sorted(here.rglob("*"))
    run = segment("clip.mp4", "--system", "stops")
    assert run.exit_code == 130
    assert run.output.startswith("interrupted after 2 frames; out is as it was before. The same command begins again")
    assert sorted(here.rglob("*")) == before and signal.getsignal(signal.SIGTERM) is handler


def test_a_picture_that_is_damaged_halfway_leaves_nothing_and_is_named(here):
    (here / "frames/9.png").write_bytes(b"")
    run = segment("frames", "--system", "copy")
    assert "failed after 3 frames; out is as it was before" in run.output
    assert isinstance(run.exception, VosError) and "9.png" in str(run.exception) and not (here / "out").exists()


# a process of its own: the command as one types it, and its memory

PEAK = """
import runpy, sys

def peak():  # not ru_maxrss, which begins with the peak of the process that started this one
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

for clip in ("short", "long"):
    sys.argv = ["vostutor", "segment", f"{clip}.mkv", "--mask", "first.png", "--system", "copy", "--out", f"out_{clip}"]
    try:
        runpy.run_module("vostutor", run_name="__main__")
    except SystemExit as end:
        assert not end.code, end.code
    print(clip, peak())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_video_ten_times_longer_needs_no_more_memory(tmp_path):
    """200 frames of 480x270 are 78 MB, beside 500 of the process: keeping them would show."""
    frames = drawn_frames(20, height=270, width=480)
    write_video(tmp_path / "short.mkv", frames, codec="mpeg4")
    write_video(tmp_path / "long.mkv", frames * 10, codec="mpeg4")
    write_ids(tmp_path / "first.png", square((270, 480)))
    run = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    peaks = {line.split()[0]: int(line.split()[1]) for line in run.stdout.splitlines() if line[:4] in ("shor", "long")}
    assert len(list((tmp_path / "out_long").glob("*.png"))) == 200
    assert peaks["long"] <= 1.1 * peaks["short"], peaks


def test_typed_at_a_prompt_it_says_one_line_and_nothing_else(here):
    command = [sys.executable, "-m", "vostutor", "segment", "clip.mp4", "--mask", "first.png", "--out", "out"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "") and len(run.stdout.splitlines()) == 1
    assert run.stdout.startswith("6 frames, ") and len(results(here / "out")) == 6


def test_a_mistake_is_told_in_three_lines(here, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["vostutor", "segment", "clip.mp4", "--mask", "nowhere.png", "--out", "out"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert [line[:8] for line in capsys.readouterr().err.splitlines()] == ["expected", "got     ", "try     "]
