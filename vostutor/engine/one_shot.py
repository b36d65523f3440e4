"""How good a network is that tells objects from background: before it was told which object is meant, and after.

Reading order: measured_parent (the rows of a card), foreground_j, one_shot_j.
Letters: N clips, T frames, H rows, W columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from vostutor.core.clip import Clip, Segmenter
from vostutor.data.minivos import draw_recipe
from vostutor.data.pool import Pool, clip_pool
from vostutor.data.studio.recipe import PLAIN
from vostutor.engine.infer import predict_clip
from vostutor.metrics.region import jaccard

FOREGROUND_SEED, PAIR_SEED = 1_600_000, 1_610_000  # beyond all that train
FOREGROUND_CLIPS, PAIR_CLIPS = 24, 6
PAIR = replace(PLAIN, objects=(0.0, 1.0, 0.0, 0.0))  # plain clips with two objects


def measured_parent(parent: nn.Module, segmenter: Callable[[nn.Module], Segmenter]) -> list[dict]:
    """What the card of a parent network says; the spread is that over clips, for one training seed.

    segmenter: parent -> a new Segmenter, asked for once a clip.
    """
    pool = clip_pool(FOREGROUND_CLIPS, seed=FOREGROUND_SEED, labels=["plain"], report=print)
    clips = one_of_two(PAIR_CLIPS)
    scores = {
        "J of the foreground, held-out plain clips": foreground_j(parent, pool),
        "J of one of two objects, parent alone": [_mean_j(_foreground(parent, clip.frames), clip) for clip in clips],
        "J of one of two objects, one-shot": one_shot_j(lambda: segmenter(parent), clips),
    }
    return [
        {"what": what, "mean": float(np.mean(each)), "spread": float(np.std(each)), "unit": ""}
        for what, each in scores.items()
    ]


def foreground_j(parent: nn.Module, pool: Pool) -> list[float]:
    """J of everything annotated taken as one, a mean over the frames of each clip.

    parent: frames float (B,3,H,W) in [0,1] -> a list of logits (B,1,H,W), the answer last.
    """
    truth = (pool.ids > 0).numpy()
    return [
        float(jaccard(mask, _foreground(parent, frames)).mean())
        for mask, frames in zip(truth, pool.frames, strict=True)
    ]


def one_shot_j(segmenter: Callable[[], Segmenter], clips: Sequence[Clip]) -> list[float]:
    """J of the object 1 of each clip, a mean over all frames but the first, whose mask is told. A new segmenter for each clip."""
    return [_mean_j((predict_clip(segmenter(), clip) == 1).numpy(), clip) for clip in clips]


def one_of_two(count: int, *, size: tuple[int, int] = (96, 160), frames: int = 16) -> list[Clip]:
    """Plain clips of two objects, of which one is annotated: whoever does not know which one is meant finds both.

    >>> [clip.object_ids for clip in one_of_two(2, size=(48, 80), frames=2)]
    [(1,), (1,)]
    """
    drawn = [draw_recipe(PAIR, PAIR_SEED + k, size=size, frames=frames, flow=False) for k in range(count)]
    return [replace(clip, ids=(clip.ids == 1).long(), object_ids=(1,), categories=()) for clip in drawn]


def _mean_j(answer: np.ndarray, clip: Clip) -> float:
    return float(jaccard((clip.ids == 1).numpy()[1:], answer[1:]).mean())


@torch.no_grad()
def _foreground(parent: nn.Module, frames: torch.Tensor) -> np.ndarray:
    """Shapes: frames uint8 (T,3,H,W) -> bool (T,H,W)."""
    device = next(parent.parameters()).device
    logits = torch.cat([parent(part.to(device).float() / 255)[-1] for part in frames.split(8)])
    return (logits[:, 0] > 0).cpu().numpy()
