"""How fast minivos draws, and where the time goes: `python benchmarks/minivos.py`.

Frames per second of one thread, in CPU time, at 96x160: geometry alone (ids, flow both ways and occlusion, without colour); the
default mixture with everything a net is trained on, scenes and promises included, and the same with flow; each label; a profile of
the plain recipe; and the torch renderer on the CPU. Each piece is measured in rounds and the best is taken, because a busy machine
can only make it slower. `benchmarks/baselines.py` has what each label does to methods.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import torch

from vostutor.core.files import write_atomically
from vostutor.data.freeze import fingerprint
from vostutor.data.minivos import LABELS, draw_clip, draw_training_clip
from vostutor.data.studio.labels import promise
from vostutor.data.studio.recipe import RECIPES
from vostutor.data.studio.render import draw, trace
from vostutor.data.studio.render_torch import film
from vostutor.data.studio.scene import Scene
from vostutor.data.studio.sensor import develop, grain_for
from vostutor.data.studio.shoot import cast, motion

FIRST_SEED, FRAMES, SIZE, ROUNDS = 1_000_000, 8, (96, 160), 2
SCENES, LABEL_CLIPS, MIXED_CLIPS, FILMED = 12, 3, 24, 3
GEOMETRY, EVERYTHING = 400, 60  # frames per second, promised
POOL = 300  # clips of FRAMES frames, in 40 seconds


def seconds(job: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU seconds of one job, the best of some rounds."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        job()
        spent.append(time.process_time() - start)
    return min(spent)


def plain_scene(seed: int) -> Scene:
    """A scene as draw_clip("plain", seed) casts it: one that keeps its label's promise, with the attempts that this takes."""
    return cast(RECIPES["plain"], seed, SIZE, FRAMES, promise("plain"))


def geometry(scene: Scene) -> None:
    """Everything but colour."""
    motion([trace(scene, t) for t in range(FRAMES)])


def mixture_rates() -> dict[str, float]:
    """Frames per second over the default mixture, as pools are drawn, and with flow."""
    seeds, rates = range(FIRST_SEED, FIRST_SEED + MIXED_CLIPS), {}
    for name, flow in (("mixture", False), ("mixture with flow", True)):
        spent = [seconds(lambda seed=seed, flow=flow: draw_training_clip(seed, flow=flow)) for seed in seeds]
        rates[name] = FRAMES * len(spent) / sum(spent)
    return rates


def label_rates() -> dict[str, float]:
    """Frames per second of each label at 16 frames, flow included."""
    seeds = range(FIRST_SEED, FIRST_SEED + LABEL_CLIPS)
    spent = {label: [seconds(lambda key=(label, seed): draw_clip(*key), 2) for seed in seeds] for label in LABELS}
    return {label: 16 * LABEL_CLIPS / sum(times) for label, times in spent.items()}


def profile(scenes: list[Scene]) -> dict[str, float]:
    """Milliseconds per frame of the plain recipe, stage by stage: each is what it adds to those before."""
    rows = [stages(scene, FIRST_SEED + k) for k, scene in enumerate(scenes)]
    return {name: 1000 * sum(row[name] for row in rows) / len(rows) / FRAMES for name in rows[0]}


def stages(scene: Scene, seed: int) -> dict[str, float]:
    """CPU seconds of one clip's stages."""
    sharp, times = replace(scene, shutter=0.0), range(FRAMES)
    tracing = seconds(lambda: [trace(scene, t) for t in times])
    sharply = seconds(lambda: [draw(sharp, t) for t in times])
    images = [draw(scene, t).image for t in times]
    plain = replace(scene.sensor, quality=None)
    raw, coded = (seconds(lambda sensor=sensor: _develop(sensor, images, seed)) for sensor in (plain, scene.sensor))
    return {
        "set-up": seconds(lambda: plain_scene(seed)),
        "ids": tracing,
        "flow": seconds(lambda: geometry(scene)) - tracing,
        "colour": sharply - tracing,
        "sub-frames": seconds(lambda: [draw(scene, t) for t in times]) - sharply,
        "sensor": raw,
        "JPEG": coded - raw,
    }


def _develop(sensor, images: list[np.ndarray], seed: int) -> None:
    rng = np.random.default_rng(seed)
    grain = grain_for(rng, SIZE)
    for t, image in enumerate(images):
        develop(sensor, image, t, grain, rng)


def main(out: Path | None = None) -> int:
    """Print the tables, and store them in `out` if that is given; 1 when drawing is slower than promised."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    draw_clip("plain", 0)  # loads the photographs and draws the noise plates
    scenes = [plain_scene(seed) for seed in range(FIRST_SEED, FIRST_SEED + SCENES)]
    rates = {"geometry": FRAMES * SCENES / sum(seconds(lambda scene=scene: geometry(scene)) for scene in scenes)}
    rates |= mixture_rates()
    filmed = [seconds(lambda scene=scene: film(scene), 2) for scene in scenes[:FILMED]]
    rates["torch renderer, before the sensor"] = FRAMES * FILMED / sum(filmed)
    parts, labels = profile(scenes), label_rates()
    promised = {"geometry": GEOMETRY, "mixture": EVERYTHING}
    for name, rate in rates.items():
        print(f"{name:36}{rate:6.0f} frames/s" + (f", promised {promised[name]}" if name in promised else ""))
    print(f"{POOL} clips of {FRAMES} frames take {POOL * FRAMES / rates['mixture']:.0f} s, promised 40")
    whole = sum(parts.values())
    print("plain, ms a frame: " + ", ".join(f"{name} {ms:.2f} ({ms / whole:.0%})" for name, ms in parts.items()))
    print("labels, frames/s with flow: " + ", ".join(f"{label} {rate:.0f}" for label, rate in labels.items()))
    tables = {"frames_per_second": rates, "plain_milliseconds": parts, "labels": labels}
    stored = json.dumps(
        {"fingerprint": fingerprint(), **{name: _rounded(table) for name, table in tables.items()}}, indent=1
    )
    if out is not None:
        write_atomically(out, stored + "\n")
    return int(any(rates[name] < least for name, least in promised.items()))


def _rounded(table: dict[str, float]) -> dict[str, float]:
    return {name: round(number, 2) for name, number in table.items()}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m benchmarks.minivos")
    asked.add_argument("--out", type=Path, help="a JSON file for the figures")
    sys.exit(main(asked.parse_args().out))
