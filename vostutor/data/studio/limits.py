"""Which values a recipe may have: a table of limits, and the error that names the field, its limits and its usual value.

What is refused here would crash far from its cause, search without end, or draw nonsense in silence.
"""

from numbers import Integral, Real

from vostutor.core.errors import SettingsError
from vostutor.data.studio.bodies import STYLES
from vostutor.data.studio.surfaces import FAMILIES

MOST_OBJECTS = 8  # as many as have a random stream of their own; more of them hide one another from the start
MOST_PASSERS = 4  # likewise
MOST_SHEETS = 3  # two behind the things, one in front of them

SHARES = ("riders", "follow", "still", "passing", "shutter", "blend", "same_stuff", "calm", "drift")
NUMBERS = dict.fromkeys(SHARES, (0, 1)) | {  # least and most
    "pan": (0, 100), "pace": (0, 100),  # per cent of the diagonal: at 100 no two frames have anything in common
    "pan_spread": (0, 3), "pace_spread": (0, 3), "growth": (0, 3),  # deviations of logarithms: e^3 is a factor of 20
    "sway": (0, 10),  # stronger, and the ground leans until its horizon comes into view
    "sensor": (0, 2),  # at 2 the lowest JPEG quality that is drawn, 55, has come down to 10
    "deform": (0, 20),
    "flicker": (0, 20),
    "borders": (0, 4),  # from 5 on, ramps of opacity run the wrong way
    "clock": (0, 16), "camera_clock": (0, 16),  # every tick of a clock is a step that somebody has to walk
    "texture_blur": (0, 3),  # texels; more, and the smallest things are gone
}  # fmt: skip
COUNTS = {"passers": (0, MOST_PASSERS), "least_objects": (1, MOST_OBJECTS)}
RANGES = {"area": (0.1, 100)}  # per cent of the frame
COUNT_RANGES = {"sheets": (0, MOST_SHEETS), "clutter": (0, 400)}
SWITCHES = ("lookalike", "occluder", "camouflage", "crossing")


def check_recipe(recipe) -> None:
    """Nothing, where a recipe's fields are all within their limits. Raises: SettingsError for the first that is not.

    >>> from vostutor.data.studio.recipe import Recipe
    >>> Recipe(riders=1.5)
    Traceback (most recent call last):
    vostutor.core.errors.SettingsError: expected  riders, a number from 0 to 1
    got       1.5
    try       riders=0.2
    """
    for limits, kind in ((NUMBERS, Real), (COUNTS, Integral)):
        for name, (least, most) in limits.items():
            fits = _within(getattr(recipe, name), kind, least, most)
            _require(fits, recipe, name, f"{_told(kind)} from {least} to {most}")
    for limits, kind in ((RANGES, Real), (COUNT_RANGES, Integral)):
        for name, (least, most) in limits.items():
            pair = getattr(recipe, name)
            fits = _tuple(pair, 2, 2) and all(_within(end, kind, least, most) for end in pair) and pair[0] <= pair[1]
            _require(fits, recipe, name, f"{_told(kind)} and one that is no smaller, from {least} to {most}")
    for name in SWITCHES:
        _require(isinstance(getattr(recipe, name), bool), recipe, name, "True or False")
    _require(recipe.shapes in STYLES, recipe, "shapes", f"one of {', '.join(STYLES)}")
    _check_families(recipe)
    _check_company(recipe)


def _check_families(recipe) -> None:
    families = recipe.families
    fits = families is None or _tuple(families, 1, len(FAMILIES)) and all(family in FAMILIES for family in families)
    _require(fits, recipe, "families", f"None for all, or a tuple of {', '.join(FAMILIES)}")


def _check_company(recipe) -> None:
    """How many there are has weights, not all of them zero; for crossing it takes two."""
    weights = recipe.objects
    fits = _tuple(weights, 1, MOST_OBJECTS) and all(_within(weight, Real, 0, 1) for weight in weights) and any(weights)
    _require(
        fits, recipe, "objects", f"the shares of clips with 1, 2, ... objects, 1 to {MOST_OBJECTS} numbers not all 0"
    )
    if recipe.crossing and recipe.least_objects < 2:
        raise SettingsError(
            expected="at least 2 objects where two are to cross",
            got=f"crossing=True, least_objects={recipe.least_objects}",
            try_this="crossing=True, least_objects=2",
        )


def _within(value, kind: type, least: float, most: float) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and least <= value <= most  # nan is not


def _tuple(value, fewest: int, most: int) -> bool:
    return isinstance(value, tuple) and fewest <= len(value) <= most


def _told(kind: type) -> str:
    return "a whole number" if kind is Integral else "a number"


def _require(fits: bool, recipe, name: str, expected: str) -> None:
    if not fits:
        usual = type(recipe).__dataclass_fields__[name].default
        raise SettingsError(
            expected=f"{name}, {expected}", got=repr(getattr(recipe, name)), try_this=f"{name}={usual!r}"
        )
