"""A master, solutions/NN_slug.py, read into cells: the only place where a lesson is edited.

A master is a Python file in percent format. Its front matter says title and budgets:

    # ---
    # jupyter:
    #   vostutor:
    #     title: The task
    #     budgets:
    #       smoke: {minutes: 0.3, memory_gb: 0.7}
    #       cpu: {minutes: 2, memory_gb: 0.9}
    # ---

What its cells have to keep to stands in rules.py.
"""

import re
from pathlib import Path

from vostutor.core.errors import LessonError
from vostutor.core.profiles import PROFILES
from vostutor.course.lesson import Budget, Cell, Master
from vostutor.course.markers import Region, cell_lines, find_regions, mistake
from vostutor.course.rules import check_cells

# Here lines end for some readers of a text and not for others.
_ODD_BREAK = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_JUPYTEXT_NOTES = ("lines_to_next_cell", "cell_marker", "title")  # of no use outside the master


def read_master(path: Path) -> Master:
    """The lesson in a master, after checking that it keeps to the rules.

    Raises: LessonError with file and line.
    Source: the percent format of jupytext.
    """
    text = _text(path)
    lines, regions = cell_lines(text, path), find_regions(text, path)
    notebook = _parse(text, path, lines)
    ends = [*lines[1:], text.count("\n") + 2]
    cells = tuple(
        _cell(found, line, [region for region in regions if line <= region.first < end])
        for found, line, end in zip(notebook.cells, lines, ends, strict=True)
    )
    check_cells(cells, path)
    return Master(Path(path), *_front_matter(notebook.metadata.get("vostutor"), path), cells)


def _text(path: Path) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise mistake(
            path,
            1,
            expected="text in UTF-8",
            got=f"another encoding at byte {error.start}",
            try_this="save it as UTF-8",
        ) from None
    if odd := _ODD_BREAK.search(text):
        raise mistake(
            path,
            text.count("\n", 0, odd.start()) + 1,
            expected="lines that end in a newline",
            got=f"{odd.group()!r}, at which some count another line",
            try_this="write it as an escape, or leave it out",
        )
    if not text.strip():
        raise mistake(
            path,
            1,
            expected="front matter, then cells that each begin with `# %%`",
            got="an empty file",
            try_this="copy the front matter of solutions/00_the_task.py",
        )
    return text


def _parse(text: str, path: Path, lines: list[int]):
    import jupytext

    notebook = jupytext.reads(text, fmt="py:percent")
    if len(notebook.cells) != len(lines):
        raise mistake(
            path,
            lines[0] if lines else 1,
            expected="front matter under `jupyter:`, then cells that each begin with `# %%`",
            got=f"{len(notebook.cells)} cells behind {len(lines)} `# %%`",
            try_this="put front matter or text that stands before the first `# %%` where it belongs",
        )
    return notebook


def _cell(found, line: int, regions: list[Region]) -> Cell:
    metadata = {key: value for key, value in found.metadata.items() if key not in _JUPYTEXT_NOTES}
    # Line `line` of the master is the `# %%`, so the source's line 0 is the master's line + 1.
    inside = tuple(r._replace(first=r.first - line - 1, last=r.last - line - 1) for r in regions)
    return Cell(found.cell_type, found.source, line, metadata, inside)


def _front_matter(found, path: Path) -> tuple[str, dict[str, Budget]]:
    try:
        budgets = {name: Budget(**values) for name, values in found["budgets"].items()}
        title, numbers = found["title"], [number for b in budgets.values() for number in (b.minutes, b.memory_gb)]
        in_order = isinstance(title, str) and {"smoke", "cpu"} <= set(budgets) <= set(PROFILES)
        in_order = in_order and all(isinstance(number, int | float) and number > 0 for number in numbers)
    except (TypeError, KeyError, AttributeError):
        in_order = False
    if not in_order:
        raise mistake(
            path,
            1,
            expected="`jupyter:`, `vostutor:` with a title and budgets for smoke and cpu, each {minutes: .., memory_gb: ..}",
            got=f"{found!r}",
            try_this="copy the front matter of solutions/00_the_task.py",
        )
    for name, budget in budgets.items():
        _refuse_beyond_profile(name, budget, path)
    return title, budgets


def _refuse_beyond_profile(name: str, budget: Budget, path: Path) -> None:
    limit = PROFILES[name]
    if budget.minutes > limit.minutes or budget.memory_gb > limit.memory_gb:
        raise LessonError(
            expected=f"at most {limit.minutes:g} min and {limit.memory_gb:g} GB on the {name} profile",
            got=f"{budget.minutes:g} min and {budget.memory_gb:g} GB declared in {path.parent.name}/{path.name}",
            try_this="do less on this profile, or start from shipped weights",
        )
