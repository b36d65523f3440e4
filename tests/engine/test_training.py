"""A run can be stopped and taken up again bit for bit, fits the memory it has, and says what went wrong."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from vostutor.core.errors import DataError, SettingsError
from vostutor.engine.training import History, Training, gradients, step_generator, train

BRIEF = Training(steps=12, batch=4, rate=0.05, save_every=5)


def network(hidden: int = 8) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, hidden), nn.Tanh(), nn.Dropout(0.3), nn.Linear(hidden, 1))


def draw_batch(generator, size, progress):
    x = torch.randn(size, 3, generator=generator)
    return {"x": x, "y": x.sum(1, keepdim=True)}


def squares(model, batch):
    return (model(batch["x"]) - batch["y"]).square().mean()


def weights(model) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def stop_at(step: int):
    """A student who presses the square button."""

    def watch(training, history):
        if history.steps == step:
            raise KeyboardInterrupt

    return watch


def test_the_rate_rises_in_the_warm_up_and_falls_with_a_cosine():
    """Hand-worked: 4 steps of warm-up to 0.4, then (1 + cos(pi k / 8)) / 2 of it."""
    rates = [Training(steps=8, rate=0.4, warm_up=4).rate_at(k) for k in range(8)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.2, 0.123463, 0.058579, 0.015224], abs=1e-6)


def test_the_rate_is_halved_where_a_paper_says_so():
    assert [Training(steps=5, rate=1, halve_at=(2, 4)).rate_at(k) for k in range(5)] == [1, 1, 0.5, 0.5, 0.25]


def test_one_step_without_decay_moves_each_weight_by_the_rate_against_its_gradient():
    """Hand-worked: the first step of Adam is rate times the sign of the gradient; here the mean of 2 (w x) x is positive."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.0)
    batch = lambda generator, size, progress: {"x": torch.ones(size, 1)}  # noqa: E731
    train(model, batch, lambda m, b: m(b["x"]).square().mean(), Training(steps=1, rate=0.1, weight_decay=0))
    assert model.weight.item() == pytest.approx(0.9, abs=1e-6)


def test_decay_pulls_kernels_towards_zero_and_no_bias():
    model = nn.Linear(2, 2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    nothing = lambda m, b: 0 * sum(p.sum() for p in m.parameters())  # noqa: E731
    train(model, draw_batch, nothing, Training(steps=1, rate=0.1, weight_decay=0.5))
    assert torch.allclose(model.weight, before["weight"] * (1 - 0.1 * 0.5)) and torch.equal(model.bias, before["bias"])


def test_a_step_draws_from_a_generator_that_follows_from_seed_and_step():
    def first(seed, step):
        return torch.rand(3, generator=step_generator(seed, step)).tolist()

    assert first(0, 1) == first(0, 1)
    assert len({tuple(first(seed, step)) for seed in range(4) for step in range(4)}) == 16


def test_progress_runs_from_zero_to_one():
    seen = []

    def draw(generator, size, progress):
        seen.append(progress)
        return draw_batch(generator, size, progress)

    train(network(), draw, squares, Training(steps=4))
    assert seen == [0, 0.25, 0.5, 0.75]


def test_two_runs_with_one_seed_are_equal_and_leave_the_global_randomness_alone():
    runs = []
    for elsewhere in (1, 2):
        model = network()
        torch.manual_seed(elsewhere)  # dropout must not depend on it
        before = torch.get_rng_state()
        history = train(model, draw_batch, squares, BRIEF, seed=3)
        runs.append((weights(model), history.losses))
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(runs[0][0], runs[1][0]) and runs[0][1] == runs[1][1]
    other = network()
    train(other, draw_batch, squares, BRIEF, seed=4)
    assert not torch.equal(weights(other), runs[0][0])


@pytest.mark.parametrize("stopped", [3, 5, 7, 11])
def test_an_interrupted_run_ends_bit_for_bit_as_one_that_was_not(tmp_path, stopped):
    whole, model = network(), network()
    expected = train(whole, draw_batch, squares, BRIEF)
    with pytest.raises(KeyboardInterrupt):
        train(model, draw_batch, squares, BRIEF, checkpoint=tmp_path / "last.pt", watchers=[stop_at(stopped)])
    again = network(hidden=8)
    nn.init.zeros_(again[0].weight)  # whatever it holds, the checkpoint decides
    history = train(again, draw_batch, squares, BRIEF, checkpoint=tmp_path / "last.pt")
    assert torch.equal(weights(again), weights(whole)) and history.losses == expected.losses


def test_a_finished_run_is_loaded_and_not_repeated(tmp_path):
    model, again = network(), network()
    train(model, draw_batch, squares, BRIEF, checkpoint=tmp_path / "last.pt")

    def never(generator, size, progress):
        raise AssertionError("nothing is left to draw")

    history = train(again, never, squares, BRIEF, checkpoint=tmp_path / "last.pt")
    assert torch.equal(weights(model), weights(again)) and history.steps == 12 and not again.training


@pytest.mark.parametrize(
    ("change", "seed", "said"), [({"rate": 0.1}, 0, "rate 0.1"), ({}, 1, "seed 1"), ({"steps": 13}, 0, "steps 13")]
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, seed, said):
    train(network(), draw_batch, squares, BRIEF, checkpoint=tmp_path / "last.pt")
    with pytest.raises(DataError, match=said):
        train(network(), draw_batch, squares, replace(BRIEF, **change), seed=seed, checkpoint=tmp_path / "last.pt")


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    train(network(), draw_batch, squares, BRIEF, checkpoint=tmp_path / "last.pt")
    with pytest.raises(DataError, match="the parts of this model"):
        train(network(hidden=9), draw_batch, squares, BRIEF, checkpoint=tmp_path / "last.pt")


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_a_batch_in_parts_has_the_gradients_of_the_whole(parts):
    model = network().eval()  # without dropout, which draws for each part anew
    batch = draw_batch(step_generator(0, 0), 7, 0.0)
    loss = gradients(model, batch, squares)
    whole = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    assert gradients(model, batch, squares, parts=parts) == pytest.approx(loss, rel=1e-6)
    for p, expected in zip(model.parameters(), whole, strict=True):
        assert torch.allclose(p.grad, expected, atol=1e-6)


def greedy(fits: int):
    """An objective that asks the real allocator for a petabyte when it sees more samples than fit."""

    def objective(model, batch):
        if len(batch["x"]) > fits:
            torch.empty(1 << 50, dtype=torch.uint8)
        return squares(model, batch)

    return objective


def test_out_of_memory_becomes_more_parts_and_one_line(tmp_path):
    told, model, roomy = [], network(), network()
    for part in (model, roomy):
        part[2].p = 0.0
    history = train(model, draw_batch, greedy(fits=1), BRIEF, tell=told.append)
    expected = train(roomy, draw_batch, squares, BRIEF)
    assert history.parts == 4 and len(told) == 2 and "4 parts" in told[-1]
    assert history.losses == pytest.approx(expected.losses, rel=1e-4)


def test_a_run_taken_up_again_keeps_its_parts(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(
            network(), draw_batch, greedy(fits=2), BRIEF, checkpoint=tmp_path / "c.pt", watchers=[stop_at(6)], tell=str
        )
    told = []
    history = train(network(), draw_batch, greedy(fits=2), BRIEF, checkpoint=tmp_path / "c.pt", tell=told.append)
    assert history.parts == 2 and told == []


def test_memory_for_less_than_one_sample_is_refused():
    with pytest.raises(SettingsError, match="memory for one sample"):
        train(network(), draw_batch, greedy(fits=0), BRIEF, tell=str)


def test_an_error_that_is_not_about_memory_goes_through():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        train(nn.Linear(4, 1), draw_batch, squares, BRIEF)


def test_a_loss_that_is_not_a_number_stops_the_run_at_its_step():
    def spoilt(model, batch):
        return squares(model, batch) * float("nan")

    with pytest.raises(DataError, match="nan at step 0 of 12"):
        train(network(), draw_batch, spoilt, BRIEF)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0}, {"steps": 2.5}, {"batch": 0}, {"batch": True}, {"save_every": 0}, {"warm_up": -1}, {"warm_up": 0.5},
        {"rate": 0.0}, {"rate": -1.0}, {"rate": float("inf")}, {"rate": float("nan")}, {"weight_decay": -1e-4},
        {"weight_decay": float("nan")}, {"gradient_norm": 0.0}, {"gradient_norm": float("nan")}, {"halve_at": (2, 2.5)},
        {"precision": "float16"},
    ],
    ids=str,
)  # fmt: skip
def test_impossible_settings_are_refused_by_name(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Training(**({"steps": 4} | wrong))


def test_a_seed_below_zero_is_refused():
    with pytest.raises(SettingsError, match="seed a whole number from 0 on"):
        train(network(), draw_batch, squares, BRIEF, seed=-1)


@pytest.mark.parametrize(
    "batch", [{}, {"x": torch.zeros(0, 3), "y": torch.zeros(0, 1)}, {"x": torch.zeros(4, 3), "y": torch.zeros(3, 1)}]
)
def test_a_batch_without_samples_or_with_unequally_many_is_refused(batch):
    with pytest.raises(DataError, match="equally many samples"):
        train(network(), lambda generator, size, progress: batch, squares, BRIEF)


def test_gradients_in_no_parts_are_refused():
    with pytest.raises(SettingsError, match="parts a whole number from 1 on"):
        gradients(network(), draw_batch(None, 4, 0.0), squares, parts=0)


def test_the_running_mean_of_a_run_that_has_not_begun_is_empty():
    assert History().smoothed().shape == (0,)


def test_bfloat16_learns_the_same_and_not_bit_for_bit():
    losses = []
    for precision in ("float32", "bfloat16"):
        losses.append(train(network(), draw_batch, squares, replace(BRIEF, precision=precision)).smoothed()[-1])
    assert losses[1] == pytest.approx(losses[0], rel=0.1) and losses[1] != losses[0]


def test_gradients_are_scaled_down_to_their_length():
    moved = []
    for length in (1e-14, 1.0):  # next to nothing is left of the first: Adam divides by more than it
        model = network()
        before = weights(model).clone()
        train(model, draw_batch, squares, replace(BRIEF, steps=1, gradient_norm=length, weight_decay=0.0))
        moved.append((weights(model) - before).abs().max())
    assert moved[0] < 1e-5 < moved[1]


@pytest.mark.gpu
def test_cuda_learns_the_same_in_bfloat16_and_takes_up_its_own_run(tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    mixed, losses = replace(BRIEF, precision="bfloat16", steps=200), []
    for precision in ("float32", "bfloat16"):
        model = network().cuda()
        losses.append(train(model, draw_batch, squares, replace(mixed, precision=precision)).smoothed()[-1])
    assert losses[1] == pytest.approx(losses[0], rel=0.1)
    with pytest.raises(KeyboardInterrupt):
        train(network().cuda(), draw_batch, squares, mixed, checkpoint=tmp_path / "c.pt", watchers=[stop_at(103)])
    again = network().cuda()
    train(again, draw_batch, squares, mixed, checkpoint=tmp_path / "c.pt")
    assert torch.allclose(weights(again), weights(model), atol=1e-4)
