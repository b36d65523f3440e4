"""nn/label_pool.py: what was told stays, what joined is bounded."""

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.nn.label_pool import LabelPool, Places, evenly


def told(capacity=20):
    pool = LabelPool(capacity)
    pool.tell(0, torch.arange(8.0).reshape(4, 2), torch.tensor([0, 1, 255, 1]))
    return pool


def ones(count, label=1):
    return torch.ones(count, 2), torch.full((count,), label)


def test_what_stays_lies_at_even_steps():
    assert (
        evenly(10, 4).tolist() == [0, 2, 5, 7] and evenly(3, 10).tolist() == [0, 1, 2] and evenly(0, 5).tolist() == []
    )
    assert evenly(5, 0).tolist() == []


def test_void_is_not_in_the_pool_and_the_rest_is_in_order():
    places = told().places
    assert places.labels.tolist() == [0, 1, 1] and places.embedding[:, 0].tolist() == [0, 2, 6]
    assert places.frames.tolist() == [0, 0, 0]


def test_the_scarcest_label_is_counted_among_those_that_are_there():
    pool = told()
    assert pool.scarcest == 1 and LabelPool(5).scarcest == 0
    pool.tell(3, *ones(4, label=3))
    assert pool.scarcest == 1
    pool.tell(0, *ones(2, label=255))
    assert pool.scarcest == 4


def test_a_frame_lends_a_tenth_of_the_capacity_of_each_label():
    pool = told(capacity=40)
    pool.join(1, torch.ones(90, 2), torch.arange(90) % 3)
    assert torch.bincount(pool.grown.labels).tolist() == [4, 4, 4]


def test_growing_is_bounded_for_each_label_and_no_told_place_leaves():
    pool, first = told(), told().places
    for frame in range(1, 60):
        pool.join(frame, *ones(9, label=frame % 2))
        assert max(torch.bincount(pool.grown.labels).tolist()) <= 20
    places = pool.places
    assert torch.bincount(pool.grown.labels).tolist() == [20, 20]
    assert torch.equal(places.embedding[:3], first.embedding) and torch.equal(places.labels[:3], first.labels)
    ages = pool.grown.frames
    assert ages.max() == 59 and len(ages.unique()) >= 10, "several frames are remembered, the newest among them"


def test_a_frame_takes_back_what_it_lent_when_it_is_told():
    pool = told()
    pool.join(1, *ones(2))
    pool.join(2, *ones(2, label=2))
    pool.tell(1, *ones(3, label=0))
    assert pool.grown.frames.tolist() == [2, 2] and sorted(pool.told) == [0, 1]
    pool.forget(2)
    assert len(pool.grown.labels) == 0 and len(pool.places.labels) == 6


def test_nothing_may_join():
    pool = told()
    pool.join(1, *ones(0))
    assert len(pool.places.labels) == 3


def test_pools_are_joined_in_order():
    one, two = Places.of(0, *ones(1)), Places.of(5, *ones(2, label=3))
    assert Places.joined([two, one]).frames.tolist() == [5, 5, 0]


def test_a_pool_has_the_length_of_its_places():
    pool = told()
    pool.join(1, *ones(1))
    assert len(pool) == len(pool.places.labels) == 4 and len(LabelPool(5)) == 0


def test_labels_that_do_not_fit_and_no_capacity_are_refused():
    with pytest.raises(ShapeError, match="one label for each place"):
        told().tell(1, torch.ones(3, 2), torch.ones(2, dtype=torch.int64))
    with pytest.raises(SettingsError, match="capacity"):
        LabelPool(0)
    with pytest.raises(SettingsError, match="most"):
        evenly(3, -1)


@pytest.mark.parametrize(
    ("embedding", "labels", "kind", "said"),
    [
        (torch.ones(2, 2), torch.ones(2), ShapeError, "int64"),
        (torch.ones(2, 2), torch.ones(2).long().numpy(), ShapeError, "a tensor"),
        (torch.ones(2, 2).numpy(), torch.ones(2).long(), ShapeError, "a tensor"),
        (torch.ones(2, 2), torch.tensor([-1, 0]), DataError, "0 to 255"),
        (torch.ones(2, 2), torch.tensor([256, 0]), DataError, "0 to 255"),
        (torch.ones(2, 3), torch.ones(2).long(), ShapeError, "one network"),
    ],
)
def test_places_that_are_none_are_refused_and_the_pool_stays(embedding, labels, kind, said):
    pool = told()
    pool.join(1, *ones(1))
    for take in (pool.tell, pool.join):
        with pytest.raises(kind, match=said):
            take(1, embedding, labels)
    assert pool.places.frames.tolist() == [0, 0, 0, 1]


def test_an_empty_pool_has_no_places():
    with pytest.raises(DataError, match="told"):
        _ = LabelPool(5).places
