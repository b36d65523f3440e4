"""The rows of the fixed experiment on disk, and the table in which each rung of a ladder is compared with another.

The same seed under two variants is a pair: same initial weights, same order of random numbers. So gains are means of differences, and
their standard error is that of the differences over seeds. With three seeds two standard errors are a mild bar, not a proof.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev

from vostutor.core.errors import DataError
from vostutor.core.files import write_atomically

SCORES = ("auc", "parent", "one-shot", "matcher")


@dataclass(frozen=True)
class Row:
    """What one variant and seed scored. Units: seconds of CPU time of one thread; scores from 0 to 1, by sequence."""

    variant: str
    seed: int
    fingerprint: str
    steps: dict[str, int]
    seconds: dict[str, float]
    scores: dict[str, dict[str, float]]

    def mean(self, score: str, sequences: Iterable[str]) -> float:
        """One of the SCORES, averaged over sequences."""
        return mean(self.scores[name][score] for name in sequences)


def read_rows(file: Path) -> list[Row]:
    """All rows of a file, none where there is no file."""
    return [Row(**row) for row in json.loads(file.read_text())["rows"]] if file.exists() else []


def earlier_rows(file: Path) -> list[Row]:
    """What was measured of generators that are gone: nobody's figures any more, but whoever judged by them had looked."""
    return [Row(**row) for row in json.loads(file.read_text()).get("earlier", [])] if file.exists() else []


def write_row(file: Path, row: Row) -> None:
    """Append a row; an older one of the same variant and seed goes to the earlier ones."""
    old, earlier = read_rows(file), earlier_rows(file)
    gone = [each for each in old if (each.variant, each.seed) == (row.variant, row.seed)]
    write_rows(file, [each for each in old if each not in gone] + [row], earlier + gone)


def write_rows(file: Path, rows: Iterable[Row], earlier: Iterable[Row] = ()) -> None:
    """The whole file, a row a line."""
    told = {"rows": rows, "earlier": earlier}
    lists = [
        f'"{name}": [\n' + ",\n".join(f"  {json.dumps(asdict(row))}" for row in some) + "\n]"
        for name, some in told.items()
    ]
    write_atomically(file, "{" + ",\n".join(lists) + "}\n")


@dataclass(frozen=True)
class Gain:
    """How much more a variant scores than its base, paired by seed. `error` is None with fewer than two pairs."""

    mean: float
    error: float | None
    pairs: int

    @property
    def verdict(self) -> str:
        """Beyond two standard errors, or not to be told apart."""
        if self.error is None or abs(self.mean) <= 2 * self.error:
            return "neither"
        return "gains" if self.mean > 0 else "loses"


def paired_gain(values: dict[int, float], base: dict[int, float]) -> Gain | None:
    """The mean difference over the seeds that both have, with its standard error; None without a common seed.

    >>> paired_gain({0: 0.5, 1: 0.7}, {0: 0.4, 1: 0.4})    # differences .1 and .3: mean .2, deviation .141, error .1
    Gain(mean=0.2, error=0.1, pairs=2)
    """
    differences = [values[seed] - base[seed] for seed in sorted(values.keys() & base.keys())]
    if not differences:
        return None
    error = stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else None
    return Gain(round(mean(differences), 10), error and round(error, 10), len(differences))


def table(rows: Sequence[Row], sequences: Sequence[str], base: str | None, order: Sequence[str] = ()) -> str:
    """A Markdown table: means over seeds, and the paired gain over `base` or, left out, over the rung before.

    Rungs come in the order asked for, those not asked for are left out; without an order, as they were measured.
    Raises: DataError when a variant's rows come from several generators.
    """
    there = list(dict.fromkeys(row.variant for row in rows))
    mixed = [name for name in there if len({row.fingerprint for row in rows if row.variant == name}) > 1]
    if mixed:
        raise DataError(
            expected="the seeds of a variant measured with one generator",
            got=f"several fingerprints of {', '.join(mixed)}",
            try_this="python -m benchmarks.transfer --data DAVIS --variant " + " ".join(mixed),
        )
    rungs = [name for name in order if name in there] or there
    lines = ["| variant | seeds | compared with |" + "".join(f" {score} | gain |" for score in SCORES)]
    lines += ["|---|---|---|" + "---|---|" * len(SCORES)]
    for place, variant in enumerate(rungs):
        before = base if base is not None else rungs[place - 1] if place else None
        before = None if before == variant else before
        seeds = sorted(row.seed for row in rows if row.variant == variant)
        cells = [_cells(rows, variant, before, score, sequences) for score in SCORES]
        lines.append(f"| {variant} | {', '.join(map(str, seeds))} | {before or ''} |" + "".join(cells))
    return "\n".join(lines)


def _cells(rows: Sequence[Row], variant: str, base: str | None, score: str, sequences: Sequence[str]) -> str:
    values = _by_seed(rows, variant, score, sequences)
    gain = paired_gain(values, _by_seed(rows, base, score, sequences)) if base else None
    told = (
        ""
        if gain is None
        else f"{gain.mean:+.3f} ± {'?' if gain.error is None else f'{gain.error:.3f}'} {gain.verdict}"
    )
    return f" {mean(values.values()):.3f} | {told} |"


def _by_seed(rows: Sequence[Row], variant: str, score: str, sequences: Sequence[str]) -> dict[int, float]:
    return {row.seed: row.mean(score, sequences) for row in rows if row.variant == variant}
