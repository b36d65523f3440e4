"""Where cells and answers begin and end in a master, read from its comments.

The tokenizer decides what a comment is, so that a marker inside a string never opens or closes an answer.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vostutor.core.errors import LessonError

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
# Close enough to a marker that its author meant one: missing it would hand the answer to the students.
_MEANT = re.compile(r"#\W*(begin|end)[\W_]*solutions?\b", re.IGNORECASE)
_CELL = re.compile(r"#\s*%%+(\s|$)")  # `# %%time` is a magic, not the beginning of a cell


class Comment(NamedTuple):
    """A comment, its line counted from 1, its column, and whether it has the line to itself."""

    line: int
    column: int
    text: str
    alone: bool


class Answer(NamedTuple):
    """The lines of one answer, markers included, counted from 1, and its indentation."""

    first: int
    last: int
    indent: str


def mistake(path: Path, line: int, *, expected: str, got: str, try_this: str) -> LessonError:
    """An error that names file and line.

    >>> mistake(Path("solutions/00_a.py"), 3, expected="x", got="y", try_this="z").got
    'y in solutions/00_a.py:3'
    """
    return LessonError(expected=expected, got=f"{got} in {path.parent.name}/{path.name}:{line}", try_this=try_this)


def comments(text: str, path: Path) -> Iterator[Comment]:
    """Every comment of a Python text, none of what only looks like one inside a string.

    Raises: LessonError with the line where the text is not Python.
    >>> [comment.text for comment in comments("a = '# no'  # yes", Path("m.py"))]
    ['# yes']
    """
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise mistake(
            path, error.lineno or 1, expected="Python", got=error.msg, try_this="run the master: it is a script"
        ) from None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            yield Comment(token.start[0], token.start[1], token.string.rstrip(), alone)


def cell_lines(text: str, path: Path) -> list[int]:
    """The lines on which cells begin.

    >>> cell_lines("# %%\\na = '''\\n# %%\\n'''\\n# %% [markdown]\\n# b", Path("m.py"))
    [1, 5]
    """
    return [comment.line for comment in comments(text, path) if comment.alone and _CELL.match(comment.text)]


def find_answers(text: str, path: Path) -> list[Answer]:
    """Every answer between `# BEGIN SOLUTION` and `# END SOLUTION`.

    Raises: LessonError with file and line for markers that are misspelt, share a line with code, nest, do not pair up, differ in
        indentation, or hold nothing.
    >>> find_answers("def f():\\n    # BEGIN SOLUTION\\n    return 1\\n    # END SOLUTION", Path("m.py"))
    [Answer(first=2, last=4, indent='    ')]
    """
    answers: list[Answer] = []
    opened: Comment | None = None
    for marker in comments(text, path):
        if not _MEANT.match(marker.text):
            continue
        _refuse_unclear(marker, path)
        if marker.text == BEGIN:
            if opened:
                raise _unpaired(path, opened, f"a second {BEGIN!r} on line {marker.line}")
            opened = marker
            continue
        if not opened:
            raise mistake(
                path, marker.line, expected=f"{BEGIN!r} before {END!r}", got="no beginning", try_this=f"add {BEGIN!r}"
            )
        answers.append(_answer(opened, marker, path))
        opened = None
    if opened:
        raise _unpaired(path, opened, "no end")
    return answers


def _refuse_unclear(marker: Comment, path: Path) -> None:
    if marker.text not in (BEGIN, END) or not marker.alone:
        raise mistake(
            path,
            marker.line,
            expected=f"{BEGIN!r} or {END!r}, alone on its line",
            got=repr(marker.text) + ("" if marker.alone else " behind code"),
            try_this="write the marker exactly so",
        )


def _unpaired(path: Path, opened: Comment, got: str) -> LessonError:
    return mistake(path, opened.line, expected=f"{END!r} after {BEGIN!r}", got=got, try_this=f"add {END!r}")


def _answer(begin: Comment, end: Comment, path: Path) -> Answer:
    if begin.column != end.column:
        raise mistake(
            path,
            end.line,
            expected=f"both markers at column {begin.column}",
            got=f"column {end.column}",
            try_this="indent both markers like the answer's first line",
        )
    if end.line == begin.line + 1:
        raise mistake(path, begin.line, expected="an answer between the markers", got="nothing", try_this="write it")
    return Answer(begin.line, end.line, " " * begin.column)
