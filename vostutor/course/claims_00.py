"""What lesson 00 quotes: J and F of the baselines, by label on minivos, by sequence on real video, and what each switch costs them."""

from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np

# The files that decide the figures; of a folder all of its modules.
SOURCES = (
    "data/davis.py",
    "data/frames.py",
    "data/minivos.py",
    "data/palette.py",
    "data/studio",
    "engine/infer.py",
    "metrics/contour.py",
    "metrics/davis.py",
    "metrics/regions.py",
    "metrics/summary.py",
    "models/baselines.py",
    "ops/dis.py",
    "ops/grid.py",
    "ops/masks.py::object_order",
    "ops/masks.py::one_hot",
    "ops/masks.py::to_ids",
    "ops/warp.py",
    "widgets/switches.py",
)
FIRST_SEED = 1_000_000  # data/README.md says whose seeds are whose
REAL, SWITCHED = "DAVIS", "switches"


def measure(*, data_root: Path | None, clips: int) -> Iterator[dict]:
    """One row per label or sequence and system: J, F and the decay of J, means over objects (with the standard error of J over clips).

    Then one row per level of a switch and system, as `on_switch` gives them.
    """
    from vostutor.data.davis import DavisRoot

    return _measured(DavisRoot(Path(data_root)) if data_root else None, clips)  # a wrong root is refused now


def _measured(root, clips: int) -> Iterator[dict]:
    from rich.progress import track

    from vostutor.data.minivos import LABELS

    for label in track(LABELS, description="minivos"):
        yield from on_label(label, clips)
    for switch, level in track(turns(), description="switches"):
        yield from on_switch(switch, level, clips)
    if root:
        for name in track(root.sequences(), description="real video"):
            yield from on_sequence(root, name)


def _systems() -> dict:
    from vostutor.models import CopyFirstMask, FlowWarp, SoftFlowWarp
    from vostutor.ops.dis import dis_flow

    return {"copy": CopyFirstMask(), "flow warp": FlowWarp(dis_flow), "soft warp": SoftFlowWarp(dis_flow)}


def _new_system(name: str):
    return _systems()[name]


def on_label(label: str, clips: int) -> Iterator[dict]:
    """One row per system, over that many clips of a label of minivos."""
    from vostutor.data.minivos import draw_clip
    from vostutor.engine.infer import predict_clip

    drawn = [draw_clip(label, FIRST_SEED + k) for k in range(clips)]
    for system in _systems():
        scores = [_score(clip.ids, predict_clip(_systems()[system], clip), len(clip.object_ids)) for clip in drawn]
        error = np.std([score[0] for score in scores], ddof=1) / np.sqrt(clips) if clips > 1 else None
        yield _row("minivos", label, system, np.mean(scores, axis=0), error, clips)


def turns() -> list[tuple[str, str]]:
    """Every switch of the switchboard with every level that changes something."""
    from vostutor.widgets.switches import SWITCHES

    return [(switch.name, level) for switch in SWITCHES for level in switch.levels if level != switch.rest]


def on_switch(switch: str, level: str, clips: int) -> Iterator[dict]:
    """One row per baseline: J with the switch turned, and how much more it was on the same seeds without, with its standard error."""
    without, turned = _without_switches(clips), _tried({switch: level}, clips)
    for system in without:
        cost = np.subtract(without[system], turned[system])
        error = np.std(cost, ddof=1) / np.sqrt(clips) if clips > 1 else None
        yield {
            "set": SWITCHED,
            "name": f"{switch}: {level}",
            "system": system,
            "J": round(float(np.mean(turned[system])), 4),
            "cost": round(float(np.mean(cost)), 4),
            "se": None if error is None else round(float(error), 4),
            "clips": clips,
        }


@cache  # every switch is compared with the same clips
def _without_switches(clips: int) -> dict[str, list[float]]:
    return _tried({}, clips)


def _tried(settings: dict, clips: int) -> dict[str, list[float]]:
    from vostutor.widgets.switches import film, try_systems

    systems = {name: partial(_new_system, name) for name in ("copy", "flow warp")}
    trials = [try_systems(film(settings, FIRST_SEED + k), systems) for k in range(clips)]
    failed = [note for trial in trials for note in trial.notes]
    assert not failed, f"a baseline failed, and its zeros are no figures: {failed[0]}"
    return {name: [trial.mean(name) for trial in trials] for name in systems}


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
        "se": None if error is None else round(float(error), 4),
        "clips": clips,
    }
