"""The pools of clips that the fixed experiment trains on: what each variant of the generator draws.

A variant is a name in VARIANTS. "first" is the first minivos, drawn by the code of its own commit, so that it stays what it was;
every other variant by the code that lies here: "mixture" is the default mixture of minivos, the others are recipes of the studio. Pools
are kept in build/transfer, under the fingerprint of that code; a pool takes 150 MB, and the folder may be emptied at any time.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.data import freeze
from vostutor.data.minivos import clip_of
from vostutor.data.pool import Pool, clip_pool, kept_pool
from vostutor.data.studio.recipe import KNOBS, Recipe, rung

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "transfer"
FIRST_COMMIT = "843f6d4"  # the last one with minivos v0
CLIPS, FRAMES = 300, 8
SEEDS_APART = 10_000  # pools of different seeds share no clip; all lie below a million, where training seeds end

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


def draw_first(seed: int, clips: int, frames: int) -> Iterator[Clip]:
    """Clips of the first minivos, all of its labels evenly.

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
        with np.load(target) as drawn:
            for images, ids in zip(drawn["frames"], drawn["ids"], strict=True):
                yield Clip(torch.from_numpy(images), torch.from_numpy(ids.astype(np.int64)), labels={"first"})


def draw_recipes(recipes: Sequence[Recipe], seed: int, clips: int, frames: int) -> Iterator[Clip]:
    """Clips of some recipes, evenly, whatever their labels promise."""
    from vostutor.data.studio.shoot import shoot

    for k in range(clips):
        yield clip_of(shoot(recipes[k % len(recipes)], seed + k, frames=frames, flow=False), "own recipe", seed + k)


RUNGS: dict[str, tuple[Recipe, ...]] = {  # variants that are recipes: bare, then one knob more at a time, in order
    "bare": (rung(None),),
    **{knob: (rung(knob),) for knob in KNOBS},
}
DRAWN: dict[str, Callable[[int, int, int], Iterator[Clip]]] = {
    "first": draw_first,
    **{name: partial(draw_recipes, recipes) for name, recipes in RUNGS.items()},
}
VARIANTS = ("first", "mixture", *RUNGS)


def draw_pool(variant: str, seed: int, clips: int = CLIPS, frames: int = FRAMES) -> Pool:
    """The pool of a variant and a seed, easy clips first; drawn once, then read from build/transfer.

    Shapes: frames uint8 (N,T,3,H,W), ids uint8 (N,T,H,W).
    Raises: SettingsError for a variant that does not exist.
    """
    check_variant(variant)
    cv2.setNumThreads(1)
    first = seed * SEEDS_APART
    if variant == "mixture":
        return easy_first(clip_pool(clips, seed=first, frames=frames, folder=KEPT))
    wanted = {"variant": variant, "fingerprint": fingerprint(variant), "seed": first, "frames": frames}
    return kept_pool(wanted, clips, DRAWN[variant](first, clips, frames), KEPT)


def easy_first(pool: Pool) -> Pool:
    """The same clips, those of label "easy" before all others, in memory: the curriculum learns from them alone at first."""
    order = sorted(range(len(pool)), key=lambda k: pool.labels[k] != "easy")
    labels = tuple(pool.labels[k] for k in order)
    return replace(pool, frames=pool.frames[order], ids=pool.ids[order], labels=labels)


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
