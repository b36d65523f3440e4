"""data/video.py and data/frames.py: a video file or a folder of pictures, one frame at a time."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.data.drawn import arrays, drawn_frames, folder_of, write_video
from vostutor.core import FrameSource
from vostutor.data import open_source

av = pytest.importorskip("av")


def turn_in_header(path, quarters):
    """Say in an MP4's track header that players have to turn the picture clockwise by that many quarters."""
    raw = bytearray(path.read_bytes())
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    matrix = struct.pack(">9i", cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    at = raw.index(b"tkhd") + 4 + 40  # version and flags, times, id, duration, layer, group, volume come before
    assert struct.unpack(">9i", raw[at : at + 36])[0] == 1 << 16, "the identity stands where the matrix is looked for"
    raw[at : at + 36] = matrix
    path.write_bytes(raw)


# a video file


def test_a_lossless_video_is_read_to_the_pixel_at_odd_sizes(tmp_path):
    frames = drawn_frames(5, height=41, width=67)
    source = open_source(write_video(tmp_path / "clip.mkv", frames, codec="ffv1", pix_fmt="bgr0"))
    assert isinstance(source, FrameSource)
    assert (source.name, source.size, source.fps) == ("clip", (41, 67), 24)
    assert np.array_equal(np.stack(arrays(source)), np.stack(frames))
    assert np.array_equal(np.stack(arrays(source)), np.stack(frames))  # and once more from the start


def test_an_h264_video_looks_like_what_was_drawn(tmp_path):
    frames = drawn_frames(12)
    read = arrays(open_source(write_video(tmp_path / "clip.mp4", frames)))
    assert len(read) == 12
    for t in (0, 7, 11):
        off = [np.abs(read[t].astype(int) - frame).mean() for frame in frames]
        assert np.argmin(off) == t  # frames of display order, none doubled
        assert off[t] < 8  # grey levels: the codec halves the colour's resolution and rounds


def test_a_frame_is_a_torch_tensor_of_bytes(tmp_path):
    frame, ids = next(iter(open_source(write_video(tmp_path / "clip.mp4", drawn_frames(2)))))
    assert (frame.dtype, frame.shape, ids) == (torch.uint8, (3, 48, 64), None)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_video_that_was_filmed_turned_comes_upright(tmp_path, quarters):
    frames = drawn_frames(3)
    flat = arrays(open_source(write_video(tmp_path / "clip.mp4", frames)))
    turn_in_header(tmp_path / "clip.mp4", quarters)
    source = open_source(tmp_path / "clip.mp4")
    upright = [np.rot90(frame, -quarters) for frame in flat]  # rot90 turns counterclockwise
    assert source.size == upright[0].shape[:2]
    assert np.array_equal(np.stack(arrays(source)), np.stack(upright))
    _, by_opencv = cv2.VideoCapture(str(tmp_path / "clip.mp4")).read()
    # OpenCV turns it the same way; its conversion to RGB differs by rounding
    assert np.abs(by_opencv[:, :, ::-1].astype(int) - upright[0]).mean() < 2


def test_a_variable_frame_rate_drops_and_doubles_nothing(tmp_path):
    frames = drawn_frames(6)
    times = [0, 40, 80, 1080, 1090, 2000]
    source = open_source(
        write_video(tmp_path / "clip.mkv", frames, codec="ffv1", pix_fmt="bgr0", rate=1000, times=times)
    )
    assert np.array_equal(np.stack(arrays(source)), np.stack(frames))


def test_half_a_pass_leaves_the_next_one_whole(tmp_path):
    source = open_source(write_video(tmp_path / "clip.mp4", drawn_frames(10)))
    next(iter(source))
    assert len(list(source)) == 10


# a process of its own: memory, and what is imported

READ = """
import json, sys
from vostutor.data import open_source

def peak():  # not ru_maxrss, which begins with the peak of the process that started this one
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

def read(path):
    return sum(1 for _ in open_source(path)), peak(), "av" in sys.modules

print(json.dumps({path.rsplit("/")[-1]: read(path) for path in sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def passes(tmp_path_factory):
    """(frames, peak memory, PyAV imported) after each of four passes, one after the other in one process."""
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    here = tmp_path_factory.mktemp("long")
    frames = drawn_frames(20, height=480, width=854)
    folder_of(here / "folder", frames, ext="jpg")
    (here / "folder_10").mkdir()
    for t in range(200):
        (here / f"folder_10/{t:05d}.jpg").symlink_to(here / f"folder/{t % 20:05d}.jpg")
    write_video(here / "video", frames, container="matroska", codec="mpeg4")
    write_video(here / "video_10", frames * 10, container="matroska", codec="mpeg4")
    paths = [str(here / name) for name in ("folder", "folder_10", "video", "video_10")]
    run = subprocess.run([sys.executable, "-c", READ, *paths], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("kind", ["folder", "video"])
def test_a_video_ten_times_longer_needs_no_more_memory(passes, kind):
    """200 frames of 480p are 246 MB, or 123 as they lie in the video; the process with torch has 600: keeping them would show."""
    (count, peak, _), (count_10, peak_10, _) = passes[kind], passes[f"{kind}_10"]
    assert (count, count_10) == (20, 200)
    assert peak_10 <= 1.1 * peak


def test_pyav_is_imported_when_the_first_video_file_is_opened(passes):
    assert [imported for *_, imported in passes.values()] == [False, False, True, True]
