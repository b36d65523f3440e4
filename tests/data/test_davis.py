"""data/davis.py: DAVIS as it lies on disk, in all its layouts, and what is said when it does not lie so."""

import shutil

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from vostutor.core import DataError, FrameSource, SettingsError
from vostutor.data import DavisRoot, read_ids, write_ids

HEIGHT, WIDTH = 12, 20


def drawn_ids(t, *values):
    """A mask with one column of each value, a column further at each frame."""
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    for i, value in enumerate(values):
        ids[2:9, t + 2 * i] = value
    return ids


def write_sequence(root, name="bear", values=(1, 2), frames=3, resolution="480p", masks="Annotations"):
    """A sequence whose frame t is grey 40 + 10 t."""
    pictures = root / "JPEGImages" / resolution / name
    pictures.mkdir(parents=True)
    for t in range(frames):
        cv2.imwrite(str(pictures / f"{t:05d}.jpg"), np.full((HEIGHT, WIDTH, 3), 40 + 10 * t, np.uint8))
        write_ids(root / masks / resolution / name / f"{t:05d}.png", drawn_ids(t, *values))
    return root


@pytest.fixture
def root(tmp_path):
    write_sequence(tmp_path, "bear")
    write_sequence(tmp_path, "bike-packing", values=(1,))
    return tmp_path


# what lies there is what is read


def test_a_sequence_is_a_frame_source_that_tells_the_first_mask(root):
    sequence = DavisRoot(root).sequence("bear")
    frames, masks = zip(*sequence, strict=True)
    assert isinstance(sequence, FrameSource)
    assert [frame[:, 5, 5].tolist() for frame in frames] == [[40] * 3, [50] * 3, [60] * 3]
    assert frames[0].dtype == torch.uint8
    assert frames[0].shape == (3, HEIGHT, WIDTH)
    assert torch.equal(masks[0], torch.from_numpy(drawn_ids(0, 1, 2)).long())
    assert masks[1:] == (None, None)
    assert (sequence.size, len(sequence), sequence.name, sequence.fps) == ((HEIGHT, WIDTH), 3, "bear", 24)


def test_the_truth_is_the_ids_of_all_frames(root):
    truth = list(DavisRoot(root).sequence("bear").truth())
    assert all(torch.equal(ids, torch.from_numpy(drawn_ids(t, 1, 2)).long()) for t, ids in enumerate(truth))
    assert len(truth) == 3


def test_a_sequence_can_be_read_twice(root):
    sequence = DavisRoot(root).sequence("bear")
    assert len(list(sequence)) == len(list(sequence)) == 3


def test_the_known_frames_are_told(root):
    told = [ids is not None for _, ids in DavisRoot(root).sequence("bear", known=(0, 2))]
    assert told == [True, False, True]


@pytest.mark.parametrize("resolution", ["480p", "Full-Resolution", ""])
def test_sequences_lie_in_the_folder_of_a_resolution_or_in_none(tmp_path, resolution):
    write_sequence(tmp_path, resolution=resolution)
    root = DavisRoot(tmp_path, resolution=resolution or "480p")
    assert root.sequences() == ("bear",)
    assert len(list(root.sequence("bear").truth())) == 3


def test_files_that_only_a_file_manager_sees_are_passed_over(root):
    for place in ("JPEGImages/480p/.DS_Store", "JPEGImages/480p/bear/._00000.jpg", "Annotations/480p/bear/Thumbs.db"):
        (root / place).write_bytes(b"x")
    assert DavisRoot(root).sequences() == ("bear", "bike-packing")
    assert len(DavisRoot(root).sequence("bear")) == 3


# lists


@pytest.mark.parametrize("place", ["2017/val.txt", "480p/val.txt", "val.txt"])
def test_a_list_names_the_sequences_of_a_subset(root, place):
    path = root / "ImageSets" / place
    path.parent.mkdir(parents=True)
    path.write_text("bike-packing\n\n")
    assert DavisRoot(root).sequences("val") == ("bike-packing",)


def test_the_list_of_the_year_comes_first(root):
    for year, name in ((2016, "bear"), (2017, "bike-packing")):
        (root / f"ImageSets/{year}").mkdir(parents=True)
        (root / f"ImageSets/{year}/val.txt").write_text(name)
    assert DavisRoot(root, year=2016).sequences("val") == ("bear",)
    assert DavisRoot(root).sequences("val") == ("bike-packing",)


def test_a_list_of_2016_names_files_and_is_understood(root):
    (root / "ImageSets").mkdir()
    pair = "/JPEGImages/480p/{0}/{1}.jpg /Annotations/480p/{0}/{1}.png\n"
    lines = [pair.format(name, t) for name in ("bike-packing", "bear") for t in ("00000", "00001")]
    (root / "ImageSets/train.txt").write_text("".join(lines))
    assert DavisRoot(root).sequences("train") == ("bike-packing", "bear")


def test_a_list_that_is_not_there_is_answered_with_those_that_are(root):
    (root / "ImageSets/2017").mkdir(parents=True)
    (root / "ImageSets/2017/train.txt").write_text("bear")
    with pytest.raises(DataError, match=r"the lists 2017/train.txt(.|\n)*sequences\('train'\)"):
        DavisRoot(root).sequences("trian")


# what 255 means


def write_grey(path, ids):
    """As the masks of 2016 are: grey, without a palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ids).save(path)


def test_in_2016_the_255_is_object_1(tmp_path):
    write_sequence(tmp_path)
    for t in range(3):
        write_grey(tmp_path / f"Annotations/480p/bear/{t:05d}.png", drawn_ids(t, 255))
    truth = list(DavisRoot(tmp_path, year=2016).sequence("bear").truth())
    assert all(torch.equal(ids, torch.from_numpy(drawn_ids(t, 1)).long()) for t, ids in enumerate(truth))


def test_read_as_2016_all_objects_are_one(root):
    ids = next(DavisRoot(root, year=2016).sequence("bear").truth())
    assert torch.equal(ids, torch.from_numpy(drawn_ids(0, 1, 1)).long())


def test_masks_of_2016_read_as_2017_name_the_year(tmp_path):
    write_sequence(tmp_path, values=(255,))
    with pytest.raises(DataError, match=r"only 0 and 255 in bear/00000.png(.|\n)*year=2016"):
        list(DavisRoot(tmp_path).sequence("bear"))


def test_masks_with_void_read_as_2016_name_the_year(tmp_path):
    write_sequence(tmp_path, values=(1, 255))
    with pytest.raises(DataError, match=r"year=2017\) reads 255 as void"):
        list(DavisRoot(tmp_path, year=2016).sequence("bear"))


def test_void_beside_objects_stays_void(tmp_path):
    write_sequence(tmp_path, values=(1, 255))
    assert next(DavisRoot(tmp_path).sequence("bear").truth()).unique().tolist() == [0, 1, 255]


def test_the_unsupervised_task_has_its_own_masks_and_tells_none(root):
    write_sequence(root / "else", "bear", values=(3, 255), masks="Annotations_unsupervised")
    shutil.move(root / "else/Annotations_unsupervised", root)
    sequence = DavisRoot(root, task="unsupervised").sequence("bear")
    assert [ids for _, ids in sequence] == [None, None, None]
    assert next(sequence.truth()).unique().tolist() == [0, 3, 255]


def test_a_frame_that_is_all_void_is_fine_where_void_is_expected(root):
    for t in range(3):
        write_ids(root / f"Annotations_unsupervised/480p/bear/{t:05d}.png", drawn_ids(t, 255))
    assert next(DavisRoot(root, task="unsupervised").sequence("bear").truth()).unique().tolist() == [0, 255]


def test_2016_has_no_masks_of_its_own_for_the_unsupervised_task(root):
    assert [ids for _, ids in DavisRoot(root, task="unsupervised", year=2016).sequence("bear")] == [None] * 3


# test sets


def test_a_test_set_tells_its_first_mask_and_keeps_the_truth(root):
    for t in (1, 2):
        (root / f"Annotations/480p/bear/{t:05d}.png").unlink()
    sequence = DavisRoot(root).sequence("bear")
    assert [ids is None for _, ids in sequence] == [False, True, True]
    with pytest.raises(DataError, match="the first one only"):
        list(sequence.truth())


# refusals


def test_a_missing_mask_is_named(root):
    (root / "Annotations/480p/bear/00001.png").unlink()
    with pytest.raises(DataError, match=r"one PNG per frame in 480p/bear\n.*2 PNG for 3 JPG \(00001 missing\)"):
        DavisRoot(root).sequence("bear")


def test_a_missing_frame_is_named(root):
    (root / "JPEGImages/480p/bear/00001.jpg").unlink()
    with pytest.raises(DataError, match=r"3 PNG for 2 JPG \(00001 without JPG\)"):
        DavisRoot(root).sequence("bear")


def test_an_unknown_sequence_is_answered_with_close_names(root):
    with pytest.raises(DataError, match="did you mean bike-packing"):
        DavisRoot(root).sequence("bikepacking")


def test_a_sequence_without_masks_is_refused(root):
    shutil.rmtree(root / "Annotations/480p/bear")
    with pytest.raises(DataError, match=r"png files in Annotations/480p\n.*'bear', which is not there"):
        DavisRoot(root).sequence("bear")


def test_an_empty_folder_is_no_sequence(root):
    (root / "JPEGImages/480p/cow").mkdir()
    with pytest.raises(DataError, match="'cow', which is empty"):
        DavisRoot(root).sequence("cow")


@pytest.mark.parametrize("known", [(3,), (-1,), (0, 7)])
def test_a_known_frame_lies_in_the_sequence(root, known):
    with pytest.raises(DataError, match="bear with a mask, 0 to 2"):
        DavisRoot(root).sequence("bear", known=known)


def test_the_folder_above_is_no_root(tmp_path):
    write_sequence(tmp_path / "DAVIS")
    with pytest.raises(
        DataError, match=r"JPEGImages/480p or JPEGImages\n.*DAVIS in (.|\n)*the folder that holds JPEGImages"
    ):
        DavisRoot(tmp_path)


def test_a_root_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DataError, match="no folder"):
        DavisRoot(tmp_path / "nowhere")


def test_another_resolution_is_offered(tmp_path):
    write_sequence(tmp_path, resolution="1080p")
    with pytest.raises(DataError, match=r"only 1080p(.|\n)*resolution='1080p'"):
        DavisRoot(tmp_path)


@pytest.mark.parametrize("settings", [{"task": "semi"}, {"year": 2018}])
def test_an_unknown_task_or_year_is_refused(root, settings):
    with pytest.raises(SettingsError, match=str(*settings.values())):
        DavisRoot(root, **settings)


def test_a_frame_of_another_size_is_named(root):
    cv2.imwrite(str(root / "JPEGImages/480p/bear/00002.jpg"), np.zeros((HEIGHT, WIDTH + 2, 3), np.uint8))
    with pytest.raises(DataError, match=r"every frame of bear 20x12(.|\n)*22x12 at frame 2"):
        list(DavisRoot(root).sequence("bear"))


def test_a_mask_of_another_size_is_named(root):
    write_ids(root / "Annotations/480p/bear/00001.png", np.ones((HEIGHT * 2, WIDTH * 2), np.uint8))
    with pytest.raises(DataError, match=r"a mask of 20x12(.|\n)*40x24 in bear/00001.png"):
        list(DavisRoot(root).sequence("bear").truth())


@pytest.mark.parametrize("kept", [slice(0), slice(100), slice(-30)])  # a PNG ends in 20 bytes without pixels
@pytest.mark.parametrize("place", ["JPEGImages/480p/bear/00001.jpg", "Annotations/480p/bear/00001.png"])
def test_a_file_that_was_cut_short_is_refused(root, place, kept):
    raw = (root / place).read_bytes()
    (root / place).write_bytes(raw[kept])
    with pytest.raises(DataError, match="00001"):
        sequence = DavisRoot(root).sequence("bear")
        assert len(list(sequence)) + len(list(sequence.truth())) < 6


# real video


def test_the_real_sequences_are_read(davis):
    root = DavisRoot(davis)
    assert len(root.sequences()) == 6
    assert sorted(root.sequences("dev")) == list(root.sequences())
    sequence = root.sequence("dog")
    frame, ids = next(iter(sequence))
    assert frame.shape == (3, 480, 854)
    assert np.array_equal(ids.numpy(), read_ids(davis / "Annotations/480p/dog/00000.png"))
    assert len(sequence) == 60
