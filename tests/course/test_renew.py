"""Executing and storing, through the command line as an author uses it."""

import pytest
from typer.testing import CliRunner

from vostutor.__main__ import app
from vostutor.course import Course, machine_paths
from vostutor.course.notebook import read_notebook


@pytest.fixture
def vostutor(course, monkeypatch):
    """vostutor("build", "--check") as on the command line, in the test's course."""
    monkeypatch.setattr(Course, "here", lambda: course)
    return lambda *words: CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_build_writes_check_compares_and_exit_codes_say_so(vostutor, course):
    assert vostutor("build", "--check").exit_code == 1
    assert "notebooks/01_colours.ipynb is missing" in vostutor("build", "--check").output
    assert "wrote" in vostutor("build").output
    assert "nothing to do" in vostutor("build").output


def test_check_asks_for_outputs_where_nothing_was_run(vostutor):
    vostutor("build")
    found = vostutor("build", "--check")
    assert found.exit_code == 1 and "differs" not in found.output
    assert "solutions/01_colours.ipynb, cell-002: it was never run; repair: vostutor build --execute 01" in found.output


def test_renewed_outputs_are_stored_clean_and_building_keeps_them(vostutor, course):
    run = vostutor("build", "--execute", "01")
    assert run.exit_code == 0 and run.output.startswith("✓ 01 Colours")
    notebook = read_notebook(course.solutions / "01_colours.ipynb")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert code[-1].outputs[0].text == "lesson 01 ran to its end\n"
    assert code[-2].outputs[0].data.keys() == {"image/png", "text/plain"}
    assert code[-2].outputs[0].metadata == {"image/png": {"alt": "a dot"}}
    assert [output.get("text") for output in code[-3].outputs[:2]] == ["smoke 0 None cpu threads 1\n", "99%|##| 3/3"]
    assert set(notebook.metadata) == {"kernelspec", "language_info", "vostutor"} and machine_paths(notebook) == []
    assert not any("papermill" in cell.metadata or "execution" in cell.metadata for cell in notebook.cells)
    stored = (course.solutions / "01_colours.ipynb").read_bytes()
    assert vostutor("build", "--check").exit_code == 0 and "nothing to do" in vostutor("build").output
    assert (course.solutions / "01_colours.ipynb").read_bytes() == stored


def test_a_lesson_that_fails_shows_a_path_or_breaks_a_rule_keeps_the_outputs_it_had(vostutor, course, write):
    (course.solutions / "01_colours.py").unlink()
    write("02_shows.py", "# %%\nimport os\nprint(os.__file__)\n\n# %%\nprint('lesson 02 ran to its end')\n")
    write("03_fails.py", "# %%\nraise ValueError('no')\n")
    write("04_warns.py", "# %%\nimport sys\nprint('odd', file=sys.stderr)\n\n# %%\nprint('lesson 04 ran to its end')\n")
    vostutor("build")
    before = {path: path.read_bytes() for path in course.solutions.glob("*.ipynb")}
    run = vostutor("build", "--execute")
    assert run.exit_code == 1 and "path of this machine" in run.output and "ValueError: no" in run.output
    assert "cell-002, solutions/04_warns.py:16: what it writes to stderr is not discussed" in run.output
    assert {path: path.read_bytes() for path in course.solutions.glob("*.ipynb")} == before


def test_run_exits_with_1_when_a_lesson_fails_and_writes_where_it_is_told(vostutor, course, write):
    (course.solutions / "01_colours.py").unlink()
    write("03_fails.py", "# %%\nraise ValueError('no')\n")
    run = vostutor("run", "3", "--profile", "smoke", "--out", str(course.root / "here"))
    assert (
        run.exit_code == 1
        and (course.root / "here/budgets.json").exists()
        and (course.root / "here/03_fails.ipynb").exists()
    )
