"""The adaptation painter without a browser: what a frame teaches at every setting, and whose function says so."""

import zlib
from itertools import product

import numpy as np
import pytest
import torch

from tests.widgets.alone import state_of
from tests.widgets.taught import TwoConvolutions, two_squares, weight
from vostutor.checks.lesson04.adaptation_targets import reference
from vostutor.core import Clip, VosError
from vostutor.core.ids import VOID
from vostutor.models.onavos import OnAVOSConfig, adaptation_targets
from vostutor.widgets import AdaptationPainter
from vostutor.widgets.adaptation import TARGETS, Adaptation, Setting, choices_of, curve_of, replay_curves, tell_targets
from vostutor.widgets.adaptation_painter import CONTROLS, FROZEN, plot_lines
from vostutor.widgets.fine_tuning import ask
from vostutor.widgets.packing import unpack_ids
from vostutor.widgets.verdicts import cover


def sure_of(clip: Clip) -> torch.Tensor:
    """Probabilities that are right but for a part of the other square. Shapes: -> (T,H,W)."""
    prob = torch.where(clip.ids == 1, 0.95, 0.05)
    prob[:, 14:18, 20:24] = 0.92
    return prob


@pytest.fixture(scope="module")
def painter():
    return AdaptationPainter(two_squares(), sure_of(two_squares()))


# ---- state -> arrays


def test_the_targets_are_the_packages_from_the_last_answer():
    clip = two_squares()
    prob = sure_of(clip)
    seen = Adaptation(clip, prob).of(Setting(5, 0.9, 6, 3)).codes
    assert np.array_equal(seen, adaptation_targets(prob[5], prob[4] > 0.5, alpha=0.9, distance=6, erosion=3).numpy())


def test_the_frame_after_the_first_trusts_the_told_mask():
    clip = two_squares()
    prob = sure_of(clip)
    seen = Adaptation(clip, prob).of(Setting(1, 0.9, 6, 1)).codes
    assert np.array_equal(seen, adaptation_targets(prob[1], clip.ids[0] == 1, alpha=0.9, distance=6, erosion=1).numpy())
    assert (seen[14:18, 20:24] == 0).all()  # far from the told mask, however sure the network is


def test_a_network_is_asked_frame_by_frame():
    clip, network = two_squares(), TwoConvolutions()
    with torch.no_grad():
        prob = network(clip.frames / 255)[-1][:, 0].sigmoid().numpy()
    assert Adaptation(clip, network).prob == pytest.approx(prob, abs=1e-6)  # batches of another size round differently


def test_words_count_what_is_taught_and_what_is_wrong():
    codes, truth = np.array([[1, 1, 1, 0, 0, 255]]), np.array([[True, True, False, True, False, False]])
    assert (
        tell_targets(codes, truth)
        == "3 positives, 1 of them wrong. 2 negatives, 1 of them wrong. 1 of 6 pixels says nothing."
    )
    assert tell_targets(np.full((1, 3), 255), np.zeros((1, 3), bool)) == "All is void: this frame teaches nothing."


def test_j_over_time_leaves_the_told_frame_out():
    clip = two_squares(4)
    curve = curve_of(clip, (clip.ids == 1).numpy(), 1)
    assert np.isnan(curve[0]) and curve[1:] == [1, 1, 1]


def test_lengths_follow_the_height():
    assert choices_of(480)["distance"] == (0, 48, 120, 240, 480) and choices_of(480)["erosion"] == (1, 11, 39, 97)
    assert all(side % 2 for rows in range(1, 200) for side in choices_of(rows)["erosion"])


def test_replay_is_measured_on_the_same_network_with_and_without():
    clip, network = two_squares(4), TwoConvolutions()
    config = OnAVOSConfig(first_steps=0, online_steps=4, interval=2, online_rate=0.05)
    curves = replay_curves(network, clip, config)
    assert list(curves) == ["with replay", "without replay"] and all(len(curve) == 4 for curve in curves.values())
    assert (
        curves["with replay"][-1] > curves["without replay"][-1]
    )  # only the told frame knows better than this network
    assert curves["with replay"][1:] == replay_curves(network, clip, config)["with replay"][1:]


def test_replay_learns_from_the_targets_that_are_given():
    def nothing(prob, last_mask, **how):
        return torch.full(prob.shape, VOID)

    clip, network, config = two_squares(4), TwoConvolutions(), OnAVOSConfig(first_steps=0, online_rate=0.05, interval=1)
    curves = [
        replay_curves(network, clip, config, targets=targets)["without replay"][1:] for targets in (None, nothing)
    ]
    unlearned = curve_of(clip, np.stack([ask(network, frame) > 0.5 for frame in clip.frames]), 1)[1:]
    assert curves[1] == unlearned != curves[0]


# ---- the widget


def test_every_state_of_the_controls_shows_its_targets(painter):
    ranges = [range(len(painter.moments)), *(range(len(painter.choices[name])) for name in CONTROLS)]
    for state in product(*ranges):
        painter.moment, painter.alpha, painter.distance, painter.erosion = state
        setting = painter.setting
        assert painter.answer["state"] == list(state) and setting.frame == painter.moments[state[0]]
        seen = unpack_ids(zlib.decompress(painter.answer["runs"]), *painter.size)[0]
        assert np.array_equal(seen, painter.painted.codes) and set(np.unique(seen)) <= set(TARGETS)
        assert painter.answer["words"] == painter.painted.words and not painter.answer["note"]


def test_sliders_do_what_they_say(painter):
    painter.moment, painter.alpha, painter.distance, painter.erosion = 4, 0, 2, 0
    count = lambda code: int((painter.painted.codes == code).sum())  # noqa: E731
    positives, negatives = count(1), count(0)
    painter.alpha = 4  # 0.99, which nothing is above
    assert positives > count(1) == 0 and count(0) == negatives
    painter.distance = 4  # as far as the frame is high
    assert count(0) < negatives
    painter.distance = 0
    assert count(0) == 24 * 32 - painter.adaptation.masks[4].sum()


def test_controls_stay_in_range(painter):
    painter.moment, painter.alpha, painter.distance, painter.erosion = 99, 99, -1, 99
    assert painter.state == (7, 4, 0, len(painter.choices["erosion"]) - 1)


def test_a_filled_page_holds_all_settings_of_its_frame_and_is_small():
    from vostutor.data.minivos import draw_clip

    clip = draw_clip("drift", 2, flow=False)
    painter = AdaptationPainter(clip, TwoConvolutions()).fill()
    assert len(painter.stored) == 5 * 5 * 4 + 15 - 1 and weight(state_of(painter)) <= 300_000
    assert painter.stored["10,2,2,1"] == {name: painter.answer[name] for name in ("runs", "words", "note")}


def test_of_a_long_clip_some_frames_can_be_looked_at():
    clip = two_squares(3)
    long = Clip(clip.frames[:1].repeat(60, 1, 1, 1), clip.ids[:1].repeat(60, 1, 1))
    painter = AdaptationPainter(long, TwoConvolutions())
    assert len(painter.moments) == 15 == len(painter.film) and painter.moments[0] == 1 and painter.moments[-1] == 59


def test_curves_are_drawn_in_order_and_the_frozen_network_last():
    clip = two_squares(3)
    painter = AdaptationPainter(
        clip, sure_of(clip), curves={"with": [float("nan"), 0.5, 0.6], "without": [1, 0.4, 0.2]}
    )
    assert [line["name"] for line in painter.lines] == ["with", "without", FROZEN] and not painter.runnable
    assert painter.lines[0]["curve"] == [None, 0.5, 0.6]
    assert "with 0.55, without 0.53" in painter.static_picture().alt


@pytest.mark.parametrize("names", [(), ("with replay", "without replay")])
def test_the_legend_of_the_still_picture_fits_and_has_a_row_for_systems_and_one_for_paints(names):
    clip = two_squares()
    painter = AdaptationPainter(clip, sure_of(clip), curves=dict.fromkeys(names, [1.0] * len(clip)))
    figure = plot_lines(painter.lines, 1, wide=painter._panes().shape[1])
    figure.canvas.draw()
    (legend,) = figure.legends
    entries = {text.get_text(): text.get_window_extent() for text in legend.get_texts()}
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in entries.values())
    rows = [
        {round(entries[name].y0, -1) for name in row} for row in ((*names, FROZEN), [t[1] for t in TARGETS.values()])
    ]
    assert [len(row) for row in rows] == [1, 1] and max(rows[0]) > max(rows[1])


def test_curves_wait_for_the_button_and_a_failure_is_told():
    clip, asked = two_squares(3), []
    painter = AdaptationPainter(clip, sure_of(clip), curves=lambda: asked.append(1) or {"on": [1, 1, 1]})
    assert painter.runnable and asked == [] and [line["name"] for line in painter.lines] == [FROZEN]
    painter.wanted = True
    assert asked == [1] and not painter.runnable and not painter.wanted and painter.lines[0]["name"] == "on"
    painter = AdaptationPainter(clip, sure_of(clip), curves=lambda: {"on": [1]})
    painter.wanted = True
    assert "curves gave nothing: DataError" in painter.trouble and painter.runnable and not painter.wanted


# ---- whose function it is


def test_the_exercises_answer_paints_what_the_packages_does(painter):
    mine = AdaptationPainter(two_squares(), sure_of(two_squares()), targets=reference)
    ranges = [range(2), *(range(len(mine.choices[name])) for name in CONTROLS)]
    for state in product(*ranges):
        setting = mine._setting(state)
        assert np.array_equal(mine.adaptation.of(setting).codes, painter.adaptation.of(setting).codes)
    assert mine.own and not painter.own


BROKEN = {
    "no erosion": lambda p, m, alpha, distance, erosion: reference(p, m, alpha, distance, 1),
    "the posterior makes background": lambda p, m, alpha, distance, erosion: torch.where(
        p < 0.1, 0, reference(p, m, alpha, distance, erosion)
    ),
    "sure wins": lambda p, m, alpha, distance, erosion: torch.where(
        p > alpha, 1, reference(p, m, alpha, distance, erosion)
    ),
    "near and far swapped": lambda p, m, alpha, distance, erosion: (
        1 - reference(p, m, alpha, distance, erosion).clamp(max=1)
    ),
    "no void": lambda p, m, alpha, distance, erosion: (p > alpha).long(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_function_shows(name):
    clip = two_squares()
    given = {"frame": 5, "choices": {"alpha": (0.9,), "distance": (6,), "erosion": (5,)}}
    right, wrong = (AdaptationPainter(clip, sure_of(clip), targets=f, **given) for f in (reference, BROKEN[name]))
    assert wrong.answer["runs"] != right.answer["runs"] and wrong.answer["words"] != right.answer["words"]
    assert wrong.answer["note"] == ""


def raising(*given, **more):
    raise NotImplementedError("yet")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (raising, "NotImplementedError: yet"),
        (lambda *given, **more: None, "targets gave nothing"),
        (lambda p, m, **more: p[None], "shape (1, 24, 32)"),
        (lambda p, m, **more: torch.full(p.shape, -1), "-1.0"),
        (lambda: 0, "TypeError"),
    ],
)
def test_a_function_that_fails_is_told_and_nothing_breaks(answer, told):
    painter = AdaptationPainter(two_squares(), sure_of(two_squares()), targets=answer)
    assert told in painter.answer["note"] and painter.answer["words"].startswith("All is void")
    assert told in painter.static_picture().alt


def test_a_function_that_writes_into_its_input_spoils_nothing():
    def greedy(prob, last_mask, **how):
        prob.zero_(), last_mask.zero_()
        return torch.full(prob.shape, 255)

    clip = two_squares()
    painter = AdaptationPainter(clip, sure_of(clip), targets=greedy).fill()
    assert np.array_equal(painter.adaptation.prob, sure_of(clip).numpy())
    assert painter.adaptation.masks[0].sum() == 64


def test_the_still_picture_says_it_in_words_and_is_small(painter):
    painter.moment, painter.alpha, painter.distance, painter.erosion = 4, 2, 1, 1
    data, about = painter._repr_mimebundle_()
    kind = next(name for name in data if name.startswith("image/"))
    assert painter.painted.words in about[kind]["alt"] and "Frame 5 " in about[kind]["alt"]
    assert len(data[kind]) < 60_000 and "application/vnd.jupyter.widget-view+json" in data
    assert painter.static_picture().data == painter.static_picture().data


def test_paints_differ_by_pattern_too():
    assert len({cover(code, paints=TARGETS).tobytes() for code in TARGETS}) == 3
    for code in TARGETS:
        assert (cover(code, 36, 48, TARGETS) == np.tile(cover(code, paints=TARGETS), (3, 4))).all()


@pytest.mark.parametrize(
    ("network", "more", "told"),
    [
        (torch.zeros(3, 24, 32), {}, "one probability"),
        (torch.zeros(9, 24, 32).long(), {}, "probabilities in"),
        (torch.full((9, 24, 32), 1.5), {}, "probabilities in"),
        (torch.full((9, 24, 32), torch.nan), {}, "probabilities in"),
        (torch.zeros(9, 24, 32), {"curves": {"on": [1.0]}}, "9 values of J"),
        (torch.zeros(9, 24, 32), {"choices": {"beta": (1,)}}, "alpha, distance, erosion"),
        (torch.zeros(9, 24, 32), {"choices": {"alpha": ()}}, "alpha, distance, erosion"),
        (torch.zeros(9, 24, 32), {"object_id": 3}, "one of its objects"),
    ],
)
def test_bad_input_is_refused_with_a_repair(network, more, told):
    with pytest.raises(VosError, match=told):
        AdaptationPainter(two_squares(), network, **more)
