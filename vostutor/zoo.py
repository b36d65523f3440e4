"""The systems of the course by name: name and profile -> a model, with trained weights where they are shipped.

The only file that knows all systems. What a system is stands in its own file under models/, how its parts are put together, what it is
trained on and for how long in its lesson's file under recipes/.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import nn

from vostutor import recipes
from vostutor.core.clip import Segmenter
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.profiles import PROFILES, profile_named
from vostutor.data.place import home
from vostutor.engine.cards import Card, load_weights, read_card
from vostutor.recipes.system import System


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


# What can be trained. A function each, so that naming a system imports no other.
SYSTEMS: Mapping[str, Callable[[], System]] = {
    "flownets": recipes.flownets,
    "flownetc": recipes.flownetc,
    "flownetc-softmax": recipes.flownetc_softmax,
    "osvos": recipes.osvos,
    "pml": recipes.pml,
    "feelvos": recipes.feelvos,
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


def _segment_pml(profile: str, device: torch.device) -> Segmenter:
    from vostutor.models.pml import PML

    return PML(load("pml", profile).to(device), agree=None)  # on film what joins later does harm: data/claims/07.json


def _segment_feelvos(profile: str, device: torch.device) -> Segmenter:
    from vostutor.models.feelvos import FEELVOS

    return FEELVOS(load("feelvos", profile).to(device))


# What can segment a video: profile and device -> a system for one video, its weights loaded, its randomness seeded.
SEGMENTERS: Mapping[str, Callable[[str, torch.device], Segmenter]] = {
    "copy": _copy,
    "warp": _warp,
    "warp-flownetc": _warp_flownetc,
    "osvos": _segment_osvos,
    "onavos": _segment_onavos,
    "pml": _segment_pml,
    "feelvos": _segment_feelvos,
}
