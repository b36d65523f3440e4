"""What each label promises about a clip, measured on who is where: a scene that does not keep it is drawn again.

Letters: T frames, H rows, W columns. Object 1 is the one that a label is about.
"""

from collections.abc import Callable

import numpy as np

from vostutor.data.studio.scene import Scene, Thing

HIDDEN, BACK = 0.25, 0.6  # an occluded object shows less than a quarter for a moment, and more than 60 % at the end
COVERED = 0.7  # of two that cross, one shows less than this at the crossing, and more again at the end
GROWN = 2.0  # the largest area over the smallest, both in full view
QUICK = 0.018  # of the frame's diagonal: a fast object's usual step, twice that of a plain one
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
    return bool(share.min() < HIDDEN and share[-3:].min() > BACK)


def crosses(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """Object 1 or 2 is partly covered by the other in the middle of the clip, and both are in full view before and after."""
    both = np.stack([shown(ids, 1), shown(ids, 2)])
    middle = both[:, len(ids) // 4 : -(len(ids) // 4)]
    return bool(middle.min() < COVERED and both[:, -1].min() > COVERED)


def grows(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """Object 1 becomes at least twice as large, or half as large."""
    share = shown(ids)
    return bool(share.max() / max(share.min(), 0.02) > GROWN and share[-1] > SEEN / 2)


def runs(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """Object 1's usual step is long, and it stays in view."""
    centres = np.array([np.argwhere(frame == 1).mean(0) if (frame == 1).any() else [np.nan] * 2 for frame in ids])
    steps = np.hypot(*np.diff(centres, axis=0).T) / np.hypot(*ids.shape[1:])
    return bool(np.nanmedian(steps) > QUICK and shown(ids)[[len(ids) // 2, -1]].min() > SEEN / 2)


def has_a_twin(ids: np.ndarray, owner: np.ndarray, scene: Scene) -> bool:
    """The twin that nobody annotated shows itself in most frames, and object 1 stays."""
    originals = [thing.links for thing in scene.things if thing.number == 1]  # two, where a rider has the same number
    twin = next(thing for thing in scene.things if thing.number == 0 and any(thing.links is own for own in originals))
    area = np.isin(owner, layers_of(scene, twin)).sum((1, 2))
    return bool((area > 0.4 * (ids[0] == 1).sum()).mean() > 0.6 and stays(ids, owner, scene))


def layers_of(scene: Scene, wanted: Thing) -> range:
    """The numbers of a thing's layers, as `owner` counts them."""
    first = 0
    for part in scene.stack:
        count = len(part.links) if isinstance(part, Thing) else 1
        if part is wanted:
            return range(first, first + count)
        first += count
    raise AssertionError(f"{wanted.category} is not in the scene")


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
