"""Samples whose first frame tells what is asked in the later ones, as networks that compare are trained on.

Letters: B samples, T frames, K objects, H rows and W columns.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_floating, expect_tensor
from vostutor.core.shapes import expect


def expect_reference_samples(batch: Mapping[str, Tensor]) -> int:
    """How many objects the batch has, K, where it is one to learn from: the reference shows every object that is asked for.

    Shapes: batch holds frames floating (B,T,3,H,W), reference, previous and those that are asked; ids int64 (B,T,H,W), 0 background,
    1 to K, 255 void; progress floating (B,) in [0,1].
    Raises: DataError for an empty or incomplete batch, ids with gaps, an object that only asked frames show, another progress;
    ShapeError for other axes or types and for fewer than three frames.
    Source: the training samples of FEELVOS (Voigtlaender et al., CVPR 2019).
    Source: the samples of [FEELVOS], whose released code asserts that ids have no gaps.
    >>> batch = {"frames": torch.zeros(1, 3, 3, 4, 8), "ids": torch.ones(1, 3, 4, 8).long(), "progress": torch.zeros(1)}
    >>> expect_reference_samples(batch)
    1
    """
    missing = [name for name in ("frames", "ids", "progress") if name not in batch]
    if missing:
        raise DataError(
            expected="frames, ids and progress in a batch", got=f"no {' and no '.join(missing)}", try_this=_DRAW
        )
    frames, ids, progress = batch["frames"], batch["ids"], batch["progress"]
    expect_tensor(frames=frames, ids=ids, progress=progress)
    expect_floating(frames=frames, try_this="frames.float() / 255")
    expect("frames: B T 3 H W, ids: B T H W, progress: B", frames=frames, ids=ids, progress=progress)
    if not len(frames):
        raise DataError(expected="a sample at least", got="none", try_this=_DRAW)
    if frames.shape[1] < 3:
        raise ShapeError(
            expected="three frames: reference, previous, current",
            got=f"{frames.shape[1]}",
            try_this="clip_view_batches(pool, ClipViews(frames=3))",
        )
    if not bool(((progress >= 0) & (progress <= 1)).all()):  # NaN is neither
        raise DataError(expected="progress from 0 to 1", got=f"{progress.tolist()}", try_this="step / steps")
    return _expect_shown(ids)


def _expect_shown(ids: Tensor) -> int:
    """K, where the ids are 1 to K and the reference shows what is asked. Shapes: ids int64 (B,T,H,W)."""
    if ids.dtype != torch.int64:
        raise ShapeError(expected="ids of int64", got=f"{ids.dtype}", try_this="ids.long()")
    low, high = (int(bound) for bound in ids.aminmax())
    if low < 0 or high > VOID:
        raise DataError(expected="ids from 0 to 255", got=f"{low} to {high}", try_this="0 background, 1 to K, 255 void")
    shown = torch.zeros(*ids.shape[:2], VOID + 1, dtype=torch.bool, device=ids.device)
    shown = shown.scatter_(2, ids.flatten(2), True)[..., 1:VOID].cpu()
    objects = (shown.flatten(0, 1).any(dim=0).nonzero().flatten() + 1).tolist()
    if objects != list(range(1, len(objects) + 1)):
        raise DataError(
            expected="objects numbered from 1 on, without gaps",
            got=f"{objects}",
            try_this="renumbered(ids, 0.0, generator) of data/clip_views.py",
        )
    late = (shown[:, 2:].any(dim=1) & ~shown[:, 0]).nonzero().tolist()
    if late:
        sample, number = late[0]
        raise DataError(
            expected="the first frame of a sample shows every object that a later one is asked for",
            got=f"object {number + 1} of sample {sample} is not in its first frame",
            try_this=f"ids[{sample}][ids[{sample}] == {number + 1}] = 0, or another reference",
        )
    return len(objects)


_DRAW = "clip_view_batches(pool)(generator, 8, 0.5)"
