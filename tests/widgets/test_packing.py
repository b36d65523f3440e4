"""Frames and masks on their way to the browser."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from vostutor.core import VosError
from vostutor.widgets.packing import pack_frames, pack_ids, shrink_ids, unpack_ids


def test_runs_are_counted_frame_by_frame():
    ids = np.array([[[0, 0, 3], [3, 3, 3]], [[3, 3, 0], [255, 255, 255]]])
    assert np.frombuffer(pack_ids(ids), "<u2").tolist() == [0, 2, 3, 4, 3, 2, 0, 1, 255, 3]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (2, 96, 160), (1, 300, 500)])
def test_unpacking_gives_back_what_was_packed(shape):
    rng = np.random.default_rng(0)
    ids = np.where(rng.random(shape) < 0.9, 0, rng.integers(0, 256, shape))
    assert np.array_equal(unpack_ids(pack_ids(ids), *shape[1:]), ids)


def test_a_run_longer_than_two_bytes_can_count_is_cut():
    ids = np.zeros((2, 300, 500), int)
    assert len(pack_ids(ids)) == 2 * 3 * 4  # 150,000 pixels a frame in runs of at most 65,535
    assert np.array_equal(unpack_ids(pack_ids(ids), 300, 500), ids)


def test_a_mask_takes_a_hundredth_of_its_pixels():
    ids = np.zeros((10, 480, 854), int)
    ids[:, 100:300, 200:500] = 1
    assert len(pack_ids(ids)) < ids.size / 100


def test_a_frame_can_be_read_back():
    frame = np.zeros((1, 3, 20, 40), np.uint8)
    frame[0, 0, :, 20:] = 200
    head, data = pack_frames(frame, width=20)[0].split(",")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert head == "data:image/jpeg;base64" and picture.size == (20, 10)
    assert np.abs(np.asarray(picture)[5, 15].astype(int) - [200, 0, 0]).max() < 12  # JPEG is not exact


def test_shrinking_invents_no_id():
    ids = np.random.default_rng(0).choice([0, 3, 200], (2, 30, 40))
    small = shrink_ids(ids, 13)
    assert small.shape == (2, 10, 13) and set(np.unique(small)) <= {0, 3, 200}


@pytest.mark.parametrize("wrong", [np.full((1, 2, 2), 256), np.full((1, 2, 2), -1), np.zeros((2, 2), int)])
def test_what_is_no_clip_of_ids_is_refused(wrong):
    with pytest.raises(VosError):
        pack_ids(wrong)
