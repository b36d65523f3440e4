import numpy as np
import pytest

from vostutor.data.textures import PHOTOGRAPHS, PLATES, ground, marked, noise_plate, photograph, random_colour, surface


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_every_photograph_lies_in_the_installed_library_and_nobody_can_change_it(name):
    image = photograph(name)
    assert image.dtype == np.uint8 and image.shape[2] == 3 and min(image.shape[:2]) >= 300
    with pytest.raises(ValueError, match="read-only"):
        image[0, 0] = 0


@pytest.mark.parametrize("index", range(PLATES))
def test_a_noise_plate_falls_off_with_frequency_as_it_says(index):
    power = np.abs(np.fft.rfft2(noise_plate(index)[..., 0])) ** 2
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None])
    middle = (frequency > 0.02) & (frequency < 0.4)
    slope = np.polyfit(np.log(frequency[middle]), np.log(power[middle]), 1)[0]
    # Power is amplitude squared; one draw of noise scatters the fit by about .02.
    assert slope == pytest.approx(-2 * np.linspace(0.8, 1.5, PLATES)[index], abs=0.1)


def test_a_colour_without_chroma_is_grey_and_chroma_bounds_saturation():
    assert np.ptp(random_colour(rng(), most_chroma=0)) == 0
    spread = [np.ptp(random_colour(rng(seed), most_chroma=20)) for seed in range(200)]
    assert (
        np.mean(spread) > 5 and max(spread) <= 20 * 2**0.5
    )  # along (1, -1, 0), the widest a colour of that chroma can spread


@pytest.mark.parametrize("seed", range(6))
def test_a_surface_has_the_colour_it_was_asked_for_and_some_texture(seed):
    material = surface(rng(seed), 60, 90, np.array([90.0, 120.0, 150.0]))
    assert material.shape == (60, 90, 3) and material.dtype == np.float32
    assert material.min() >= 4 and material.max() <= 251
    assert np.abs(material.mean((0, 1)) - [90, 120, 150]).max() < 6  # clipping moves the mean a little
    assert material.mean(2).std() > 8


def test_marks_leave_the_size_and_are_sometimes_none():
    material = np.full((40, 40, 3), 100, np.float32)
    results = [marked(rng(seed), material) for seed in range(20)]
    changed = [bool(np.ptp(result) > 0) for result in results]
    assert all(result.shape == material.shape for result in results)
    assert any(changed) and not all(changed)


def test_ground_is_repeatable_and_differs_by_seed():
    colour = np.array([100.0, 100.0, 100.0])
    one, same, other = (ground(rng(seed), 50, 70, colour) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert np.isfinite(one).all() and one.min() >= 4 and one.max() <= 251
