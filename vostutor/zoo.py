"""The systems of the course by name: name and profile -> a model, with trained weights where they are shipped.

The only file that knows several systems. What a system is stands in its own file under models/; here stands how its parts are put
together, what it is trained on, and for how long.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from vostutor.core.clip import Segmenter
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.profiles import PROFILES, profile_named
from vostutor.data.place import home
from vostutor.engine.cards import Card, load_weights, read_card
from vostutor.engine.training import DrawBatch, Objective, Training


@dataclass(frozen=True)
class System:
    """How a system is built, trained and measured. `configs` and `trainings` have one entry for each profile that can be trained."""

    title: str
    lesson: str
    configs: Mapping[str, object]
    trainings: Mapping[str, Training]
    build: Callable[[object, torch.Generator], nn.Module]  # config, source of the first weights -> model
    scenes: Mapping[str, int]  # how many training scenes of the generator a profile draws
    batches: Callable[[int, int], DrawBatch]  # scenes, seed -> what train draws from
    objective: Objective
    measure: Callable[[nn.Module], list[dict]]  # rows of the card's metric table
    data: str  # what the scenes are, for the card


def system_named(name: str) -> System:
    """The system of that name.

    Raises: SettingsError for a name that does not exist.
    >>> system_named("flownetc").title
    'FlowNetC'
    """
    if name not in SYSTEMS:
        raise SettingsError(expected=f"a system: {', '.join(SYSTEMS)}", got=repr(name), try_this="vostutor models")
    return SYSTEMS[name]()


def build(name: str, profile: str = "cpu", *, seed: int = 0) -> nn.Module:
    """A system with fresh weights, the same for the same seed.

    Raises: SettingsError for a name or profile that does not exist.
    >>> sum(p.numel() for p in build("flownetc-softmax", "smoke").parameters()) < 500_000
    True
    """
    system = system_named(name)
    return system.build(of_profile(system.configs, profile, name), torch.Generator().manual_seed(seed))


def load(name: str, profile: str = "cpu", *, folder: Path | str | None = None) -> nn.Module:
    """A system with trained weights, ready to be used: those in `folder`, or the shipped ones.

    Raises: SettingsError for a name or profile that does not exist, DataError where there are no weights or they were changed.
    """
    model, file = build(name, profile), weights_file(name, profile, folder)
    trained = sorted(path.stem.removeprefix(f"{name}-") for path in file.parent.glob(f"{name}-*.safetensors"))
    if profile not in trained:
        raise DataError(
            expected=f"weights of {name} for the profile {profile}",
            got=f"weights for {', '.join(p for p in trained if p in PROFILES) or 'no profile'} in {file.parent}",
            try_this="--profile cpu" if "cpu" in trained else f"vostutor train {name} --profile {profile}",
        )
    load_weights(model, file)
    return model.eval()


def segmenter(name: str, profile: str = "cpu", device: str = "cpu") -> Segmenter:
    """A system that follows objects through a video, ready for one video: `vostutor segment` takes it by this name.

    Raises: SettingsError for a name, profile or device that does not exist, DataError where its weights are not there.
    >>> type(segmenter("copy")).__name__
    'CopyFirstMask'
    """
    if name not in SEGMENTERS:
        raise SettingsError(
            expected=f"a system that segments videos: {', '.join(SEGMENTERS)}", got=repr(name), try_this="--system warp"
        )
    return SEGMENTERS[name](profile_named(profile).name, checked_device(device))


def weights_file(name: str, profile: str, folder: Path | str | None = None) -> Path:
    """Where the weights of a system lie: in data/weights unless told otherwise."""
    return (home() / "weights" if folder is None else Path(folder)) / f"{name}-{profile}.safetensors"


def cards(folder: Path | str | None = None) -> list[Card]:
    """The cards of all weights in a folder, by default the shipped ones."""
    place = home() / "weights" if folder is None else Path(folder)
    return [read_card(path) for path in sorted(place.glob("*.safetensors"))]


def checked_device(name: str) -> torch.device:
    """The device of that name, if this machine has it.

    Raises: SettingsError for a device that does not exist or is not there.
    >>> checked_device("cpu")
    device(type='cpu')
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    there = ["cpu", *["cuda"][:gpus], *(f"cuda:{k}" for k in range(gpus))]
    if name not in there:
        raise SettingsError(
            expected=f"a device of this machine: {', '.join(there)}", got=repr(name), try_this="--device cpu"
        )
    return torch.device(name)


def of_profile(table: Mapping, profile: str, name: str):
    """The entry of a profile in one of a system's tables.

    Raises: SettingsError for a profile that the table does not have.
    """
    if profile not in table:
        raise SettingsError(
            expected=f"a profile of {name}: {', '.join(table)}",
            got=repr(profile),
            try_this=f"--profile {next(iter(table))}",
        )
    return table[profile]


def _flownets() -> System:
    from vostutor.models.flownet import FlowNetS

    return _flownet("FlowNetS", lambda config, generator: FlowNetS(config, generator=generator))


def _flownetc() -> System:
    return _flownet("FlowNetC", _with_correlation)


def _flownetc_softmax() -> System:
    from vostutor.models.flownet import PROFILES

    configs = {name: replace(config, cost="softmax") for name, config in PROFILES.items()}
    return _flownet("FlowNetC, softmax over displacements", _with_correlation, configs)


def _with_correlation(config, generator) -> nn.Module:
    from vostutor.models.flownet import FlowNetC
    from vostutor.ops import correlation

    return FlowNetC(config, correlation=correlation, generator=generator)


def _flownet(title: str, build, configs=None) -> System:
    from vostutor.data.augment import AUGMENTATIONS
    from vostutor.data.flow_pairs import flow_batches, flow_pool
    from vostutor.data.minivos import VERSION
    from vostutor.engine.flow import measured_flow
    from vostutor.models.flownet import PROFILES, objective

    def batches(scenes: int, seed: int) -> DrawBatch:
        return flow_batches(flow_pool(scenes, seed=seed * scenes, report=print), AUGMENTATIONS["cpu"])

    return System(
        title=title,
        lesson="01",
        configs=configs or PROFILES,
        trainings=FLOW_TRAININGS,
        scenes={"smoke": 4, "cpu": 160, "gpu": 800},
        batches=batches,
        objective=objective,
        measure=measured_flow,
        build=build,
        data=f"minivos {VERSION} with large motion",
    )


FLOW_TRAININGS = {
    "smoke": Training(steps=20, batch=4, warm_up=5),
    "cpu": Training(steps=900, batch=8, warm_up=20),
    "gpu": Training(steps=20_000, batch=16, rate=1e-3, warm_up=500, precision="bfloat16", save_every=500),
}


def _osvos() -> System:
    from vostutor.data.foreground import foreground_batches, foreground_pool
    from vostutor.data.minivos import VERSION
    from vostutor.engine.one_shot import measured_parent
    from vostutor.models.osvos import OSVOS, PROFILES, OSVOSNet, objective

    return System(
        title="OSVOS, the parent", lesson="04", configs=PROFILES, trainings=PARENT_TRAININGS,
        scenes={"smoke": 4, "cpu": 400, "gpu": 4000},
        batches=lambda scenes, seed: foreground_batches(foreground_pool(scenes, seed=seed * scenes, report=print)),
        objective=objective, measure=lambda model: measured_parent(model, OSVOS),
        build=lambda config, generator: OSVOSNet(config, generator=generator), data=f"minivos {VERSION}, two frames each",
    )  # fmt: skip


PARENT_TRAININGS = {
    "smoke": Training(steps=10, batch=4, warm_up=5),
    "cpu": Training(steps=3000, batch=12, warm_up=50),
    "gpu": Training(steps=20_000, batch=32, rate=1e-3, warm_up=500, precision="bfloat16", save_every=500),
}

# What can be trained. A function each, so that naming a system imports no other.
SYSTEMS: Mapping[str, Callable[[], System]] = {
    "flownets": _flownets,
    "flownetc": _flownetc,
    "flownetc-softmax": _flownetc_softmax,
    "osvos": _osvos,
}


def _copy(profile: str, device: torch.device) -> Segmenter:
    from vostutor.models.baselines import CopyFirstMask

    return CopyFirstMask()


def _warp(profile: str, device: torch.device) -> Segmenter:
    from vostutor.models.baselines import FlowWarp
    from vostutor.ops.dis import dis_flow

    return FlowWarp(dis_flow)


def _warp_flownetc(profile: str, device: torch.device) -> Segmenter:
    from vostutor.engine.flow import network_flow
    from vostutor.models.baselines import FlowWarp

    flow = network_flow(load("flownetc-softmax", profile).to(device))
    return FlowWarp(lambda current, previous: flow(current, previous).to(device))


def _segment_osvos(profile: str, device: torch.device) -> Segmenter:
    from vostutor.models.osvos import OSVOS

    return OSVOS(load("osvos", profile).to(device))


def _segment_onavos(profile: str, device: torch.device) -> Segmenter:
    from vostutor.models.onavos import PROFILES, OnAVOS

    return OnAVOS(load("osvos", profile).to(device), PROFILES[profile])


# What can segment a video: profile and device -> a system for one video, its weights loaded, its randomness seeded.
SEGMENTERS: Mapping[str, Callable[[str, torch.device], Segmenter]] = {
    "copy": _copy,
    "warp": _warp,
    "warp-flownetc": _warp_flownetc,
    "osvos": _segment_osvos,
    "onavos": _segment_onavos,
}
