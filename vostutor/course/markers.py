"""Where cells begin, and which of their lines not everybody gets, read from the comments of a master.

Three kinds of region, each between `# BEGIN KIND` and `# END KIND`, alone on their lines:

    SOLUTION  an answer; a student gets `...` in its place
    STUB      right below an answer: what a student gets in place of `...`, as comments, so that the master still runs
    HIDDEN    what only teachers get; for a student it is not there

The tokenizer decides what a comment is, so that a marker inside a string never opens or closes a region; and because whoever wrote
one there is mistaken about one of the two, it is refused.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from vostutor.core.errors import LessonError

SOLUTION, STUB, HIDDEN = KINDS = ("SOLUTION", "STUB", "HIDDEN")
BEGIN, END = f"# BEGIN {SOLUTION}", f"# END {SOLUTION}"
_MARKERS = {f"# {word} {kind}": (word, kind) for word in ("BEGIN", "END") for kind in KINDS}
# Close enough to a marker that its author meant one: missing it would hand the answer to the students.
_MEANT = re.compile(r"#\W*(begin|end)[\W_]*(solutions?|stubs?|hidden)\b", re.IGNORECASE)
# A comment of two or three capital words, one of which says that something begins or ends, or is nearly the name of a kind.
_SHOUTED = re.compile(r"#\W*[A-Z]{3,}([\W_]+[A-Z]{3,}){1,2}\W*")
_BORDERS = ("BEGIN", "END", "START", "STOP")
_CELL = re.compile(r"#\s*%%+(\s|$)")  # `# %%time` is a magic, not the beginning of a cell
# An f-string is one token before Python 3.12, and its literal parts are tokens of their own since.
_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


class Comment(NamedTuple):
    """A comment, its line counted from 1, its column, and whether it has the line to itself."""

    line: int
    column: int
    text: str
    alone: bool


class Region(NamedTuple):
    """The lines of one region, markers included, counted from 1, and its indentation."""

    kind: str
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
    for token in _tokens(text, path):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            yield Comment(token.start[0], token.start[1], token.string.rstrip(), alone)


def cell_lines(text: str, path: Path) -> list[int]:
    """The lines on which cells begin.

    >>> cell_lines("# %%\\na = '''\\n# %%\\n'''\\n# %% [markdown]\\n# b", Path("m.py"))
    [1, 5]
    """
    return [comment.line for comment in comments(text, path) if comment.alone and _CELL.match(comment.text)]


def find_regions(text: str, path: Path) -> list[Region]:
    """Every region of a master, in order.

    Raises: LessonError with file and line for markers that are misspelt, share a line with code, stand in a string, nest, do not
        pair up, differ in indentation, or hold nothing; for a stub that is not right below an answer, or no comment.
    >>> find_regions("def f():\\n    # BEGIN SOLUTION\\n    return 1\\n    # END SOLUTION", Path("m.py"))
    [Region(kind='SOLUTION', first=2, last=4, indent='    ')]
    """
    regions: list[Region] = []
    opened: Comment | None = None
    _refuse_in_strings(text, path)
    for marker in comments(text, path):
        if not _MEANT.match(marker.text) and not _nearly(marker):
            continue
        _refuse_unclear(marker, path)
        word, _ = _MARKERS[marker.text]
        if opened and word == "BEGIN":
            raise _unpaired(path, opened, f"a second beginning, {marker.text!r}, on line {marker.line}")
        if word == "BEGIN":
            opened = marker
            continue
        regions.append(_region(opened, marker, path))
        opened = None
    if opened:
        raise _unpaired(path, opened, "no end")
    _check_stubs(regions, text.splitlines(), path)
    return regions


def _tokens(text: str, path: Path) -> Iterator[tokenize.TokenInfo]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise mistake(
            path, error.lineno or 1, expected="Python", got=error.msg, try_this="run the master: it is a script"
        ) from None
    return tokenize.generate_tokens(io.StringIO(text).readline)


def _refuse_in_strings(text: str, path: Path) -> None:
    for token in _tokens(text, path):
        if token.type in _STRINGS and (found := _MEANT.search(token.string)):
            raise mistake(
                path,
                token.start[0] + token.string.count("\n", 0, found.start()),
                expected="markers in comments only",
                got=f"{found.group()!r} inside a string, where it marks nothing",
                try_this="end the string before it, or say it in other words",
            )


def _nearly(marker: Comment) -> bool:
    """Whether a comment looks like a marker whose words are wrong: two words in capitals, near to BEGIN or END and to a kind.

    >>> [_nearly(Comment(1, 0, text, True)) for text in ("# BEGIN SOLUTON", "# START HIDDEN", "# HIDDEN BEGIN", "# BEGIN HERE", "# TODO")]
    [True, True, True, False, False]
    """
    if not (marker.alone and _SHOUTED.fullmatch(marker.text)):
        return False
    words = re.findall("[A-Z]{3,}", marker.text)
    return all(any(get_close_matches(word, names, 1, 0.7) for word in words) for names in (_BORDERS, KINDS))


def _refuse_unclear(marker: Comment, path: Path) -> None:
    if marker.text not in _MARKERS or not marker.alone:
        raise mistake(
            path,
            marker.line,
            expected="`# BEGIN` or `# END` and one of " + ", ".join(KINDS) + ", alone on its line",
            got=repr(marker.text) + ("" if marker.alone else " behind code"),
            try_this="write the marker exactly so",
        )


def _unpaired(path: Path, opened: Comment, got: str) -> LessonError:
    end = opened.text.replace("BEGIN", "END")
    return mistake(path, opened.line, expected=f"{end!r} after {opened.text!r}", got=got, try_this=f"add {end!r}")


def _region(begin: Comment | None, end: Comment, path: Path) -> Region:
    wanted = end.text.replace("END", "BEGIN")
    if not begin:
        raise mistake(
            path, end.line, expected=f"{wanted!r} before {end.text!r}", got="no beginning", try_this=f"add {wanted!r}"
        )
    if begin.text != wanted:
        raise _unpaired(path, begin, f"{end.text!r} on line {end.line}")
    if begin.column != end.column:
        raise mistake(
            path,
            end.line,
            expected=f"both markers at column {begin.column}",
            got=f"column {end.column}",
            try_this="indent both markers like the first line between them",
        )
    if end.line == begin.line + 1:
        raise mistake(path, begin.line, expected="lines between the markers", got="nothing", try_this="write them")
    return Region(_MARKERS[begin.text][1], begin.line, end.line, " " * begin.column)


def _check_stubs(regions: Sequence[Region], lines: Sequence[str], path: Path) -> None:
    """A stub is right below the answer that it stands for, indented like it, and all of it is comments."""
    for before, stub in zip([None, *regions], regions, strict=False):
        if stub.kind != STUB:
            continue
        if not before or (before.kind, before.last + 1, before.indent) != (SOLUTION, stub.first, stub.indent):
            raise mistake(
                path,
                stub.first,
                expected=f"'# BEGIN {STUB}' right below {END!r}, at the same column",
                got="a stub that belongs to no answer",
                try_this="move it there",
            )
        for number in range(stub.first + 1, stub.last):
            if not (lines[number - 1] + " ").startswith(f"{stub.indent}# "):
                raise mistake(
                    path,
                    number,
                    expected=f"each line of a stub behind `# ` at column {len(stub.indent)}",
                    got=repr(lines[number - 1]),
                    try_this="make it a comment: students get what stands behind the `# `",
                )
