"""What scoring costs, reading of PNG files included: `python benchmarks/evaluator.py [DAVIS_ROOT]`.

Semi-supervised: the results in DAVIS_ROOT/results_osvos with all objects merged. Unsupervised: car-shadow with 20 seeded regions a
frame that do not overlap. Milliseconds are per scored frame, CPU time of the whole process and wall, the best and the median of some
rounds. Beside it, in the same process, the formulas written out at full size (tests/metrics/oracle.py) on a few of the same frames.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2

from tests.metrics import oracle, seeded
from vostutor.core.memory import keep_freed_memory
from vostutor.data import read_ids, write_ids
from vostutor.engine import evaluate_results

DATA = Path(__file__).parents[2] / "shared/data/davis-dev"
ROUNDS, SEQUENCE, PROPOSALS = 4, "car-shadow", 20
TARGETS = {"semi-supervised": 2.5, "unsupervised": 5.0}  # CPU milliseconds a frame at 854x480
ORACLE_FRAMES = {"semi-supervised": (10, 20, 30), "unsupervised": (20,)}


def measured(work: Callable[[], int]) -> tuple[float, float]:
    """CPU and wall milliseconds per frame of one call, which returns the number of frames."""
    cpu, wall = time.process_time(), time.perf_counter()
    frames = work()
    return 1e3 * (time.process_time() - cpu) / frames, 1e3 * (time.perf_counter() - wall) / frames


def write_proposals(data: Path, results: Path) -> None:
    """20 seeded regions on every frame of one sequence."""
    masks = sorted((data / "Annotations/480p" / SEQUENCE).glob("*.png"))
    proposals = seeded.proposals(len(masks), *read_ids(masks[0]).shape, seed=0, count=PROPOSALS)
    for path, ids in zip(masks, proposals, strict=True):
        write_ids(results / SEQUENCE / path.name, ids)


def score(results: Path, data: Path, task: str) -> int:
    """The command's own work; how many frames were scored."""
    report = evaluate_results(results, data, task=task, merge_objects=task == "semi-supervised")
    assert not report.refused, report.refused
    return sum(len(scores[1].J) for scores in report.sequences.values())


def score_slowly(results: Path, data: Path, task: str) -> int:
    """The formulas on a few frames of one sequence, without the assignment."""
    for t in ORACLE_FRAMES[task]:
        gt = read_ids(data / f"Annotations/480p/{SEQUENCE}/{t:05d}.png")
        pred = read_ids(results / f"{SEQUENCE}/{t:05d}.png")
        for label in range(1, 2 if task == "semi-supervised" else PROPOSALS + 1):
            oracle.j(gt == 1, pred == label), oracle.f(gt == 1, pred == label)
    return len(ORACLE_FRAMES[task])


def measure(data: Path, proposals: Path) -> dict[str, dict[str, float]]:
    """One row per task; the evaluator runs before and after the formulas."""
    rows = {}
    for task, results in (("semi-supervised", data / "results_osvos"), ("unsupervised", proposals)):
        score(results, data, task)  # the files come into the cache, scipy and Pillow's readers are imported
        turns = [measured(partial(score, results, data, task)) for _ in range(ROUNDS)]
        formulas, _ = measured(partial(score_slowly, results, data, task))
        turns += [measured(partial(score, results, data, task)) for _ in range(ROUNDS)]
        cpu, wall = zip(*turns, strict=True)
        rows[task] = {
            "cpu_ms": min(cpu),
            "cpu_ms_median": median(cpu),
            "wall_ms": min(wall),
            "wall_ms_median": median(wall),
            "formulas_cpu_ms": formulas,
            "ratio": formulas / median(cpu),
            "at_most": TARGETS[task],
        }
    return rows


def main() -> int:
    """Print the table and JSON of it; 1 when a target is missed in the best round."""
    cv2.setNumThreads(1)
    keep_freed_memory()  # as the command does
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not (data / "results_osvos").is_dir():
        print("not measured: no DAVIS root with results_osvos; python benchmarks/evaluator.py DAVIS_ROOT")
        return 0
    with tempfile.TemporaryDirectory() as proposals:
        write_proposals(data, Path(proposals))
        rows = measure(data, Path(proposals))
    print(f"{'ms a frame':18}{'CPU':>7}{'median':>8}{'wall':>7}{'median':>8}{'at most':>9}{'formulas':>10}{'ratio':>7}")
    for task, row in rows.items():
        cells = (row["cpu_ms"], row["cpu_ms_median"], row["wall_ms"], row["wall_ms_median"], row["at_most"])
        widths = (7, 8, 7, 8, 9)
        told = "".join(f"{cell:{width}.2f}" for cell, width in zip(cells, widths, strict=True))
        print(f"{task:18}{told}{row['formulas_cpu_ms']:10.0f}{row['ratio']:7.0f}")
    rounded = {task: {key: round(value, 3) for key, value in row.items()} for task, row in rows.items()}
    print(json.dumps({"evaluator": rounded, "rounds": 2 * ROUNDS, "proposals": PROPOSALS}))
    return int(any(row["cpu_ms"] > row["at_most"] for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
