"""data/video.py and data/frames.py: folders of pictures, the mask of the first frame, and what is refused."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.drawn import arrays, drawn_frames, folder_of, write_video
from vostutor.core import DataError, FrameSource, SettingsError
from vostutor.data import FolderSource, VideoSource, open_source, read_frame, write_ids

av = pytest.importorskip("av")


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


@pytest.mark.parametrize("pieces", [0.97, 0.6])
def test_a_matroska_that_was_cut_short_warns_though_it_counts_no_frames(tmp_path, pieces):
    path = write_video(tmp_path / "clip.mkv", drawn_frames(40))
    path.write_bytes(path.read_bytes()[: int(pieces * path.stat().st_size)])
    with pytest.warns(UserWarning, match=r"clip.mkv says it has about 40 frames, \d+ could be read"):
        assert 0 < len(list(open_source(path))) < 40


@pytest.mark.parametrize("times", [None, [0, 40, 80, 1080, 1090, 2000]])
@pytest.mark.filterwarnings("error")
def test_a_whole_matroska_does_not_warn_at_even_or_uneven_times(tmp_path, times):
    path = write_video(tmp_path / "clip.mkv", drawn_frames(6), rate=1000 if times else 24, times=times)
    assert len(list(open_source(path))) == 6


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
