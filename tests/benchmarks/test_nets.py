"""The two frozen nets: their size, their searches, and that every weight learns."""

import pytest
import torch

from benchmarks.matcher import Matcher, MatchingTracker, is_object
from benchmarks.nets import FAR, ForegroundNet, global_distances, local_distances
from benchmarks.training import (
    EASY_UNTIL,
    in_turn,
    jittered,
    matcher_loss,
    one_shot,
    sampled,
    segmentation_loss,
    train_foreground,
)
from vostutor.core.errors import ShapeError
from vostutor.data.pool import Pool


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def things(clips=3, length=6):
    """Clips in which a bright square moves to the right over dark noise."""
    g = generator(5)
    frames = torch.randint(0, 80, (clips, length, 3, 32, 48), generator=g, dtype=torch.uint8)
    ids = torch.zeros(clips, length, 32, 48, dtype=torch.uint8)
    for clip in range(clips):
        for t in range(length):
            ids[clip, t, 8 + clip : 20 + clip, 4 + 3 * t : 18 + 3 * t] = 1
    frames += 150 * ids[:, :, None]
    return Pool(frames, ids, ("plain",) * clips)


def test_easy_clips_come_alone_at_first_where_there_are_any():
    pool = things(3)
    mixed = Pool(pool.frames, pool.ids, ("easy", "easy", "plain"))
    assert [in_turn(mixed, progress) for progress in (0, EASY_UNTIL - 0.01, EASY_UNTIL, 1)] == [2, 2, 3, 3]
    assert in_turn(pool, 0) == 3


@pytest.mark.parametrize(("net", "weights"), [(ForegroundNet, 222_593), (Matcher, 327_192)])
def test_the_nets_have_their_frozen_number_of_weights(net, weights):
    assert sum(weight.numel() for weight in net().parameters()) == weights


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 32, 48), (2, 48, 32)])
def test_a_foreground_net_answers_at_the_size_of_its_frames(batch, height, width):
    assert ForegroundNet()(torch.zeros(batch, 3, height, width, dtype=torch.uint8)).shape == (batch, height, width)


@pytest.mark.parametrize("frames", [torch.zeros(1, 3, 30, 48, dtype=torch.uint8), torch.zeros(1, 3, 32, 48)])
def test_frames_of_another_size_or_type_are_refused(frames):
    with pytest.raises(ShapeError, match="multiples of 16"):
        ForegroundNet()(frames)


def brute_force(query, keys, is_object, allowed):
    """Squared distances to the nearest allowed key of each side, by a table of all pairs."""
    places, keys = query.flatten(2).mT, keys
    table = (places[:, :, None] - keys[:, None]).square().sum(3)  # (B,P,N)
    sides = [table.masked_fill(~(side[:, None] & allowed), FAR).amin(2) for side in (is_object, ~is_object)]
    return torch.stack(sides, 1).unflatten(2, query.shape[-2:])


def test_global_matching_equals_the_table_of_all_pairs():
    g = generator()
    query, keys = torch.randn(2, 5, 4, 6, generator=g), torch.randn(2, 30, 5, generator=g)
    objects = torch.rand(2, 30, generator=g) < 0.3
    expected = brute_force(query, keys, objects, torch.tensor(True))
    torch.testing.assert_close(global_distances(query, keys, objects), expected)  # sums of five, in another order


def test_local_matching_equals_the_table_of_all_pairs_within_reach():
    g = generator()
    query, keys = torch.randn(2, 2, 5, 6, 7, generator=g)
    objects = torch.rand(2, 6, 7, generator=g) < 0.3
    y, x = (axis.flatten() for axis in torch.meshgrid(torch.arange(6), torch.arange(7), indexing="ij"))
    near = ((y[:, None] - y).abs() <= 2) & ((x[:, None] - x).abs() <= 2)
    expected = brute_force(query, keys.flatten(2).mT, objects.flatten(1), near)
    torch.testing.assert_close(local_distances(query, keys, objects, reach=2), expected)


def test_the_gradient_of_the_search_is_that_of_the_table_of_all_pairs():
    g = generator()
    query, keys = torch.randn(1, 3, 4, 4, generator=g), torch.randn(1, 9, 3, generator=g)
    objects, gradients = torch.arange(9)[None] < 4, []
    for distances in (global_distances, lambda *given: brute_force(*given, torch.tensor(True))):
        leaves = query.clone().requires_grad_(), keys.clone().requires_grad_()
        distances(*leaves, objects).sum().backward()
        gradients.append([leaf.grad for leaf in leaves])
    torch.testing.assert_close(gradients[0], gradients[1])


def test_where_the_object_is_nowhere_its_distance_is_far():
    nothing = torch.zeros(1, 4, dtype=torch.bool)
    assert (global_distances(torch.zeros(1, 2, 2, 2), torch.zeros(1, 4, 2), nothing)[:, 0] == FAR).all()


def test_sampled_keys_of_the_object_come_from_the_object():
    embedding, objects = torch.arange(12.0).view(1, 1, 3, 4), torch.zeros(1, 3, 4, dtype=torch.bool)
    objects[0, 1, 2] = True  # the place number 6
    keys, is_key_object = sampled(embedding, objects, generator())
    assert (keys[0, is_key_object[0], 0] == 6).all() and is_key_object.sum() == 64
    assert (keys[0, ~is_key_object[0], 0] != 6).all() and (~is_key_object).sum() == 160


def test_an_object_thinner_than_a_cell_keeps_its_fullest_cell():
    assert is_object(torch.tensor([[[0.0, 0.1, 0.3]]])).tolist() == [[[False, False, True]]]
    assert not is_object(torch.zeros(1, 2, 2)).any()


def test_the_loss_of_a_perfect_answer_is_nothing_and_of_its_opposite_much():
    masks = torch.zeros(1, 4, 4)
    masks[:, :2] = 1
    logits = 40 * (2 * masks - 1)
    assert segmentation_loss(logits, masks).item() == pytest.approx(0, abs=1e-6)
    # cross entropy 40; J of nothing with the one that keeps it finite: 1 / 17
    assert segmentation_loss(-logits, masks).item() == pytest.approx(40 + 16 / 17, abs=1e-4)


def test_the_gradient_reaches_every_weight_of_both_nets():
    pool, foreground, matcher = things(), ForegroundNet(), Matcher()
    segmentation_loss(foreground(pool.frames[:, 0]), pool.ids[:, 0]).backward()
    matcher_loss(matcher, pool.frames[:, :3], pool.ids[:, :3] > 0, generator()).backward()
    for net in (foreground, matcher):
        without = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()]
        assert without == []


def test_a_jittered_copy_moves_the_mask_with_the_picture():
    pool = things(1, 1)
    frames, masks = jittered(pool.frames[0, 0], pool.ids[0, 0] > 0, 6, generator())
    bright = frames.float().mean(1) > 115  # between noise, below 80, and square, from 150 on
    assert (bright == masks).float().mean() > 0.97  # all but the rim, where both are mixed


def test_one_shot_fits_a_single_frame_and_leaves_its_parent_alone():
    torch.manual_seed(0)
    pool, parent = things(1, 1), ForegroundNet()
    before = [weight.clone() for weight in parent.parameters()]
    frame, mask = pool.frames[0, 0], pool.ids[0, 0] > 0
    tuned = one_shot(parent, frame, mask, 40, generator())
    answer = tuned(frame[None])[0] > 0
    assert (answer & mask).sum() / (answer | mask).sum() > 0.75  # a ring of half a pixel around 12 x 14 costs .14
    assert all(torch.equal(a, b) for a, b in zip(before, parent.parameters(), strict=True))


def test_the_same_generator_gives_the_same_net():
    first, second = (train_foreground(things(), 2, generator(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_objects_compete_and_an_untrained_matcher_already_follows():
    pool = things(1, 2)
    ids = pool.ids[0, 0].long()
    ids[20:30, 30:44] = 2
    torch.manual_seed(0)
    tracker = MatchingTracker(Matcher())
    tracker.observe(pool.frames[0, 0], ids)
    prob_all = tracker.step(pool.frames[0, 0])
    assert prob_all.shape == (3, 32, 48)
    torch.testing.assert_close(prob_all.sum(0), torch.ones(32, 48))
    assert (prob_all.argmax(0) == ids).float().mean() > 0.8  # structured start: same frame, same place
