"""`make proof`: every answer of every exercise at twenty seeds, written down with a hash of what the result rests on.

A lesson whose record is current is left alone; `--all` proves it again. data/proof/NN.json holds the kill matrix: which wrong answer
is rejected by which property, and with which diagnosis.
"""

import argparse
import json
import sys
from pathlib import Path

from rich.progress import track

from tests.conftest import ROOT
from tests.exercises.harness import Written, answers_to, complaint, fingerprint, killed_by, verdicts_on
from vostutor.checks import LESSONS, find_exercise
from vostutor.checks.exercise import title_of
from vostutor.core.files import write_atomically

SEEDS = 20


def record_of(lesson: str) -> Path:
    """Where a lesson's proof is kept."""
    return ROOT / f"data/proof/{lesson}.json"


def is_current(lesson: str) -> bool:
    """Whether the record was made with the checks and the answers as they are now."""
    path = record_of(lesson)
    return path.exists() and json.loads(path.read_text())["fingerprint"] == fingerprint(lesson)


def prove(lesson: str, seeds: int) -> tuple[dict, list[str]]:
    """The record of a lesson, and what is not as it should be."""
    exercises, complaints = {}, []
    for id in LESSONS[lesson]:
        answers = list(answers_to(id))
        tried = {a: verdicts_on(a, seeds) for a in track(answers, f"{id:<20}")}
        complaints += [said for a, verdicts in tried.items() for v in verdicts if (said := complaint(a, v))]
        exercises[id] = {
            "properties": [title_of(p) for p in find_exercise(id).properties],
            "accepted": [a.name for a in answers if a.is_right],
            "not_attempted": [a.name for a in answers if a.is_stub],
            "rejected": {a.name: _rejection(a, verdicts) for a, verdicts in tried.items() if a.is_wrong},
        }
    record = {"lesson": lesson, "command": "make proof", "seeds": seeds, "fingerprint": fingerprint(lesson)}
    return record | {"exercises": exercises}, complaints


def _rejection(answer: Written, verdicts) -> dict:
    return {"told": answer.says, "fails": killed_by(verdicts)}


def main() -> None:
    """Proves what is stale; exits with 1, and writes nothing for a lesson in which something is not as it should be."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--all", action="store_true", help="also lessons whose record is current")
    asked, failed = options.parse_args(), False
    for lesson in LESSONS:
        if is_current(lesson) and not asked.all:
            print(f"lesson {lesson}: {record_of(lesson).relative_to(ROOT)} is current")
            continue
        record, complaints = prove(lesson, SEEDS)
        print("\n\n".join(complaints[:10]))
        if complaints:
            print(f"lesson {lesson}: {len(complaints)} verdicts are not as they should be", file=sys.stderr)
            failed = True
        else:
            write_atomically(record_of(lesson), json.dumps(record, indent=1, ensure_ascii=False) + "\n")
            print(f"lesson {lesson}: proved, see {record_of(lesson).relative_to(ROOT)}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
