"""losses.py: what the multi-scale end-point error cannot be computed of."""

import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.losses import multiscale_epe

STILL = torch.zeros(1, 2, 64, 64)


def levels(count=5):
    return [torch.zeros(1, 2, 64 >> level, 64 >> level) for level in range(2, 2 + count)]


@pytest.mark.parametrize("div_flow", [0, -20, float("nan"), float("inf"), "20"])
def test_a_divisor_that_is_none_is_refused(div_flow):
    with pytest.raises(SettingsError, match="div_flow a number above 0"):
        multiscale_epe(levels(), STILL, div_flow=div_flow)


@pytest.mark.parametrize("weight", [-0.1, float("nan")])
def test_a_weight_that_would_reward_errors_is_refused(weight):
    with pytest.raises(SettingsError, match="weight a number from 0 and finite"):
        multiscale_epe(levels(1), STILL, weights=[weight])


def test_integers_and_masks_of_shares_are_refused():
    with pytest.raises(ShapeError, match="flow: a tensor of floating-point"):
        multiscale_epe(levels(), STILL.long())
    with pytest.raises(ShapeError, match="prediction: a tensor of floating-point"):
        multiscale_epe([level.long() for level in levels()], STILL)
    with pytest.raises(ShapeError, match="valid: a tensor of bool"):
        multiscale_epe(levels(), STILL, valid=torch.ones(1, 64, 64))


def test_a_batch_without_samples_has_no_mean():
    with pytest.raises(ShapeError, match="at least one sample"):
        multiscale_epe([torch.zeros(0, 2, 16, 16)], torch.zeros(0, 2, 64, 64))
