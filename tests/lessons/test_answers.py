"""What a student writes is what the rest of the lesson trains and shows: broken on purpose, a later picture changes."""

from functools import cache

import pytest

import vostutor.data
from tests.conftest import ROOT
from tests.lessons.play import Play


def pytest_generate_tests(metafunc):
    if "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", metafunc.cls.broken)


@pytest.fixture(scope="class")
def play(request):
    """The lesson of a class, played once. Clips are drawn once, since the cells after an exercise are played again and again; how often
    a curve was drawn meanwhile is a matter of time, and so not part of what is compared.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vostutor.data, "draw_clip", cache(vostutor.data.draw_clip))
        patch.setattr("IPython.display.display", lambda *shown, **more: None)
        yield Play(ROOT / f"solutions/{request.cls.name}.py", profile="smoke")


class Lesson:
    """What holds of each lesson."""

    name: str
    broken: dict[str, str]  # for each exercise an answer that is wrong

    def test_every_exercise_of_the_lesson_is_broken_here(self, play):
        assert set(self.broken) == {cell.exercise for cell in play.cells if cell.exercise}

    def test_a_broken_answer_changes_what_the_lesson_shows(self, play, exercise):
        assert any(changed for _, changed in play.changes_after(exercise, self.broken[exercise]))

    def test_the_same_answer_changes_nothing(self, play):
        cell = [cell for cell in play.cells if cell.exercise][2]
        assert not [line for line, changed in play.changes_after(cell.exercise, cell.source) if changed]


class TestTheTask(Lesson):
    name = "00_the_task"
    broken = {
        "task.jaccard": "def jaccard(gt, pred, void=None):\n    return 1.0",
        "task.boundary": "def boundary(mask):\n    return mask",
        "task.boundary_f": "def boundary_f(gt, pred, radius):\n    return 0.5",
        "task.statistics": "def statistics(values):\n    return 0.0, 0.0, 0.0",
        "task.warp": "def warp_ids(ids, flow):\n    return ids.roll(3, dims=1)",
    }


class TestOpticalFlow(Lesson):
    name = "01_optical_flow"
    broken = {
        "flow.multiscale_epe": "def multiscale_epe(predictions, flow, weights, div_flow):\n    return predictions[0].square().sum()",
        "flow.correlation": "def correlation(f1, f2, radius):\n    return f1.mean(1, keepdim=True).repeat(1, (2 * radius + 1) ** 2, 1, 1)",
        "flow.expected_displacement": "def expected_displacement(scores, radius, temperature):\n    return 0 * scores[:, :2]",
        "flow.change_view": "def change_view(points, flow, view1, view2):\n    return flow",
        "flow.find_occluded": "def find_occluded(flow_fwd, flow_bwd):\n    return flow_fwd[:, 0] > 0",
    }


class TestOneShot(Lesson):
    name = "04_one_shot"
    broken = {
        "oneshot.balanced_bce": "def balanced_bce(logits, mask):\n    return F.softplus(torch.where(mask, -logits, logits)).sum()",
        "oneshot.upsample": "def upsample(scores, stride, size):\n    return F.interpolate(scores, size=size)",
        "oneshot.finetune": "def finetune(parent, frame, mask, steps):\n    return deepcopy(parent)",
        "oneshot.snap": "def snap(superpixels, mask):\n    return mask",
        "oneshot.adaptation_targets": "def adaptation_targets(posterior, *rest, **how):\n    return torch.full(posterior.shape, 255)",
    }


class TestPixelRetrieval(Lesson):
    name = "07_pixel_retrieval"
    broken = {
        "retrieval.min_triplet": "def min_triplet(anchors, positives, negatives, margin):\n    return anchors.square().sum(1)",
        "retrieval.agreed": "def agreed(neighbours):\n    return neighbours[:, 0] == 0",
        "retrieval.squash": "def squashed_distances(x, y):\n    return torch.cdist(x, y)",
        "retrieval.global_match": "def global_match(query, reference, ids, objects):\n    return query[:1].repeat(1 + len(objects), 1, 1)",
        "retrieval.local_match": "def local_match(query, *rest):\n    return query[:1].repeat(1 + len(rest[2]), 1, 1)",
    }
