"""The oracles of lesson 01 against what was worked by hand, what specs/flow.md lists, and the package's own functions."""

import pytest
import torch

from vostutor.checks.lesson01.change_view import reference as package_view
from vostutor.checks.lesson01.change_view import seen_anew
from vostutor.checks.lesson01.correlation import reference as package_volume
from vostutor.checks.lesson01.expected_displacement import averaged
from vostutor.checks.lesson01.expected_displacement import reference as package_displacement
from vostutor.checks.lesson01.fields import random, uniform
from vostutor.checks.lesson01.find_occluded import apart, followed, places, read
from vostutor.checks.lesson01.find_occluded import reference as package_occluded
from vostutor.checks.lesson01.multiscale_epe import LEVELS, area, summed
from vostutor.checks.lesson01.volume import compared
from vostutor.checks.trial import LocalAnswer, Trial
from vostutor.losses import multiscale_epe


@pytest.fixture
def trial():
    return Trial(LocalAnswer(None))


def pixel_by_pixel(f1, f2, radius):
    (batch, channels, height, width), n = f1.shape, 2 * radius + 1
    one, two = f1.tolist(), f2.tolist()
    volume = torch.zeros(batch, n * n, height, width)
    for b, dy, dx, y, x in torch.cartesian_prod(*map(torch.arange, (batch, n, n, height, width))).tolist():
        v, u = y + dy - radius, x + dx - radius
        if 0 <= v < height and 0 <= u < width:
            products = [one[b][c][y][x] * two[b][c][v][u] for c in range(channels)]
            volume[b, dy * n + dx, y, x] = sum(products) / channels
    return volume


@pytest.mark.parametrize("size, radius", [((2, 3, 5, 8), 2), ((1, 2, 4, 3), 1), ((1, 4, 1, 5), 3), ((1, 1, 2, 2), 0)])
def test_a_volume_is_what_comparing_pixel_by_pixel_gives(trial, size, radius):
    f1, f2 = random(trial, *size), random(trial, *size)
    torch.testing.assert_close(compared(f1, f2, radius), pixel_by_pixel(f1, f2, radius))
    torch.testing.assert_close(compared(f1, f2, radius), package_volume(f1, f2, radius))


def test_ones_score_one_and_nothing_outside_as_listed():
    volume = compared(torch.ones(1, 4, 6, 6), torch.ones(1, 4, 6, 6), 2)
    assert (volume[:, 12] == 1).all()
    assert (volume[0, 0, :2] == 0).all() and (volume[0, 0, :, :2] == 0).all() and (volume[0, 0, 2:, 2:] == 1).all()


def test_displacements_are_averaged_by_their_share():
    scores = torch.tensor([0.0, 1, 2, 3, 4, 5, 6, 7, 8]).reshape(1, 9, 1, 1).log()  # shares of 0 to 8 in 36
    x = (-0 + 2 - 3 + 5 - 6 + 8) / 36
    y = (-0 - 1 - 2 + 6 + 7 + 8) / 36
    assert averaged(scores.clamp(min=-64), 1, 1.0).flatten().tolist() == pytest.approx([x, y], rel=1e-5)
    torch.testing.assert_close(averaged(scores.clamp(-9), 1, 2.0), package_displacement(scores.clamp(-9), 1, 2.0))


def test_the_loss_of_zero_flow_is_34_56_as_listed():
    nothing = [torch.zeros(1, 2, 384 // s, 512 // s) for s in (4, 8, 16, 32, 64)]
    assert summed(nothing, uniform(3, 4, 384, 512)[None], LEVELS, 20.0).item() == pytest.approx(34.56, rel=1e-5)


def test_the_loss_is_zero_at_the_mean_of_each_area_and_linear_in_the_weights(trial):
    truth = 9 * random(trial, 2, 2, 4, 6)
    right = [truth / 5, area(truth, (2, 3)) / 5]
    assert summed(right, truth, (1, 1), 5.0).item() == pytest.approx(0, abs=1e-4)
    wrong = [random(trial, 2, 2, 4, 6), random(trial, 2, 2, 2, 3)]
    once, twice = (summed(wrong, truth, weights, 5.0).item() for weights in ((1, 2), (2, 4)))
    assert twice == pytest.approx(2 * once, rel=1e-5)
    assert once == pytest.approx(multiscale_epe(wrong, truth, (1, 2), 5.0).item(), rel=1e-5)


def test_an_area_holds_the_mean_of_its_pixels():
    truth = torch.arange(16.0).reshape(1, 2, 2, 4)
    assert area(truth, (1, 2)).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_a_flow_is_shown_through_two_views_as_by_hand(trial):
    turn = torch.tensor([[0.0, -1, 4], [1, 0, 0]])  # right becomes down
    there = torch.tensor([[2.0, 0, 0], [0, 2, 1]])
    points, flow = torch.tensor([1.0, 2.0]).reshape(2, 1, 1), torch.tensor([3.0, 0.0]).reshape(2, 1, 1)
    # (4, 2) becomes (8, 5) in frame 2; (1, 2) is seen at (4 - 2, 1) in frame 1
    assert seen_anew(points, flow, turn, there).flatten().tolist() == [6, 4]
    points, flow, (view1, view2) = random(trial, 2, 3, 5), random(trial, 2, 3, 5), random(trial, 2, 2, 3)
    inputs = points, flow, view1, view2
    torch.testing.assert_close(seen_anew(*inputs), package_view(*inputs))


def test_a_flow_is_read_between_four_pixels_and_is_zero_outside():
    flow = torch.tensor([[0.0, 4.0], [8.0, 12.0]]).expand(1, 2, 2, 2)
    there = torch.tensor([[[0.5, 0.25], [1.5, -1.0]], [[0.5, 1.0], [0.0, 0.0]]])[None]
    assert read(flow, there)[0, 0].tolist() == [[6, 9], [2, 0]]
    assert read(flow, there, clamped=True)[0, 0].tolist() == [[6, 9], [4, 0]]


def test_a_round_trip_that_leaves_0_7_pixels_is_closed_and_one_of_0_8_is_not():
    for rest, open_ in ((0.7, False), (0.8, True)):
        assert (
            apart(torch.tensor([1.0, 0]).reshape(1, 2, 1, 1), torch.tensor([rest - 1, 0]).reshape(1, 2, 1, 1)) == open_
        )


def test_the_package_finds_the_same_pixels_occluded(trial):
    there = torch.randint(-2, 3, (3, 2, 5, 7), generator=trial.generator).float()
    back = -there.roll(1, 0)
    assert torch.equal(followed(there, back), package_occluded(there, back))
    assert places(2, 3)[:, 1, 2].tolist() == [2, 1]
