"""The correlation probe without a browser: two frames, a window of scores, and what they say."""

from itertools import product

import numpy as np
import pytest
import torch

from tests.widgets.alone import state_of
from vostutor.core import VosError
from vostutor.ops import correlation as package_correlation
from vostutor.widgets import CorrelationProbe
from vostutor.widgets.probe_pair import Volumes, describe_patches, pair_of, scale_of
from vostutor.widgets.probe_scores import RADII, STEPS, Place, cell_of

SIZE = (48, 64)


def moving(motion=(6.0, -4.0), size=SIZE):
    """(frame1, frame2, flow): noise with soft spots that moves as a whole, around the edges too."""
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    shift = tuple(int(m) for m in reversed(motion))
    return noise, np.roll(noise, shift, (0, 1)), np.broadcast_to(np.float32(motion)[:, None, None], (2, *size))


def plain_correlation(f1, f2, radius):
    """As the exercise asks for it, spelled out."""
    height, width = f1.shape[-2:]
    padded = torch.nn.functional.pad(f2, [radius] * 4)
    around = product(range(2 * radius + 1), repeat=2)
    return torch.stack([(f1 * padded[:, :, dy : dy + height, dx : dx + width]).mean(1) for dy, dx in around], dim=1)


@pytest.fixture(scope="module")
def probe():
    return CorrelationProbe(moving(), pixel=(30, 24))


# ---- two frames and their features


def test_equal_patches_score_one_whatever_the_light_and_empty_ones_nothing():
    frames = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(0))
    bright, dark = describe_patches(frames, 4), describe_patches(0.5 * frames + 0.2, 4)
    assert (bright * dark).mean(1).min() > 0.95  # not quite 1: half the contrast is a little fainter
    assert describe_patches(torch.full((1, 3, 20, 24), 0.7), 4).abs().max() < 1e-3


@pytest.mark.parametrize(("size", "stride"), [((7, 9), 2), ((8, 8), 3), ((5, 30), 4), ((9, 9), 8), ((96, 160), None)])
def test_every_stride_covers_the_frame(size, stride):
    found = describe_patches(torch.zeros(2, 3, *size), stride)
    assert found.shape == (2, 147, *(-(-n // (stride or 2)) for n in size))


def test_a_patch_stands_at_the_middle_of_its_cell():
    frame = torch.zeros(1, 3, 24, 24)
    frame[..., 10, 14] = 1
    grey = describe_patches(frame, 4)[0, :49].abs()
    assert grey[24].argmax() == 2 * 6 + 3  # the patch's middle pixel, in the cell of row 10 and column 14


def test_a_clip_a_pair_and_floats_are_the_same_pair():
    from vostutor.data.minivos import draw_clip

    clip = draw_clip("plain", 3, size=(48, 64), frames=3)
    pair = pair_of(clip, 1)
    again = pair_of((clip.frames[1] / 255.0, clip.frames[2], clip.flow_fwd[1], clip.occluded[1]))
    assert all(np.array_equal(getattr(pair, name), getattr(again, name)) for name in ("frames", "flow", "hidden"))


def test_unknown_flow_is_nan_in_both_parts():
    first, second, flow = moving()
    flow = flow.copy()
    flow[0, 2, 3], flow[1, 4, 5] = 1e10, np.inf
    pair = pair_of((first, second, flow))
    assert np.isnan(pair.flow[:, 2, 3]).all() and np.isnan(pair.flow[:, 4, 5]).all() and scale_of(pair) == 8


# ---- the widget


def test_the_match_is_found_wherever_the_window_reaches_it(probe):
    """The whole range of the controls: every radius and step, places from corner to corner."""
    for radius, step in product(range(RADII[0], RADII[1] + 1), range(STEPS[0], STEPS[1] + 1)):
        for x, y in ((0, 0), (63, 47), (30, 24), (13, 40), (50, 7)):
            place = Place(x, y, radius, step)
            reading = probe.read(place)
            assert reading.scores.shape == (2 * (radius // step) + 1,) * 2 and reading.words
            inside = place.reach * step >= 3 if step < 4 else place.reach >= 1  # (3, -2) cells
            if (x, y) == (30, 24):
                assert (reading.true is not None) == inside
                assert (reading.best == (3, -2)) == (step == 1 and inside)


def test_the_sliders_show_when_the_true_match_leaves_the_window(probe):
    probe.radius = 3
    assert probe.answer["words"] == "The best match is the true one. One sharp peak." and probe.reading.rank == 1
    probe.radius = 2
    assert probe.answer["words"].startswith("The true match lies outside the window: only d = 3 would reach it.")
    probe.radius, probe.step = 10, 4
    assert "No step falls on the true match" in probe.answer["words"]
    probe.radius, probe.step = 4, 1


def test_the_answer_is_marked_with_its_state_and_holds_the_scores(probe):
    probe.pixel = [20, 30]
    assert probe.answer["state"] == [20, 30, 4, 1]
    told = np.frombuffer(probe.answer["scores"], "<f4").reshape(9, 9)
    volume = package_correlation(*Volumes(probe.pair)._described[0][:, None], max_displacement=4, stride2=1)
    assert told.ravel() == pytest.approx(volume[0, :, 15, 10].numpy(), abs=1e-6)
    probe.pixel = [30, 24]


def test_controls_stay_in_range(probe):
    probe.radius, probe.step, probe.pixel, probe.picked = 99, -3, [-5, 999], [1.0]
    assert (probe.radius, probe.step, probe.pixel, probe.picked) == (10, 1, [0, 47], [])
    probe.radius, probe.pixel = 4, [30, 24]


def test_the_wheel_picks_pixels(probe):
    probe.picked = [6.0, -4.0]
    assert probe.picked_pixels.all()
    probe.picked = [-6.0, 0.0]
    assert not probe.picked_pixels.any()
    probe.picked = []
    assert not probe.picked_pixels.any()


def test_every_radius_is_asked_for_once_and_a_click_asks_for_nothing():
    asked = []
    probe = CorrelationProbe(moving(), correlation=lambda *given: asked.append(given[2]) or plain_correlation(*given))
    probe.pixel, probe.radius, probe.step, probe.radius = [3, 3], 2, 2, 4
    assert sorted(asked) == [2, 4, 10] and probe.own == ["correlation"]  # 10: what travels for pages without a kernel


def test_the_spelled_out_correlation_shows_what_the_packages_shows(probe):
    mine = CorrelationProbe(moving(), correlation=plain_correlation, pixel=(30, 24))
    assert mine.reading.scores == pytest.approx(probe.reading.scores, abs=1e-6) and mine.answer["notes"] == []


BROKEN = {
    "swapped axes": lambda a, b, r: (
        plain_correlation(a, b, r).unflatten(1, (2 * r + 1, -1)).transpose(1, 2).flatten(1, 2)
    ),
    "wrong sign": lambda a, b, r: plain_correlation(a, b, r).flip(1),
    "frames swapped": lambda a, b, r: plain_correlation(b, a, r),
    "sum for mean": lambda a, b, r: plain_correlation(a, b, r) * a.shape[1],
    "one too far": lambda a, b, r: plain_correlation(a, b, r).roll(1, 1),
    "nothing": lambda a, b, r: torch.zeros(1, (2 * r + 1) ** 2, *a.shape[-2:]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_correlation_shows(name, probe):
    wrong = CorrelationProbe(moving(), correlation=BROKEN[name], pixel=(30, 24))
    assert wrong.answer["notes"] == [] and wrong.answer["scores"] != probe.answer["scores"]
    assert wrong.stored["codes"] != probe.stored["codes"] or wrong.stored["high"] != probe.stored["high"]
    if name != "sum for mean":  # which moves no match, only the numbers
        assert wrong.answer["words"] != probe.answer["words"]


def raising(*given):
    raise NotImplementedError("yet")


@pytest.mark.parametrize("answer", [raising, lambda *given: None, lambda *given: ..., lambda a, *rest: a[0], lambda: 0])
@pytest.mark.parametrize("name", ["features", "correlation"])
def test_a_function_that_fails_is_told_and_nothing_breaks(name, answer):
    probe = CorrelationProbe(moving(), **{name: answer})
    assert any(note.startswith(f"{name} gave") for note in probe.answer["notes"])
    assert ("There are no scores here." in probe.answer["words"]) == (name == "correlation")


def test_a_failing_probe_still_has_its_picture():
    picture = CorrelationProbe(moving(), correlation=raising).static_picture()
    assert "correlation gave nothing: NotImplementedError: yet" in picture.alt


def test_a_function_that_writes_into_its_input_spoils_nothing(probe):
    def greedy(a, b, r):
        volume = plain_correlation(a, b, r)
        a.zero_(), b.zero_()
        return volume

    assert CorrelationProbe(moving(), correlation=greedy, pixel=(30, 24)).reading.best == probe.reading.best


def test_a_networks_features_set_the_size_of_a_cell():
    probe = CorrelationProbe(
        moving(), lambda frames: torch.nn.functional.avg_pool2d(frames, 8, ceil_mode=True), pixel=(63, 47)
    )
    assert probe.stride == 8 and probe.cells == [6, 8] and probe.answer["notes"] == []
    assert cell_of(63, 47, 8, (6, 8)) == (5, 7)


def test_without_flow_there_is_a_best_match_and_no_wheel():
    probe = CorrelationProbe(moving()[:2], pixel=(30, 24))
    assert probe.reading.said == ("unknown", "peak") and probe.reading.best == (3, -2) and probe.legends == []
    assert "not known" in probe.static_picture().alt


def weight(value) -> int:
    """Bytes in a page: text as it is, numbers and bytes in base 64."""
    if isinstance(value, dict):
        return sum(len(str(key)) + weight(item) for key, item in value.items())
    if isinstance(value, list):
        return sum(map(weight, value))
    return -(-len(value) * 4 // 3) if isinstance(value, bytes) else len(str(value))


@pytest.mark.parametrize("size", [(96, 160), (218, 512)])
def test_what_travels_with_a_page_is_small(size):
    probe = CorrelationProbe(moving(size=size))
    noise = sum(map(len, probe.images))  # pure noise is what JPEG is worst at: frames of film are counted at 36 kB each
    assert weight(state_of(probe)) - noise + 2 * 36_000 <= 300_000


def test_of_a_large_frame_every_so_many_th_pixel_can_be_chosen():
    probe = CorrelationProbe(moving(size=(218, 512)), pixel=(510, 215))
    assert probe.every == 3 and probe.pixel == [511, 214]  # 3 k + 1 in both


def test_the_still_picture_says_it_in_words_and_is_small(probe):
    data, about = probe._repr_mimebundle_()
    kind = next(name for name in data if name.startswith("image/"))
    assert len(data[kind]) < 60_000 and "application/vnd.jupyter.widget-view+json" in data
    assert "The true displacement is (+6.0, -4.0) px. It has rank 1 of 81." in about[kind]["alt"]
    assert probe.static_picture().data == probe.static_picture().data


@pytest.mark.parametrize(
    ("given", "more", "told"),
    [
        (3, {}, "a Clip, or"),
        (moving()[:1], {}, "a Clip, or"),
        ((np.zeros((3, 8, 8), np.uint8), np.zeros((3, 8, 9), np.uint8)), {}, "frame2"),
        ((*moving()[:2], np.zeros((48, 64, 2))), {}, "flow: 2 H W"),
        ((np.zeros((3, 8, 8)) - 1, np.zeros((3, 8, 8))), {}, "uint8"),
        (moving(), {"radius": 0}, "1 to 10"),
        (moving(), {"radius": 2.5}, "whole number"),
        (moving(), {"step": 9}, "1 to 4"),
        (moving(), {"pixel": (64, 0)}, "64 wide and 48 high"),
    ],
)
def test_bad_input_is_refused_with_a_repair(given, more, told):
    with pytest.raises(VosError, match=told):
        CorrelationProbe(given, **more)


def test_a_frame_without_a_next_one_is_refused():
    from vostutor.core import Clip

    with pytest.raises(VosError, match="next one"):
        CorrelationProbe(Clip(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)), frame=1)
