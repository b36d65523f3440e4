"""models/osvos.py: what cannot be learned from, or built, is refused before anything is trained."""

import pytest
import torch
from torch import nn

from tests.models.tiny import SIZE, Spot, painted, seeded, square
from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.models.osvos import OSVOS, OSVOSConfig, OSVOSNet, finetune

MASK = square(8, 8)
NOTHING = torch.zeros(1, *SIZE, dtype=torch.bool)


def learn(frames=None, masks=None, parent=None, **options):
    frames = painted(MASK)[None] if frames is None else frames
    masks = MASK[None] if masks is None else masks
    return finetune(parent or Spot(), frames, masks, **{"generator": seeded(), "steps": 1, "batch": 2} | options)


def test_it_learns_where_nobody_else_does():
    """A lesson may have switched gradients off around its cell."""
    with torch.no_grad():
        quiet = learn(steps=3)
    assert all(torch.equal(a, b) for a, b in zip(quiet.parameters(), learn(steps=3).parameters(), strict=True))
    assert not torch.equal(quiet.weight, Spot().weight)


def test_no_steps_leave_the_parent_as_it_is():
    assert torch.equal(learn(steps=0).weight, Spot().weight)


@pytest.mark.parametrize(("masks", "void", "said"), [
    (NOTHING, None, "none in 1 masks; 0 of"), (MASK[None], MASK[None], "64 of the object's pixels are void"),
    (NOTHING, ~NOTHING, "none in 1 masks"),
])  # fmt: skip
def test_masks_without_a_known_pixel_of_the_object_teach_nothing(masks, void, said):
    with pytest.raises(DataError, match=f"(?s){said}.*a frame in which the object shows"):
        learn(masks=masks, void=void)


def test_one_mask_with_the_object_is_enough():
    both = torch.cat([NOTHING, MASK[None]])
    learn(painted(MASK).expand(2, -1, -1, -1), both, void=torch.cat([~NOTHING, NOTHING]))


@pytest.mark.parametrize(("wrong", "repair"), [
    ({"steps": -1}, "steps=50"), ({"steps": 1.5}, "steps=50"), ({"batch": 0}, "batch=4"), ({"batch": 2.0}, "batch=4"),
    ({"rate": 0}, "rate=6e-3"), ({"rate": float("nan")}, "rate=6e-3"), ({"rate": float("inf")}, "rate=6e-3"),
    ({"generator": None}, "manual_seed"), ({"generator": 0}, "manual_seed"), ({"parent": nn.Identity()}, "OSVOSNet"),
    ({"parent": lambda frames: frames}, "OSVOSNet"),
])  # fmt: skip
def test_what_is_no_way_to_learn_is_refused_with_the_repair(wrong, repair):
    with pytest.raises(SettingsError, match=repair):
        learn(**wrong)


@pytest.mark.parametrize("void", [NOTHING.float(), NOTHING[0], torch.zeros(2, *SIZE) > 0, NOTHING[..., 1:]])
def test_void_of_another_size_or_type_is_refused(void):
    with pytest.raises(ShapeError, match="void"):
        learn(void=void)


def test_arrays_of_numpy_are_refused_as_such():
    with pytest.raises(ShapeError, match="(?s)frames: a tensor.*ndarray.*torch.as_tensor"):
        learn(painted(MASK)[None].numpy(), MASK[None].numpy())
    with pytest.raises(ShapeError, match="(?s)frames: a tensor.*ndarray.*torch.as_tensor"):
        OSVOSNet()(torch.zeros(1, 3, 8, 8).numpy())


@pytest.mark.parametrize("answer", [None, 0.3, lambda frames: [frames]])
def test_a_finetune_that_returns_no_network_is_told_so(answer):
    system = OSVOS(Spot(), finetune=lambda *told, **chances: answer)
    system.observe(painted(MASK), MASK.long())
    with pytest.raises(SettingsError, match="return net"):
        system.step(painted(MASK))


@pytest.mark.parametrize("frames", [255 * torch.rand(1, 3, 8, 8), torch.full((1, 3, 8, 8), 2.5)])
def test_frames_beyond_white_are_refused(frames):
    OSVOSNet()(torch.full((1, 3, 8, 8), 1.02))  # rounding, or an overshoot of resizing
    with pytest.raises(ShapeError, match="(?s)up to.*frames / 255"):
        OSVOSNet()(frames)


@pytest.mark.parametrize(("wrong", "said"), [
    ({"sides": (0,)}, r"sides\[0\]"), ({"convs": (1, 0)}, r"convs\[1\]"), ({"channels": (8, 8.0)}, r"channels\[1\]"),
    ({"channels": 8}, "a tuple"), ({"channels": (8, 12), "small": True}, "multiples of 8"),
    ({"sides": (8, 3), "refined": True}, "multiples of 8"),
])  # fmt: skip
def test_channels_that_no_network_has_are_refused(wrong, said):
    with pytest.raises(SettingsError, match=said):
        OSVOSConfig(**{"channels": (8, 8), "convs": (1, 1), "sides": (8,)} | wrong)
