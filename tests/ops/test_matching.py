"""ops/matching.py: global and local matching."""

import math
import time
from statistics import median

import pytest
import torch
from torch.nn.functional import pad

from tests.ops import slow_matching as slow
from vostutor.ops import global_match, local_match, squash
from vostutor.ops.masks import one_hot


def drawn(*shapes, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes]


def labelled(height, width, values=(0, 3, 7, 9, 255), seed=0):
    """A mask with an id drawn for every place."""
    chosen = torch.randint(len(values), (height, width), generator=torch.Generator().manual_seed(seed))
    return torch.tensor(values)[chosen]


def scene(channels=4, height=9, width=11, seed=0):
    """Two maps and the mask of the second."""
    maps = drawn(*2 * [(channels, height, width)], seed=seed)
    return *(image / 2 for image in maps), labelled(height, width, seed=seed)  # near enough not to be squashed to 1


def gradients(match, maps, *options, weights=None, **named):
    """The result, and the gradient of its weighted sum to both maps."""
    maps = [image.detach().requires_grad_() for image in maps]
    result = match(*maps, *options, **named)
    weights = torch.randn(result.shape, generator=torch.Generator().manual_seed(5)).to(result)
    return result.detach(), *torch.autograd.grad(result, maps, weights)


def furthest(ours, theirs):
    assert ours.shape == theirs.shape
    return (ours - theirs).abs().max().item()


# hand-worked numbers


def test_three_places_against_three_by_hand():
    query = torch.tensor([[[0.0, 1.0, 4.0]]])
    reference = torch.tensor([[[1.0, 0.0, 2.0]]])
    ids = torch.tensor([[0, 5, 5]])
    background, thing = global_match(query, reference, ids, (5,))
    assert torch.allclose(background, squash(torch.tensor([[1.0, 0.0, 9.0]])))
    assert torch.allclose(thing, squash(torch.tensor([[0.0, 1.0, 4.0]])))
    background, thing = local_match(query, reference, ids, (5,), reach=1)
    assert torch.allclose(background, squash(torch.tensor([[1.0, 0.0, torch.inf]])))  # the last one cannot reach it
    assert torch.allclose(thing, squash(torch.tensor([[0.0, 1.0, 4.0]])))


def test_a_first_frame_matched_with_itself_is_zero_on_an_objects_own_places():
    query, _, ids = scene(16)
    for maps in (global_match(query, query, ids, (3, 7)), local_match(query, query, ids, (3, 7), reach=2)):
        for channel, value in enumerate((0, 3, 7)):
            assert (maps[channel][ids == value] == 0).all()
            assert (maps[channel][ids != value] > 0).all()


def test_an_object_that_is_nowhere_is_exactly_one_everywhere():
    query, reference, ids = scene()
    assert (global_match(query, reference, ids, (3, 100))[2] == 1).all()
    assert (local_match(query, reference, ids, (3, 100), reach=2)[2] == 1).all()
    assert global_match(query, reference, ids, (3, 100))[1].max() < 1


def test_a_window_without_the_object_is_exactly_one():
    query, previous, _ = scene()
    ids = torch.zeros(9, 11, dtype=torch.int64)
    ids[4, 5] = 3
    near = local_match(query, previous, ids, (3,), reach=2)[1] < 1
    expected = torch.zeros(9, 11, dtype=torch.bool)
    expected[2:7, 3:8] = True
    assert torch.equal(near, expected)


@pytest.mark.parametrize("nobody", [255, 9])
def test_void_and_ids_beside_the_objects_belong_to_nobody(nobody):
    query, reference, _ = scene()
    ids = torch.full((9, 11), nobody)
    assert (global_match(query, reference, ids, (3, 7)) == 1).all()
    assert (local_match(query, reference, ids, (3, 7), reach=4) == 1).all()


def test_beyond_the_map_there_is_nothing_not_zeros():
    query = torch.zeros(2, 3, 4)  # just what a careless padding would hold
    previous = torch.ones(2, 3, 4)
    result = local_match(query, previous, torch.zeros(3, 4, dtype=torch.int64), (), reach=3)
    assert torch.allclose(result, squash(torch.tensor(2.0)).expand(1, 3, 4))


# invariances


def test_local_matching_with_a_reach_of_the_whole_map_is_global_matching():
    query, previous, ids = scene()
    expected = global_match(query, previous, ids, (3, 7))
    for reach in (10, 11, 10**9):
        assert furthest(local_match(query, previous, ids, (3, 7), reach=reach), expected) < 1e-6


def test_local_distances_are_never_below_global_ones_and_fall_with_the_reach():
    query, previous, ids = scene()
    before = torch.ones(3, 9, 11)
    for reach in (0, 1, 3, 8):
        here = local_match(query, previous, ids, (3, 7), reach=reach)
        assert (here <= before + 1e-6).all()  # the search rounds: of two keys that are as near it may take either
        before = here
    assert (global_match(query, previous, ids, (3, 7)) <= before + 1e-6).all()


def test_a_reach_of_zero_compares_the_same_place_only():
    query, previous, ids = scene()
    alone = squash((query - previous).square().sum(0))
    expected = torch.where(one_hot(ids.where(ids != 9, 255), (3, 7)).bool(), alone, 1.0)
    expected[0][(ids == 255) | (ids == 9)] = 1
    assert furthest(local_match(query, previous, ids, (3, 7), reach=0), expected) < 1e-6


def test_permuted_objects_permute_the_channels_and_nothing_else():
    query, previous, ids = scene()
    for match, named in ((global_match, {}), (local_match, {"reach": 3})):
        one, other = match(query, previous, ids, (3, 7, 9), **named), match(query, previous, ids, (9, 3, 7), **named)
        assert torch.equal(other, one[[0, 3, 1, 2]])


def test_one_more_object_leaves_the_channels_of_the_others():
    query, previous, ids = scene()
    for match, named in ((global_match, {}), (local_match, {"reach": 3})):
        few, more = match(query, previous, ids, (3,), **named), match(query, previous, ids, (3, 7), **named)
        assert furthest(few, more[:2]) < 1e-6  # matrix products of another size


def test_permuted_places_of_the_reference_change_nothing():
    query, reference, ids = scene()
    order = torch.randperm(99, generator=torch.Generator().manual_seed(1))
    moved = reference.flatten(1)[:, order].reshape(4, 11, 9), ids.flatten()[order].reshape(11, 9)
    expected = global_match(query, reference, ids, (3, 7))
    assert furthest(global_match(query, *moved, (3, 7)), expected) < 1e-6


def test_what_is_shifted_together_is_matched_the_same():
    query, previous, ids = scene(height=6, width=8)
    alone = local_match(query, previous, ids, (3, 7), reach=2)
    edges = [5, 2, 3, 6]
    within = local_match(pad(query, edges), pad(previous, edges), pad(ids, edges, value=255), (3, 7), reach=2)
    assert furthest(within[:, 3:9, 5:13], alone) < 1e-6


def test_a_nan_in_the_query_stays_in_its_place():
    query, previous, ids = scene()
    broken = query.clone()
    broken[2, 4, 5] = math.nan
    for match, named in ((global_match, {}), (local_match, {"reach": 3})):
        whole, hurt = match(query, previous, ids, (3, 100), **named), match(broken, previous, ids, (3, 100), **named)
        assert hurt[:2, 4, 5].isnan().all()
        assert hurt[2, 4, 5] == 1  # nothing was compared there
        hurt[:2, 4, 5] = whole[:2, 4, 5]
        assert furthest(hurt, whole) < 1e-6


def test_a_nan_in_the_reference_is_told_under_its_own_label_only():
    query, previous, ids = scene()
    ids[4, 5] = 3
    previous[1, 4, 5] = math.nan
    result = global_match(query, previous, ids, (3, 7))
    assert result.isnan().flatten(1).all(1).tolist() == [False, True, False]
    assert not result[[0, 2]].isnan().any()
    result = local_match(query, previous, ids, (3, 7), reach=2)
    assert result[1].isnan().sum() == 25
    assert not result[[0, 2]].isnan().any()


# slow reference

SIZES = [  # channels, query, reference
    (1, (1, 1), (1, 1)),
    (3, (3, 5), (4, 5)),
    (2, (2, 19), (5, 2)),  # several tiles, the last of them short
    (1, (9, 2), (1, 7)),
]


@pytest.mark.parametrize(("channels", "size", "other"), SIZES)
def test_global_matching_and_its_gradients_are_those_of_the_loop(channels, size, other):
    maps = drawn((channels, *size), (channels, *other), dtype=torch.float64)
    for ids, objects in ((labelled(*other), (7, 3, 5)), (labelled(*other, (0, 1)), (1,)), (labelled(*other, (2,)), ())):
        ours = gradients(global_match, maps, ids, objects)
        for told, a, b in zip(
            ("maps", "query", "reference"), ours, gradients(slow.match, maps, ids, objects), strict=True
        ):
            assert furthest(a, b) < 1e-12, told


@pytest.mark.parametrize(("channels", "size"), [each[:2] for each in SIZES])
@pytest.mark.parametrize("reach", [0, 1, 4])
def test_local_matching_and_its_gradients_are_those_of_the_loop(channels, size, reach):
    maps, ids = drawn((channels, *size), (channels, *size), seed=reach, dtype=torch.float64), labelled(*size)
    ours = gradients(local_match, maps, ids, (7, 3, 5), reach=reach)
    theirs = gradients(slow.match, maps, ids, (7, 3, 5), reach=reach)
    for told, a, b in zip(("maps", "query", "previous"), ours, theirs, strict=True):
        assert furthest(a, b) < 1e-12, told


def test_larger_maps_agree_with_the_plain_ways():
    query, previous = drawn((8, 37, 61), (8, 37, 61))
    ids = torch.zeros(37, 61, dtype=torch.int64)
    ids[3:9, 5:20], ids[20:36, 40:61], ids[30:32, 0:3] = 1, 2, 3  # objects that few tiles meet
    assert (
        furthest(global_match(query, previous, ids, (1, 2, 3)), slow.by_all_pairs(query, previous, ids, (1, 2, 3)))
        < 1e-5
    )
    ours = local_match(query, previous, ids, (1, 2, 3), reach=6)
    assert furthest(ours, slow.by_shifts(query, previous, ids, (1, 2, 3), reach=6)) < 1e-5


@pytest.mark.parametrize("integers", [torch.uint8, torch.int32])
def test_ids_may_be_any_integers_and_nothing_need_be_contiguous(integers):
    query, previous, ids = scene()
    turned = [image.mT.contiguous().mT for image in (query, previous, ids.to(integers))]
    assert torch.equal(global_match(*turned, (3, 7)), global_match(query, previous, ids, (3, 7)))
    assert torch.equal(local_match(*turned, (3, 7), reach=2), local_match(query, previous, ids, (3, 7), reach=2))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_only_rounds_the_result(dtype):
    query, previous, ids = scene(64)
    query, previous = (query / 8).to(dtype), (previous / 8).to(dtype)
    for match, named in ((global_match, {}), (local_match, {"reach": 3})):
        result = match(query, previous, ids, (3, 7), **named)
        assert result.dtype == dtype
        assert torch.equal(result, match(query.float(), previous.float(), ids, (3, 7), **named).to(dtype))


def test_autocast_changes_nothing():
    maps, ids = drawn((16, 6, 9), (16, 6, 9)), labelled(6, 9)
    for match, named in ((global_match, {}), (local_match, {"reach": 3})):
        plain = gradients(match, maps, ids, (3, 7), **named)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            within = gradients(match, maps, ids, (3, 7), **named)
        assert all(torch.equal(a, b) for a, b in zip(plain, within, strict=True))


def test_the_gradients_are_those_of_small_steps():
    maps = [image.requires_grad_() for image in drawn((2, 3, 4), (2, 3, 4), dtype=torch.float64)]
    ids = labelled(3, 4)
    assert torch.autograd.gradcheck(lambda a, b: global_match(a, b, ids, (3, 7)), maps)
    assert torch.autograd.gradcheck(lambda a, b: local_match(a, b, ids, (3, 7), reach=1), maps)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_finds_the_same():
    maps, ids = drawn((32, 33, 45), (32, 33, 45)), labelled(33, 45)
    maps = [image / 4 for image in maps]
    for match, named in ((global_match, {}), (local_match, {"reach": 5})):
        here = gradients(match, maps, ids, (3, 7), **named)
        there = gradients(match, [image.cuda() for image in maps], ids.cuda(), (3, 7), **named)
        for a, b in zip(there, here, strict=True):
            assert a.is_cuda
            assert furthest(a.cpu(), b) < 1e-4  # float32 sums in another order


def spent(ways, rounds=3):
    """Median CPU seconds of each, in turns."""
    times = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            times[name].append(time.process_time() - start)
    return {name: median(each) for name, each in times.items()}


def test_they_are_several_times_as_fast_as_the_plain_ways():
    query, previous = drawn((64, 32, 48), (64, 32, 48))
    ids, objects = labelled(32, 48, range(11)), tuple(range(1, 11))
    times = spent(
        {
            "global": lambda: global_match(query, previous, ids, objects),
            "all pairs": lambda: slow.by_all_pairs(query, previous, ids, objects),
            "local": lambda: local_match(query, previous, ids, objects, reach=8),
            "shifts": lambda: slow.by_shifts(query, previous, ids, objects, reach=8),
        }
    )
    assert times["all pairs"] > 2 * times["global"]  # beside more than 5 measured: only a broken fast way misses it
    assert times["shifts"] > 1.5 * times["local"]
