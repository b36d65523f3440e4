"""Flow as colour."""

import math

import numpy as np
import pytest

from vostutor.core import VosError
from vostutor.viz import draw_flow, draw_wheel, flow_of_colour


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
                colour[moving], colour[full] = 255, 255 - math.floor(255 * i / length)
            wheel.append(colour)
    length, place = math.hypot(x, y), (math.atan2(-y, -x) / math.pi + 1) / 2 * 54
    low = math.floor(place)
    answer = []
    for channel in range(3):
        hue = ((1 - place + low) * wheel[low][channel] + (place - low) * wheel[(low + 1) % 55][channel]) / 255
        answer.append(math.floor(1e-6 + 255 * (1 - length * (1 - hue) if length <= 1 else 0.75 * hue)))
    return answer


def test_standing_still_is_white_and_full_speed_to_the_right_is_red():
    assert draw_flow(np.zeros((2, 1, 1)), max_flow=3)[0, 0].tolist() == [255, 255, 255]
    assert draw_flow(np.array([3.0, 0.0]).reshape(2, 1, 1), max_flow=3)[0, 0].tolist() == [255, 0, 0]


def colour_of(x, y, max_flow=1.0):
    return draw_flow(np.array([x, y], float).reshape(2, 1, 1), max_flow=max_flow)[0, 0].tolist()


@pytest.mark.parametrize(("x", "y", "colour"), [
    (1, 0, (255, 0, 0)), (0, 1, (255, 229, 0)), (-1, 0, (0, 209, 255)), (0, -1, (88, 0, 255)),
    (0.5, 0, (255, 127, 127)), (2, 0, (191, 0, 0)),
])  # fmt: skip
def test_right_down_left_and_up_have_their_published_colours(x, y, colour):
    assert colour_of(x, y) == list(colour)


ANCHORS = {
    0: (255, 0, 0), 1: (255, 17, 0), 14: (255, 238, 0), 15: (255, 255, 0), 21: (0, 255, 0), 25: (0, 255, 255),
    36: (0, 0, 255), 49: (255, 0, 255), 54: (255, 0, 43),
}  # fmt: skip


def test_the_55_hues_of_the_wheel_are_the_published_ones():
    angles = np.pi * (2 * np.arange(55) / 54 - 1)  # what the recipe calls a: red lies on the left, and y points up
    angles[54] -= 1e-9  # the last and the first hue meet in one direction, from two sides
    wheel = draw_flow(-np.stack([np.cos(angles), np.sin(angles)])[:, None], max_flow=1)[0].astype(int)
    assert wheel.sum(axis=0).tolist() == [7773, 5870, 7395]
    assert {entry: tuple(wheel[entry].tolist()) for entry in ANCHORS} == ANCHORS


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_sign_of_zero_has_no_colour(zero):
    assert colour_of(1, zero) == [255, 0, 0]
    assert colour_of(-1, zero) == [0, 209, 255]
    assert colour_of(zero, -1) == [88, 0, 255]


def test_the_fastest_pixel_of_a_flow_is_not_darkened_by_rounding():
    flow = np.random.default_rng(2).normal(size=(2, 50, 50)).astype(np.float32)
    drawn = draw_flow(flow / np.hypot(*flow), max_flow=1)  # each as long as the rim, up to float32
    assert (drawn.max(axis=2) >= 254).all()


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
    assert draw_flow(flow, max_flow=1).tolist() == expected


def test_the_wheel_shows_at_each_place_the_colour_of_the_motion_to_it():
    wheel, reach = draw_wheel(101, max_flow=5).astype(int), 50 * 0.94
    expected = draw_flow(np.array([-20 / reach, 30 / reach]).reshape(2, 1, 1), max_flow=1)[0, 0].astype(int)
    assert np.abs(wheel[80, 30] - expected).max() <= 1  # off by the rounding of 5 x / 5
    assert (wheel[0, 0] == 255).all()


def on_the_disk(size=(60, 60), seed=3):
    rng = np.random.default_rng(seed)
    length, angle = np.sqrt(rng.random(size)), 2 * np.pi * rng.random(size)
    return length * np.stack([np.cos(angle), np.sin(angle)])


def test_a_colour_leads_back_to_its_motion():
    flow = 7 * on_the_disk()
    back = flow_of_colour(draw_flow(flow, max_flow=7), max_flow=7)
    # 1/255 along the motion from the rounding of colours, up to 2/255 across it, where an arc has few steps
    assert np.hypot(*(back - flow)).max() < 7 * 0.01
    assert np.abs(np.hypot(*back) - np.hypot(*flow)).max() <= 7 / 255


def test_a_colour_chosen_by_eye_leads_to_a_motion():
    assert flow_of_colour(np.array([255, 255, 255], np.uint8), max_flow=5).tolist() == [0, 0]
    assert flow_of_colour(np.array([255, 0, 0], np.uint8), max_flow=5) == pytest.approx([5, 0])
    assert flow_of_colour(np.array([255, 229, 0], np.uint8), max_flow=5) == pytest.approx([0, 5], abs=0.05)


def test_a_darkened_colour_tells_where_to_but_not_how_far():
    flow = on_the_disk()
    flow *= 3 / np.hypot(*flow)
    back = flow_of_colour(draw_flow(flow, max_flow=1), max_flow=1)
    assert np.allclose(np.hypot(*back), 1)
    assert np.abs(back - flow / 3).max() < 0.02  # a degree


@pytest.mark.parametrize("colour", [(0, 0, 0), (34, 34, 34), (128, 128, 128), (100, 200, 150), (191, 191, 191)])
def test_a_colour_that_is_not_on_the_wheel_stands_for_nothing(colour):
    assert np.isnan(flow_of_colour(np.array(colour, np.uint8), max_flow=1)).all()


def test_colours_that_are_not_bytes_are_refused():
    with pytest.raises(VosError, match="uint8"):
        flow_of_colour(np.ones(3), max_flow=1)
    with pytest.raises(VosError, match="last axis"):
        flow_of_colour(np.ones((3, 4, 5), np.uint8), max_flow=1)
    with pytest.raises(VosError, match="max_flow"):
        flow_of_colour(np.ones(3, np.uint8), max_flow=0)


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_scale_has_to_be_positive(scale):
    with pytest.raises(VosError, match="max_flow"):
        draw_flow(np.zeros((2, 2, 2)), max_flow=scale)


def test_flow_with_the_axes_of_an_image_is_refused():
    with pytest.raises(VosError, match="permute"):
        draw_flow(np.zeros((4, 6, 2)), max_flow=1)
