"""What `vostutor train` does: a system by its name, trained and measured; weights and a card that says how they were made."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import torch

from vostutor.engine.cards import Card, save_weights
from vostutor.engine.training import Watcher, train
from vostutor.zoo import build, checked_device, of_profile, system_named


def train_system(
    name: str,
    profile: str = "cpu",
    *,
    seed: int = 0,
    steps: int | None = None,
    scenes: int | None = None,
    precision: str | None = None,
    device: str = "cpu",
    out: Path | str,
    checkpoint: Path | str,
    commit: str = "not a checkout",
    watchers: tuple[Watcher, ...] = (),
    tell: Callable[[str], None] = print,
) -> Path:
    """Train a system, measure it, and write its weights and card; interrupted, it goes on from the checkpoint.

    steps, scenes, precision: others than the profile's, for weights that are worth a night.

    Raises: SettingsError for a name, profile or device that does not exist; what `train` raises.
    """
    system = system_named(name)
    training = of_profile(system.trainings, profile, name)
    asked = {"steps": steps, "precision": precision}
    training = replace(training, **{key: value for key, value in asked.items() if value is not None})
    model = build(name, profile, seed=seed).to(checked_device(device))
    drawn = scenes or system.scenes[profile]
    history = train(
        model, system.batches(drawn, seed), system.objective, training,
        seed=seed, checkpoint=checkpoint, watchers=watchers, tell=tell,
    )  # fmt: skip
    tell(f"{history.steps} steps in {history.cpu_seconds:.0f} CPU-seconds; measuring")
    card = Card(
        system=name, profile=profile, config=asdict(system.configs[profile]), data=f"{drawn} scenes of {system.data}", seed=seed,
        steps=history.steps, cpu_seconds=round(history.cpu_seconds, 1), hardware=hardware(device), commit=commit,
        command=_command(name, profile, seed, asked | {"scenes": scenes}), metrics=system.measure(model),
    )  # fmt: skip
    return save_weights(model, card, out)


def hardware(device: str) -> str:
    """What a card says about the machine.

    >>> "thread" in hardware("cpu")
    True
    """
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} thread" + "s" * (torch.get_num_threads() > 1)


def _command(name: str, profile: str, seed: int, asked: Mapping[str, object]) -> str:
    """What to type to get these weights again."""
    options = {"profile": profile, "seed": seed} | {key: value for key, value in asked.items() if value is not None}
    return " ".join([f"vostutor train {name}", *(f"--{key} {value}" for key, value in options.items())])
