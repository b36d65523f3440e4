from dataclasses import FrozenInstanceError, fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from vostutor.core.errors import SettingsError
from vostutor.data.studio import limits
from vostutor.data.studio.bodies import STYLES
from vostutor.data.studio.compose import compose
from vostutor.data.studio.recipe import BARE, EASY, KNOBS, PLAIN, RECIPES, Recipe, rung
from vostutor.data.studio.sprites import border

FIELDS = [field.name for field in fields(Recipe)]


def differing(one, other):
    return {name for name in FIELDS if getattr(one, name) != getattr(other, name)}


def test_the_ladder_leads_from_the_bare_recipe_to_plain():
    assert rung(None) == BARE and rung(list(KNOBS)[-1]) == PLAIN


def test_each_rung_turns_on_its_own_knob_and_nothing_else():
    below = BARE
    for name, names in KNOBS.items():
        assert differing(below, rung(name)) <= set(names) and differing(below, rung(name)), name
        assert all(getattr(rung(name), field) == getattr(PLAIN, field) for field in names)
        below = rung(name)


def test_the_knobs_cover_what_the_bare_recipe_lacks_each_field_once():
    turned = [field for names in KNOBS.values() for field in names]
    assert set(turned) == differing(BARE, PLAIN) and len(turned) == len(set(turned))


def test_every_label_changes_plain_in_a_way_of_its_own():
    changes = {label: frozenset(differing(recipe, PLAIN)) for label, recipe in RECIPES.items()}
    assert changes.pop("plain") == frozenset()
    assert all(changes.values()) and len(set(changes.values())) == len(changes)


def test_a_label_leaves_the_knobs_of_the_ladder_alone_but_for_what_it_is_about():
    about = {"static": {"follow"}, "deformation": {"deform"}}
    turned = {field for names in KNOBS.values() for field in names}
    for label, recipe in RECIPES.items():
        assert differing(recipe, PLAIN) & turned <= about.get(label, set()), label


def test_easy_clips_hold_one_or_two_large_objects_and_little_else():
    assert len(EASY.objects) == 2 and EASY.area[0] > PLAIN.area[0] and EASY.passers == 0 and EASY.blend == 0


def test_shares_are_shares_and_ranges_run_upwards():
    for recipe in (*RECIPES.values(), EASY, BARE):
        assert sum(recipe.objects) == pytest.approx(1) and recipe.shapes in STYLES
        assert all(low <= high for low, high in (recipe.area, recipe.sheets, recipe.clutter))
        assert all(0 <= share <= 1 for share in (recipe.riders, recipe.still, recipe.passing, recipe.same_stuff))
        assert 0 <= recipe.shutter <= 1 and recipe.least_objects <= 4


def test_a_recipe_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        PLAIN.sensor = 0.0


def test_a_rung_that_does_not_exist_is_refused():
    with pytest.raises(SettingsError, match="shapes"):
        rung("nonsense")


def test_every_field_has_its_limits():
    tables = (limits.NUMBERS, limits.COUNTS, limits.RANGES, limits.COUNT_RANGES, limits.SWITCHES)
    checked = [name for table in tables for name in table]
    assert sorted([*checked, "shapes", "families", "objects"]) == sorted(FIELDS)


NONSENSE = {
    **{name: (-0.1, 1.1, float("nan"), "often", None, True) for name in limits.SHARES},
    **{name: (-1, float("inf"), float("nan"), "much") for name in limits.NUMBERS if name not in limits.SHARES},
    **{name: (-1, 9, 1.5, True) for name in limits.COUNTS},
    "area": ((0, 5), (5, 2), (2, 101), 5, (1, 2, 3), [2, 20]),
    "sheets": ((3, 1), (0, 4), (-1, 2), (0.5, 1), 2),
    "clutter": ((40, 4), (0, 10**6), (-3, 3), (4,)),
    **{name: (1, "yes", None) for name in limits.SWITCHES},
    "shapes": ("round", None),
    "families": ((), "photo", ("photo", "velvet")),
    "objects": ((), (0, 0), (0.5, -0.5), (1,) * 9, 2, ("one",)),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_value_outside_its_limits_is_refused_by_the_field_s_name(name):
    for value in NONSENSE[name]:
        with pytest.raises(SettingsError) as told:
            replace(PLAIN, **{name: value})
        assert told.value.expected.startswith(name) and told.value.got == repr(value)
        assert told.value.try_this == f"{name}={getattr(PLAIN, name)!r}"


def test_for_crossing_it_takes_two():
    with pytest.raises(SettingsError, match="least_objects=2"):
        replace(PLAIN, crossing=True)


@pytest.mark.parametrize("name", [*limits.NUMBERS, *limits.COUNTS, *limits.RANGES, *limits.COUNT_RANGES])
def test_at_both_of_its_limits_a_field_still_makes_a_scene(name):
    for end in limits.NUMBERS.get(name) or limits.COUNTS.get(name) or [(end, end) for end in _pair_limits(name)]:
        recipe = replace(PLAIN, objects=(1.0,), **{name: end})
        scene = compose(recipe, np.random.default_rng(0), (48, 80), 3, sketch=name == "clutter")
        for thing in scene.things:
            assert np.isfinite(thing.track).all()
            assert all(np.isfinite(link.alpha).all() and link.alpha.min() >= 0 for link in thing.links)


def _pair_limits(name):
    return limits.RANGES.get(name) or limits.COUNT_RANGES[name]


def test_without_blur_textures_stay_as_they_are_cut():
    sharp, soft = (
        compose(replace(PLAIN, texture_blur=blur), np.random.default_rng(0), (48, 80), 2).stack[0].texture
        for blur in (0, 2.0)
    )
    assert np.abs(np.diff(sharp, axis=0)).mean() > 2 * np.abs(np.diff(soft, axis=0)).mean()


def test_the_softest_border_still_runs_from_clear_to_opaque():
    setting = SimpleNamespace(recipe=replace(PLAIN, borders=limits.NUMBERS["borders"][1]))
    rng = np.random.default_rng(0)
    assert min(border(setting, rng) for _ in range(200)) > 0
