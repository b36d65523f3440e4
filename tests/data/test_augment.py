"""data/augment.py: frames and flow change together."""

import math
from dataclasses import replace

import pytest
import torch

from vostutor.data.augment import (
    AUGMENTATIONS,
    Augmentation,
    PairChange,
    after,
    augment_pair,
    draw_change,
    move,
    turn_and_zoom,
    undone,
)
from vostutor.ops import backward_warp, pixel_grid

SIZE = HEIGHT, WIDTH = 48, 64
MIDDLE = torch.tensor([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])


def view(*, flip=(1.0, 1.0), degrees=0.0, zoom=1.0, shift=(0.0, 0.0)):
    """About the middle of the frame, then shifted."""
    linear = turn_and_zoom(torch.tensor([degrees]), torch.tensor([zoom])) * torch.tensor(flip)
    offset = MIDDLE + torch.tensor(shift) - linear[0] @ MIDDLE
    return torch.cat([linear, offset.reshape(1, 2, 1)], dim=2)


UNCHANGED = view()


def smooth_pair(seed=0):
    """Two views of one smooth picture, and the flow between them: a turn of 3 degrees, a zoom and a shift."""
    generator = torch.Generator().manual_seed(seed)
    grid = pixel_grid(*SIZE)[None]
    waves = torch.rand(3, 4, generator=generator)

    def picture(points):
        x, y = points[:, :1] / 4, points[:, 1:] / 3
        a, b, c, d = (waves[:, k].reshape(1, 3, 1, 1) for k in range(4))
        return 0.5 + 0.2 * torch.sin(a * x + b * y + 6 * c) + 0.2 * torch.sin(d * x - a * y + 6 * b)

    motion = view(degrees=3.0, zoom=1.03, shift=(2.5, -1.5))
    return picture(grid), picture(move(undone(motion), grid)), move(motion, grid) - grid


def photometric_error(changed):
    """Of frame 2 fetched along the new flow, where frame 1 is known and the flow stays inside."""
    there = pixel_grid(*changed["flow"].shape[-2:]) + changed["flow"]
    last = torch.tensor([there.shape[-1] - 2.0, there.shape[-2] - 2.0]).reshape(2, 1, 1)
    inside = ((there > 1) & (there < last)).all(dim=1) & changed["valid"]
    assert inside.float().mean() > 0.4, "hardly anything is compared"
    back = backward_warp(changed["frame2"], changed["flow"])
    return (back - changed["frame1"]).abs().mean(dim=1)[inside].max()


# Zoomed in wherever frame 2 would otherwise show what was never filmed.
CHANGES = {
    "left and right": (view(flip=(-1, 1)),) * 2,
    "up and down": (view(flip=(1, -1)),) * 2,
    "zoom": (view(zoom=1.6),) * 2,
    "turn": (view(degrees=14.0, zoom=1.5),) * 2,
    "frame 2 shifted": (view(zoom=1.4), view(zoom=1.4, shift=(3, -2))),
    "frame 2 turned": (view(zoom=1.4), view(zoom=1.4, degrees=4.0)),
    "frame 2 nearer": (view(zoom=1.4), view(zoom=1.47)),
    "all of it": (
        view(flip=(-1, 1), degrees=9, zoom=1.6, shift=(4, 2)),
        view(flip=(-1, 1), degrees=12, zoom=1.7, shift=(6, 1)),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_frame_2_fetched_along_the_new_flow_is_frame_1(name):
    changed = augment_pair(*smooth_pair(), PairChange(*CHANGES[name], SIZE))
    assert photometric_error(changed) < 1e-2


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("left and right", lambda flow: flow * torch.tensor([-1.0, 1]).reshape(2, 1, 1)),
        ("zoom", lambda flow: flow / 1.6),
    ],
)
def test_a_flow_that_did_not_change_with_the_frames_is_noticed(name, wrong):
    changed = augment_pair(*smooth_pair(), PairChange(*CHANGES[name], SIZE))
    assert photometric_error(changed | {"flow": wrong(changed["flow"])}) > 2e-2


def test_a_crop_keeps_the_vectors():
    first, second, flow = smooth_pair()
    crop = torch.tensor([[[1.0, 0, -5], [0, 1, -3]]])
    changed = augment_pair(first, second, flow, PairChange(crop, crop, (20, 30)))
    # positions of up to 64 pixels in float32 are good to 4e-6; a flow read between two pixels that far apart, to 1e-5
    torch.testing.assert_close(changed["flow"], flow[:, :, 3:23, 5:35], atol=2e-5, rtol=0)
    torch.testing.assert_close(changed["frame1"], first[:, :, 3:23, 5:35], atol=1e-5, rtol=0)


def test_a_mirror_changes_the_sign_of_u_and_twice_is_nothing():
    first, second, flow = smooth_pair()
    mirror = PairChange(view(flip=(-1, 1)), view(flip=(-1, 1)), SIZE)
    once = augment_pair(first, second, flow, mirror)
    torch.testing.assert_close(
        once["flow"], flow.flip(-1) * torch.tensor([-1.0, 1]).reshape(2, 1, 1), atol=5e-5, rtol=0
    )
    twice = augment_pair(**once, change=mirror)
    torch.testing.assert_close(twice["flow"], flow, atol=1e-4, rtol=0)
    assert twice["valid"].all()


def test_a_zoom_multiplies_the_vectors():
    flow = torch.tensor([3.0, -2.0]).reshape(1, 2, 1, 1).expand(1, 2, *SIZE)
    black = torch.zeros(1, 3, *SIZE)
    zoomed = augment_pair(black, black, flow, PairChange(view(zoom=1.5), view(zoom=1.5), SIZE))["flow"]
    torch.testing.assert_close(zoomed, 1.5 * flow, atol=5e-5, rtol=0)


def test_a_common_turn_turns_the_vectors():
    right = torch.tensor([2.0, 0.0]).reshape(1, 2, 1, 1).expand(1, 2, *SIZE)
    black = torch.zeros(1, 3, *SIZE)
    turned = augment_pair(black, black, right, PairChange(view(degrees=90), view(degrees=90), SIZE))["flow"]
    torch.testing.assert_close(turned, right.flip(1), atol=5e-5, rtol=0)  # clockwise: what went right goes down


def test_a_shift_of_frame_2_is_added():
    first, second, flow = smooth_pair()
    shifted = augment_pair(first, second, flow, PairChange(UNCHANGED, view(shift=(4, -1)), SIZE))["flow"]
    torch.testing.assert_close(shifted, flow + torch.tensor([4.0, -1]).reshape(2, 1, 1), atol=5e-5, rtol=0)


def test_a_turn_of_frame_2_adds_what_it_does_to_where_the_flow_leads():
    first, second, flow = smooth_pair()
    changed = augment_pair(first, second, flow, PairChange(UNCHANGED, view(degrees=5), SIZE))["flow"]
    c, s = math.cos(math.radians(5)), math.sin(math.radians(5))
    arm = pixel_grid(*SIZE) + flow - MIDDLE.reshape(2, 1, 1)  # x + F - centre
    added = torch.stack([(c - 1) * arm[:, 0] - s * arm[:, 1], s * arm[:, 0] + (c - 1) * arm[:, 1]], 1)  # (R - I) of it
    torch.testing.assert_close(changed, flow + added, atol=5e-5, rtol=0)


def test_within_one_motion_the_flow_is_read_between_pixels():
    first, second, flow = smooth_pair()
    changed = augment_pair(first, second, flow, PairChange(*CHANGES["zoom"], SIZE))["flow"]
    grid, zoom = pixel_grid(*SIZE)[None], view(zoom=1.6)
    motion = after(zoom, after(view(degrees=3.0, zoom=1.03, shift=(2.5, -1.5)), undone(zoom)))
    torch.testing.assert_close(changed, move(motion, grid) - grid, atol=1e-4, rtol=0)  # the nearest pixel's is 0.03 off


def test_where_two_motions_meet_no_third_one_appears():
    flow = torch.zeros(1, 2, *SIZE)
    flow[:, 0, :, 32:] = 8.0
    black = torch.zeros(1, 3, *SIZE)
    zoomed = augment_pair(black, black, flow, PairChange(view(zoom=1.9), view(zoom=1.9), SIZE))["flow"]
    assert set(zoomed[:, 0].mul(10).round().unique().tolist()) == {0.0, 152.0}  # 0 and 1.9 * 8


def test_what_frame_1_did_not_show_is_not_valid():
    first, second, flow = smooth_pair()
    right = view(shift=(10, 0))
    valid = augment_pair(first, second, flow, PairChange(right, right, SIZE))["valid"]
    assert not valid[:, :, :10].any()
    assert valid[:, :, 10:].all()


def test_what_was_unknown_stays_unknown_and_spoils_nothing():
    first, second, flow = smooth_pair()
    known = torch.ones(1, *SIZE, dtype=torch.bool)
    known[:, 20:30, 20:30] = False
    unknown = flow.where(known[:, None], torch.nan)
    changed = augment_pair(first, second, unknown, PairChange(view(zoom=1.3), view(zoom=1.3), SIZE), known)
    assert changed["flow"].isfinite().all()
    assert 0 < (~changed["valid"]).sum() < 400  # a hundred pixels, 1.69 times as many when zoomed


def test_light_changes_both_frames_alike():
    grey = torch.tensor([0.25, 0.75]).repeat(HEIGHT * WIDTH // 2).reshape(1, 1, *SIZE).expand(1, 3, *SIZE)
    change = PairChange(
        UNCHANGED, UNCHANGED, SIZE, contrast=torch.tensor([-0.2]), gain=torch.tensor([[0.5, 1.0, 1.2]]),
        gamma=torch.tensor([2.0]), brightness=torch.tensor([0.1]),
    )  # fmt: skip
    changed = augment_pair(grey, grey, torch.zeros(1, 2, *SIZE), change)
    assert torch.equal(changed["frame1"], changed["frame2"])
    # about the mean 0.5: 0.3 and 0.7; times 0.5, squared, plus 0.1
    torch.testing.assert_close(changed["frame1"][0, 0, 5, :2], torch.tensor([0.15**2 + 0.1, 0.35**2 + 0.1]))


def test_noise_differs_between_the_frames_and_light_does_not():
    noisy = Augmentation(noise=0.05)
    change = draw_change(torch.Generator().manual_seed(1), 2, SIZE, noisy)
    grey = torch.full((2, 3, *SIZE), 0.5)
    changed = augment_pair(grey, grey, torch.zeros(2, 2, *SIZE), change)
    assert not torch.equal(changed["frame1"], changed["frame2"])
    assert (changed["frame1"] - 0.5).std() < 0.06


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_drawn_changes_keep_frames_and_flow_together(name):
    unlit = {"contrast": (0.0, 0.0), "gain": (1.0, 1.0), "gamma": (1.0, 1.0), "brightness": 0.0, "noise": 0.0}
    calm = replace(AUGMENTATIONS[name], **unlit)
    first, second, flow = (tensor.expand(4, -1, -1, -1) for tensor in smooth_pair())
    changed = augment_pair(first, second, flow, draw_change(torch.Generator().manual_seed(5), 4, SIZE, calm))
    back = backward_warp(changed["frame2"], changed["flow"])
    error = (back - changed["frame1"]).abs().mean(dim=1)[changed["valid"]]
    assert error.median() < 1e-2  # not the maximum: frame 2 does not show all of what frame 1 shows


def test_the_view_stays_inside_the_frame_where_it_fits():
    zoomed = Augmentation(zoom=(1.5, 2.0), turn=17, shift=0.2)
    first, second, flow = (tensor.expand(64, -1, -1, -1) for tensor in smooth_pair())
    change = draw_change(torch.Generator().manual_seed(0), 64, SIZE, zoomed)
    assert augment_pair(first, second, flow, change)["valid"].all()
    assert change.view1[:, :, 2].std() > 5  # and is shifted all the same


def test_frame_2_moves_by_itself_after_both_have_changed():
    """Its shift is in pixels of the result, at most 6.4 = 0.1 x 64 of them: a zoom of both by 2, which comes first, does not double it."""
    asides = []
    for zoom in (1.0, 2.0):
        change = draw_change(
            torch.Generator().manual_seed(0), 64, SIZE, Augmentation(zoom=(zoom, zoom), relative_shift=0.1)
        )
        asides.append((change.view2 - change.view1)[:, :, 2])
    torch.testing.assert_close(*asides, atol=1e-4, rtol=0)
    assert 6 < asides[1].abs().max() < 6.4 + 1e-4


def test_the_same_generator_draws_the_same_change():
    one, two = (draw_change(torch.Generator().manual_seed(9), 3, SIZE, AUGMENTATIONS["paper"]) for _ in range(2))
    assert torch.equal(one.view2, two.view2)
    assert torch.equal(one.noise, two.noise)


def test_undone_undoes_and_after_is_in_that_order():
    turn, shift = view(degrees=30, zoom=1.2), torch.tensor([[[1.0, 0, 7], [0, 1, 0]]])
    torch.testing.assert_close(after(undone(turn), turn), torch.eye(2, 3)[None], atol=1e-5, rtol=0)
    points = pixel_grid(3, 4)[None]
    torch.testing.assert_close(move(after(shift, turn), points), move(shift, move(turn, points)))
