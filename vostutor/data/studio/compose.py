"""From a recipe and a seed to a scene in which everything is decided.

A label changes one thing about a scene: what it adds draws from generators of its own, so that one seed under two labels is a fair pair
(as far as the first scene of the seed keeps both promises). Only "crossing" makes its first two objects smaller, too: they need room.

Letters: T frames, N samples of a track, H rows, W columns. `unit` is the length that is one pixel at 96 rows.
"""

from dataclasses import replace

import numpy as np

from vostutor.data.studio.casting import Stage, cast_things
from vostutor.data.studio.grounds import branches, floor, hill
from vostutor.data.studio.limits import MOST_SHEETS
from vostutor.data.studio.motion import camera_track, clock
from vostutor.data.studio.recipe import Recipe
from vostutor.data.studio.scene import Scene, Shadow, Sheet
from vostutor.data.studio.sensor import draw_sensor
from vostutor.data.studio.sprites import Setting
from vostutor.data.studio.surfaces import colour_statistics, random_colour

PLACE_CHROMA = 45.0  # of the colour that a place has as a whole; its materials add their own
# How much faster than the farthest ground what is nearer passes; things are nearer, and leaves close to the camera nearer still.
NEARNESS = 1.05, 1.2
CLOSE = 0.25  # how much nearer those leaves are
CALM_CLUTTER = 4  # what lies about in an open place, beyond the least
# Half of the scenes cast shadows and half of the films are blurred: neither may become the mark of an object.
SHADOWED, SHADOW, LAMP = 0.5, (0.15, 0.5), (1.0, 4)  # how often, how dark, how far it falls in pixels at 96 rows
OPEN = 0.5  # how often the shutter stays open at all
HILLY = 0.75  # how often such ground is a hill, a wall or a bank, and not leaves close to the camera


def compose(
    recipe: Recipe, rng: np.random.Generator, size: tuple[int, int], frames: int, *, sketch: bool = False
) -> Scene:
    """A scene in which everything is decided; of a sketch only who is where, without ground and colour.

    >>> from vostutor.data.studio.recipe import PLAIN
    >>> scene = compose(PLAIN, np.random.default_rng(0), (96, 160), 4)
    >>> scene.camera.shape, 1 in scene.objects
    ((6, 6), True)
    """
    place, cast, hand, lens, depth, twist, film = rng.spawn(7)
    setting = replace(_setting(recipe, place, size, frames), sketch=sketch)
    setting = replace(setting, shadow=_shadow(setting, lens))
    most = recipe.clutter[1] if not setting.calm else min(recipe.clutter[1], recipe.clutter[0] + CALM_CLUTTER)
    leaves = recipe.clutter[0] + round(place.random() * (most - recipe.clutter[0]))
    camera = _camera(setting, hand)
    back = floor(setting, place, leaves)
    setting = setting if sketch else replace(setting, surroundings=colour_statistics(back.texture))
    behind, front = _sheets(setting, depth, leaves)
    things = cast_things(Stage(setting, camera, (back, *behind)), cast, twist)
    share, opens = lens.random(), lens.random() < OPEN
    return Scene(
        size=size,
        frames=frames,
        camera=camera,
        stack=(back, *behind, *things, *front),
        shadow=setting.shadow,
        drift=_drift(recipe.drift, frames) if recipe.drift else None,
        shutter=float(recipe.shutter * share * opens),
        sensor=draw_sensor(film, size, frames, strength=recipe.sensor, flicker=recipe.flicker),
    )


def _setting(recipe: Recipe, rng, size, frames) -> Setting:
    lamp = rng.uniform(0, 2 * np.pi)
    light = np.array([np.cos(lamp), np.sin(lamp)])
    unit, colour = min(size[0], 0.6 * size[1]) / 96, random_colour(rng, PLACE_CHROMA)
    return Setting(recipe, size, frames, unit, colour, light, calm=bool(rng.random() < recipe.calm))


def _camera(setting: Setting, rng) -> np.ndarray:
    recipe, diagonal = setting.recipe, np.hypot(*setting.size)
    pan = recipe.pan / 100 * diagonal * np.exp(np.clip(recipe.pan_spread * rng.standard_normal(), -2, 1.3))
    time = clock(setting.frames, recipe.camera_clock)
    return camera_track(rng, setting.size, time, pan, recipe.sway, setting.unit)


def _drift(share: float, frames: int) -> np.ndarray:
    """How far the coats have changed, at each sample: not at all in the first frame, by `share` in the last. Shapes: (N,)."""
    return share * np.clip(np.arange(-1.0, frames + 1) / max(frames - 1, 1), 0, 1)


def _shadow(setting: Setting, rng) -> Shadow:
    height, strength = rng.uniform(*LAMP) * setting.unit, rng.uniform(*SHADOW) * (rng.random() < SHADOWED)
    shift_x, shift_y = np.rint(-height * setting.light).astype(int).tolist()
    return Shadow((shift_x, shift_y), float(height * rng.uniform(0.3, 0.9)), float(strength))


def _sheets(setting: Setting, rng, leaves: int) -> tuple[list[Sheet], list[Sheet]]:
    """Nearer ground behind the things, and perhaps leaves in front of them."""
    least, most = np.minimum(setting.recipe.sheets, 1) if setting.calm else setting.recipe.sheets
    own, behind, front = rng.spawn(MOST_SHEETS), [], []
    for nearness, stream in zip(np.sort(rng.uniform(*NEARNESS, int(rng.integers(least, most + 1)))), own, strict=False):
        if len(behind) < 2 and stream.random() < HILLY:
            behind.append(None if setting.sketch else hill(setting, stream, float(nearness), leaves // 3))
        elif not front and leaves:
            front.append(branches(setting, stream, float(nearness + CLOSE), int(stream.integers(2, 9))))
    return [] if setting.sketch else behind, front  # what is behind the things hides nothing
