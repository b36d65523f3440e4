"""Runs every answer of an exercise through the door that grading uses: source text in another process, tensors and JSON across.

An exercise's answers are the functions `right_*` and `wrong_*` of answers/<id with an underscore>.py; the docstring of a wrong one is
what its diagnosis has to say.
"""

import ast
import atexit
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tests.conftest import ROOT
from vostutor.checks import LESSONS, Nursery, PipeAnswer, Verdict, find_exercise, judge

FOLDER = ROOT / "tests/exercises/answers"


@dataclass(frozen=True)
class Written:
    """One answer: whose exercise, its function, the text that defines it, and for a wrong one what the diagnosis has to say."""

    exercise: str
    name: str
    source: str
    says: str = ""

    @property
    def is_right(self) -> bool:
        return self.name.startswith("right_")

    @property
    def is_wrong(self) -> bool:
        return self.name.startswith("wrong_")

    @property
    def is_stub(self) -> bool:
        return self.name == "stub"

    def __str__(self) -> str:
        return f"{self.exercise}-{self.name}"


def answers_to(id: str) -> Iterator[Written]:
    """The answers on file, and the stub that every student notebook starts with."""
    source = (FOLDER / f"{id.replace('.', '_')}.py").read_text()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("right_", "wrong_")):
            yield Written(id, node.name, source, ast.get_docstring(node) or "")
    yield Written(id, "stub", "def stub(*inputs):\n    ...\n")


@cache
def nursery() -> Nursery:
    """One for all tests: it takes three seconds to load torch, and a worker of it some milliseconds to start."""
    shared = Nursery()
    atexit.register(shared.close)
    return shared


def verdicts_on(answer: Written, seeds: int) -> list[Verdict]:
    """One verdict for each seed, all from one process."""
    with PipeAnswer(answer.source, answer.name, nursery().worker()) as asked:
        return [judge(find_exercise(answer.exercise), asked, seed) for seed in range(seeds)]


def complaint(answer: Written, verdict: Verdict) -> str | None:
    """Why this is not what should come of the answer, None when it is."""
    report = "\n".join(verdict.lines())
    if answer.is_stub:
        return None if "not attempted" in report and verdict.points == 0 else f"the stub counts as attempted\n{report}"
    if answer.is_right:
        return None if verdict.passed else f"{answer} is right and was rejected\n{report}"
    if verdict.passed or verdict.blank:
        return f"{answer} is wrong and was not rejected\n{report}"
    return None if answer.says in verdict.stopped_at.likely else f"{answer} should be told {answer.says!r}\n{report}"


def fingerprint(lesson: str) -> str:
    """A hash of everything that a lesson's proof rests on: the mechanism, the lesson's checks, the answers."""
    checks = ROOT / "vostutor/checks"
    files = [*checks.glob("*.py"), *(checks / f"lesson{lesson}").glob("*.py"), ROOT / "tests/exercises/harness.py"]
    files += [FOLDER / f"{id.replace('.', '_')}.py" for id in LESSONS[lesson]]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def killed_by(verdicts: Sequence[Verdict]) -> list[dict]:
    """Which properties a wrong answer fails, in how many seeds, and what it is told there most often."""
    told: dict[int, Counter] = {}
    for verdict in verdicts:
        for k, finding in enumerate(verdict.findings):
            if not finding.holds:
                told.setdefault(k, Counter())[finding.likely] += 1
    return [
        {"property": k, "seeds": likely.total(), "likely": likely.most_common(1)[0][0]}
        for k, likely in sorted(told.items())
    ]
