"""The J/F explorer without a browser: the world of squares, and whose functions give the numbers."""

import math

import numpy as np
import pytest
import torch

from vostutor.core import VosError
from vostutor.metrics import boundary_f, jaccard, statistics
from vostutor.widgets import JFExplorer
from vostutor.widgets.jf_world import RADII, SEQUENCES, SIZES, TRUTH, WORLD, Box, Functions, explore, summarise


def j_and_f(seen) -> tuple[float, float]:
    return seen.J, seen.F


@pytest.mark.parametrize(
    ("shift", "j", "f"), [(1, 0.939394, 1), (2, 0.882353, 0.515625), (3, 0.828571, 0.5), (5, 0.729730, 0.46875)]
)
def test_a_shift_scores_as_in_the_table(shift, j, f):
    seen = explore(TRUTH, TRUTH.moved(0, shift), radius=1)
    assert j_and_f(seen) == pytest.approx((j, f), abs=1e-6)  # the table has six digits


@pytest.mark.parametrize(
    ("grow", "j", "f"), [(-2, 0.765625, 0), (-1, 0.878906, 0.984127), (1, 0.885813, 0.985075), (2, 0.790123, 0)]
)
def test_growing_scores_as_in_the_table(grow, j, f):
    seen = explore(TRUTH, TRUTH.grown(grow), radius=1)
    assert j_and_f(seen) == pytest.approx((j, f), abs=1e-6)  # the table has six digits


def every_state():
    """The whole range of the controls: all radii, sizes from end to end, places from corner to corner."""
    for radius in range(RADII[0], RADII[1] + 1):
        for size in (SIZES[0], 9, 32, SIZES[1]):
            for row in (0, 15, WORLD - size):
                for column in (0, 17, WORLD - size):
                    yield Box(row, column, size).clamped(), radius


def test_every_state_agrees_with_the_metrics():
    for box, radius in every_state():
        seen = explore(TRUTH, box, radius)
        metrics = jaccard(TRUTH.mask(), box.mask()), boundary_f(TRUTH.mask(), box.mask(), bound_th=radius)
        assert j_and_f(seen) == metrics
        assert all(0 <= share <= 1 for share in (seen.precision, seen.recall)) and not seen.notes


def test_the_flags_hold_all_six_masks():
    seen = explore(TRUTH, Box(3, 5, 20), 2)
    masks = (seen.gt, seen.pred, seen.gt_boundary, seen.pred_boundary, seen.gt_band, seen.pred_band)
    for bit, mask in enumerate(masks):
        assert np.array_equal((seen.flags >> bit) & 1, mask)


def test_a_wider_band_never_lowers_f():
    for box in (TRUTH.moved(3, 5), TRUTH.grown(-4), Box(0, 0, 10)):
        scores = [explore(TRUTH, box, radius).F for radius in range(1, 9)]
        assert scores == sorted(scores)


def test_swapping_the_squares_swaps_precision_and_recall():
    there, back = explore(TRUTH, Box(8, 20, 24), 2), explore(Box(8, 20, 24), TRUTH, 2)
    assert (there.precision, there.recall, there.F, there.J) == (back.recall, back.precision, back.F, back.J)


def test_no_box_leaves_the_world():
    for box in (Box(-5, 70, 32), Box(60, 60, 99), Box(0, 0, -3), TRUTH.moved(-99, 99), TRUTH.grown(40)):
        kept = box.clamped()
        assert all(0 <= place <= WORLD - kept.size for place in (kept.row, kept.column))
        assert kept.mask().sum() == kept.size**2


def test_the_sequences_say_what_their_names_promise():
    summaries = {name: summarise([explore(TRUTH, box, 1).J for box in boxes]) for name, boxes in SEQUENCES.items()}
    assert summaries["steady"]["D"] == 0
    assert summaries["slow drift"]["D"] > 0.3 and summaries["lost at the end"]["D"] > 0.3
    assert summaries["found late"]["D"] == pytest.approx(-summaries["lost at the end"]["D"])  # time reversed, n = 12


def test_the_answer_follows_every_control():
    explorer = JFExplorer("steady", frame=2, radius=1)
    explorer.set_state({"boxes": [[10, 12, 30]] * 12, "frame": 7, "radius": 3})
    seen = explore(TRUTH, Box(10, 12, 30), 3)
    assert explorer.answer["state"] == [10, 12, 30, 3]
    assert explorer.answer["numbers"] == {"J": seen.J, "F": seen.F, "P": seen.precision, "R": seen.recall}
    assert explorer.answer["flags"] == seen.flags.tobytes() and explorer.answer["curve"] == [seen.J] * 12


def test_each_control_alone_renews_the_answer():
    explorer = JFExplorer("slow drift", frame=2, radius=1)
    explorer.radius = 4
    assert explorer.answer["numbers"]["F"] == explore(TRUTH, Box(*explorer.boxes[2]), 4).F
    explorer.frame = 9
    assert explorer.answer["numbers"]["J"] == explore(TRUTH, Box(*explorer.boxes[9]), 4).J


def test_controls_stay_in_range():
    explorer = JFExplorer()
    explorer.frame, explorer.radius, explorer.boxes = 99, 99, [[-4, 90, 400]] * 12
    assert (explorer.frame, explorer.radius, explorer.boxes[0]) == (11, 8, [0, 16, 48])


def test_the_students_functions_are_asked_with_tensors():
    asked = []

    def my_jaccard(gt, pred):
        asked.append((type(gt), gt.dtype, tuple(pred.shape)))
        return 0.25

    explorer = JFExplorer("steady", jaccard=my_jaccard)
    assert explorer.own == ["jaccard"] and explorer.answer["numbers"]["J"] == 0.25 == explorer.answer["curve"][3]
    assert set(asked) == {(torch.Tensor, torch.bool, (WORLD, WORLD))}


BROKEN = {
    "jaccard": lambda gt, pred: (gt & pred).sum() / gt.sum(),
    "boundary": lambda mask: mask & ~mask.roll(1, 0),
    "boundary_f": lambda gt, pred, radius: 0.5,
    "statistics": lambda values: (0.1, 0.2, 0.3),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_answer_changes_what_is_shown(name):
    right, wrong = JFExplorer("slow drift"), JFExplorer("slow drift", **{name: BROKEN[name]})
    assert {k: v for k, v in wrong.answer.items() if k != "notes"} != {
        k: v for k, v in right.answer.items() if k != "notes"
    }
    if name != "statistics":  # the still picture draws the decay from the curve itself
        assert wrong.static_picture().data != right.static_picture().data


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("answer", [None, ..., "raise"])
def test_an_answer_that_fails_is_told_and_nothing_breaks(name, answer):
    def unfinished(*inputs):
        if answer == "raise":
            raise IndexError("out of range")
        return answer

    notes = JFExplorer("steady", **{name: unfinished}).answer["notes"]
    assert any(note.startswith(f"{name} gave") for note in notes)


def test_without_numbers_there_is_still_a_picture():
    explorer = JFExplorer("steady", jaccard=lambda gt, pred: None, boundary_f=lambda gt, pred, radius: None)
    assert "J is nan" in explorer.static_picture().alt


def test_a_boundary_of_another_size_is_told():
    seen = explore(TRUTH, TRUTH, 1, Functions(boundary=lambda mask: mask[1:]))
    assert "shape (63, 64)" in seen.notes[0] and seen.F == 1


def test_a_function_that_writes_into_its_input_spoils_nothing():
    def greedy(gt, pred):
        gt |= pred
        return gt.float().mean()

    seen = explore(TRUTH, Box(0, 0, 10), 1, Functions(jaccard=greedy))
    assert np.array_equal(seen.gt, TRUTH.mask())


def test_a_drag_asks_the_students_function_only_for_what_moved():
    asked = []
    explorer = JFExplorer("slow drift", jaccard=lambda gt, pred: asked.append(1) or 0.5)
    asked.clear()
    explorer.boxes = [*explorer.boxes[:4], [9, 9, 9], *explorer.boxes[5:]]
    assert len(asked) == 2  # once for the picture, once for the curve


def test_statistics_are_those_of_the_metric():
    values = np.random.default_rng(0).random(12).tolist()
    assert list(summarise(values).values()) == list(statistics(values))


def test_the_still_picture_gives_the_numbers_in_words():
    explorer = JFExplorer("slow drift", frame=0)
    explorer.boxes = [[14, 14, 36]] * 12
    data, about = explorer._repr_mimebundle_()
    assert {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"} <= data.keys()
    assert "J is 0.790" in data["text/plain"] and "F 0.000" in about["image/png"]["alt"]
    assert explorer._repr_mimebundle_()[0]["image/png"] == data["image/png"]


def test_nan_reaches_the_browser_as_null():
    assert JFExplorer("steady", jaccard=lambda gt, pred: math.nan).answer["numbers"]["J"] is None


def test_a_sequence_that_does_not_exist_is_refused():
    with pytest.raises(VosError, match="slow drift"):
        JFExplorer("sideways")
