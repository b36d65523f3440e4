"""Masters become notebooks, one way: solutions/NN_slug.py -> solutions/NN_slug.ipynb and notebooks/NN_slug.ipynb.

Building executes nothing. A solution notebook keeps the stored outputs of the cells whose source is unchanged; `renew` executes
lessons and stores new ones. No student notebook is written that gives an answer away.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from vostutor.core.errors import LessonError
from vostutor.core.profiles import profile_named
from vostutor.course.budget import Outcome
from vostutor.course.clean import machine_paths, with_outputs
from vostutor.course.leaks import Secrets, find_leaks
from vostutor.course.lesson import Master
from vostutor.course.master import read_master
from vostutor.course.notebook import read_notebook, solution_notebook, write_notebook
from vostutor.course.places import Course, replace_file
from vostutor.course.student import student_notebook


def build_notebooks(course: Course, numbers: Sequence[str] = ()) -> list[Path]:
    """The notebooks that had to change; none changes unless all are in order.

    Raises: LessonError for a master that is not in order, and for a student notebook that would hold an answer.
    """
    masters = _masters(course, numbers)
    plan = [*planned(course, masters)]
    _refuse_leaks(course, masters, plan)
    return [path for path, text in plan if replace_file(path, text)]


def differences(course: Course, numbers: Sequence[str] = ()) -> list[str]:
    """What is not as building would leave it, each with what repairs it, and every answer that anything in notebooks/ gives away.

    Raises: LessonError for a master that is not in order.
    """
    masters = _masters(course, numbers)
    found = [
        f"{_shown(course, path)} {'differs from' if path.is_file() else 'is missing, build it from'} its master: vostutor build"
        for path, text in planned(course, masters)
        if not path.is_file() or path.read_bytes() != text.encode()
    ]
    names = {path.stem for path in course.masters()}
    left = [path for folder in (course.notebooks, course.solutions) for path in sorted(folder.glob("*.ipynb"))]
    orphans = [_shown(course, path) for path in left if path.stem not in names]
    # Any notebook may hold the answer to any lesson.
    secrets = Secrets(_masters(course, ()) if numbers else masters)
    leaks = find_leaks([course.notebooks], secrets, course.root) if course.notebooks.is_dir() else []
    return found + [f"{path} has no master: git rm {path}" for path in orphans] + [f"{leak}" for leak in leaks]


def stored_faults(course: Course, numbers: Sequence[str] = ()) -> list[str]:
    """What the notebook gate finds in the stored solutions: notebook, cell and cause, and what repairs it."""
    from vostutor.course.gate import look_over  # it asks nbval, which building does without

    found = []
    for path in course.masters(numbers):
        stored = path.with_suffix(".ipynb")
        notebook = read_notebook(stored)
        faults = look_over(notebook) if notebook else []
        found += [
            f"{_shown(course, stored)}, {fault}; repair: vostutor build --execute {path.name[:2]}" for fault in faults
        ]
    return found


def renew(course: Course, numbers: Sequence[str] = (), *, tell: Callable[[str], None] = print) -> list[Outcome]:
    """How each lesson fared at the smoke profile; the outputs of those that reached their end are stored.

    Raises: LessonError for a master that is not in order.
    """
    build_notebooks(course, numbers)
    outcomes = []
    for path in course.masters(numbers):
        outcomes.append(_renew_one(course, read_master(path)))
        tell(outcomes[-1].line())
    return outcomes


def planned(course: Course, masters: Sequence[Master]) -> Iterator[tuple[Path, str]]:
    """Each notebook's path and the text that it should have."""
    for master in masters:
        yield course.notebooks / f"{master.name}.ipynb", write_notebook(student_notebook(master))
        solution = master.path.with_suffix(".ipynb")
        yield solution, write_notebook(with_outputs(solution_notebook(master), read_notebook(solution)))


def _masters(course: Course, numbers: Sequence[str]) -> list[Master]:
    return [read_master(path) for path in course.masters(numbers)]


def _refuse_leaks(course: Course, masters: Sequence[Master], plan: Sequence[tuple[Path, str]]) -> None:
    secrets = Secrets(masters)
    for path, text in plan:
        if path.parent == course.notebooks and (leaks := secrets.leaks(_shown(course, path), text.encode())):
            raise LessonError(
                expected="student notebooks that hold no answer",
                got="; ".join(f"{leak}" for leak in leaks[:3]),
                try_this="keep it between the markers of the master, and out of metadata",
            )


def _renew_one(course: Course, master: Master) -> Outcome:
    from vostutor.course.run import run_master  # execution is not needed to build

    # No parameters: the notebook's own are those of the smoke profile.
    outcome, ran = run_master(course, master, profile_named("smoke"), {}, course.root / "build" / "renew")
    if outcome.failure or outcome.found:
        return outcome
    notebook = with_outputs(solution_notebook(master), ran.notebook)
    if paths := machine_paths(notebook):
        told = "an output shows a path of this machine, print names relative to the data folder and repair what warns"
        return replace(outcome, failure=f"{told}: {'; '.join(paths[:3])}")
    replace_file(master.path.with_suffix(".ipynb"), write_notebook(notebook))
    return outcome


def _shown(course: Course, path: Path) -> str:
    return path.relative_to(course.root).as_posix() if path.is_relative_to(course.root) else str(path)
