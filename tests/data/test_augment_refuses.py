"""data/augment.py refuses what it cannot change, by its name."""

import math

import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.data.augment import Augmentation, PairChange, augment_pair, change_view, draw_change
from vostutor.ops import pixel_grid

SIZE = 48, 64
UNCHANGED = torch.eye(2, 3)[None]


def pair():
    """Two grey frames between which nothing moves."""
    grey = torch.full((1, 3, *SIZE), 0.5)
    return grey, grey.clone(), torch.zeros(1, 2, *SIZE)


def test_other_axes_and_impossible_ranges_are_refused():
    first, second, flow = pair()
    with pytest.raises(ShapeError, match="flow"):
        augment_pair(first, second, flow[:, :1], PairChange(UNCHANGED, UNCHANGED, SIZE))
    with pytest.raises(SettingsError, match="zoom"):
        Augmentation(zoom=(0.0, 1.0))


@pytest.mark.parametrize("wrong", [
    {"mirror": 7}, {"upside_down": -0.1}, {"noise": -0.01}, {"brightness": math.nan}, {"turn": -10}, {"shift": math.inf},
    {"relative_turn": -1}, {"relative_shift": math.nan}, {"relative_zoom": 1.0}, {"crop": 0}, {"crop": math.nan},
    {"zoom": (1.3, 0.9)}, {"zoom": 1.3}, {"gain": (0.8, math.nan)}, {"gamma": (0, 1)}, {"contrast": (-1.5, 0.3)},
], ids=str)  # fmt: skip
def test_an_augmentation_that_cannot_be_drawn_is_refused_by_its_name(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Augmentation(**wrong)


@pytest.mark.parametrize(("count", "size"), [(0, SIZE), (2.0, SIZE), (2, (0, 64)), (2, (48.0, 64)), (2, 48)])
def test_a_change_for_no_pair_or_no_pixel_is_refused(count, size):
    with pytest.raises(SettingsError):
        draw_change(torch.Generator(), count, size)


def test_a_crop_that_leaves_no_pixel_is_refused():
    with pytest.raises(SettingsError, match="height a whole number from 1 on"):
        draw_change(torch.Generator(), 1, (4, 64), Augmentation(crop=0.1))


@pytest.mark.parametrize(("name", "part"), [
    ("contrast", torch.zeros(2)), ("gain", torch.ones(1, 2)), ("noise", torch.zeros(1, 2, 3, 8, 8)), ("view2", torch.eye(3)[None]),
])  # fmt: skip
def test_a_change_whose_parts_do_not_belong_together_is_refused(name, part):
    with pytest.raises(ShapeError, match=name):
        PairChange(**({"view1": UNCHANGED, "view2": UNCHANGED, "size": SIZE} | {name: part}))


def wrong_pair(**wrong):
    """What augment_pair is given, with one part of it wrong."""
    first, second, flow = pair()
    return {"frame1": first, "frame2": second, "flow": flow, "change": PairChange(UNCHANGED, UNCHANGED, SIZE)} | wrong


WRONG = {
    "bytes": ({"frame1": torch.zeros(1, 3, *SIZE, dtype=torch.uint8)}, "frame / 255"),
    "arrays": ({"frame1": torch.zeros(1, 3, *SIZE).numpy()}, "frame1: a tensor"),
    "up to 255": ({"frame2": torch.full((1, 3, *SIZE), 255.0)}, "frame2 / 255"),
    "a frame with NaN": ({"frame1": torch.full((1, 3, *SIZE), math.nan)}, "nan_to_num"),
    "an integer flow": ({"flow": torch.zeros(1, 2, *SIZE, dtype=torch.int64)}, "flow: a tensor of floating-point"),
    "a double flow": ({"flow": torch.zeros(1, 2, *SIZE, dtype=torch.float64)}, "flow: torch.float32 on cpu"),
    "a float valid": ({"valid": torch.ones(1, *SIZE)}, "valid: a tensor of bool"),
    "valid with a channel": ({"valid": torch.ones(1, 1, *SIZE, dtype=torch.bool)}, "valid: B H W"),
    "views of two pairs": ({"change": PairChange(*[UNCHANGED.expand(2, 2, 3)] * 2, SIZE)}, "view: B 2 3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_pair_that_is_none_is_refused(name):
    wrong, said = WRONG[name]
    with pytest.raises(ShapeError, match=said):
        augment_pair(**wrong_pair(**wrong))


@pytest.mark.parametrize("worst", [math.nan, math.inf])
def test_a_flow_that_is_not_finite_where_it_is_valid_is_refused(worst):
    flow = torch.zeros(1, 2, *SIZE)
    flow[0, 1, 3, 3] = worst
    with pytest.raises(DataError, match="known_flow: finite numbers"):
        augment_pair(**wrong_pair(flow=flow))


@pytest.mark.parametrize("linear", [torch.zeros(2, 2), torch.ones(2, 2), torch.full((2, 2), math.nan)])
def test_a_view_that_squeezes_the_frame_flat_is_refused(linear):
    flat = torch.cat([linear, torch.zeros(2, 1)], dim=1)[None]
    for change in (PairChange(flat, UNCHANGED, SIZE), PairChange(UNCHANGED, flat, SIZE)):
        with pytest.raises(DataError, match="a view that keeps some area"):
            augment_pair(**wrong_pair(change=change))


def test_a_formula_is_for_one_pair_and_its_own_points():
    points = pixel_grid(4, 6)
    with pytest.raises(ShapeError, match="flow: 2 h w"):
        change_view(points, points[:, 1:], UNCHANGED[0], UNCHANGED[0])
    with pytest.raises(ShapeError, match="view1: 2 3"):
        change_view(points, points, UNCHANGED, UNCHANGED)
