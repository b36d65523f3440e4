"""What the lessons cost: data/budgets.json and the README's table of it, which `make course` renews.

`python -m vostutor.course.costs [budgets.json …]` keeps what these runs measured, then writes the table. A lesson that was not run
again keeps its row, and so does one that did not pass: what a broken run cost says nothing.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from vostutor.core.errors import DataError
from vostutor.core.profiles import PROFILES
from vostutor.course.claims import without_words
from vostutor.course.master import read_master
from vostutor.course.places import Course, replace_file
from vostutor.course.readme import budgets_table, with_block

_EVERY_LESSON = ("smoke", "cpu")  # the others need a GPU
_MEASURED = ("lesson", "profile", "wall_seconds", "cpu_seconds", "memory_gb")
_KEPT = (*_MEASURED, "machine", "code")


def stored_costs(course: Course) -> list[dict]:
    """What was measured so far, one row for each lesson and profile."""
    path = _store(course)
    return json.loads(path.read_text()) if path.exists() else []


def kept(stored: Iterable[dict], measured: Iterable[dict]) -> list[dict]:
    """The stored rows with those of new runs that passed in the place of the old.

    >>> old, new = ({"lesson": "00", "profile": "cpu", "cpu_seconds": s, "passed": True} for s in (40, 23))
    >>> kept([old], [new]), kept([old], [new | {"passed": False}]) == kept([], [old])
    ([{'lesson': '00', 'profile': 'cpu', 'cpu_seconds': 23}], True)
    """
    passed = [row for row in measured if row["passed"]]
    rows = {(row["lesson"], row["profile"]): row for row in [*stored, *passed]}
    order = sorted(rows, key=lambda place: (place[0], list(PROFILES).index(place[1])))
    return [{name: rows[place][name] for name in _KEPT if name in rows[place]} for place in order]


def costs_block(course: Course) -> str:
    """The table: measured figures beside what the masters declare today; below it the machine, and what was measured before the
    lesson's code changed or not at all.

    Raises: LessonError for a master that is not in order.
    """
    stored = {(row["lesson"], row["profile"]): row for row in stored_costs(course)}
    rows, changed, missing = [], [], []
    for master in map(read_master, course.masters()):
        shown = [name for name in PROFILES if (master.number, name) in stored and name in master.budgets]
        for name in shown:
            now = {"title": master.title, "declared": vars(master.budgets[name])}
            rows.append(stored[master.number, name] | now)
        if old := [name for name in shown if stored[master.number, name].get("code") != _code(master.path)]:
            changed.append(f"{master.number} ({', '.join(old)})")
        if left := [name for name in _EVERY_LESSON if name not in shown]:
            missing.append(f"{master.number} ({', '.join(left)})")
    machines = " and ".join(sorted({row["machine"] for row in rows}))
    told = [f"`make course`, {machines}."] if rows else []
    told += [f"Measured before the lesson's code changed: {', '.join(changed)}."] if changed else []
    told += [f"Not measured yet: {', '.join(missing)}."] if missing else []
    return "\n\n".join([budgets_table(rows), " ".join(told)]).strip()


def renew_costs(course: Course, runs: Sequence[Path] = ()) -> list[str]:
    """Keeps what these runs measured and writes the README's table; one line for each row that was not taken.

    Raises: DataError for a file that no run wrote.
    """
    measured = [row | _made_with(course, row) for path in runs for row in _rows(path)]
    if measured:
        rows = kept(stored_costs(course), measured)
        replace_file(_store(course), json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    readme = course.root / "README.md"
    replace_file(readme, with_block(readme.read_text(), "budgets", costs_block(course)))
    failed = [row for row in measured if not row["passed"]]
    return [f"lesson {row['lesson']} did not pass on {row['profile']}, its figures are not taken" for row in failed]


def _store(course: Course) -> Path:
    return course.root / "data" / "budgets.json"


def _rows(path: Path) -> list[dict]:
    try:
        rows = json.loads(path.read_text())
        strange = [row for row in rows if not {*_MEASURED, "passed"} <= {*row}]
    except (OSError, ValueError, TypeError) as error:
        rows, strange = [], [error]
    if strange:
        raise DataError(expected="the budgets.json of a run", got=f"{path}: {strange[0]}", try_this="make course")
    return rows


def _made_with(course: Course, row: dict) -> dict:
    """The machine, and the lesson's code: with another, the figures are of another lesson."""
    return {"machine": _machine(row["profile"]), "code": _code(*course.masters([row["lesson"]]))}


def _code(master: Path) -> str:
    return hashlib.sha256(without_words(master.read_text()).encode()).hexdigest()[:12]


def _machine(profile: str) -> str:
    """What a reader needs to know of this machine to compare figures: no name, no date."""
    if PROFILES[profile].device == "cuda":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{platform.machine()} with {os.cpu_count()} cores"


if __name__ == "__main__":
    print("\n".join(renew_costs(Course.here(), [Path(path) for path in sys.argv[1:]])) or "README.md: table of costs")
