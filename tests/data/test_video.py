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
from PIL import Image

from vostutor.core import DataError, FrameSource, SettingsError
from vostutor.data import FolderSource, VideoSource, open_source, read_frame, write_ids

av = pytest.importorskip("av")


def drawn_frames(count, height=48, width=64, seed=0):
    """A smooth texture that moves two pixels a frame to the left; uint8 (H,W,3) RGB each."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, (width + 2 * count) // 8, 3), dtype=np.uint8)
    wide = cv2.resize(noise, (width + 2 * count, height), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(wide[:, 2 * t : 2 * t + width]) for t in range(count)]


def write_video(path, frames, codec="libx264", pix_fmt="yuv420p", rate=24, times=None, movflags="", container=None):
    """Encode frames; `times` are their moments in milliseconds, where they do not come evenly."""
    from fractions import Fraction

    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format=container, options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pix_fmt
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for t, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            if times:
                picture.pts, picture.time_base = times[t], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def turn_in_header(path, quarters):
    """Say in an MP4's track header that players have to turn the picture clockwise by that many quarters."""
    raw = bytearray(path.read_bytes())
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    matrix = struct.pack(">9i", cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    at = raw.index(b"tkhd") + 4 + 40  # version and flags, times, id, duration, layer, group, volume come before
    assert struct.unpack(">9i", raw[at : at + 36])[0] == 1 << 16, "the identity stands where the matrix is looked for"
    raw[at : at + 36] = matrix
    path.write_bytes(raw)


def arrays(source):
    return [frame.permute(1, 2, 0).numpy() for frame, _ in source]


def folder_of(path, frames, names=None, ext="png"):
    path.mkdir(parents=True, exist_ok=True)
    for t, frame in enumerate(frames):
        cv2.imwrite(str(path / f"{names[t] if names else f'{t:05d}'}.{ext}"), frame[:, :, ::-1])
    return path


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


# a folder of pictures


@pytest.mark.parametrize("ext", ["png", "jpg", "bmp"])
def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path, ext):
    frames = [np.full((8, 12, 3), 20 * t, np.uint8) for t in range(4)]
    source = open_source(folder_of(tmp_path / "clip", frames, names=["a1", "A2", "a10", "B1"], ext=ext))
    assert isinstance(source, FrameSource)
    assert [array[0, 0, 0] for array in arrays(source)] == [0, 20, 40, 60]
    assert (len(source), source.size, source.name) == (4, (8, 12), "clip")
    assert len(list(source)) == len(list(source)) == 4


def test_a_folder_may_be_handed_a_frame_rate(tmp_path):
    assert FolderSource(folder_of(tmp_path, drawn_frames(2)), fps=15).fps == 15


def test_what_is_no_picture_is_passed_over(tmp_path):
    folder_of(tmp_path, drawn_frames(3))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "._00000.png").write_bytes(b"x")
    assert len(open_source(tmp_path)) == 3


def test_grey_and_transparent_pictures_become_rgb(tmp_path):
    Image.fromarray(np.full((4, 6), 70, np.uint8)).save(tmp_path / "grey.png")
    Image.fromarray(np.full((4, 6, 4), 70, np.uint8)).save(tmp_path / "transparent.png")
    for name in ("grey", "transparent"):
        assert read_frame(tmp_path / f"{name}.png").unique().tolist() == [70]


def test_the_order_of_colours_is_red_green_blue(tmp_path):
    Image.fromarray(np.full((4, 6, 3), (10, 20, 30), np.uint8)).save(tmp_path / "a.png")
    assert read_frame(tmp_path / "a.png")[:, 0, 0].tolist() == [10, 20, 30]


# the first mask


def mask_of(*values):
    ids = np.zeros((48, 64), np.uint8)
    for i, value in enumerate(values):
        ids[10:20, 10 + 5 * i : 15 + 5 * i] = value
    return ids


@pytest.mark.parametrize("kind", ["video", "folder"])
@pytest.mark.parametrize(("painted", "read"), [((3, 1), (3, 1)), ((255,), (1,)), ((2, 255), (2, 255))])
def test_the_first_mask_is_told_at_the_first_frame(tmp_path, kind, painted, read):
    path = folder_of(tmp_path / "clip", drawn_frames(3)) if kind == "folder" else tmp_path / "clip.mp4"
    if kind == "video":
        write_video(path, drawn_frames(3))
    masks = [ids for _, ids in open_source(path, write_ids(tmp_path / "mask.png", mask_of(*painted)))]
    assert torch.equal(masks[0], torch.from_numpy(mask_of(*read)).long())
    assert masks[1:] == [None, None]


def test_a_mask_among_the_pictures_is_no_frame(tmp_path):
    folder_of(tmp_path, drawn_frames(3))
    assert len(open_source(tmp_path, write_ids(tmp_path / "mask.png", mask_of(1)))) == 3


def test_a_mask_of_another_size_is_refused(tmp_path):
    mask = write_ids(tmp_path / "mask.png", np.ones((24, 32), np.uint8))
    with pytest.raises(DataError, match=r"a mask of 64x48(.|\n)*32x24"):
        open_source(write_video(tmp_path / "clip.mp4", drawn_frames(2)), mask)


def test_a_mask_without_an_object_is_refused(tmp_path):
    mask = write_ids(tmp_path / "mask.png", mask_of())
    with pytest.raises(DataError, match="at least one object"):
        open_source(folder_of(tmp_path / "clip", drawn_frames(2)), mask)


# refusals


@pytest.mark.parametrize("content", [b"", b"no video at all\n" * 40, bytes(range(256)) * 40])
@pytest.mark.parametrize("name", ["clip.mp4", "notes.txt"])
def test_a_file_that_is_no_video_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="expected  a video in "):
        open_source(tmp_path / name)


def test_a_video_that_lost_its_end_is_refused(tmp_path):
    raw = write_video(tmp_path / "clip.mp4", drawn_frames(10)).read_bytes()  # an MP4's index is at its end
    (tmp_path / "clip.mp4").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError, match="a video in"):
        open_source(tmp_path / "clip.mp4")


def test_a_video_with_fewer_frames_than_it_says_warns(tmp_path):
    raw = write_video(tmp_path / "clip.mp4", drawn_frames(40), movflags="faststart").read_bytes()
    (tmp_path / "clip.mp4").write_bytes(raw[: int(0.97 * len(raw))])
    source = open_source(tmp_path / "clip.mp4")
    with pytest.warns(UserWarning, match=r"clip.mp4 says it has 40 frames, \d+ could be read"):
        assert 0 < len(list(source)) < 40


def test_sound_is_no_video(tmp_path):
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(DataError, match="no video in it"):
        open_source(tmp_path / "sound.wav")


def test_a_path_that_leads_nowhere_is_refused(tmp_path):
    for read in (open_source, VideoSource, FolderSource, read_frame):
        with pytest.raises(DataError, match="nowhere"):
            read(tmp_path / "nowhere")


def test_a_single_picture_is_no_video(tmp_path):
    folder_of(tmp_path, drawn_frames(1))
    with pytest.raises(DataError, match="a single picture"):
        open_source(tmp_path / "00000.png")


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match="1 other files"):
        open_source(tmp_path)


def test_pictures_of_several_sizes_are_refused(tmp_path):
    folder_of(tmp_path, drawn_frames(2))
    folder_of(tmp_path, drawn_frames(1, height=32), names=["00002"])
    with pytest.raises(DataError, match="64x32 at frame 2"):
        list(open_source(tmp_path))


@pytest.mark.parametrize("ext", ["png", "jpg"])
@pytest.mark.parametrize("kept", [slice(0), slice(200), slice(-100)])
def test_a_picture_that_was_cut_short_is_refused(tmp_path, ext, kept):
    path = folder_of(tmp_path, drawn_frames(1), ext=ext) / f"00000.{ext}"
    path.write_bytes(path.read_bytes()[kept])
    with pytest.raises(DataError, match="a whole picture in"):
        read_frame(path)


def test_without_pyav_a_video_says_what_to_install(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4", drawn_frames(1))
    monkeypatch.setitem(sys.modules, "av", None)  # what `import av` meets where it is not installed
    with pytest.raises(SettingsError, match=r"pip install 'vostutor\[video\]'"):
        open_source(path)


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
