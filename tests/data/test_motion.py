import numpy as np
import pytest

from vostutor.data.motion import crossing, hand_held_camera, orbit


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_crossing_meets_in_the_middle_and_is_clear_at_both_ends():
    other = np.stack([np.arange(5.0), np.zeros(5)], 1)
    away = np.hypot(*(crossing(rng(), other, 10.0) - other).T)
    assert away == pytest.approx([10, 5, 0, 5, 10])


@pytest.mark.parametrize("seed", range(8))
def test_a_clock_four_times_as_fast_visits_the_same_places(seed):
    ticks = np.arange(20)
    slow, slow_heading = orbit(rng(seed), (96, 160), ticks, 10.0, 1.0, [])
    fast, fast_heading = orbit(rng(seed), (96, 160), 4 * ticks, 10.0, 1.0, [])
    assert fast[:5] == pytest.approx(slow[::4])
    assert fast_heading[:5] == pytest.approx(slow_heading[::4])


@pytest.mark.parametrize("seed", range(8))
def test_an_orbit_stays_in_the_first_view_and_heads_where_it_goes(seed):
    path, heading = orbit(rng(seed), (96, 160), np.arange(200), 10.0, 1.0, [])
    assert (np.abs(path) <= [80, 48]).all()
    step = np.diff(path, axis=0)
    straight = np.arctan2(step[:, 1], step[:, 0])
    turned = np.angle(np.exp(1j * (straight - (heading[:-1] + heading[1:]) / 2)))
    assert np.abs(turned).max() < 0.05  # a chord against the mean of the tangents at its ends
    assert 0.3 < np.hypot(*step.T).mean() < 4


def test_an_orbit_starts_away_from_others():
    others = [(np.array([0.0, 0.0]), 20.0)]
    gaps = [np.hypot(*orbit(rng(s), (96, 160), np.arange(2), 12.0, 1.0, others)[0][0]) - 32 for s in range(40)]
    assert np.mean(np.array(gaps) > 0) > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_the_camera_starts_over_the_middle_and_stands_still_when_its_clock_does(seed):
    still = hand_held_camera(rng(seed), (96, 160), np.zeros(3), np.zeros((3, 2)), 1.0)
    assert still == pytest.approx(np.tile(np.array([[1, 0, 79.5], [0, 1, 47.5], [0, 0, 1]]), (3, 1, 1)))


def test_the_camera_follows_part_of_the_way():
    away = np.stack([np.arange(30.0), np.zeros(30)], 1)
    shifts = [79.5 - hand_held_camera(rng(s), (96, 160), np.zeros(30), away, 1.0)[-1, 0, 2] for s in range(40)]
    assert min(shifts) >= 0 and max(shifts) <= 0.6 * 29 + 1e-9 and np.mean(shifts) > 5
