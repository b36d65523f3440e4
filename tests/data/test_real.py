"""data/real.py: what the parameter data_root of a lesson may name."""

import numpy as np
import pytest
from PIL import Image

from vostutor.core import DataError
from vostutor.data.palette import write_ids
from vostutor.data.real import open_real


def davis_root(root, mask):
    """One sequence of two frames that show nothing, its object standing still."""
    for t in range(2):
        (root / "JPEGImages/480p/bear").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", mask.shape[::-1]).save(root / f"JPEGImages/480p/bear/{t:05d}.jpg")
        write_ids(root / f"Annotations/480p/bear/{t:05d}.png", mask)
    return root


def test_255_alone_is_the_object_as_in_davis_2016(tmp_path):
    source = open_real(davis_root(tmp_path, 255 * np.eye(4, 6, dtype=int)))
    assert next(iter(source))[1].tolist() == np.eye(4, 6, dtype=int).tolist()
    assert [ids.max().item() for ids in source.truth()] == [1, 1]


def test_255_beside_ids_is_void_as_in_davis_2017(tmp_path):
    mask = np.array([[0, 1, 2, 255]])
    assert next(iter(open_real(davis_root(tmp_path, mask))))[1].tolist() == mask.tolist()


def test_a_root_without_sequences_is_refused(tmp_path):
    for kind in ("JPEGImages", "Annotations"):
        (tmp_path / kind / "480p").mkdir(parents=True)
    with pytest.raises(DataError, match="an empty folder"):
        open_real(tmp_path)


def test_a_video_without_a_mask_beside_it_is_refused(tmp_path):
    (tmp_path / "clip").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "clip/00000.png")
    with pytest.raises(DataError, match=r"clip\.png"):
        open_real(tmp_path / "clip")
