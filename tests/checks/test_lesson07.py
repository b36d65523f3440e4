"""The oracles of lesson 07 against what was worked by hand, what specs/feelvos.md lists, and other libraries."""

import math

import pytest
import torch
from scipy.spatial import KDTree

from vostutor.checks.answer import LocalAnswer
from vostutor.checks.lesson01.fields import random
from vostutor.checks.lesson07.agreed import unanimous
from vostutor.checks.lesson07.local_match import square, windowed
from vostutor.checks.lesson07.min_triplet import pulled
from vostutor.checks.lesson07.nearest import OBJECTS, matched, of_half, some_maps, squares
from vostutor.checks.lesson07.squash import EXERCISE as SQUASH
from vostutor.checks.trial import Trial
from vostutor.checks.verdict import judge


@pytest.fixture
def trial():
    return Trial(LocalAnswer(None))


def test_the_squashing_has_the_listed_values_and_is_1_at_infinity():
    squared = torch.tensor([0, 0.5, 1, 2, 4, math.inf])
    torch.testing.assert_close(
        of_half(squared), torch.tensor([0, 0.2449, 0.4621, 0.7616, 0.9640, 1]), atol=5e-5, rtol=0
    )
    torch.testing.assert_close(of_half(squared), 1 - 2 / (1 + squared.exp()))


def test_squares_are_those_of_cdist(trial):
    x, y = random(trial, 5, 7).double(), random(trial, 4, 7).double()
    torch.testing.assert_close(squares(x, y), torch.cdist(x, y) ** 2)


@pytest.mark.parametrize("sizes", [((4, 6), (5, 3)), ((1, 5), (7, 2))])
def test_matching_finds_what_a_search_tree_finds(trial, sizes):
    query, reference, ids = some_maps(trial, 3, *sizes)
    maps = matched(query, reference, ids, OBJECTS)
    for found, value in zip(maps, (0, *OBJECTS), strict=True):
        places = reference[:, ids == value].T
        distances, _ = KDTree(places.numpy()).query(query.flatten(1).T.numpy())
        torch.testing.assert_close(found.flatten(), (torch.from_numpy(distances).float() ** 2 / 2).tanh())


def test_a_map_matched_with_itself_is_0_on_its_own_places_and_an_absent_object_is_1(trial):
    one, ids = some_maps(trial, 3, (5, 6))
    maps = matched(one, one, ids, (7, 200))
    assert (maps[1][ids == 7] == 0).all() and (maps[1][ids != 7] > 0).all() and (maps[2] == 1).all()


def test_a_reach_of_15_sees_961_places_as_listed():
    steps = torch.arange(-40, 41)
    assert square(steps[:, None], steps, 15).sum() == 961


def test_a_window_is_a_slice_of_the_frame(trial):
    query, previous, ids = some_maps(trial, 2, (5, 7), (5, 7))
    maps = windowed(query, previous, ids, OBJECTS, 2)
    for y in range(5):
        for x in range(7):
            rows, columns = slice(max(y - 2, 0), y + 3), slice(max(x - 2, 0), x + 3)
            alone = matched(query[:, y : y + 1, x : x + 1], previous[:, rows, columns], ids[rows, columns], OBJECTS)
            torch.testing.assert_close(maps[:, y, x], alone.flatten())


def test_a_window_is_never_closer_than_the_frame_and_as_close_when_it_is_as_large(trial):
    inputs = *some_maps(trial, 3, (6, 5), (6, 5)), OBJECTS
    everywhere = matched(*inputs)
    assert (windowed(*inputs, 2) >= everywhere).all() and (windowed(*inputs, 2) > everywhere).any()
    torch.testing.assert_close(windowed(*inputs, 6), everywhere)


def test_the_triplet_has_the_listed_values():
    anchors, positives = torch.zeros(1, 2), torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    negatives = torch.tensor([[0.0, 1.5], [3.0, 0.0]])
    losses = [pulled(anchors, positives, negatives, margin).item() for margin in (0.7, 2.0)]
    assert losses == [0, 0.75]


def test_two_modes_cost_nothing_where_the_mean_distance_costs_much():
    modes, others = torch.tensor([[0.0, 0.0], [10.0, 0.0]]), torch.tensor([[5.0, 3.0]])
    assert pulled(modes, modes, others, 1.0).tolist() == [0, 0]
    assert pulled(modes, modes, others, 1.0, of_positives=lambda table: table.mean(1)).tolist() == [17, 17]


def test_neighbours_agree_when_the_smallest_label_is_the_largest(trial):
    neighbours = torch.randint(3, (60, 3), generator=trial.generator)
    lowest, highest = neighbours.aminmax(dim=1)
    agreed = unanimous(neighbours)
    assert torch.equal(agreed, lowest == highest) and 0 < agreed.sum() < 60


def test_a_loop_over_pairs_is_told_that_it_takes_too_long():
    def pair_by_pair(x, y):
        return torch.stack([torch.stack([of_half((a - b).square().sum()) for b in y]) for a in x])

    verdict = judge(
        SQUASH, LocalAnswer(pair_by_pair, limit=0.3)
    )  # enough for a thousand pairs, the last question has 540 000
    *before, last = verdict.findings
    assert all(finding.holds for finding in before)
    assert not last.holds and "within 0.3 s" in last.got and "a loop over pairs" in last.likely
