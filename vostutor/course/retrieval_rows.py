"""Rows of figures about retrieval: what each network makes of the clips of each set, and of real video.

A row is one system on one clip. `J` is the mean over all objects and all frames but the first, `late` over the frames on which the set's
effect is looked for: the last quarter, under occlusion the last three. A clip of the set *two in one* is one of two things that bear one
name, an object of two looks.

Reading order: cases, on_clips (what systems make of a training seed's clips), on_label (of a label's), on_sequence (of real video).
Letters: T frames, H rows, W columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from time import process_time

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from vostutor.core.clip import Clip, Segmenter
from vostutor.course.one_shot_real import Metered, scores
from vostutor.course.retrieval_trials import FEELVOS as LIKE_FEELVOS
from vostutor.course.retrieval_trials import VARIANTS, Recipe
from vostutor.data.davis import DavisRoot
from vostutor.data.minivos import draw_clip, draw_recipe
from vostutor.engine.infer import predict, predict_clip
from vostutor.engine.one_shot import PAIR
from vostutor.engine.retrieval import BACK_AGAIN, mean_j
from vostutor.engine.scaled import Scaled
from vostutor.metrics.region import jaccard
from vostutor.models.baselines import CopyFirstMask, FlowWarp
from vostutor.models.feelvos import FEELVOS
from vostutor.models.pml import PML, agreed, coordinates
from vostutor.ops.cells import STRIDE
from vostutor.ops.dis import dis_flow

FIRST_SEED, SEEDS_APART = 1_800_000, 1_000  # beyond all that train, and no other figure's
TWO_IN_ONE = "two in one"
BASELINE_SEED = 1_000_000  # the first clip of each label in data/minivos-baselines.json
LABELS = ("plain", "drift", "occlusion", "distractor", "fast", "crossing")
SETS = ("plain", "occlusion", "distractor", "drift", TWO_IN_ONE)
COPY, WARP, PLACED = "copy", "DIS warp", "colour and place"
HIDDEN = 0.25  # as in the table of baselines: an object is hidden while it shows less than this share of its first area
REAL, SMALL, HALF = "DAVIS", 96, 240  # and rows that a network sees of it
Make = Callable[[], Segmenter]


def cases(seed: int, recipe: Recipe) -> Iterator[tuple[str, int, Clip]]:
    """Set, number and clip of everything that a training seed is judged on.

    >>> [(name, k, len(clip.object_ids)) for name, k, clip in cases(0, Recipe(clips=1, frames=8, size=(48, 80)))][-1]
    ('two in one', 0, 1)
    """
    for name in SETS:
        for k in range(recipe.clips):
            yield name, k, draw_case(name, FIRST_SEED + SEEDS_APART * seed + k, recipe)


def draw_case(name: str, seed: int, recipe: Recipe) -> Clip:
    """A clip of a set."""
    how = {"size": recipe.size, "frames": recipe.frames, "flow": False}
    if name != TWO_IN_ONE:
        return draw_clip(name, seed, **how)
    pair = draw_recipe(PAIR, seed, **how)
    return replace(pair, ids=(pair.ids > 0).long(), object_ids=(1,), categories=())


def systems_of(name: str, network: nn.Module) -> dict[str, Make]:
    """What a trained network is asked as: FEELVOS in one way, PML with and without a growing pool."""
    if VARIANTS[name].system == LIKE_FEELVOS:
        return {name: partial(FEELVOS, network)}
    return {f"{name}{more}": partial(PML, network, agree=agree) for more, agree in (("", None), (", growing", agreed))}


class Colour(nn.Module):
    """Describes a place of 4x4 pixels by its mean colour, and by its row and column as far as `place` counts: what a learned space has to
    beat.

    Shapes: frames float (B,3,H,W), times (B,) -> (B,5,h,w).
    """

    def __init__(self, place: float):
        super().__init__()
        self.place = place

    def forward(self, frames: Tensor, times: Tensor) -> Tensor:
        frames = pad(frames, [0, -frames.shape[-1] % STRIDE, 0, -frames.shape[-2] % STRIDE], mode="replicate")
        colours = avg_pool2d(frames, STRIDE)
        return torch.cat([colours, self.place * coordinates(times, colours.shape[-2:])[:, :2]], dim=1)


PLACE = 0.1  # of the way from the middle of the picture to its border, beside colours from 0 to 1; by trying
UNLEARNED: dict[str, Make] = {
    COPY: CopyFirstMask,
    WARP: partial(FlowWarp, dis_flow),
    "nearest colour": lambda: PML(Colour(0.0), k=1, agree=None),
    PLACED: lambda: PML(Colour(PLACE), k=1, agree=None),
}


def on_clips(systems: dict[str, Make], seed: int, recipe: Recipe) -> Iterator[dict]:
    """A row for each system and clip of a seed. Units: CPU-milliseconds a frame."""
    for name, k, clip in cases(seed, recipe):
        for system, make in systems.items():
            yield {"set": name, "system": system, "seed": seed, "clip": k, **on_clip(name, make, clip)}


def on_label(label: str, system: str, make: Make, recipe: Recipe) -> Iterator[dict]:
    """A row for each of the 24 clips of a label that the table of baselines has. `part`, of object 1 alone as in that table, is its J
    after it was hidden, and where looks drift its J in the last quarter.
    """
    for k in range(recipe.baseline_clips):
        clip = draw_clip(label, BASELINE_SEED + k, size=recipe.size, frames=recipe.frames, flow=False)
        told = on_clip(label, make, clip, part=frames_apart(label, clip))
        yield {"set": f"{label}, baselines", "system": system, "clip": k, **told}


def frames_apart(label: str, clip: Clip) -> Tensor:
    """The frames for which the table of baselines has figures of their own. Shapes: bool (T,)."""
    t, shown = torch.arange(len(clip)), (clip.ids == 1).sum((1, 2))
    hidden = t[shown < HIDDEN * shown[0]]
    if label == "occlusion":
        return t > hidden[-1] if len(hidden) else torch.zeros(len(t), dtype=torch.bool)
    return t >= len(t) - len(t) // 4 if label == "drift" else torch.zeros(len(t), dtype=torch.bool)


def on_clip(name: str, make: Make, clip: Clip, part: Tensor | None = None) -> dict[str, float]:
    """The figures of a system on a clip, and of object 1 on a part of its frames, where that has any. Shapes: part bool (T,)."""
    started = process_time()
    answer = predict_clip(make(), clip)
    spent = 1000 * (process_time() - started) / len(clip)
    figures = {"J": mean_j(clip, answer, slice(1, None)), "late": mean_j(clip, answer, late_frames(name, clip))}
    if part is not None and part.any():
        figures["part"] = float(jaccard(*((ids[part] == 1).numpy() for ids in (clip.ids, answer))).mean())
    return {**{key: round(value, 4) for key, value in figures.items()}, "ms": round(spent, 1)}


def late_frames(name: str, clip: Clip) -> slice:
    """The frames on which the effect of a set is looked for.

    >>> from vostutor.data.minivos import draw_clip
    >>> late_frames("drift", draw_clip("plain", 0, frames=8, flow=False))
    slice(-2, None, None)
    """
    return slice(-BACK_AGAIN if name == "occlusion" else -(len(clip) // 4), None)


def on_sequence(root: DavisRoot, name: str, system: str, make: Make, rows: int | None) -> dict:
    """The row of a system on a sequence of real video; all of its objects are one, as in DAVIS 2016. Units: CPU-seconds a frame."""
    sequence = root.sequence(name)
    measured = Metered(make() if rows is None else Scaled(make(), rows))
    pairs = zip(sequence.truth(), predict(measured, sequence), strict=True)
    masks = ((truth.byte().numpy(), found.ids.byte().numpy()) for truth, found in pairs)
    figures = {**scores(masks, len(sequence)), "seconds": round(measured.seconds / len(sequence), 4)}
    return {"set": REAL, "name": name, "system": system, "rows": rows, **figures}
