"""How good a network is whose segmenter finds objects again without learning anything new: on drawn clips, by kind of trouble.

Reading order: measured_retrieval (the rows of a card), label_j.
Letters: T frames, H rows, W columns, K objects.
"""

from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from vostutor.core.clip import Clip, Segmenter
from vostutor.data.minivos import draw_clip
from vostutor.engine.infer import predict_clip
from vostutor.metrics.region import jaccard

FIRST_SEED, CLIPS = 1_620_000, 6  # beyond all that train
BACK_AGAIN = 3  # frames at the end in which an occluded object is back, as its label promises


def measured_retrieval(network: nn.Module, segmenter: Callable[[nn.Module], Segmenter]) -> list[dict]:
    """What the card of such a network says; the spread is that over clips, for one training seed.

    segmenter: network -> a new Segmenter, asked for once a clip.
    """
    asked = {
        "J, plain clips": ("plain", slice(1, None)),
        "J after occlusion": ("occlusion", slice(-BACK_AGAIN, None)),
        "J beside a look-alike": ("distractor", slice(1, None)),
    }
    found = {what: label_j(lambda: segmenter(network), label, frames) for what, (label, frames) in asked.items()}
    return [
        {"what": what, "mean": float(np.mean(each)), "spread": float(np.std(each)), "unit": ""}
        for what, each in found.items()
    ]


def label_j(
    segmenter: Callable[[], Segmenter], label: str, frames: slice, *, clips: int = CLIPS, first_seed: int = FIRST_SEED
) -> list[float]:
    """J of each clip of a label, a mean over objects and some frames. A new segmenter for each clip."""
    drawn = (draw_clip(label, first_seed + k, flow=False) for k in range(clips))
    return [mean_j(clip, predict_clip(segmenter(), clip), frames) for clip in drawn]


def mean_j(clip: Clip, answer: Tensor, frames: slice) -> float:
    """J over all objects and some frames. Shapes: answer int64 (T,H,W)."""
    truth, found = (ids[frames].numpy() for ids in (clip.ids, answer))
    return float(np.mean([jaccard(truth == number, found == number).mean() for number in clip.object_ids]))
