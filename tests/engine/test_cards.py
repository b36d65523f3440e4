"""Weights come back as they were stored, for the model they belong to, with the card that says where they come from."""

import json

import pytest
import torch
from torch import nn

from vostutor.core.errors import DataError
from vostutor.engine.cards import Card, load_weights, read_card, save_weights

CARD = Card(
    system="line", profile="cpu", config={"width": 3}, data="minivos v1", seed=0, steps=10, cpu_seconds=1.5, hardware="any",
    command="vostutor train line", commit="abc", metrics=[{"what": "EPE", "mean": 1.0, "spread": 0.1, "unit": "px"}],
)  # fmt: skip


def network(hidden: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(2, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, 1))


def test_weights_come_back_exactly_in_full_precision(tmp_path):
    model, other = network(), network()
    card = load_weights(other, save_weights(model, CARD, tmp_path, half=False))
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))
    assert card.metrics == CARD.metrics and card.parameters == sum(p.numel() for p in model.parameters())


def test_half_precision_halves_the_file_and_keeps_three_digits(tmp_path):
    model, other = nn.Linear(100, 100), nn.Linear(100, 100)
    sizes = [save_weights(model, CARD, tmp_path / str(half), half=half).stat().st_size for half in (False, True)]
    load_weights(other, tmp_path / "True" / "line-cpu.safetensors")
    assert sizes[1] < 0.52 * sizes[0] and other.weight.dtype == torch.float32
    assert torch.allclose(model.weight, other.weight, rtol=1e-3, atol=1e-6)


def test_whole_numbers_stay_whole(tmp_path):
    model, other = network(), network()
    model[1].num_batches_tracked += 70_000  # more than half precision can count
    load_weights(other, save_weights(model, CARD, tmp_path))
    assert other[1].num_batches_tracked == 70_000


def test_changed_weights_are_refused_and_nothing_is_loaded(tmp_path):
    path = save_weights(network(), CARD, tmp_path)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    model = network()
    before = model[0].weight.clone()
    with pytest.raises(DataError, match="SHA-256"):
        load_weights(model, path)
    assert torch.equal(model[0].weight, before)


def test_weights_of_another_model_are_told_name_by_name(tmp_path):
    path = save_weights(network(), CARD, tmp_path)
    with pytest.raises(DataError) as told:
        load_weights(nn.Sequential(nn.Linear(2, 4), nn.Identity(), nn.Linear(3, 1), nn.Linear(1, 1)), path)
    text = str(told.value)
    assert "missing     3.weight (1, 1)" in text and "unexpected  1.running_mean (3,)" in text
    assert "resized     0.weight (4, 2) <- (3, 2)" in text and "'width': 3" in text


def test_a_missing_card_is_refused(tmp_path):
    path = save_weights(network(), CARD, tmp_path)
    path.with_suffix(".json").unlink()
    with pytest.raises(DataError, match="a card line-cpu.json"):
        load_weights(network(), path)


def test_a_card_without_weights_is_refused(tmp_path):
    path = save_weights(network(), CARD, tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="weights in line-cpu.safetensors"):
        load_weights(network(), path)


def test_a_card_with_other_fields_is_refused(tmp_path):
    path = save_weights(network(), CARD, tmp_path).with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"accuracy": 1}))
    with pytest.raises(DataError, match="accuracy"):
        read_card(path)


@pytest.mark.parametrize(("worst", "half", "repair"), [
    (70_000.0, True, "half=False"), (float("nan"), True, "lower rate"), (float("inf"), False, "lower rate"),
])  # fmt: skip
def test_weights_that_would_come_back_infinite_are_refused_and_the_old_ones_stay(tmp_path, worst, half, repair):
    model = network()
    path = save_weights(model, CARD, tmp_path)
    nn.init.constant_(model[2].bias, worst)
    with pytest.raises(DataError, match=f"(?s)2.bias.*{repair}"):
        save_weights(model, CARD, tmp_path, half=half)
    assert load_weights(network(), path) == read_card(path)


def test_weights_beyond_half_precision_are_stored_in_full(tmp_path):
    model, other = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(model.weight, 70_000.0)
    load_weights(other, save_weights(model, CARD, tmp_path, half=False))
    assert other.weight.item() == 70_000
