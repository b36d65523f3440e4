"""A table of figures that a cell can end with: HTML where there is a front end, aligned text everywhere."""

from collections.abc import Mapping, Sequence
from html import escape

from vostutor.core.errors import DataError


class Table:
    """Rows of named values with a caption that says what they are and where they come from.

    Numbers are rounded to `digits`; None is an empty place. The largest number of each column named in `best` is bold.

    Shapes: rows is a sequence of mappings; the columns are the keys of the first.
    Raises: DataError for no rows or for a row with other keys.
    >>> Table([{"system": "copy", "J": 0.311}, {"system": "flow warp", "J": 0.449}], caption="Two baselines.")
    system       J
    copy       .31
    flow warp  .45
    Two baselines.
    """

    def __init__(self, rows: Sequence[Mapping], caption: str, *, digits: int = 2, best: Sequence[str] = ()):
        self.columns = list(rows[0]) if rows else []
        odd = [row for row in rows if list(row) != self.columns]
        if not rows or odd:
            got = f"a row with {list(odd[0])}" if odd else "no rows"
            wanted = f"rows that all have the columns {self.columns}" if odd else "at least one row"
            raise DataError(expected=wanted, got=got, try_this="None leaves a place empty")
        self.caption, self.best = caption, tuple(best)
        self.cells = [[_text(row[column], digits) for column in self.columns] for row in rows]
        self._bold = {(_best_row(rows, column), column) for column in self.best}

    def __repr__(self) -> str:
        table = [self.columns, *self.cells]
        widths = [max(len(row[k]) for row in table) for k in range(len(self.columns))]
        lines = ["  ".join(_aligned(row, widths)).rstrip() for row in table]
        return "\n".join([*lines, self.caption])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="{_side(k)}">{escape(c)}</th>' for k, c in enumerate(self.columns))
        body = "".join(f"<tr>{self._html_row(i, row)}</tr>" for i, row in enumerate(self.cells))
        caption = f'<caption style="caption-side:bottom;text-align:left">{escape(self.caption)}</caption>'
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _html_row(self, i: int, row: list[str]) -> str:
        cells = [f"<b>{escape(c)}</b>" if (i, self.columns[k]) in self._bold else escape(c) for k, c in enumerate(row)]
        first = f'<th scope="row" style="text-align:left;font-weight:normal">{cells[0]}</th>'
        return first + "".join(f'<td style="{_side(k)}">{c}</td>' for k, c in enumerate(cells) if k)


def _text(value, digits: int) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"
    return str(value)


def _aligned(row: list[str], widths: list[int]) -> list[str]:
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _side(column: int) -> str:
    return "text-align:right" if column else "text-align:left"


def _best_row(rows: Sequence[Mapping], column: str) -> int:
    return max(range(len(rows)), key=lambda i: rows[i][column] if rows[i][column] is not None else float("-inf"))
