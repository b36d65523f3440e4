"""What the cells of a master have to keep to, so that a lesson can be handed out, run and graded."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from vostutor.core.profiles import PROFILES
from vostutor.course.lesson import Cell
from vostutor.course.markers import BEGIN, END, HIDDEN, STUB, mistake

PARAMETERS = ("profile", "seed", "data_root", "device")  # what a run may set in every lesson
_VALUES = ("points", "difficulty", "minutes")
_KNOWN = {"tags", "exercise", "reflection", "answer", *_VALUES}
_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def check_cells(cells: Sequence[Cell], path: Path) -> None:
    """Nothing, when the cells are in order.

    Raises: LessonError with file and line.
    """
    for cell in cells:
        _check_metadata(cell, path)
        _check_answers(cell, path)
        _check_regions(cell, path)
    _check_ids(cells, path)
    _check_neighbours(cells, path)
    _check_parameters(cells, path)


def parameters_of(source: str) -> dict[str, object]:
    """The names that a parameters cell gives a value, with their values.

    >>> parameters_of('profile = "cpu"  # how much\\nseed = 0')
    {'profile': 'cpu', 'seed': 0}
    """
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def _check_metadata(cell: Cell, path: Path) -> None:
    unknown = set(cell.metadata) - _KNOWN
    if unknown or cell.kind not in ("code", "markdown") or not cell.source.strip():
        raise mistake(
            path,
            cell.line,
            expected=f"a code or markdown cell that is not empty, with no keys but {', '.join(sorted(_KNOWN))}",
            got=f"a {cell.kind} cell, {len(cell.source)} characters, keys {sorted(cell.metadata)}",
            try_this='spell it like this: # %% exercise="flow.correlation" points=4 difficulty=3 minutes=15',
        )
    if not (name := cell.exercise or cell.reflection):
        return
    points, difficulty, minutes = (cell.metadata.get(key) for key in _VALUES)
    whole = all(type(value) is int and value > 0 for value in (points, difficulty, minutes))
    if not whole or difficulty > 5 or not _ID.fullmatch(str(name)):
        raise mistake(
            path,
            cell.line,
            expected="an id like flow.correlation, and points, difficulty (1 to 5) and minutes as whole numbers",
            got=f"{name!r}, points {points}, difficulty {difficulty}, minutes {minutes}",
            try_this="complete the line of the cell",
        )


def _check_answers(cell: Cell, path: Path) -> None:
    if bool(cell.exercise) != bool(cell.answers):
        raise mistake(
            path,
            cell.line,
            expected=f"an answer between {BEGIN!r} and {END!r} in every exercise cell, and nowhere else",
            got=f"exercise {cell.exercise!r} with {len(cell.answers)} answers",
            try_this="mark the answer" if cell.exercise else 'add exercise="lesson.name" points=.. to the cell',
        )
    kinds = {"exercise": "code", "reflection": "markdown", "answer": "markdown"}
    for key, kind in kinds.items():
        if key in cell.metadata and cell.kind != kind:
            raise mistake(
                path, cell.line, expected=f"{key} on a {kind} cell", got=cell.kind, try_this="change its kind"
            )


def _check_regions(cell: Cell, path: Path) -> None:
    """Every region ends in its cell; hidden lines are nothing that a student needs; a stub leaves something to do."""
    for region in cell.regions:
        line, end = cell.line + 1 + region.first, f"'# END {region.kind}'"
        if region.last >= len(cell.source.splitlines()):
            raise mistake(
                path,
                line,
                expected=f"{end} in the cell that holds its beginning",
                got="lines that run into the next cell",
                try_this=f"move {end} up",
            )
        if region.kind == HIDDEN and (cell.kind != "code" or cell.exercise or "parameters" in cell.tags):
            raise mistake(
                path,
                line,
                expected="hidden lines in a code cell that is no exercise and sets no parameters",
                got="an exercise" if cell.exercise else "parameters" if cell.tags else f"a {cell.kind} cell",
                try_this="put them into the answer, or into a cell of their own",
            )
        if region.kind == STUB and "..." not in cell.inside(region):
            raise mistake(
                path,
                line,
                expected="a stub with `...` where the answer goes, by which an untouched one is known",
                got="none",
                try_this="put `...` in the place of what a student should write",
            )


def _check_ids(cells: Sequence[Cell], path: Path) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        name = cell.exercise or cell.reflection
        if name and (first := seen.setdefault(name, cell.line)) != cell.line:
            raise mistake(
                path,
                cell.line,
                expected="each exercise once",
                got=f"{name!r} again, after line {first}",
                try_this="rename one",
            )


def _check_neighbours(cells: Sequence[Cell], path: Path) -> None:
    """An exercise is checked right under it; a model answer stands right under its question."""
    for k, cell in enumerate(cells):
        if cell.exercise and not _checks(cells[k + 1 : k + 2], cell.exercise):
            raise mistake(
                path,
                cell.line,
                expected="a cell right under the exercise that checks it",
                got=f"no check({cell.exercise!r}, ...)",
                try_this=f'fn = check("{cell.exercise}", fn)',
            )
        if cell.answer and (k == 0 or cells[k - 1].reflection != cell.answer):
            raise mistake(
                path,
                cell.line,
                expected=f"the question {cell.answer!r} in the cell above its answer",
                got="another cell",
                try_this=f'# %% [markdown] reflection="{cell.answer}" points=.. difficulty=.. minutes=..',
            )


def _checks(below: Sequence[Cell], exercise: str) -> bool:
    """Whether the cell calls check with that exercise. A line of magic is no Python, and no check either."""
    if not below or below[0].kind != "code":
        return False
    try:
        tree = ast.parse(below[0].outside(HIDDEN))
    except SyntaxError:
        return False
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    return any(
        getattr(call.func, "id", getattr(call.func, "attr", "")) == "check"
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == exercise
        for call in calls
    )


def _check_parameters(cells: Sequence[Cell], path: Path) -> None:
    tagged = [cell for cell in cells if "parameters" in cell.tags]
    line = tagged[0].line if tagged else 1
    try:
        found = parameters_of(tagged[0].source) if len(tagged) == 1 else {}
    except (SyntaxError, ValueError):
        found = {}
    if not set(PARAMETERS) <= set(found) or found["profile"] not in PROFILES:
        raise mistake(
            path,
            line,
            expected=f'one cell tagged "parameters" that sets {", ".join(PARAMETERS)} to plain values, profile to a profile',
            got=f"{len(tagged)} such cells, setting {sorted(found)}",
            try_this='# %% tags=["parameters"]',
        )
