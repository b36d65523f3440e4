"""Masks over frames."""

import numpy as np
import pytest
import torch

from vostutor.core import ShapeError, VosError
from vostutor.viz import (
    as_pixels,
    contact_sheet,
    draw_binary,
    draw_labels,
    draw_masks,
    draw_outline,
    look_of,
    time_stamps,
)


@pytest.fixture
def frame():
    return np.random.default_rng(0).integers(0, 256, (3, 24, 32), dtype=np.uint8)


@pytest.fixture
def ids():
    ids = np.zeros((24, 32), np.int64)
    ids[4:14, 5:20] = 1
    ids[10:20, 16:30] = 2
    ids[:2] = 255
    return ids


def test_half_orange_over_black_is_half_of_orange():
    assert draw_masks(np.zeros((3, 2, 2), np.uint8), np.ones((2, 2), int), opacity=0.5, outline=False)[
        0, 0
    ].tolist() == [115, 80, 0]


def test_without_opacity_and_outline_a_frame_stays_as_it_is(frame, ids):
    assert np.array_equal(draw_masks(frame, ids, opacity=0, outline=False), frame.transpose(1, 2, 0))


def test_background_is_never_tinted(frame, ids):
    drawn = draw_masks(frame, ids, opacity=1, outline=False)
    assert np.array_equal(drawn[ids == 0], frame.transpose(1, 2, 0)[ids == 0])


def test_both_orders_of_axes_and_both_kinds_of_array_give_the_same(frame, ids):
    drawn = draw_masks(frame, ids)
    assert np.array_equal(drawn, draw_masks(frame.transpose(1, 2, 0), ids))
    assert np.array_equal(drawn, draw_masks(torch.from_numpy(frame), torch.from_numpy(ids)))


def test_the_inputs_are_left_alone(frame, ids):
    before = frame.copy()
    draw_labels(draw_masks(frame.transpose(1, 2, 0), ids), ids)
    assert np.array_equal(frame, before)


def test_the_tint_is_what_a_slow_loop_gives(frame, ids):
    expected = frame.transpose(1, 2, 0).copy()
    for y in range(24):
        for x in range(32):
            if ids[y, x]:
                colour = look_of(int(ids[y, x])).colour
                expected[y, x] = [round(0.7 * int(a) + 0.3 * b) for a, b in zip(expected[y, x], colour, strict=True)]
    assert np.array_equal(draw_masks(frame, ids, opacity=0.3, outline=False), expected)


def test_an_outline_stays_near_the_border():
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:30] = True
    changed = (draw_outline(np.full((40, 40), 90, np.uint8), mask, (255, 0, 0), width=2) != 90).any(axis=2)
    inner = np.zeros_like(mask)
    inner[14:26, 14:26] = True
    outer = np.zeros_like(mask)
    outer[6:34, 6:34] = True
    assert changed[10, 10:30].all() and not changed[inner].any() and not changed[~outer].any()


def test_dashes_show_less_colour_than_a_line_and_dots_less_than_dashes():
    mask = np.zeros((60, 60), bool)
    mask[10:50, 10:50] = True
    shown = [
        (draw_outline(np.full((60, 60), 90, np.uint8), mask, (255, 0, 0), dash=dash)[..., 0] > 180).sum()
        for dash in ("solid", "dashed", "dotted")
    ]
    assert shown[0] > 1.2 * shown[1] and shown[1] > 1.2 * shown[2] > 0


def test_a_hole_has_an_outline_of_its_own():
    ring = np.zeros((40, 40), bool)
    ring[5:35, 5:35] = True
    ring[15:25, 15:25] = False
    drawn = draw_outline(np.full((40, 40), 90, np.uint8), ring, (255, 0, 0))
    assert (drawn[14:16, 18:22, 0] > 200).any()


def test_a_picture_of_scale_three_has_three_times_the_sides(frame, ids):
    assert draw_masks(frame, ids, scale=3).shape == (72, 96, 3)


def test_a_label_sits_inside_its_object():
    ids = np.zeros((60, 60), int)
    ids[5:55, 40:50] = 1
    ids[45:55, 5:50] = 1  # an L: its centre of mass lies outside
    changed = (draw_labels(np.full((60, 60), 90, np.uint8), ids, size=9) != 90).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert ids[int(rows.mean()), int(columns.mean())] == 1


def test_a_film_strip_is_as_wide_as_its_frames_and_gaps():
    strip = contact_sheet([np.zeros((10, 20), np.uint8)] * 4, captions=time_stamps(range(4), fps=10), gap=5, size=10)
    assert strip.shape == (26, 95, 3)  # 10 + 1.6 lines of letters, 4 x 20 + 3 x 5
    assert (strip[-10:, :20] == 0).all() and (strip[:, 20:25] == 255).all()


def test_a_caption_shrinks_to_its_image():
    high = {
        text: (contact_sheet([np.zeros((10, 90), np.uint8)], captions=[text], size=20)[:32] < 128)
        .any(axis=(1, 2))
        .sum()
        for text in ("I", "I think it is too long")
    }
    assert high["I"] > 1.3 * high["I think it is too long"]


def test_a_mask_becomes_two_colours():
    drawn = draw_binary(np.eye(2, dtype=bool), on=(1, 2, 3), off=(4, 5, 6))
    assert drawn.tolist() == [[[1, 2, 3], [4, 5, 6]], [[4, 5, 6], [1, 2, 3]]]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: draw_masks(np.zeros((3, 4, 4), np.uint8), np.zeros((4, 5), int)),
        lambda: draw_masks(np.zeros((3, 4, 4), np.float32), np.zeros((4, 4), int)),
        lambda: draw_masks(np.zeros((3, 4, 4), np.uint8), np.zeros((4, 4), int), opacity=1.5),
        lambda: draw_outline(np.zeros((4, 4), np.uint8), np.zeros((4, 4)), (1, 2, 3), dash="wavy"),
        lambda: draw_labels(np.zeros((9, 9), np.uint8), np.ones((4, 4), int)),
        lambda: contact_sheet([]),
        lambda: contact_sheet([np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)]),
        lambda: contact_sheet([np.zeros((4, 4), np.uint8)], captions=["a", "b"]),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(VosError):
        wrong()


def test_a_batch_is_not_an_image():
    with pytest.raises(ShapeError, match="one frame"):
        as_pixels(np.zeros((2, 3, 4, 4), np.uint8))
