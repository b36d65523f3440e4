"""How fast minivos draws, and whether its labels tell systems apart: `python benchmarks/minivos.py`.

Frames per second count everything: scene, frames, masks, flow both ways and occlusion of 16 frames of 96x160, in CPU time of one
thread. Each clip is drawn in five rounds and its best is taken, because a busy machine can only make it slower.

The table has, for each label, the mean J of object 1 over all frames but the first and over the last three, when its first mask is
copied and when it is carried by OpenCV's DIS flow; and the flow of background and objects in pixels per frame.
"""

import json
import os
import sys
import time
from statistics import mean

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import torch

from vostutor.core import Clip
from vostutor.data import LABELS, VERSION, draw_clip
from vostutor.engine import evaluate_clip, predict_clip
from vostutor.models import CopyFirstMask, FlowWarp
from vostutor.ops import dis_flow

FIRST_SEED, SPEED_SEEDS, TABLE_SEEDS, ROUNDS = 1_000_000, 8, 24, 5
PROMISED = 300  # frames per second, flow included
COLUMNS = ("copy J", "copy last3", "DIS J", "DIS last3", "floor px", "object px")


def best_seconds(label: str, seed: int) -> float:
    """CPU seconds for one clip, the best of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        draw_clip(label, seed)
        spent.append(time.process_time() - start)
    return min(spent)


def frames_per_second() -> dict[str, float]:
    """By label. The first clip is drawn beforehand: it loads the photographs and draws the noise plates."""
    draw_clip("plain", 0)
    seeds = range(FIRST_SEED, FIRST_SEED + SPEED_SEEDS)
    return {label: 16 / mean(best_seconds(label, seed) for seed in seeds) for label in LABELS}


def scores(clip: Clip) -> list[float]:
    """One row of the table for one clip."""
    row = []
    for system in (CopyFirstMask(), FlowWarp(dis_flow)):
        curve = evaluate_clip(predict_clip(system, clip), clip)[1].J
        row += [curve[1:].mean(), curve[-3:].mean()]
    length = np.hypot(*clip.flow_fwd.numpy().transpose(1, 0, 2, 3))
    ids = clip.ids[:-1].numpy()
    return [*row, np.median(length[ids == 0]), np.median(length[ids > 0])]


def main() -> int:
    """Print both tables and JSON of them; 1 when drawing is slower than promised."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    speed = frames_per_second()
    seeds = range(FIRST_SEED, FIRST_SEED + TABLE_SEEDS)
    table = {label: np.mean([scores(draw_clip(label, seed)) for seed in seeds], axis=0) for label in LABELS}
    print(f"{'label':12}{'frames/s':>10}" + "".join(f"{column:>12}" for column in COLUMNS))
    for label, row in table.items():
        print(f"{label:12}{speed[label]:10.0f}" + "".join(f"{value:12.3f}" for value in row))
    overall = len(LABELS) / sum(1 / rate for rate in speed.values())
    print(f"all labels: {overall:.0f} frames/s on one thread, flow both ways included; promised {PROMISED}")
    rows = {label: dict(zip(COLUMNS, row.round(4).tolist(), strict=True)) for label, row in table.items()}
    print(json.dumps({"minivos": VERSION, "frames_per_second": round(overall), "labels": rows, "clips": TABLE_SEEDS}))
    return int(overall < PROMISED)


if __name__ == "__main__":
    sys.exit(main())
