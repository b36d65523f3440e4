"""ops/nearest.py: the nearest of many points."""

import math

import pytest
import torch

from tests.ops import slow_matching as slow
from vostutor.ops import k_nearest, min_triplet, nearest_per_label, squared_distances, squash
from vostutor.ops import nearest as module


def drawn(*shapes, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]


def furthest(ours, theirs):
    assert ours.shape == theirs.shape
    return (ours - theirs).abs().max().item()


def same(ours, theirs, points):
    """Whether numbers and gradients to the points agree, in float64."""
    weights = torch.randn(theirs.shape, generator=torch.Generator().manual_seed(5), dtype=theirs.dtype)
    assert furthest(ours, theirs) < 1e-12
    pairs = zip(*(torch.autograd.grad(each, points, weights) for each in (ours, theirs)), strict=True)
    return all(furthest(a, b) < 1e-12 for a, b in pairs)


# hand-worked numbers


def test_the_squashed_numbers_of_the_paper():
    told = squash(torch.tensor([0.0, 0.5, 1.0, 2.0, 4.0, torch.inf]))
    assert told.tolist() == pytest.approx([0, 0.2449, 0.4621, 0.7616, 0.9640, 1], abs=5e-5)
    assert told[0] == 0
    assert told[5] == 1


def test_squashing_is_the_formula_of_the_paper_and_grows():
    s = torch.linspace(0, 12, 100, dtype=torch.float64)
    assert furthest(squash(s), 1 - 2 / (1 + s.exp())) < 1e-14
    assert (squash(s).diff() > 0).all()
    assert (squash(s) < 1).all()


def test_squared_distances_by_hand():
    x, y = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0], [-3.0, 0.0]])
    assert squared_distances(x, y).tolist() == [[25, 1, 9], [0, 18, 52]]


def test_the_triplet_of_the_closest_by_hand():
    anchor = torch.zeros(1, 2)
    positives, negatives = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 1.5], [3.0, 0.0]])
    assert min_triplet(anchor, positives, negatives, margin=0.7).item() == 0  # 1 - 2.25 + 0.7 is below 0
    assert min_triplet(anchor, positives, negatives, margin=2).item() == 0.75


def test_an_object_of_two_colours_has_no_loss_where_the_mean_of_distances_has():
    head, shoes, ground = torch.tensor([[0.0, 0.0]]), torch.tensor([[10.0, 0.0]]), torch.tensor([[5.0, 0.0]])
    both = torch.cat([head, shoes])
    assert min_triplet(both, both, ground, margin=1).tolist() == [0, 0]
    assert squared_distances(head, both).mean() - squared_distances(head, ground) + 1 > 0


def test_three_neighbours_on_a_line_by_hand():
    distances, indices = k_nearest(torch.tensor([[0.0]]), torch.tensor([[5.0], [-1.0], [2.0], [-4.0]]), k=3)
    assert distances.tolist() == [[1, 4, 16]]
    assert indices.tolist() == [[1, 2, 3]]


def test_labels_beyond_the_count_belong_to_nobody():
    found = nearest_per_label(torch.zeros(1, 1), torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([-1, 1, 2]), count=2)
    assert found.tolist() == [[math.inf], [4]]
    nobody = nearest_per_label(torch.zeros(1, 1), torch.ones(2, 1), torch.tensor([7, -1]), count=2)
    assert nobody.tolist() == [[math.inf], [math.inf]]


# invariances


def test_distances_are_symmetric_and_never_negative():
    (x,) = drawn((50, 3))
    x = 1000 + x / 100  # rounding alone would make every other one negative
    found = squared_distances(x, x)
    assert (found >= 0).all()
    assert torch.equal(found, found.mT)


def test_a_key_is_at_distance_zero_from_itself():
    (x,) = drawn((70, 8))
    assert not nearest_per_label(x, x, torch.zeros(70).long(), count=1).any()
    distances, indices = k_nearest(x, x, k=4)
    assert not distances[:, 0].any()
    assert torch.equal(indices[:, 0], torch.arange(70))


def test_permuted_keys_are_found_under_their_new_numbers():
    query, keys = drawn((9, 4), (80, 4))
    order = torch.randperm(80, generator=torch.Generator().manual_seed(1))
    (here, which), (there, moved) = k_nearest(query, keys, k=5), k_nearest(query, keys[order], k=5)
    assert torch.equal(here, there)
    assert torch.equal(which, order[moved])


def test_neighbours_are_distinct_and_ascending_also_among_equal_keys():
    query = torch.zeros(3, 2)
    distances, indices = k_nearest(query, torch.ones(40, 2), k=40)
    assert torch.equal(indices.sort(1).values, torch.arange(40).expand(3, 40))
    assert (distances == 2).all()


def test_how_many_places_go_at_once_changes_nothing(monkeypatch):
    query, keys = drawn((23, 4), (70, 4))
    labels = torch.arange(70) % 3
    expected = nearest_per_label(query, keys, labels, count=3), *k_nearest(query, keys, k=6)
    for numbers in (1, 500):  # less than one row, and some rows
        monkeypatch.setattr(module, "_SCORES", numbers)
        found = nearest_per_label(query, keys, labels, count=3), *k_nearest(query, keys, k=6)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_no_query_finds_nothing():
    keys = torch.zeros(4, 3)
    assert nearest_per_label(keys[:0], keys, torch.zeros(4).long(), count=2).shape == (2, 0)
    assert k_nearest(keys[:0], keys, k=2)[0].shape == (0, 2)
    assert min_triplet(keys[:0], keys, keys, margin=1).shape == (0,)


def test_a_nan_in_a_place_stays_there():
    query, keys = drawn((40, 4), (70, 4))
    broken = query.clone()
    broken[7, 2] = math.nan
    others = torch.arange(40) != 7
    labels = torch.arange(70) % 2
    found = nearest_per_label(broken, keys, labels, count=3)
    assert found[:2, 7].isnan().all()
    assert (found[2] == torch.inf).all()
    assert torch.equal(found[:, others], nearest_per_label(query, keys, labels, count=3)[:, others])
    ours, theirs = k_nearest(broken, keys, k=3), k_nearest(query, keys, k=3)
    assert all(torch.equal(a[others], b[others]) for a, b in zip(ours, theirs, strict=True))


def test_a_broken_key_is_nobodys_neighbour():
    query, keys = drawn((9, 4), (40, 4))
    keys[3, 1], keys[5, 0] = math.nan, math.inf
    whole = [key for key in range(40) if key not in (3, 5)]
    distances, indices = k_nearest(query, keys, k=40)
    assert torch.equal(indices[:, :38].sort(1).values, torch.tensor(whole).expand(9, 38))
    assert (distances[:, 38:] == torch.inf).all()
    assert (indices[:, 38:] == -1).all()
    assert torch.allclose(distances[:, :38], k_nearest(query, keys[whole], k=38)[0])
    assert torch.equal(k_nearest(query, keys, k=1)[1], indices[:, :1])  # nor does it hide who stands beside it


# slow reference


@pytest.mark.parametrize(("places", "keys", "channels"), [(1, 1, 1), (5, 7, 3), (4, 70, 2)])
def test_numbers_and_gradients_are_those_of_the_loop(places, keys, channels):
    points = [each.requires_grad_() for each in drawn((places, channels), (keys, channels), dtype=torch.float64)]
    labels = torch.arange(keys) % 3
    all_pairs = torch.stack([torch.stack([slow.squared(x, y) for y in points[1]]) for x in points[0]])
    assert same(squared_distances(*points), all_pairs, points)
    count = min(keys, 3)
    assert same(nearest_per_label(*points, labels, count), slow.nearest_per_label(*points, labels, count), points)
    for k in {1, min(5, keys), keys}:
        (ours, which), (theirs, expected) = k_nearest(*points, k), slow.k_nearest(*points, k)
        assert torch.equal(which, expected)
        assert same(ours, theirs, points)


def test_the_triplet_and_its_gradients_are_those_of_the_loop():
    points = [each.requires_grad_() for each in drawn((6, 3), (5, 3), (40, 3), dtype=torch.float64)]
    ours, theirs = min_triplet(*points, margin=0.7), slow.min_triplet(*points, 0.7)
    assert 0 < (theirs > 0).sum() < 6  # some are content, some are not
    assert same(ours, theirs, points)


def test_the_gradients_are_those_of_small_steps():
    points = [each.requires_grad_() for each in drawn((3, 2), (6, 2), (4, 2), dtype=torch.float64)]
    assert torch.autograd.gradcheck(squared_distances, points[:2])
    assert torch.autograd.gradcheck(squash, (points[0].square(),))
    assert torch.autograd.gradcheck(lambda x, y: nearest_per_label(x, y, torch.arange(6) % 2, count=2), points[:2])
    assert torch.autograd.gradcheck(lambda x, y: k_nearest(x, y, k=3)[0], points[:2])
    assert torch.autograd.gradcheck(lambda *each: min_triplet(*each, margin=0.7), points)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(dtype):
    x, y = (each.to(dtype) for each in drawn((6, 64), (50, 64)))
    labels = torch.arange(50) % 2
    for way in (
        squared_distances,
        lambda x, y: nearest_per_label(x, y, labels, count=2),
        lambda x, y: k_nearest(x, y, k=3)[0],
        lambda x, y: min_triplet(x, y, -y, margin=200.0),
    ):
        expected = way(x.float(), y.float())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = way(x, y)
        assert found.dtype == torch.float32
        assert torch.equal(found, expected)
    assert squash(squared_distances(x, y).to(dtype)).dtype == dtype
