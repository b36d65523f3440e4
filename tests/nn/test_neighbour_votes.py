"""nn/neighbour_votes.py: what the labels of neighbours say."""

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.nn.neighbour_votes import agreed, votes


def test_votes_are_counted_and_the_nearer_breaks_a_tie():
    share = votes(torch.tensor([[1, 0, 0, 1, 0], [2, 1, 1, 2, 0]]), 3)
    assert torch.allclose(share, torch.tensor([[0.6, 0.4, 0], [0.2, 0.4, 0.4]]), atol=1e-3)
    assert share.argmax(1).tolist() == [0, 2]
    assert votes(torch.tensor([[1]]), 2).tolist() == [[0.0, 1.0]]


def test_a_place_is_agreed_on_where_all_neighbours_carry_one_label():
    assert agreed(torch.tensor([[0, 0, 0], [2, 2, 2], [2, 2, 0], [0, 2, 2]])).tolist() == [True, True, False, False]
    assert agreed(torch.tensor([[4]])).tolist() == [True]


@pytest.mark.parametrize(
    "wrong", [torch.zeros(4).long(), torch.zeros(2, 3), torch.zeros(2, 0).long(), torch.zeros(2, 3).long().numpy()]
)
def test_what_are_no_neighbours_is_refused(wrong):
    for ask in (agreed, lambda neighbours: votes(neighbours, 2)):
        with pytest.raises(ShapeError, match="neighbours"):
            ask(wrong)


@pytest.mark.parametrize("label", [-1, 2])
def test_a_vote_for_a_label_that_is_not_there_is_refused(label):
    with pytest.raises(DataError, match="labels from 0 to 1"):
        votes(torch.tensor([[0, label]]), 2)


def test_no_labels_are_refused():
    with pytest.raises(SettingsError, match="labels"):
        votes(torch.tensor([[0]]), 0)
