"""What matching two maps costs, forward, beside the plain ways: `python -m benchmarks.matching [--large] [--out FILE]`.

Global matching stands beside all pairs, every distance at once and then those of each object; local matching beside the loop over the
shifts of its window. CPU milliseconds of one thread are medians over rounds in which ways and numbers of objects take turns, in one
process; the largest map has one run of each. Memory is how far the peak of a forked process rises, inputs included. Objects are
rectangles; in the case called noise every place has an object of its own, which is the worst for local matching, as it looks for an
object only where it is. All pairs of the largest map take 7.6 GB and half a minute, once: `--large`.
Exits with 1 when a target is missed or two ways disagree.
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

from tests.ops.slow_matching import by_all_pairs, by_shifts
from vostutor.core.files import write_atomically
from vostutor.course.readme import markdown_table
from vostutor.ops import global_match, local_match

ROUNDS, CHANNELS, OBJECTS = 5, 64, (1, 3, 10)
PLAIN, OURS = "plain", "ours"
# what has to hold: at 60x107, times as fast as all pairs and as little memory, with ten objects; ten objects in so many times the time of
# one; MiB at 120x214; times as fast as the loop over shifts
TARGETS = {"global_times": 10.0, "global_memory": 8.0, "ten_by_one": 1.3, "global_mib": 160.0, "local_times": 5.0}


class Case(NamedTuple):
    """A map, and how far local matching reaches; none is global matching."""

    height: int
    width: int
    reach: int | None = None
    noise: bool = False

    @property
    def name(self) -> str:
        kind = "global" if self.reach is None else f"local, reach {self.reach}"
        return f"{kind}, {self.height}x{self.width}{', noise' * self.noise}"

    @property
    def large(self) -> bool:
        """Seconds a run, so that one has to do."""
        return self.height * self.width > 20_000

    def has(self, count: int, name: str, large: bool) -> bool:
        """Whether this is run at all: all pairs of the largest map take 7.6 GB."""
        return not (self.large and self.reach is None and name == PLAIN) or (large and count == max(OBJECTS))

    def way(self, name: str) -> Callable[..., Tensor]:
        """The plain way or ours: (query, reference, ids, objects) -> maps."""
        if self.reach is None:
            return by_all_pairs if name == PLAIN else global_match
        chosen = by_shifts if name == PLAIN else local_match
        return lambda *inputs: chosen(*inputs, reach=self.reach)


SIZES = ((24, 40, 4), (60, 107, 12), (120, 214, 12))
CASES = (
    *(Case(height, width) for height, width, _ in SIZES),
    *(Case(*size) for size in SIZES),
    Case(60, 107, 12, noise=True),
)


def drawn(case: Case, count: int) -> tuple[Tensor, Tensor, Tensor, tuple[int, ...]]:
    """Two seeded maps, the mask of the second, and the ids of its objects."""
    generator = torch.Generator().manual_seed(0)
    query, reference = torch.randn(2, CHANNELS, case.height, case.width, generator=generator) / CHANNELS**0.5
    objects = tuple(range(1, count + 1))
    if case.noise:
        return query, reference, torch.randint(count + 1, (case.height, case.width), generator=generator), objects
    ids = torch.zeros(case.height, case.width, dtype=torch.int64)
    high, wide = case.height // 5, case.width // 6
    for k, value in enumerate(objects):  # in three rows of four, with gaps
        top, left = k % 3 * case.height // 3, k // 3 * case.width // 4
        ids[top + 2 : top + 2 + high, left + 2 : left + 2 + wide] = value
    return query, reference, ids, objects


def in_a_fork(case: Case, count: int, name: str) -> dict[str, float]:
    """CPU milliseconds of one run, how many MiB the peak of a forked process rises by, and for the plain way how far ours is from it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        inputs, start = drawn(case, count), time.process_time()
        result = case.way(name)(*inputs)
        told = {"cpu_ms": 1e3 * (time.process_time() - start)}
        told["mib"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        if name == PLAIN:
            told["error"] = (case.way(OURS)(*inputs) - result).abs().max().item()
        os.write(writer, json.dumps(told).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def cpu_times(case: Case, rounds: int) -> dict[tuple[int, str], float]:
    """Median CPU milliseconds by number of objects and way, all of which take turns; the first turn warms up."""
    inputs = {count: drawn(case, count) for count in OBJECTS}
    turns = [(count, name) for count in OBJECTS for name in (PLAIN, OURS)]
    spent: dict[tuple[int, str], list[float]] = {turn: [] for turn in turns}
    for _ in range(rounds + 1):
        for count, name in turns:
            start = time.process_time()
            case.way(name)(*inputs[count])
            spent[count, name].append(1e3 * (time.process_time() - start))
    return {turn: median(times[1:]) for turn, times in spent.items()}


def measure(rounds: int, large: bool) -> list[dict]:
    """One row per case and number of objects; memory first, while this process is small."""
    forked = {
        (case, count, name): in_a_fork(case, count, name)
        for case in CASES
        for count in OBJECTS
        for name in (PLAIN, OURS)
        if case.has(count, name, large)
    }
    rows = []
    for case in CASES:
        spent = {} if case.large else cpu_times(case, rounds)
        for count in OBJECTS:
            plain, ours = (forked.get((case, count, name)) for name in (PLAIN, OURS))
            fast = spent.get((count, OURS), ours["cpu_ms"])
            row = {"case": case.name, "objects": count, "cpu_ms": round(fast, 1), "mib": round(ours["mib"])}
            if plain:
                slow = spent.get((count, PLAIN), plain["cpu_ms"])
                row |= {"plain_cpu_ms": round(slow, 1), "plain_mib": round(plain["mib"]), "error": plain["error"]}
                row["times_as_fast"] = round(slow / fast, 2)
            rows.append(row)
    return rows


def reached(rows: list[dict]) -> dict[str, float]:
    """What was reached of each target."""
    found = {(row["case"], row["objects"]): row for row in rows}
    one, ten = (found[Case(60, 107).name, count] for count in (1, 10))
    return {
        "global_times": ten["times_as_fast"],
        "global_memory": round(ten["plain_mib"] / ten["mib"], 1),
        "ten_by_one": round(ten["cpu_ms"] / one["cpu_ms"], 2),
        "global_mib": max(found[Case(120, 214).name, count]["mib"] for count in OBJECTS),
        "local_times": min(found[Case(60, 107, 12).name, count]["times_as_fast"] for count in OBJECTS),
    }


def missed(rows: list[dict]) -> list[str]:
    """The targets that were not reached, and where two ways disagree."""
    at_most = ("ten_by_one", "global_mib")
    short = [
        f"{name} {value}, not {TARGETS[name]}"
        for name, value in reached(rows).items()
        if (value > TARGETS[name] if name in at_most else value < TARGETS[name])
    ]
    return short + [f"{row['case']} differs by {row['error']}" for row in rows if row.get("error", 0) > 1e-5]


def table(rows: list[dict]) -> str:
    """Milliseconds and MiB of the plain way and of ours, and how many times as fast that is."""
    cells = [["matching", "objects", "plain: ms, MiB", "ours: ms, MiB", "times as fast"]]
    for row in rows:
        plain = f"{row['plain_cpu_ms']:.1f}, {row['plain_mib']}" if "plain_cpu_ms" in row else ""
        times = f"{row['times_as_fast']:.1f}" if plain else ""
        cells.append([row["case"], str(row["objects"]), plain, f"{row['cpu_ms']:.1f}, {row['mib']}", times])
    return markdown_table(cells)


def main() -> int:
    """Print the table, write the JSON; 1 when a target is missed."""
    asked = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    asked.add_argument("--out", type=Path, help="where the figures go as JSON")
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--large", action="store_true", help="all pairs of the largest map too: 7.6 GB")
    options = asked.parse_args()
    torch.set_num_threads(1)
    rows = measure(options.rounds, options.large)
    stored = {
        "rows": rows,
        "rounds": options.rounds,
        "targets": TARGETS,
        "reached": reached(rows),
        "torch": torch.__version__,
    }
    print(table(rows))
    if options.out:
        write_atomically(options.out, json.dumps(stored, indent=1) + "\n")
    else:
        print(json.dumps({"matching": stored}))
    for target in missed(rows):
        print(f"missed: {target}")
    return int(bool(missed(rows)))


if __name__ == "__main__":
    with torch.no_grad():
        sys.exit(main())
