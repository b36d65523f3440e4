"""One parameter decides how much a lesson does: the profile and the budget it is held to."""

from dataclasses import dataclass

from vostutor.core.errors import SettingsError


@dataclass(frozen=True)
class Profile:
    """What a run may cost.

    Units: cpu_seconds counts the kernel's CPU time, imports included (a busy machine does not change it); minutes is wall time on
    the machine that `meant_for` names, printed and not judged; memory_gb is 10^9 bytes of peak resident memory.
    """

    name: str
    meant_for: str
    minutes: float
    cpu_seconds: float | None
    memory_gb: float
    threads: int | None = None  # None leaves torch's default
    device: str = "cpu"


PROFILES = {
    "smoke": Profile(
        "smoke", "CI and the committed pictures, one thread", minutes=0.5, cpu_seconds=30, memory_gb=4, threads=1
    ),
    "cpu": Profile("cpu", "a laptop with two cores and 4 GB", minutes=5, cpu_seconds=600, memory_gb=4),
    "gpu": Profile("gpu", "one GPU with 16 GB", minutes=10, cpu_seconds=None, memory_gb=16, device="cuda"),
    "paper": Profile(
        "paper",
        "the published configuration on the real data sets",
        minutes=float("inf"),
        cpu_seconds=None,
        memory_gb=64,
        device="cuda",
    ),
}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises: SettingsError for a name that does not exist.
    >>> profile_named("cpu").cpu_seconds
    600
    """
    if name not in PROFILES:
        raise SettingsError(expected=f"a profile: {', '.join(PROFILES)}", got=repr(name), try_this="--profile cpu")
    return PROFILES[name]
