"""A few frames of a clip with the ids in them: for training networks that find again what one frame annotates.

A sample is a reference, any frame of the clip, and then neighbours in time, forwards or backwards: what was seen a moment ago and what is
seen now. All are looked at through one window and in one light, from near or far; from frame to frame the window wanders a little, as a
hand-held camera does. Objects are those that the reference shows. Some of them are left out and become background, so that a network
learns to tell what was annotated from what merely looks like an object.

Reading order: clip_view_pool (the scenes), ClipViews (how much), clip_view_batches (what training asks for), chosen_times, renumbered.
Letters: N clips, L frames of a clip, T frames of a sample, B samples, K objects, H rows and W columns before, h and w after.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from vostutor.core.errors import DataError, SettingsError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_floating, expect_number, expect_tensor, expect_whole
from vostutor.core.shapes import expect
from vostutor.data.augment import Augmentation, after, draw_change, move, relight, turn_and_zoom, undone
from vostutor.data.foreground import EASY_UNTIL, FAR_AND_NEAR, SCENE_SIZE, aimed, soften
from vostutor.data.minivos import LONG_ENOUGH
from vostutor.data.pool import Pool, clip_pool
from vostutor.ops.grid import pixel_grid, to_normalised

DrawBatch = Callable[[torch.Generator, int, float], dict[str, Tensor]]

MOST_OBJECTS = 3
SMALLEST = 48  # pixels of the reference that an object takes at least: three places of a map at a quarter of the size


def _expect_kind(kind: type, example: str, **options) -> None:
    for name, value in options.items():
        if not isinstance(value, kind):
            raise SettingsError(
                expected=f"{name} a {kind.__name__}", got=type(value).__name__, try_this=f"{name}={example}"
            )


@dataclass(frozen=True)
class ClipViews:
    """What a sample is.

    frames: T, the reference with them. widest_gap: frames of the clip from one neighbour to the next, at most.
    left_out: how often one of several objects counts as background.
    wander: how far the window goes from frame to frame at most, as a share of its width; it also turns by up to 60 wander degrees and
        zooms by up to half of wander.
    """

    frames: int = 3
    widest_gap: int = 2
    left_out: float = 0.3
    wander: float = 0.03
    looks: Augmentation = replace(FAR_AND_NEAR, noise=0.0)

    def __post_init__(self):
        expect_whole(least=2, frames=self.frames)
        expect_whole(least=1, widest_gap=self.widest_gap)
        expect_number(most=1, left_out=self.left_out, wander=self.wander)
        _expect_kind(Augmentation, "Augmentation(crop=0.5)", looks=self.looks)


def clip_view_pool(
    scenes: int,
    *,
    seed: int = 0,
    folder: str | Path | None = None,
    report: Callable[[str], None] | None = None,
) -> Pool:
    """So many clips of the training mixture, of 8 frames, twice as large each way as they are shown. Raises: as `clip_pool`.

    >>> import tempfile
    >>> clip_view_pool(1, folder=tempfile.mkdtemp())
    Pool(1 clips of 8 frames 192x320, without flow)
    """
    return clip_pool(scenes, seed=seed, frames=LONG_ENOUGH, size=SCENE_SIZE, folder=folder, report=report)


def clip_view_batches(pool: Pool, views: ClipViews = ClipViews()) -> DrawBatch:
    """What draws batches for the training loop: (generator, B, progress) -> frames, ids, times, progress.

    frames float (B,T,3,h,w) in [0,1], the reference first; ids int64 (B,T,h,w), 0 background, 1 to K the objects of the reference, 255
    beyond the frame; times float (B,T), each frame's place in its clip from 0 to 1; progress (B,). Until EASY_UNTIL the clips are those
    labelled easy, where the pool has any.

    Raises: DataError for a pool without clips or ids or of fewer frames than a sample has, SettingsError for what is no pool or no views;
    when drawing, SettingsError for what is no generator, or no size.
    Source: own rule; that the first frame is the reference is [FEELVOS] and [PML].
    >>> grey = torch.zeros(1, 3, 3, 48, 80, dtype=torch.uint8)
    >>> batch = clip_view_batches(Pool(grey, grey[:, :, 0], ("plain",)))(torch.Generator(), 2, 0.25)
    >>> {name: tuple(tensor.shape) for name, tensor in batch.items()}
    {'frames': (2, 3, 3, 24, 40), 'ids': (2, 3, 24, 40), 'times': (2, 3), 'progress': (2,)}
    """
    _expect_clips(pool, views)
    every = torch.arange(len(pool))
    easy = every[torch.tensor([label == "easy" for label in pool.labels])]

    def draw_batch(generator: torch.Generator, size: int, progress: float = 0.0) -> dict[str, Tensor]:
        _expect_generator(generator)
        expect_whole(least=1, size=size)
        clips = easy if len(easy) and progress < EASY_UNTIL else every
        chosen = clips[torch.randint(len(clips), (size,), generator=generator)]
        return _samples(pool, chosen, views, generator) | {"progress": torch.full((size,), float(progress))}

    return draw_batch


def _samples(pool: Pool, chosen: Tensor, views: ClipViews, generator: torch.Generator) -> dict[str, Tensor]:
    """A sample of each of the chosen clips: frames, ids and times."""
    times = torch.stack([_times_of(pool.ids[k], views, generator) for k in chosen])
    frames, ids = pool.frames[chosen[:, None], times].float() / 255, pool.ids[chosen[:, None], times]
    batch = look_at(frames, ids, views, generator)
    batch["ids"] = torch.stack([renumbered(each, views.left_out, generator) for each in batch["ids"]])
    return batch | {"times": times / max(1, pool.frames.shape[1] - 1)}


def _times_of(ids: Tensor, views: ClipViews, generator: torch.Generator) -> Tensor:
    annotated = ids.flatten(1).any(dim=1).nonzero().flatten()
    return chosen_times(annotated if len(annotated) else torch.arange(len(ids)), len(ids), views, generator)


def chosen_times(annotated: Tensor, length: int, views: ClipViews, generator: torch.Generator) -> Tensor:
    """The frames of a sample: one of the annotated, then neighbours of equal distance, forwards or backwards.

    Shapes: annotated int64 (A,), numbers of frames below `length` -> int64 (T,).
    Raises: ShapeError for other axes or types, DataError for no annotated frame, one beyond the clip or a clip that is too short,
    SettingsError for what is no generator.
    Source: own rule.
    >>> chosen_times(torch.tensor([5]), 6, ClipViews(frames=3, widest_gap=1), torch.Generator().manual_seed(1)).tolist()
    [5, 4, 5]
    """
    _expect_times(annotated, length, views, generator)
    reference = annotated[_any(len(annotated), generator)]
    steps = views.frames - 2
    gap = 1 + _any(min(views.widest_gap, (length - 1) // max(1, steps)), generator)
    neighbours = _any(length - gap * steps, generator) + gap * torch.arange(views.frames - 1)
    neighbours = neighbours.flip(0) if _any(2, generator) else neighbours
    return torch.cat([reference[None], neighbours])


def look_at(frames: Tensor, ids: Tensor, views: ClipViews, generator: torch.Generator) -> dict[str, Tensor]:
    """Samples through a window that shows some place of an object in the reference, each in a light of its own.

    Shapes: frames float (B,T,3,H,W) in [0,1], ids (B,T,H,W) -> frames (B,T,3,h,w), ids int64 (B,T,h,w), 255 beyond the frame.
    Raises: ShapeError for other axes or frames that are not floating, SettingsError for what is no generator.
    Source: as change_masked in data/foreground.py, with a window for each frame.
    >>> seen = look_at(torch.zeros(1, 3, 3, 48, 80), torch.ones(1, 3, 48, 80), ClipViews(), torch.Generator().manual_seed(0))
    >>> {name: tuple(tensor.shape) for name, tensor in seen.items()}
    {'frames': (1, 3, 3, 24, 40), 'ids': (1, 3, 24, 40)}
    """
    expect_floating(frames=frames, try_this="frames / 255")
    expect_tensor(ids=ids)
    expect("frames: B T 3 H W, ids: B T H W", frames=frames, ids=ids, hint="frames[None] and ids[None] add the batch")
    _expect_generator(generator)
    count, length, _, *size = frames.shape
    change = aimed(draw_change(generator, count, tuple(size), views.looks), ids[:, 0] > 0, generator)
    views_of_all = _wandering(change.view1, change.size, length, views.wander, generator)  # (B*T,2,3)
    here = pixel_grid(*change.size).expand(count * length, 2, *change.size)
    source = to_normalised(move(undone(views_of_all), here), *size).movedim(1, -1)
    shown = grid_sample(frames.flatten(0, 1), source, padding_mode="border", align_corners=False)
    labels = torch.stack([ids, torch.ones_like(ids)], dim=2).flatten(0, 1).float()
    seen, inside = grid_sample(labels, source, mode="nearest", align_corners=False).unbind(dim=1)
    shown = soften(relight(shown.unflatten(0, (count, length)), change).flatten(0, 1), generator)
    ids = torch.where(inside > 0.5, seen.round().long(), VOID)
    return {"frames": shown.unflatten(0, (count, length)), "ids": ids.unflatten(0, (count, length))}


def _wandering(view: Tensor, size: tuple[int, int], length: int, wander: float, generator: torch.Generator) -> Tensor:
    """The window of each frame: the reference's, and then away from it step by step. Shapes: (B,2,3) -> (B*T,2,3)."""
    count, middle = len(view), torch.tensor([(size[1] - 1) / 2, (size[0] - 1) / 2])
    every = [view]
    for _ in range(length - 1):
        turn, zoom, right, down = (2 * torch.rand(4, count, generator=generator) - 1) * wander
        linear = turn_and_zoom(60 * turn, 1 + zoom / 2)
        shift = torch.stack([right, down], dim=1) * size[1] + middle - (linear @ middle)
        every.append(after(torch.cat([linear, shift[:, :, None]], dim=2), every[-1]))
    return torch.stack(every, dim=1).flatten(0, 1)


def renumbered(ids: Tensor, left_out: float, generator: torch.Generator) -> Tensor:
    """Ids as 1 to K: the objects that the reference, the first frame, shows well enough; everything else is background.

    Of several objects one may be left out, and at most MOST_OBJECTS stay, by chance.

    Shapes: ids int64 (T,h,w), 0 background, 255 void -> (T,h,w), the same with 1 to K.
    Raises: ShapeError for other axes or types, DataError for ids beyond 0..255, SettingsError for what is no generator or no share.
    Source: own rule; objects are numbered by chance, so that no number means anything.
    >>> ids = torch.tensor([7] * 60 + [3] * 60 + [9] * 5 + [255]).reshape(1, 1, -1)
    >>> sorted(renumbered(ids, 0.0, torch.Generator()).unique().tolist())
    [0, 1, 2, 255]
    """
    _expect_ids(ids)
    expect_number(most=1, left_out=left_out)
    _expect_generator(generator)
    seen = torch.bincount(ids[0].flatten(), minlength=VOID + 1)[1:VOID]
    objects = (seen >= SMALLEST).nonzero().flatten() + 1
    objects = objects[torch.randperm(len(objects), generator=generator)]
    leave = len(objects) > 1 and float(torch.rand((), generator=generator)) < left_out
    table = torch.zeros(VOID + 1, dtype=torch.int64)
    table[VOID] = VOID
    kept = objects[: min(MOST_OBJECTS, len(objects) - leave)]
    table[kept] = torch.arange(1, len(kept) + 1)
    return table[ids]


def _any(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(max(1, count), (), generator=generator))


def _expect_generator(generator: torch.Generator) -> None:
    """Nothing, where it is one: torch draws from the global one for None, and no batch could be drawn again."""
    _expect_kind(torch.Generator, "torch.Generator().manual_seed(0)", generator=generator)


def _expect_clips(pool: Pool, views: ClipViews) -> None:
    """Nothing, where samples can be taken of the clips."""
    _expect_kind(Pool, "clip_view_pool(100)", pool=pool)
    _expect_kind(ClipViews, "ClipViews()", views=views)
    if pool.ids is None or not len(pool):
        raise DataError(
            expected="clips with ids",
            got=f"{len(pool)} clips, ids {type(pool.ids).__name__}",
            try_this="clip_pool(100)",
        )
    least = max(2, views.frames - 1)
    if pool.frames.shape[1] < least:
        raise DataError(
            expected=f"clips of {least} frames or more",
            got=f"{pool!r}",
            try_this=f"clip_pool(100, frames={max(8, views.frames)})",
        )


def _expect_times(annotated: Tensor, length: int, views: ClipViews, generator: torch.Generator) -> None:
    expect_tensor(annotated=annotated)
    expect("annotated: A", annotated=annotated, hint="the numbers of the annotated frames")
    expect_whole(least=1, length=length)
    _expect_kind(ClipViews, "ClipViews()", views=views)
    _expect_generator(generator)
    if annotated.dtype != torch.int64:
        raise ShapeError(
            expected="annotated of int64", got=f"{annotated.dtype}", try_this="annotated.nonzero().flatten()"
        )
    if not len(annotated) or annotated.min() < 0 or annotated.max() >= length or length < views.frames - 1:
        raise DataError(
            expected=f"annotated frames of a clip of {views.frames - 1} frames or more",
            got=f"{annotated.tolist()[:8]} of {length} frames",
            try_this=f"ClipViews(frames={min(views.frames, length + 1)}) and frames from 0 to {length - 1}",
        )


def _expect_ids(ids: Tensor) -> None:
    expect_tensor(ids=ids)
    expect("ids: T h w", ids=ids, hint="the ids of one sample")
    if ids.dtype != torch.int64:
        raise ShapeError(expected="ids of int64", got=f"{ids.dtype}", try_this="ids.long()")
    low, high = ids.aminmax() if ids.numel() else (0, 0)
    if not len(ids) or low < 0 or high > VOID:
        raise DataError(
            expected=f"a frame or more with ids from 0 to {VOID}",
            got=f"{len(ids)} frames, {low} to {high}",
            try_this="ids as a mask of DAVIS has them",
        )
