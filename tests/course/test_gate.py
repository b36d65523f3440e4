"""The notebook gate: one small lesson, executed once, then broken in every way that broken.py knows."""

import re
import shutil
from copy import deepcopy

import pytest
from nbformat.v4 import new_output
from typer.testing import CliRunner

from tests.course.broken import BREAKS, CURVE, NUMBERS, PHOTOGRAPH, TABLE, cell_of, picture, redraw
from tests.course.small_lessons import SHAPES
from vostutor.__main__ import app
from vostutor.core import SettingsError
from vostutor.course import Course, compare_runs, look_over, read_master, renew, run_lessons, write_notebook
from vostutor.course.notebook import read_notebook


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Course:
    """A course with the lesson, executed and stored."""
    course = Course.at(tmp_path_factory.mktemp("course"))
    course.solutions.mkdir()
    shutil.copy(SHAPES, course.solutions)
    assert renew(course, tell=lambda line: None)[0].faults == ()
    return course


@pytest.fixture(scope="module")
def stored_once(small):
    return read_notebook(small.solutions / "02_shapes.ipynb")


@pytest.fixture
def stored(stored_once):
    """A copy, to be broken."""
    return deepcopy(stored_once)


def told(stored, fresh) -> list[str]:
    return [f"{fault}" for fault in look_over(stored) + compare_runs(stored, fresh)]


def test_the_lesson_as_it_is_passes(stored, stored_once):
    assert told(stored, stored_once) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_notebook_is_caught_with_cell_and_cause(name, stored, stored_once):
    broken = BREAKS[name]
    broken.spoil(stored)
    found = told(stored, stored_once)
    assert any(line.startswith(f"{broken.cell}: ") and broken.words in line for line in found), found


def test_every_break_is_of_its_own_kind_and_touches_nothing_else(stored_once):
    told_by = {}
    for name, broken in BREAKS.items():
        spoiled = deepcopy(stored_once)
        broken.spoil(spoiled)
        told_by[name] = {line.split(":")[0] for line in told(spoiled, stored_once)}
    wide = {"stripped outputs", "a section with nothing to look at", "a section whose only output is not compared"}
    wide |= {"a section of words alone", "a cell run out of order", "a cell taken away", "a missing sentinel"}
    assert {name: cells for name, cells in told_by.items() if name not in wide and cells != {BREAKS[name].cell}} == {}


@pytest.mark.parametrize("change", [0.0005, -0.0005])
def test_what_no_eye_sees_is_no_difference_in_a_figure(change, stored, stored_once):
    output, kind = picture(stored, CURVE)
    about = output.metadata[kind]
    assert '"y":[0.9,0.7,0.4,0.2]' in about["digest"]
    about["digest"] = about["digest"].replace("0.7,0.4", f"{0.7 + change},0.4")
    assert told(stored, stored_once) == []


def test_another_encoder_is_no_difference_in_a_photograph(stored, stored_once):
    for notebook, quality in ((stored, 75), (stored_once := deepcopy(stored_once), 90)):
        redraw(notebook, PHOTOGRAPH, lambda image: image, kind="jpeg", quality=quality)
        output, kind = picture(notebook, PHOTOGRAPH)
        output.data["image/jpeg"] = output.data.pop(kind)
        output.metadata["image/jpeg"] = output.metadata.pop(kind)
    assert picture(stored, PHOTOGRAPH)[0].data != picture(stored_once, PHOTOGRAPH)[0].data
    assert told(stored, stored_once) == []


def test_times_and_progress_may_differ_and_are_no_warnings(stored, stored_once):
    fresh = deepcopy(stored_once)
    for notebook, seconds in ((stored, 3.1), (fresh, 2.9)):
        cell_of(notebook, NUMBERS).outputs[0].text = f"42 objects in {seconds} s\n"
        bar = new_output("stream", name="stderr", text=f"100%|####| 9/9 [00:0{seconds:.0f}<00:00]\n")
        cell_of(notebook, NUMBERS).outputs.append(bar)
    assert told(stored, fresh) == []


def test_a_warning_that_the_prose_names_may_stay(stored):
    warned = new_output("stream", name="stderr", text="a.py:1: RuntimeWarning: mean of empty slice\n")
    cell_of(stored, NUMBERS).outputs.append(warned)
    cell_of(stored, "cell-007").source += "\n\nThe `RuntimeWarning` below says that no frame shows the object."
    assert look_over(stored) == []


def test_images_in_code_are_none(stored):
    cell_of(stored, "cell-001").source += "\n\nWrite `![](a.png)`, or:\n```\n<img src=a.png>\n## no heading\n```\n"
    assert look_over(stored) == []


def test_what_is_told_about_the_pixels_says_where(stored, stored_once):
    BREAKS["a part of a photograph painted over"].spoil(stored)  # columns 40 to 60 of 160, rows 30 to 50 of 90
    (fault,) = compare_runs(stored, stored_once)
    across, down = (int(n) for n in re.search(r"block (\d+) of 24 across, (\d+) of 16 down", fault.cause).groups())
    assert 40 < across * 160 / 24 <= 60 and 30 < down * 90 / 16 < 56


@pytest.fixture
def tampered(small, stored, monkeypatch):
    """The course with a stored value and a stored point of a curve changed, and the command line in it."""
    path = small.solutions / "02_shapes.ipynb"
    before = path.read_bytes()
    BREAKS["another value"].spoil(stored)
    BREAKS["another point of a curve"].spoil(stored)
    path.write_text(write_notebook(stored))
    monkeypatch.setattr(Course, "here", lambda: small)
    yield lambda *words: CliRunner().invoke(app, list(words), catch_exceptions=False)
    path.write_bytes(before)


def test_a_run_is_compared_with_what_is_stored(tampered, small):
    run = tampered("run", "--check", "--profile", "smoke", "--out", str(small.root / "out"))
    lines = {cell: line for cell, line in zip((CURVE, NUMBERS), run.output.splitlines()[1:], strict=True)}
    master = read_master(small.solutions / "02_shapes.py")
    assert run.exit_code == 1
    for cell, words in ((CURVE, "stored 0.75, now 0.7"), (NUMBERS, r"stored '43 objects\n', now '42")):
        place = f"{cell}, solutions/02_shapes.py:{master.cells[int(cell[-3:]) - 1].line}: "
        assert place in lines[cell] and words in lines[cell]


def test_a_run_that_is_not_compared_passes_beside_other_stored_values(tampered, small):
    assert run_lessons(small, profile="smoke", out=small.root / "out", tell=lambda line: None)[0].faults == ()


def test_only_the_run_that_is_stored_can_be_compared(small):
    for other in ({"profile": "cpu"}, {"profile": "smoke", "seed": 1}):
        with pytest.raises(SettingsError, match="--check --profile smoke"):
            run_lessons(small, check=True, **other)


def test_build_check_tells_of_a_stored_notebook_that_is_broken(small, stored, tampered):
    BREAKS["a picture that is not even an image"].spoil(stored)
    (small.solutions / "02_shapes.ipynb").write_text(write_notebook(stored))
    found = tampered("build", "--check")
    assert found.exit_code == 1
    assert f"solutions/02_shapes.ipynb, {PHOTOGRAPH}: a picture is none" in found.output and TABLE not in found.output
