"""What a student gets: the lesson without its answers, without outputs, with room to write."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from nbformat import NotebookNode

from vostutor.course.lesson import Cell, Master
from vostutor.course.markers import SOLUTION, STUB, Region, mistake
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
        if cell.regions:
            source = _checked_stub(cell, master)
        if not source.strip():
            continue  # hidden as a whole
        yield cell_id(cell, position), cell, source
        if cell.reflection:
            room = replace(cell, source=ROOM, metadata={"answer": cell.reflection})
            yield cell_id(room, position), room, ROOM


def stub(cell: Cell) -> str:
    """The cell's source with `...` for each answer, or with the stub that the master has for it; hidden lines are gone.

    >>> from vostutor.course.markers import Region
    >>> source = "def f(x):\\n    # BEGIN SOLUTION\\n    return x\\n    # END SOLUTION"
    >>> print(stub(Cell("code", source, 1, regions=(Region("SOLUTION", 1, 3, "    "),))))
    def f(x):
        ...
    """
    lines = cell.source.splitlines()
    for region, below in reversed([*zip(cell.regions, [*cell.regions[1:], None], strict=True)]):
        instead = []
        if region.kind == STUB:
            instead = _uncommented(lines, region)
        elif region.kind == SOLUTION and not (below and below.kind == STUB):  # a stub is always its neighbour's
            instead = [f"{region.indent}..."]
        lines[region.first : region.last + 1] = instead
    return "\n".join(lines)


def _uncommented(lines: list[str], region: Region) -> list[str]:
    inside = lines[region.first + 1 : region.last]
    return [(region.indent + line[len(region.indent) + 2 :]).rstrip() for line in inside]


def _checked_stub(cell: Cell, master: Master) -> str:
    source = stub(cell)
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise mistake(
            master.path,
            cell.line + (error.lineno or 1),
            expected="a cell that is Python without its answer and its hidden lines",
            got=f"{error.msg} without them",
            try_this="keep the line that opens a block outside of the markers, or put the whole block inside",
        ) from None
    return source
