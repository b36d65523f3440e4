"""core/ranges.py: options and tensors that may be used pass, all others are named."""

from math import inf, nan

import numpy as np
import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.core.ranges import (
    expect_alike,
    expect_batch,
    expect_finite,
    expect_floating,
    expect_mask,
    expect_number,
    expect_one_of,
    expect_prob,
    expect_size,
    expect_span,
    expect_tensor,
    expect_truth,
    expect_unit,
    expect_whole,
)


def test_numbers_at_their_limits_pass_whatever_library_they_come_from():
    expect_whole(least=1, steps=1, more=np.int64(7))
    expect_number(least=0, most=1, mirror=0, other=np.float32(1))
    expect_number(above=0, rate=1e-9)


@pytest.mark.parametrize("steps", [0, 2.0, 2.5, True, "3", None, nan])
def test_what_is_no_whole_number_is_refused_by_name(steps):
    with pytest.raises(SettingsError, match="steps a whole number from 1 on"):
        expect_whole(least=1, batch=4, steps=steps)


@pytest.mark.parametrize("share", [-0.1, 1.1, inf, nan, True, "0.5", None])
def test_what_is_no_number_between_the_limits_is_refused_by_name(share):
    with pytest.raises(SettingsError, match="share a number from 0 up to 1"):
        expect_number(least=0, most=1, share=share)


@pytest.mark.parametrize("rate", [0, -1, inf, nan])
def test_a_number_that_has_to_be_above_a_limit_may_not_be_the_limit(rate):
    with pytest.raises(SettingsError, match="rate a number above 0 and finite"):
        expect_number(above=0, rate=rate)


@pytest.mark.parametrize("flow", [np.zeros(2), [0.0, 1.0], None])
def test_arrays_and_lists_are_no_tensors(flow):
    expect_tensor(flow=torch.zeros(2, dtype=torch.int64))
    for check in (expect_tensor, expect_floating):
        with pytest.raises(ShapeError, match="flow: a tensor"):
            check(flow=flow)


@pytest.mark.parametrize("flow", [torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.complex64)])
def test_integers_and_complex_numbers_are_not_floating(flow):
    expect_floating(flow=torch.zeros(2, dtype=torch.bfloat16))
    with pytest.raises(ShapeError, match="flow: a tensor of floating-point numbers"):
        expect_floating(flow=flow)


@pytest.mark.parametrize("valid", [torch.ones(2), torch.ones(2, dtype=torch.uint8), np.ones(2, bool), [True]])
def test_only_a_tensor_of_bool_is_a_mask(valid):
    expect_mask(valid=torch.ones(2, dtype=torch.bool))
    with pytest.raises(ShapeError, match="valid: a tensor of bool"):
        expect_mask(valid=valid)


@pytest.mark.parametrize(
    ("worst", "repair"), [(255.0, "frame / 255"), (1.5, "clamp"), (-0.5, "clamp"), (nan, "nan_to_num")]
)
def test_a_picture_beyond_zero_and_one_is_refused_with_its_repair(worst, repair):
    frame = torch.full((1, 3, 2, 2), 0.5)
    expect_unit(frame=frame, other=torch.tensor([0.0, 1.0001]))
    frame[0, 1, 1, 0] = worst
    with pytest.raises(ShapeError, match=repair):
        expect_unit(frame=frame)


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(ShapeError, match="frame: at least one pixel"):
        expect_unit(frame=torch.zeros(1, 3, 0, 4))


@pytest.mark.parametrize("zoom", [1.3, (1.0,), (1.3, 0.9), (0, 1), (0.9, nan), ("0.9", 1)])
def test_a_range_that_is_none_is_refused_by_name(zoom):
    expect_span(above=0, zoom=(0.9, 1.3), gain=[1, 1])
    with pytest.raises(SettingsError, match="zoom"):
        expect_span(above=0, zoom=zoom)


@pytest.mark.parametrize("size", [48, (48,), (48, 64, 3), (48, 0), (48.0, 64)])
def test_a_size_that_is_none_is_refused(size):
    expect_size(torch.zeros(48, 64).shape)
    with pytest.raises(SettingsError):
        expect_size(size)


def test_a_word_that_is_not_among_those_allowed_is_refused():
    expect_one_of(("raw", "softmax"), cost="raw")
    with pytest.raises(SettingsError, match="cost 'raw' or 'softmax'"):
        expect_one_of(("raw", "softmax"), cost="cosine")


@pytest.mark.parametrize(
    "flow", [torch.zeros(2, dtype=torch.float64), torch.zeros(2, device="meta"), torch.zeros(2).long()]
)
def test_tensors_of_two_types_or_devices_are_not_alike(flow):
    expect_alike(frame=torch.zeros(1), flow=torch.zeros(2))
    with pytest.raises(ShapeError, match="flow"):
        expect_alike(frame=torch.zeros(1), flow=flow)


@pytest.mark.parametrize("worst", [nan, inf, -inf])
def test_numbers_that_are_not_finite_are_refused_with_the_repair(worst):
    expect_finite(flow=torch.tensor([1e30, -1e30]), try_this="nothing")
    with pytest.raises(DataError, match="(?s)flow: finite numbers.*flow.nan_to_num"):
        expect_finite(flow=torch.tensor([0.0, worst]), try_this="flow.nan_to_num()")


@pytest.mark.parametrize("sizes", [{}, {"x": 0}, {"x": 2, "y": 3}])
def test_a_batch_without_one_number_of_samples_is_refused(sizes):
    assert expect_batch({"x": torch.zeros(2, 3), "y": torch.zeros(2)}) == 2
    with pytest.raises(DataError, match="equally many samples"):
        expect_batch({name: torch.zeros(size) for name, size in sizes.items()})


@pytest.mark.parametrize(
    ("worst", "repair"), [(nan, "a lower learning rate"), (1.1, "sigmoid"), (-0.1, "sigmoid"), (inf, "sigmoid")]
)
def test_a_number_that_is_no_probability_is_refused_with_its_usual_cause(worst, repair):
    expect_prob(prob=torch.tensor([0.0, 1.0, 1.0 + 1e-6]), none=torch.zeros(0, 4, 6))
    with pytest.raises(ShapeError, match=f"(?s)last: probabilities in .*{repair}"):
        expect_prob(prob=torch.zeros(2), last=torch.tensor([0.5, worst]))


def test_a_mask_is_no_probability():
    with pytest.raises(ShapeError, match="prob: a tensor of floating-point"):
        expect_prob(prob=torch.zeros(2) > 0)


def test_an_option_that_is_neither_true_nor_false_is_refused():
    expect_truth(feedback=True, first=False)
    for value in (1, None, "no"):
        with pytest.raises(SettingsError, match="feedback: True or False"):
            expect_truth(first=True, feedback=value)
