"""Pairs of frames whose flow is known exactly, with more motion than a plain clip has: for training optical flow and for judging it.

minivos as it is moves as film does, its objects less than the ground and the ground all alike: one vector a pair is nearly right.
FLOW_RECIPE is the same generator with a livelier camera, and with things that walk farther and do not ride along with it: about 3
pixels a frame at 96x160 and 5 on objects. Each training scene is used twice, as filmed and played backwards, which is motion just as exact.

Reading order: flow_pool (to train), flow_split (to judge), take_pairs (one batch), flow_batches (what the training loop asks for).
Letters: N clips, T frames, P pairs (T-1 a clip), B pairs of a batch, H rows, W columns.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ranges import expect_whole
from vostutor.core.shapes import expect
from vostutor.data.augment import AUGMENTATIONS, Augmentation, augment_pair, change_view, draw_change
from vostutor.data.freeze import fingerprint
from vostutor.data.minivos import check_settings, draw_recipe
from vostutor.data.pool import Pool, kept_pool, pools_folder
from vostutor.data.studio.layers import occluded_between
from vostutor.data.studio.recipe import PLAIN

FLOW_RECIPE = replace(  # a camera that turns and nears: no constant may come close, nor does it on film
    PLAIN, pan=0.4, sway=4.0, camera_clock=2.0, clock=2.0, pace=0.65, pace_spread=0.6, still=0.1, follow=0.3, passing=0.0,
)  # fmt: skip
SPLIT_SEED, SPLIT_PAIRS = 1_700_000, 120  # the flow split: one pair from each of so many seeds, none of which trains
SCENE_FRAMES = 6  # things grow and pass within a clip: in shorter ones they do so faster
TRAINING_SEEDS = 1_000_000  # training seeds lie below
UNKNOWN = 1e9  # a component beyond this marks a pixel whose flow nobody knows, in Middlebury's files

DrawBatch = Callable[[torch.Generator, int, float], dict[str, Tensor]]


def flow_pool(
    scenes: int = 160,
    *,
    seed: int = 0,
    frames: int = SCENE_FRAMES,
    size: tuple[int, int] = (96, 160),
    folder: str | Path | None = None,
    report: Callable[[str], None] | None = None,
) -> Pool:
    """Training clips with large motion, two a scene: forwards, backwards. Drawn on the first call, read from the folder on later ones.

    The 160 scenes of 6 frames hold 1600 pairs, 2 * (frames - 1) a scene.

    Shapes: a Pool of N = 2 * scenes clips, with flow. Units: flow in pixels.
    Raises: SettingsError for what cannot be drawn and for seeds that are not for training; DataError where the folder cannot be written.
    >>> import tempfile
    >>> flow_pool(1, frames=2, size=(48, 80), folder=tempfile.mkdtemp())
    Pool(2 clips of 2 frames 48x80, with flow)
    """
    check_settings("plain", seed, size, frames)
    expect_whole(least=1, scenes=scenes)
    if seed + scenes > TRAINING_SEEDS:
        raise SettingsError(
            expected=f"training seeds below {TRAINING_SEEDS}",
            got=f"{seed} to {seed + scenes - 1}",
            try_this="flow_pool(160, seed=0); flow_split() judges",
        )
    return _kept(range(seed, seed + scenes), frames, size, both_ways, folder, report)


def flow_split(
    pairs: int = SPLIT_PAIRS,
    *,
    size: tuple[int, int] = (96, 160),
    folder: str | Path | None = None,
    report: Callable[[str], None] | None = None,
) -> Pool:
    """The minivos flow split: the middle pair of so many scenes that no training seed draws; clips of two frames.

    Fewer pairs are the first ones of the whole split, for a look that has to be quick; figures are of all SPLIT_PAIRS.

    >>> import tempfile
    >>> flow_split(2, size=(48, 80), folder=tempfile.mkdtemp())
    Pool(2 clips of 2 frames 48x80, with flow)
    """
    expect_whole(least=1, pairs=pairs)
    check_settings("plain", SPLIT_SEED, size, 2)
    return _kept(range(SPLIT_SEED, SPLIT_SEED + pairs), SCENE_FRAMES, size, middle_pair, folder, report)


def take_pairs(pool: Pool, numbers: Tensor | Iterable[int]) -> dict[str, Tensor]:
    """The pairs with these numbers; pair t + (T-1) n leads from frame t of clip n to the next.

    Shapes: frame1, frame2 float32 (B,3,H,W) in [0,1]; flow float32 (B,2,H,W); valid (where the flow is known), objects (where an
    object is), occluded (where frame 2 shows something else, or nothing) bool (B,H,W). Units: flow in pixels, x then y.
    Raises: DataError for a pool without flow or of single frames, and for numbers of pairs that it does not have.
    >>> grey = torch.zeros(1, 3, 3, 4, 4, dtype=torch.uint8)
    >>> clip = Pool(grey, grey[:, :, 0], ("",), flow=torch.arange(2.0).reshape(1, 2, 1, 1, 1).expand(1, 2, 2, 4, 4))
    >>> take_pairs(clip, [1])["flow"][0, :, 0, 0]
    tensor([1., 1.])
    """
    _check_pool(pool)
    numbers = _checked_numbers(pool, numbers)
    n, t = numbers // (pool.frames.shape[1] - 1), numbers % (pool.frames.shape[1] - 1)
    flow = pool.flow[n, t].float()
    valid = (flow.abs() < UNKNOWN).all(dim=1)  # false for NaN too
    return {
        "frame1": pool.frames[n, t].float() / 255,
        "frame2": pool.frames[n, t + 1].float() / 255,
        "flow": flow,
        "valid": valid,
        "objects": pool.ids[n, t] > 0,
        "occluded": torch.zeros_like(valid) if pool.occluded is None else pool.occluded[n, t],
    }


def count_pairs(pool: Pool) -> int:
    """How many pairs of neighbouring frames a pool holds."""
    return len(pool) * (pool.frames.shape[1] - 1)


def flow_batches(
    pool: Pool,
    augmentation: Augmentation | None = AUGMENTATIONS["cpu"],
    change_view: Callable[..., Tensor] = change_view,
) -> DrawBatch:
    """What draws batches for the training loop: (generator, B, progress) -> frame1, frame2, flow, valid; None leaves pairs as they are.

    change_view: what a flow becomes under two views, the package's or a student's own.

    Raises: DataError for a pool without flow or of single frames, SettingsError for what is no Augmentation.
    >>> grey = torch.zeros(1, 2, 3, 48, 80, dtype=torch.uint8)
    >>> pool = Pool(grey, grey[:, :, 0], ("",), flow=torch.zeros(1, 1, 2, 48, 80))
    >>> sorted(flow_batches(pool)(torch.Generator(), 2, 0.0))
    ['flow', 'frame1', 'frame2', 'valid']
    """

    _check_pool(pool)
    if not isinstance(augmentation, Augmentation | None):
        raise SettingsError(
            expected="an Augmentation or None",
            got=repr(augmentation),
            try_this='flow_batches(pool, AUGMENTATIONS["cpu"])',
        )

    def draw_batch(generator: torch.Generator, size: int, progress: float = 0.0) -> dict[str, Tensor]:
        found = take_pairs(pool, torch.randint(count_pairs(pool), (size,), generator=generator))
        batch = {name: found[name] for name in ("frame1", "frame2", "flow", "valid")}
        if augmentation is None:
            return batch
        change = draw_change(generator, size, tuple(batch["flow"].shape[-2:]), augmentation)
        return augment_pair(**batch, change=change, change_view=change_view)

    return draw_batch


def backwards(clip: Clip) -> Clip:
    """The clip played backwards, with exact flow and occlusion.

    Raises: DataError for a clip without flow both ways and depth order, or of one frame.
    >>> clip = draw_recipe(FLOW_RECIPE, 3, size=(48, 80), frames=2)
    >>> torch.equal(backwards(clip).flow_fwd, clip.flow_bwd), torch.equal(backwards(backwards(clip)).occluded, clip.occluded)
    (True, True)
    """
    if clip.flow_fwd is None or clip.flow_bwd is None or clip.depth_order is None:
        raise DataError(expected="flow both ways and depth order", got=clip.source, try_this='draw_clip("plain", 0)')
    _check_pair_in(clip)
    owner, flow = clip.depth_order.flip(0), clip.flow_bwd.flip(0)
    pairs = zip(owner[:-1].numpy(), owner[1:].numpy(), flow.numpy(), strict=True)
    hidden = np.stack([occluded_between(*pair) for pair in pairs])
    return replace(
        clip, frames=clip.frames.flip(0), ids=clip.ids.flip(0), depth_order=owner, flow_fwd=flow,
        flow_bwd=clip.flow_fwd.flip(0), occluded=torch.from_numpy(hidden), name=f"{clip.name}-backwards",
    )  # fmt: skip


def both_ways(clip: Clip) -> tuple[Clip, ...]:
    """The clip and the clip played backwards."""
    return clip, backwards(clip)


def middle_pair(clip: Clip) -> tuple[Clip, ...]:
    """The two frames in the middle, as a clip of their own.

    Raises: DataError for a clip of one frame.
    >>> [len(clip) for clip in middle_pair(draw_recipe(FLOW_RECIPE, 3, size=(48, 80), frames=4))]
    [2]
    """
    _check_pair_in(clip)
    first = len(clip) // 2 - 1
    two, one = slice(first, first + 2), slice(first, first + 1)
    return (
        replace(
            clip, frames=clip.frames[two], ids=clip.ids[two], depth_order=clip.depth_order[two], flow_fwd=clip.flow_fwd[one],
            flow_bwd=clip.flow_bwd[one], occluded=clip.occluded[one], name=f"{clip.name}-middle",
        ),
    )  # fmt: skip


def _check_pair_in(clip: Clip) -> None:
    if len(clip) < 2:
        raise DataError(
            expected="a clip of two frames or more",
            got=f"{len(clip)} of {clip.source}",
            try_this="draw_recipe(..., frames=2)",
        )


def _kept(seeds: range, frames: int, size, make: Callable[[Clip], tuple[Clip, ...]], folder, report) -> Pool:
    """The pool of what `make` makes of each scene's clip."""
    wanted = {
        "fingerprint": fingerprint(), "recipe": asdict(FLOW_RECIPE), "seed": seeds[0], "frames": int(frames),
        "size": [int(n) for n in size], "made": make.__name__,
    }  # fmt: skip
    clips = _drawn(seeds, frames, size, make, report or (lambda line: None))
    count = len(seeds) * (2 if make is both_ways else 1)
    return kept_pool(wanted, count, clips, pools_folder() if folder is None else Path(folder))


def _drawn(seeds: range, frames: int, size, make, report: Callable[[str], None]) -> Iterable[Clip]:
    report(f"drawing {len(seeds)} scenes of minivos with large motion")
    for k, seed in enumerate(seeds):
        yield from make(draw_recipe(FLOW_RECIPE, seed, size=size, frames=frames))
        if (k + 1) % 50 == 0 and k + 1 < len(seeds):
            report(f"drawn {k + 1} of {len(seeds)} scenes")


def _check_pool(pool: Pool) -> None:
    if pool.flow is None or not count_pairs(pool):
        raise DataError(
            expected="a pool with flow, of clips of two frames or more",
            got=repr(pool),
            try_this="flow_pool(), or clip_pool(..., frames=2, flow=True)",
        )


def _checked_numbers(pool: Pool, numbers: Tensor | Iterable[int]) -> Tensor:
    """The numbers as a tensor; those of another type or beyond the pool are refused, since -1 or 2.5 would take some other pair."""
    numbers = torch.as_tensor(numbers if hasattr(numbers, "__len__") else list(numbers))
    expect("numbers: B", numbers=numbers, hint="take_pairs(pool, [3]) for one pair")
    whole = numbers.numel() > 0 and not numbers.is_floating_point() and numbers.dtype != torch.bool
    if not whole or numbers.min() < 0 or numbers.max() >= count_pairs(pool):
        raise DataError(
            expected=f"whole numbers of pairs, from 0 to {count_pairs(pool) - 1}",
            got=f"{numbers.tolist()[:4]}",
            try_this="take_pairs(pool, range(count_pairs(pool)))",
        )
    return numbers
