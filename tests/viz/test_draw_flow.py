"""Flow as colour."""

import math

import numpy as np
import pytest

from vostutor.core import VosError
from vostutor.viz import draw_flow, draw_wheel


def middlebury_loop(x: float, y: float) -> list[int]:
    """One pixel by the published recipe, spelled out; x and y in units of the largest flow."""
    arcs = [(15, 0, 1, 1), (6, 0, 1, -1), (4, 1, 2, 1), (11, 1, 2, -1), (13, 2, 0, 1), (6, 2, 0, -1)]
    wheel = []
    for length, full, moving, sign in arcs:
        for i in range(length):
            colour = [0, 0, 0]
            if sign > 0:
                colour[full], colour[moving] = 255, math.floor(255 * i / length)
            else:
                colour[moving], colour[full] = 255, 255 - math.ceil(255 * i / length)
            wheel.append(colour)
    length, place = math.hypot(x, y), (math.atan2(-y, -x) / math.pi + 1) / 2 * 54
    low = math.floor(place)
    answer = []
    for channel in range(3):
        hue = ((1 - place + low) * wheel[low][channel] + (place - low) * wheel[(low + 1) % 55][channel]) / 255
        answer.append(math.floor(255 * (1 - length * (1 - hue) if length <= 1 else 0.75 * hue)))
    return answer


def test_standing_still_is_white_and_full_speed_to_the_right_is_red():
    assert draw_flow(np.zeros((2, 1, 1)), max_flow=3)[0, 0].tolist() == [255, 255, 255]
    assert draw_flow(np.array([3.0, 0.0]).reshape(2, 1, 1), max_flow=3)[0, 0].tolist() == [255, 0, 0]


def test_the_unknown_is_black():
    flow = np.zeros((2, 1, 4), np.float32)
    flow[0, 0, 0], flow[1, 0, 1] = np.nan, 1e10
    drawn = draw_flow(flow, max_flow=1, unknown=np.array([[False, False, True, False]]))
    assert drawn[0].sum(axis=1).tolist() == [0, 0, 0, 765]


def test_flow_and_scale_grow_together_without_a_trace():
    flow = np.random.default_rng(0).normal(size=(2, 8, 9))
    assert np.array_equal(draw_flow(flow, max_flow=2), draw_flow(4 * flow, max_flow=8))


def test_a_faster_pixel_is_less_white():
    drawn = draw_flow(np.stack([np.linspace(0, 1, 11)[None], np.zeros((1, 11))]), max_flow=1).astype(int).sum(axis=2)[0]
    assert (np.diff(drawn) < 0).all()


def test_the_colours_are_those_of_the_published_recipe():
    flow = np.random.default_rng(1).uniform(-1.2, 1.2, size=(2, 12, 12))
    expected = [[middlebury_loop(*flow[:, y, x]) for x in range(12)] for y in range(12)]
    # one level: the recipe rounds the hue of the wheel before it mixes, in another order of operations
    assert np.abs(draw_flow(flow, max_flow=1).astype(int) - expected).max() <= 1


def test_the_wheel_shows_at_each_place_the_colour_of_the_motion_to_it():
    wheel, reach = draw_wheel(101, max_flow=5).astype(int), 50 * 0.94
    expected = draw_flow(np.array([-20 / reach, 30 / reach]).reshape(2, 1, 1), max_flow=1)[0, 0].astype(int)
    assert np.abs(wheel[80, 30] - expected).max() <= 1  # off by the rounding of 5 x / 5
    assert (wheel[0, 0] == 255).all()


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_scale_has_to_be_positive(scale):
    with pytest.raises(VosError, match="max_flow"):
        draw_flow(np.zeros((2, 2, 2)), max_flow=scale)


def test_flow_with_the_axes_of_an_image_is_refused():
    with pytest.raises(VosError, match="permute"):
        draw_flow(np.zeros((4, 6, 2)), max_flow=1)
