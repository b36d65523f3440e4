import os
import warnings
from zlib import crc32

import numpy as np
import pytest
import torch
from PIL import Image

from vostutor.core import DataError, ShapeError
from vostutor.data.palette import PALETTE, read_ids, write_ids

IDS = np.array([[0, 1, 2], [20, 128, 255]], dtype=np.uint8)


def saved(array, path, mode=None):
    image = Image.fromarray(np.asarray(array))
    (image.convert(mode) if mode else image).save(path)
    return path


def test_the_palette_starts_with_the_colours_of_pascal_voc():
    first = [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128)]
    assert [tuple(colour) for colour in PALETTE[:7].tolist()] == first
    assert tuple(PALETTE[255].tolist()) == (224, 224, 192)
    assert len({tuple(colour) for colour in PALETTE.tolist()}) == 256


def test_what_was_written_is_read_back(tmp_path):
    every_id = np.arange(256, dtype=np.uint8).reshape(8, 32)
    assert np.array_equal(read_ids(write_ids(tmp_path / "00000.png", every_id)), every_id)


def test_a_written_mask_has_a_palette_to_look_at(tmp_path):
    with Image.open(write_ids(tmp_path / "00000.png", IDS)) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image.convert("RGB")), PALETTE[IDS])


@pytest.mark.parametrize("ids", [torch.from_numpy(IDS).long(), IDS.astype(np.int32), np.asfortranarray(IDS)])
def test_the_type_and_layout_of_the_ids_make_no_difference(ids, tmp_path):
    assert np.array_equal(read_ids(write_ids(tmp_path / "00000.png", ids)), IDS)


def test_booleans_become_object_1(tmp_path):
    assert read_ids(write_ids(tmp_path / "00000.png", IDS > 1)).tolist() == [[0, 0, 1], [1, 1, 1]]


def test_what_is_read_may_be_changed_and_goes_to_pytorch_without_a_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.from_numpy(read_ids(write_ids(tmp_path / "00000.png", IDS)))[0, 0] = 7


def test_grey_files_with_small_ids_and_255_are_read_as_they_are(tmp_path):
    ids = np.array([[0, 1, 20, 255]], dtype=np.uint8)
    assert np.array_equal(read_ids(saved(ids, tmp_path / "grey.png")), ids)


def test_a_file_with_one_bit_holds_0_and_1(tmp_path):
    assert read_ids(saved(np.array([[0, 255]], np.uint8), tmp_path / "bit.png", "1")).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.zeros((2, 2, 3), np.uint8), "mode RGB, colours instead of ids"),
        (np.zeros((2, 2, 4), np.uint8), "mode RGBA, colours instead of ids"),
        (np.zeros((2, 2), np.uint16), "mode I;16, 16-bit values instead of ids"),
        (np.array([[0, 21, 254, 60, 255, 99]], np.uint8), "grey values 21, 60, 99 and 1 more"),
    ],
)
def test_a_picture_is_refused_with_what_it_holds(array, got, tmp_path):
    with pytest.raises(DataError) as caught:
        read_ids(saved(array, tmp_path / "00007.png"))
    assert caught.value.got.startswith(got)
    assert f"{tmp_path.name}/00007.png" in caught.value.expected and "write_ids" in caught.value.try_this


def noise():
    return np.random.default_rng(0).integers(0, 9, (40, 40))


@pytest.mark.parametrize("kept", [0, 7, 8, 11, 20, 60, -30, -1])
def test_a_file_that_was_cut_is_refused_by_name(kept, tmp_path):
    path = write_ids(tmp_path / "00007.png", noise())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="a whole PNG file .*00007.png"):
        read_ids(path)


def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path):
    path = write_ids(tmp_path / "00007.png", noise())
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(DataError, match="a whole PNG file .*00007.png"):
            read_ids(path)


def chunk(kind, content=b""):
    return len(content).to_bytes(4, "big") + kind + content + crc32(kind + content).to_bytes(4, "big")


@pytest.mark.parametrize("oddity", ["an empty header", "pixels that are none", "half the pixels under another name"])
def test_a_file_that_is_whole_but_makes_no_sense_is_refused(oddity, tmp_path):
    """Every checksum is right, and Pillow raises ValueError, OSError and SyntaxError."""
    path = write_ids(tmp_path / "00007.png", noise())
    whole = path.read_bytes()
    start, stop = whole.index(b"IDAT") - 4, whole.index(b"IEND") - 4
    pixels = whole[start + 8 : stop - 4]
    path.write_bytes(
        {
            "an empty header": whole[:8] + chunk(b"IHDR") + whole[8:],
            "pixels that are none": whole[:start] + chunk(b"IDAT", b"no pixels") + whole[stop:],
            "half the pixels under another name": whole[:start]
            + chunk(b"IDAT", pixels[:200])
            + chunk(b"\xffDAT", pixels[200:])
            + whole[stop:],
        }[oddity]
    )
    with pytest.raises(DataError, match="Pillow cannot read"):
        read_ids(path)


def test_a_jpeg_under_another_name_is_refused(tmp_path):
    Image.fromarray(IDS).save(tmp_path / "a.jpg")
    os.rename(tmp_path / "a.jpg", tmp_path / "a.png")
    with pytest.raises(DataError, match="do not begin like a PNG"):
        read_ids(tmp_path / "a.png")


def test_a_missing_mask_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match="no such file or directory"):
        read_ids(tmp_path / "bear/00000.png")
    with pytest.raises(DataError, match="is a directory"):
        read_ids(tmp_path)


@pytest.mark.parametrize("ids", [np.zeros((1, 2, 2), int), np.zeros((2, 2)), np.zeros((0, 4), int), [1, 2]])
def test_arrays_that_are_no_mask_are_not_written(ids, tmp_path):
    with pytest.raises(ShapeError):
        write_ids(tmp_path / "00000.png", ids)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [-1, 256])
def test_ids_that_do_not_fit_a_byte_are_not_written(value, tmp_path):
    with pytest.raises(DataError, match=str(value)):
        write_ids(tmp_path / "00000.png", np.array([[0, value]]))
    assert not list(tmp_path.iterdir())
