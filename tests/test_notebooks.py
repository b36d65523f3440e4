"""The committed notebooks: reproducible from their masters, true to what running them gives, and runnable as a student has them.

Each lesson runs three times: nbval compares the solution's outputs, the student's notebook runs to its end as handed out, and with
every answer filled in it solves every exercise within the budget of the smoke profile.
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
    Outcome,
    differences,
    kernel_environment,
    machine_paths,
    read_master,
    renew,
    run_notebook,
)
from vostutor.course.notebook import read_notebook

COURSE = Course.at(ROOT)
SANITIZE = ROOT / "vostutor/course/sanitize.cfg"
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


def run_as_smoke(notebook, name: str, folder: Path, jupyter: Path):
    parameters = {"profile": "smoke", "seed": 0, "data_root": None, "device": "cpu"}
    return run_notebook(
        notebook, folder / f"{name}.ipynb", folder=jupyter, parameters=parameters, threads=1, cell_timeout=120
    )


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


@lessons
def test_every_cell_of_a_solution_has_been_run_to_the_sentinel_without_an_error(path):
    """nbval does not compare a cell that was never run, so all have to be."""
    cells = [cell for cell in read_notebook(path.with_suffix(".ipynb")).cells if cell.cell_type == "code"]
    missing = [cell.id for cell in cells if cell.execution_count is None]
    assert missing == [], f"outputs are missing, renew them: vostutor build --execute {path.name[:2]}"
    said = "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cells[-1].outputs)
    assert f"lesson {path.name[:2]} ran to its end" in said
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


@lessons
def test_every_picture_says_what_it_shows(path):
    for cell in read_notebook(path.with_suffix(".ipynb")).cells:
        for output in cell.get("outputs", ()):
            for kind in output.get("data", {}):
                if kind.startswith("image/"):
                    assert output.metadata.get(kind, {}).get("alt"), f"a picture of {cell.id} has no alt text"


@lessons
def test_a_solution_gives_again_what_is_stored(path, tmp_path, jupyter):
    shutil.copy(path.with_suffix(".ipynb"), tmp_path)  # so that nothing a lesson writes falls into the checkout
    verdict = nbval(tmp_path, jupyter)
    assert verdict.returncode == 0, verdict.stdout


def test_the_comparison_lets_clocks_pass_and_notices_another_number(tmp_path, jupyter):
    """The judge is judged: a small lesson passes as stored, and fails when one stored digit is changed."""
    small = Course.at(tmp_path)
    small.solutions.mkdir()
    shutil.copy(ROOT / "tests/course/solutions/01_colours.py", small.solutions)
    assert renew(small, tell=lambda line: None)[0].passed
    stored = small.solutions / "01_colours.ipynb"
    tampered = small.solutions / "02_tampered.ipynb"
    assert '"42"' in stored.read_text(), "the small lesson ends in double(21)"
    tampered.write_text(stored.read_text().replace('"42"', '"43"'))
    verdict = nbval(small.solutions, jupyter)
    assert verdict.returncode == 1 and re.search(r"^1 failed, \d+ passed", verdict.stdout, re.MULTILINE), verdict.stdout
    assert "02_tampered.ipynb::Cell 4" in verdict.stdout


@lessons
def test_the_students_notebook_runs_to_its_end_untouched(path, tmp_path, jupyter):
    ran = run_as_smoke(read_notebook(COURSE.notebooks / f"{path.stem}.ipynb"), path.stem, tmp_path, jupyter)
    assert ran.failure is None, f"{ran.cell_id}: {ran.failure}"
    assert set(states(ran.notebook, read_master(path))) <= {"not attempted"}


@lessons
def test_the_students_notebook_solves_every_exercise_once_the_answers_are_in_and_keeps_to_the_smoke_budget(
    path, tmp_path, jupyter
):
    master = read_master(path)
    answers = {cell.exercise: cell.source for cell in master.cells if cell.exercise}
    notebook = read_notebook(COURSE.notebooks / f"{path.stem}.ipynb")
    for cell in notebook.cells:
        if name := cell.metadata.get("exercise"):
            cell.source = answers.pop(name)
    assert answers == {}, "an exercise of the master is not in the student's notebook"
    ran = run_as_smoke(notebook, path.stem, tmp_path, jupyter)
    assert ran.failure is None, f"{ran.cell_id}: {ran.failure}"
    assert set(states(ran.notebook, master)) <= {"passed"}
    smoke = PROFILES["smoke"]
    measured = (ran.cells, ran.wall_seconds, ran.cpu_seconds, ran.memory_gb)
    assert Outcome(master.number, master.title, smoke.name, master.budgets["smoke"], *measured).faults == ()
