from dataclasses import replace

import numpy as np
import pytest

from vostutor.data.studio import grounds, sprites
from vostutor.data.studio.bodies import REACH, TRAINING, draw_body
from vostutor.data.studio.compose import compose
from vostutor.data.studio.grounds import branches, floor, hill
from vostutor.data.studio.recipe import PLAIN, RECIPES
from vostutor.data.studio.render import trace
from vostutor.data.studio.sprites import DENSITY, Setting, body_texels, dress

SIZE = (48, 80)
GREY = np.full(3, 128.0)


def setting(**changes):
    light = np.array([0.6, -0.8])
    return Setting(replace(PLAIN, **changes), SIZE, 4, 0.5, GREY, light, (GREY, np.full(3, 20.0)))


def dressed(category="walker", seed=0, radius=20.0, stuff=None, drifting=None, **changes):
    rng = np.random.default_rng(seed)
    body = draw_body(category, rng, body_texels(radius))
    return dress(setting(**changes), rng, body, radius, stuff, drifting=drifting)


def white(texels):
    return np.full((texels, texels, 3), 200.0, np.float32)


@pytest.mark.parametrize("radius", [4.0, 11.3, 20.0, 57.0, 300.0])
def test_there_is_more_than_one_texel_for_each_pixel(radius):
    per_pixel = body_texels(radius) / (2 * REACH * radius)
    assert per_pixel > 0.97 * DENSITY > 1
    links = dressed(radius=radius)
    assert all(link.density / radius > 0.97 * DENSITY for link in links)


def test_ground_has_more_than_one_texel_for_each_pixel_and_reaches_beyond_the_frame():
    for sheet in (floor(setting(), np.random.default_rng(0), 3), hill(setting(), np.random.default_rng(1), 1.2, 3)):
        assert sheet.density == DENSITY
        height, width = np.array(sheet.texture.shape[:2]) / DENSITY
        assert height >= 1.4 * SIZE[0] and width >= 1.4 * SIZE[1]
        assert sheet.origin == (
            -(sheet.texture.shape[1] - 1) / 2 / DENSITY,
            -(sheet.texture.shape[0] - 1) / 2 / DENSITY,
        )


def test_surfaces_are_asked_for_at_the_size_they_are_shown_at(monkeypatch):
    asked = []

    def coats(rng, count, texels, colour, **how):
        asked.append(texels)
        return [white(texels)] * count

    monkeypatch.setattr(sprites, "coats", coats)
    links = dressed(radius=31.0)
    assert asked == [body_texels(31.0)] and all(link.texture.shape[:2] == link.alpha.shape for link in links)


@pytest.mark.parametrize("category", TRAINING)
def test_colour_reaches_beyond_the_border_so_that_there_is_no_halo(category):
    links = dressed(category, stuff=white(body_texels(20.0)), camouflage=True)  # all coats are of it
    for link in links:
        assert link.texture.min() > 0.5 * 200  # shaded, and nowhere black, covered or not


def test_the_rim_of_every_part_is_empty_so_that_nothing_is_cut_off():
    for category in TRAINING:
        for link in dressed(category, seed=1):
            rim = np.concatenate([link.alpha[0], link.alpha[-1], link.alpha[:, 0], link.alpha[:, -1]])
            assert not rim.any() and link.alpha.max() > 0.5


def test_a_hard_and_a_soft_border_lie_in_the_same_place():
    ramps = []
    for borders in (0.0, 1.0):
        links = dressed("blob", borders=borders)
        ramps.append([link.alpha for link in links])
    for soft, hard in zip(*ramps, strict=True):
        assert np.array_equal(soft > 0.5, hard > 0.5)


def test_the_lamp_lights_the_side_that_looks_to_it():
    (link, *_) = dressed("blob", stuff=white(body_texels(20.0)), camouflage=True)
    rows, columns = np.nonzero(link.alpha > 0.5)
    towards = (columns - columns.mean()) * 0.6 + (rows - rows.mean()) * -0.8
    brightness = link.texture[rows, columns].mean(1)
    assert brightness[towards > 3].mean() > brightness[towards < -3].mean()


def test_a_drifting_coat_ends_in_another_colour_in_the_same_place():
    for seed in range(4):
        for link in dressed(seed=seed, drifting=np.random.default_rng(seed)):
            assert link.later.shape == link.texture.shape
        still = dressed(seed=seed)
        for link, other in zip(dressed(seed=seed, drifting=np.random.default_rng(seed)), still, strict=True):
            assert np.array_equal(link.texture, other.texture) and other.later is None


def test_leaves_are_silhouettes_of_the_bodies_that_objects_have(monkeypatch):
    drawn = []
    monkeypatch.setattr(grounds, "draw_body", lambda name, *args: drawn.append(name) or draw_body(name, *args))
    shelf = grounds._shelf.__wrapped__()
    assert set(drawn) == set(TRAINING) and len(shelf) == grounds.SHELF
    # The same soft borders: in silhouettes as in bodies some texels are covered in part.
    assert all(((cover > 0.05) & (cover < 0.95)).sum() / (cover > 0.05).sum() > 0.02 for cover in shelf)


def test_small_leaves_are_the_most_frequent(monkeypatch):
    sides = []
    monkeypatch.setattr(
        grounds, "_silhouette", lambda rng, side: sides.append(side) or np.zeros((side, side), np.float32)
    )
    monkeypatch.setattr(grounds, "LEAF", 60)
    image = np.zeros((200, 300, 3), np.float32)
    grounds._scatter(setting(), np.random.default_rng(0), image, None, 300)
    assert len(sides) == 300 and np.mean(np.array(sides) <= 2 * min(sides)) > 0.6


def test_leaves_close_to_the_camera_have_no_dark_fringe(monkeypatch):
    monkeypatch.setattr(grounds, "surface", lambda rng, h, w, colour, **how: np.full((h, w, 3), 200.0, np.float32))
    monkeypatch.setattr(grounds, "random_colour", lambda rng: np.full(3, 200.0))
    monkeypatch.setattr(grounds, "shade", lambda alpha, light: np.float32(1))
    monkeypatch.setattr(grounds, "transfer", lambda material, towards, weight: material)
    sheet = branches(setting(), np.random.default_rng(0), 1.4, 8)
    assert (sheet.alpha > 0.5).any() and sheet.texture[sheet.alpha > 0.05].min() > 190


def test_leaves_on_the_ground_stand_out_and_none_leaves_it_bare():
    bare, strewn = (floor(setting(), np.random.default_rng(5), leaves).texture for leaves in (0, 30))
    assert 0.02 < (np.abs(bare - strewn).max(2) > 8).mean() < 0.9


def test_a_hill_covers_a_part_of_the_view():
    shares = [hill(setting(), np.random.default_rng(seed), 1.2, 0).alpha.mean() for seed in range(10)]
    assert 0.1 < np.mean(shares) < 0.7


def test_a_sketch_has_the_ids_of_the_finished_scene_and_no_colour():
    for label in ("plain", "crossing", "occlusion"):
        sketch, finished = (
            compose(RECIPES[label], np.random.default_rng(3), (96, 160), 4, sketch=some) for some in (True, False)
        )
        assert all(np.array_equal(trace(sketch, t).ids, trace(finished, t).ids) for t in (0, 3))
        assert all(link.texture is None for thing in sketch.things for link in thing.links)
