from dataclasses import FrozenInstanceError, fields

import pytest

from vostutor.core.errors import SettingsError
from vostutor.data.studio.bodies import STYLES
from vostutor.data.studio.recipe import BARE, EASY, KNOBS, PLAIN, RECIPES, Recipe, rung

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
