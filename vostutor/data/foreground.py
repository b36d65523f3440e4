"""Frames with the mask of what stands out in them: for training networks that tell objects from background, and for showing such a
network one annotated frame in many ways.

A parent network has to carry over to videos nobody drew, so it sees each frame from near and far, mirrored, turned, in another light
and out of focus. Frames are drawn larger than they are shown: a window of half their height and width looks at a part of the scene or,
zoomed out, at all of it. It always contains a place of an object where there is one, since a mask without positives teaches nothing.

Reading order: foreground_pool (scenes), Change and change_views (what happens to a frame), foreground_batches (what training asks for).
Letters: N clips, T frames, B frames of a batch, H rows and W columns before, h and w after.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, pad

from vostutor.core.shapes import expect
from vostutor.data.augment import Augmentation, PairChange, draw_change, move, relight, undone
from vostutor.data.pool import Pool, clip_pool
from vostutor.ops.grid import pixel_grid, to_normalised

DrawBatch = Callable[[torch.Generator, int, float], dict[str, Tensor]]

SCENE_SIZE = (192, 320)
EASY_UNTIL = 0.3  # share of the steps with easy clips alone, as in the curriculum of minivos
FAR_AND_NEAR = Augmentation(  # a window of 96x160; at zoom 0.5 it shows all of a scene, at 1.3 a seventh
    crop=0.5, mirror=0.5, zoom=(0.48, 1.3), turn=15, contrast=(-0.4, 0.3), gain=(0.75, 1.3), gamma=(0.7, 1.4), brightness=0.08, noise=0.04,
)  # fmt: skip
SOFTENED = 0.5  # how often a frame is out of focus


def foreground_pool(
    scenes: int,
    *,
    seed: int = 0,
    size: tuple[int, int] = SCENE_SIZE,
    folder: str | Path | None = None,
    report: Callable[[str], None] | None = None,
) -> Pool:
    """Two frames each of so many scenes of the training mixture: many scenes, since frames of one scene are much alike.

    Raises: as `clip_pool`.
    >>> import tempfile
    >>> foreground_pool(1, size=(48, 80), folder=tempfile.mkdtemp())
    Pool(1 clips of 2 frames 48x80, without flow)
    """
    return clip_pool(scenes, seed=seed, frames=2, size=size, folder=folder, report=report)


def change_masked(frames: Tensor, masks: Tensor, change: PairChange, void: Tensor | None = None) -> dict[str, Tensor]:
    """Frames seen through view1 of the change and in its light, with their masks, under the keys frames, mask and void.

    Shapes: frames float (B,3,H,W) in [0,1], masks bool (B,H,W), void bool (B,H,W), nowhere if left out -> frames (B,3,h,w), mask and
    void bool (B,h,w); void is true also where the view shows what lies outside the frame.
    Raises: ShapeError for other axes.
    Source: the geometry at the head of data/augment.py.
    >>> mirror = torch.tensor([[[-1.0, 0, 2], [0, 1, 0]]])
    >>> change = PairChange(mirror, mirror, (1, 3))
    >>> change_masked(torch.zeros(1, 3, 1, 3), torch.tensor([[[True, False, False]]]), change)["mask"]
    tensor([[[False, False,  True]]])
    """
    expect("frames: B 3 H W, masks: B H W, view: B 2 3", frames=frames, masks=masks, view=change.view1)
    known, change = torch.ones_like(masks) if void is None else ~void, _moved(change, frames.device)
    here = pixel_grid(*change.size, device=frames.device).expand(len(frames), 2, *change.size)
    source = to_normalised(move(undone(change.view1), here), *frames.shape[-2:]).movedim(1, -1)
    shown = grid_sample(frames, source, padding_mode="border", align_corners=False)
    labels = torch.stack([masks, known], dim=1).to(frames.dtype)
    mask, known = (grid_sample(labels, source, mode="nearest", align_corners=False) > 0.5).unbind(dim=1)
    return {"frames": relight(shown[:, None], change)[:, 0], "mask": mask, "void": ~known}


def _moved(change: PairChange, device: torch.device) -> PairChange:
    """The change with everything where the frames are; it is drawn on the CPU."""
    parts = {name: getattr(change, name) for name in change.__dataclass_fields__}
    return replace(change, **{name: part.to(device) for name, part in parts.items() if isinstance(part, Tensor)})


def foreground_batches(pool: Pool, augmentation: Augmentation = FAR_AND_NEAR) -> DrawBatch:
    """What draws batches for the training loop: (generator, B, progress) -> frames, mask, void, and the progress of each sample.

    Until EASY_UNTIL the scenes are those labelled easy, where the pool has any.

    >>> grey = torch.zeros(1, 2, 3, 48, 80, dtype=torch.uint8)
    >>> batch = foreground_batches(Pool(grey, grey[:, :, 0], ("plain",)))(torch.Generator(), 2, 0.25)
    >>> {name: tuple(tensor.shape) for name, tensor in batch.items()}
    {'frames': (2, 3, 24, 40), 'mask': (2, 24, 40), 'void': (2, 24, 40), 'progress': (2,)}
    """
    every = torch.arange(len(pool))
    easy = every[torch.tensor([label == "easy" for label in pool.labels])]

    def draw_batch(generator: torch.Generator, size: int, progress: float = 0.0) -> dict[str, Tensor]:
        clips = easy if len(easy) and progress < EASY_UNTIL else every
        n = clips[torch.randint(len(clips), (size,), generator=generator)]
        t = torch.randint(pool.frames.shape[1], (size,), generator=generator)
        frames, masks = pool.frames[n, t].float() / 255, pool.ids[n, t] > 0
        change = aimed(draw_change(generator, size, tuple(masks.shape[-2:]), augmentation), masks, generator)
        batch = change_masked(frames, masks, change)
        batch["frames"] = soften(batch["frames"], generator)
        return batch | {"progress": torch.full((size,), float(progress))}

    return draw_batch


def aimed(change: PairChange, masks: Tensor, generator: torch.Generator) -> PairChange:
    """The change with each view moved so that it shows some place of the mask, and as little as possible of what lies outside.

    Shapes: masks bool (B,H,W). A mask without a place leaves its view where it is.
    >>> far_left = PairChange(torch.eye(2, 3)[None], torch.eye(2, 3)[None], (1, 2))
    >>> mask = torch.tensor([[[False, False, False, True]]])
    >>> change_masked(torch.zeros(1, 3, 1, 4), mask, aimed(far_left, mask, torch.Generator()))["mask"]
    tensor([[[False,  True]]])
    """
    (height, width), view = change.size, change.view1.clone()
    for mask, one in zip(masks, view, strict=True):
        places = mask.nonzero()
        if not len(places):
            continue
        place = places[torch.randint(len(places), (), generator=generator)].flip(0).to(one)  # x, y
        wanted = torch.rand(2, generator=generator) * torch.tensor([width - 1.0, height - 1.0])
        one[:, 2] = wanted - one[:, :2] @ place
        one[:, 2] += _pushed_inside(one, mask.shape, change.size)
    return replace(change, view1=view, view2=view)


def _pushed_inside(view: Tensor, size: tuple[int, int], window: tuple[int, int]) -> Tensor:
    """How far to move what a view shows so that the scene covers the window, or lies in its middle where it is too small. Shapes: (2,)."""
    height, width = size
    corners = torch.tensor([[0.0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1]])
    shown = view[:, :2] @ corners + view[:, 2:]
    low, high = shown.min(dim=1).values, shown.max(dim=1).values
    last = torch.tensor([window[1] - 1.0, window[0] - 1.0])
    too_small = high - low < last
    return torch.where(too_small, (last - low - high) / 2, (-low).clamp(max=0) + (last - high).clamp(min=0))


def soften(frames: Tensor, generator: torch.Generator) -> Tensor:
    """Some frames out of focus: mixed twice with the mean of each pixel's neighbourhood. Shapes: (B,3,h,w) -> the same.

    >>> grey = torch.full((2, 3, 4, 4), 0.5)
    >>> torch.equal(soften(grey, torch.Generator()), grey)
    True
    """
    often, share = torch.rand(2, len(frames), 1, 1, 1, generator=generator).to(frames.device)
    share = share * (often < SOFTENED)
    for _ in range(2):
        around = avg_pool2d(pad(frames, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        frames = frames + share * (around - frames)
    return frames
