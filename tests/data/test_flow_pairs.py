"""data/flow_pairs.py: pairs of frames with large exact motion."""

from dataclasses import replace

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.data.augment import AUGMENTATIONS
from vostutor.data.flow_pairs import (
    FLOW_RECIPE,
    SPLIT_SEED,
    TRAINING_SEEDS,
    backwards,
    count_pairs,
    flow_batches,
    flow_pool,
    flow_split,
    middle_pair,
    take_pairs,
)
from vostutor.data.minivos import VALIDATION_SEED, draw_recipe
from vostutor.data.pool import Pool
from vostutor.ops import backward_warp


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pools")


@pytest.fixture(scope="module")
def pool(folder):
    return flow_pool(3, frames=3, folder=folder)


@pytest.fixture(scope="module")
def split(folder):
    return flow_split(4, folder=folder)


def counting(clips=2, frames=3, **more):
    """A pool in which the flow of pair p is p everywhere, and frame t of clip n is 10 n + t."""
    light = torch.stack([10 * n + torch.arange(frames) for n in range(clips)]).byte()
    pictures = light[:, :, None, None, None].expand(clips, frames, 3, 4, 6)
    flow = torch.arange(clips * (frames - 1.0)).reshape(clips, frames - 1, 1, 1, 1).expand(-1, -1, 2, 4, 6)
    return Pool(pictures, pictures[:, :, 0], ("",) * clips, **({"flow": flow} | more))


def test_pair_numbers_run_through_the_clips():
    pool = counting()
    pairs = take_pairs(pool, range(count_pairs(pool)))
    assert pairs["flow"][:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert (255 * pairs["frame1"][:, 0, 0, 0]).round().tolist() == [0, 1, 10, 11]
    assert (255 * pairs["frame2"][:, 0, 0, 0]).round().tolist() == [1, 2, 11, 12]


def test_a_flow_that_is_unknown_is_not_valid():
    flow = torch.zeros(1, 1, 2, 2, 2)
    flow[..., 0, 0], flow[0, 0, 1, 1, 1] = torch.nan, 1e10
    frames = torch.zeros(1, 2, 3, 2, 2, dtype=torch.uint8)
    valid = take_pairs(Pool(frames, frames[:, :, 0], ("",), flow=flow), [0])["valid"]
    assert valid.tolist() == [[[False, True], [True, False]]]


def test_a_batch_is_of_the_wanted_size_and_kind(pool):
    batch = flow_batches(pool)(torch.Generator().manual_seed(0), 4, 0.5)
    kinds = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in batch.items()}
    assert kinds == {
        "frame1": ((4, 3, 96, 160), torch.float32),
        "frame2": ((4, 3, 96, 160), torch.float32),
        "flow": ((4, 2, 96, 160), torch.float32),
        "valid": ((4, 96, 160), torch.bool),
    }
    assert 0 <= batch["frame1"].min() < batch["frame1"].max() <= 1


@pytest.mark.parametrize("augmentation", [None, "cpu"])
def test_the_generator_decides_the_batch(pool, augmentation):
    draw = flow_batches(pool, AUGMENTATIONS.get(augmentation))
    one, two, other = (draw(torch.Generator().manual_seed(seed), 3, 0.0) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["flow"], other["flow"])


def test_frame_2_fetched_along_the_flow_is_frame_1_both_ways(pool):
    pairs = take_pairs(pool, range(count_pairs(pool)))
    seen = ~pairs["occluded"]
    back = backward_warp(pairs["frame2"], pairs["flow"])
    # noise, blur and compression of two frames differ by some grey levels; without the flow they differ by several times that
    moved = (back - pairs["frame1"]).abs().mean(1)[seen].mean()
    still = (pairs["frame2"] - pairs["frame1"]).abs().mean(1)[seen].mean()
    assert moved < 0.5 * still


def test_backwards_twice_is_forwards():
    clip = draw_recipe(FLOW_RECIPE, 5, size=(48, 80), frames=3)
    again = backwards(backwards(clip))
    for name in ("frames", "ids", "flow_fwd", "flow_bwd", "occluded", "depth_order"):
        assert torch.equal(getattr(again, name), getattr(clip, name)), name


def test_every_second_clip_is_the_one_before_played_backwards(pool):
    assert len(pool) == 6
    assert torch.equal(pool.frames[1], pool.frames[0].flip(0))


def test_motion_is_large(split, pool):
    for some in (split, pool):
        speed = some.flow.norm(dim=2)
        assert 1.5 < speed.mean() < 6  # few scenes: 3 pixels over many
        assert speed.max() > 8


def test_a_pool_is_drawn_once(folder):
    told = []
    flow_pool(3, frames=3, folder=folder, report=told.append)
    flow_split(4, folder=folder, report=told.append)
    assert told == []


def test_a_short_split_is_the_beginning_of_a_longer_one(folder):
    two, one = (flow_split(pairs, size=(48, 80), folder=folder) for pairs in (2, 1))
    assert torch.equal(one.flow, two.flow[:1])


def test_no_seed_of_the_split_is_one_that_trains_or_validates():
    assert TRAINING_SEEDS <= SPLIT_SEED < SPLIT_SEED + 10_000 < VALIDATION_SEED


def test_what_cannot_be_drawn_is_refused(folder):
    with pytest.raises(SettingsError, match="training seeds"):
        flow_pool(2, seed=TRAINING_SEEDS - 1, folder=folder)
    with pytest.raises(SettingsError, match="scenes"):
        flow_pool(0, folder=folder)
    with pytest.raises(SettingsError, match="pairs"):
        flow_split(0, folder=folder)
    with pytest.raises(DataError, match="flow"):
        take_pairs(counting(flow=None), [0])


@pytest.mark.parametrize("number", [-1, 4, 1.0, True])
def test_a_number_of_a_pair_that_the_pool_does_not_have_is_refused(number):
    with pytest.raises(DataError, match="whole numbers of pairs, from 0 to 3"):
        take_pairs(counting(), [0, number] if not isinstance(number, bool) else [number])


@pytest.mark.parametrize("numbers", [[], torch.zeros(0, dtype=torch.int64)])
def test_no_pair_at_all_is_refused(numbers):
    with pytest.raises(DataError, match="whole numbers of pairs"):
        take_pairs(counting(), numbers)


def test_a_number_by_itself_is_no_batch():
    with pytest.raises(ShapeError, match=r"take_pairs\(pool, \[3\]\)"):
        take_pairs(counting(), torch.tensor(1))


def test_numbers_may_come_one_after_the_other():
    assert take_pairs(counting(), (n for n in (3, 0)))["flow"][:, 0, 0, 0].tolist() == [3, 0]


@pytest.mark.parametrize("use", [lambda pool: take_pairs(pool, [0]), flow_batches])
@pytest.mark.parametrize("pool", [counting(frames=1), counting(flow=None)], ids=["one frame", "no flow"])
def test_a_pool_without_pairs_or_flow_is_refused(use, pool):
    with pytest.raises(DataError, match="a pool with flow, of clips of two frames or more"):
        use(pool)


def test_the_name_of_an_augmentation_is_no_augmentation():
    with pytest.raises(SettingsError, match="an Augmentation or None"):
        flow_batches(counting(), "cpu")


@pytest.mark.parametrize("cut", [backwards, middle_pair])
def test_a_clip_of_one_frame_has_no_pair_to_cut_out(cut):
    clip = draw_recipe(FLOW_RECIPE, 5, size=(48, 80), frames=2)
    alone = replace(
        clip, frames=clip.frames[:1], ids=clip.ids[:1], depth_order=clip.depth_order[:1], flow_fwd=clip.flow_fwd[:0],
        flow_bwd=clip.flow_bwd[:0], occluded=clip.occluded[:0],
    )  # fmt: skip
    with pytest.raises(DataError, match="a clip of two frames or more"):
        cut(alone)
