"""nn/backbone.py: features at a quarter of a frame's size."""

import pytest
import torch
from safetensors.torch import load, save

from vostutor.core import SettingsError, ShapeError
from vostutor.nn import Backbone, BackboneConfig

EIGHT = BackboneConfig(widths=(8, 8, 8, 8), channels=8)
TINY = BackboneConfig(widths=(8, 8, 16, 16), channels=8)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("size", [(32, 48), (33, 47), (1, 5), (30, 50)])
def test_the_map_has_a_place_for_every_cell_also_the_cut_ones(size):
    features = Backbone(TINY)(torch.zeros(2, 3, *size))
    assert features.shape == (2, 8, -(-size[0] // 4), -(-size[1] // 4))


def test_a_batch_is_as_its_frames_one_by_one():
    net, frames = Backbone(TINY, generator=seeded()), torch.rand(3, 3, 33, 47, generator=seeded(1))
    alone = torch.cat([net(frame[None]) for frame in frames])
    torch.testing.assert_close(net(frames), alone, atol=1e-5, rtol=1e-5)


def test_the_smallest_frames_that_can_be_normalised_are_answered():
    for net, size in ((Backbone(EIGHT), (17, 1)), (Backbone(TINY), (5, 5)), (Backbone(), (1, 1))):
        assert net(torch.zeros(1, 3, *size)).isfinite().all()
    assert Backbone(EIGHT)(torch.zeros(2, 3, 1, 1)).isfinite().all(), "two frames are two numbers to torch"


def test_gradient_reaches_every_parameter():
    net = Backbone(TINY, generator=seeded())
    (net(torch.rand(2, 3, 32, 48, generator=seeded(1))) * torch.rand(2, 8, 8, 12, generator=seeded(2))).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


def test_a_place_knows_its_surroundings():
    net, frame = Backbone(TINY, generator=seeded()), torch.rand(1, 3, 96, 160, generator=seeded(1))
    other = frame.clone()
    other[:, :, 40:48, 80:88] = 0
    changed = (net(frame) - net(other)).abs().sum(dim=1)[0] > 1e-3
    assert changed[10:12, 20:22].all() and changed[8, 16]


def test_the_same_generator_gives_the_same_weights_and_they_are_kept_exactly():
    net, again = Backbone(TINY, generator=seeded()), Backbone(TINY, generator=seeded())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
    other = Backbone(TINY, generator=seeded(1))
    other.load_state_dict(load(save(net.state_dict())))
    frame = torch.rand(1, 3, 32, 48, generator=seeded(2))
    assert torch.equal(net(frame), other(frame))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: BackboneConfig(widths=(8, 8, 16)), SettingsError, "four"),
        (lambda: BackboneConfig(widths=(8, 8, 16, 12)), SettingsError, "multiple of 8"),
        (lambda: BackboneConfig(widths=5), SettingsError, "four"),
        (lambda: Backbone(None), SettingsError, "BackboneConfig"),
        (lambda: Backbone(EIGHT)(torch.zeros(1, 3, 16, 16)), ShapeError, "more than 16"),
        (lambda: BackboneConfig(channels=0), SettingsError, "width"),
        (lambda: Backbone(TINY)(torch.zeros(3, 32, 48)), ShapeError, "batch"),
        (lambda: Backbone(TINY)(torch.full((1, 3, 32, 48), 255.0)), ShapeError, "255"),
        (lambda: Backbone(TINY)(torch.zeros(1, 3, 32, 48, dtype=torch.uint8)), ShapeError, "255"),
    ],
)
def test_what_cannot_be_used_is_refused(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
