"""A scene is cast, tried and filmed: frames, ids, flow both ways, occlusion and depth order, all exact.

Letters: T frames, H rows, W columns.
"""

from dataclasses import dataclass

import numpy as np

from vostutor.core.errors import SettingsError
from vostutor.data.studio.compose import compose
from vostutor.data.studio.labels import Promise
from vostutor.data.studio.layers import flow_between, occluded_between
from vostutor.data.studio.recipe import Recipe
from vostutor.data.studio.render import Drawn, draw, trace
from vostutor.data.studio.scene import Scene
from vostutor.data.studio.sensor import develop, grain_for

SMALLEST_OBJECT = 0.004  # share of the frame that each object shows at the start
ATTEMPTS = 400  # most scenes of every label will do; the scarcest, fast ones, are every third


@dataclass(frozen=True)
class Footage:
    """What was filmed, as arrays.

    Shapes: frames uint8 (T,H,W,3) RGB; ids uint8 (T,H,W); depth_order uint8 (T,H,W), larger is nearer; flow_fwd and flow_bwd
    float32 (T-1,2,H,W) and occluded bool (T-1,H,W), or None.
    """

    scene: Scene
    frames: np.ndarray
    ids: np.ndarray
    depth_order: np.ndarray
    flow_fwd: np.ndarray | None = None
    flow_bwd: np.ndarray | None = None
    occluded: np.ndarray | None = None


def shoot(
    recipe: Recipe,
    seed: int,
    *,
    size: tuple[int, int] = (96, 160),
    frames: int = 16,
    promise: Promise | None = None,
    flow: bool = True,
    device: str | None = None,
) -> Footage:
    """The first scene of this seed in which every object shows itself at the start and the promise holds, filmed.

    device None draws with numpy and OpenCV, any other with `render_torch` on that device: up to rounding the same clip.

    >>> from vostutor.data.studio.recipe import PLAIN
    >>> shoot(PLAIN, 3, frames=2).frames.shape
    (2, 96, 160, 3)
    """
    scene = cast(recipe, seed, size, frames, promise)
    rng = np.random.default_rng([seed, 1])
    grain = grain_for(rng, size)
    images, ids, owner, *moved = _drawn(scene, flow) if device is None else _filmed(scene, flow, device)
    pictures = [develop(scene.sensor, image, t, grain, rng) for t, image in enumerate(images)]
    return Footage(scene, np.stack(pictures), ids, owner, *moved)


def _drawn(scene: Scene, flow: bool) -> tuple:
    """Images, ids and owner, and what is told of motion if that is asked for."""
    views = [draw(scene, t) for t in range(scene.frames)]
    ids, owner = np.stack([view.ids for view in views]), np.stack([view.owner for view in views])
    return [view.image for view in views], ids, owner, *(motion(views) if flow else ())


def _filmed(scene: Scene, flow: bool, device: str) -> tuple:
    """The same from the torch renderer."""
    from vostutor.data.studio.render_torch import film  # torch is heavy, and only asked for here

    shot = film(scene, device)
    names = ("images", "ids", "owner", *(("flow_fwd", "flow_bwd", "occluded") if flow else ()))
    return tuple(getattr(shot, name).cpu().numpy() for name in names)


def motion(views: list[Drawn]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flow forward, flow backward and occlusion between neighbours. Shapes: float32 (T-1,2,H,W) twice, bool (T-1,H,W)."""
    pairs = list(zip(views, views[1:], strict=False))
    forward = [flow_between(a.placed, b.placed, a.owner) for a, b in pairs]
    backward = [flow_between(b.placed, a.placed, b.owner) for a, b in pairs]
    hidden = [occluded_between(a.owner, b.owner, flow) for (a, b), flow in zip(pairs, forward, strict=True)]
    return np.stack(forward), np.stack(backward), np.stack(hidden)


def cast(recipe: Recipe, seed: int, size: tuple[int, int], frames: int, promise: Promise | None = None) -> Scene:
    """The first of this seed's scenes that starts well and keeps the promise.

    Raises: SettingsError when none of ATTEMPTS does, with what was in the way; no label's recipe comes to that.
    """
    started = 0
    for attempt in range(ATTEMPTS):

        def composed(sketch: bool, attempt: int = attempt) -> Scene:
            return compose(recipe, np.random.default_rng([seed, 0, attempt]), size, frames, sketch=sketch)

        scene = composed(sketch=True)
        if not _all_start(scene, trace(scene, 0)):
            continue
        if promise is None or _kept(promise, scene):
            return composed(sketch=False)
        started += 1
    raise _never_cast(seed, started, promise)


def _never_cast(seed: int, started: int, promise: Promise | None) -> SettingsError:
    """What could not be cast: objects that show themselves at the start, or ones that then keep the promise."""
    expected = f"a scene whose objects each show {SMALLEST_OBJECT:.1%} of the frame at the start"
    got = f"none in {ATTEMPTS} scenes of seed {seed}: in {ATTEMPTS - started} an object was too small or hidden"
    try_this = "larger objects (area), fewer (objects, least_objects), less in front of them (sheets), or another seed"
    if promise is not None:
        expected += f", and then of which {promise.__name__} is true"
        got += f", in {started} the promise was broken"
    if started > ATTEMPTS / 2:
        try_this = "the recipe of a label that makes this promise, more frames, or another seed"
    return SettingsError(expected=expected, got=got, try_this=try_this)


def _kept(promise: Promise, scene: Scene) -> bool:
    owner = np.stack([trace(scene, t).owner for t in range(scene.frames)])
    return promise(scene.numbers[owner], owner, scene)


def _all_start(scene: Scene, view: Drawn) -> bool:
    shown = np.bincount(view.ids.ravel(), minlength=256)
    return all(shown[number] >= SMALLEST_OBJECT * view.ids.size for number in scene.objects)
