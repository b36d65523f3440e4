from dataclasses import replace

import numpy as np
import pytest

from vostutor.data.studio import sprites
from vostutor.data.studio.bodies import REACH, TRAINING, draw_body
from vostutor.data.studio.recipe import PLAIN
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
    drawn = sum(
        (part.alpha > 0.5).sum() for part in draw_body("blob", np.random.default_rng(0), body_texels(20.0)).parts
    )
    assert sum((alpha > 0.5).sum() for alpha in ramps[1]) == pytest.approx(drawn, rel=0.02)


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
