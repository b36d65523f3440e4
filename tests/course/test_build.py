import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_output

from vostutor.core import LessonError, SettingsError
from vostutor.course import build_notebooks, differences, replace_file, write_notebook
from vostutor.course.notebook import read_notebook

NAME = "01_colours"


def solution(course) -> Path:
    return course.solutions / f"{NAME}.ipynb"


def give_outputs(course):
    """As if the solution had been executed and stored."""
    notebook = read_notebook(solution(course))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        cell.execution_count, cell.outputs = count, [new_output("stream", text=f"{cell.id} spoke\n")]
    solution(course).write_text(write_notebook(notebook))


def test_a_master_becomes_a_solution_and_a_student_notebook(course):
    assert build_notebooks(course) == [course.notebooks / f"{NAME}.ipynb", solution(course)]


def test_building_again_changes_no_byte(course):
    build_notebooks(course)
    before = [path.read_bytes() for path in (course.notebooks / f"{NAME}.ipynb", solution(course))]
    assert build_notebooks(course) == [] and differences(course) == []
    assert [path.read_bytes() for path in (course.notebooks / f"{NAME}.ipynb", solution(course))] == before


def test_stored_outputs_stay_where_the_source_is_unchanged_and_go_where_it_changed(course):
    build_notebooks(course)
    give_outputs(course)
    assert build_notebooks(course) == []
    master = course.solutions / f"{NAME}.py"
    master.write_text(master.read_text().replace("double(21)", "double(22)"))
    assert build_notebooks(course) == [course.notebooks / f"{NAME}.ipynb", solution(course)]
    code = [cell for cell in read_notebook(solution(course)).cells if cell.cell_type == "code"]
    assert [bool(cell.outputs) for cell in code] == ["double(22)" not in cell.source for cell in code]


def test_check_names_what_differs_and_the_repair_and_writes_nothing(course):
    build_notebooks(course)
    student = course.notebooks / f"{NAME}.ipynb"
    student.write_text(student.read_text().replace("Colours", "Colors"))
    before = student.read_bytes()
    assert differences(course) == [f"notebooks/{NAME}.ipynb differs from its master: vostutor build"]
    student.unlink()
    assert "is missing" in differences(course)[0] and not student.exists()
    student.write_bytes(before)
    assert build_notebooks(course) == [student] and differences(course) == []


def test_check_finds_a_solution_edited_by_hand(course):
    build_notebooks(course)
    solution(course).write_text(solution(course).read_text().replace("x + x", "2 * x"))
    assert differences(course) == [f"solutions/{NAME}.ipynb differs from its master: vostutor build"]


def test_check_finds_noise_in_stored_outputs(course):
    build_notebooks(course)
    give_outputs(course)
    solution(course).write_text(solution(course).read_text().replace("cell-003 spoke", "<A object at 0x7f00aa11bb22>"))
    assert len(differences(course)) == 1


def test_a_notebook_without_a_master_is_named(course):
    build_notebooks(course)
    (course.notebooks / "07_gone.ipynb").write_text("{}")
    assert differences(course) == ["notebooks/07_gone.ipynb has no master: git rm notebooks/07_gone.ipynb"]


def test_only_the_lessons_asked_for_are_built(course, write):
    write("02_more.py", "# %%\n1\n")
    assert {path.stem for path in build_notebooks(course, ["2"])} == {"02_more"}
    with pytest.raises(SettingsError, match="01, 02"):
        build_notebooks(course, ["7"])


@pytest.mark.parametrize("name", ["colours.py", "1_colours.py", "01-colours.py", "01_again.py"])
def test_masters_with_bad_or_equal_names_are_refused(course, write, name):
    write(name, "# %%\n1\n")
    with pytest.raises(LessonError):
        build_notebooks(course)


def test_a_stored_notebook_that_is_broken_is_named_and_left(course):
    build_notebooks(course)
    solution(course).write_text('{"cells": [')
    with pytest.raises(LessonError, match=NAME):
        build_notebooks(course)
    assert solution(course).read_text() == '{"cells": ['


def test_a_failed_replacement_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    replace_file(path, "old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        replace_file(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_building_needs_no_torch_and_no_kernel_and_takes_under_five_cpu_seconds(course):
    program = (
        "import sys, time; from vostutor.course import Course, build_notebooks; build_notebooks(Course.at(sys.argv[1]));"
        "print([m for m in ('torch', 'papermill', 'ipykernel') if m in sys.modules], time.process_time())"
    )
    run = subprocess.run([sys.executable, "-c", program, str(course.root)], capture_output=True, text=True, check=True)
    modules, seconds = run.stdout.rsplit(" ", 1)
    assert modules == "[]" and float(seconds) < 5


def test_stored_files_are_plain_json_that_ends_in_a_newline(course):
    for path in build_notebooks(course):
        assert json.loads(path.read_text())["nbformat_minor"] == 5 and path.read_text().endswith("}\n")
