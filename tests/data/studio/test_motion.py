import numpy as np
import pytest

from vostutor.data.studio.layers import project
from vostutor.data.studio.motion import at, camera_track, clock, crossing, stroll, view, wave

SIZE = (96, 160)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_track_is_straight_between_its_samples():
    track = np.array([[0.0, 0], [1, 10], [5, 30]])
    assert at(track, -1).tolist() == [0, 0] and at(track, 0).tolist() == [1, 10] and at(track, 1).tolist() == [5, 30]
    assert at(track, 0.25).tolist() == [2, 15] and at(track, -0.5).tolist() == [0.5, 5]


def test_a_clock_begins_one_tick_before_the_first_frame_and_ends_one_after_the_last():
    assert clock(3).tolist() == [-1, 0, 1, 2, 3] and clock(3, 0.0).tolist() == [0] * 5


@pytest.mark.parametrize("seed", range(5))
def test_a_faster_clock_follows_the_same_way(seed):
    slow, fast = (
        stroll(rng(seed), SIZE, clock(frames, speed), np.zeros(2), 2.0) for frames, speed in ((24, 1), (8, 3))
    )
    # Frames 0, 1, 2, ... of the fast clip are 0, 3, 6, ... of the slow one.
    assert fast[1:9] == pytest.approx(slow[1:24:3])


@pytest.mark.parametrize("seed", range(3))
def test_a_faster_clock_takes_the_camera_along_the_same_waves(seed):
    slow, fast = (wave(rng(seed), clock(frames, speed), 1.0, (10, 30)) for frames, speed in ((24, 1), (8, 3)))
    assert fast[1:9] == pytest.approx(slow[1:24:3])


def test_a_stopped_clock_stands_still():
    way = stroll(rng(), SIZE, clock(6, 0.0), np.array([3.0, 4.0]), 5.0)
    assert way.tolist() == [[3.0, 4.0]] * 8
    assert not wave(rng(), clock(6, 0.0), 1.0, (4, 9)).any()
    assert np.abs(camera_track(rng(), SIZE, clock(6, 0.0), 3.0, 1.0, 1.0)).max() == 0


def test_a_stroll_starts_where_it_is_told_and_turns_back_to_the_frame():
    """After 300 steps at any pace nobody is farther than two turning circles outside."""
    for seed in range(20):
        way = stroll(rng(seed), SIZE, clock(300), np.array([10.0, -5.0]), 1.5)
        assert way[1].tolist() == [10, -5]
        assert np.abs(way[:, 0]).max() < 110 and np.abs(way[:, 1]).max() < 80


def test_a_stroll_has_the_pace_it_is_told_about():
    lengths = [
        np.hypot(*np.diff(stroll(rng(seed), SIZE, clock(60), np.zeros(2), 2.0)[1:], axis=0).T) for seed in range(30)
    ]
    assert np.median(lengths) == pytest.approx(2.0, rel=0.15)


def test_a_stroll_before_the_first_frame_comes_straight():
    way = stroll(rng(3), SIZE, clock(4), np.zeros(2), 2.0)
    assert way[1] - way[0] == pytest.approx(way[2] - way[1])


def test_waves_and_cameras_begin_at_zero():
    assert wave(rng(), clock(9), 1.0, (4, 30))[1] == 0
    assert np.abs(camera_track(rng(), SIZE, clock(9), 1.0, 1.0, 1.0)[1]).max() == pytest.approx(0, abs=1e-12)


def test_waves_have_the_spread_they_are_told():
    """Tolerance: 200 draws of two normal amplitudes each."""
    waves = np.array([wave(rng(seed), np.arange(400.0), 2.0, (10, 40)) for seed in range(200)])
    assert np.sqrt(np.mean(waves[:, 100:] ** 2)) == pytest.approx(2.0, rel=0.15)
    assert np.sqrt(np.mean(waves.std(1) ** 2)) == pytest.approx(2.0 / 2**0.5, rel=0.15)


def test_a_camera_pans_at_the_speed_it_is_told():
    steps = [camera_track(rng(seed), SIZE, clock(16), 2.0, 0.0, 1.0)[:, :2] for seed in range(60)]
    speeds = [np.hypot(*np.diff(track, axis=0).T).mean() for track in steps]
    assert np.median(speeds) == pytest.approx(2.0, rel=0.25)


def test_the_middle_of_the_first_view_is_the_worlds_origin():
    assert project(view(np.zeros(6), 1.0, SIZE), 0.0, 0.0) == (79.5, 47.5)


def test_what_is_twice_as_near_passes_twice_as_fast():
    camera = np.array([6.0, -2.0, 0, 0, 0, 0])
    assert project(view(camera, 1.0, SIZE), 0.0, 0.0) == (73.5, 49.5)
    assert project(view(camera, 2.0, SIZE), 0.0, 0.0) == (67.5, 51.5)


def test_turning_nearing_and_leaning_agree_with_a_product_of_matrices():
    """Slow reference: move, then lean, turn and grow, then to the middle of the frame."""
    camera, nearness = np.array([3.0, -2.0, 0.1, 0.2, 1e-3, -2e-3]), 1.3
    grow = np.exp(nearness * 0.2)
    c, s = grow * np.cos(0.1), grow * np.sin(0.1)
    middle = np.array([[1, 0, 79.5], [0, 1, 47.5], [0, 0, 1]])
    lean = np.array([[c, -s, 0], [s, c, 0], [1e-3, -2e-3, 1]])
    move = np.array([[1, 0, -nearness * 3], [0, 1, nearness * 2], [0, 0, 1]])
    assert view(camera, nearness, SIZE) == pytest.approx(middle @ lean @ move, abs=1e-12)


def test_two_that_cross_meet_in_the_middle_and_part():
    way = crossing(rng(), np.zeros((9, 2)), 20.0)
    assert np.hypot(*way.T).round(6).tolist() == [20, 15, 10, 5, 0, 5, 10, 15, 20]
