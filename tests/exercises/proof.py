"""`make proof`: every answer of every exercise at twenty seeds, written down with a hash of what the result rests on.

A lesson whose record is current is left alone; `--all` proves it again. data/proof/NN.json holds the kill matrix: which wrong answer
is rejected by which property, and with which diagnosis; docs/proof.md shows it.
"""

import argparse
import json
import sys
from pathlib import Path

from rich.progress import track

from tests.conftest import ROOT
from tests.exercises.harness import Written, answers_to, complaint, killed_by, verdicts_on
from tests.exercises.page import write_page
from tests.exercises.sources import reasons, sources
from vostutor.checks import LESSONS, find_exercise
from vostutor.checks.exercise import title_of
from vostutor.core.files import write_atomically

SEEDS = 20


def record_of(lesson: str) -> Path:
    """Where a lesson's proof is kept."""
    return ROOT / f"data/proof/{lesson}.json"


def staleness(lesson: str) -> list[str]:
    """What has changed since the lesson was proved, one line each; nothing when the record is current."""
    path = record_of(lesson)
    record = json.loads(path.read_text()) if path.exists() else None
    return reasons(record, lesson, LESSONS[lesson], SEEDS)


def prove(lesson: str, seeds: int) -> tuple[dict, list[str]]:
    """The record of a lesson, and what is not as it should be."""
    exercises, complaints = {}, []
    for id in LESSONS[lesson]:
        answers = list(answers_to(id))
        tried = {a: verdicts_on(a, seeds) for a in track(answers, f"{id:<20}")}
        complaints += [said for a, verdicts in tried.items() for v in verdicts if (said := complaint(a, v))]
        exercises[id] = {
            "properties": [title_of(p) for p in find_exercise(id).properties],
            "accepted": {a.name: sum(v.passed for v in tried[a]) for a in answers if a.is_right},
            "not_attempted": {a.name: sum(bool(v.blank) for v in tried[a]) for a in answers if a.is_stub},
            "rejected": {a.name: _rejection(a, verdicts) for a, verdicts in tried.items() if a.is_wrong},
        }
    record = {"lesson": lesson, "command": "make proof", "seeds": seeds, "sources": sources(lesson, LESSONS[lesson])}
    return record | {"exercises": exercises}, complaints


def _rejection(answer: Written, verdicts) -> dict:
    return {"told": answer.says, "fails": killed_by(verdicts)}


def main() -> None:
    """Proves what is stale; exits with 1, and writes nothing for a lesson in which something is not as it should be."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("lessons", nargs="*", metavar="NN", help="numbers of lessons, all when left out")
    options.add_argument("--all", action="store_true", help="also lessons whose record is current")
    asked = options.parse_args()
    results = [_renew(lesson, again=asked.all) for lesson in asked.lessons or LESSONS]
    print(f"see {write_page().relative_to(ROOT)}")
    sys.exit(not all(results))


def _renew(lesson: str, *, again: bool) -> bool:
    """Whether the lesson's record is current in the end."""
    place, stale = record_of(lesson).relative_to(ROOT), staleness(lesson)
    if not stale and not again:
        print(f"lesson {lesson}: {place} is current")
        return True
    print(f"lesson {lesson}: {'; '.join(stale[:3]) or 'once more'}")
    record, complaints = prove(lesson, SEEDS)
    if complaints:
        print("\n\n".join(complaints[:10]))
        print(f"lesson {lesson}: {len(complaints)} verdicts are not as they should be", file=sys.stderr)
        return False
    write_atomically(record_of(lesson), json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    print(f"lesson {lesson}: proved, {place}")
    return True


if __name__ == "__main__":
    main()
