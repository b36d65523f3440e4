from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from vostutor.data.studio import casting
from vostutor.data.studio.bodies import HELD_BACK, TRAINING
from vostutor.data.studio.compose import compose
from vostutor.data.studio.layers import stand
from vostutor.data.studio.recipe import BARE, EASY, KNOBS, PLAIN, RECIPES
from vostutor.data.studio.render import trace
from vostutor.data.studio.scene import ANGLE, CLOCK, SIZE, SQUASH, Sheet, Thing, X, Y

SMALL = (48, 80)


@cache
def composed(label, seed, size=SMALL, frames=8, **changes):
    return compose(replace((RECIPES | {"easy": EASY})[label], **changes), np.random.default_rng(seed), size, frames)


def objects(scene):
    """The things that carry a number, riders of object 1 left out, ascending."""
    first = {}
    for thing in scene.things:
        if thing.number and (thing.number not in first or reach(thing) > reach(first[thing.number])):
            first[thing.number] = thing
    return [first[number] for number in sorted(first)]


def reach(thing):
    return np.exp(thing.track[1, SIZE])


def test_the_same_generator_state_composes_the_same_scene():
    one, other = (compose(PLAIN, np.random.default_rng(4), SMALL, 4) for _ in range(2))
    assert np.array_equal(one.camera, other.camera) and np.array_equal(one.stack[0].texture, other.stack[0].texture)
    for a, b in zip(one.things, other.things, strict=True):
        assert a.number == b.number and np.array_equal(a.track, b.track)
        assert all(np.array_equal(x.texture, y.texture) for x, y in zip(a.links, b.links, strict=True))


@pytest.mark.parametrize("label", RECIPES)
def test_a_sketch_shows_who_is_where_as_the_scene_does(label):
    sketch = compose(RECIPES[label], np.random.default_rng(5), SMALL, 8, sketch=True)
    for t in (0, 7):
        assert np.array_equal(trace(sketch, t).ids, trace(composed(label, 5), t).ids)


def test_one_seed_under_two_labels_is_the_same_place_with_the_same_cast():
    for seed in range(2):
        plain = composed("plain", seed, riders=0.0)
        for label in RECIPES:
            other = composed(label, seed, riders=0.0)
            assert np.array_equal(plain.stack[0].texture, other.stack[0].texture), label
            assert np.array_equal(plain.sensor.colour, other.sensor.colour) and plain.shadow == other.shadow
            own, its = objects(plain), objects(other)
            assert [thing.category for thing in own] == [thing.category for thing in its][: len(own)], label
            if label not in ("camera", "static"):
                assert np.array_equal(plain.camera, other.camera)
            if label in ("drift", "occlusion", "distractor", "camouflage", "fast", "scale", "deformation"):
                starts = [[thing.track[1, [X, Y, SIZE]] for thing in things] for things in (own, its)]
                assert np.allclose(*starts, atol=1e-9), label


@pytest.mark.parametrize("knob", KNOBS)
def test_a_knob_leaves_the_cast_as_it_was(knob):
    without = replace(PLAIN, **{field: getattr(BARE, field) for field in KNOBS[knob]})
    for seed in (1, 2):
        with_it, less = composed("plain", seed), compose(without, np.random.default_rng(seed), SMALL, 8)
        cast = [[thing.category for thing in objects(scene)] for scene in (with_it, less)]
        shortest = min(map(len, cast))  # without riders there may be one object fewer
        assert cast[0][:shortest] == cast[1][:shortest]


def test_object_numbers_run_from_one_without_a_gap_and_unlabelled_things_have_none():
    for seed in range(12):
        scene = composed("plain", seed)
        assert list(scene.objects) == list(range(1, len(scene.objects) + 1))
        assert isinstance(scene.stack[0], Sheet) and scene.stack[0].alpha is None


def test_what_lies_about_is_never_annotated():
    for seed in range(6):
        scene = composed("plain", seed)
        ground = replace(scene, stack=tuple(part for part in scene.stack if isinstance(part, Sheet)))
        assert not trace(ground, 0).ids.any()
        nobody = replace(scene, stack=tuple(p for p in scene.stack if isinstance(p, Sheet) or p.number == 0))
        assert not trace(nobody, 0).ids.any()


def test_held_back_categories_never_appear():
    seen = {thing.category for seed in range(12) for thing in composed("multi-object", seed, frames=4).things}
    assert not seen & set(HELD_BACK) and len(seen) > 8 and seen <= set(TRAINING)


def test_a_first_object_covers_as_much_of_the_frame_as_in_real_video():
    areas = []
    for seed in range(24):
        ids = trace(composed("plain", seed), 0).ids
        areas.append(100 * (ids == 1).mean())
    assert 2.8 < np.median(areas) < 9.7  # the middle half of DAVIS, in per cent
    assert max(areas) < 35


def test_a_rider_sits_on_its_mount_and_moves_with_it():
    ridden = 0
    for seed in range(8):
        scene, without = composed("plain", seed, riders=1.0), composed("plain", seed, riders=0.0)
        mount = next(thing for thing in scene.things if thing.number == 1 and same(thing, without))
        (rider,) = [thing for thing in scene.things if thing.number and not same(thing, without)]
        ridden += 1
        assert rider.number in (1, max(without.objects) + 1) and rider.nearness == mount.nearness
        assert np.array_equal(rider.track[:, [ANGLE, SQUASH, CLOCK]], mount.track[:, [ANGLE, SQUASH, CLOCK]])
        assert np.ptp(rider.track[:, SIZE] - mount.track[:, SIZE]) < 1e-9
        seats = [
            np.linalg.solve(stand(row), [*at, 1])[:2] for row, at in zip(mount.track, rider.track[:, :2], strict=True)
        ]
        assert np.ptp(seats, axis=0).max() < 1e-9  # the same place on its back all the time
        places = [k for k, thing in enumerate(scene.things) if thing is mount or thing is rider]
        assert places[1] == places[0] + 1  # nobody between them
    assert ridden == 8


def same(thing, scene):
    return any(other.number == thing.number and np.array_equal(other.track, thing.track) for other in scene.things)


def test_a_rider_under_the_same_number_takes_its_mount_s_category():
    for seed in range(8):
        scene = composed("plain", seed, riders=1.0)
        for number in scene.objects:
            assert len({thing.category for thing in scene.things if thing.number == number}) == 1


def test_everything_that_moves_is_dressed_alike(monkeypatch):
    dressed = []

    def noted(*args, **kwargs):
        dressed.append(original(*args, **kwargs))
        return dressed[-1]

    original = casting.dress
    monkeypatch.setattr(casting, "dress", noted)
    scene = compose(
        replace(RECIPES["distractor"], passers=3, passing=1.0, riders=1.0), np.random.default_rng(3), SMALL, 4
    )
    alphas = {id(link.alpha) for links in dressed for link in links}
    assert any(thing.number == 0 for thing in scene.things)
    assert all(id(link.alpha) in alphas for thing in scene.things for link in thing.links)


def test_the_camera_begins_at_rest_in_the_middle():
    for label in ("plain", "camera", "static"):
        assert not composed(label, 3).camera[1].any()


def test_an_occluder_is_in_front_of_object_1_unannotated_and_over_it_in_the_middle():
    for seed in range(5):
        scene = composed("occlusion", seed, frames=9)
        hidden = objects(scene)[0]
        cover = [thing for thing in scene.things if thing.nearness == hidden.nearness][-1]
        assert cover.number == 0 and cover.nearness == hidden.nearness and reach(cover) > reach(hidden)
        away = np.hypot(*(cover.track - hidden.track)[:, [X, Y]].T)
        assert away.argmin() == 5 and away[5] < 1e-9  # frame 4 of 9; the track begins a frame earlier
        assert min(away[[0, -1]]) > reach(cover) + reach(hidden)


def test_two_that_cross_meet_in_the_middle_at_one_depth():
    for seed in range(5):
        one, two = objects(composed("crossing", seed, frames=9))[:2]
        away = np.hypot(*(one.track - two.track)[:, [X, Y]].T)
        assert away.argmin() == 5 and away[5] < 1e-9 and one.nearness == two.nearness
        assert min(away[[0, -1]]) > 0.99 * (reach(one) + reach(two))


def test_a_lookalike_has_the_same_coat_and_another_way():
    for seed in range(5):
        scene = composed("distractor", seed, riders=0.0)
        one = objects(scene)[0]
        (twin,) = [thing for thing in scene.things if thing.number == 0 and thing.links is one.links]
        assert np.array_equal(twin.track[:, SIZE], one.track[:, SIZE])
        assert np.hypot(*(twin.track - one.track)[1, [X, Y]]) > 0.3 * reach(one)


def test_objects_start_apart_where_there_is_room():
    gaps = []
    for seed in range(12):
        starts = [thing.track[1, [X, Y]] for thing in objects(composed("multi-object", seed, riders=0.0, frames=4))]
        gaps += [np.hypot(*(a - b)) for k, a in enumerate(starts) for b in starts[:k]]
    assert np.median(gaps) > 0.28 * SMALL[1]


def test_nothing_but_drift_changes_a_coat_and_only_of_objects():
    for label in RECIPES:
        later = {thing.number for thing in composed(label, 2, riders=0.0).things if thing.links[0].later is not None}
        assert later == (set(composed(label, 2, riders=0.0).objects) if label == "drift" else set())
    assert composed("drift", 2).drift[[0, 1, -2, -1]].tolist() == pytest.approx([0, 0, 0.6, 0.6])


def test_an_easy_scene_holds_no_passers_by():
    for seed in range(8):
        scene = composed("easy", seed)
        assert all(isinstance(part, Sheet) or isinstance(part, Thing) and part.number for part in scene.stack)


def test_nothing_is_painted_over_what_is_nearer():
    for label in RECIPES:
        for seed in range(3):
            nearness = [part.nearness for part in composed(label, seed).stack]
            assert nearness == sorted(nearness)


def test_a_rider_is_camouflaged_drifts_and_stiffens_like_the_others():
    changes = {"riders": 1.0, "camouflage": True, "drift": 0.6, "deform": 0.01}
    scene = compose(replace(PLAIN, **changes), np.random.default_rng(0), (48, 80), 4)
    for thing in scene.things:
        if thing.number:
            assert all(link.later is not None and link.swing < 0.1 for link in thing.links)
