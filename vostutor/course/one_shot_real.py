"""Rows of figures about learning from one frame on real video: what it is worth there, at which size, and what it costs.

Systems see frames of so many rows (engine/scaled.py), and their probabilities are enlarged before anything is decided, so all are scored
at the full size of the masks. Only the smallest is also scored where it works, on shrunk masks. All objects of a sequence are one, as in
DAVIS 2016. A published result may lie beside the sequences, in results_osvos.

Reading order: JOBS, trial; on_sequence; published.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from time import process_time

from torch import Generator, Tensor, nn

from vostutor.core.clip import Segmenter
from vostutor.course.flow_rows import Shrunk
from vostutor.course.one_shot_rows import Recipe
from vostutor.data.davis import DavisRoot
from vostutor.engine.evaluate import evaluate_results
from vostutor.engine.infer import predict
from vostutor.engine.scaled import Scaled
from vostutor.metrics.davis import semi_supervised
from vostutor.models.baselines import CopyFirstMask, FlowWarp
from vostutor.models.onavos import OnAVOS
from vostutor.models.osvos import OSVOS, OSVOSNet, finetune
from vostutor.ops.dis import dis_flow

REAL, PUBLISHED, DRIFT = "DAVIS", "published OSVOS", "OnAVOS for drift"
SMALL, HALF, FULL = 96, 240, 480  # rows of the network's frames
# System, rows that it sees, rows that it is scored at; None is the whole video's.
SYSTEMS = (
    ("copy", None, None), ("DIS warp", None, None), ("parent", HALF, None), ("from nothing", HALF, None),
    ("OSVOS", SMALL, SMALL), ("OSVOS", SMALL, None), ("OSVOS", HALF, None), ("OnAVOS", HALF, None),
    (DRIFT, HALF, None), ("OSVOS", FULL, None),
)  # fmt: skip


def jobs(root: DavisRoot) -> list[tuple]:
    """Sequence, system and rows of every piece, the cheap systems first."""
    return [(name, *system) for system in SYSTEMS for name in root.sequences()]


def trial(job: tuple, *, folder: Path, recipe: Recipe) -> list[dict]:
    """The row of a system on a sequence."""
    name, system, rows, scored = job
    sequence = DavisRoot(folder, year=2016).sequence(name)
    source = sequence if scored is None else Shrunk(sequence, scored)
    measured = Metered(segmenter(system, rows, recipe))
    truth_and_found = zip(source.truth(), predict(measured, source), strict=True)
    masks = ((truth.byte().numpy(), found.ids.byte().numpy()) for truth, found in truth_and_found)
    figures = {**scores(masks, len(sequence)), "seconds": round(measured.seconds / len(sequence), 3)}
    return [{"set": REAL, "name": name, "system": system, "rows": rows, "scored": scored, **figures}]


def segmenter(system: str, rows: int | None, recipe: Recipe) -> Segmenter:
    """A system for one video, which sees it in so many rows."""
    if system in BASELINES:
        return BASELINES[system]()
    parent = recipe.parent()
    return Scaled(LEARNING[system](parent, recipe), rows)


def _osvos(parent: nn.Module, recipe: Recipe, steps: int | None = None) -> Segmenter:
    def tuned(*told, **chances):
        return finetune(*told, steps=recipe.steps if steps is None else steps, **chances)

    return OSVOS(parent, finetune=tuned, generator=_seeded())


def _seeded() -> Generator:
    return Generator().manual_seed(0)


BASELINES = {"copy": CopyFirstMask, "DIS warp": lambda: FlowWarp(dis_flow)}
LEARNING = {
    "parent": lambda parent, recipe: _osvos(parent, recipe, steps=0),
    "from nothing": lambda parent, recipe: _osvos(
        OSVOSNet(parent.config, generator=_seeded()), recipe, recipe.patience * recipe.steps
    ),
    "OSVOS": _osvos,
    "OnAVOS": lambda parent, recipe: OnAVOS(parent, recipe.on_film, generator=_seeded()),
    DRIFT: lambda parent, recipe: OnAVOS(parent, recipe.adapting, generator=_seeded()),
}


class Metered:
    """A Segmenter, and the CPU-seconds that it has taken so far, learning included."""

    def __init__(self, system: Segmenter):
        self.system, self.seconds = system, 0.0

    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Shapes: frame uint8 (3,H,W), ids integer (H,W)."""
        self._timed(self.system.observe, frame, ids)

    def step(self, frame: Tensor) -> Tensor:
        """Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W)."""
        return self._timed(self.system.step, frame)

    def _timed(self, work, *shown):
        started = process_time()
        result = work(*shown)
        self.seconds += process_time() - started
        return result


def scores(masks: Iterable[tuple], frames: int) -> dict[str, float]:
    """J and F over all frames but the first and the last, as DAVIS has it; one pair of masks is held at a time.

    >>> import numpy as np
    >>> mask = np.eye(8, dtype=np.uint8)
    >>> scores([(mask, 0 * mask), (mask, mask), (mask, 0 * mask)], 3)
    {'J': 1.0, 'F': 1.0}
    """
    curves = semi_supervised(islice(masks, 1, frames - 1), 1)
    return {"J": round(float(curves.J.mean()), 4), "F": round(float(curves.F.mean()), 4)}


def published(root: DavisRoot) -> Iterator[dict]:
    """A row for each sequence of the results that lie in results_osvos, if there are any."""
    folder = root.root / "results_osvos"
    if not folder.is_dir():
        return
    for name, objects in evaluate_results(folder, root.root, merge_objects=True).sequences.items():
        figures = {"J": round(float(objects[1].j.mean), 4), "F": round(float(objects[1].f.mean), 4), "seconds": None}
        yield {"set": REAL, "name": name, "system": PUBLISHED, "rows": None, "scored": None, **figures}
