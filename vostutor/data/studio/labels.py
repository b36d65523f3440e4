"""What each label promises about a clip, measured on who is where: a scene that does not keep it is drawn again.

Letters: T frames, H rows, W columns. Object 1 is the one that a label is about.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vostutor.data.studio.render import trace
from vostutor.data.studio.scene import SIZE, SQUASH, Scene, Thing

HIDDEN, BACK = 0.25, 0.6  # an occluded object shows less than a quarter for a moment, and more than 60 % at the end
COVERED = 0.3  # of two that cross, one covers at least this share of the other
GROWN = 2.0  # the largest own area over the smallest
QUICK = 0.018  # of the frame's diagonal: a fast object's usual step, twice that of a plain one
TWIN, TWIN_SEEN = 0.4, 0.6  # of object 1's first size that its twin shows, and in which share of the frames at least
SEEN = 0.3  # of its first size: what an object shows in the middle of the clip and at its end, unless something is in front


def shown(ids: np.ndarray, number: int = 1) -> np.ndarray:
    """Share of its first size that an object shows in each frame. Shapes: ids (T,H,W) -> (T,)."""
    area = (ids == number).sum((1, 2)).astype(float)
    return area / max(area[0], 1)


def stays(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """Object 1 is in view in the middle and at the end."""
    return bool(shown(ids)[[len(ids) // 2, -1]].min() > SEEN)


def hides_and_returns(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """At least three quarters of object 1 are hidden for a moment, and at the end it is back."""
    share = shown(ids)
    if share.min() >= HIDDEN or share[-3:].min() <= BACK:
        return False
    return any(covered(scene, (1,), thing).max() > 1 - HIDDEN for thing in scene.things if not thing.number)


def crosses(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """One of the objects 1 and 2 covers a part of the other in the middle of the clip, and at the end both are in view again."""
    if min(shown(ids, 1)[-1], shown(ids, 2)[-1]) <= BACK:
        return False
    first, second = (max((t for t in scene.things if t.number == n), key=lambda t: t.track[1, SIZE]) for n in (1, 2))
    over, under = (first, 2) if scene.things.index(first) > scene.things.index(second) else (second, 1)
    return bool(covered(scene, (under,), over)[len(ids) // 4 : -(len(ids) // 4)].max() > COVERED)


def grows(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """Object 1 becomes at least twice as large, or half as large."""
    track = max((thing.track for thing in scene.things if thing.number == 1), key=lambda track: track[1, SIZE])
    own = 2 * track[1:-1, SIZE] + track[1:-1, SQUASH]
    return bool(np.ptp(own) > np.log(GROWN) and shown(ids)[-1] > SEEN / 2)


def runs(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """Object 1's usual step is long, and it stays in view."""
    centres = np.array([np.argwhere(frame == 1).mean(0) if (frame == 1).any() else [np.nan] * 2 for frame in ids])
    steps = np.hypot(*np.diff(centres, axis=0).T) / np.hypot(*ids.shape[1:])
    return bool(np.nanmedian(steps) > QUICK and shown(ids)[[len(ids) // 2, -1]].min() > SEEN / 2)


def has_a_twin(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """The twin that nobody annotated shows itself in most frames, and object 1 stays."""
    originals = [thing.links for thing in scene.things if thing.number == 1]  # two, where a rider has the same number
    twins = [thing for thing in scene.things if thing.number == 0 and any(thing.links is own for own in originals)]
    if not twins:
        return False
    area = np.isin(owner, layers_of(scene, twins[0])).sum((1, 2))
    return bool((area > TWIN * (ids[0] == 1).sum()).mean() > TWIN_SEEN and stays(ids, owner, scene))


def covered(scene: Scene, numbers: tuple[int, ...], by: Thing) -> np.ndarray:
    """Share of some objects that one thing covers, with nobody else there. Shapes: returns (T,)."""
    hidden = [thing for thing in scene.things if thing.number in numbers and thing is not by]
    alone, both = (replace(scene, stack=(scene.stack[0], *hidden, *over)) for over in ((), (by,)))
    free, left = (
        np.array([np.isin(trace(some, t).ids, numbers).sum() for t in range(scene.frames)]) for some in (alone, both)
    )
    return 1 - left / np.maximum(free, 1)


def layers_of(scene: Scene, wanted: Thing) -> range:
    """The numbers of a thing's layers, as `owner` counts them."""
    first = 0
    for part in scene.stack:
        count = len(part.links) if isinstance(part, Thing) else 1
        if part is wanted:
            return range(first, first + count)
        first += count
    raise AssertionError(f"{wanted.category} is not in the scene")


# From ids and owner, both (T,H,W), and the scene: has it its label's property?
Promise = Callable[[np.ndarray, np.ndarray, Scene], bool]
PROMISES: dict[str, Promise] = {
    "occlusion": hides_and_returns,
    "crossing": crosses,
    "scale": grows,
    "fast": runs,
    "distractor": has_a_twin,
}


def promise(label: str) -> Promise:
    """What a clip with this label keeps; of most labels only that object 1 stays in view."""
    return PROMISES.get(label, stays)
