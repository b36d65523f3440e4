import numpy as np
import pytest

from vostutor.core.errors import SettingsError
from vostutor.data.studio import surfaces
from vostutor.data.studio.layouts import illumination, land, layout, patches, posts, road, wall
from vostutor.data.studio.surfaces import FAMILIES, coats, ground, marked, random_colour, shade, surface

COLOUR = np.array([90.0, 120.0, 150.0])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_there_are_at_least_twelve_families_and_photographs_are_one():
    assert len(FAMILIES) >= 12 and "photo" in FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_surface_of_each_family_is_repeatable_and_varies_from_draw_to_draw(family):
    one, same, other = (surface(rng(seed), 40, 60, COLOUR, families=(family,)) for seed in (1, 1, 2))
    assert one.shape == (40, 60, 3) and one.dtype == np.float32
    assert np.array_equal(one, same) and not np.array_equal(one, other)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_surface_of_each_family_has_the_colour_it_was_asked_for_and_some_texture(family):
    material = surface(rng(5), 60, 90, COLOUR, families=(family,))
    assert material.min() >= 4 and material.max() <= 251
    assert np.abs(material.mean((0, 1)) - COLOUR).max() < 14  # clipping moves the mean a little
    assert 5 < material.mean(2).std() < 50


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_is_smooth(family):
    rough = [
        np.abs(np.diff(surface(rng(seed), 60, 60, COLOUR, families=(family,)).mean(2))).mean() for seed in range(12)
    ]
    assert np.median(rough) > 2  # grey levels between neighbours; enlarged twice, a photograph falls below


def test_half_of_all_surfaces_are_photographs_and_families_restrict_the_rest(monkeypatch):
    drawn = []
    for name in list(FAMILIES):
        monkeypatch.setitem(
            FAMILIES, name, lambda rng, h, w, name=name: drawn.append(name) or np.zeros((h, w, 3), np.float32)
        )
    for seed in range(400):
        surface(rng(seed), 2, 2, COLOUR)
    assert 0.42 < drawn.count("photo") / 400 < 0.58 and set(drawn) == set(FAMILIES)
    drawn.clear()
    for seed in range(30):
        ground(rng(seed), 24, 32, COLOUR, families=("wood", "cells"))
        coats(rng(seed), 3, 16, COLOUR, families=("wood", "cells"))
    assert set(drawn) == {"wood", "cells"}


@pytest.mark.parametrize("families", [("plasma",), ("wood", "plasma"), ()])
def test_a_family_that_does_not_exist_is_refused_with_the_names_of_those_that_do(families):
    with pytest.raises(SettingsError, match="wood"):
        surface(rng(), 8, 8, COLOUR, families=families)


def test_marks_leave_the_size_stay_in_range_and_are_on_six_of_ten():
    material = np.full((40, 40, 3), 100, np.float32)
    results = [marked(rng(seed), material) for seed in range(200)]
    assert all(result.shape == material.shape and result.min() >= 4 and result.max() <= 251 for result in results)
    assert 0.5 < np.mean([not np.array_equal(result, material) for result in results]) < 0.7


def test_a_mark_has_an_edge_as_steep_as_an_outline():
    material = np.full((80, 80, 3), 100, np.float32)
    steepest = []
    for seed in range(60):
        result = marked(rng(seed), material).mean(2)
        if (span := np.ptp(result)) > 10:
            steepest.append(np.abs(np.diff(result, axis=0)).max() / span)
    assert np.median(steepest) > 0.7  # most of the step lies between two neighbours


def test_parts_get_their_own_piece_or_a_recoloured_copy_in_halves():
    copies = []
    for seed in range(150):
        main, part = coats(rng(seed), 2, 24, random_colour(rng([seed, 1]), 30))
        unclipped = (np.minimum(main, part) > 4.5).all(2) & (np.maximum(main, part) < 250.5).all(2)
        change = (part - main)[unclipped]
        if len(change) > 50:
            copies.append(change.std(0).max() < 0.01)  # a copy differs by one colour everywhere
    assert 0.38 < np.mean(copies) < 0.62


@pytest.mark.parametrize("count", [1, 4])
def test_there_are_as_many_coats_as_parts(count):
    assert [coat.shape for coat in coats(rng(), count, 20, COLOUR)] == [(20, 20, 3)] * count


def test_shade_is_brighter_towards_the_lamp_and_even_inside():
    y, x = np.mgrid[-50:51, -50:51]
    gain = shade((np.hypot(x, y) < 35).astype(np.float32), np.array([0.0, -1.0]))[..., 0]
    assert gain[50 - 34, 50] == pytest.approx(1.3, abs=0.03) and gain[50 + 34, 50] == pytest.approx(0.7, abs=0.03)
    assert gain[50, 50] == pytest.approx(1, abs=1e-3) and np.allclose(gain, gain[:, ::-1], atol=1e-4)
    assert gain.shape == (101, 101)


@pytest.mark.parametrize("cover", [land, patches, road, wall, posts])
def test_a_cover_lies_between_bare_and_covered_and_often_shows_both(cover):
    masks = [cover(rng(seed), 40, 60) for seed in range(20)]
    assert all(mask.shape == (40, 60) and mask.min() >= 0 and mask.max() <= 1 for mask in masks)
    assert np.mean([np.ptp(mask) > 0.9 for mask in masks]) > 0.7


def test_land_lies_below_its_horizon():
    for seed in range(20):
        mask = land(rng(seed), 60, 80)
        assert mask[-1].mean() > mask[0].mean() + 0.5


def test_light_is_a_gain_around_one_that_never_turns_negative():
    gains = np.stack([illumination(rng(seed), 20, 30) for seed in range(60)])
    assert gains.shape == (60, 20, 30, 1) and gains.min() > 0.1 and 0.75 < gains.mean() < 1.05


def test_a_layout_has_one_to_three_covers():
    assert {len(layout(rng(seed), 20, 30)) for seed in range(40)} == {1, 2, 3}


def test_ground_is_repeatable_and_differs_by_seed():
    one, same, other = (ground(rng(seed), 50, 70, COLOUR) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    assert one.dtype == np.float32 and np.isfinite(one).all() and one.min() >= 4 and one.max() <= 251


def test_grounds_have_the_light_and_dark_of_real_frames():
    """DAVIS, quartiles: luminance 98-145, its deviation in a frame 36-53 (specs/synthetic.md B)."""
    grounds = [ground(rng(seed), 96, 160, random_colour(rng([seed, 1]), 30)).mean(2) for seed in range(100)]
    assert 98 < np.median([light.mean() for light in grounds]) < 145
    assert 36 < np.median([light.std() for light in grounds]) < 53


def test_the_materials_of_a_place_keep_apart_in_brightness():
    tones = np.stack([surfaces._tones(rng(seed), COLOUR, 3).mean(1) for seed in range(200)])
    assert np.median(np.ptp(tones, axis=1)) > 50 and tones.min() > 25 and tones.max() < 227
