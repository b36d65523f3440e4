"""ops/matching.py and ops/nearest.py: refusal of bad input."""

import numpy as np
import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.ops import global_match, k_nearest, local_match, min_triplet, nearest_per_label, squared_distances, squash
from vostutor.ops.nearest import distances_to

MATCHES = [global_match, lambda *maps: local_match(*maps, reach=1)]


@pytest.mark.parametrize("match", MATCHES)
@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (((1, 3, 4, 5), (3, 4, 5), (4, 5)), "query: C h w"),
        (((3, 4, 5), (2, 4, 5), (4, 5)), "C = 3"),
        (((3, 4, 5), (3, 4, 5), (5, 4)), "ids: "),
        (((3, 4, 5), (3, 4, 5), (1, 4, 5)), "ids: "),
        (((0, 4, 5), (0, 4, 5), (4, 5)), "at least one channel"),
        (((3, 0, 5), (3, 0, 5), (0, 5)), "at least one channel, row and column"),
    ],
)
def test_other_axes_are_refused(match, shapes, told):
    query, reference, ids = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(ShapeError, match=told):
        match(query, reference, ids.long(), (3,))


@pytest.mark.parametrize("match", MATCHES)
@pytest.mark.parametrize(
    ("types", "told"),
    [
        ((torch.int64, torch.int64, torch.int64), "floating-point"),
        ((torch.float32, torch.float64, torch.int64), "as query"),
        ((torch.float32, torch.float32, torch.float32), "ids: integers"),
        ((torch.float32, torch.float32, torch.bool), "ids: integers"),
    ],
)
def test_other_types_are_refused(match, types, told):
    maps = (torch.zeros(shape, dtype=dtype) for shape, dtype in zip(((3, 4, 5), (3, 4, 5), (4, 5)), types, strict=True))
    with pytest.raises(ShapeError, match=told):
        match(*maps, (3,))


@pytest.mark.parametrize("match", MATCHES)
def test_what_is_no_tensor_or_elsewhere_is_refused(match):
    image, ids = torch.zeros(3, 4, 5), torch.zeros(4, 5, dtype=torch.int64)
    with pytest.raises(ShapeError, match="ids: a tensor"):
        match(image, image, ids.numpy(), (3,))
    with pytest.raises(ShapeError, match="a tensor"):
        match(image, image.numpy(), ids, (3,))
    with pytest.raises(ShapeError, match="meta"):
        match(image, image.to("meta"), ids, (3,))
    with pytest.raises(ShapeError, match="ids: integers on cpu"):
        match(image, image, ids.to("meta"), (3,))


def test_a_previous_frame_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="previous: C h w"):
        local_match(torch.zeros(3, 4, 5), torch.zeros(3, 4, 6), torch.zeros(4, 6).long(), (3,), reach=1)


@pytest.mark.parametrize("match", MATCHES)
@pytest.mark.parametrize("objects", [(3, 3), (0, 3), (3, 255), (-1,), (2.0,), (True,), ("3",), None, 1, {3, 4}])
def test_objects_that_are_no_ids_or_not_different_are_refused(match, objects):
    image = torch.zeros(3, 4, 5)
    with pytest.raises(DataError, match="different ids from 1 to 254"):
        match(image, image, torch.zeros(4, 5).long(), objects)


@pytest.mark.parametrize("match", MATCHES)
def test_objects_may_be_numbers_of_numpy_or_come_one_by_one(match):
    image, ids = torch.arange(60.0).reshape(3, 4, 5), torch.arange(20).reshape(4, 5)
    expected = match(image, image, ids, (3, 7))
    assert torch.equal(match(image, image, ids, np.array([3, 7])), expected)
    assert torch.equal(match(image, image, ids, (value for value in (3, 7))), expected)


@pytest.mark.parametrize("reach", [-1, 1.5, True, None])
def test_a_reach_that_is_no_number_of_places_is_refused(reach):
    image = torch.zeros(3, 4, 5)
    with pytest.raises(SettingsError, match="reach a whole number from 0 on"):
        local_match(image, image, torch.zeros(4, 5).long(), (3,), reach=reach)


POINTS = {
    "squared_distances": squared_distances,
    "nearest_per_label": lambda x, y: nearest_per_label(x, y, torch.zeros(len(y)).long(), count=1),
    "k_nearest": lambda x, y: k_nearest(x, y, k=1),
    "min_triplet, positives": lambda x, y: min_triplet(x, y, x, margin=0.5),
    "min_triplet, negatives": lambda x, y: min_triplet(x, x, y, margin=0.5),
}


@pytest.mark.parametrize("way", POINTS.values(), ids=POINTS)
def test_points_of_other_axes_or_types_are_refused(way):
    points = torch.zeros(4, 3)
    for other in (torch.zeros(4, 2), torch.zeros(1, 4, 3), torch.zeros(4)):
        with pytest.raises(ShapeError, match="N C|M C"):
            way(points, other)
    for other in (points.long(), points.double(), points.to("meta")):
        with pytest.raises(ShapeError, match="float"):
            way(points, other)
    with pytest.raises(ShapeError, match="a tensor"):
        way(points, points.numpy())


@pytest.mark.parametrize("way", list(POINTS.values())[1:], ids=list(POINTS)[1:])
def test_no_keys_and_no_channels_are_refused(way):
    with pytest.raises(ShapeError, match="at least one row and one channel"):
        way(torch.zeros(4, 3), torch.zeros(0, 3))
    with pytest.raises(ShapeError, match="at least one row and one channel"):
        way(torch.zeros(4, 0), torch.zeros(5, 0))


@pytest.mark.parametrize(
    "labels", [torch.zeros(4), torch.zeros(4).bool(), torch.zeros(4).long().to("meta"), torch.zeros(4).long().numpy()]
)
def test_labels_that_are_no_integers_here_are_refused(labels):
    with pytest.raises(ShapeError, match="labels: "):
        nearest_per_label(torch.zeros(4, 3), torch.zeros(4, 3), labels, count=1)


@pytest.mark.parametrize("size", [(3,), (4, 1), ()])
def test_labels_of_another_size_are_refused(size):
    with pytest.raises(ShapeError, match="labels: N"):
        nearest_per_label(torch.zeros(4, 3), torch.zeros(4, 3), torch.zeros(size).long(), count=1)


@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(SettingsError, match="count a whole number from 1 on"):
        nearest_per_label(torch.zeros(4, 3), torch.zeros(4, 3), torch.zeros(4).long(), count=count)


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        (torch.tensor([[0, 5]]), DataError),
        (torch.tensor([[0, -2]]), DataError),
        (torch.tensor([0, 1]), ShapeError),
        (torch.tensor([[0.0, 1.0]]), ShapeError),
    ],
)
def test_keys_that_are_not_there_cannot_be_chosen(chosen, kind):
    with pytest.raises(kind):
        distances_to(torch.zeros(2, 3), torch.zeros(5, 3), chosen)


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_a_k_that_is_no_number_of_keys_is_refused(k):
    with pytest.raises(SettingsError, match="k a whole number from 1 on"):
        k_nearest(torch.zeros(4, 3), torch.zeros(5, 3), k=k)


def test_more_neighbours_than_keys_are_refused():
    with pytest.raises(SettingsError, match="k=5"):
        k_nearest(torch.zeros(4, 3), torch.zeros(5, 3), k=6)


@pytest.mark.parametrize("margin", [-0.1, torch.inf, None, "1"])
def test_a_margin_that_is_none_is_refused(margin):
    with pytest.raises(SettingsError, match="margin a number"):
        min_triplet(torch.zeros(4, 3), torch.zeros(4, 3), torch.zeros(4, 3), margin=margin)


def test_a_squared_distance_of_integers_is_refused():
    with pytest.raises(ShapeError, match="float"):
        squash(torch.tensor([1, 2]))
