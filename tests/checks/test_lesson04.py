"""The oracles of lesson 04 against what was worked by hand, what specs/osvos.md lists, and other libraries."""

import math

import pytest
import torch
from scipy import ndimage
from torch.nn.functional import binary_cross_entropy_with_logits, conv_transpose2d

from vostutor.checks.lesson01.fields import random
from vostutor.checks.lesson04.adaptation_targets import away_from, labelled, shrunk
from vostutor.checks.lesson04.balanced_bce import weighed
from vostutor.checks.lesson04.finetune import reference as finetune
from vostutor.checks.lesson04.scene import alike, answers, loss_on, moved_layers, overlap, some_parent, two_blocks
from vostutor.checks.lesson04.snap import voted
from vostutor.checks.lesson04.upsample import painted, tent
from vostutor.checks.trial import LocalAnswer, Trial


@pytest.fixture
def trial():
    return Trial(LocalAnswer(None))


def test_a_network_that_knows_nothing_pays_22_18_as_listed():
    mask = torch.arange(100).reshape(10, 10) < 20
    assert weighed(torch.zeros(10, 10), mask).item() == pytest.approx(2 * 20 * 80 / 100 * math.log(2), rel=1e-6)
    assert weighed(torch.zeros(10, 10), mask).item() == pytest.approx(22.1807, abs=1e-4)


def test_the_loss_is_the_weighted_cross_entropy_and_finite(trial):
    logits, mask = 3 * random(trial, 1, 1, 5, 8), random(trial, 1, 1, 5, 8) > 0.8
    beta = 1 - mask.float().mean()
    expected = binary_cross_entropy_with_logits(
        logits, mask.float(), torch.where(mask, beta, 1 - beta), reduction="sum"
    )
    torch.testing.assert_close(weighed(logits, mask), expected)
    assert weighed(1000 * logits.sign(), mask).isfinite() and weighed(logits, mask & False) == 0


@pytest.mark.parametrize("stride", [2, 4, 8, 16])
def test_a_kernel_weighs_the_square_of_its_stride_as_listed(stride):
    assert tent(stride).outer(tent(stride)).sum().item() == pytest.approx(stride**2)


@pytest.mark.parametrize(
    ("stride", "coarse", "size"), [(2, (3, 4), (6, 7)), (4, (3, 2), (9, 8)), (8, (2, 2), (13, 16))]
)
def test_painting_is_a_transposed_convolution_and_a_cut(trial, stride, coarse, size):
    scores = random(trial, 2, 1, *coarse)
    large = conv_transpose2d(scores, tent(stride).outer(tent(stride))[None, None], stride=stride)
    top, left = (large.shape[2] - size[0]) // 2, (large.shape[3] - size[1]) // 2
    torch.testing.assert_close(painted(scores, stride, size), large[:, :, top : top + size[0], left : left + size[1]])


def test_a_majority_is_more_than_half():
    superpixels = torch.tensor([[4, 4, 4, 9, 9]])
    assert voted(superpixels, torch.tensor([[1, 1, 0, 1, 0]]).bool()).tolist() == [[True, True, True, False, False]]


def test_erosion_and_distance_are_those_of_scipy(trial):
    mask = random(trial, 9, 12) > -1.5
    window = torch.ones(3, 3).numpy()
    eroded = torch.from_numpy(ndimage.binary_erosion(mask.numpy(), window, border_value=1))
    assert torch.equal(shrunk(mask, 3), eroded)
    torch.testing.assert_close(away_from(eroded), torch.from_numpy(ndimage.distance_transform_edt(~eroded.numpy())))


def test_nothing_is_far_at_an_infinite_distance_and_what_is_far_is_never_object():
    mask = torch.zeros(1, 9, dtype=torch.bool)
    mask[0, :3] = True
    sure = torch.full((1, 9), 0.99)
    assert labelled(sure, mask, 0.9, math.inf, 1).tolist() == [[1] * 9]
    assert labelled(sure, mask, 0.9, 2.0, 1).tolist() == [[1] * 5 + [0] * 4]


def test_finetuning_learns_the_frame_and_leaves_the_parent_alone(trial):
    parent, (frame, masks) = some_parent(trial), two_blocks(trial)
    network = finetune(parent, frame, masks[0], 40)
    assert loss_on(network, frame, masks[0]) < 0.1 * loss_on(parent, frame, masks[0])
    assert overlap(answers(network, frame)[-1], masks[0]) > 0.9 > overlap(answers(network, frame)[-1], masks[1])
    assert moved_layers(parent, network) == {"fine", "coarse", "fused"}
    assert moved_layers(parent, finetune(parent, frame, masks[0], 0)) == set()
    assert alike(parent, network) > 0.9 > 0.5 > alike(parent, some_parent(trial))
