"""models/wide_resnet.py: the wide ResNet-38 that OnAVOS adapts."""

import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.models.wide_resnet import Unit, WideResNet38, foreground_logit


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def thin():
    """A sixty-fourth of the published width."""
    return WideResNet38(width=1, generator=seeded()).eval()


def parameters_of(model):
    return sum(parameter.numel() for parameter in model.parameters())


# hand-worked numbers


def test_the_published_network_has_the_published_number_of_parameters_in_each_part():
    with torch.device("meta"):
        network = WideResNet38()
    parts = [parameters_of(part) for part in (network.trunk, network.head, network.output)]
    assert parts == [105_062_720, 18_883_072, 9_218]
    assert parameters_of(network) == 123_955_010


def test_there_are_17_units_and_an_eighth_of_the_resolution(thin):
    assert sum(isinstance(layer, Unit) for layer in thin.modules()) == 17
    assert thin.trunk(torch.rand(1, 3, 32, 48, generator=seeded())).shape == (1, 64, 4, 6)


def test_each_bottleneck_spreads_what_it_sees_by_four_and_the_head_by_twelve(thin):
    dilations = [layer.dilation[0] for layer in thin.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert {rate: dilations.count(rate) for rate in (2, 4, 12)} == {2: 5, 4: 2, 12: 2}


def test_a_unit_whose_convolutions_are_silent_lets_pass_what_came_in():
    unit = Unit(4, 4, 4).eval()
    torch.nn.init.zeros_(unit.convolve[-1].weight)
    x = torch.randn(1, 4, 5, 7, generator=seeded())
    assert torch.equal(unit(x), x)


# invariance


@pytest.mark.parametrize(("batch", "size"), [(1, (33, 50)), (2, (16, 23))])
def test_the_answer_has_the_size_of_the_frame(thin, batch, size):
    (logits,) = thin(torch.rand(batch, 3, *size, generator=seeded()))
    assert logits.shape == (batch, 1, *size)


def test_a_batch_is_answered_like_each_frame_alone(thin):
    frames = torch.rand(2, 3, 24, 32, generator=seeded())
    alone = torch.cat([thin(frame[None])[0] for frame in frames])
    assert torch.allclose(thin(frames)[0], alone, rtol=1e-4, atol=1e-4)  # other kernels for other batch sizes


def test_a_class_split_into_equal_parts_leaves_the_foreground_as_probable():
    scores = torch.randn(2, 2, 3, 4, generator=seeded())
    parts = 5
    split = torch.cat([scores[:, :1], (scores[:, 1:] - torch.tensor(float(parts)).log()).expand(-1, parts, -1, -1)], 1)
    assert torch.allclose(foreground_logit(split), foreground_logit(scores), atol=1e-5)


def test_the_foreground_is_what_the_softmax_leaves_beside_the_background():
    scores = torch.randn(2, 6, 3, 4, generator=seeded())
    assert torch.allclose(foreground_logit(scores).sigmoid()[:, 0], scores.softmax(1)[:, 1:].sum(1), atol=1e-6)


def test_the_gradient_reaches_every_parameter():
    network = WideResNet38(width=2, generator=seeded())
    network(torch.rand(2, 3, 32, 32, generator=seeded()))[0].square().sum().backward()
    assert [name for name, weight in network.named_parameters() if not (weight.grad != 0).any()] == []


def test_the_same_seed_gives_the_same_weights(thin):
    again = WideResNet38(width=1, generator=seeded())
    assert all(torch.equal(a, b) for a, b in zip(thin.state_dict().values(), again.state_dict().values(), strict=True))


# refusal of bad input


def test_bytes_and_single_frames_are_refused(thin):
    with pytest.raises(ShapeError, match="frames in"):
        thin(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))
    with pytest.raises(ShapeError, match="adds the batch"):
        thin(torch.zeros(3, 16, 16))


def test_a_network_of_one_class_is_refused():
    with pytest.raises(SettingsError, match="at least background and one class"):
        WideResNet38(width=1, classes=1)
    with pytest.raises(ShapeError, match="background and at least one class"):
        foreground_logit(torch.zeros(1, 1, 4, 4))
