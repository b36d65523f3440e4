"""What the cost volume costs, forward and backward, beside three plainer ways: `python -m benchmarks.correlation [--out FILE]`.

The loop has one product of maps per displacement; unfold copies every window; all pairs multiplies each place with each and reads the
windows out of that. CPU milliseconds of one thread are medians over rounds in which the loop and ours take turns, in one process; the
two others, seconds a turn, are in the first round only. Memory is how far the peak of a forked process rises.
Exits with 1 when ours is not at least five times as fast as the loop at some size, or they disagree.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from torch import Tensor
from torch.nn.functional import pad, unfold

from tests.ops.slow_cost_volume import loop
from vostutor.core.files import write_atomically
from vostutor.course.readme import markdown_table
from vostutor.ops import correlation

ROUNDS, AT_LEAST = 5, 5.0  # times as fast as the loop
OURS, LOOP = "tiles", "loop"


class Case(NamedTuple):
    """Two maps and a window."""

    shape: tuple[int, int, int, int]
    d: int
    s: int

    @property
    def name(self) -> str:
        return f"{'x'.join(map(str, self.shape))} d{self.d} s{self.s}"


CASES = (
    Case((8, 48, 24, 40), 4, 1),
    Case((8, 48, 24, 40), 10, 1),
    Case((1, 256, 48, 64), 20, 2),  # FlowNetC at 384x512
    Case((2, 64, 30, 54), 10, 1),
)


def by_unfold(f1: Tensor, f2: Tensor, *, max_displacement: int, stride2: int) -> Tensor:
    """Every window copied, then one sum over channels."""
    size = 2 * (max_displacement // stride2) + 1
    windows = unfold(f2, size, dilation=stride2, padding=max_displacement // stride2 * stride2)
    return (f1[:, :, None] * windows.view(*f1.shape[:2], size**2, *f1.shape[2:])).mean(dim=1)


def by_all_pairs(f1: Tensor, f2: Tensor, *, max_displacement: int, stride2: int) -> Tensor:
    """Each place times each, then the windows as a view of that."""
    (b, c, h, w), reach = f1.shape, max_displacement // stride2
    size, around = 2 * reach + 1, pad(f2, [reach * stride2] * 4)
    columns, places = around.shape[3], around.shape[2] * around.shape[3]
    pairs = torch.bmm(f1.flatten(2).mT / c, around.flatten(2))  # (B,HW,places)
    strides = (h * w * places, stride2 * columns, stride2, w * places + columns, places + 1)
    return pairs.as_strided((b, size, size, h, w), strides).flatten(1, 2)


WAYS: dict[str, Callable[..., Tensor]] = {LOOP: loop, "unfold": by_unfold, "all pairs": by_all_pairs, OURS: correlation}


def drawn(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """Two seeded maps, and a gradient to the volume."""
    generator = torch.Generator().manual_seed(0)
    channels = (2 * (case.d // case.s) + 1) ** 2
    f1, f2 = (torch.randn(case.shape, generator=generator).requires_grad_() for _ in range(2))
    return f1, f2, torch.randn(case.shape[0], channels, *case.shape[2:], generator=generator)


def turn(way: Callable[..., Tensor], case: Case, f1: Tensor, f2: Tensor, gradient: Tensor) -> tuple[Tensor, ...]:
    """Forward and backward: the volume and the gradients to both maps."""
    volume = way(f1, f2, max_displacement=case.d, stride2=case.s)
    return volume.detach(), *torch.autograd.grad(volume, (f1, f2), gradient)


def peak_memory(work: Callable[[], object]) -> float:
    """How many MiB the peak of a forked process rises by; asked for before this process has freed anything that a child could reuse."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        work()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writer, str(grown / 1024).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        answer = told.read()
    os.waitpid(child, 0)
    return float(answer)


def disagreement(case: Case) -> dict[str, float]:
    """The largest difference of each way to the loop, in the volume or a gradient, as a share of the largest number."""
    inputs = drawn(case)
    expected = turn(loop, case, *inputs)
    found = {}
    for name, way in WAYS.items():
        pairs = zip(turn(way, case, *inputs), expected, strict=True)
        found[name] = max(((a - b).abs().max() / b.abs().max()).item() for a, b in pairs)
    return found


def cpu_times(case: Case, rounds: int) -> dict[str, float]:
    """Median CPU milliseconds of each way; the loop and ours take turns."""
    inputs = drawn(case)
    spent: dict[str, list[float]] = {name: [] for name in WAYS}
    for k in range(rounds):
        for name, way in WAYS.items():
            if k > 0 and name not in (LOOP, OURS):
                continue
            start = time.process_time()
            turn(way, case, *inputs)
            spent[name].append(1e3 * (time.process_time() - start))
    return {name: median(times) for name, times in spent.items()}


def measure(rounds: int) -> list[dict]:
    """One row per case and way; memory first, while this process is small."""
    memory = {
        (case, name): peak_memory(lambda case=case, way=way: turn(way, case, *drawn(case)))
        for case in CASES
        for name, way in WAYS.items()
    }
    rows = []
    for case in CASES:
        error, spent = disagreement(case), cpu_times(case, rounds)
        rows += [
            {
                "case": case.name,
                "way": name,
                "cpu_ms": round(spent[name], 1),
                "times_as_fast_as_loop": round(spent[LOOP] / spent[name], 2),
                "memory_mib": round(memory[case, name]),
                "error": error[name],
            }
            for name in WAYS
        ]
    return rows


def table(rows: list[dict]) -> str:
    """Milliseconds, times as fast as the loop, and MiB of each way at each size."""
    cells: dict[str, list[str]] = {}
    for row in rows:
        told = f"{row['cpu_ms']:.1f} ({row['times_as_fast_as_loop']:.1f}x), {row['memory_mib']} MiB"
        cells.setdefault(row["case"], []).append(told)
    return markdown_table([["ms (beside the loop), peak", *WAYS], *([case, *told] for case, told in cells.items())])


def main() -> int:
    """Print the table, write the JSON; 1 when the target is missed."""
    asked = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    asked.add_argument("--out", type=Path, help="where the figures go as JSON")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    options = asked.parse_args()
    torch.set_num_threads(1)
    rows = measure(options.rounds)
    stored = {"rows": rows, "rounds": options.rounds, "at_least": AT_LEAST, "torch": torch.__version__}
    print(table(rows))
    if options.out:
        write_atomically(options.out, json.dumps(stored, indent=1) + "\n")
    else:
        print(json.dumps({"correlation": stored}))
    ours = [row for row in rows if row["way"] == OURS]
    return int(any(row["times_as_fast_as_loop"] < AT_LEAST or row["error"] > 1e-5 for row in ours))


if __name__ == "__main__":
    sys.exit(main())
