"""What simple systems score on each label of minivos: `python -m benchmarks.baselines`, the figures that later ones are read against.

Both nets are trained once, on the default mixture and for the fixed number of steps. J is the mean over the objects of a clip and its
frames but the first, with two exceptions. The foreground net cannot tell objects apart: its J is that of all objects together, and
nobody tells it a mask. One-shot tuning is scored on object 1 only, as is everything in the second table, which looks at parts of a
clip: on "occlusion" the frames before object 1 is hidden, from there until it is back, and after; on "drift" the last quarter.

    python -m benchmarks.baselines            # measures what is missing, writes the file, prints both tables
    python -m benchmarks.baselines --table    # prints them
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.matcher import Matcher, MatchingTracker
from benchmarks.nets import ForegroundNet
from benchmarks.pools import KEPT, ROOT, draw_pool, fingerprint
from benchmarks.training import FOREGROUND_STEPS, MATCHER_STEPS, one_shot, train_foreground, train_matcher
from benchmarks.transfer import logits_of
from vostutor.core.clip import Clip, Segmenter
from vostutor.core.files import write_atomically
from vostutor.core.memory import keep_freed_memory
from vostutor.data.minivos import LABELS, draw_clip
from vostutor.engine.infer import predict_clip
from vostutor.metrics.region import jaccard
from vostutor.models.baselines import CopyFirstMask, FlowWarp
from vostutor.ops.dis import dis_flow

MIXTURE = "mixture"  # the variant in benchmarks/pools.py whose pool is the default mixture
FIRST_SEED, CLIPS = 1_000_000, 24
ONE_SHOT_STEPS = 50
HIDDEN = 0.25  # an object is hidden while it shows less than this share of its first area
SYSTEMS = ("copy", "DIS warp", "foreground", "one-shot", "matcher")
PARTS = {"occlusion": ("before", "during", "after"), "drift": ("last quarter",)}
FILE = ROOT / "data" / "minivos-baselines.json"
Nets = tuple[ForegroundNet, Matcher]


def trained_nets() -> tuple[Nets, dict[str, float]]:
    """Both nets and the CPU seconds of their training; kept in build/transfer, so that a run can go on."""
    path = KEPT / f"baselines-{fingerprint(MIXTURE)}-{FOREGROUND_STEPS}-{MATCHER_STEPS}.pt"
    foreground, matcher = ForegroundNet(), Matcher()
    if not path.exists():
        pool, generator, start = draw_pool(MIXTURE, 0), torch.Generator().manual_seed(0), time.process_time()
        foreground, middle = train_foreground(pool, FOREGROUND_STEPS, generator), time.process_time()
        matcher, end = train_matcher(pool, MATCHER_STEPS, generator), time.process_time()
        seconds = {"foreground": round(middle - start, 1), "matcher": round(end - middle, 1)}
        torch.save([foreground.state_dict(), matcher.state_dict(), seconds], path)
    *weights, seconds = torch.load(path, weights_only=True)
    for net, state in zip((foreground, matcher), weights, strict=True):
        net.load_state_dict(state)
    return (foreground.eval(), matcher.eval()), seconds


def curves_of(clip: Clip, nets: Nets, generator: torch.Generator) -> dict[str, np.ndarray]:
    """Each system's J, frame by frame without the first. Shapes: (K,T-1); (1,T-1) for foreground and one-shot."""
    foreground, matcher = nets
    truth = clip.ids[1:].numpy()
    tuned = one_shot(foreground, clip.frames[0], clip.ids[0] == 1, ONE_SHOT_STEPS, generator)

    def followed(system: Segmenter) -> np.ndarray:
        answer = predict_clip(system, clip)[1:].numpy()
        return np.stack([jaccard(truth == number, answer == number) for number in clip.object_ids])

    def found(net: ForegroundNet, mask: np.ndarray) -> np.ndarray:
        return jaccard(mask, logits_of(net, clip.frames[1:]).numpy() > 0)[None]

    return {
        "copy": followed(CopyFirstMask()),
        "DIS warp": followed(FlowWarp(dis_flow)),
        "foreground": found(foreground, truth > 0),
        "one-shot": found(tuned, truth == 1),
        "matcher": followed(MatchingTracker(matcher)),
    }


def parts_of(label: str, clip: Clip) -> dict[str, np.ndarray]:
    """The frames of each part of a clip of this label, without the first: bool (T-1) by name."""
    shown = (clip.ids == 1).sum((1, 2)).numpy()
    hidden, t = np.flatnonzero(shown < HIDDEN * shown[0]), np.arange(1, len(shown))
    if label == "occlusion" and len(hidden):
        return {"before": t < hidden[0], "during": (t >= hidden[0]) & (t <= hidden[-1]), "after": t > hidden[-1]}
    return {"last quarter": t >= len(shown) - len(shown) // 4} if label == "drift" else {}


def measure(label: str, clips: Sequence[Clip], nets: Nets, generator: torch.Generator) -> dict[str, dict[str, float]]:
    """By system: J, its standard error over clips, and J of object 1 in the parts of the label."""
    gathered: dict[str, dict[str, list[float]]] = {system: {} for system in SYSTEMS}
    for clip in clips:
        parts = parts_of(label, clip)
        for system, curves in curves_of(clip, nets, generator).items():
            told = {"J": curves.mean()} | {part: curves[0, here].mean() for part, here in parts.items() if here.any()}
            for name, value in told.items():
                gathered[system].setdefault(name, []).append(float(value))
    return {system: _summed_up(values) for system, values in gathered.items()}


def _summed_up(values: dict[str, list[float]]) -> dict[str, float]:
    means = {name: round(float(np.mean(each)), 4) for name, each in values.items()}
    return means | {"error": round(float(np.std(values["J"], ddof=1) / len(values["J"]) ** 0.5), 4)}


def measure_missing(file: Path, labels: Sequence[str], progress: Callable[[str], None]) -> dict:
    """The file's content after every label that was not there, or was of other code, has been measured."""
    drawn_by = fingerprint(MIXTURE)
    content = json.loads(file.read_text()) if file.exists() else {}
    missing = [label for label in labels if content.get("fingerprint") != drawn_by or label not in content["labels"]]
    if not missing:
        return content
    nets, seconds = trained_nets()
    if content.get("fingerprint") != drawn_by:
        steps = {"foreground": FOREGROUND_STEPS, "matcher": MATCHER_STEPS, "one-shot": ONE_SHOT_STEPS}
        content = {
            "fingerprint": drawn_by,
            "mixture": MIXTURE,
            "steps": steps,
            "seconds": seconds,
            "clips": CLIPS,
            "labels": {},
        }
    for label in missing:
        clips = [draw_clip(label, FIRST_SEED + k) for k in range(CLIPS)]
        content["labels"][label] = measure(label, clips, nets, torch.Generator().manual_seed(0))
        write_atomically(file, json.dumps(content, indent=1) + "\n")
        progress(label)
    return content


def tables(content: dict) -> str:
    """Both tables in Markdown."""
    lines = ["| label | " + " | ".join(SYSTEMS) + " |", "|---|" + "---|" * len(SYSTEMS)]
    for label, row in content["labels"].items():
        lines.append(f"| {label} | " + " | ".join(f"{row[system]['J']:.3f}" for system in SYSTEMS) + " |")
    lines += ["", "| part, object 1 | " + " | ".join(SYSTEMS) + " |", "|---|" + "---|" * len(SYSTEMS)]
    for label, parts in PARTS.items():
        row = content["labels"].get(label, {})
        for part in parts if row else ():
            told = (f"{row[system][part]:.3f}" if part in row[system] else "" for system in SYSTEMS)
            lines.append(f"| {label}, {part} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.baselines", description=__doc__.splitlines()[0])
    parser.add_argument("--label", nargs="+", choices=LABELS, default=list(LABELS))
    parser.add_argument("--table", action="store_true", help="print what was measured so far, measure nothing")
    parser.add_argument("--file", type=Path, default=FILE)
    asked = parser.parse_args(arguments)
    keep_freed_memory()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if not asked.table:
        measure_missing(asked.file, asked.label, lambda label: print(f"{label} measured", file=sys.stderr, flush=True))
    if not asked.file.exists():
        print("nothing was measured yet: python -m benchmarks.baselines", file=sys.stderr)
        return 1
    print(tables(json.loads(asked.file.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
