"""Values, judged by nbval: the outputs of two runs of a cell, without running it a third time.

nbval compares while it executes. Here a lesson is executed once, by papermill, so only nbval's comparison is taken: the same code,
the same file of what may differ, the same markers in cells.
"""

from collections.abc import Sequence
from functools import cache
from os.path import commonprefix
from pathlib import Path
from types import SimpleNamespace

from nbformat import NotebookNode
from nbval.plugin import (
    IPyNbCell,
    coalesce_streams,
    find_comment_markers,
    find_metadata_tags,
    get_sanitize_patterns,
    nocolors,
)

SANITIZE = Path(__file__).with_name("sanitize.cfg")
_SHOWN = 60  # characters of each side of a difference
_SKIPPED = (
    "metadata", "traceback", "prompt_number", "output_type", "name", "execution_count",
    "application/vnd.jupyter.widget-view+json", "image/png", "image/jpeg",
)  # fmt: skip # as nbval does without nbdime; pictures.py compares those


class _Judge(IPyNbCell):
    """nbval's cell without the notebook and the kernel behind it, which only its execution needs."""

    def format_output_compare(self, key, left, right):
        """What stands around the first difference, instead of both outputs whole."""
        then, now = (value if isinstance(value, str) else repr(value) for value in (left, right))
        place = len(commonprefix([then, now]))
        start = 0 if place < _SHOWN else max(place - _SHOWN // 2, then.rfind("\n", 0, place) + 1)
        told = (repr(text[start : start + _SHOWN]) for text in (then, now))
        self.comparison_traceback.append("{}: stored {}, now {}".format(key, *told))


def value_differences(stored: NotebookNode, fresh: NotebookNode) -> list[str]:
    """What nbval finds different in the outputs of two runs of a code cell, in words; none where its markers say not to compare.

    >>> from nbformat.v4 import new_code_cell, new_output
    >>> cells = [new_code_cell("n", outputs=[new_output("stream", text=f"{n} objects")]) for n in (42, 43)]
    >>> value_differences(*cells)
    ["stdout: stored '42 objects', now '43 objects'"]
    """
    judge = _judge()
    if not is_compared(stored) or judge.compare_outputs(_outputs(fresh), _outputs(stored)):
        return []
    return [
        judge.comparison_traceback[0].split("<<<")[0]
    ]  # it stops at the first difference; what follows are the outputs


def is_compared(cell: NotebookNode) -> bool:
    """Whether nbval would compare this cell's outputs.

    >>> from nbformat.v4 import new_code_cell
    >>> is_compared(new_code_cell("1")), is_compared(new_code_cell("# NBVAL_IGNORE_OUTPUT\\n1"))
    (True, False)
    """
    options = dict(find_metadata_tags(cell.metadata)) | dict(find_comment_markers(cell.source))
    return options.get("check", True) and not options.get("skip", False)


def same_words(stored: str, fresh: str) -> bool:
    """Whether two texts are one but for what may differ from run to run.

    >>> same_words("7 frames in 3.1 s", "7 frames in 2.9 s"), same_words("7 frames", "8 frames")
    (True, False)
    """
    return _judge().sanitize(stored) == _judge().sanitize(fresh)


@cache
def _judge() -> _Judge:
    judge = _Judge.__new__(_Judge)  # pytest's own way to make one asks for a session
    patterns = dict(get_sanitize_patterns(SANITIZE.read_text()))
    judge.parent = SimpleNamespace(skip_compare=_SKIPPED, sanitize_patterns=patterns)
    judge.colors = nocolors
    return judge


def _outputs(cell: NotebookNode) -> Sequence[NotebookNode]:
    return coalesce_streams([NotebookNode(output) for output in cell.outputs])
