"""The pools of clips that the fixed experiment trains on: what each variant of the generator draws.

A variant is a name in VARIANTS. "first" is the first minivos, drawn by the code of its own commit, so that it stays what it was;
every other variant is drawn by the code that lies here: "labels" by draw_clip, the others by recipes of the studio. Pools are kept in
build/transfer, under the fingerprint of that code; a pool takes 150 MB, and the folder may be emptied at any time.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.training import Pool
from vostutor.core.errors import DataError, SettingsError
from vostutor.data import freeze
from vostutor.data.studio.recipe import KNOBS, Recipe, rung

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "transfer"
FIRST_COMMIT = "843f6d4"  # the last one with minivos v0
CLIPS, FRAMES = 300, 8
SEEDS_APART = 10_000  # pools of different seeds share no clip; all lie below a million, where training seeds end
Drawn = tuple[np.ndarray, np.ndarray]

_DRAW_FIRST = """
import sys
from pathlib import Path
import cv2, numpy as np
import vostutor
from vostutor.data.minivos import LABELS, VERSION, draw_clip
folder, target, seed, clips, frames = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
assert VERSION == "v0" and Path(vostutor.__file__).is_relative_to(folder), vostutor.__file__
cv2.setNumThreads(1)
drawn = [draw_clip(LABELS[k % len(LABELS)], seed + k, frames=frames) for k in range(clips)]
np.savez(target, frames=[c.frames.numpy() for c in drawn], ids=[c.ids.numpy().astype("uint8") for c in drawn])
"""


def draw_first(seed: int, clips: int, frames: int) -> Drawn:
    """Clips of the first minivos, all of its labels evenly.

    Shapes: -> frames uint8 (N,T,3,H,W), ids uint8 (N,T,H,W).
    Raises: DataError when the clone does not have its commit, as a shallow one does not.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", FIRST_COMMIT, "vostutor"], cwd=ROOT, capture_output=True, check=False
        )
        if archive.returncode:
            raise DataError(
                expected=f"commit {FIRST_COMMIT} with the first minivos in {ROOT}",
                got=archive.stderr.decode().strip(),
                try_this="git fetch --unshallow, or a clone with its whole history",
            )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        target, numbers = Path(folder) / "pool.npz", [str(number) for number in (seed, clips, frames)]
        environment = {**os.environ, "PYTHONPATH": folder, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", _DRAW_FIRST, folder, str(target), *numbers]
        subprocess.run(command, cwd=folder, env=environment, check=True)
        return _loaded(target)


def draw_mixture(seed: int, clips: int, frames: int) -> Drawn:
    """Clips of today's minivos in its default mixture, the easy ones first. Shapes: as `draw_first`."""
    from vostutor.data.minivos import draw_training_clip, mixed_label

    seeds = sorted(range(seed, seed + clips), key=lambda each: mixed_label(each) != "easy")
    drawn = [draw_training_clip(each, frames=frames) for each in seeds]
    return np.stack([clip.frames.numpy() for clip in drawn]), np.stack([clip.ids.numpy() for clip in drawn]).astype(
        "uint8"
    )


def easy_clips(variant: str, seed: int, clips: int) -> int:
    """How many clips of a pool are easy ones, which lie first; none but of the mixture."""
    from vostutor.data.minivos import mixed_label

    return sum(mixed_label(each) == "easy" for each in range(seed, seed + clips)) if variant == "mixture" else 0


def draw_recipes(recipes: Sequence[Recipe], seed: int, clips: int, frames: int) -> Drawn:
    """Clips of some recipes, evenly, whatever their labels promise. Shapes: as `draw_first`."""
    from vostutor.data.studio.shoot import shoot

    drawn = [shoot(recipes[k % len(recipes)], seed + k, frames=frames, flow=False) for k in range(clips)]
    return np.stack([clip.frames for clip in drawn]).transpose(0, 1, 4, 2, 3), np.stack([clip.ids for clip in drawn])


RUNGS: dict[str, tuple[Recipe, ...]] = {  # variants that are recipes: bare, then one knob more at a time, in order
    "bare": (rung(None),),
    **{knob: (rung(knob),) for knob in KNOBS},
}
VARIANTS: dict[str, Callable[[int, int, int], Drawn]] = {
    "first": draw_first,
    "mixture": draw_mixture,
    **{name: partial(draw_recipes, recipes) for name, recipes in RUNGS.items()},
}


def draw_pool(variant: str, seed: int, clips: int = CLIPS, frames: int = FRAMES) -> Pool:
    """The pool of a variant and a seed; drawn once, then read from build/transfer.

    Shapes: frames uint8 (N,T,3,H,W), ids uint8 (N,T,H,W).
    Raises: SettingsError for a variant that does not exist.
    """
    check_variant(variant)
    path = KEPT / f"{variant}-{fingerprint(variant)}-{seed}-{clips}x{frames}.npz"
    if not path.exists():
        cv2.setNumThreads(1)
        images, ids = VARIANTS[variant](seed * SEEDS_APART, clips, frames)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(unfinished, frames=images, ids=ids)
        unfinished.replace(path)
    images, ids = _loaded(path)
    return Pool(torch.from_numpy(images), torch.from_numpy(ids), easy_clips(variant, seed * SEEDS_APART, clips))


def check_variant(variant: str) -> None:
    """Raises: SettingsError for a variant that does not exist."""
    if variant not in VARIANTS:
        raise SettingsError(expected=f"a variant: {', '.join(VARIANTS)}", got=repr(variant), try_this="--variant first")


@cache
def fingerprint(variant: str) -> str:
    """Which code draws a variant: the commit of the first minivos, or the generator's own fingerprint with the recipes.

    It is taken once in a process, so that a file edited meanwhile does not put its name under what the old one drew.
    """
    if variant == "first":
        return FIRST_COMMIT
    return hashlib.sha256((freeze.fingerprint() + repr(RUNGS.get(variant))).encode()).hexdigest()[:12]


def _loaded(path: Path) -> Drawn:
    with np.load(path) as pool:
        return pool["frames"], pool["ids"]
