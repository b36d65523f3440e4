import numpy as np
import pytest

from vostutor.data.studio import plates
from vostutor.data.studio.plates import COPIES, NOISES, SIDE, noise_plate, piece

KINDS = [noise_plate, plates.wavelet_plate, plates.leaves_plate, plates.cells_plate, plates.foliage_plate]


@pytest.mark.parametrize("index", range(NOISES))
def test_a_noise_plate_falls_off_with_frequency_as_it_says(index):
    power = np.abs(np.fft.rfft2(noise_plate(index)[..., 0])) ** 2
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    middle = (frequency > 0.02) & (frequency < 0.4)
    slope = np.polyfit(np.log(frequency[middle]), np.log(power[middle]), 1)[0]
    # Power is amplitude squared; one draw of noise scatters the fit by about .02.
    assert slope == pytest.approx(-2 * np.linspace(0.8, 1.5, NOISES)[index], abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plate_is_the_same_each_time_it_is_computed_has_no_mean_and_cannot_be_changed(kind):
    plate = kind(0)
    assert np.array_equal(plate, kind.__wrapped__(0))
    assert plate.shape == (SIDE, SIDE, 3) and plate.dtype == np.float32
    assert np.abs(plate.mean((0, 1))).max() < 1e-3 and np.abs(plate.std((0, 1)) - 1).max() < 1e-3
    with pytest.raises(ValueError, match="read-only"):
        plate[0, 0] = 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_copies_of_a_plate_differ(kind):
    for index in range(1, COPIES):
        assert np.abs(kind(index) - kind(0)).mean() > 0.5


def test_wavelets_have_heavier_tails_than_noise():
    def kurtosis(plate):
        slopes = np.diff(plate[..., 0], axis=1)
        return np.mean(slopes**4) / np.mean(slopes**2) ** 2

    assert kurtosis(noise_plate(3)) == pytest.approx(3, abs=0.15)  # a normal distribution has 3
    assert kurtosis(plates.wavelet_plate(0)) > 4


def test_a_piece_of_a_plate_is_not_resampled_and_may_be_larger_than_the_plate():
    cut = piece(np.random.default_rng(0), noise_plate(0), SIDE + 44, SIDE + 10)
    assert cut.shape == (SIDE + 44, SIDE + 10, 3)
    assert np.array_equal(cut[:44], cut[SIDE:]) and set(np.unique(cut)) <= set(np.unique(noise_plate(0)))
