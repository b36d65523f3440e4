"""The categories of minivos: which plan draws each, how it behaves, and which are kept out of training."""

from collections.abc import Callable
from dataclasses import dataclass

from vostutor.data.studio import creatures, machines, things
from vostutor.data.studio.sketch import Sketch


@dataclass(frozen=True)
class Category:
    """How a category is drawn and how it behaves.

    heads: it turns to where it goes; upright: it keeps its feet down. Units: stiffness from 0 (bends as a whole) to 1 (does not).
    """

    plan: Callable[[Sketch], None]
    heads: bool = False
    upright: bool = False
    stiffness: float = 0.5


CATEGORIES = {
    "walker": Category(creatures.walker, heads=True, upright=True, stiffness=0.6),
    "runner": Category(creatures.runner, heads=True, upright=True, stiffness=0.6),
    "swimmer": Category(creatures.swimmer, heads=True, stiffness=0.2),
    "flyer": Category(creatures.flyer, heads=True, stiffness=0.5),
    "crawler": Category(creatures.crawler, heads=True, stiffness=0.5),
    "jelly": Category(creatures.jelly, heads=True, stiffness=0.1),
    "wheeled": Category(machines.wheeled, heads=True, upright=True, stiffness=1.0),
    "crane": Category(machines.crane, upright=True, stiffness=1.0),
    "plant": Category(things.plant, upright=True, stiffness=0.2),
    "tool": Category(things.tool, stiffness=0.9),
    "rope": Category(things.rope, stiffness=0.0),
    "kite": Category(things.kite, stiffness=0.4),
    "boat": Category(machines.boat, heads=True, upright=True, stiffness=0.8),
    "blob": Category(things.blob, stiffness=0.1),
}
HELD_BACK = ("jelly", "crane")  # a creature and a machine, for the split that asks what a net makes of a new category
TRAINING = tuple(name for name in CATEGORIES if name not in HELD_BACK)
