"""data/told.py: masks find their frames, one by one or by name."""

import operator

import numpy as np
import pytest

from tests.data.drawn import drawn_frames, folder_of, write_video
from vostutor.core import DataError
from vostutor.data import open_source, write_ids

pytest.importorskip("av")


def mask_file(path, *values, size=(48, 64)):
    """A mask with a square of each value, from left to right."""
    ids = np.zeros(size, np.uint8)
    for k, value in enumerate(values):
        ids[4:12, 12 * k + 2 : 12 * k + 10] = value
    return write_ids(path, ids)


def told(source):
    """The values of each annotated frame."""
    return {t: np.unique(ids).tolist() for t, (_, ids) in enumerate(source) if ids is not None}


@pytest.fixture(params=["video", "folder"])
def clip(request, tmp_path):
    """Four frames, called 00000 to 00003."""
    if request.param == "folder":
        return folder_of(tmp_path / "clip", drawn_frames(4))
    return write_video(tmp_path / "clip.mp4", drawn_frames(4))


def test_several_masks_are_told_at_the_frames_they_are_named_by(clip, tmp_path):
    masks = [mask_file(tmp_path / "m/00002.png", 1, 2), mask_file(tmp_path / "m/00000.png", 1)]
    assert told(open_source(clip, masks)) == {0: [0, 1], 2: [0, 1, 2]}


def test_a_single_mask_belongs_to_the_first_frame_whatever_its_name(clip, tmp_path):
    assert told(open_source(clip, mask_file(tmp_path / "m/00002.png", 3))) == {0: [0, 3]}


def test_in_a_folder_names_are_those_of_its_pictures(tmp_path):
    folder_of(tmp_path / "clip", drawn_frames(3), names=["a9", "a10", "a11"])
    masks = [mask_file(tmp_path / f"m/{name}.png", 1) for name in ("a9", "a11")]
    assert list(told(open_source(tmp_path / "clip", masks))) == [0, 2]


def test_masks_that_lie_among_the_pictures_are_no_frames(tmp_path):
    folder_of(tmp_path, drawn_frames(3), ext="jpg")
    source = open_source(tmp_path, [mask_file(tmp_path / f"{name}.png", 1) for name in ("00000", "00001")])
    assert len(source) == 3 and list(told(source)) == [0, 1]


@pytest.mark.parametrize(
    ("first", "later", "read"),
    [((255,), (255,), [0, 1]), ((1,), (1, 255), [0, 1, 255]), ((1,), (255,), [0, 255]), ((1,), (), [0])],
)
def test_the_first_mask_says_what_255_means_in_all(clip, tmp_path, first, later, read):
    """Alone in the first mask it is the painted object; elsewhere it is void. A later mask may say that the object has gone."""
    masks = [mask_file(tmp_path / "m/00000.png", *first), mask_file(tmp_path / "m/00003.png", *later)]
    assert told(open_source(clip, masks))[3] == read


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("00000", "00004"), r"00000.png to 00003.png(.|\n)*00004.png"),
        (("00000", "first"), "got       first.png"),
        (("00001", "00002"), "try       --mask 00000.png as well"),
        (("00000", "again/00000"), "2 masks of 1 frames"),
    ],
)
def test_masks_that_find_no_frame_are_refused(clip, tmp_path, names, said):
    with pytest.raises(DataError, match=said):
        open_source(clip, [mask_file(tmp_path / f"m/{name}.png", 1) for name in names])


def test_a_later_mask_of_another_size_is_refused(clip, tmp_path):
    masks = [mask_file(tmp_path / "m/00000.png", 1), mask_file(tmp_path / "m/00001.png", 1, size=(24, 32))]
    with pytest.raises(DataError, match=r"a mask of 64x48(.|\n)*32x24 in .*00001.png"):
        open_source(clip, masks)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_a_video_says_beforehand_how_long_it_is(tmp_path, name):
    assert operator.length_hint(open_source(write_video(tmp_path / name, drawn_frames(7)))) == 7
