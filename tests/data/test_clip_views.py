"""data/clip_views.py: samples of a few frames with the ids of their reference."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.data.augment import Augmentation
from vostutor.data.clip_views import ClipViews, chosen_times, clip_view_batches, look_at, renumbered
from vostutor.data.pool import Pool

STILL = ClipViews(wander=0.0, looks=Augmentation(crop=0.5), left_out=0.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def clips(count=2, length=6, size=(48, 80)):
    """Each frame's red tells its number, green the object: object 2 from the second frame on, 5 in all."""
    frames, ids = (
        torch.zeros(count, length, 3, *size, dtype=torch.uint8),
        torch.zeros(count, length, *size, dtype=torch.uint8),
    )
    ids[:, :, 10:30, 10:40] = 5
    ids[:, 1:, 20:44, 50:76] = 2
    frames[:, :, 0] = 20 * torch.arange(length, dtype=torch.uint8)[:, None, None]
    frames[:, :, 1] = 40 * ids
    return Pool(frames, ids, ("easy",) + ("plain",) * (count - 1))


def test_frames_and_ids_are_seen_through_the_same_window():
    batch = clip_view_batches(
        clips(), replace(STILL, looks=Augmentation(crop=0.5, mirror=0.5, turn=15, zoom=(0.5, 1.3)))
    )(seeded(), 8, 0.5)
    # at borders, out of focus, both are blended
    green = batch["frames"][:, :, 1]
    known = batch["ids"] != 255
    of_objects, of_ground = green[known & (batch["ids"] > 0)], green[known & (batch["ids"] == 0)]
    assert (
        of_objects.numel() > 1000
        and (of_objects > 0.15).float().mean() > 0.95
        and (of_ground < 0.15).float().mean() > 0.9
    )


def test_the_reference_shows_every_object_and_numbers_have_no_gaps():
    batch = clip_view_batches(clips(4), ClipViews(frames=4))(seeded(1), 16, 0.5)
    for ids in batch["ids"]:
        objects = set(ids.unique().tolist()) - {0, 255}
        assert objects == set(range(1, len(objects) + 1)) == set(ids[0].unique().tolist()) - {0, 255}
        assert objects


def test_an_object_that_comes_after_the_reference_is_background():
    ids = torch.zeros(3, 8, 16, dtype=torch.int64)
    ids[:, :, :8], ids[1:, :, 8:] = 5, 2
    assert torch.equal(renumbered(ids, 0.0, seeded()), (ids == 5).long())


def test_one_of_several_objects_is_left_out_at_times_but_never_the_only_one():
    two = torch.tensor([4, 9]).repeat_interleave(60).reshape(1, 1, -1)
    counts = [
        len(renumbered(two, 0.5, seeded(seed)).unique()) - (renumbered(two, 0.5, seeded(seed)) == 0).any().item()
        for seed in range(40)
    ]
    assert {int(count) for count in counts} == {1, 2}
    assert (renumbered(two[..., :60], 1.0, seeded()) == 1).all()


def test_no_more_than_three_objects_stay():
    many = torch.arange(1, 6).repeat_interleave(60).reshape(1, 1, -1)
    assert sorted(renumbered(many, 0.0, seeded()).unique().tolist()) == [0, 1, 2, 3]


def test_which_number_an_object_gets_is_left_to_chance():
    two = torch.tensor([4, 9]).repeat_interleave(60).reshape(1, 1, -1)
    assert {int(renumbered(two, 0.0, seeded(seed))[0, 0, 0]) for seed in range(20)} == {1, 2}


def test_void_stays_void_and_too_few_pixels_are_background():
    ids = torch.tensor([4] * 48 + [9] * 47 + [255] * 5).reshape(1, 1, -1)
    assert renumbered(ids, 0.0, seeded()).flatten().tolist() == [1] * 48 + [0] * 47 + [255] * 5


def test_neighbours_are_as_far_apart_as_the_clip_allows():
    """Of five frames three neighbours reach from end to end with a gap of two, and of four only with a gap of one."""
    views = ClipViews(frames=4, widest_gap=3)
    for length, widest in ((5, 2), (4, 1)):
        drawn = [chosen_times(torch.tensor([0]), length, views, seeded(seed)).tolist()[1:] for seed in range(40)]
        assert max(abs(times[1] - times[0]) for times in drawn) == widest
        assert {min(times) for times in drawn} | {max(times) for times in drawn} <= set(range(length))


def test_neighbours_have_equal_distances_and_the_reference_is_annotated():
    seen = set()
    for seed in range(60):
        reference, *others = chosen_times(
            torch.tensor([2, 3]), 7, ClipViews(frames=4, widest_gap=2), seeded(seed)
        ).tolist()
        gaps = {b - a for a, b in pairwise(others)}
        assert reference in (2, 3) and len(gaps) == 1 and min(others) >= 0 and max(others) < 7
        seen |= gaps
    assert seen == {1, -1, 2, -2}


def test_times_are_shares_of_the_clip():
    batch = clip_view_batches(clips(), STILL)(seeded(), 4, 0.5)
    torch.testing.assert_close(batch["frames"][:, :, 0, 12, 20] * 255 / 20 / 5, batch["times"], atol=1e-4, rtol=0)


def test_without_wandering_the_window_stands_still_and_with_it_walks_a_little():
    gradient = torch.linspace(0, 1, 80).expand(1, 3, 3, 48, 80)
    ids = torch.zeros(1, 3, 48, 80, dtype=torch.uint8)
    ids[:, :, 10:30, 10:60] = 1
    still = look_at(gradient, ids, STILL, seeded(2))["frames"][0, :, 0]
    walked = look_at(gradient, ids, replace(STILL, wander=0.03), seeded(2))["frames"][0, :, 0]
    assert (still[1:] - still[:1])[..., 4:-4].abs().max() < 0.02  # focus differs by frame, at the edge too
    steps = (walked[1:] - walked[:-1]).mean(dim=(1, 2)).abs() * 79
    assert steps.max() > 0.05 and steps.max() < 0.06 * 40  # 3 per cent of 40 columns, and what turning and zooming adds


def test_a_window_that_wanders_also_turns_and_zooms():
    """Across a picture that brightens evenly to the right, brightness grows down a column of a turned window, and otherwise in a zoomed."""
    rising = torch.linspace(0, 1, 80).expand(1, 3, 3, 48, 80)
    ids = torch.ones(1, 3, 48, 80, dtype=torch.uint8)
    down, right = [], []
    for seed in range(6):
        shown = look_at(rising, ids, replace(STILL, wander=0.1), seeded(seed))["frames"][0, :, 0, 8:16, 16:24]
        down.append((shown[:, -1] - shown[:, 0]).mean(dim=1))
        right.append((shown[:, :, -1] - shown[:, :, 0]).mean(dim=1))
    down, right = torch.stack(down), torch.stack(right)
    assert down[:, 0].abs().max() < 1e-3 and down[:, 1:].abs().max() > 0.004
    assert (right[:, 1:] / right[:, :1] - 1).abs().max() > 0.02


def test_beyond_the_frame_is_void():
    small = replace(STILL, looks=Augmentation(crop=1.0, zoom=(0.5, 0.5)))
    ids = look_at(torch.zeros(1, 3, 3, 48, 80), torch.ones(1, 3, 48, 80, dtype=torch.uint8), small, seeded())["ids"]
    assert 0.7 < (ids == 255).float().mean() < 0.8


def test_easy_clips_come_first():
    pool = clips(5)
    pool.frames[0, :, 2] = 200  # the easy one is blue
    batch = clip_view_batches(pool, STILL)
    assert (batch(seeded(), 8, 0.0)["frames"][:, :, 2] > 0.5).all()
    assert not (batch(seeded(), 8, 0.5)["frames"][:, :, 2] > 0.5).all()


def test_the_same_generator_draws_the_same_batch():
    draw = clip_view_batches(clips())
    one, other = draw(seeded(3), 4, 0.5), draw(seeded(3), 4, 0.5)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "wrong", [{"frames": 1}, {"frames": 2.5}, {"widest_gap": 0}, {"left_out": 1.5}, {"wander": -0.1}, {"looks": None}]
)
def test_settings_that_are_none_are_refused(wrong):
    with pytest.raises(SettingsError):
        ClipViews(**wrong)


def test_clips_that_are_too_short_are_refused():
    with pytest.raises(DataError, match="3 frames or more"):
        clip_view_batches(clips(length=2), ClipViews(frames=4))


@pytest.mark.parametrize(
    ("pool", "views", "kind", "said"),
    [
        (None, ClipViews(), SettingsError, "pool a Pool"),
        (clips(), None, SettingsError, "views a ClipViews"),
        (replace(clips(), ids=None), ClipViews(), DataError, "clips with ids"),
        (Pool(torch.zeros(0, 8, 3, 4, 4), torch.zeros(0, 8, 4, 4), ()), ClipViews(), DataError, "0 clips"),
    ],
)
def test_what_is_no_pool_or_no_views_is_refused(pool, views, kind, said):
    with pytest.raises(kind, match=said):
        clip_view_batches(pool, views)


@pytest.mark.parametrize(("generator", "size"), [(None, 2), (seeded(), 0), (seeded(), -1), (seeded(), 1.5)])
def test_no_generator_and_no_size_are_refused(generator, size):
    with pytest.raises(SettingsError, match="generator|size"):
        clip_view_batches(clips())(generator, size, 0.5)


def test_parts_of_a_batch_need_a_generator_too():
    ids = torch.ones(1, 3, 8, 8).long()
    for draw in (
        lambda: renumbered(ids[0], 0.0, None),
        lambda: look_at(torch.zeros(1, 3, 3, 8, 8), ids, STILL, None),
        lambda: chosen_times(torch.tensor([0]), 4, STILL, None),
    ):
        with pytest.raises(SettingsError, match="generator"):
            draw()


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (torch.ones(1, 8, 8).byte(), ShapeError),
        (torch.ones(1, 8, 8).long().numpy(), ShapeError),
        (torch.ones(8, 8).long(), ShapeError),
        (-torch.ones(1, 8, 8).long(), DataError),
        (300 * torch.ones(1, 8, 8).long(), DataError),
        (torch.ones(0, 8, 8).long(), DataError),
    ],
)
def test_ids_that_are_none_are_refused(ids, kind):
    with pytest.raises(kind):
        renumbered(ids, 0.0, seeded())


@pytest.mark.parametrize(("annotated", "length"), [([], 6), ([6], 6), ([-1], 6), ([0], 1), ([0], 2)])
def test_times_that_no_clip_has_are_refused(annotated, length):
    with pytest.raises(DataError, match="annotated frames of a clip of 3 frames or more"):
        chosen_times(torch.tensor(annotated, dtype=torch.int64), length, ClipViews(frames=4), seeded())


def test_frames_in_bytes_are_refused():
    with pytest.raises(ShapeError, match="255"):
        look_at(torch.zeros(1, 3, 3, 8, 8).byte(), torch.ones(1, 3, 8, 8), STILL, seeded())
