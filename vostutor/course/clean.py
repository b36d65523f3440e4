"""Outputs that are the same on every machine and at every run.

A stored notebook is the planned one plus the outputs of an executed one, so nothing else that papermill or a kernel adds
(injected cells, time stamps, durations, language version, widget state) can get into it. Within the outputs, what changes from
run to run is taken out here; a path of this machine is found and refused.
"""

import re
from collections import defaultdict, deque
from itertools import groupby

from nbformat import NotebookNode
from nbformat.v4 import new_output

_WIDGET = "application/vnd.jupyter.widget"  # its model id is random; the picture beside it stays
_STEADY = (
    (re.compile(r"(?m)^.*\r(?=[^\n])"), ""),  # a line that was written over
    (re.compile(r"(\d+%\|[^|\n]*\|\s*\S+) \[[^\]\n]*\]"), r"\1"),  # the clock of a progress bar
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x0"),  # where an object lay in memory
    (re.compile(r"(?m)^.*Kernel is running over TCP without encryption.*\n?"), ""),
    (re.compile(r"(?m)^Matplotlib is building the font cache.*\n?"), ""),
)
_PATH = re.compile(
    r"""(?<![\w.:/~-])/(?:home|root|work|tmp|private|Users|mnt|media|opt|usr|var|srv|data|workspace|builds)/[\w.@+-]+[^\s"'<>]*"""
    r"|\b[A-Z]:\\+(?:Users|Windows|Program|Temp)\S*"
    r"|\bfile://\S+"
)


def with_outputs(planned: NotebookNode, ran: NotebookNode | None) -> NotebookNode:
    """The planned notebook with the cleaned outputs of those cells of `ran` whose source is the same; order decides among equals."""
    stored = defaultdict(deque)
    for cell in ran.cells if ran else ():
        if cell.cell_type == "code" and cell.execution_count is not None:
            stored[cell.source].append(cell.outputs)
    for count, cell in enumerate((cell for cell in planned.cells if cell.cell_type == "code"), 1):
        if not stored[cell.source]:
            continue
        cell.execution_count = count
        cell.outputs = clean_outputs(stored[cell.source].popleft())
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return planned


def clean_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs without what differs from run to run; cleaning twice changes nothing more.

    >>> from nbformat.v4 import new_output
    >>> clean_outputs([new_output("stream", text="a"), new_output("stream", text="b at 0x7f00aa55")])[0].text
    'ab at 0x0'
    """
    kept = []
    for output in _joined(outputs):
        if output.output_type == "stream":
            output.text = _steady(output.text)
        elif "data" in output:
            output.data = {
                mime: _steady(data, mime) for mime, data in output.data.items() if not mime.startswith(_WIDGET)
            }
            output.metadata = {mime: value for mime, value in output.metadata.items() if mime in output.data}
        if output.get("text") or output.get("data") or output.output_type == "error":
            kept.append(output)
    return kept


def machine_paths(notebook: NotebookNode) -> list[str]:
    """Every path of this machine in the notebook, as `cell: path`; pictures are not searched.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> machine_paths(new_notebook(cells=[new_code_cell("open('/home/ada/a.png')", id="cell-001")]))
    ['cell-001: /home/ada/a.png']
    """
    found = [f"metadata: {path}" for path in _paths_in(notebook.metadata)]
    for cell in notebook.cells:
        found += [f"{cell.id}: {path}" for path in _paths_in(cell)]
    return found


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Copies of the outputs, one stream of each name between two displays, stdout first.

    The kernel sends a stream in pieces, and which of the two comes first is chance; only a display puts an end to both.
    """
    joined: list[NotebookNode] = []
    for is_stream, group in groupby(outputs, key=lambda output: output.output_type == "stream"):
        if not is_stream:
            joined += [NotebookNode(output) for output in group]
            continue
        streams: dict[str, str] = {}
        for output in group:
            streams[output.name] = streams.get(output.name, "") + output.text
        joined += [new_output("stream", name=name, text=streams[name]) for name in sorted(streams, reverse=True)]
    return joined


def _steady(data, mime: str = "text/plain"):
    if not isinstance(data, str) or not mime.startswith("text/"):
        return data
    for pattern, instead in _STEADY:
        data = pattern.sub(instead, data)
    return data


def _paths_in(node) -> list[str]:
    if isinstance(node, str):
        return _PATH.findall(node)
    if isinstance(node, dict):
        return [path for key, value in node.items() if not str(key).startswith("image/") for path in _paths_in(value)]
    if isinstance(node, list | tuple):
        return [path for value in node for path in _paths_in(value)]
    return []
