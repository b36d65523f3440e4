import numpy as np
import pytest

from vostutor.data.studio import photographs
from vostutor.data.studio.photographs import (
    LEAST_SHRINK,
    PHOTOGRAPHS,
    SHARES,
    SHRINKS,
    photo,
    photograph,
    pixels_digest,
    shrunk,
    window,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_photograph_lies_in_the_installed_library_and_nobody_can_change_it(name):
    image = photograph(name)
    assert image.dtype == np.uint8 and image.shape[2] == 3 and min(image.shape[:2]) >= 300
    with pytest.raises(ValueError, match="read-only"):
        image[0, 0] = 0


def test_photographs_of_persons_and_without_a_licence_are_not_used():
    forbidden = {"moon", "page", "lfw_subset", "motorcycle_left", "motorcycle_right", "astronaut", "camera"}
    assert not forbidden & {name.split(".")[0] for name in PHOTOGRAPHS}
    assert sum(SHARES) == pytest.approx(1) and len(SHARES) == len(PHOTOGRAPHS)


def test_photographs_are_kept_at_their_own_size_or_smaller():
    assert min(SHRINKS) >= 1 and min(LEAST_SHRINK.values()) >= 1 and set(LEAST_SHRINK.values()) <= set(SHRINKS)
    for name in PHOTOGRAPHS:
        for factor in SHRINKS:
            assert shrunk(name, factor).shape[0] == round(photograph(name).shape[0] / factor)


@pytest.mark.parametrize("seed", range(8))
def test_a_window_keeps_the_scale_of_its_picture_whatever_its_angle(seed):
    # The picture says where each of its texels lies: neighbours in the window must be neighbours in the picture, one texel apart.
    places = np.dstack(np.meshgrid(np.arange(200, dtype=np.float32), np.arange(200, dtype=np.float32)))
    piece = window(rng(seed), places, 60, 60)
    for axis in (0, 1):
        steps = np.linalg.norm(np.diff(piece, axis=axis), axis=-1)
        assert np.median(steps) == pytest.approx(1, abs=0.02)  # OpenCV samples at 1/32 of a texel


def test_windows_are_turned_by_all_angles_and_mirrored_in_half():
    places = np.dstack(np.meshgrid(np.arange(100, dtype=np.float32), np.arange(100, dtype=np.float32)))
    angles, mirrored = [], []
    for seed in range(200):
        piece = window(rng(seed), places, 20, 20)
        right, down = piece[10, 19] - piece[10, 0], piece[19, 10] - piece[0, 10]
        angles.append(np.arctan2(right[1], right[0]))
        mirrored.append(right[0] * down[1] - right[1] * down[0] < 0)
    assert np.histogram(angles, 8, (-np.pi, np.pi))[0].min() >= 10
    assert 0.35 < np.mean(mirrored) < 0.65


def test_a_piece_of_a_photograph_is_repeatable_and_differs_by_seed():
    one, same, other = (photo(rng(seed), 50, 70) for seed in (3, 3, 4))
    assert one.shape == (50, 70, 3) and one.dtype == np.float32
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_a_piece_larger_than_the_photograph_is_continued_and_not_enlarged(monkeypatch):
    asked = []
    monkeypatch.setattr(photographs, "shrunk", lambda name, factor: asked.append(factor) or shrunk(name, factor))
    for seed in range(20):
        assert photo(rng(seed), 300, 700).shape == (300, 700, 3)
    assert min(asked) >= 1


def test_the_digest_changes_with_a_single_grey_level_and_with_the_shape():
    image = np.zeros((4, 5, 3), np.uint8)
    other = image.copy()
    other[2, 3, 1] = 1
    digests = {pixels_digest(images) for images in ([image], [other], [image.reshape(5, 4, 3)], [image, image])}
    assert len(digests) == 4


def test_the_digest_is_that_of_all_photographs():
    assert pixels_digest() == pixels_digest([photograph(name) for name in PHOTOGRAPHS]) != pixels_digest([])
    assert len(pixels_digest()) == 64
