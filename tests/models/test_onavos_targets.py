"""models/onavos.py: what a frame may teach, and when it is shown."""

import pytest
import torch

from tests.models.tiny import SIZE, seeded, square
from vostutor.core import SettingsError, ShapeError
from vostutor.models.onavos import PRESETS, PROFILES, OnAVOSConfig, adaptation_targets, schedule

VOID = 255
RULES = {"alpha": 0.9, "distance": 3.0, "erosion": 1}


def drawn(seed=0):
    generator = seeded(seed)
    return torch.rand(SIZE, generator=generator), square(6, 10) & (torch.rand(SIZE, generator=generator) < 0.8)


# hand-worked: targets


def test_sure_pixels_near_the_last_mask_are_positive_far_ones_negative_all_others_void():
    prob = torch.tensor([[0.95, 0.5, 0.01, 0.91, 0.9, 0.99, 0.01]])
    last = torch.tensor([[True, False, False, False, False, False, False]])
    targets = adaptation_targets(prob, last, **RULES)
    assert targets.tolist() == [
        [1, VOID, VOID, 1, 0, 0, 0]
    ]  # 0.01 at two pixels away is no negative: only distance makes one
    assert targets.dtype == torch.int64


def test_exactly_alpha_is_not_sure_and_exactly_the_distance_is_not_far():
    last = torch.tensor([[True, False, False, False]])
    targets = adaptation_targets(torch.tensor([[0.5, 0.5, 0.5, 0.5]]), last, alpha=0.5, distance=2, erosion=1)
    assert targets.tolist() == [[VOID, VOID, VOID, 0]]


def test_the_last_mask_is_shrunk_before_it_vouches_for_its_surroundings():
    last = square(8, 8, side=5) | square(2, 35, side=2)  # a stray spot of two by two
    targets = adaptation_targets(torch.zeros(SIZE), last, alpha=0.9, distance=4, erosion=3)
    assert targets[3, 35] == 0
    assert (targets[8:13, 8:13] == VOID).all()
    assert (adaptation_targets(torch.zeros(SIZE), last, alpha=0.9, distance=4, erosion=1)[3, 35] == VOID).all()


def test_published_lengths_are_pixels_at_480_rows():
    assert PRESETS["davis-2016"].lengths(480) == (220, 15)
    assert PRESETS["davis-2016"].lengths(240) == (110, 7)
    assert PRESETS["davis-2017"].lengths(480) == (190, 15)
    assert PROFILES["cpu"].lengths(96) == (44, 3)
    assert OnAVOSConfig(erosion=0).lengths(480)[1] == 1


def test_the_presets_are_the_published_table():
    first, second = PRESETS["davis-2016"], PRESETS["davis-2017"]
    table = [
        (c.alpha, c.distance, c.beta, c.online_steps, c.first_steps, c.first_rate, c.online_rate, c.erosion)
        for c in (first, second)
    ]
    assert table == [(0.97, 220, 0.05, 15, 50, 3e-6, 1e-5, 15), (0.97, 190, 0.05, 15, 500, 3e-6, 3e-5, 15)]
    assert first.guard is second.guard is None
    assert first.views == second.views == 10


# hand-worked: schedule


def test_of_fifteen_steps_at_interval_five_three_show_the_current_frame():
    order = schedule(15, 5)
    assert [step for step, shown in enumerate(order) if shown == "current"] == [0, 5, 10]
    assert order.count("first") == 12
    assert schedule(4, 1) == ["current"] * 4
    assert schedule(0, 5) == []


# invariance: targets


def test_targets_are_negative_positive_or_void():
    prob, last = drawn()
    assert set(adaptation_targets(prob, last, **RULES).unique().tolist()) == {0, 1, VOID}


def test_a_pixel_that_is_sure_and_far_is_negative():
    prob, last = torch.ones(SIZE), square(2, 2, side=3)
    targets = adaptation_targets(prob, last, **RULES)
    assert targets[20, 30] == 0
    assert ((targets == 0) | (targets == 1)).all()


def test_at_an_infinite_distance_there_is_no_negative_and_above_one_no_positive():
    prob, last = drawn()
    assert not (adaptation_targets(prob, last, alpha=0.9, distance=float("inf"), erosion=1) == 0).any()
    assert not (adaptation_targets(prob, last, alpha=1.0, distance=3, erosion=1) == 1).any()


@pytest.mark.parametrize("last", [torch.zeros(SIZE, dtype=torch.bool), square(2, 2, side=2)])
def test_a_mask_of_which_erosion_leaves_nothing_teaches_nothing(last):
    targets = adaptation_targets(torch.ones(SIZE), last, alpha=0.9, distance=3, erosion=3)
    assert (targets == VOID).all()


def test_mirrored_frames_have_mirrored_targets():
    prob, last = drawn()
    there = adaptation_targets(prob.flip(1), last.flip(1), alpha=0.9, distance=3, erosion=3)
    assert torch.equal(there.flip(1), adaptation_targets(prob, last, alpha=0.9, distance=3, erosion=3))


def test_targets_are_those_spelled_out_pixel_by_pixel():
    prob, last = drawn(1)
    targets = adaptation_targets(prob, last, **RULES)
    mask = last.nonzero().tolist()
    for y in range(SIZE[0]):
        for x in range(SIZE[1]):
            far = min((y - v) ** 2 + (x - u) ** 2 for v, u in mask) > 9
            assert targets[y, x] == (0 if far else 1 if prob[y, x] > 0.9 else VOID)


# refusals


def test_targets_of_what_is_no_probability_or_no_mask_are_refused():
    prob, last = drawn()
    for wrong in (last, 255 * prob, prob - 1, prob / 0, prob.numpy()):
        with pytest.raises(ShapeError, match="prob"):
            adaptation_targets(wrong, last, **RULES)
    with pytest.raises(ShapeError, match="boolean mask"):
        adaptation_targets(prob, last.float(), **RULES)
    with pytest.raises(ShapeError, match="one object's"):
        adaptation_targets(prob[None], last, **RULES)
    with pytest.raises(ShapeError, match="an odd side"):
        adaptation_targets(prob, last, alpha=0.9, distance=3, erosion=2)
    for rules in ({"distance": -1}, {"distance": float("nan")}, {"alpha": 90}, {"alpha": float("nan")}):
        with pytest.raises(SettingsError, match=next(iter(rules))):
            adaptation_targets(prob, last, **RULES | rules)


@pytest.mark.parametrize(("steps", "interval"), [(-1, 5), (15, 0), (5, 2.5), (2.5, 5)])
def test_a_schedule_of_no_interval_is_refused(steps, interval):
    with pytest.raises(SettingsError, match="schedule"):
        schedule(steps, interval)
