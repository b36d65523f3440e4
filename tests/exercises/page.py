"""docs/proof.md, the kill matrix as a page, written from data/proof without proving anything: `python -m tests.exercises.page`."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.conftest import ROOT
from vostutor.core.files import write_atomically
from vostutor.course.readme import markdown_table

_HEAD = """# How the exercises are proved

An exercise is judged by its *properties*: sentences that are true of every right answer. Whether they tell right from wrong is
measured. Plausible wrong answers, differently written right ones and the untouched stub are judged at every seed, by the door that
grading uses. A wrong one has to be rejected every time, and told its own mistake; a right one has to be accepted every time.

`make proof` proves what has changed and writes this page from [data/proof](../data/proof); a test fails when either is stale."""

_LEGEND = """In the tables that follow each exercise, columns are its properties and rows its wrong answers:

- ■ here the answer is *stopped*: the first property that does not hold, whose diagnosis a student reads
- □ it breaks this property too, after one that has stopped it
- a number says at how many of the seeds, where it is not all of them

Where a later property would be told differently, its number stands before what it says."""


def page(records: Sequence[dict]) -> str:
    """The whole page: a line a lesson, how to read it, then every exercise of every lesson."""
    lessons = [text for record in records for text in _lesson(record)]
    return "\n\n".join([_HEAD, summary(records), _LEGEND, *lessons]) + "\n"


def summary(records: Sequence[dict]) -> str:
    """A line a lesson: how many answers were tried and how many got at every seed what they deserve."""
    head = [
        "lesson",
        "exercises",
        "properties",
        "wrong answers rejected",
        "right answers accepted",
        "stubs not attempted",
    ]
    rows = [[*head, "seeds", "verdicts", "properties never first"]]
    for record in records:
        exercises, seeds = record["exercises"].values(), record["seeds"]
        rejected = [
            sum(fail["stops"] for fail in wrong["fails"]) for e in exercises for wrong in e["rejected"].values()
        ]
        accepted, blank = ([n for e in exercises for n in e[kind].values()] for kind in ("accepted", "not_attempted"))
        never = sum(len(never_first(e)) for e in exercises)
        counts = [_of(found, seeds) for found in (rejected, accepted, blank)]
        verdicts = seeds * (len(rejected) + len(accepted) + len(blank))
        properties = sum(len(e["properties"]) for e in exercises)
        link = f"[{record['lesson']}](#lesson-{record['lesson']})"
        rows.append([link, len(exercises), properties, *counts, seeds, f"{verdicts:,}", never])
    return markdown_table(rows)


def matrix(exercise: dict, seeds: int) -> str:
    """Wrong answers x properties, those that are stopped by the same property together, and what each is told."""
    numbers = range(len(exercise["properties"]))
    rows = [["wrong answer", *(str(k + 1) for k in numbers), "likely cause that it is told"]]
    for name, wrong in sorted(exercise["rejected"].items(), key=lambda item: _stops(item[1]["fails"])):
        failed = {fail["property"]: fail for fail in wrong["fails"]}
        marks = [_mark(failed[k], seeds) if k in failed else "" for k in numbers]
        rows.append([_said(name.removeprefix("wrong_")), *marks, _told(wrong["fails"])])
    return markdown_table(rows)


def properties(exercise: dict) -> str:
    """Each property: how many wrong answers break it, how many it is the first to stop, how many nothing else rejects."""
    rows = [["", "property", "breaks it", "stops here", "only here"]]
    wrong = [answer["fails"] for answer in exercise["rejected"].values()]
    for k, title in enumerate(exercise["properties"]):
        here = [[fail for fail in fails if fail["property"] == k] for fails in wrong]
        stops = sum(any(fail["stops"] for fail in found) for found in here)
        alone = sum(len(fails) == 1 for fails, found in zip(wrong, here, strict=True) if found)
        rows.append([str(k + 1), _said(title), sum(map(bool, here)), stops, alone or ""])
    return markdown_table(rows)


def never_first(exercise: dict) -> list[int]:
    """Properties, counted from 1, that stop no wrong answer at any seed: another one does before them."""
    stopping = {fail["property"] for a in exercise["rejected"].values() for fail in a["fails"] if fail["stops"]}
    return [k + 1 for k in range(len(exercise["properties"])) if k not in stopping]


def write_page(root: Path = ROOT) -> Path:
    """Writes the page from what is stored; returns the file."""
    return write_atomically(root / "docs/proof.md", page(stored_records(root)))


def stored_records(root: Path = ROOT) -> list[dict]:
    """What was proved, in the order of the lessons."""
    return [json.loads(path.read_text()) for path in sorted((root / "data/proof").glob("*.json"))]


def _lesson(record: dict) -> Iterable[str]:
    yield f"## Lesson {record['lesson']}"
    for id, exercise in record["exercises"].items():
        source = f"../tests/exercises/answers/{id.replace('.', '_')}.py"
        right = ", ".join(_said(name.removeprefix("right_")) for name in exercise["accepted"])
        yield f"### {id}"
        yield properties(exercise)
        yield f"[{len(exercise['rejected'])} wrong answers]({source}), at {record['seeds']} seeds:"
        yield matrix(exercise, record["seeds"])
        yield f"{len(exercise['accepted'])} right answers: {right}."
        if idle := never_first(exercise):
            yield f"Never first: {_listed(idle)}. At every seed another property stops what breaks {'it' if len(idle) == 1 else 'them'}."


def _of(found: Sequence[int], seeds: int) -> str:
    """How many of the answers got what they deserve at all seeds."""
    good = sum(n == seeds for n in found)
    return f"all {len(found)}" if good == len(found) else f"**{good} of {len(found)}**"


def _stops(fails: Sequence[dict]) -> int:
    """The property that stops it at most seeds."""
    return max(fails, key=lambda fail: fail["stops"])["property"]


def _mark(fail: dict, seeds: int) -> str:
    counts = (("■", fail["stops"]), ("□", fail["seeds"] - fail["stops"]))
    return " ".join(sign if n == seeds else f"{sign} {n}" for sign, n in counts if n)


def _told(fails: Sequence[dict]) -> str:
    """The diagnosis where it is stopped; a different one of another property after that property's number."""
    first = next(fail["likely"] for fail in fails if fail["property"] == _stops(fails))
    others: dict[str, list[int]] = {}
    for fail in fails:
        if fail["likely"] != first:
            others.setdefault(fail["likely"], []).append(fail["property"] + 1)
    return "<br>".join([_plain(first), *(f"{_listed(where)}: {_plain(text)}" for text, where in others.items())])


def _listed(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last


def _said(name: str) -> str:
    return _plain(name.replace("_", " ") if " " not in name else name)


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, also in a table; code between backticks stays code.

    >>> _plain("|Y| a*b `x *= 2 | y`")
    '\\\\|Y\\\\| a\\\\*b `x *= 2 \\\\| y`'
    """
    parts = re.split(r"(`[^`]*`)", text)
    escaped = (part if part.startswith("`") else re.sub(r"([*_<>\[\]])", r"\\\1", part) for part in parts)
    return "".join(escaped).replace("|", r"\|")


if __name__ == "__main__":
    print(write_page().relative_to(ROOT))
