"""models/pml.py: the embedding and what it learns from."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from tests.models.tiny import seeded
from vostutor.models.pml import (
    PROFILES,
    PMLConfig,
    PMLNet,
    coordinates,
    objective,
    place_labels,
    plain_triplet,
)
from vostutor.nn.backbone import Backbone, BackboneConfig
from vostutor.ops.nearest import min_triplet

SIZE = (24, 40)
TINY = PMLConfig(hidden=16, channels=8, normalised=True)
KINDS = {
    "unit": TINY,
    "published form": PMLConfig(hidden=16, channels=8),
    "no coordinates": replace(TINY, coordinates=False),
}


@pytest.fixture(params=KINDS)
def config(request):
    return KINDS[request.param]


def net_of(config=TINY, seed=0):
    generator = seeded(seed)
    backbone = Backbone(BackboneConfig(widths=(16, 16, 16, 16), channels=16), generator=generator)
    return PMLNet(backbone, config, generator=generator)


class Wide(nn.Module):
    """Stands in for a backbone with 2048 features."""

    channels = 2048

    def forward(self, frames):
        return frames[:, :1, ::4, ::4].expand(-1, self.channels, -1, -1)


class Painted(nn.Module):
    """Colours are embeddings."""

    def __init__(self, config=TINY):
        super().__init__()
        self.config = config

    def forward(self, frames, times):
        return frames[:, :, ::4, ::4]


def clip(left=8, seed=0, size=SIZE, objects=1):
    """Frames float (3,3,H,W) of squares that walk over noise, each in a colour, their ids (3,H,W) and times."""
    frames, ids = 0.4 + 0.1 * torch.rand(3, 3, *size, generator=seeded(seed)), torch.zeros(3, *size, dtype=torch.int64)
    for t in range(3):
        for number in range(1, objects + 1):
            rows, columns = slice(4, 16), slice(left + 4 * t + 14 * (number - 1), left + 4 * t + 14 * number - 4)
            ids[t, rows, columns], frames[t, number - 1, rows, columns] = number, 0.9
    return frames, ids, torch.tensor([0.0, 0.5, 1.0])


def batch_of(*clips):
    return dict(zip(("frames", "ids", "times"), (torch.stack(each) for each in zip(*clips, strict=True)), strict=True))


# hand-worked numbers


def test_the_published_head_has_558208_parameters():
    """(2048 + 3 + 1) x 256 + (256 + 1) x 128, and 3 x 256 less without coordinates."""
    sizes = [
        sum(weight.numel() for weight in PMLNet(Wide(), config).parameters())
        for config in (PROFILES["paper"], replace(PROFILES["paper"], coordinates=False))
    ]
    assert sizes == [558_208, 557_440]
    assert PMLNet(Wide(), PROFILES["paper"])(torch.rand(1, 3, 8, 12), torch.zeros(1)).shape == (1, 128, 2, 3)


def test_coordinates_are_read_at_the_middle_of_each_place():
    row, column, time = coordinates(torch.tensor([0.5, 1.0]), (2, 4))[1]
    assert row[:, 0].tolist() == [-0.5, 0.5] and column[0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert (time == 1).all()


def test_the_plain_triplet_asks_all_positives_and_the_other_only_the_closest():
    """A jacket at 0 and trousers at 3, and a stranger at 2: both triplets on squared distances by hand."""
    anchor, own, stranger = torch.tensor([[0.0]]), torch.tensor([[0.0], [3.0]]), torch.tensor([[2.0]])
    assert min_triplet(anchor, own, stranger, margin=0.7).item() == 0  # 0 - 4 + 0.7
    assert plain_triplet(anchor, own, stranger, margin=0.7).item() == pytest.approx(4.5 - 4 + 0.7)


def test_the_loss_of_a_clip_by_hand():
    """Colours as embeddings: the object at (1,0,0) turns to (.5,0,0), the background stays 0; margin .7."""
    frames, ids = torch.zeros(1, 2, 3, 4, 8), torch.zeros(1, 2, 4, 8, dtype=torch.int64)
    ids[..., :4], frames[:, 0, 0, :, :4], frames[:, 1, 0, :, :4] = 1, 1.0, 0.5
    batch = {"frames": frames, "ids": ids, "times": torch.tensor([[0.0, 1.0]])}
    # object: .25 to its own, .25 to the background; background: 0 to its own, 1 to the object
    assert objective(Painted(), batch).item() == pytest.approx(0.7 + 0.0)
    assert objective(Painted(replace(TINY, margin=1.2)), batch).item() == pytest.approx(1.2 + 0.2)


def test_a_click_decides_about_its_place_and_a_lost_object_keeps_one():
    ids = torch.full((1, 8, 12), 255)
    ids[0, 1, 1], ids[0, :, 8:], ids[0, 5, 11] = 1, 0, 2
    assert place_labels(ids, 2).tolist() == [[[1, 255, 0], [255, 255, 2]]]


# invariance


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("size", [(33, 47), (5, 7), (1, 1)])
def test_there_is_an_embedding_for_every_fourth_row_and_column(config, batch, size):
    embedding = net_of(config)(torch.rand(batch, 3, *size, generator=seeded()), torch.zeros(batch))
    assert embedding.shape == (batch, 8, -(-size[0] // 4), -(-size[1] // 4))


def test_a_batch_answers_as_its_frames_do(config):
    net, frames, times = net_of(config), torch.rand(3, 3, 33, 47, generator=seeded()), torch.tensor([0.0, 0.3, 1.0])
    alone = torch.cat([net(frame[None], time[None]) for frame, time in zip(frames, times, strict=True)])
    assert torch.allclose(net(frames, times), alone, atol=1e-5)  # a batch is summed in another order


def test_embeddings_lie_on_the_unit_sphere_where_they_should(config):
    length = net_of(config)(torch.rand(1, 3, *SIZE, generator=seeded()), torch.zeros(1)).norm(dim=1)
    assert torch.allclose(length, torch.ones_like(length), atol=1e-5) == config.normalised


def test_time_and_place_matter_only_with_coordinates(config):
    net, flat = net_of(config), torch.full((1, 3, 64, 64), 0.5)
    now, later = (net(flat, torch.tensor([time])) for time in (0.0, 1.0))
    assert torch.equal(now, later) != config.coordinates


def test_the_gradient_reaches_every_parameter(config):
    net = net_of(config)
    objective(net, batch_of(clip(), clip(12, 1, objects=2))).backward()
    assert [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_the_loss_of_a_batch_is_the_mean_of_its_samples(config):
    net, clips = net_of(config), [clip(), clip(4, 1, objects=2)]
    alone = [objective(net, batch_of(each)).item() for each in clips]
    assert objective(net, batch_of(*clips)).item() == pytest.approx(sum(alone) / 2, rel=1e-4)


def test_how_objects_are_numbered_does_not_change_the_loss():
    net, batch = net_of(), batch_of(clip(objects=2))
    swapped = batch | {"ids": torch.tensor([0, 2, 1])[batch["ids"]]}
    assert objective(net, batch).item() == pytest.approx(objective(net, swapped).item(), rel=1e-5)


def test_void_says_nothing_and_a_clip_without_objects_costs_nothing():
    net, batch = net_of(), batch_of(clip())
    strange = batch["ids"].clone()
    strange[..., 20:, :] = 255
    seen = []

    def counting(anchors, positives, negatives, *, margin):
        seen.append((len(anchors), len(positives), len(negatives)))
        return min_triplet(anchors, positives, negatives, margin=margin)

    objective(net, batch | {"ids": strange}, triplet=counting)
    assert [sum(each[1:]) for each in seen] == [2 * 5 * 10] * 2  # five rows of ten places are known in two frames
    empty = objective(net, batch | {"ids": torch.zeros_like(strange)})
    empty.backward()
    assert empty.item() == 0


def test_anchors_are_thinned_evenly_and_the_triplet_is_the_one_that_was_passed():
    seen = []

    def noting(anchors, positives, negatives, *, margin):
        seen.append((len(anchors), margin))
        return plain_triplet(anchors, positives, negatives, margin=margin)

    net, batch = net_of(replace(TINY, anchors=3, margin=0.4)), batch_of(clip())
    plain = objective(net, batch, triplet=noting)
    assert seen == [(3, 0.4)] * 2 and plain.item() > objective(net, batch).item()


def test_saving_and_loading_is_exact(config):
    one, other, shown = net_of(config), net_of(config, 1), (torch.rand(1, 3, *SIZE), torch.zeros(1))
    assert not torch.equal(one(*shown), other(*shown))
    other.load_state_dict(load(save(one.state_dict())), strict=True)
    assert torch.equal(one(*shown), other(*shown))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_loses_as_much_as_a_processor():
    net, batch = net_of(), batch_of(clip(objects=2))
    here = objective(net, batch).item()
    there = objective(net.cuda(), {name: tensor.cuda() for name, tensor in batch.items()}).item()
    assert there == pytest.approx(here, rel=1e-2)  # convolutions in TF32


# slow reference


def test_the_objective_is_that_of_loops():
    objects = 2
    net, (frames, ids, times) = net_of(), clip(0, objects=objects)
    frames, ids = frames[:, :, :12, :36], ids[:, :12, :36].clone()
    ids[:, :, :3] = 255
    places, labels = net(frames, times).movedim(1, -1), place_labels(ids, objects)
    total = 0.0
    for number in range(1, objects + 1):
        for side in (True, False):
            lost = []
            for anchor, label in zip(places[2].flatten(0, 1), labels[2].flatten().tolist(), strict=True):
                if label == 255 or (label == number) != side:
                    continue
                near, far = [], []
                for t, y, x in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(9)).tolist():
                    if labels[t, y, x] != 255:
                        own = (labels[t, y, x] == number) == side
                        (near if own else far).append((anchor - places[t, y, x]).square().sum().item())
                lost.append(max(0.0, min(near) - min(far) + net.config.margin))
            total += sum(lost) / len(lost)
    assert objective(net, batch_of((frames, ids, times))).item() == pytest.approx(total / objects, rel=1e-4)


def test_a_tiny_clip_is_learned_by_heart():
    net, batch = net_of(), batch_of(clip(0, size=(16, 36), objects=2))
    losses = [descend(net, batch, 0.2) for _ in range(25)]
    assert losses[0] > 0.2 and losses[-1] < 0.05


def descend(net, batch, step):
    """The loss before a step against the gradient, of that length."""
    net.zero_grad()
    loss = objective(net, batch)
    loss.backward()
    length = sum(weight.grad.square().sum() for weight in net.parameters()).sqrt().clamp(min=1e-9)
    with torch.no_grad():
        for weight in net.parameters():
            weight -= step * weight.grad / length
    return loss.item()


def test_the_published_head_takes_a_step():
    net, batch = PMLNet(Wide(), PROFILES["paper"], generator=seeded()), batch_of(clip())
    before = descend(net, batch, 1e-3)
    assert objective(net, batch).item() < before
