"""What happens where no scene of a recipe will do. That scenes are found and filmed exactly is tested with the clips."""

from dataclasses import replace

import pytest

from vostutor.core.errors import SettingsError
from vostutor.data.studio import shoot
from vostutor.data.studio.labels import promise
from vostutor.data.studio.recipe import PLAIN

SPECKS = replace(PLAIN, area=(0.1, 0.1), texture_blur=3.0, least_objects=8)  # too small and faint to be seen


@pytest.fixture(autouse=True)
def few_attempts(monkeypatch):
    monkeypatch.setattr(shoot, "ATTEMPTS", 6)


def test_objects_that_never_show_themselves_are_told_as_what_could_not_be_cast():
    with pytest.raises(SettingsError, match="in 6 an object was too small") as told:
        shoot.cast(SPECKS, 0, (48, 80), 3)
    assert "0.4%" in told.value.expected and "area" in told.value.try_this


@pytest.mark.parametrize(("label", "name"), [("distractor", "has_a_twin"), ("crossing", "crosses")])
def test_a_promise_that_a_recipe_cannot_keep_is_told_by_name(label, name):
    alone = replace(PLAIN, objects=(1.0,), riders=0.0)
    with pytest.raises(SettingsError, match="in 6 the promise was broken") as told:
        shoot.cast(alone, 0, (48, 80), 4, promise(label))
    assert name in told.value.expected and "label" in told.value.try_this


def test_without_a_promise_none_is_spoken_of():
    with pytest.raises(SettingsError) as told:
        shoot.cast(SPECKS, 0, (48, 80), 3)
    assert "promise" not in str(told.value)
