"""The clips of lesson 04's claims: of each, object 1 alone is told, and one kind of trouble waits in it.

What minivos calls a distractor stands beside the object from the first frame on, where fine-tuning can learn that it is not meant. A
*late twin* is filmed twice, without its look-alike and with it, and the second film takes over in the middle. That the twin does not walk
in but appears makes no difference to a system that looks at every frame by itself.

Letters: T frames, H rows, W columns.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import Clip
from vostutor.data.minivos import draw_clip, draw_recipe, scene_of
from vostutor.data.studio.labels import layers_of
from vostutor.data.studio.recipe import PLAIN
from vostutor.data.studio.render import draw
from vostutor.data.studio.scene import Scene, Thing
from vostutor.data.studio.sensor import develop, grain_for
from vostutor.engine.one_shot import PAIR

FIRST_SEED, SEEDS_APART = 1_500_000, 1_000  # beyond all that train, and no other figure's
PAIRS, ALONE, PLAINLY, DRIFT = "one of two", "alone", "plain", "drift"
OCCLUSION, DISTRACTOR, TWIN = "occlusion", "distractor", "late twin"
SETS = (PAIRS, ALONE, PLAINLY, DRIFT, OCCLUSION, DISTRACTOR, TWIN)
OWN_RECIPES = {PAIRS: PAIR, ALONE: replace(PLAIN, objects=(1.0, 0.0, 0.0, 0.0))}
BACK_AGAIN = 3  # frames at the end in which an occluded object is back, as its label promises


@dataclass(frozen=True, eq=False)
class Case:
    """A clip and what else is known about it.

    Shapes: twin bool (T,H,W), where the look-alike shows; frames are counted from 0.
    """

    clip: Clip  # of which object 1 alone is annotated
    whole: Clip  # with all objects, for a segmenter of instances
    late: tuple[int, ...]  # the frames on which the set's effect is looked for
    seed: int
    without: Clip | None = None  # the same film without the twin
    twin: Tensor | None = None


def draw_case(name: str, seed: int, number: int, *, size: tuple[int, int] = (96, 160), frames: int = 16) -> Case:
    """A clip of a set. The same seed and number under two labels is the same place with the same cast, as far as minivos can have it.

    >>> case = draw_case("drift", 0, 0, size=(48, 80), frames=8)
    >>> case.clip.object_ids, case.late
    ((1,), (6, 7))
    """
    drawn = {"size": size, "frames": frames, "flow": False}
    seed = FIRST_SEED + SEEDS_APART * seed + number
    if name == TWIN:
        return late_twin(draw_clip(DISTRACTOR, seed, **drawn), seed)
    own = OWN_RECIPES.get(name)
    whole = draw_clip(name, seed, **drawn) if own is None else draw_recipe(own, seed, **drawn)
    count = BACK_AGAIN if name == OCCLUSION else frames // 4
    return Case(only_first(whole), whole, tuple(range(frames - count, frames)), seed)


def only_first(clip: Clip) -> Clip:
    """The clip as if object 1 were the only one that anybody annotated."""
    return replace(clip, ids=(clip.ids == 1).long(), object_ids=(1,), categories=clip.categories[:1])


def late_twin(whole: Clip, seed: int) -> Case:
    """A clip of the label distractor whose twin comes in the middle. Its late frames are those with the twin."""
    scene, entry = scene_of(whole), len(whole) // 2
    twin = twin_in(scene)
    without = film(replace(scene, stack=tuple(part for part in scene.stack if part is not twin)), seed)
    clip = Clip(
        *(torch.cat([getattr(without, name)[:entry], getattr(whole, name)[entry:]]) for name in ("frames", "ids"))
    )
    shown = torch.isin(whole.depth_order, torch.tensor(list(layers_of(scene, twin)), dtype=torch.uint8))
    shown[:entry] = False
    late = tuple(range(entry, len(whole)))
    return Case(only_first(clip), whole, late, seed, only_first(without), shown)


def twin_in(scene: Scene) -> Thing:
    """The look-alike of object 1 in a scene of the label distractor: a thing without a number that is cut from the same parts."""
    originals = [thing.links for thing in scene.things if thing.number == 1]
    return next(t for t in scene.things if t.number == 0 and any(t.links is links for links in originals))


def film(scene: Scene, seed: int) -> Clip:
    """Frames and ids of a scene, with the same grain and light as the clip of that seed.

    >>> clip = draw_clip("plain", 3, size=(48, 80), frames=2, flow=False)
    >>> torch.equal(film(scene_of(clip), 3).frames, clip.frames)
    True
    """
    rng = np.random.default_rng([seed, 1])  # as the generator does it
    grain = grain_for(rng, scene.size)
    views = [draw(scene, t) for t in range(scene.frames)]
    pictures = np.stack([develop(scene.sensor, view.image, t, grain, rng) for t, view in enumerate(views)])
    ids = torch.from_numpy(np.stack([view.ids for view in views]).astype(np.int64))
    return Clip(torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))), ids)
