from dataclasses import replace

import numpy as np
import pytest

from vostutor.data.minivos import LABELS
from vostutor.data.scene import DENSITY, RULES, compose


def scene_of(label: str, seed: int, frames: int = 16):
    return compose(RULES[label], np.random.default_rng(seed), (96, 160), frames)


def first(scene):
    return next(thing for thing in scene.things if thing.number == 1)


@pytest.mark.parametrize("label", ["drift", "distractor", "static", "camera", "fast"])
def test_a_label_leaves_everything_else_as_it_was(label):
    """Fair pairs: the same floor, the same textures, the same start."""
    plain, other = scene_of("plain", 5), scene_of(label, 5)
    assert np.array_equal(plain.floor.texture, other.floor.texture)
    assert np.array_equal(first(plain).sprites[0].texture, first(other).sprites[0].texture)
    assert np.array_equal(first(plain).path[0], first(other).path[0])
    assert (plain.shadow, plain.blur, plain.noise) == (other.shadow, other.blur, other.noise)
    assert np.array_equal(plain.camera[0], other.camera[0])


def test_object_1_moves_four_times_as_fast_under_fast_and_not_at_all_under_static():
    def way(label):
        return np.hypot(*np.diff(first(scene_of(label, 2)).path[:2], axis=0).T).item()

    assert way("static") == 0
    assert way("fast") / way("plain") == pytest.approx(4, rel=0.02)  # a longer chord of the same ellipse


def test_the_look_alike_is_object_1_once_more_but_not_annotated():
    scene = scene_of("distractor", 3)
    twins = [thing for thing in scene.things if thing.sprites is first(scene).sprites]
    assert sorted(thing.number for thing in twins) == [0, 1]
    assert not np.array_equal(twins[0].path, twins[1].path)


def test_the_occluder_is_in_front_of_everything_and_over_object_1_in_the_middle():
    scene = scene_of("occlusion", 4, frames=17)
    assert scene.things[-1].number == 0
    assert scene.things[-1].path[8] == pytest.approx(first(scene).path[8])
    assert scene.things[-1].radius > first(scene).radius


def test_only_drifting_things_have_a_second_coat_and_it_grows_to_its_share():
    assert all(sprite.later is not None for thing in scene_of("drift", 1).things for sprite in thing.sprites)
    assert all(sprite.later is None for thing in scene_of("plain", 1).things for sprite in thing.sprites)
    assert scene_of("drift", 1).drift[[0, -1]] == pytest.approx([0, RULES["drift"].drift])


@pytest.mark.parametrize("label", LABELS)
def test_the_camera_never_comes_so_close_that_a_texture_would_be_enlarged(label):
    for seed in range(20):
        scene = scene_of(label, seed, frames=64)
        corners = np.array([[x, y, 1.0] for x in (-80, 80) for y in (-48, 48)]).T
        nearness = [np.abs(np.linalg.det(camera)) / (camera[2] @ corners) ** 3 for camera in scene.camera]
        assert np.max(nearness) ** 0.5 < DENSITY, "pixels per world pixel"


def test_lengths_grow_with_the_frame():
    small, large = (compose(RULES["plain"], np.random.default_rng(6), size, 3) for size in ((96, 160), (192, 320)))
    assert first(large).radius == pytest.approx(2 * first(small).radius)
    assert first(large).path == pytest.approx(2 * first(small).path, abs=1e-6)


def test_a_scene_is_frozen():
    with pytest.raises(AttributeError):
        scene_of("plain", 0).noise = 0
    assert replace(scene_of("plain", 0), noise=0).noise == 0
