"""A master as the notebook of its solution, and what every notebook we write has in common: ids, metadata, layout."""

import re
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from vostutor.core.errors import LessonError
from vostutor.course.lesson import Cell, Master


def solution_notebook(master: Master) -> NotebookNode:
    """The lesson with its answers, without outputs; its parameters are those of the smoke profile, which is how it is stored.

    Raises: LessonError when the result is no valid notebook.
    """
    sources = ((cell, with_profile(cell, "smoke")) for cell in master.cells)
    return assemble(master, [(cell_id(cell, k), cell, source) for k, (cell, source) in enumerate(sources, 1)])


def assemble(master: Master, cells: Iterable[tuple[str, Cell, str]]) -> NotebookNode:
    """A notebook of cells given as (id, cell, source), with nothing in it that another build would write differently."""
    notebook = nbformat.v4.new_notebook(metadata=_metadata(master))
    try:
        for name, cell, source in cells:
            new = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
            notebook.cells.append(new(source, id=name, metadata=dict(cell.metadata)))
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise LessonError(
            expected=f"{master.name} to be a valid notebook",
            got=str(error).splitlines()[0],
            try_this="shorten the ids of its exercises to at most 48 characters",
        ) from None
    return notebook


def cell_id(cell: Cell, position: int) -> str:
    """The same id at every build: an exercise's own, or the cell's position in the master.

    >>> cell_id(Cell("code", "x", 1, {"exercise": "task.jaccard"}), 7), cell_id(Cell("code", "x", 1), 7)
    ('exercise-task-jaccard', 'cell-007')
    """
    for kind in ("exercise", "reflection", "answer"):
        if name := cell.metadata.get(kind):
            return f"{kind}-{name.replace('.', '-')}"
    return f"cell-{position:03d}"


def with_profile(cell: Cell, profile: str) -> str:
    """The cell's source; where it is the parameters cell, with that profile as its default.

    >>> with_profile(Cell("code", 'profile = "cpu"  # how much', 1, {"tags": ["parameters"]}), "smoke")
    'profile = "smoke"  # how much'
    """
    if "parameters" not in cell.tags:
        return cell.source
    return re.sub(r"(?m)^(profile\s*=\s*)([\"'])\w+\2", rf'\g<1>"{profile}"', cell.source, count=1)


def write_notebook(notebook: NotebookNode) -> str:
    """The text of a notebook file: keys sorted, so that equal notebooks are equal byte by byte."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def read_notebook(path: Path) -> NotebookNode | None:
    """The notebook in a file, None where there is none.

    Raises: LessonError for a file that is no notebook.
    """
    if not path.is_file():
        return None
    try:
        return nbformat.read(path, as_version=4)
    except (
        nbformat.reader.NotJSONError,
        nbformat.ValidationError,
        UnicodeDecodeError,
        AttributeError,
        KeyError,
    ) as error:
        raise LessonError(
            expected=f"a notebook in {path}",
            got=f"{type(error).__name__}",
            try_this=f"delete {path.name} and build again",
        ) from None


def _metadata(master: Master) -> dict:
    budgets = {
        name: {key: value for key, value in vars(budget).items() if value is not None}
        for name, budget in master.budgets.items()
    }
    return {
        # No language version: it is the kernel's business, and it would differ from machine to machine.
        "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
        "language_info": {"name": "python"},
        "vostutor": {"lesson": master.number, "title": master.title, "budgets": budgets},
    }
