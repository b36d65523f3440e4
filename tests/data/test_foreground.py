"""data/foreground.py: frames and masks change together, and a batch always has something to find."""

import pytest
import torch

from vostutor.core import ShapeError
from vostutor.data.augment import Augmentation, PairChange, draw_change
from vostutor.data.foreground import FAR_AND_NEAR, aimed, change_masked, foreground_batches, soften
from vostutor.data.pool import Pool


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def scenes(labels=("plain",) * 3, size=(48, 80)):
    """Grey frames with one bright square each, at a place of its own; the frames of an easy scene are brighter."""
    frames = torch.full((len(labels), 2, 3, *size), 60, dtype=torch.uint8)
    ids = torch.zeros(len(labels), 2, *size, dtype=torch.uint8)
    for n, label in enumerate(labels):
        frames[n] += 60 * (label == "easy")
        ids[n, :, 5 + 8 * n : 13 + 8 * n, 10 * n : 10 * n + 8] = 1
    frames[ids[:, :, None].expand_as(frames) > 0] = 250
    return Pool(frames, ids, tuple(labels))


def view(*rows):
    return torch.tensor([rows], dtype=torch.float32)


# hand-worked numbers


def test_a_shifted_view_moves_frame_and_mask_alike_and_what_was_outside_is_void():
    right = view([1, 0, 1], [0, 1, 0])  # everything one pixel to the right
    frames, mask = torch.tensor([0.2, 0.4, 0.8]).expand(1, 3, 1, 3), torch.tensor([[[True, False, False]]])
    moved = change_masked(frames, mask, PairChange(right, right, (1, 3)))
    assert torch.allclose(moved["frames"][0, 0, 0], torch.tensor([0.2, 0.2, 0.4]), atol=1e-6)
    assert moved["mask"].tolist() == [[[False, True, False]]] and moved["void"].tolist() == [[[True, False, False]]]


def test_void_moves_along():
    still = view([1, 0, 0], [0, 1, 0])
    void = torch.tensor([[[False, True, False]]])
    changed = change_masked(torch.zeros(1, 3, 1, 3), ~void, PairChange(still, still, (1, 3)), void)
    assert torch.equal(changed["void"], void)


def test_softening_is_a_mean_of_neighbours_at_most_twice():
    spot = torch.zeros(64, 3, 7, 7)
    spot[:, :, 3, 3] = 1.0
    middle = soften(spot, seeded())[:, 0, 3, 3]
    assert (middle == 1).any() and (middle < 0.5).any()  # some are left sharp
    assert middle.min() >= 1 / 9 - 1e-6  # the middle of two 3x3 means after one another


# invariance


def test_no_change_leaves_frames_and_masks_as_they_are():
    frames, masks = torch.rand(2, 3, 16, 20, generator=seeded()), torch.rand(2, 16, 20, generator=seeded(1)) > 0.5
    same = change_masked(frames, masks, draw_change(seeded(), 2, (16, 20), Augmentation()))
    assert torch.allclose(same["frames"], frames, atol=1e-5)  # float32 places a sample within 1e-5 pixels
    assert torch.equal(same["mask"], masks) and not same["void"].any()


def test_what_is_bright_stays_the_object_whatever_happens():
    batch = foreground_batches(scenes(), Augmentation(crop=0.5, mirror=0.5, zoom=(0.5, 1.5), turn=15))(
        seeded(), 16, 1.0
    )
    bright = batch["frames"][:, 0] > (60 + 250) / 2 / 255
    differ = (bright != batch["mask"]) & ~batch["void"]
    assert differ.float().mean() < 0.06  # borders are blended and softened in the frame, and not in the mask


def test_every_view_shows_a_part_of_the_object():
    batch = foreground_batches(scenes(), FAR_AND_NEAR)(seeded(), 48, 1.0)
    assert batch["mask"].flatten(1).any(dim=1).float().mean() > 0.95  # a turned corner may push it out


def test_a_view_is_pushed_inside_and_where_the_scene_is_too_small_it_lies_in_the_middle():
    masks = torch.zeros(32, 48, 80, dtype=torch.bool)
    masks[:, 0, 0] = True  # in a corner
    near = aimed(draw_change(seeded(), 32, (48, 80), Augmentation(crop=0.5)), masks, seeded())
    assert not change_masked(torch.zeros(32, 3, 48, 80), masks, near)["void"].any()
    far = aimed(draw_change(seeded(), 32, (48, 80), Augmentation(zoom=(0.5, 0.5))), masks, seeded())
    assert (change_masked(torch.zeros(32, 3, 48, 80), masks, far)["void"].float().mean() - 0.75).abs() < 0.02


def test_easy_scenes_come_first_where_there_are_any():
    draw = foreground_batches(scenes(("plain", "easy", "plain")), Augmentation())
    early, late = (draw(seeded(), 32, progress)["frames"].flatten(1).min(dim=1).values for progress in (0.1, 0.9))
    assert early.min() > 0.4 and late.min() < 0.3
    assert foreground_batches(scenes(), Augmentation())(seeded(), 2, 0.1)["frames"].min() < 0.3


def test_batches_follow_from_the_generator_and_carry_the_progress():
    draw = foreground_batches(scenes())
    one, other, third = (draw(seeded(seed), 3, 0.25) for seed in (0, 0, 1))
    assert all(torch.equal(one[name], other[name]) for name in one) and not torch.equal(one["frames"], third["frames"])
    assert one["progress"].tolist() == [0.25] * 3 and one["frames"].shape == (3, 3, 24, 40)


# refusal of bad input


def test_masks_of_another_size_are_refused():
    with pytest.raises(ShapeError):
        change_masked(torch.zeros(1, 3, 4, 4), torch.zeros(1, 4, 5), draw_change(seeded(), 1, (4, 4)))
