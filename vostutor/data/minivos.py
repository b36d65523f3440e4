"""minivos: short clips of things that move, with everything known about them.

Masks, identities, optical flow both ways, occlusion and depth order are exact, because they come from the scene and not from the
picture. The seed decides the scene, the label what is hard about it. Clips are endless: train with seeds below a million, measure
claims with seeds from there on; those from VALIDATION_SEED on are kept for the validation split, which the repository holds.

    python -m vostutor.data.split data/minivos     # draws the validation split again
"""

import re

import numpy as np
import torch

from vostutor.core.clip import Clip
from vostutor.core.errors import SettingsError
from vostutor.data.studio.labels import Promise, promise
from vostutor.data.studio.recipe import EASY, RECIPES, Recipe
from vostutor.data.studio.scene import Scene
from vostutor.data.studio.shoot import Footage, cast, shoot

VERSION = "v1"
LABELS = tuple(RECIPES)
VALIDATION_SEED = 2_000_000
LONGER = ("occlusion", "crossing", "scale", "fast", "distractor")  # what happens in these takes a while
LONG_ENOUGH = 8  # frames: in fewer nothing has the time to happen, so that no label can promise anything
# What nets are trained on: many easy clips, from which small nets learn what a border is, many plain ones, a few of every label.
MIXTURE = {
    "easy": 0.40, "plain": 0.24, "drift": 0.03, "occlusion": 0.04, "distractor": 0.03, "static": 0.03, "camouflage": 0.02,
    "camera": 0.03, "fast": 0.03, "scale": 0.03, "deformation": 0.04, "crossing": 0.04, "multi-object": 0.04,
}  # fmt: skip
# A curriculum: from which share of the training steps on, which clips. Small nets leave the all-background answer on easy clips.
CURRICULUM = {0.0: {"easy": 1.0}, 0.3: MIXTURE}


def draw_clip(
    label: str,
    seed: int,
    *,
    size: tuple[int, int] = (96, 160),
    frames: int = 16,
    flow: bool = True,
    device: str | None = None,
) -> Clip:
    """A clip with frames, ids, categories, depth order, and unless flow is False flow both ways and occlusion. Same arguments, same clip.

    Shapes: size is (H,W), 48 to 1080; frames is T, 2 to 256 (LONG_ENOUGH or more for the labels in LONGER).
    device is where to draw: None with numpy and OpenCV, the fastest on a CPU; "cpu" or "cuda" with torch. Either gives the same
    clip up to rounding: ids differ in at most one of 10,000 pixels. The scene is cast on the CPU and the clip returned there.
    Raises: SettingsError for a label, seed, size or length that cannot be drawn, and a device that is not there.
    Source: own design, after the layered scenes of FlyingChairs (Dosovitskiy et al., ICCV 2015), tuned to the statistics of DAVIS.
    >>> clip = draw_clip("plain", 3, frames=4)
    >>> clip.flow_fwd.shape, clip.source
    (torch.Size([3, 2, 96, 160]), 'minivos v1 plain seed 3')
    """
    check_settings(label, seed, size, frames)
    _check_device(device)
    how = {"promise": _promise(label, frames), "flow": flow, "device": device}
    footage = shoot(RECIPES[label], int(seed), size=tuple(size), frames=frames, **how)
    return clip_of(footage, label, int(seed))


def draw_training_clip(
    seed: int,
    *,
    progress: float = 0.5,
    size: tuple[int, int] = (96, 160),
    frames: int = 8,
    flow: bool = False,
    device: str | None = None,
) -> Clip:
    """A clip of the default mixture, or of what the curriculum shows at this share of the training steps.

    Clips shorter than LONG_ENOUGH have none of the labels in LONGER; they are plain instead. device as in `draw_clip`.

    >>> draw_training_clip(4, frames=2).labels == draw_training_clip(4, frames=2).labels
    True
    """
    check_settings("plain", seed, size, frames)
    label = mixed_label(seed, progress)
    label = "plain" if frames < LONG_ENOUGH and label in LONGER else label
    if label != "easy":
        return draw_clip(label, seed, size=size, frames=frames, flow=flow, device=device)
    _check_device(device)
    footage = shoot(EASY, int(seed), size=tuple(size), frames=frames, flow=flow, device=device)
    return clip_of(footage, "easy", int(seed))


def scene_of(clip: Clip) -> Scene:
    """The scene that a drawn clip shows, with everything that stands in it, annotated or not.

    Raises: SettingsError for a clip that was not drawn by draw_clip or draw_training_clip.
    >>> scene_of(draw_clip("plain", 3, frames=2)).objects == dict(enumerate(draw_clip("plain", 3, frames=2).categories, 1))
    True
    """
    told = re.fullmatch(rf"minivos {VERSION} ([a-z-]+) seed (\d+)(, as JPEG)?", clip.source)
    if told is None or told[1] not in {*RECIPES, "easy"}:
        _raise("a clip of draw_clip or draw_training_clip", clip.source, 'scene_of(draw_clip("plain", 0))')
    label, seed = told[1], int(told[2])
    recipe = EASY if label == "easy" else RECIPES[label]
    return cast(recipe, seed, clip.size, len(clip), None if label == "easy" else _promise(label, len(clip)))


def _promise(label: str, frames: int) -> Promise | None:
    return promise(label) if frames >= LONG_ENOUGH else None


def mixed_label(seed: int, progress: float = 0.5) -> str:
    """Which label a training seed has, at a share of the training steps from 0 to 1."""
    if isinstance(progress, bool) or not isinstance(progress, int | float) or not 0 <= progress <= 1:
        _raise("a share of the training steps from 0 to 1", progress, "progress=0.5")
    weights = CURRICULUM[max(start for start in CURRICULUM if start <= progress)]
    shares = np.cumsum(list(weights.values()))
    chance = np.random.default_rng([seed, 2]).random() * shares[-1]
    return list(weights)[int(np.searchsorted(shares, chance))]


def draw_recipe(
    recipe: Recipe,
    seed: int,
    *,
    size: tuple[int, int] = (96, 160),
    frames: int = 16,
    flow: bool = True,
    device: str | None = None,
) -> Clip:
    """A clip of any recipe: the generator with its knobs in your hands. flow and device as in `draw_clip`.

    Raises: SettingsError for what is no recipe, for a seed, size or length that cannot be drawn, or where no scene starts well.
    >>> from dataclasses import replace
    >>> from vostutor.data.studio.recipe import PLAIN
    >>> draw_recipe(replace(PLAIN, shutter=0.0), 3, frames=2).source
    'minivos v1 own recipe seed 3'
    """
    if not isinstance(recipe, Recipe):
        _raise("a Recipe", recipe, "draw_recipe(PLAIN, 0), or draw_clip for a label")
    check_settings("plain", seed, size, frames)
    _check_device(device)
    footage = shoot(recipe, int(seed), size=tuple(size), frames=frames, flow=flow, device=device)
    return clip_of(footage, "own recipe", int(seed))


def clip_of(footage: Footage, label: str, seed: int) -> Clip:
    """Footage as a Clip."""
    objects = footage.scene.objects
    known = {"flow_fwd": footage.flow_fwd, "flow_bwd": footage.flow_bwd, "occluded": footage.occluded}
    return Clip(
        frames=torch.from_numpy(np.ascontiguousarray(footage.frames.transpose(0, 3, 1, 2))),
        ids=torch.from_numpy(footage.ids.astype(np.int64)),
        depth_order=torch.from_numpy(footage.depth_order),
        **{name: None if array is None else torch.from_numpy(array) for name, array in known.items()},
        object_ids=tuple(objects),
        categories=tuple(objects.values()),
        labels={label},
        name=f"{label}-{seed}",
        source=f"minivos {VERSION} {label} seed {seed}",
    )


def check_settings(label: str, seed: int, size: tuple[int, int], frames: int) -> None:
    """Nothing, where such a clip can be drawn. Raises: SettingsError where not."""
    fewest = LONG_ENOUGH if label in LONGER else 2
    if not isinstance(label, str) or label not in LABELS:
        _raise(f"a label: {', '.join(LABELS)}", label, 'draw_clip("plain", 0)')
    if not _whole(seed, 0, 2**63 - 1):
        _raise("a seed: a whole number from 0 on", seed, f'draw_clip("{label}", 0)')
    if not isinstance(size, tuple | list) or len(size) != 2 or not all(_whole(n, 48, 1080) for n in size):
        _raise("size (H,W), each from 48 to 1080", size, "size=(96, 160)")
    if not _whole(frames, fewest, 256):
        _raise(f"{fewest} to 256 frames for {label}", frames, "frames=16")


def _check_device(device: str | None) -> None:
    """Nothing, where a clip can be drawn there."""
    if device not in (None, "cpu", "cuda"):
        _raise('a device: None, "cpu", "cuda"', device, "device=None")
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingsError(expected="a GPU to draw on", got="none that PyTorch can use", try_this="device=None")


def _whole(value, least: int, most: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and least <= value <= most


def _raise(expected: str, got, try_this: str):
    raise SettingsError(expected=expected, got=repr(got), try_this=try_this)
