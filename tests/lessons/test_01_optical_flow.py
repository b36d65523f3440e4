"""What a student writes in lesson 01 is what the rest of the lesson trains and shows: broken on purpose, a later picture changes."""

import pytest

from tests.conftest import ROOT
from tests.lessons.play import Play

BROKEN = {
    "flow.multiscale_epe": "def multiscale_epe(predictions, flow, weights, div_flow):\n    return predictions[0].square().sum()",
    "flow.correlation": "def correlation(f1, f2, radius):\n    return f1.mean(1, keepdim=True).repeat(1, (2 * radius + 1) ** 2, 1, 1)",
    "flow.expected_displacement": "def expected_displacement(scores, radius, temperature):\n    return 0 * scores[:, :2]",
    "flow.change_view": "def change_view(points, flow, view1, view2):\n    return flow",
    "flow.find_occluded": "def find_occluded(flow_fwd, flow_bwd):\n    return flow_fwd[:, 0] > 0",
}


@pytest.fixture(scope="module")
def play():
    """The lesson, played once; how often a curve was drawn meanwhile is a matter of time, and so not part of what is compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", lambda *shown, **more: None)
        yield Play(ROOT / "solutions/01_optical_flow.py", profile="smoke")


def test_every_exercise_of_the_lesson_is_broken_here(play):
    assert set(BROKEN) == {cell.exercise for cell in play.cells if cell.exercise}


@pytest.mark.parametrize("exercise", BROKEN)
def test_a_broken_answer_changes_what_the_lesson_shows(play, exercise):
    assert any(changed for _, changed in play.changes_after(exercise, BROKEN[exercise]))


def test_the_same_answer_changes_nothing(play):
    cell = next(cell for cell in play.cells if cell.exercise == "flow.change_view")
    assert not [line for line, changed in play.changes_after("flow.change_view", cell.source) if changed]
