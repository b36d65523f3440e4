"""data/video_writer.py: what is written is what one sees again, in every browser."""

import numpy as np
import pytest

from tests.data.drawn import arrays, drawn_frames
from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.data import VideoWriter, open_source

av = pytest.importorskip("av")


def written(path, pictures, fps=24.0):
    with VideoWriter(path, fps=fps) as video:
        for picture in pictures:
            video.write(picture)
    return path


def test_a_browser_finds_what_it_needs(tmp_path):
    path = written(tmp_path / "clip.mp4", drawn_frames(5), fps=30000 / 1001)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.frames) == ("h264", "yuv420p", 5)
        assert stream.average_rate == pytest.approx(30000 / 1001)
        assert stream.codec_context.colorspace == 1  # BT.709 is written down, so that no player has to guess
    raw = path.read_bytes()
    assert raw.index(b"moov") < raw.index(b"mdat")  # the index comes first: it plays while it loads


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (230, 159, 0)])
def test_colours_come_back(tmp_path, colour):
    path = written(tmp_path / "clip.mp4", [np.full((32, 48, 3), colour, np.uint8)] * 2)
    for picture in arrays(open_source(path)):
        assert np.abs(picture.astype(int) - colour).max() <= 4  # 219 levels of brightness for 256, and rounding


@pytest.mark.parametrize(("size", "even"), [((48, 64), (48, 64)), ((47, 65), (48, 66)), ((1, 1), (2, 2))])
def test_an_odd_side_gets_its_last_row_or_column_twice(tmp_path, size, even):
    height, width = size
    pictures = [frame[:height, :width] for frame in drawn_frames(3, height=48, width=72)]
    read = arrays(open_source(written(tmp_path / "clip.mp4", pictures)))
    assert [picture.shape for picture in read] == [(*even, 3)] * 3
    for picture, drawn in zip(read, pictures, strict=True):
        assert np.abs(picture[:height, :width].astype(int) - drawn).mean() < 8  # colour has half the resolution


@pytest.mark.parametrize("after", [0, 2])
def test_a_video_whose_writing_fails_is_not_there(tmp_path, after):
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "clip.mp4") as video:
        for frame in drawn_frames(after):
            video.write(frame)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_an_older_video_stays_until_the_new_one_is_whole(tmp_path):
    path = written(tmp_path / "clip.mp4", drawn_frames(2))
    before = path.read_bytes()
    with VideoWriter(path) as video:
        video.write(drawn_frames(1)[0])
        assert path.read_bytes() == before
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    ("pictures", "error", "said"),
    [
        ([], DataError, "at least one picture"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)], ShapeError, r"\(8, 8\), like the first"),
        ([np.zeros((8, 8, 3))], ShapeError, "uint8"),
        ([np.zeros((3, 8, 8), np.uint8)], ShapeError, r"\(H,W,3\)"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, pictures, error, said):
    with pytest.raises(error, match=said):
        written(tmp_path / "clip.mp4", pictures)
    assert list(tmp_path.iterdir()) == []


def test_without_pyav_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(SettingsError, match=r"pip install 'vostutor\[video\]'"):
        written(tmp_path / "clip.mp4", drawn_frames(1))
