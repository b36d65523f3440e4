"""Small scenes made by hand, and drawn ones that are cast once for all tests."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from vostutor.data.studio.recipe import PLAIN, RECIPES, Recipe
from vostutor.data.studio.scene import Link, Scene, Sheet, Thing
from vostutor.data.studio.sensor import draw_sensor
from vostutor.data.studio.shoot import cast

HEIGHT, WIDTH = 48, 64
STILL = replace(
    PLAIN, clock=0.0, camera_clock=0.0, flicker=0.0, sensor=0.0, shutter=0.0, growth=0.0, deform=0.0, follow=0.0
)
NAMED = {**RECIPES, "still": STILL}


def white_square(**joint) -> Link:
    """8x8 white pixels around the middle, when the body's radius is 10 pixels."""
    alpha = np.zeros((12, 12), np.float32)
    alpha[2:10, 2:10] = 1
    return Link(np.full((12, 12, 3), 255, np.float32), alpha, (-0.55, -0.55), 10.0, **joint)


def black_floor(nearness: float = 1.0, grey: float = 0.0) -> Sheet:
    return Sheet(np.full((HEIGHT, WIDTH, 3), grey, np.float32), None, (-31.5, -23.5), 1.0, nearness)


def handmade(step: float = 2.0, frames: int = 3, links=None, camera=None, **changes) -> Scene:
    """A square around column 32.5, row 24.5 that goes `step` pixels right a frame over a black floor, under a camera at rest."""
    track = np.zeros((frames + 2, 6))
    track[:, 0], track[:, 1], track[:, 3] = 1 + step * np.arange(-1, frames + 1), 1.0, np.log(10.0)
    track[:, 5] = np.arange(-1, frames + 1)
    camera = np.zeros((frames + 2, 6)) if camera is None else camera
    ideal = draw_sensor(np.random.default_rng(0), (HEIGHT, WIDTH), frames, strength=0.0, flicker=0.0)
    thing = Thing(1, "square", tuple(links or [white_square()]), track)
    return replace(Scene((HEIGHT, WIDTH), frames, camera, (black_floor(), thing), sensor=ideal), **changes)


@lru_cache(maxsize=64)
def scene_of(name: str, seed: int, frames: int = 4) -> Scene:
    """A scene of 96x160 from one of the recipes."""
    recipe: Recipe = NAMED[name]
    return cast(recipe, seed, (96, 160), frames)
