"""metrics/flow.py: how far a flow is from the truth."""

import math

import numpy as np
import pytest
import torch

from vostutor.core import DataError, ShapeError
from vostutor.metrics import (
    angular_error,
    average_angular_error,
    average_endpoint_error,
    endpoint_error,
    fl_all,
    score_flow,
)


def flow_of(x, y, size=(1, 1)):
    return np.broadcast_to(np.array([x, y], np.float64)[:, None, None], (2, *size))


def drawn(size=(7, 9), seed=0, speed=20.0):
    rng = np.random.default_rng(seed)
    gt = speed * rng.normal(size=(2, *size))
    return gt, gt + 3 * rng.normal(size=gt.shape), rng.random(size) > 0.3


def slow_scores(pairs):
    """Pixel by pixel: errors, outliers, angles by the arc cosine, errors by speed."""
    errors, outliers, angles, by_speed = [], [], [], {"s0-10": [], "s10-40": [], "s40+": []}
    for gt, pred, valid in pairs:
        for y, x in np.ndindex(gt.shape[1:]):
            if not valid[y, x]:
                continue
            (u, v), (s, t) = gt[:, y, x], pred[:, y, x]
            errors.append(math.sqrt((u - s) ** 2 + (v - t) ** 2))
            speed = math.sqrt(u * u + v * v)
            outliers.append(errors[-1] > 3 and errors[-1] / speed > 0.05)
            cosine = (u * s + v * t + 1) / math.sqrt((u * u + v * v + 1) * (s * s + t * t + 1))
            angles.append(math.degrees(math.acos(min(1, cosine))))
            by_speed["s0-10" if speed < 10 else "s10-40" if speed < 40 else "s40+"].append(errors[-1])
    return errors, outliers, angles, by_speed


# hand-worked numbers


def test_three_right_and_four_down_are_five_away():
    assert average_endpoint_error(flow_of(3, 4), flow_of(0, 0)) == 5
    assert endpoint_error(flow_of(3, 4, (2, 3)), flow_of(0, 0, (2, 3))).tolist() == [[5] * 3] * 2


@pytest.mark.parametrize(("speed", "error", "outlier"), [
    (100, 4, False), (100, 6, True), (10, 2.9, False), (10, 3.1, True), (62.1, 3.1, False), (100, 5.0, False), (4, 3, False),
])  # fmt: skip
def test_an_outlier_is_beyond_three_pixels_and_five_per_cent(speed, error, outlier):
    assert fl_all(flow_of(0, speed), flow_of(0, speed + error)) == 100 * outlier
    assert fl_all(flow_of(-speed, 0), flow_of(-speed + error, 0)) == 100 * outlier


def test_the_angle_is_taken_in_space_and_time():
    assert average_angular_error(flow_of(0, 0), flow_of(0, -1)) == pytest.approx(45)
    assert average_angular_error(flow_of(1, 0), flow_of(-1, 0)) == pytest.approx(90)
    assert average_angular_error(flow_of(0, 0), flow_of(3, 4)) == pytest.approx(math.degrees(math.atan(5)))


def test_the_angle_of_a_hair_is_not_lost():
    """The arc cosine of a number next to 1 would say 0, or 8e-7 and nothing between."""
    assert angular_error(flow_of(0, 0), flow_of(1e-9, 0))[0, 0] == pytest.approx(math.degrees(1e-9), rel=1e-6)


def test_motion_of_ten_and_forty_pixels_opens_the_next_bucket():
    gt = np.stack([np.array([[0, 9.99, 10, 39.99, 40, 400]]), np.zeros((1, 6))])
    pred = gt + np.array([1, 3, 5, 7, 9, 11])[None] * flow_of(0, 1, (1, 6))
    scores = score_flow([(gt, pred, None)])
    assert scores.buckets == pytest.approx({"s0-10": 2, "s10-40": 6, "s40+": 10})
    assert scores.shares == pytest.approx({"s0-10": 1 / 3, "s10-40": 1 / 3, "s40+": 1 / 3})


# invariances


def test_pixels_are_pooled_and_not_pictures():
    one = (flow_of(0, 0, (1, 9)), flow_of(10, 0, (1, 9)), None)
    other = (flow_of(0, 0), flow_of(0, 0), None)
    scores = score_flow([one, other])
    assert (scores.epe, scores.fl_all, scores.pixels) == (
        9,
        90,
        10,
    )  # the mean of the pictures' means would be 5 px and 50 %


def test_the_order_of_axes_before_the_last_three_does_not_matter():
    pairs = [drawn(seed=seed) for seed in range(4)]
    gt, pred, valid = (np.stack(parts) for parts in zip(*pairs, strict=True))
    together, apart = score_flow([(gt, pred, valid)]), score_flow(iter(pairs))
    assert together.epe == pytest.approx(apart.epe, rel=1e-12)  # summed in another order
    assert (together.fl_all, together.pixels) == (apart.fl_all, apart.pixels)


def test_a_mirror_or_a_turned_picture_changes_nothing():
    gt, pred, valid = drawn()
    scores = score_flow([(gt, pred, valid)])
    sign = np.array([-1, 1])[:, None, None]
    mirrored = score_flow([(sign * gt[..., ::-1], sign * pred[..., ::-1], valid[..., ::-1])])
    turned = score_flow([(gt[::-1].swapaxes(1, 2), pred[::-1].swapaxes(1, 2), valid.T)])
    for same in (mirrored, turned):
        assert (same.epe, same.aae, same.fl_all) == pytest.approx((scores.epe, scores.aae, scores.fl_all), rel=1e-12)


@pytest.mark.parametrize("unknown", [np.nan, np.inf, 1e10, -1e10])
def test_what_nobody_knows_does_not_count(unknown):
    gt, pred, valid = drawn()
    marked, told = gt.copy(), pred.copy()
    marked[1, ~valid] = unknown
    told[0, ~valid] = np.nan  # nor what is predicted there
    assert score_flow([(marked, told, None)]) == score_flow([(gt, pred, valid)])


def test_tensors_and_arrays_score_the_same():
    gt, pred, valid = drawn()
    output = torch.from_numpy(pred).requires_grad_()
    assert score_flow([(torch.from_numpy(gt), output, torch.from_numpy(valid))]) == score_flow([(gt, pred, valid)])


def test_no_pixel_has_no_error():
    scores = score_flow([(flow_of(0, 0), flow_of(1, 1), np.array([[False]]))])
    assert scores.pixels == 0
    assert all(math.isnan(value) for value in (scores.epe, scores.fl_all, scores.aae, *scores.buckets.values()))


# slow reference


def test_the_scores_are_those_of_the_definitions():
    pairs = [drawn((7, 9), 0), drawn((4, 5), 1, speed=60)]
    errors, outliers, angles, by_speed = slow_scores(pairs)
    scores = score_flow(pairs)
    assert scores.epe == pytest.approx(np.mean(errors))
    assert scores.fl_all == pytest.approx(100 * np.mean(outliers))
    assert scores.aae == pytest.approx(np.mean(angles), abs=1e-5)  # the arc cosine's own error
    assert scores.buckets == pytest.approx({name: np.mean(values) for name, values in by_speed.items()})
    for name, short in (("epe", average_endpoint_error), ("fl_all", fl_all), ("aae", average_angular_error)):
        assert short(*pairs[0]) == getattr(score_flow(pairs[:1]), name)


# refusal of bad input


def test_a_prediction_that_is_not_finite_at_a_valid_pixel_is_refused():
    gt, pred, valid = drawn()
    pred[0, valid] = np.nan
    with pytest.raises(DataError, match=f"NaN or infinity at {valid.sum()} of {valid.sum()}"):
        score_flow([(gt, pred, valid)])


@pytest.mark.parametrize("shape", [(2, 4, 6), (1, 2, 5, 6), (5, 6, 2)])
def test_flows_of_two_shapes_are_refused(shape):
    with pytest.raises(ShapeError, match="third axis from the end"):
        endpoint_error(np.zeros((2, 5, 6)), np.zeros(shape))


@pytest.mark.parametrize("valid", [np.ones((6, 5), bool), np.ones((5, 6)), np.ones((1, 5, 6), bool)])
def test_valid_is_one_truth_value_a_pixel(valid):
    with pytest.raises(ShapeError, match="valid of True and False"):
        fl_all(np.zeros((2, 5, 6)), np.zeros((2, 5, 6)), valid)
