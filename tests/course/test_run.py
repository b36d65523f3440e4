"""Lessons run once, together; each test looks at one side of what came out."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.course.small_lessons import FRONT, GOOD
from vostutor.core import DataError, SettingsError
from vostutor.core.profiles import PROFILES
from vostutor.course import Course, Limits, read_master, run_lessons, run_notebook, solution_notebook
from vostutor.course.notebook import read_notebook
from vostutor.course.run import run_master
from vostutor.data.palette import write_ids

BROKEN = {
    "02_raises.py": "# %%\n1 + 1\n\n# %%\ndef divide(x):\n    return x / 0\n\n\ndivide(1)\n\n# %%\nprint('lesson 02 ran to its end')\n",
    "03_dies.py": "# %%\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "04_stops_early.py": "# %%\nprint('lesson 04 ran to its end')\n\n# %%\n1\n",
    "06_advice.py": "# %%\nfrom vostutor.core import DataError\nraise DataError(expected='82 PNG', got='81', try_this='copy again')\n",
    "05_no_answer.py": '# %% exercise="a.b"\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n',
}


def own_video(folder: Path) -> Path:
    """A folder of one picture, its mask beside it."""
    (folder / "clip").mkdir()
    Image.new("RGB", (4, 4)).save(folder / "clip/00000.png")
    write_ids(folder / "clip.png", np.eye(4, dtype=int))
    return folder / "clip"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    course = Course.at(tmp_path_factory.mktemp("course"))
    course.solutions.mkdir()
    shutil.copy(GOOD, course.solutions)
    for name, cells in BROKEN.items():
        (course.solutions / name).write_text(FRONT.format(title=name[3:-3]) + cells)
    out, told = course.root / "out", []
    clip = own_video(course.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "4")  # the profile decides, not the caller
        outcomes = run_lessons(course, profile="smoke", seed=7, data_root=clip, out=out, tell=told.append)
    return SimpleNamespace(
        course=course, out=out, told=told, outcomes={outcome.number: outcome for outcome in outcomes}
    )


def stream(notebook, word: str) -> str:
    texts = [output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())]
    return next(text for text in texts if word in text)


def test_parameters_reach_the_lesson_and_smoke_has_one_thread(ran):
    printed = stream(read_notebook(ran.out / "01_colours.ipynb"), "threads")
    assert printed == f"smoke 7 {ran.course.root / 'clip'} cpu threads 1\n"


def test_a_lesson_that_fails_does_not_stop_the_others(ran):
    assert [outcome.passed for outcome in ran.outcomes.values()] == [True] + 5 * [False]


def test_a_failing_cell_is_named_with_its_line_in_the_master_and_its_cause(ran):
    line = (ran.course.solutions / "02_raises.py").read_text().splitlines().index("def divide(x):")
    assert (
        ran.outcomes["02"].failure == f"cell 4 of 5, solutions/02_raises.py:{line}: ZeroDivisionError: division by zero"
    )


def test_our_own_error_keeps_what_it_says_to_try(ran):
    assert ran.outcomes["06"].failure.endswith(": DataError: expected 82 PNG; got 81; try copy again")


def test_the_death_of_a_kernel_ends_in_a_message(ran):
    assert "the kernel died" in ran.outcomes["03"].failure and "02_raises" not in ran.outcomes["03"].failure


def test_the_sentence_of_the_last_cell_is_asked_for(ran):
    assert 'does not print "lesson 04 ran to its end"' in ran.outcomes["04"].failure


def test_a_master_that_is_not_in_order_is_its_lessons_failure(ran):
    assert "05_no_answer.py:" in ran.outcomes["05"].failure and "points" in ran.outcomes["05"].failure


def test_one_line_tells_minutes_and_memory_beside_what_was_declared(ran):
    line = ran.told[0]
    assert line.startswith("✓ 01 Colours") and "(declared 0.1)" in line and "(limit 30)" in line and "\n" not in line


def test_what_a_lesson_cost_is_measured(ran):
    outcome = ran.outcomes["01"]
    assert 0.2 < outcome.cpu_seconds < 10 and 0.03 < outcome.memory_gb < 0.5 and outcome.wall_seconds > 0.3


def test_budgets_json_holds_a_row_a_lesson(ran):
    rows = json.loads((ran.out / "budgets.json").read_text())
    assert [(row["lesson"], row["passed"]) for row in rows] == [(k, o.passed) for k, o in ran.outcomes.items()]
    assert rows[0]["declared"]["minutes"] == 0.1 and rows[1]["faults"] == [ran.outcomes["02"].failure]


def test_no_kernel_stays_behind(ran):
    import psutil

    mine = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    assert not [words for words in mine if "ipykernel_launcher" in words]
    assert list((ran.course.scratch / "runtime").glob("kernel-*.json")) == []


def test_an_endless_cell_is_given_up(write, course):
    notebook = solution_notebook(read_master(write("06_endless.py", "# %%\nwhile True:\n    pass\n")))
    ran = run_notebook(notebook, course.root / "out.ipynb", folder=course.scratch, cell_timeout=1)
    assert ran.failure == "no answer for 1 s, so the cell was given up" and ran.cell_id == "cell-002"


def test_the_kernel_is_this_interpreter_and_each_cell_is_announced(write, course):
    import sys

    cells = "# %%\nimport sys\nprint(sys.executable)\n\n# %% [markdown]\n# words\n\n# %%\nprint('lesson 06 ran to its end: 3 of 3')\n"
    notebook, announced = solution_notebook(read_master(write("06_asks.py", cells))), []
    tell = lambda k, n: announced.append((k, n))  # noqa: E731
    ran = run_notebook(notebook, course.root / "out.ipynb", folder=course.scratch, on_cell=tell)
    assert ran.failure is None and announced == [(1, 3), (2, 3), (3, 3)]
    assert Path(stream(ran.notebook, "python").strip()) == Path(sys.executable)


def test_an_unknown_parameter_is_refused_before_a_kernel_starts(course):
    notebook = solution_notebook(read_master(course.solutions / "01_colours.py"))
    with pytest.raises(SettingsError, match="sead"):
        run_notebook(notebook, course.root / "out.ipynb", folder=course.scratch, parameters={"sead": 1})
    assert not course.scratch.exists()


@pytest.fixture
def no_kernel(monkeypatch):
    monkeypatch.setattr("vostutor.course.run.run_notebook", lambda *a, **k: pytest.fail("a kernel would start"))


@pytest.mark.parametrize(
    "wrong",
    [{"profile": "fast"}, {"numbers": ["9"]}, {"device": "tpu"}],
)
def test_a_profile_a_lesson_or_a_device_that_does_not_exist_is_refused(course, no_kernel, wrong):
    with pytest.raises(SettingsError):
        run_lessons(course, **wrong)


@pytest.mark.parametrize("wrong", [{"profile": "gpu"}, {"profile": "paper"}, {"device": "cuda"}])
def test_a_gpu_that_is_not_there_is_missed_before_a_kernel_starts(course, no_kernel, monkeypatch, wrong):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SettingsError, match="--device cpu"):
        run_lessons(course, **wrong)


@pytest.mark.parametrize("name", ["nowhere", "solutions", "solutions/01_colours.py"])
def test_data_that_cannot_be_opened_are_refused_before_a_kernel_starts(course, no_kernel, name):
    with pytest.raises(DataError):
        run_lessons(course, data_root=course.root / name)


@pytest.mark.parametrize(
    ("profile", "cell", "whole", "memory"), [("smoke", 120, 600, 4), ("cpu", 1200, 6000, 4), ("paper", None, None, 64)]
)
def test_a_cell_has_four_times_and_the_run_twenty_times_the_minutes_of_its_profile(
    course, monkeypatch, profile, cell, whole, memory
):
    handed, master = {}, read_master(course.solutions / "01_colours.py")
    notebook = solution_notebook(master)
    ran = SimpleNamespace(
        notebook=notebook, failure=None, cells=1, n_cells=1, wall_seconds=1.0, cpu_seconds=1.0, memory_gb=0.1
    )
    monkeypatch.setattr("vostutor.course.run.run_notebook", lambda *a, **options: handed.update(options) or ran)
    run_master(course, master, PROFILES[profile], {}, course.root / "out")
    assert handed["cell_timeout"] == cell and handed["limits"] == Limits(whole, memory)
