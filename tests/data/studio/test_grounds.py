from dataclasses import replace

import numpy as np

from vostutor.data.studio import grounds
from vostutor.data.studio.bodies import TRAINING, draw_body
from vostutor.data.studio.compose import compose
from vostutor.data.studio.grounds import branches, floor, hill
from vostutor.data.studio.recipe import PLAIN, RECIPES
from vostutor.data.studio.render import trace
from vostutor.data.studio.sprites import DENSITY, Setting

SIZE = (48, 80)
GREY = np.full(3, 128.0)


def setting(**changes):
    light = np.array([0.6, -0.8])
    return Setting(replace(PLAIN, **changes), SIZE, 4, 0.5, GREY, light, (GREY, np.full(3, 20.0)))


def test_ground_has_more_than_one_texel_for_each_pixel_and_reaches_beyond_the_frame():
    for sheet in (floor(setting(), np.random.default_rng(0), 3), hill(setting(), np.random.default_rng(1), 1.2, 3)):
        assert sheet.density == DENSITY
        height, width = np.array(sheet.texture.shape[:2]) / DENSITY
        assert height >= 1.4 * SIZE[0] and width >= 1.4 * SIZE[1]
        assert sheet.origin == (
            -(sheet.texture.shape[1] - 1) / 2 / DENSITY,
            -(sheet.texture.shape[0] - 1) / 2 / DENSITY,
        )


def test_leaves_are_silhouettes_of_the_bodies_that_objects_have(monkeypatch):
    drawn = []
    monkeypatch.setattr(grounds, "draw_body", lambda name, *args: drawn.append(name) or draw_body(name, *args))
    shelf = grounds._shelf.__wrapped__(72)
    assert set(drawn) == set(TRAINING) and len(shelf) == grounds.SHELF
    # The same soft borders: in silhouettes as in bodies some texels are covered in part.
    assert all(((cover > 0.05) & (cover < 0.95)).sum() / (cover > 0.05).sum() > 0.02 for cover in shelf)


def test_small_leaves_are_the_most_frequent(monkeypatch):
    sides = []
    monkeypatch.setattr(
        grounds, "_silhouette", lambda rng, side, _: sides.append(side) or np.zeros((side, side), np.float32)
    )
    monkeypatch.setattr(grounds, "SHELF_TEXELS", 120)
    image = np.zeros((200, 300, 3), np.float32)
    grounds._scatter(setting(), np.random.default_rng(0), image, None, 300)
    assert len(sides) == 300 and max(sides) > 2.5 * min(sides) and np.mean(np.array(sides) <= 2 * min(sides)) > 0.6


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
