"""Measured tables that lessons and the README quote: data/claims/NN.json, written by `vostutor claims NN`, read by `stored_claims`."""

import ast
import hashlib
import io
import json
import platform
import subprocess
import tokenize
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from pathlib import Path

from vostutor.core.errors import DataError, SettingsError
from vostutor.core.files import write_atomically
from vostutor.data.place import home

PACKAGE = Path(__file__).parents[1]

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Claims:
    """What was measured for one lesson, and how: rows of figures, the command, the machine, the sources' hash."""

    lesson: str
    rows: tuple[dict, ...]
    provenance: dict

    def where(self, **wanted) -> list[dict]:
        """The rows whose fields equal those asked for, in the order in which they were measured."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]

    def mean(self, measure: str, **wanted) -> float:
        """The mean of a figure over the rows whose fields equal those asked for.

        Raises: DataError when there is no such row.
        """
        rows = self.where(**wanted)
        if not rows:
            raise DataError(expected=f"rows with {wanted}", got="none", try_this="Claims.rows shows what there is")
        return sum(row[measure] for row in rows) / len(rows)


def stored_claims(lesson: str) -> Claims:
    """The stored table of a lesson.

    Raises: DataError when nobody has measured it.
    >>> stored_claims("00").provenance["command"].startswith("vostutor claims 00")
    True
    """
    path = home() / "claims" / f"{lesson}.json"
    if not path.exists():
        raise DataError(
            expected=f"claims/{lesson}.json in the course's data",
            got="no such file",
            try_this=f"vostutor claims {lesson}",
        )
    told = json.loads(path.read_text())
    return Claims(told["lesson"], tuple(told["rows"]), told["provenance"])


def measure_claims(
    lesson: str,
    *,
    data_root: Path | None = None,
    clips: int = 24,
    seeds: int = 5,
    workers: int | None = None,
    out: Path | None = None,
) -> Claims:
    """The table of a lesson, measured now and stored in data/claims/ (or in `out`).

    clips: of minivos for each label, where a lesson measures by label. seeds: trainings of each variant, where a lesson trains.
    workers: processes of one thread that train side by side, two on a machine with several cores when left out.

    Raises: SettingsError for a lesson that measures nothing.
    """
    try:
        measuring = import_module(f"vostutor.course.claims_{lesson}")
    except ModuleNotFoundError:
        raise SettingsError(
            expected="a lesson with a table to measure", got=repr(lesson), try_this="vostutor claims 00"
        ) from None
    asked = signature(measuring.measure).parameters  # a lesson that trains nothing has no seeds
    chosen = {name: value for name, value in {"clips": clips, "seeds": seeds}.items() if name in asked}
    side_by_side = (
        {"workers": workers} if "workers" in asked else {}
    )  # changes no figure, so the command does not tell it
    options = "".join(f" --{name} {value}" for name, value in chosen.items()) + " --data DAVIS_ROOT" * bool(data_root)
    told = {
        "command": f"vostutor claims {lesson}{options}",
        **provenance(measuring.SOURCES),
    }  # first: an edit makes it stale
    rows = measuring.measure(data_root=data_root, **chosen, **side_by_side)
    claims = Claims(lesson, tuple(rows), told)
    place = out or home() / "claims" / f"{lesson}.json"
    told = {"lesson": claims.lesson, "provenance": claims.provenance, "rows": list(claims.rows)}
    write_atomically(place, json.dumps(told, indent=1) + "\n")
    return claims


def provenance(sources: tuple[str, ...]) -> dict:
    """Where figures come from: commit, machine, versions, and the hash of the sources that decide them."""
    from vostutor.data.minivos import VERSION

    return {
        "commit": commit(),
        "hardware": f"{platform.machine()}, one thread",
        "minivos": VERSION,
        "sources": sources_hash(sources),
    }


def commit() -> str:
    """The commit of the checkout, by which figures can be made again.

    >>> len(commit()) >= 12
    True
    """
    told = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=PACKAGE, capture_output=True, text=True)
    return told.stdout.strip() or "not a checkout"


def sources_hash(sources: tuple[str, ...]) -> str:
    """SHA-256 over the code of what is named, in the given order: when it changes, figures are stale. Words do not count.

    A name is a file of the package, a folder (all of its modules), or `file.py::name`, one definition of a file that many share.

    Raises: SettingsError for a definition that the file does not have.
    >>> sources_hash(("ops",)) == sources_hash(("ops/dis.py",))
    False
    >>> sources_hash(("losses.py::multiscale_epe",)) == sources_hash(("losses.py::LEVEL_WEIGHTS",))
    False
    """
    digest = hashlib.sha256()
    for source in sources:
        file, _, definition = source.partition("::")
        place = PACKAGE / file
        for path in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            text = _definition(path, definition) if definition else path.read_text()
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + without_words(text).encode())
    return digest.hexdigest()


def without_words(text: str) -> str:
    """Python without its comments, docstrings and empty lines: a better sentence makes no figure stale.

    >>> without_words("def f():\\n    'Say.'\\n\\n    return '#'  # why\\n")
    "def f():\\n    return '#'"
    """
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            (row, column), _ = token.start, token.end
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            for row in range(node.body[0].lineno - 1, node.body[0].end_lineno):
                lines[row] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _definition(path: Path, name: str) -> str:
    """The lines of a function, class or value at the top of a module."""
    text = path.read_text()
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        if name in {getattr(target, "name", getattr(target, "id", None)) for target in targets}:
            return ast.get_source_segment(text, node)
    raise SettingsError(expected=f"{name} in {path.name}", got="no such definition", try_this="mend SOURCES")
