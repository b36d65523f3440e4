"""Every exercise is itself tested: wrong answers are rejected with the right words, right ones accepted, the stub is no attempt."""

import json
import time

import pytest
import torch

from tests.conftest import ROOT
from tests.exercises.harness import answers_to, complaint, file_of, verdicts_on
from tests.exercises.proof import record_of, staleness
from vostutor.checks import LESSONS, LocalAnswer, find_exercise, judge
from vostutor.checks.exercise import title_of

IDS = [id for ids in LESSONS.values() for id in ids]
WRITTEN = [answer for id in IDS for answer in answers_to(id)]
SLIPS = [(id, k) for id in IDS for k in range(len(find_exercise(id).slips))]


@pytest.mark.parametrize("answer", WRITTEN, ids=str)
def test_an_answer_gets_the_verdict_it_deserves(answer, pytestconfig):
    for seed, verdict in enumerate(verdicts_on(answer, pytestconfig.getoption("--seeds"))):
        said = complaint(answer, verdict)
        assert said is None, f"seed {seed}: {said}"


@pytest.mark.parametrize("id", IDS)
def test_an_exercise_has_enough_answers_to_be_tried_with(id):
    answers = list(answers_to(id))
    assert sum(a.is_wrong for a in answers) >= 5 and sum(a.is_right for a in answers) >= 2
    assert all(a.says for a in answers if a.is_wrong), (
        "the docstring of a wrong answer is what its diagnosis has to say"
    )


@pytest.mark.parametrize("id", IDS)
def test_an_exercise_says_all_that_a_lesson_needs(id):
    exercise = find_exercise(id)
    assert exercise.id == id and len(exercise.properties) >= 5 and len(exercise.hints) == 3
    assert 1 <= exercise.difficulty <= 5 and exercise.points > 0 and exercise.minutes > 0
    titles = [title_of(p) for p in exercise.properties]
    assert len(set(titles)) == len(titles) and all(title[0].islower() and not title.endswith(".") for title in titles)
    assert not [
        h for h in exercise.hints if any(sign in h for sign in ("def ", "`", "torch.", ".sum", "return ", " = "))
    ]


@pytest.mark.parametrize("id", IDS)
def test_what_stands_in_for_a_student_passes_within_a_second(id):
    exercise, clock = find_exercise(id), time.process_time()
    verdict = judge(exercise, LocalAnswer(exercise.stand_in()))
    assert verdict.passed, "\n".join(verdict.lines())
    assert time.process_time() - clock < 1


@pytest.mark.parametrize("id, k", SLIPS, ids=lambda value: str(value))
def test_who_makes_a_slip_is_told_so_within_a_second(id, k):
    exercise, clock = find_exercise(id), time.process_time()
    slip = exercise.slips[k]
    verdict = judge(exercise, LocalAnswer(slip.make), seed=k)
    assert verdict.stopped_at and verdict.stopped_at.likely == slip.tell
    assert time.process_time() - clock < 1


@pytest.mark.parametrize("id", IDS)
def test_no_property_is_idle_and_each_is_broken_by_some_answer(id):
    matrix = json.loads(record_of(_lesson(id)).read_text())["exercises"][id]
    broken = {fail["property"] for answer in matrix["rejected"].values() for fail in answer["fails"]}
    assert broken == set(range(len(matrix["properties"])))


@pytest.mark.parametrize("id", IDS)
def test_a_constant_earns_nothing(id):
    exercise = find_exercise(id)
    for constant in (0.0, 1.0, torch.zeros(5, 8, dtype=torch.bool), (0.5, 0.5, 0.0)):
        assert judge(exercise, LocalAnswer(lambda *inputs, constant=constant: constant)).points == 0


STRANGE = ["no", {}, {"x": [1]}, [], (), (1, 2, 3), (None,) * 3, ["a"] * 3, float("nan"), -1, True, 10**30]
STRANGE += [torch.zeros(0), torch.zeros(2, 3, 4), torch.tensor(1j), torch.eye(3).to_sparse(), torch, object(), {1: 2}]


@pytest.mark.parametrize("id", IDS)
def test_strange_results_are_rejected_in_four_lines(id):
    exercise = find_exercise(id)
    for strange in STRANGE:
        verdict = judge(exercise, LocalAnswer(lambda *inputs, strange=strange: strange))
        assert not verdict.passed and len(verdict.lines()) == 4


def test_every_file_of_answers_belongs_to_an_exercise():
    assert {*file_of("a.b").parent.glob("*.py")} == {file_of(id) for id in IDS}


def test_every_exercise_that_is_written_is_in_the_catalog():
    written = [path for path in (ROOT / "vostutor/checks").glob("lesson*/*.py") if "\nEXERCISE = " in path.read_text()]
    listed = {(f"lesson{lesson}", id.partition(".")[2]) for lesson, ids in LESSONS.items() for id in ids}
    assert {(path.parent.name, path.stem) for path in written} == listed


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_proof_of_a_lesson_is_current(lesson):
    stale = staleness(lesson)
    assert stale == [], "make proof"


def test_every_record_is_of_a_lesson_with_exercises():
    assert {path.stem for path in record_of("00").parent.glob("*")} == set(LESSONS)


def _lesson(id: str) -> str:
    return next(lesson for lesson, ids in LESSONS.items() if id in ids)
