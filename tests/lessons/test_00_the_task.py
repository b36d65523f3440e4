"""What a student writes in lesson 00 is what the rest of the lesson shows: broken on purpose, a later picture changes."""

from functools import cache

import pytest

import vostutor.data
from tests.conftest import ROOT
from tests.lessons.play import Play

BROKEN = {
    "task.jaccard": "def jaccard(gt, pred, void=None):\n    return 1.0",
    "task.boundary": "def boundary(mask):\n    return mask",
    "task.boundary_f": "def boundary_f(gt, pred, radius):\n    return 0.5",
    "task.statistics": "def statistics(values):\n    return 0.0, 0.0, 0.0",
    "task.warp": "def warp_ids(ids, flow):\n    return ids.roll(3, dims=1)",
}


@pytest.fixture(scope="module")
def play():
    """The lesson, played once; every clip is drawn once, since the cells after each exercise are played again and again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vostutor.data, "draw_clip", cache(vostutor.data.draw_clip))
        yield Play(ROOT / "solutions/00_the_task.py", profile="smoke")


def test_every_exercise_of_the_lesson_is_broken_here(play):
    assert set(BROKEN) == {cell.exercise for cell in play.cells if cell.exercise}


@pytest.mark.parametrize("exercise", BROKEN)
def test_a_broken_answer_changes_what_the_lesson_shows(play, exercise):
    assert any(changed for _, changed in play.changes_after(exercise, BROKEN[exercise]))


def test_the_same_answer_changes_nothing(play):
    cell = next(cell for cell in play.cells if cell.exercise == "task.boundary_f")
    assert not [line for line, changed in play.changes_after("task.boundary_f", cell.source) if changed]
