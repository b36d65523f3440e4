"""Runs every answer of an exercise through the door that grading uses: source text in another process, tensors and JSON across.

An exercise's answers are the functions `right_*` and `wrong_*` of answers/<id with an underscore>.py; the docstring of a wrong one is
what its diagnosis has to say.
"""

import ast
import atexit
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT
from vostutor.checks import Nursery, PipeAnswer, Verdict, find_exercise, judge


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


def file_of(id: str, root: Path = ROOT) -> Path:
    """Where the answers to an exercise stand."""
    return root / f"tests/exercises/answers/{id.replace('.', '_')}.py"


def answers_to(id: str, root: Path = ROOT) -> Iterator[Written]:
    """The answers on file, and the stub that every student notebook starts with."""
    source = file_of(id, root).read_text()
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


def killed_by(verdicts: Sequence[Verdict]) -> list[dict]:
    """Which properties a wrong answer fails: in how many seeds, in how many of these it stops there, and what it is told most often."""
    told: dict[int, Counter] = {}
    stops: Counter = Counter()
    for verdict in verdicts:
        failed = [k for k, finding in enumerate(verdict.findings) if not finding.holds]
        stops.update(failed[:1])
        for k in failed:
            told.setdefault(k, Counter())[verdict.findings[k].likely] += 1
    return [
        {"property": k, "seeds": likely.total(), "stops": stops[k], "likely": likely.most_common(1)[0][0]}
        for k, likely in sorted(told.items())
    ]
