from dataclasses import replace

import numpy as np
import pytest

from vostutor.data.studio.sensor import compressed, develop, draw_sensor, expose, grain_for

SIZE = (48, 64)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def ideal(frames: int = 3, **changes):
    return replace(draw_sensor(rng(), SIZE, frames, strength=0.0, flicker=0.0), **changes)


def picture(seed: int = 0) -> np.ndarray:
    return rng(seed).uniform(20, 230, (*SIZE, 3)).astype(np.float32)


def developed(sensor, image: np.ndarray, t: int = 0, seed: int = 1) -> np.ndarray:
    return develop(sensor, image, t, grain_for(rng(9), SIZE), rng(seed))


def test_a_sensor_of_strength_zero_changes_nothing_but_rounds():
    assert np.array_equal(developed(ideal(), picture()), np.rint(picture()).astype(np.uint8))
    assert expose(ideal(), picture(), 0) == pytest.approx(picture(), abs=1e-3)


def test_noise_has_the_deviation_it_is_told_and_is_fresh_in_every_frame():
    grey, sensor = np.full((*SIZE, 3), 100, np.float32), ideal(noise=2.0)
    grain, stream = grain_for(rng(2), SIZE), rng(3)
    one, two = (develop(sensor, grey, t, grain, stream).astype(float) for t in range(2))
    assert one.std() == pytest.approx((2.0**2 + 1 / 12) ** 0.5, rel=0.04)  # and rounding to whole levels
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.05


def test_the_same_generator_develops_the_same_bytes():
    sensor = draw_sensor(rng(4), SIZE, 3)
    assert np.array_equal(developed(sensor, picture()), developed(sensor, picture()))
    assert not np.array_equal(
        developed(replace(sensor, noise=2.0), picture()), developed(replace(sensor, noise=2.0), picture(), seed=5)
    )


def test_a_lower_quality_is_farther_from_the_picture():
    frame = picture().astype(np.uint8)
    errors = [np.abs(compressed(frame, quality).astype(float) - frame).mean() for quality in (97, 75, 40)]
    assert 0 < errors[0] < errors[1] < errors[2]
    assert not np.array_equal(developed(ideal(quality=50), picture()), developed(ideal(), picture()))


def test_compression_keeps_red_red():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert compressed(red, 90).mean((0, 1)) == pytest.approx([200, 0, 0], abs=4)


def test_gains_scale_their_channel_in_their_frame():
    gains = np.ones((2, 3), np.float32)
    gains[1] = 0.5, 1.0, 1.2
    grey, sensor = np.full((*SIZE, 3), 100, np.float32), ideal(2, gains=gains)
    assert expose(sensor, grey, 0)[0, 0] == pytest.approx([100, 100, 100])
    assert expose(sensor, grey, 1)[0, 0] == pytest.approx([50, 100, 120])


def test_light_is_steady_without_flicker_and_starts_alike_with_it():
    assert (draw_sensor(rng(1), SIZE, 8, flicker=0.0).gains == 1).all()
    wild = draw_sensor(rng(1), SIZE, 8, flicker=3.0).gains
    assert wild[0] == pytest.approx(1) and np.ptp(wild) > 1e-3


def test_gamma_leaves_black_and_white_and_darkens_between():
    """Hand-worked: 255 * (127.5 / 255)^2 = 63.75."""
    sensor = ideal(gamma=2.0)
    levels = np.array([0, 127.5, 255], np.float32)
    out = expose(sensor, np.broadcast_to(levels[:, None, None], (3, 64, 3)).copy(), 0)
    assert out[:, 0, 0] == pytest.approx([0, 63.75, 255], abs=0.01)


def test_blur_smooths_and_sharpening_steepens():
    steps = [
        np.abs(np.diff(expose(ideal(**change), picture(), 0), axis=1)).mean()
        for change in ({"blur": 0.5}, {}, {"sharpen": 0.5})
    ]
    assert steps[0] < steps[1] < steps[2]


def test_haze_draws_everything_towards_its_grey():
    """Hand-worked: half way from 10 to 210 is 110."""
    sensor = ideal(haze=np.full(SIZE, 0.5, np.float32))
    assert expose(sensor, np.full((*SIZE, 3), 10, np.float32), 0) == pytest.approx(110)


def test_colours_beyond_the_scale_saturate():
    assert (developed(ideal(), np.full((*SIZE, 3), 300, np.float32)) == 255).all()
    assert (developed(ideal(), np.full((*SIZE, 3), -40, np.float32)) == 0).all()


def test_sensors_vary_from_draw_to_draw_and_stay_in_their_ranges():
    drawn = [draw_sensor(rng(seed), SIZE, 4) for seed in range(60)]
    assert {s.quality for s in drawn} <= set(range(55, 97)) and len({s.quality for s in drawn}) > 20
    assert all(0.5 < s.gamma < 2 and 0 <= s.noise < 5 and 0 <= s.blur <= 0.55 for s in drawn)
    assert 0 < sum(s.haze is not None for s in drawn) < 15


def test_grain_has_deviation_one_and_room_to_move():
    grain = grain_for(rng(), SIZE)
    assert grain.shape == (80, 96, 3) and grain.std() == pytest.approx(1, rel=0.02)
