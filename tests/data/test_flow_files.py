"""data/flow_files.py: flow on disk."""

import os
import struct
import warnings

import cv2
import numpy as np
import pytest
import torch

from vostutor.core import DataError, ShapeError
from vostutor.data import decode_kitti, encode_kitti, read_flo, read_kitti_flow, write_flo, write_kitti_flow

NAN = float("nan")
SIZES = [(1, 1), (1, 7), (5, 1), (6, 9)]


def drawn(size=(6, 9), seed=0, reach=100.0):
    generator = torch.Generator().manual_seed(seed)
    flow = reach * torch.randn(2, *size, generator=generator)
    return flow.clamp(-512, 511.98), torch.rand(size, generator=generator) > 0.3


def flo_bytes(width, height, *numbers, tag=202021.25, order="<"):
    """A .flo file spelled out number by number."""
    return struct.pack(f"{order}fii{len(numbers)}f", tag, width, height, *numbers)


def png_bytes(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


def refused(path, data, read, match):
    path.write_bytes(data)
    with pytest.raises(DataError, match=match):
        read(path)


# hand-worked numbers


def test_a_flo_file_is_tag_width_height_and_pairs(tmp_path):
    flow = torch.tensor([[[1.0, 2.0, 3.0]], [[-1.0, 0.5, 0.25]]])
    written = write_flo(tmp_path / "a.flo", flow).read_bytes()
    assert written == flo_bytes(3, 1, 1, -1, 2, 0.5, 3, 0.25)
    assert written[:4].hex(" ") == "50 49 45 48"


def test_a_davis_frame_of_flow_takes_twelve_bytes_and_eight_a_pixel(tmp_path):
    assert write_flo(tmp_path / "a.flo", torch.zeros(2, 480, 854)).stat().st_size == 3_279_372


def test_unknown_flow_is_stored_as_ten_to_the_tenth(tmp_path):
    flow = torch.tensor([[[1.0, NAN, 2.0, 3.0]], [[1.0, 0.0, 2e9, 3.0]]])
    valid = torch.tensor([[True, True, True, False]])
    numbers = struct.unpack("<8f", write_flo(tmp_path / "a.flo", flow, valid).read_bytes()[12:])
    assert numbers == (1, 1) + 6 * (1e10,)


@pytest.mark.parametrize("mark", [1e10, -1e10, 1.1e9, NAN, float("inf")])
def test_every_mark_of_unknown_flow_is_read_as_such(tmp_path, mark):
    (tmp_path / "a.flo").write_bytes(flo_bytes(3, 1, 1, 2, mark, 0, 0, mark))
    flow, valid = read_flo(tmp_path / "a.flo")
    assert valid.tolist() == [[True, False, False]]
    assert flow.tolist() == [[[1, 0, 0]], [[2, 0, 0]]]


@pytest.mark.parametrize(("pixels", "code"), [(0, 32768), (1, 32832), (-1, 32704), (1 / 64, 32769), (-512, 0)])
def test_the_codes_of_kitti_count_sixty_fourths(pixels, code):
    assert encode_kitti(torch.full((2, 1, 1), float(pixels))).flatten().tolist() == [code, code, 1]


def test_a_kitti_png_holds_u_in_red_v_in_green_and_what_is_known_in_blue(tmp_path):
    flow = torch.tensor([[[1.0, 5.0]], [[-1.0, NAN]]])
    stored = cv2.imread(str(write_kitti_flow(tmp_path / "a.png", flow)), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16
    assert stored[0].tolist() == [[1, 32704, 32832], [0, 0, 0]]  # OpenCV reads BGR


def test_codes_are_rounded_and_not_cut_off():
    assert encode_kitti(torch.tensor([0.0079, -0.0079]).reshape(2, 1, 1)).flatten().tolist() == [32769, 32767, 1]


def test_what_is_too_fast_for_kitti_is_clamped_with_a_warning():
    with pytest.warns(UserWarning, match="1 pixels move more than the PNG can hold"):
        codes = encode_kitti(torch.tensor([[[600.0, 1.0]], [[-600.0, 1.0]]]))
    assert codes[:, 0, 0].tolist() == [65535, 0, 1]


def test_what_is_unknown_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert encode_kitti(torch.full((2, 1, 1), 1e10)).flatten().tolist() == [0, 0, 0]


# invariances


@pytest.mark.parametrize("size", SIZES)
def test_a_flo_file_gives_back_every_bit(tmp_path, size):
    flow, valid = drawn(size, reach=1e4)
    read, known = read_flo(write_flo(tmp_path / "a.flo", flow, valid))
    assert torch.equal(read, flow.where(valid, 0.0))
    assert torch.equal(known, valid)
    assert (read.dtype, known.dtype, read.is_contiguous()) == (torch.float32, torch.bool, True)


@pytest.mark.parametrize("size", SIZES)
def test_a_kitti_file_gives_back_what_it_was_within_half_a_step(tmp_path, size):
    flow, valid = drawn(size, seed=1)
    read, known = read_kitti_flow(write_kitti_flow(tmp_path / "a.png", flow, valid))
    assert torch.equal(known, valid)
    assert ((read - flow)[:, valid].abs() <= 1 / 128).all()
    assert not read[:, ~valid].any()
    assert (read.dtype, known.dtype) == (torch.float32, torch.bool)


def test_reading_and_writing_again_changes_nothing(tmp_path):
    flow, valid = drawn(seed=2)
    for read, write in ((read_flo, write_flo), (read_kitti_flow, write_kitti_flow)):
        first = write(tmp_path / "first", flow, valid)
        second = write(tmp_path / "second", *read(first))
        assert first.read_bytes() == second.read_bytes()


def test_every_code_survives_the_way_through_the_flow():
    codes = torch.arange(65536).reshape(1, 256, 256).expand(3, -1, -1).clone()
    codes[2] = 1
    assert torch.equal(encode_kitti(*decode_kitti(codes)), codes)


def test_how_a_flow_lies_in_memory_does_not_matter(tmp_path):
    flow, valid = drawn(seed=3)
    interleaved = flow.permute(1, 2, 0).contiguous().permute(2, 0, 1).double().requires_grad_()
    for write in (write_flo, write_kitti_flow):
        assert write(tmp_path / "a", flow, valid).read_bytes() == write(tmp_path / "b", interleaved, valid).read_bytes()


@pytest.mark.parametrize("write", [write_flo, write_kitti_flow])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, write):
    before = write(tmp_path / "a", torch.zeros(2, 3, 4)).read_bytes()

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        write(tmp_path / "a", torch.ones(2, 3, 4))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == before


# slow reference: OpenCV's own reader of .flo


def test_opencv_reads_and_writes_the_same_flo(tmp_path):
    flow, _ = drawn(seed=4)
    pixels = flow.permute(1, 2, 0).contiguous().numpy()
    assert np.array_equal(cv2.readOpticalFlow(str(write_flo(tmp_path / "ours.flo", flow))), pixels)
    cv2.writeOpticalFlow(str(tmp_path / "theirs.flo"), pixels)
    assert torch.equal(read_flo(tmp_path / "theirs.flo")[0], flow)


# refusal of bad input


@pytest.mark.parametrize(("data", "match"), [
    (b"", "0 bytes that do not begin with PIEH"),
    (b"PIEH\x01\x00", "6 bytes that do not begin"),
    (flo_bytes(2, 1, 1, 2, 3, 4, tag=1.0), "do not begin with PIEH"),
    (flo_bytes(2, 1, 1, 2, 3, 4, order=">"), "other byte order"),
    (flo_bytes(2, 1, 1, 2, 3), "24 bytes, cut short: 2x1 pixels take 28"),
    (flo_bytes(2, 1, 1, 2, 3, 4) + b"\n", "29 bytes, with bytes after the end"),
    (flo_bytes(0, 1), "size of 0x1, outside 1 to 99999"),
    (flo_bytes(-2, 1), "size of -2x1"),
    (flo_bytes(100_000, 1), "size of 100000x1"),
    (flo_bytes(99_999, 99_999), "cut short"),
])  # fmt: skip
def test_a_damaged_flo_file_is_refused(tmp_path, data, match):
    refused(tmp_path / "a.flo", data, read_flo, match)


WHOLE = png_bytes(np.random.default_rng(0).integers(0, 65536, (8, 9, 3)).astype(np.uint16))


@pytest.mark.parametrize(("data", "match"), [
    (b"", "0 bytes that OpenCV cannot decode"),
    (WHOLE[: len(WHOLE) // 2], "cannot decode"),
    (WHOLE[:200] + bytes([WHOLE[200] ^ 1]) + WHOLE[201:], "cannot decode"),
    (png_bytes(np.zeros((4, 5, 3), np.uint8)), "8 bits in 3 channels"),
    (png_bytes(np.zeros((4, 5), np.uint16)), "16 bits in 1 channels"),
    (png_bytes(np.zeros((4, 5, 4), np.uint16)), "16 bits in 4 channels"),
    (flo_bytes(2, 1, 1, 2, 3, 4), "cannot decode"),
])  # fmt: skip
def test_a_damaged_or_other_png_is_refused(tmp_path, data, match):
    refused(tmp_path / "a.png", data, read_kitti_flow, match)


@pytest.mark.parametrize("read", [read_flo, read_kitti_flow])
def test_a_missing_file_and_a_folder_are_named(tmp_path, read):
    (tmp_path / "folder").mkdir()
    for name, got in (("gone", "no such file"), ("folder", "is a directory")):
        with pytest.raises(DataError, match=rf"a flow file {tmp_path.name}/{name}\n.*{got}"):
            read(tmp_path / name)


@pytest.mark.parametrize("write", [write_flo, write_kitti_flow])
@pytest.mark.parametrize(("flow", "valid", "match"), [
    (torch.zeros(1, 2, 4, 5), None, r"flow\[0\] from a batch"),
    (torch.zeros(2, 4, 5, dtype=torch.int64), None, r"flow\.float\(\)"),
    (torch.zeros(2, 0, 5), None, "1 to 99999"),
    (torch.zeros(2, 4, 5), torch.ones(5, 4, dtype=torch.bool), "one truth value a pixel"),
    (torch.zeros(2, 4, 5), torch.ones(4, 5), "valid > 0"),
])  # fmt: skip
def test_what_is_no_flow_is_not_written(tmp_path, write, flow, valid, match):
    with pytest.raises(ShapeError, match=match):
        write(tmp_path / "a", flow, valid)
    assert not any(tmp_path.iterdir())
