"""What a student gets: the lesson without its answers, without outputs, with room to write."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from nbformat import NotebookNode

from vostutor.course.lesson import Cell, Master
from vostutor.course.markers import mistake
from vostutor.course.notebook import assemble, cell_id, with_profile

ROOM = "*Your answer:*"  # where a written question is answered


def student_notebook(master: Master) -> NotebookNode:
    """The lesson with `...` for every answer and an empty cell under every written question; its profile is cpu.

    Raises: LessonError for an exercise that is no Python without its answer.
    """
    return assemble(master, _cells(master))


def _cells(master: Master) -> Iterator[tuple[str, Cell, str]]:
    for position, cell in enumerate(master.cells, 1):
        if cell.answer:
            continue  # a model answer, for teachers
        source = with_profile(cell, "cpu")
        if cell.exercise:
            source = _checked_stub(cell, master)
        yield cell_id(cell, position), cell, source
        if cell.reflection:
            room = replace(cell, source=ROOM, metadata={"answer": cell.reflection})
            yield cell_id(room, position), room, ROOM


def stub(cell: Cell) -> str:
    """The cell's source with `...` for each answer, at the answer's indentation.

    >>> source = "def f(x):\\n    # BEGIN SOLUTION\\n    return x\\n    # END SOLUTION"
    >>> print(stub(Cell("code", source, 1, answers=((1, 3, "    "),))))
    def f(x):
        ...
    """
    lines = cell.source.splitlines()
    for first, last, indent in reversed(cell.answers):
        lines[first : last + 1] = [f"{indent}..."]
    return "\n".join(lines)


def _checked_stub(cell: Cell, master: Master) -> str:
    source = stub(cell)
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise mistake(
            master.path,
            cell.line + (error.lineno or 1),
            expected="an exercise that is Python when its answer is replaced by `...`",
            got=f"{error.msg} without the answer",
            try_this="keep the line that opens a block outside of the answer, or put the whole block inside",
        ) from None
    return source
