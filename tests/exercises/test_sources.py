"""A proof is stale when a file that decides a verdict has changed, when an exercise or an answer came or went, and only then."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.exercises.harness import file_of
from tests.exercises.proof import record_of
from tests.exercises.sources import reasons, sources
from vostutor.checks import LESSONS

COPIED = ("vostutor/checks", "vostutor/core", "vostutor/ops", "tests/exercises")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """What a proof rests on, in another place."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def stale(checkout):
    """Why the copy's proof of a lesson is stale; the record is of the files as they are here."""

    def ask(lesson="00", *, ids=None, seeds=20, **changed):
        record = json.loads(record_of(lesson).read_text())
        record |= {"seeds": 20, "sources": sources(lesson, LESSONS[lesson])} | changed
        return reasons(record, lesson, ids or LESSONS[lesson], seeds, checkout)

    return ask


@pytest.fixture
def appended(checkout):
    """Appends to a file of the copy, for the time of a test."""
    before = {}

    def append(place, text):
        before[place] = (checkout / place).read_bytes()
        (checkout / place).write_bytes(before[place] + text.encode())

    yield append
    for place, content in before.items():
        (checkout / place).write_bytes(content)


def test_a_copy_is_as_current_as_what_it_was_copied_from(stale):
    assert {lesson: stale(lesson) for lesson in LESSONS} == dict.fromkeys(LESSONS, [])


@pytest.mark.parametrize("place", [
    "vostutor/checks/trial.py", "vostutor/checks/worker.py", "vostutor/checks/lesson00/jaccard.py",
    "vostutor/checks/lesson00/masks.py", "tests/exercises/harness.py", "tests/exercises/answers/task_warp.py",
])  # fmt: skip
def test_one_byte_of_what_decides_a_verdict_makes_the_proof_stale(stale, appended, place):
    appended(place, "#")
    assert stale() == [f"{place} has changed"]


def test_below_the_checks_code_counts_and_words_do_not(stale, appended):
    appended("vostutor/ops/masks.py", "# a remark\n")  # dilate, which the lesson hands out
    assert stale() == []
    appended("vostutor/core/shapes.py", "x = 1\n")  # what dilate itself imports
    assert stale() == ["vostutor/core/shapes.py has changed"]


def test_a_lesson_is_stale_by_what_it_rests_on_alone(stale, appended):
    appended("vostutor/checks/lesson01/fields.py", "#")
    appended("vostutor/checks/catalog.py", "#")
    appended("vostutor/checks/desk.py", "#")
    assert stale("00") == [] and stale("04") == ["vostutor/checks/lesson01/fields.py has changed"]


def test_an_answer_more_or_less_is_named(stale, appended):
    appended("tests/exercises/answers/task_warp.py", "\n\ndef wrong_new(ids, flow):\n    return 1\n")
    assert "task.warp: answer wrong_new was not proved" in stale()
    exercises = json.loads(record_of("00").read_text())["exercises"]
    exercises["task.warp"]["rejected"]["wrong_old"] = {}
    assert "task.warp: answer wrong_old is gone" in stale(exercises=exercises)


def test_an_exercise_more_or_less_is_named(stale):
    exercises = json.loads(record_of("00").read_text())["exercises"]
    less = {id: said for id, said in exercises.items() if id != "task.warp"}
    assert stale(exercises=less) == ["exercise task.warp was not proved"]
    assert "exercise task.warp is gone" in stale(ids=LESSONS["00"][:-1])


def test_a_file_that_came_or_went_is_named(stale, checkout):
    assert stale(sources={})[0].endswith("was not proved")
    aside = checkout / "aside"
    shutil.move(file_of("task.jaccard", checkout), aside)
    told = stale()
    shutil.move(aside, file_of("task.jaccard", checkout))
    assert "file tests/exercises/answers/task_jaccard.py is gone" in told


def test_another_number_of_seeds_or_no_record_is_stale(stale):
    assert stale(seeds=30) == ["proved at 20 seeds, not 30"]
    assert reasons(None, "00", LESSONS["00"], 20) == ["there is no record"]


def test_no_module_that_is_loaded_to_prove_is_missing():
    """Found by reading imports, so held against what a process has really loaded that judges and answers."""
    answers = [str(file_of(id)) for ids in LESSONS.values() for id in ids]
    program = (
        "import sys; from runpy import run_path; from vostutor.checks import LESSONS, find_exercise, judge, PipeAnswer\n"
        "from vostutor.checks import worker; [find_exercise(id) for ids in LESSONS.values() for id in ids]\n"
        "[run_path(path) for path in sys.argv[1:]]\n"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('vostutor')), sep='\\n')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *answers], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {path.removeprefix(f"{ROOT}/") for path in run.stdout.split() if not path.endswith("__init__.py")}
    found = {place for lesson, ids in LESSONS.items() for place in sources(lesson, ids)}
    assert loaded - found == {"vostutor/core/lazy.py", "vostutor/checks/catalog.py"}
