"""models/osvos.py: the network of OSVOS, its parent training, its fine-tuning, the system."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from vostutor.core import DataError, Segmenter, SettingsError, ShapeError
from vostutor.models.osvos import OSVOS, PROFILES, OSVOSConfig, OSVOSNet, finetune, objective, take_imagenet_weights
from vostutor.ops.upsampling import upsample_crop

TINY = OSVOSConfig(channels=(16, 16, 16), convs=(1, 1, 2), sides=(16, 16, 16), small=True, refined=True)
KINDS = {
    "cpu": PROFILES["cpu"],
    "published form": OSVOSConfig(channels=(4, 4, 6), convs=(1, 2, 1), sides=(3, 3)),
    "refined": TINY,
}
SIZE = (32, 48)


@pytest.fixture(params=KINDS)
def config(request):
    return KINDS[request.param]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def net_of(config=TINY, seed=0):
    return OSVOSNet(config, generator=seeded(seed))


def square(top=8, left=12, side=14, size=SIZE):
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top : top + side, left : left + side] = True
    return mask


def picture(*masks, seed=0, size=SIZE):
    """A noisy grey frame, with each mask in a colour of its own."""
    frame = torch.randint(90, 120, (3, *size), generator=seeded(seed))
    for channel, mask in enumerate(masks):
        frame[channel][mask] += 130
    return frame.byte()


def shown_batch(size=SIZE, batch=2, progress=0.0):
    mask = torch.stack([square(size=size)] * batch)
    frames = torch.stack([picture(mask[0], seed=seed, size=size) for seed in range(batch)]).float() / 255
    return {"frames": frames, "mask": mask, "progress": torch.full((batch,), progress)}


QUICK = partial(finetune, steps=5, batch=2, rate=1e-2)


def parameters_of(modules):
    return sum(parameter.numel() for parameter in modules.parameters())


# hand-worked numbers


@pytest.fixture(scope="module")
def published():
    """The network as released, built once: 15 million numbers."""
    return OSVOSNet(PROFILES["paper"], generator=seeded())


def test_the_published_network_has_the_released_number_of_parameters(published):
    assert parameters_of(published.stages) == 14_714_688
    assert parameters_of(nn.ModuleList(path.side for path in published.paths)) == 202_816
    assert parameters_of(nn.ModuleList(path.score for path in published.paths)) == 68
    assert parameters_of(nn.ModuleList(path.fuse for path in published.paths)) + published.bias.numel() == 65
    assert parameters_of(published) == 14_917_637


def test_the_small_network_has_two_hundred_thousand_parameters():
    assert parameters_of(net_of(PROFILES["cpu"])) == 194_997 and PROFILES["cpu"].strides == (2, 4, 8, 16)


def test_pools_round_up_so_that_480p_has_the_maps_of_the_paper():
    thin = replace(PROFILES["paper"], channels=(2,) * 5, sides=(2,) * 4)  # the sizes do not depend on the channels
    net, seen = OSVOSNet(thin), []
    for path in net.paths:
        path.register_forward_pre_hook(lambda _, entering: seen.append(tuple(entering[0].shape[-2:])))
    net(torch.zeros(1, 3, 480, 854))
    assert seen[::-1] == [(240, 427), (120, 214), (60, 107), (30, 54)] and thin.strides == (2, 4, 8, 16)


def test_fresh_scores_are_nearly_zero_so_the_first_loss_is_known():
    batch = shown_batch() | {"progress": torch.zeros(2)}
    share = batch["mask"][0].float().mean().item()
    expected = 2 * share * (1 - share) * 0.693147  # of one output: 2 |Y+| |Y-| ln 2 / |Y| per pixel
    assert objective(net_of(KINDS["published form"]), batch).item() == pytest.approx(3 * expected, rel=1e-2)


def test_side_losses_fade_out_with_progress():
    net, batch = net_of(), shown_batch()
    begin, middle, end = (objective(net, batch | {"progress": torch.full((2,), p)}).item() for p in (0.0, 0.5, 1.0))
    assert middle == pytest.approx((begin + end) / 2, rel=1e-5) and end < begin
    objective(net, batch | {"progress": torch.ones(2)}).backward()
    assert not any(path.score.weight.grad.any() for path in net.paths)


# invariance


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("size", [(33, 47), (5, 7), (1, 1)])
def test_every_output_has_the_size_of_the_frame(config, batch, size):
    logits = net_of(config)(torch.rand(batch, 3, *size, generator=seeded()))
    assert [tuple(score.shape) for score in logits] == [(batch, 1, *size)] * (len(config.sides) + 1)


def test_a_batch_answers_as_its_samples_do(config):
    net, frames = net_of(config), torch.rand(3, 3, 33, 47, generator=seeded())
    alone = torch.cat([net(frame[None])[-1] for frame in frames])
    assert torch.allclose(net(frames)[-1], alone, atol=1e-4)  # a batch is summed in another order


def test_the_gradient_reaches_every_parameter(config):
    net = net_of(config)
    objective(net, shown_batch()).backward()
    assert [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_saving_and_loading_is_exact(config):
    one, other, frames = net_of(config), net_of(config, seed=1), torch.rand(1, 3, *SIZE, generator=seeded())
    assert not torch.equal(one(frames)[-1], other(frames)[-1])
    other.load_state_dict(load(save(one.state_dict())), strict=True)
    assert torch.equal(one(frames)[-1], other(frames)[-1])


# slow reference


def test_scores_may_be_taken_before_the_maps_are_enlarged():
    """As released: the maps are enlarged, laid beside each other, and fused by one 1x1 convolution."""
    net, frames, sides = net_of(KINDS["published form"]), torch.rand(1, 3, 33, 47, generator=seeded()), []
    for path in net.paths:
        nn.init.normal_(path.side.weight, generator=seeded(1))  # so that scores are not nearly zero
        nn.init.normal_(path.fuse.weight, generator=seeded(2))
        path.side.register_forward_hook(lambda _, entering, side: sides.append(side))
    fused = net(frames)[-1]
    enlarged = [upsample_crop(side, s, (33, 47)) for side, s in zip(sides[::-1], net.config.strides, strict=True)]
    weight = torch.cat([path.fuse.weight for path in net.paths], dim=1)
    expected = nn.functional.conv2d(torch.cat(enlarged, dim=1), weight, net.bias)
    assert torch.allclose(fused, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())


def test_the_published_network_takes_a_step(published):
    batch = shown_batch(batch=1)
    before = objective(published, batch)
    before.backward()
    with torch.no_grad():  # along the gradient, so far that the loss falls by a hundredth if it were straight
        steepness = sum((weight.grad**2).sum() for weight in published.parameters())
        for weight in published.parameters():
            weight -= 0.01 * before * weight.grad / steepness
        assert objective(published, batch) < before


def test_finetuning_finds_the_object_of_its_frame_and_leaves_the_parent_alone():
    parent, mask = net_of(), square()
    frames, before = picture(mask)[None], {name: tensor.clone() for name, tensor in parent.state_dict().items()}
    tuned = finetune(parent, frames, mask[None], steps=40, batch=2, rate=1e-2, generator=seeded())
    found = tuned(frames.float() / 255)[-1][0, 0] > 0
    assert (found & mask).sum() / (found | mask).sum() > 0.8
    assert all(torch.equal(tensor, before[name]) for name, tensor in parent.state_dict().items())


def test_the_same_generator_gives_the_same_network_and_each_step_is_watched():
    seen, masks = [], square()[None]
    how = {"steps": 3, "watch": lambda step, net: seen.append(step)}
    one, other = (finetune(net_of(), picture(masks[0])[None], masks, generator=seeded(5), **how) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert seen == [1, 2, 3] * 2 and not one.training


def test_two_objects_are_told_apart_and_each_pixel_is_shared_out():
    one, other = square(4, 4, 12), square(14, 30, 14)
    frame, ids = picture(one, other), one * 3 + other * 7
    system = OSVOS(net_of(), finetune=partial(QUICK, steps=40), generator=seeded())
    assert isinstance(system, Segmenter)
    system.observe(frame, ids)
    prob_all = system.step(frame)
    assert torch.allclose(prob_all.sum(0), torch.ones(SIZE), atol=1e-6)
    for channel, mask in ((1, one), (2, other)):
        found = prob_all.argmax(0) == channel
        assert (found & mask).sum() / (found | mask).sum() > 0.7


def test_the_order_of_the_frames_does_not_matter():
    frames = [picture(square(left=left), seed=left) for left in (2, 12, 22)]
    answers = []
    for order in ((0, 1, 2), (2, 0, 1)):
        system = OSVOS(net_of(), finetune=QUICK, generator=seeded())
        system.observe(frames[1], square(left=12).long())
        answers.append({k: system.step(frames[k]) for k in order})
    assert all(torch.equal(answers[0][k], answers[1][k]) for k in range(3))


def test_a_later_annotation_begins_again_from_the_parent_with_all_frames():
    told, parent = [], net_of()

    def remember(start, frames, masks, *, generator, void):
        told.append((start is parent, masks.sum((1, 2)).tolist(), void.sum().item()))
        return start

    system, ids = OSVOS(parent, finetune=remember, generator=seeded()), square().long()
    system.observe(picture(), ids)
    system.step(picture())
    system.step(picture(seed=1))  # trained once for both
    later = 2 * square(0, 0, 4).long() + ids
    later[30:, 40:] = 255
    system.observe(picture(seed=2), later)
    system.step(picture())
    assert told == [
        (True, [196], 0),
        (True, [196, 196], 16),
        (True, [16], 16),
    ]  # the late object learns from its own frames


def test_an_object_is_trained_alike_whatever_else_is_annotated():
    frame, one, other = picture(square()), square().long(), square(0, 0, 6).long()
    alone, beside = (OSVOS(net_of(), finetune=QUICK, generator=seeded(3)) for _ in range(2))
    alone.observe(frame, one)
    beside.observe(frame, torch.where(other > 0, 2, one))
    for system in (alone, beside):
        system.step(frame)
    pairs = zip(alone.runs[1].network.parameters(), beside.runs[1].network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_threshold_is_where_a_pixel_changes_hands():
    frame, systems = (
        picture(square()),
        [OSVOS(net_of(), finetune=QUICK, threshold=t, generator=seeded()) for t in (0.5, 0.7)],
    )
    for system in systems:
        system.observe(frame, square().long())
    one, other = (system.step(frame)[1] for system in systems)
    away = (one - 0.7).abs() > 1e-4  # where rounding does not decide
    assert torch.equal(other[away] > 0.5, one[away] > 0.7)


def test_masks_are_snapped_to_the_superpixels_that_are_passed_in():
    halves = (torch.arange(SIZE[1]) >= 24).long().expand(SIZE)
    system = OSVOS(net_of(), finetune=QUICK, superpixels=lambda frame: halves, generator=seeded())
    system.observe(picture(square()), 4 * square().long())
    prob_all = system.step(picture(square()))
    assert all(len(prob_all[1][halves == region].unique()) == 1 for region in (0, 1))
    assert torch.equal(prob_all.sum(0), torch.ones(SIZE))


def test_a_mask_without_objects_makes_everything_background():
    system = OSVOS(net_of())
    system.observe(picture(), torch.zeros(SIZE, dtype=torch.uint8))
    assert torch.equal(system.step(picture()), torch.ones(1, *SIZE))


# refusal of bad input


def test_frames_that_are_no_batch_of_numbers_are_refused():
    for frames, said in ((torch.zeros(3, 8, 8), "B 3 H W"), (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "/ 255")):
        with pytest.raises(ShapeError, match=said):
            net_of()(frames)


@pytest.mark.parametrize("wrong", [{"convs": (1,)}, {"sides": ()}, {"sides": (8,) * 6}])
def test_a_config_that_cannot_be_built_is_refused(wrong):
    with pytest.raises(SettingsError, match="stages and sides"):
        replace(OSVOSConfig(), **wrong)


def test_what_is_no_annotated_frame_cannot_be_learned_from():
    frames, masks = picture()[None], square()[None]
    for wrong in ((frames[0], masks[0]), (frames.float(), masks), (frames, masks.long()), (frames[:0], masks[:0])):
        with pytest.raises(ShapeError):
            finetune(net_of(), *wrong, generator=seeded())


def test_a_step_before_any_mask_another_size_and_no_threshold_are_refused():
    system = OSVOS(net_of())
    with pytest.raises(DataError, match="a mask before the first step"):
        system.step(picture())
    system.observe(picture(), square().long())
    with pytest.raises(ShapeError, match="a new OSVOS for each video"):
        system.step(picture(size=(16, 16)))
    with pytest.raises(SettingsError, match="between 0 and 1"):
        OSVOS(net_of(), threshold=1)


def test_imagenet_weights_are_for_the_published_network_and_not_downloaded(tmp_path, monkeypatch, published):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    for net, kind, said in ((net_of(), SettingsError, "VGG-16"), (published, DataError, "nothing here downloads")):
        with pytest.raises(kind, match=said):
            take_imagenet_weights(net)
