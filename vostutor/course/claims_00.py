"""What lesson 00 quotes: J and F of the baselines, by label on minivos and by sequence on real video."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

# The files that decide the figures.
SOURCES = (
    "data/davis.py",
    "data/frames.py",
    "data/minivos.py",
    "data/motion.py",
    "data/palette.py",
    "data/render.py",
    "data/scene.py",
    "data/shapes.py",
    "data/textures.py",
    "engine/infer.py",
    "metrics/contour.py",
    "metrics/davis.py",
    "metrics/regions.py",
    "metrics/summary.py",
    "models/baselines.py",
    "ops/dis.py",
    "ops/grid.py",
    "ops/masks.py",
    "ops/warp.py",
)
FIRST_SEED = 1_000_000  # data/README.md says whose seeds are whose
REAL = "DAVIS"


def measure(*, data_root: Path | None, clips: int) -> Iterator[dict]:
    """One row per label or sequence and system: J, F and the decay of J, means over objects (with the standard error of J over clips)."""
    from vostutor.data.davis import DavisRoot

    return _measured(DavisRoot(Path(data_root)) if data_root else None, clips)  # a wrong root is refused now


def _measured(root, clips: int) -> Iterator[dict]:
    from rich.progress import track

    from vostutor.data.minivos import LABELS

    for label in track(LABELS, description="minivos"):
        yield from on_label(label, clips)
    if root:
        for name in track(root.sequences(), description="real video"):
            yield from on_sequence(root, name)


def _systems() -> dict:
    from vostutor.models import CopyFirstMask, FlowWarp, SoftFlowWarp
    from vostutor.ops.dis import dis_flow

    return {"copy": CopyFirstMask(), "flow warp": FlowWarp(dis_flow), "soft warp": SoftFlowWarp(dis_flow)}


def on_label(label: str, clips: int) -> Iterator[dict]:
    """One row per system, over that many clips of a label of minivos."""
    from vostutor.data.minivos import draw_clip
    from vostutor.engine.infer import predict_clip

    drawn = [draw_clip(label, FIRST_SEED + k) for k in range(clips)]
    for system in _systems():
        scores = [_score(clip.ids, predict_clip(_systems()[system], clip), len(clip.object_ids)) for clip in drawn]
        error = np.std([score[0] for score in scores], ddof=1) / np.sqrt(clips) if clips > 1 else None
        yield _row("minivos", label, system, np.mean(scores, axis=0), error, clips)


def on_sequence(root, name: str) -> Iterator[dict]:
    """One row per system, for one sequence of a DavisRoot."""
    from vostutor.engine.infer import predict

    for system, segmenter in _systems().items():
        pairs = zip(root.sequence(name).truth(), predict(segmenter, root.sequence(name)), strict=True)
        truth, pred = zip(*((ids.byte(), prediction.ids.byte()) for ids, prediction in pairs), strict=True)
        yield _row(REAL, name, system, _score(truth, pred, objects=1), None, 1)


def _score(truth: Iterable, pred: Iterable, objects: int) -> np.ndarray:
    """J, F and decay of J, means over objects 1 to K, by the protocol of DAVIS: the given frame and the last do not count."""
    from vostutor.metrics import semi_supervised, statistics
    from vostutor.metrics.davis import SCORED_FRAMES

    pairs = [(np.asarray(t), np.asarray(p)) for t, p in zip(truth, pred, strict=True)]
    curves = semi_supervised(pairs[SCORED_FRAMES["semi-supervised"]], objects)
    return np.array([curves.J.mean(), curves.F.mean(), np.mean([statistics(J).decay for J in curves.J])])


def _row(data: str, name: str, system: str, scores, error, clips: int) -> dict:
    values = {key: round(float(value), 4) for key, value in zip(("J", "F", "D"), scores, strict=True)}
    return {
        "set": data,
        "name": name,
        "system": system,
        **values,
        "se": error and round(float(error), 4),
        "clips": clips,
    }
