"""The notebook gate: what an executed lesson has to keep to, told by cell and cause.

`look_over` reads a notebook and runs nothing. `compare_runs` holds a new run against the stored one: values as nbval judges them,
figures by what lies on their axes, other pictures by their blocks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from vostutor.course.pictures import Shown, picture_differences, pictures_in
from vostutor.course.values import is_compared, same_words, value_differences

_HIDING = ("raises-exception", "nbval-raises-exception", "nbval-skip", "skip-execution")
_HIDING_COMMENT = re.compile(r"(?m)^\s*#+\s*(NBVAL_RAISES_EXCEPTION|NBVAL_SKIP)\s*$")
_PROGRESS = re.compile(r"\d+%\|")  # a bar writes to stderr, and nobody is warned by it
_WARNED = re.compile(r"\b[A-Z]\w*Warning\b")
_TRACEBACK = "Traceback (most recent call last)"
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*(["'])\s*\S.*?\1""", re.IGNORECASE | re.DOTALL)
_NAMELESS = re.compile(r"!\[\s*\][(\[]")
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.IGNORECASE | re.DOTALL)
_TOLD = re.compile(r"<title\b|\baria-label=|\baria-hidden=", re.IGNORECASE)
_FENCED, _CODE = re.compile(r"(?ms)^(```|~~~).*?^\1"), re.compile(r"`[^`\n]+`")
_HEADING = re.compile(r"(?m)^##\s+(.+)$")
_MUTE = re.compile(r"<(Figure size .*|[\w.]+ (object )?at 0x[0-9a-f]+)>")


@dataclass(frozen=True)
class Fault:
    """What is wrong, and in which cell.

    >>> print(Fault("cell-021", "a picture has no alt text"))
    cell-021: a picture has no alt text
    """

    cell: str
    cause: str

    def __str__(self) -> str:
        return f"{self.cell}: {self.cause}"


def look_over(notebook: NotebookNode) -> list[Fault]:
    """What is wrong with an executed notebook, found by reading it; nothing for one that is in order.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cell = new_code_cell("print(1)", id="cell-001", metadata={"tags": ["parameters"]})
    >>> notebook = new_notebook(cells=[cell], metadata={"vostutor": {"lesson": "00"}})
    >>> print(*look_over(notebook), sep="\\n")
    cell-001: it was never run
    cell-001: the last cell does not print "lesson 00 ran to its end": end the lesson with finish("00")
    """
    faults = [*_faults_of_the_whole(notebook)]
    for k, cell in enumerate(notebook.cells):
        causes = [*_images_in(cell.source)] if cell.cell_type == "markdown" else [*_code_mistakes(notebook, k)]
        faults += [Fault(cell.id, cause) for cause in (*causes, *_hidden_errors(cell))]
    faults += _bare_sections(notebook)
    if told := sentinel_missing(notebook):
        faults.append(Fault(last_code(notebook), told))
    return faults


def compare_runs(stored: NotebookNode, fresh: NotebookNode) -> list[Fault]:
    """Where a new run of a notebook gives something else than the stored one; cells are matched by their ids."""
    found = {cell.id: cell for cell in fresh.cells if cell.cell_type == "code"}
    faults = []
    for cell in stored.cells:
        if cell.cell_type != "code":
            continue
        again = found.pop(cell.id, None)
        if again is None or again.source != cell.source:
            faults.append(Fault(cell.id, "its stored outputs are those of another source"))
            continue
        faults += [Fault(cell.id, cause) for cause in _cell_differences(cell, again)]
    return faults + [Fault(name, "it is not among the stored cells") for name in found]


def sentinel_missing(notebook: NotebookNode) -> str | None:
    """A complaint unless the last code cell says that the lesson ran to its end, as vostutor.checks.finish does."""
    number = notebook.metadata.get("vostutor", {}).get("lesson", "")
    sentinel = f"lesson {number} ran to its end"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printed = "".join(output.get("text", "") for output in code[-1].outputs) if code else ""
    if any(line.startswith(sentinel) for line in printed.splitlines()):
        return None
    return f'the last cell does not print "{sentinel}": end the lesson with finish("{number}")'


def last_code(notebook: NotebookNode) -> str:
    """The id of the last code cell; where there is none, the word notebook."""
    return next((cell.id for cell in reversed(notebook.cells) if cell.cell_type == "code"), "notebook")


def first_error(notebook: NotebookNode) -> tuple[str, NotebookNode] | None:
    """(id of the cell, output) of the first error in the notebook. The last of a cell's errors says most: it names the callback."""
    for cell in notebook.cells:
        errors = [output for output in cell.get("outputs", ()) if output.output_type == "error"]
        if errors:
            return cell.id, errors[-1]
    return None


def _faults_of_the_whole(notebook: NotebookNode) -> Iterator[Fault]:
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield Fault("notebook", f'{len(tagged)} cells are tagged "parameters", one has to be')
    for cause in _hidden_errors(notebook.metadata):
        yield Fault("notebook metadata", cause)


def _code_mistakes(notebook: NotebookNode, k: int) -> Iterator[str]:
    cell = notebook.cells[k]
    if cell.cell_type != "code":
        return
    position = sum(above.cell_type == "code" for above in notebook.cells[: k + 1])
    if cell.execution_count is None:
        yield "it was never run" + (", yet it has outputs" if cell.outputs else "")
    elif cell.execution_count != position:
        yield f"it was run as number {cell.execution_count} and stands at {position}: run all cells in order"
    hiding = [tag for tag in cell.metadata.get("tags", []) if tag in _HIDING] + _HIDING_COMMENT.findall(cell.source)
    for mark in hiding:
        yield f"{mark} would let an error pass: catch the error and print it"
    yield from (mistake for shown in pictures_in(cell.outputs) for mistake in shown.mistakes())
    for output in cell.outputs:
        for kind in ("text/html", "text/markdown"):
            yield from _images_in(_text(output.get("data", {}).get(kind, "")))
        if _MUTE.fullmatch(said := _text(output.get("data", {}).get("text/plain", ""))) and len(output.data) == 1:
            yield f"it ends in {said[:60]}, which shows nothing: a figure is shown by Picture(figure, alt=...)"
        if output.get("name") == "stderr":
            yield from _undiscussed(output.text, _words_around(notebook, k))


def _hidden_errors(node) -> Iterator[str]:
    """Errors in outputs and metadata at any depth, and tracebacks that were printed."""
    if isinstance(node, str):
        if _TRACEBACK in node:
            yield f"it shows a traceback: {node.strip().splitlines()[-1][:100]}"
    elif isinstance(node, dict):
        if node.get("output_type") == "error":
            yield f"it holds an error: {node.get('ename')}: {node.get('evalue')}"
            return
        for key, value in node.items():
            if key not in ("source", "id") and not str(key).startswith("image/"):
                yield from _hidden_errors(value)
    elif isinstance(node, list | tuple):
        if _TRACEBACK in (joined := "".join(part for part in node if isinstance(part, str))):
            yield from _hidden_errors(joined)
        yield from (told for part in node if not isinstance(part, str) for told in _hidden_errors(part))


def _undiscussed(stderr: str, words: str) -> Iterator[str]:
    """Warnings, and whatever else went to stderr, that the prose beside the cell does not name."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not _PROGRESS.search(line)]
    kinds = dict.fromkeys(kind for line in lines for kind in _WARNED.findall(line))
    for kind in kinds or (["stderr"] if lines else []):
        if kind not in words:
            told = next((line for line in lines if kind in line), lines[0] if lines else "")
            yield f"what it writes to stderr is not discussed: repair it, or name {kind} in the prose beside it: {told[:100]}"


def _words_around(notebook: NotebookNode, k: int) -> str:
    """The nearest prose above a cell and below it."""
    above = next((cell.source for cell in reversed(notebook.cells[:k]) if cell.cell_type == "markdown"), "")
    below = next((cell.source for cell in notebook.cells[k + 1 :] if cell.cell_type == "markdown"), "")
    return f"{above}\n{below}"


def _images_in(text: str) -> Iterator[str]:
    """Images of prose and of HTML without a word about what is seen; what stands in code is no image."""
    text = _prose(text)
    for tag in _IMAGE.findall(text):
        if not _ALT.search(tag):
            yield f"an image has no alt text: {tag[:60]}"
    for _ in _NAMELESS.findall(text):
        yield "an image has no alt text: write what is seen between ![ and ]"
    for drawing in _DRAWING.findall(text):
        if not _TOLD.search(drawing):
            yield f"a drawing has neither <title> nor aria-label: {drawing[:60]}"


def _prose(source: str) -> str:
    """Markdown without what stands in fences and between backticks."""
    return _CODE.sub("", _FENCED.sub("", source))


def _bare_sections(notebook: NotebookNode) -> Iterator[Fault]:
    """Sections in which no output is compared with anything: whatever happens there, no run would notice."""
    for heading, name, cells in _sections(notebook):
        if not any(_has_compared_output(cell) for cell in cells if cell.cell_type == "code"):
            yield Fault(
                name, f'no output is compared in section "{heading}": end one of its cells in something to look at'
            )


def _sections(notebook: NotebookNode) -> Iterator[tuple[str, str, Sequence[NotebookNode]]]:
    """(heading, id of the cell that holds it, cells up to the next) of each `##`; a line in a fence is no heading."""
    begun: list[tuple[str, str, int]] = []
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            begun += [(heading.strip(), cell.id, k) for heading in _HEADING.findall(_FENCED.sub("", cell.source))]
    ends = [k for *_, k in begun[1:]] + [len(notebook.cells)] * bool(begun)
    for (heading, name, first), end in zip(begun, ends, strict=True):
        yield heading, name, notebook.cells[first:end]


def _has_compared_output(cell: NotebookNode) -> bool:
    texts = (output.get("text") or output.get("data") for output in cell.outputs)
    return any(texts) and is_compared(cell)


def _cell_differences(stored: NotebookNode, fresh: NotebookNode) -> Iterator[str]:
    yield from value_differences(stored, fresh)
    then, now = pictures_in(stored.outputs), pictures_in(fresh.outputs)
    yield from picture_differences(then, now)
    yield from _alt_differences(then, now)


def _alt_differences(stored: Sequence[Shown], fresh: Sequence[Shown]) -> Iterator[str]:
    for then, now in zip(stored, fresh, strict=False):  # another number of pictures is told by picture_differences
        if not same_words(then.alt, now.alt):
            yield f"alt text: stored {then.alt[:100]!r}, now {now.alt[:100]!r}"


def _text(data) -> str:
    return "".join(data) if isinstance(data, list) else str(data)
