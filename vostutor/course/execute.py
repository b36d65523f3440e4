"""One notebook, executed by papermill in a kernel of its own and measured.

papermill runs in this process: it is imported once for all lessons (1.6 s), it tells us which cell runs, and the kernel, which is
a process of its own, can crash or hang without taking us along.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from vostutor.core.errors import SettingsError
from vostutor.course.gate import first_error, last_code, sentinel_missing
from vostutor.course.kernel import started_kernel
from vostutor.course.meter import Limits, Meter
from vostutor.course.notebook import read_notebook, write_notebook
from vostutor.course.places import replace_file
from vostutor.course.rules import parameters_of

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ran:
    """What became of a notebook: as executed, why it counts as failed (None: it does not), in which cell, and what it cost.

    Without a failure the cell is the one that ran last.

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
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    on_cell: Callable[[int, int], None] = lambda k, n: None,
) -> Ran:
    """The notebook after its execution, which is also written to `out`; a cell that fails, hangs or kills the kernel ends it.

    A kernel that breaks one of the `limits` is killed with all that it started. It runs beside `out`, its settings and caches lie in
    `folder`. `on_cell(k, n)` is told when code cell k of n starts.

    Raises: SettingsError for a parameter that the notebook does not have.
    """
    notebook, out = deepcopy(notebook), Path(out).absolute()
    refuse_unknown(parameters or {}, notebook)
    out.parent.mkdir(parents=True, exist_ok=True)
    n_cells = sum(cell.cell_type == "code" for cell in notebook.cells) + bool(parameters)
    started: list[NotebookNode] = []

    def starts(cell, cell_index):
        started.append(cell)
        on_cell(len(started), n_cells)

    clock = time.perf_counter()
    out.unlink(missing_ok=True)  # an earlier run's notebook says nothing about this one
    with started_kernel(folder, out.parent, threads) as manager, Meter(manager.provisioner.pid, limits) as meter:
        failure = _execute(
            notebook, out, parameters, km=manager, execution_timeout=cell_timeout, on_cell_execute=starts
        )
    wall = time.perf_counter() - clock
    ran = _written(out, notebook, started)
    failure, cell = _judged(ran, meter.broken or failure, started[-1].id if started else None)
    return Ran(ran, failure, cell, len(started), n_cells, wall, meter.cpu_seconds, meter.peak_bytes / 1e9)


def _judged(ran: NotebookNode, failure: str | None, last: str | None) -> tuple[str | None, str | None]:
    """(failure, cell). papermill passes `sys.exit(0)`, and goes on after a callback that raised: the first error tells more."""
    if error := first_error(ran):
        cell, output = error
        ends = output.ename == "SystemExit"
        told = "the lesson ends here, and no cell below was run" if ends else output.evalue
        return _in_one_line(_COLOUR.sub("", f"{output.ename}: {told}").strip()), cell
    if failure:
        return failure, last
    if told := sentinel_missing(ran):
        return told, last_code(ran)
    return None, last


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
            request_save_on_cell_execute=False,  # twice a cell the whole notebook: as much work as all else that papermill does
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


def _written(out: Path, notebook: NotebookNode, started: Sequence[NotebookNode]) -> NotebookNode:
    """What papermill wrote. It writes nothing when a kernel dies or hangs: then the cells that were started, in their places."""
    if ran := read_notebook(out):
        return ran
    live, cells = {cell.id: cell for cell in started}, []
    for cell in notebook.cells:
        cells.append(live.get(cell.id, cell))
        if "parameters" in cell.metadata.get("tags", []):
            cells += [new for new in started if "injected-parameters" in new.metadata.get("tags", [])]
    notebook.cells = cells
    replace_file(out, write_notebook(notebook))
    return notebook
