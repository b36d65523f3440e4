"""What a lesson's proof rests on: every file that decides a verdict, and whether they are still as they were when it was proved.

The files are found by following imports, from the judge, the worker, the lesson's exercises and their answers. The door to a folder
(`__init__.py`) and the catalog only say where something is, so they do not count: what they lead to does.
"""

import ast
import hashlib
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.conftest import ROOT
from tests.exercises.harness import answers_to, file_of
from vostutor.course.claims import without_words

_MECHANISM = ("vostutor/checks/verdict.py", "vostutor/checks/pipe.py", "vostutor/checks/worker.py")
_HARNESS = "tests/exercises/harness.py"
_BELOW = ("core", "ops", "nn")
_STAND_IN = "reference"  # what a student gets instead of an own answer; no verdict asks it


def sources(lesson: str, ids: Sequence[str], root: Path = ROOT) -> dict[str, str]:
    """A hash of each file that decides a verdict on the lesson's exercises, by its place in the checkout.

    Of the layers below the checks only the code counts; in a check and in an answer the words are told to students.
    """
    exercises = [f"vostutor/checks/lesson{lesson}/{id.partition('.')[2]}.py" for id in ids]
    answers = [file_of(id, root).relative_to(root).as_posix() for id in ids]
    places = {_HARNESS, *_reached([*_MECHANISM, *exercises, *answers], root)}
    return {place: _hash_of(root / place) for place in sorted(places) if (root / place).exists()}


def reasons(record: dict | None, lesson: str, ids: Sequence[str], seeds: int, root: Path = ROOT) -> list[str]:
    """Why a record is stale, one line each; nothing for one that is current."""
    if record is None:
        return ["there is no record"]
    told = [] if record["seeds"] == seeds else [f"proved at {record['seeds']} seeds, not {seeds}"]
    proved = record["exercises"]
    told += _not_the_same("exercise", proved, ids)
    for id in (id for id in ids if id in proved):
        names = {*proved[id]["accepted"], *proved[id]["not_attempted"], *proved[id]["rejected"]}
        there = {a.name for a in answers_to(id, root)} if file_of(id, root).exists() else ()
        told += _not_the_same(f"{id}: answer", names, there)
    then, now = record.get("sources", {}), sources(lesson, ids, root)
    told += _not_the_same("file", then, now)
    return told + [f"{place} has changed" for place in now if then.get(place, now[place]) != now[place]]


def _not_the_same(what: str, proved: Collection[str], there: Collection[str]) -> Iterator[str]:
    yield from (f"{what} {name} was not proved" for name in there if name not in proved)
    yield from (f"{what} {name} is gone" for name in proved if name not in there)


def _hash_of(path: Path) -> str:
    data = _code(path.read_text()).encode() if path.parent.name in _BELOW else path.read_bytes()
    return hashlib.sha256(data).hexdigest()[:16]


def _reached(places: Sequence[str], root: Path) -> set[str]:
    """The files and all that they import from the package, to the end."""
    found, ahead = set(), [place for place in places if (root / place).exists()]
    while ahead:
        place = ahead.pop()
        if place not in found:
            found.add(place)
            ahead += [home for name in _imported((root / place).read_text()) if (home := _home_of(name, root))]
    return found


@cache
def _imported(text: str) -> list[str]:
    """Full names of what is imported from the package, inside functions too: `from vostutor.ops import erode` is vostutor.ops.erode."""
    found: list[str] = []
    ahead: list[ast.AST] = [ast.parse(text)]
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.FunctionDef) and node.name == _STAND_IN:
            continue
        ahead += ast.iter_child_nodes(node)
        names = [alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)]
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names]
        found += [name for name in names if name.startswith("vostutor.")]
    return found


def _home_of(name: str, root: Path) -> str | None:
    """The file in which a name lives; None for a folder, which decides nothing."""
    *folder, last = name.split(".")
    place = "/".join(folder)
    for file in (f"{place}/{last}.py", f"{place}.py"):
        if (root / file).exists():
            return file
    door = root / place / "__init__.py"
    return f"{place}/{_lazy_names(door)[last]}.py" if door.exists() and last in _lazy_names(door) else None


_code = cache(without_words)  # a lesson's files are mostly another's too


@cache
def _lazy_names(door: Path) -> dict[str, str]:
    """Which module of a folder gives which name: the one dict that stands in its `__init__.py`."""
    tables = [node for node in ast.walk(ast.parse(door.read_text())) if isinstance(node, ast.Dict)]
    return ast.literal_eval(tables[0]) if tables else {}
