"""One notebook, executed by papermill in a kernel of its own and measured.

papermill runs in this process: it is imported once for all lessons (1.6 s), it tells us which cell runs, and the kernel, which is
a process of its own, can crash or hang without taking us along.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from vostutor.core.errors import SettingsError
from vostutor.course.kernel import started_kernel
from vostutor.course.meter import Meter
from vostutor.course.rules import parameters_of

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ran:
    """What became of a notebook: as executed, why it did not reach its end (None: it did), the cell that ran last, what it cost.

    Units: seconds; memory in 10^9 bytes.
    """

    notebook: NotebookNode
    failure: str | None
    cell_id: str | None
    cells: int  # code cells that were started, of n_cells
    n_cells: int
    wall_seconds: float
    cpu_seconds: float
    memory_gb: float


def run_notebook(
    notebook: NotebookNode,
    out: Path,
    *,
    folder: Path,
    parameters: Mapping[str, object] | None = None,
    threads: int | None = None,
    cell_timeout: float | None = None,
    on_cell: Callable[[int, int], None] = lambda k, n: None,
) -> Ran:
    """The notebook after its execution, which is also written to `out`; a cell that fails, hangs or kills the kernel ends it.

    The kernel runs beside `out`, its settings and caches lie in `folder`. `on_cell(k, n)` is told when code cell k of n starts.

    Raises: SettingsError for a parameter that the notebook does not have.
    """
    notebook, out = deepcopy(notebook), Path(out).absolute()
    refuse_unknown(parameters or {}, notebook)
    out.parent.mkdir(parents=True, exist_ok=True)
    n_cells = sum(cell.cell_type == "code" for cell in notebook.cells) + bool(parameters)
    started: list[str] = []

    def starts(cell, cell_index):
        started.append(cell.id)
        on_cell(len(started), n_cells)

    clock = time.perf_counter()
    with started_kernel(folder, out.parent, threads) as manager, Meter(manager.provisioner.pid) as meter:
        failure = _execute(
            notebook, out, parameters, km=manager, execution_timeout=cell_timeout, on_cell_execute=starts
        )
    wall = time.perf_counter() - clock
    ran = _read(out, notebook)
    failure = failure or _sentinel_missing(ran)
    last = started[-1] if started else None
    return Ran(ran, failure, last, len(started), n_cells, wall, meter.cpu_seconds, meter.peak_bytes / 1e9)


def refuse_unknown(parameters: Mapping[str, object], notebook: NotebookNode) -> None:
    """Nothing, when the notebook's parameters cell names them all: papermill itself would only warn.

    Raises: SettingsError naming those that it lacks.
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    known = set().union(*(parameters_of(cell.source) for cell in cells))
    if unknown := set(parameters) - known:
        raise SettingsError(
            expected=f"parameters among {', '.join(sorted(known)) or 'none: no cell is tagged parameters'}",
            got=", ".join(sorted(unknown)),
            try_this="add them to the lesson's parameters cell, or leave them out",
        )


def _execute(notebook: NotebookNode, out: Path, parameters, **options) -> str | None:
    """Why the notebook did not run to its end, in one line; None when it did."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    for name in ("papermill", "traitlets"):  # they would repeat what we say ourselves
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        papermill.execute_notebook(
            notebook,
            str(out).replace("{", "{{").replace("}", "}}"),
            dict(parameters or {}),
            progress_bar=False,
            **options,
        )
    except papermill.PapermillExecutionError as error:
        return _in_one_line(_COLOUR.sub("", f"{error.ename}: {error.evalue}").strip())
    except CellTimeoutError:
        return f"no answer for {options['execution_timeout']:g} s, so the cell was given up"
    except DeadKernelError:
        return "the kernel died: out of memory, or a crash in compiled code"
    except RuntimeError as error:  # jupyter_client's word for a kernel that never answered
        return f"the kernel did not start: {error}"
    return None


def _in_one_line(told: str) -> str:
    """The first line of an error, and of ours all three, because the last says what to try."""
    lines = told.splitlines()
    kept = lines[:3] if ": expected  " in lines[0] else lines[:1]
    return "; ".join(" ".join(line.split()) for line in kept)


def _read(out: Path, notebook: NotebookNode) -> NotebookNode:
    from vostutor.course.notebook import read_notebook

    return read_notebook(out) or notebook


def _sentinel_missing(notebook: NotebookNode) -> str | None:
    """A complaint unless the last code cell says that the lesson ran to its end, as vostutor.checks.finish does."""
    number = notebook.metadata.get("vostutor", {}).get("lesson", "")
    sentinel = f"lesson {number} ran to its end"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printed = "".join(output.get("text", "") for output in code[-1].outputs) if code else ""
    if any(line.startswith(sentinel) for line in printed.splitlines()):
        return None
    return f'the last cell does not print "{sentinel}": end the lesson with finish("{number}")'
