"""Masters become notebooks, one way: solutions/NN_slug.py -> solutions/NN_slug.ipynb and notebooks/NN_slug.ipynb.

Building executes nothing. A solution notebook keeps the stored outputs of the cells whose source is unchanged; `renew` executes
lessons and stores new ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from vostutor.core.profiles import profile_named
from vostutor.course.budget import Outcome
from vostutor.course.clean import machine_paths, with_outputs
from vostutor.course.lesson import Master
from vostutor.course.master import read_master
from vostutor.course.notebook import read_notebook, solution_notebook, write_notebook
from vostutor.course.places import Course, replace_file
from vostutor.course.student import student_notebook


def build_notebooks(course: Course, numbers: Sequence[str] = ()) -> list[Path]:
    """The notebooks that had to change.

    Raises: LessonError for a master that is not in order.
    """
    return [path for path, text in planned(course, numbers) if replace_file(path, text)]


def differences(course: Course, numbers: Sequence[str] = ()) -> list[str]:
    """What is not as building would leave it, each with the command that repairs it; empty when all is in order.

    Raises: LessonError for a master that is not in order.
    """
    found = [
        f"{_shown(course, path)} {'differs from' if path.is_file() else 'is missing, build it from'} its master: vostutor build"
        for path, text in planned(course, numbers)
        if not path.is_file() or path.read_bytes() != text.encode()
    ]
    names = {path.stem for path in course.masters()}
    left = [path for folder in (course.notebooks, course.solutions) for path in sorted(folder.glob("*.ipynb"))]
    orphans = [_shown(course, path) for path in left if path.stem not in names]
    return found + [f"{path} has no master: git rm {path}" for path in orphans]


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


def planned(course: Course, numbers: Sequence[str] = ()) -> Iterator[tuple[Path, str]]:
    """Each notebook's path and the text that it should have."""
    for path in course.masters(numbers):
        master = read_master(path)
        yield course.notebooks / f"{master.name}.ipynb", write_notebook(student_notebook(master))
        solution = path.with_suffix(".ipynb")
        yield solution, write_notebook(with_outputs(solution_notebook(master), read_notebook(solution)))


def _renew_one(course: Course, master: Master) -> Outcome:
    from vostutor.course.run import run_master  # execution is not needed to build

    # No parameters: the notebook's own are those of the smoke profile.
    outcome, ran = run_master(course, master, profile_named("smoke"), {}, course.root / "build" / "renew")
    if outcome.failure:
        return outcome
    notebook = with_outputs(solution_notebook(master), ran.notebook)
    if paths := machine_paths(notebook):
        told = "an output shows a path of this machine, print names relative to the data folder and repair what warns"
        return replace(outcome, failure=f"{told}: {'; '.join(paths[:3])}")
    replace_file(master.path.with_suffix(".ipynb"), write_notebook(notebook))
    return outcome


def _shown(course: Course, path: Path) -> str:
    return path.relative_to(course.root).as_posix() if path.is_relative_to(course.root) else str(path)
