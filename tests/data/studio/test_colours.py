import numpy as np
import pytest

from vostutor.data.studio.colours import OPPONENT, colour_statistics, painted, palette, random_colour, transfer
from vostutor.data.studio.plates import noise_plate


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_opponent_axes_are_orthonormal():
    assert np.allclose(OPPONENT @ OPPONENT.T, np.eye(3))


def test_a_colour_without_chroma_is_grey_and_chroma_bounds_saturation():
    assert np.ptp(random_colour(rng(), chroma=0)) < 1e-4
    colours = palette(rng(), 2000, chroma=20)
    distance = np.linalg.norm(colours - colours.mean(1, keepdims=True), axis=1)
    assert distance.min() >= 2 - 1e-3 and 18 < distance.max() <= 20 + 1e-3


def test_most_colours_are_those_of_earth_foliage_and_sky():
    colours = palette(rng(), 2000)
    axes = colours @ OPPONENT.T
    hue = np.degrees(np.arctan2(axes[:, 2], axes[:, 1])) % 360
    assert np.mean((hue > 250) & (hue < 350)) < 0.15  # violet and pink: 100 of 360 degrees, rare outdoors


def test_statistics_of_a_half_red_picture_are_worked_by_hand():
    image = np.zeros((2, 2, 3), np.float32)
    image[0] = (90, 0, 0)
    mean, deviation = colour_statistics(image)
    assert mean == pytest.approx([45 / 3**0.5, 90 / 6**0.5, 0], abs=1e-3)
    assert deviation == pytest.approx([45 / 3**0.5, 90 / 6**0.5, 0], abs=1e-3)


def test_transfer_without_weight_changes_nothing_and_with_full_weight_meets_the_statistics():
    material = rng().uniform(20, 200, (30, 40, 3)).astype(np.float32)
    target = (np.array([180.0, 12.0, -9.0]), np.array([50.0, 8.0, 3.0]))
    assert np.array_equal(transfer(material, target, 0), material)
    reached = colour_statistics(transfer(material, target, 1))
    assert reached[0] == pytest.approx(target[0], abs=0.01) and reached[1] == pytest.approx(target[1], abs=0.01)


def test_half_the_weight_goes_half_the_way():
    material = rng().uniform(20, 200, (30, 40, 3)).astype(np.float32)
    target = (np.array([180.0, 12.0, -9.0]), np.array([50.0, 8.0, 3.0]))
    whole, half = transfer(material, target, 1), transfer(material, target, 0.5)
    assert np.allclose(half, (material + whole) / 2, atol=1e-2)


def test_a_plain_material_can_be_transferred_without_a_division_by_nothing():
    moved = transfer(np.full((5, 5, 3), 70, np.float32), (np.array([200.0, 0, 0]), np.array([40.0, 5, 5])), 1)
    assert np.isfinite(moved).all() and moved.mean() == pytest.approx(200 / 3**0.5, abs=0.5)


def test_painting_keeps_the_pattern_and_gives_a_palette_of_its_own_to_each_draw():
    plate = noise_plate(0)[:40, :40]
    one, same, other = (painted(rng(seed), plate) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    # An invertible mix of three channels: the plate can be found again.
    mix, *_ = np.linalg.lstsq(np.column_stack([one.reshape(-1, 3), np.ones(1600)]), plate.reshape(-1, 3), rcond=None)
    assert np.allclose(np.column_stack([one.reshape(-1, 3), np.ones(1600)]) @ mix, plate.reshape(-1, 3), atol=1e-2)
