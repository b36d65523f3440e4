"""The committed notebooks: reproducible from their masters, true to what running them gives, and runnable as a student has them.

Each lesson runs twice. Its solution is executed with the parameters with which it was stored: values, figures and pictures have to
come again, nothing may be hidden, and it has to keep to the budget of the smoke profile. A student's notebook with every answer filled
in is that same program, which is asserted, so its exercises are seen to be solved there. And the student's notebook runs to its end as
it is handed out.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from vostutor.checks.desk import SCORE_MIME
from vostutor.core import PROFILES
from vostutor.course import (
    Course,
    Limits,
    compare_runs,
    differences,
    kernel_environment,
    look_over,
    machine_paths,
    read_master,
    renew,
    run_notebook,
    solution_notebook,
    stored_faults,
    student_notebook,
)
from vostutor.course.clean import with_outputs
from vostutor.course.notebook import read_notebook
from vostutor.course.run import STORED, run_master
from vostutor.course.values import SANITIZE

COURSE = Course.at(ROOT)
NOTEBOOKS = sorted([*COURSE.notebooks.glob("*.ipynb"), *COURSE.solutions.glob("*.ipynb")])

lessons = pytest.mark.parametrize("path", COURSE.masters(), ids=lambda path: path.stem)
notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory) -> Path:
    """Settings and caches of kernels, for all runs together."""
    return tmp_path_factory.mktemp("jupyter")


def nbval(folder: Path, jupyter: Path) -> subprocess.CompletedProcess:
    """nbval's verdict on a folder's notebooks: one thread, this interpreter, never its 2000 s for a dead kernel."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--color=no",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "--nbval-cell-timeout=120",
    ]
    environment = kernel_environment(jupyter, threads=1)
    environment.pop("PYTEST_ADDOPTS", None)
    command += [f"--nbval-sanitize-with={SANITIZE}", "."]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """solved(path): (outcome, run) of a solution, executed once for all tests that ask."""
    folder, known = tmp_path_factory.mktemp("solved"), {}

    def run(path: Path):
        if path not in known:
            known[path] = run_master(COURSE, read_master(path), PROFILES["smoke"], STORED, folder, check=True)
        return known[path]

    return run


def code_of(notebook) -> list[str]:
    """The notebook's program, without the parameters, which every run sets."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell.source for cell in code if "parameters" not in cell.metadata.get("tags", [])]


def states(notebook, master) -> list[str]:
    """What became of each of the lesson's exercises, read from the score that its last cell leaves."""
    exercises = [cell.exercise for cell in master.cells if cell.exercise]
    scores = [output.data[SCORE_MIME] for output in notebook.cells[-1].outputs if SCORE_MIME in output.get("data", {})]
    rows = scores[0]["exercises"] if scores else []
    assert [row["id"] for row in rows] == exercises, "the score lists other exercises than the master has"
    return [row["state"] for row in rows]


def test_notebooks_are_what_their_masters_make():
    assert differences(COURSE) == []


@notebooks
def test_no_notebook_shows_a_path_of_a_machine(path):
    assert machine_paths(read_notebook(path)) == [] and str(ROOT) not in path.read_text()


@notebooks
def test_a_notebook_is_at_most_half_a_megabyte(path):
    assert path.stat().st_size <= 500_000


def test_the_stored_solutions_pass_the_gate():
    """Every cell was run, in order, to the sentinel; no error is hidden; every picture is one, and says what it shows."""
    assert stored_faults(COURSE) == []


@lessons
def test_a_solution_gives_again_what_is_stored_within_the_smoke_budget(path, solved):
    outcome, _ = solved(path)
    assert outcome.faults == ()


def test_nbval_itself_and_the_gate_which_borrows_its_judgement_agree(tmp_path, jupyter):
    """The judge is judged: a small lesson passes as stored, and fails when one stored digit is changed."""
    small = Course.at(tmp_path)
    small.solutions.mkdir()
    shutil.copy(ROOT / "tests/course/solutions/01_colours.py", small.solutions)
    assert renew(small, tell=lambda line: None)[0].passed
    path = small.solutions / "01_colours.ipynb"
    tampered = small.solutions / "02_tampered.ipynb"
    assert '"42"' in path.read_text(), "the small lesson ends in double(21)"
    tampered.write_text(path.read_text().replace('"42"', '"43"'))
    verdict = nbval(small.solutions, jupyter)
    assert verdict.returncode == 1 and re.search(r"^1 failed, \d+ passed", verdict.stdout, re.MULTILINE), verdict.stdout
    assert "02_tampered.ipynb::Cell 4" in verdict.stdout
    stored, other = read_notebook(path), read_notebook(tampered)
    fourth = [cell.id for cell in stored.cells if cell.cell_type == "code"][4]
    assert [f"{fault}" for fault in compare_runs(other, stored)] == [f"{fourth}: text/plain: stored '43', now '42'"]


@lessons
def test_the_students_notebook_runs_to_its_end_untouched(path, tmp_path, jupyter):
    master = read_master(path)
    notebook = read_notebook(COURSE.notebooks / f"{path.stem}.ipynb")
    smoke = PROFILES["smoke"]
    limits = {"cell_timeout": 120, "limits": Limits(600, smoke.memory_gb)}
    ran = run_notebook(notebook, tmp_path / path.name, folder=jupyter, parameters=STORED, threads=1, **limits)
    assert ran.failure is None, f"{ran.cell_id}: {ran.failure}"
    assert set(states(ran.notebook, master)) <= {"not attempted"}
    assert look_over(with_outputs(student_notebook(master), ran.notebook)) == []


@lessons
def test_the_students_notebook_with_the_answers_in_it_is_the_program_of_the_solution(path):
    master = read_master(path)
    answers = {cell.exercise: cell.source for cell in master.cells if cell.exercise}
    notebook = read_notebook(COURSE.notebooks / f"{path.stem}.ipynb")
    for cell in notebook.cells:
        if name := cell.metadata.get("exercise"):
            cell.source = answers.pop(name)
    assert answers == {}, "an exercise of the master is not in the student's notebook"
    assert code_of(notebook) == code_of(solution_notebook(master)), "hidden cells: run the student's notebook as well"


@lessons
def test_the_students_notebook_solves_every_exercise_once_the_answers_are_in(path, solved):
    _, ran = solved(path)
    assert set(states(ran.notebook, read_master(path))) <= {"passed"}
