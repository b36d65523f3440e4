"""Lessons, executed one after the other and held to their budgets."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nbformat import NotebookNode

from vostutor.core.errors import SettingsError, VosError
from vostutor.core.profiles import Profile, profile_named
from vostutor.course.budget import Outcome
from vostutor.course.clean import with_outputs
from vostutor.course.execute import Ran, run_notebook
from vostutor.course.gate import Fault, compare_runs, look_over
from vostutor.course.lesson import Master
from vostutor.course.master import read_master
from vostutor.course.meter import Limits
from vostutor.course.notebook import cell_id, read_notebook, solution_notebook
from vostutor.course.places import Course, replace_file

_PATIENCE = 4  # times the profile's minutes for a single cell: a busy machine is slow, an endless cell is endless
_LONGEST = 20  # times the profile's minutes for the whole run, whatever its cells do: then its kernel is killed
STORED = {"profile": "smoke", "seed": 0, "data_root": None, "device": "cpu"}  # what a solution's outputs are of


def run_lessons(
    course: Course,
    numbers: Sequence[str] = (),
    *,
    profile: str = "cpu",
    seed: int = 0,
    data_root: Path | None = None,
    device: str | None = None,
    out: Path | None = None,
    check: bool = False,
    tell: Callable[[str], None] = print,
) -> list[Outcome]:
    """How each lesson fared; `out` gets the executed notebooks and budgets.json. A lesson that fails does not stop the others.

    With `check` each run is compared with the stored solution, which is a smoke run of seed 0 on minivos.

    Raises: SettingsError for a lesson, profile or device that does not exist, DataError for data that cannot be opened. Both
        come before a kernel starts.
    """
    chosen = profile_named(profile)
    device = _usable(device or chosen.device, profile)
    if data_root is not None:
        from vostutor.data.real import open_real

        open_real(data_root)  # now, and not in the tenth cell of each lesson
    parameters = {
        "profile": profile,
        "seed": seed,
        "data_root": str(Path(data_root).absolute()) if data_root else None,
        "device": device,
    }
    out = Path(out or course.root / "build" / "run")
    if check and parameters != STORED:
        raise SettingsError(
            expected=f"the run that is stored, {STORED}",
            got=f"{parameters}",
            try_this="vostutor run --check --profile smoke",
        )
    outcomes = []
    for path in course.masters(numbers):
        outcomes.append(_run_file(course, path, chosen, parameters, out, check))
        tell(outcomes[-1].line())
    rows = [outcome.row() for outcome in outcomes]
    replace_file(out / "budgets.json", json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    return outcomes


def run_master(
    course: Course,
    master: Master,
    profile: Profile,
    parameters: Mapping[str, object],
    out: Path,
    *,
    check: bool = False,
) -> tuple[Outcome, Ran]:
    """One lesson's solution, executed and looked over; what is wrong is told with the cell and its line in the master.

    With `check` the run is compared with the stored solution.
    """
    with _progress(f"{master.number} {master.title}") as on_cell:
        ran = run_notebook(
            solution_notebook(master),
            out / f"{master.name}.ipynb",
            folder=course.scratch,
            parameters=parameters,
            threads=profile.threads,
            cell_timeout=_seconds(profile, _PATIENCE),
            limits=Limits(_seconds(profile, _LONGEST), profile.memory_gb),
            on_cell=on_cell,
        )
    failure = f"{_place(master, ran)}: {ran.failure}" if ran.failure else None
    declared = master.budgets.get(profile.name)
    measured = (ran.cells, ran.wall_seconds, ran.cpu_seconds, ran.memory_gb)
    faults = [] if failure else faults_of(master, ran.notebook, check=check)
    found = tuple(f"{fault.cell}, {_line(master, fault.cell)}: {fault.cause}" for fault in faults)
    return Outcome(master.number, master.title, profile.name, declared, *measured, failure, found), ran


def faults_of(master: Master, ran: NotebookNode, *, check: bool = False) -> list[Fault]:
    """What the notebook gate finds in an executed solution; with `check`, also where it differs from the stored one."""
    fresh = with_outputs(solution_notebook(master), ran)
    if not check:
        return look_over(fresh)
    stored = read_notebook(master.path.with_suffix(".ipynb"))
    if stored is None:
        return [Fault("notebook", f"there is no stored run to compare with: vostutor build --execute {master.number}")]
    return look_over(fresh) + compare_runs(stored, fresh)


def _seconds(profile: Profile, times: float) -> float | None:
    return times * 60 * profile.minutes if profile.minutes < float("inf") else None


def _usable(device: str, profile: str) -> str:
    if device not in ("cpu", "cuda"):
        raise SettingsError(expected="a device: cpu, cuda", got=repr(device), try_this="--device cpu")
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise SettingsError(
                expected=f"a GPU for the profile {profile} on cuda",
                got="none that PyTorch can use",
                try_this="--device cpu",
            )
    return device


def _run_file(course: Course, path: Path, profile: Profile, parameters: Mapping, out: Path, check: bool) -> Outcome:
    try:
        return run_master(course, read_master(path), profile, parameters, out, check=check)[0]
    except VosError as error:  # a master that is not in order is this lesson's failure, not the run's
        told = f"expected {error.expected}; got {error.got}; try {error.try_this}"
        return Outcome(path.name[:2], path.stem[3:], profile.name, None, 0, 0.0, 0.0, 0.0, told)


def _place(master: Master, ran: Ran) -> str:
    code = [cell.id for cell in ran.notebook.cells if cell.cell_type == "code"]
    number = code.index(ran.cell_id) + 1 if ran.cell_id in code else ran.cells
    return f"cell {number} of {ran.n_cells}, {_line(master, ran.cell_id)}"


def _line(master: Master, name: str | None) -> str:
    """Where a cell of this id stands in the master."""
    lines = {cell_id(cell, k): cell.line for k, cell in enumerate(master.cells, 1)}
    return f"solutions/{master.path.name}" + (f":{lines[name]}" if name in lines else "")


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A line on the terminal that says which cell runs; it goes when the lesson ends. Where there is no terminal, nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"{title}  starting")

        def on_cell(k: int, n: int) -> None:
            progress.update(task, total=n, completed=k - 1, description=f"{title}  cell {k} of {n}")

        yield on_cell
