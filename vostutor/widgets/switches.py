"""The generator's switches: what each does to the plain recipe, the clip that comes out, and how systems fare on it.

Reading order: Switch, SWITCHES, recipe_of, film (settings and seed -> clip), Trial, try_systems. What became of each pixel: verdicts.py.
Letters: T frames, H rows, W columns, S systems.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from vostutor.core.errors import SettingsError
from vostutor.widgets.verdicts import judge

FRAMES = 12
SEED = 84  # a scene that both baselines follow at first, so that both have something to lose, and in which every switch shows
BROKEN = 0.5  # a J that nobody would call the same object


@dataclass(frozen=True)
class Switch:
    """Something about a clip that can be set: a word for each level, and what it changes about the plain recipe.

    >>> SWITCHES[0].rest
    'normal'
    """

    name: str
    about: str
    levels: Mapping[str, Mapping[str, object]]

    @property
    def rest(self) -> str:
        """The level that changes nothing, where the switch stands at first."""
        return next(word for word, changes in self.levels.items() if not changes)


SWITCHES = (
    Switch(
        "camera", "how fast it moves", {"still": {"camera_clock": 0.0}, "normal": {}, "fast": {"camera_clock": 3.0}}
    ),
    Switch("things", "how fast they move", {"still": {"clock": 0.0}, "normal": {}, "fast": {"clock": 4.0}}),
    Switch("riding", "whether the camera follows the things", {"no": {"follow": 0.0}, "yes": {}}),
    Switch("limbs", "how much bodies bend", {"stiff": {"deform": 0.0}, "normal": {}, "supple": {"deform": 2.5}}),
    Switch("size", "whether things come nearer or go away", {"normal": {}, "changing": {"growth": 1.0}}),
    Switch("ground", "at one depth, or at several", {"flat": {"sheets": (0, 0)}, "layered": {}}),
    Switch("litter", "what lies about", {"little": {"clutter": (0, 3)}, "normal": {}, "a lot": {"clutter": (60, 90)}}),
    Switch(
        "occluder",
        "whether something is sent in front of the first thing; now and then something passes anyway",
        {"no": {}, "yes": {"occluder": True}},
    ),
    Switch("look-alike", "a twin that nobody annotated", {"no": {}, "yes": {"lookalike": True}}),
    Switch("colours", "cut from their own stuff, or from the ground", {"own": {}, "ground": {"camouflage": True}}),
    Switch("surface", "whether it changes while you watch", {"lasting": {}, "drifting": {"drift": 0.6}}),
    Switch("light", "whether it wavers", {"steady": {"flicker": 0.0}, "normal": {}, "wavering": {"flicker": 8.0}}),
    Switch("shutter", "how long it is open", {"brief": {"shutter": 1e-6}, "normal": {}, "long": {"shutter": 1.0}}),
    Switch("sensor", "noise, lens and compression", {"perfect": {"sensor": 0.0}, "normal": {}}),
)
_NAMED = {switch.name: switch for switch in SWITCHES}
Settings = Mapping[str, str]  # a switch's name and the word of its level; what is not named is at rest


def moved(settings: Settings) -> dict[str, str]:
    """The settings without the switches at rest, in the order of SWITCHES.

    Raises: SettingsError for a switch or a level that does not exist.
    >>> moved({"things": "fast", "camera": "normal"})
    {'things': 'fast'}
    """
    for name, word in settings.items():
        if name not in _NAMED:
            raise SettingsError(
                expected=f"a switch: {', '.join(_NAMED)}", got=repr(name), try_this='{"things": "fast"}'
            )
        if word not in _NAMED[name].levels:
            levels = _NAMED[name].levels
            raise SettingsError(
                expected=f"a level of {name}: {', '.join(levels)}",
                got=repr(word),
                try_this=f'{{"{name}": "{next(iter(levels))}"}}',
            )
    return {name: settings[name] for name, switch in _NAMED.items() if settings.get(name, switch.rest) != switch.rest}


def recipe_of(settings: Settings):
    """The plain recipe with those switches set.

    >>> recipe_of({"things": "fast"}).clock
    4.0
    """
    from vostutor.data.studio.recipe import PLAIN

    changes = {}
    for name, word in moved(settings).items():
        changes |= _NAMED[name].levels[word]
    return replace(PLAIN, **changes)


def film(settings: Settings, seed: int):
    """The clip of a seed with those switches set; the same seed is the same scene, as far as the switches allow.

    Raises: SettingsError as `moved`, or for a seed below 0.
    """
    if not isinstance(seed, int) or seed < 0:
        raise SettingsError(expected="a seed: a whole number from 0 on", got=repr(seed), try_this=f"seed={SEED}")
    return _film(tuple(moved(settings).items()), seed)


@lru_cache(maxsize=32)
def _film(settings: tuple, seed: int):
    from vostutor.data.minivos import clip_of
    from vostutor.data.studio.shoot import shoot

    label = ", ".join(f"{name} {word}" for name, word in settings) or "plain"
    return clip_of(shoot(recipe_of(dict(settings)), seed, frames=FRAMES, flow=False), label, seed)


@dataclass(frozen=True)
class Trial:
    """How systems fared on a clip.

    Shapes: each of results ids (T,H,W); each of curves J of T frames, the mean over the objects, NaN for the given frame and the
    last, which DAVIS does not score.
    """

    clip: object
    results: Mapping[str, np.ndarray]
    curves: Mapping[str, list[float]]
    notes: tuple[str, ...] = field(default=())

    def mean(self, system: str) -> float:
        """The mean J over the scored frames."""
        return float(np.mean(self.curves[system][1:-1]))

    def breaks_at(self, system: str) -> int | None:
        """The first frame in which J is below BROKEN, None where it never is."""
        return next((t for t, j in enumerate(self.curves[system]) if j < BROKEN), None)

    def verdicts(self, system: str) -> np.ndarray:
        """What became of each pixel, as `judge` counts it. Shapes: -> uint8 (T,H,W)."""
        return judge(self.clip.ids.numpy(), self.results[system])


def try_systems(clip, systems: Mapping[str, Callable], jaccard: Callable | None = None) -> Trial:
    """The trial of systems on a clip, each made anew; a system or a jaccard that fails, as a student's may, leaves a note.

    Shapes: jaccard takes two bool tensors (H,W).
    >>> from vostutor.models import CopyFirstMask
    >>> trial = try_systems(film({}, SEED), {"copy": CopyFirstMask})
    >>> len(trial.curves["copy"]) == FRAMES
    True
    """
    from vostutor.engine.infer import predict_clip

    results, curves, notes = {}, {}, []
    for name, new in systems.items():
        try:
            results[name] = predict_clip(new(), clip).numpy()
        except Exception as error:  # anything can come out of a student's function
            notes.append(f"{name} gave no masks: {type(error).__name__}: {error}")
            results[name] = np.zeros(clip.ids.shape, np.int64)
        curves[name] = _curve(clip, results[name], jaccard, notes)
    return Trial(clip, results, curves, tuple(dict.fromkeys(notes)))


def _curve(clip, pred: np.ndarray, jaccard: Callable | None, notes: list[str]) -> list[float]:
    import torch

    from vostutor.metrics.region import jaccard as counted

    truth, curve = clip.ids, [np.nan] * len(clip.ids)
    for t in range(1, len(truth) - 1):
        masks = [(truth[t] == k, torch.from_numpy(pred[t] == k)) for k in clip.object_ids]
        try:
            curve[t] = float(np.mean([float((jaccard or counted)(*pair)) for pair in masks]))
        except Exception as error:
            notes.append(f"jaccard gave no number: {type(error).__name__}: {error}")
    return curve
