"""models/flownet.py: FlowNetS, FlowNetC, and FlowNetC with a softmax over displacements."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load, save

from vostutor.core import SettingsError, ShapeError
from vostutor.models.flownet import PROFILES, CostVolume, FlowNetC, FlowNetConfig, FlowNetS, RefinementStep, objective
from vostutor.ops import correlation

TINY = FlowNetConfig(
    channels=(6, 8, 12, 16), deconv=(8, 6), joined_at=2, redirected=4, max_displacement=2, stride2=1
)  # fmt: skip
KINDS = {
    "S": lambda config, **options: FlowNetS(config, **options),
    "C": lambda config, **options: FlowNetC(config, **options),
    "softmax": lambda config, **options: FlowNetC(replace(config, cost="softmax"), **options),
}


@pytest.fixture(params=KINDS)
def build(request):
    return KINDS[request.param]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pair(size, batch=1, seed=0):
    return torch.rand(2, batch, 3, *size, generator=seeded(seed)).unbind()


def shifted_batch(size=(32, 48), dx=3, dy=1):
    """One picture of blobs that moves as a whole: frame 2 shows at x + (dx,dy) what frame 1 shows at x."""
    blobs = torch.rand(1, 3, size[0] // 4 + 2, size[1] // 4 + 2, generator=seeded(1))
    large = torch.nn.functional.interpolate(blobs, scale_factor=4, mode="bilinear")
    frame1 = large[..., 4 : 4 + size[0], 4 : 4 + size[1]]
    frame2 = large[..., 4 - dy : 4 - dy + size[0], 4 - dx : 4 - dx + size[1]]
    flow = torch.tensor([dx, dy], dtype=torch.float32)[None, :, None, None].expand(1, 2, *size)
    return {"frame1": frame1, "frame2": frame2, "flow": flow}


def parameters_of(model):
    return sum(parameter.numel() for parameter in model.parameters())


# hand-worked numbers


@pytest.fixture(scope="module")
def published():
    """Both networks as released, built once: 78 million numbers."""
    return FlowNetS(PROFILES["paper"], generator=seeded()), FlowNetC(PROFILES["paper"], generator=seeded())


def test_the_published_networks_have_the_released_number_of_parameters(published):
    assert [parameters_of(model) for model in published] == [38_676_514, 39_175_298]


@pytest.mark.parametrize(("size", "sides"), [
    ((384, 512), [(96, 128), (48, 64), (24, 32), (12, 16), (6, 8)]),
    ((436, 1024), [(109, 256), (55, 128), (28, 64), (14, 32), (7, 16)]),  # Sintel: 110 rows are cut to 109, 56 to 55
])  # fmt: skip
def test_the_published_networks_predict_at_five_levels(size, sides):
    thin = replace(PROFILES["paper"], channels=(2,) * 6, deconv=(2,) * 4)  # the sizes do not depend on the channels
    frame = torch.zeros(1, 3, *size)
    for model in (FlowNetS(thin), FlowNetC(thin)):
        assert [tuple(flow.shape) for flow in model(frame, frame)] == [(1, 2, *side) for side in sides]


def test_frames_are_shifted_by_the_mean_of_the_training_pictures():
    seen = []
    model = FlowNetS(TINY)
    model.stem.register_forward_pre_hook(lambda _, entering: seen.append(entering[0]))
    model(torch.ones(1, 3, 16, 16), torch.zeros(1, 3, 16, 16))
    assert torch.allclose(seen[0][0, :, 0, 0], torch.tensor([0.55, 0.568, 0.589, -0.45, -0.432, -0.411]))


def test_full_resolution_is_level_two_four_times_as_large_and_twenty_times_as_strong(build):
    model = build(TINY, generator=seeded())
    with torch.no_grad():
        for parameter in model.refinement.predict_flow.parameters():
            parameter.zero_()
        model.refinement.predict_flow.bias.copy_(torch.tensor([0.5, -0.25]))
    flow = model.flow(*pair((16, 32)))
    assert torch.equal(flow, torch.tensor([10.0, -5.0])[None, :, None, None].expand(1, 2, 16, 32))


def test_a_softmax_cost_is_largest_at_the_true_displacement_and_sums_to_one():
    config = replace(TINY, cost="softmax")
    features = torch.randn(1, 16, 9, 11, generator=seeded())
    cost = CostVolume(config, correlation)(features, features.roll((1, 2), dims=(2, 3)))
    assert torch.allclose(cost.sum(dim=1), torch.ones(1, 9, 11), atol=1e-6)
    assert (cost.argmax(dim=1)[:, 2:-2, 2:-2] == 3 * 5 + 4).all()  # dy = 1 is row 3 of 5, dx = 2 column 4


def test_a_softmax_cost_begins_ten_times_as_decided_as_the_cosine():
    features = torch.rand(1, 16, 1, 1, generator=seeded())
    cost = CostVolume(replace(TINY, cost="softmax"), correlation)(features, features)
    # cosine 1 in the middle of 5 x 5, 0 at the 24 places outside the image: e^10 / (e^10 + 24)
    assert cost[0, 12].item() == pytest.approx(0.998912, abs=1e-5)


def test_a_raw_cost_is_the_correlation_through_a_leaky_relu():
    f1, f2 = torch.randn(2, 1, 16, 5, 6, generator=seeded()).unbind()
    plain = correlation(f1, f2, max_displacement=2, stride2=1)
    assert torch.equal(CostVolume(TINY, correlation)(f1, f2), torch.where(plain < 0, 0.1 * plain, plain))


def test_a_level_that_is_too_large_loses_its_last_row_and_column():
    step = RefinementStep(4, 3)
    x, skip = torch.randn(1, 4, 2, 3, generator=seeded()), torch.zeros(1, 5, 3, 5)
    flow, joined = step(x, skip)
    assert joined.shape == (1, 5 + 3 + 2, 3, 5)
    assert torch.equal(joined[:, 5:8], step.deconv(x)[..., :3, :5])
    assert torch.equal(joined[:, 8:], step.upsample_flow(flow)[..., :3, :5])


def test_frame_1_comes_first_and_then_what_it_was_compared_with():
    """As released: 473 = 32 redirected channels, then 441 displacements; here 29 = 4 + 25. Weights are made for this order."""
    entering, sevens = [], lambda f1, f2, **reach: torch.full((1, 25, *f1.shape[-2:]), 7.0)
    model, (frame1, frame2) = FlowNetC(TINY, correlation=sevens, generator=seeded()), pair((16, 16))
    model.contracting.register_forward_pre_hook(lambda _, given: entering.append(given[0]))
    model(frame1, frame2)
    assert entering[0].shape[1] == 29 and (entering[0][:, 4:] == 7).all()
    assert torch.equal(entering[0][:, :4], model.redirect(model.stem(frame1 - model.mean)[-1]))


# invariance


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("size", [(32, 48), (33, 47), (5, 7), (1, 1)])
def test_every_size_and_batch_has_its_levels_and_its_flow(build, batch, size):
    model = build(TINY, generator=seeded())
    frames = pair(size, batch)
    sides = [(-(-size[0] // 2**level), -(-size[1] // 2**level)) for level in (2, 3, 4)]
    assert [tuple(flow.shape) for flow in model(*frames)] == [(batch, 2, *side) for side in sides]
    assert model.flow(*frames).shape == (batch, 2, *size)


def test_a_batch_answers_as_its_samples_do(build):
    model, (frame1, frame2) = build(TINY, generator=seeded()), pair((33, 47), batch=3)
    together = model.flow(frame1, frame2)
    alone = torch.cat([model.flow(frame1[k : k + 1], frame2[k : k + 1]) for k in range(3)])
    assert torch.allclose(together, alone, atol=1e-3)  # pixels; a batch is summed in another order, times div_flow


def test_frames_that_do_not_fit_answer_as_if_their_borders_went_on(build):
    model, frames = build(TINY, generator=seeded()), pair((30, 44))
    fitting = [torch.nn.functional.pad(frame, (0, 4, 0, 2), mode="replicate") for frame in frames]
    assert torch.allclose(model.flow(*frames), model.flow(*fitting)[..., :30, :44], atol=1e-4)


def test_the_gradient_reaches_every_parameter(build):
    model = build(TINY, generator=seeded())
    objective(model, shifted_batch()).backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []


def test_the_same_generator_gives_the_same_weights_and_training_changes_no_answer(build):
    one, other, third = (build(TINY, generator=seeded(seed)) for seed in (0, 0, 1))
    frames = pair((16, 16))
    assert torch.equal(one.flow(*frames), other.eval().flow(*frames))
    assert not torch.equal(one.flow(*frames), third.flow(*frames))


def test_saving_and_loading_is_exact(build):
    one, other = build(TINY, generator=seeded(0)), build(TINY, generator=seeded(1))
    other.load_state_dict(load(save(one.state_dict())), strict=True)
    frames = pair((16, 32))
    assert torch.equal(one.flow(*frames), other.flow(*frames))


def test_what_nobody_knows_does_not_teach(build):
    model, batch = build(TINY, generator=seeded()), shifted_batch()
    batch["valid"] = torch.zeros(1, 32, 48, dtype=torch.bool)
    assert objective(model, batch).item() == 0


def test_the_given_correlation_is_the_one_that_runs_and_learns():
    model = FlowNetC(TINY, correlation=slow_correlation, generator=seeded())
    reference = FlowNetC(TINY, generator=seeded())
    batch, losses = shifted_batch(), []
    for network in (model, reference):
        losses.append(objective(network, batch))
        losses[-1].backward()
    assert torch.allclose(*losses, rtol=1e-5)
    grads = [network.stem[0][0].weight.grad for network in (model, reference)]
    assert torch.allclose(*grads, rtol=1e-3, atol=1e-5 * grads[0].abs().max().item())  # float32 sums in another order
    with pytest.raises(ZeroDivisionError):
        FlowNetC(TINY, correlation=lambda *_, **__: 1 / 0)(batch["frame1"], batch["frame2"])


def slow_correlation(f1, f2, max_displacement, stride2):
    steps = range(-max_displacement, max_displacement + 1, stride2)
    (height, width), d = f1.shape[-2:], max_displacement
    around = torch.nn.functional.pad(f2, (d, d, d, d))
    shifted = [around[..., d + y : d + y + height, d + x : d + x + width] for y in steps for x in steps]
    return torch.stack([(f1 * there).mean(dim=1) for there in shifted], dim=1)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_bfloat16_learns_with_a_loss_in_float32(build, device):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    model = build(TINY, generator=seeded()).to(device)
    batch = {name: tensor.to(device) for name, tensor in shifted_batch().items()}
    exact = objective(model, batch)
    with torch.autocast(device, torch.bfloat16):
        loss = objective(model, batch)
    loss.backward()
    assert loss.dtype == torch.float32 and torch.allclose(loss, exact, rtol=0.05)  # bfloat16 keeps 8 bits
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


# one pair is overfitted


def test_one_pair_is_overfitted(build):
    model, batch = build(TINY, generator=seeded(3)), shifted_batch()
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(80):
        optimiser.zero_grad()
        objective(model, batch).backward()
        optimiser.step()
    error = torch.linalg.vector_norm(model.flow(batch["frame1"], batch["frame2"]) - batch["flow"], dim=1).mean()
    assert error < 0.6  # pixels, of 3.2


def test_the_published_networks_take_a_step(published):
    batch = shifted_batch()
    for model in published:
        before = objective(model, batch)
        before.backward()
        with torch.no_grad():  # along the gradient, so far that the loss falls by a tenth if it were straight
            steepness = sum((weight.grad**2).sum() for weight in model.parameters())
            for weight in model.parameters():
                weight -= 0.1 * before * weight.grad / steepness
            assert objective(model, batch) < before


# refusal of bad input


def test_frames_that_are_no_batch_of_numbers_are_refused(build):
    model, (frame1, frame2) = build(TINY), pair((16, 16))
    for method in (model, model.flow):
        with pytest.raises(ShapeError, match="frame1: B 3 H W"):
            method(frame1[0], frame2[0])
        with pytest.raises(ShapeError, match="frame2"):
            method(frame1, frame2[..., 1:])
        with pytest.raises(ShapeError, match="frame / 255"):
            method(frame1.byte(), frame2.byte())


@pytest.mark.parametrize(("worst", "said"), [(255.0, "frame2 / 255"), (float("nan"), "nan_to_num"), (-0.5, "clamp")])
def test_a_flow_between_frames_beyond_zero_and_one_is_refused(build, worst, said):
    model, (frame1, frame2) = build(TINY), pair((16, 16))
    frame2[0, 0, 3, 3] = worst
    with pytest.raises(ShapeError, match=said):
        model.flow(frame1, frame2)


def test_frames_of_another_type_or_device_than_the_network_are_refused(build):
    model, (frame1, frame2) = build(TINY), pair((16, 16))
    for other in (frame2.double(), frame2.to("meta")):
        for method in (model, model.flow):
            with pytest.raises(ShapeError, match="frames that fit the network: torch.float32 on cpu"):
                method(frame1, other)


@pytest.mark.parametrize(("wrong", "said"), [
    ({"cost": "cosine"}, "cost 'raw' or 'softmax'"),
    ({"joined_at": 4}, "joined_at 2 or 3"),
    ({"deconv": (8,)}, "4 deconv channels"),
    ({"div_flow": 0.0}, "div_flow"),
    ({"div_flow": float("nan")}, "div_flow"),
    ({"stride2": 0}, "stride2"),
    ({"max_displacement": -1}, "max_displacement"),
    ({"redirected": 0}, "redirected"),
    ({"joined_at": 2.0}, "joined_at"),
    ({"channels": (8, 8.5, 8, 8, 8, 8)}, "channels"),
    ({"deconv": (8, 8, 8, 0)}, "deconv"),
])  # fmt: skip
def test_a_config_that_cannot_be_built_is_refused(wrong, said):
    with pytest.raises(SettingsError, match=said):
        replace(FlowNetConfig(), **wrong)
