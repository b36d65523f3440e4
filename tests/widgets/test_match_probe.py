"""The match probe without a browser: what FEELVOS finds for a place, what is told of it, and what travels to a page."""

from itertools import product

import numpy as np
import pytest
import torch

from tests.widgets.alone import state_of
from tests.widgets.lookalike import colour_net, lookalike_clip
from tests.widgets.test_correlation_probe import weight
from vostutor.core import Clip, VosError
from vostutor.models.feelvos import FEELVOS, FEELVOSNet
from vostutor.nn.backbone import Backbone
from vostutor.ops.matching import global_match, local_match
from vostutor.widgets import MatchProbe
from vostutor.widgets.likeness import Likeness, nearest_places
from vostutor.widgets.places import decode_distance, encode_distance

TWIN, OBJECT = (3, 9), (3, 2)  # places of frame 1


@pytest.fixture
def probe():
    return MatchProbe(lookalike_clip(), colour_net(), frame=1)


# ---- who is found


def test_a_lookalike_far_away_lights_up_in_g_and_not_in_l(probe):
    probe.place = TWIN
    seen = probe.reading
    assert seen.far == 1 and seen.near == 0 and seen.table[1, 0] < 0.01 and seen.table[1, 1] == 1
    assert seen.first in {(3, 1), (3, 2), (4, 1), (4, 2)}  # the square of the first frame
    assert "empty" in seen.said and "No place of object 1 (square) lies in the window" in seen.words


def test_the_lookalike_is_found_without_looking(probe):
    row, column = probe.likeness.lookalike(1, 2)
    assert row in (3, 4) and column in (9, 10)


def test_with_a_reach_of_the_whole_map_the_lookalike_is_in_the_window_too(probe):
    probe.place, probe.reach = TWIN, len(probe.reaches) - 1
    assert probe.reaches[probe.reach] == 11 and probe.reading.table[1, 1] < 0.01 and probe.reading.near == 1


def test_the_object_itself_is_found_in_both(probe):
    probe.place = OBJECT
    seen = probe.reading
    assert (seen.far, seen.near) == (1, 1) and seen.said[0] in ("agree", "overruled")
    assert seen.last in {(3, 1), (3, 2), (4, 1), (4, 2)}  # one place to the right of where it was


def test_a_label_that_is_chosen_shows_its_own_nearest_places(probe):
    probe.place, probe.shown = OBJECT, 0
    row, column = probe.reading.first
    assert probe.maps.first[0, :, 3, 2].tolist() == [row, column] and not (row in (3, 4) and column in (1, 2))


def test_nearest_places_are_those_of_a_loop_and_as_near_as_the_matching_says():
    generator = torch.Generator().manual_seed(0)
    query, keys = torch.randn(2, 3, 5, 7, generator=generator)
    labels = torch.randint(0, 3, (5, 7), generator=generator).where(torch.rand(5, 7, generator=generator) > 0.2, 255)
    for reach in (None, 0, 2):
        squared, places = nearest_places(query, keys, labels, 4, reach)
        for label, row, column in product(range(4), range(5), range(7)):
            near = [
                (float((query[:, row, column] - keys[:, r, c]).square().sum()), r, c)
                for r, c in product(range(5), range(7))
                if labels[r, c] == label and (reach is None or max(abs(r - row), abs(c - column)) <= reach)
            ]
            assert squared[label, row, column].item() == pytest.approx(min(near)[0] if near else np.inf, abs=1e-5)
            assert places[label, :, row, column].tolist() == (list(min(near)[1:]) if near else [-1, -1])
        match = global_match if reach is None else lambda *given, k=reach: local_match(*given, reach=k)
        assert torch.allclose(torch.tanh(squared / 2), match(query, keys, labels, (1, 2, 3)), atol=1e-5)


def test_the_run_is_that_of_the_system():
    clip, network = lookalike_clip(), FEELVOSNet(Backbone(generator=torch.Generator().manual_seed(0)))
    likeness, system = Likeness(clip, network), FEELVOS(network)
    system.observe(clip.frames[0], clip.ids[0])
    for t in (1, 2, 3):
        system.step(clip.frames[t])
        assert torch.allclose(system.before[1], likeness.answers[t], atol=1e-5)


def test_distances_travel_as_bytes_finer_where_they_are_small():
    distances = np.linspace(0, 1, 999)
    apart = np.abs(decode_distance(encode_distance(distances)) - distances)
    assert apart.max() <= 0.004 and apart[:10].max() < 0.0004


# ---- the widget


def test_every_state_of_the_controls_has_an_answer(probe):
    places = [(0, 0), (7, 11), TWIN, OBJECT]
    for moment, reach, shown in product(range(3), range(len(probe.reaches)), (-1, 0, 1)):
        probe.moment, probe.reach, probe.shown = moment, reach, shown
        assert probe.answer["state"] == [moment, reach] and probe.answer["notes"] == []
        for probe.place in places:
            seen = probe.reading
            assert seen.words and seen.table.shape == (2, 4) and seen.table[:, 3].sum() == pytest.approx(1, abs=0.01)
            for match in filter(None, (seen.last,)):
                assert max(abs(a - b) for a, b in zip(match, seen.place, strict=True)) <= probe.reaches[reach]


def test_controls_stay_in_range(probe):
    probe.moment, probe.reach, probe.shown, probe.place = 99, -1, 7, [-3, 99]
    assert (probe.moment, probe.reach, probe.shown, probe.place) == (2, 0, 1, [0, 11])


@pytest.mark.parametrize("name", ["global_match", "local_match"])
def test_a_function_that_fails_is_told_and_the_rest_goes_on(name):
    def failing(*given, **how):
        raise NotImplementedError("yet")

    probe = MatchProbe(lookalike_clip(), colour_net(**{name: failing}), place=OBJECT)
    assert probe.own == [name] and probe.answer["notes"] == [f"{name} gave nothing: NotImplementedError: yet"]
    assert (probe.reading.table[:, ["global_match", "local_match"].index(name)] == 1).all()
    assert "NotImplementedError" in probe.static_picture().alt


def test_a_wrong_distance_is_told_beside_the_nearest_place():
    def rooted(*given):
        return global_match(*given).sqrt()

    (note,) = MatchProbe(lookalike_clip(), colour_net(global_match=rooted)).answer["notes"]
    assert note.startswith("global_match is up to 0.") and "off the distance to the nearest place" in note


def test_a_right_function_of_ones_own_has_no_note():
    def mine(*given, reach):
        return local_match(*given, reach=reach)

    probe = MatchProbe(lookalike_clip(), colour_net(local_match=mine))
    assert probe.own == ["local_match"] and probe.answer["notes"] == []


@pytest.mark.parametrize(("size", "frames"), [((96, 160), 16), ((160, 288), 2)])
def test_a_filled_widget_is_small(size, frames):
    noise = torch.Generator().manual_seed(0)
    coarse = torch.randint(0, 256, (frames, 3, size[0] // 6, size[1] // 6), generator=noise).float()
    film = torch.nn.functional.interpolate(coarse, size, mode="bicubic").clamp(0, 255).byte()
    ids = torch.zeros(frames, *size, dtype=torch.int64)
    ids[:, 20:50, 30:70], ids[:, 60:80, 80:120] = 1, 2
    probe = MatchProbe(Clip(film, ids), colour_net()).fill()
    assert weight(state_of(probe)) <= 300_000 and len(probe.stored["near"]) >= 1


def test_the_neighbours_of_the_present_state_are_stored_first(probe):
    stored = probe.fill().stored
    assert len(stored["near"]) == 3 * len(probe.reaches) - 1  # the present one is the answer
    assert next(iter(stored["near"])).split(",")[0] == str(probe.moment) and set(stored["far"]) == {"0", "1", "2"}


def test_the_still_picture_says_it_in_words_and_is_small(probe):
    data, about = probe._repr_mimebundle_()
    kind = next(name for name in data if name.startswith("image/"))
    assert len(data[kind]) < 60_000 and "G 0." in about[kind]["alt"] and probe.reading.words in about[kind]["alt"]


@pytest.mark.parametrize(
    ("clip", "more", "told"),
    [
        (3, {}, "a Clip of at least 2 frames"),
        (lookalike_clip(1), {}, "at least 2 frames"),
        (Clip(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)), {}, "a mask with an object"),
        (lookalike_clip(), {"place": (8, 0)}, "8 rows and 12 columns"),
    ],
)
def test_bad_input_is_refused_with_a_repair(clip, more, told):
    with pytest.raises(VosError, match=told):
        MatchProbe(clip, colour_net(), **more)
