"""Which is nearest: places of two frames as points in the space of PML, what an anchor's triplets say, and what a few clicks label.

Reading order: embed_frames, principal_axes (the plane that is drawn), Anchors and compare (the triplets), nearest_labels, score (clicks).
Letters: F frames, C channels of an embedding, h and w rows and columns of a map, P = h w places of a frame, K objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.shapes import expect
from vostutor.ops.nearest import k_nearest, squared_distances

DURATION = 40  # the number of the frame at which time arrives at 1, as for PML
_AT_ONCE = 512  # anchors that are compared with all places at once


@torch.no_grad()
def embed_frames(clip: Clip, network, frames: Sequence[int], duration: int = DURATION) -> Tensor:
    """Frames of a clip, each at its time. Shapes: network (frames float (1,3,H,W), times (1,)) -> (1,C,h,w); -> float32 (F,C,h,w).

    Raises: DataError for frames that the clip does not have, ShapeError for another embedding.
    """
    for t in frames:
        if not isinstance(t, int | np.integer) or not 0 <= t < len(clip):
            raise DataError(expected=f"a frame of {len(clip)}, counted from 0", got=repr(t), try_this="frame=5")
    here = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    found = []
    for t in frames:
        time = torch.tensor([min(1.0, t / duration)], device=here)
        embedding = network.eval()(clip.frames[t][None].to(here).float() / 255, time)
        if embedding.ndim != 4 or len(embedding) != 1:
            raise ShapeError(
                expected="an embedding (1,C,h,w) of a frame (1,3,H,W) and a time (1,)",
                got=f"{tuple(embedding.shape)}",
                try_this="a PMLNet",
            )
        found.append(embedding[0].float().cpu())
    return torch.stack(found)


def principal_axes(places: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The mean of points and the directions in which they differ most, the strongest first; each points to where its largest part is
    positive, so that the picture is never mirrored.

    Shapes: places (P,C) -> (C,), (count,C), of length 1; zeros where there are not so many directions.
    Source: principal component analysis, by singular values.
    >>> mean, axes = principal_axes(torch.tensor([[-3.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), 2)
    >>> axes.abs().tolist(), bool(axes.sum() > 0)
    ([[1.0, 0.0], [0.0, 1.0]], True)
    """
    expect("places: P C", places=places)
    mean = places.mean(dim=0)
    *_, directions = torch.linalg.svd((places - mean).double(), full_matrices=False)
    largest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    directions = (directions * largest.sign())[:count].to(places)
    axes = places.new_zeros(count, places.shape[1])
    axes[: len(directions)] = directions
    return mean, axes


@dataclass(frozen=True, eq=False)
class Anchors:
    """Each place of a frame compared with the places of the reference: its own label's, and all others'.

    Shapes: positive, negative, mean float32 (P,), squared distances to the closest positive and negative, and to the positives on average,
    NaN where one is missing; positive_at, negative_at int64 (P,), places of the reference, -1 for none.
    """

    positive: np.ndarray
    negative: np.ndarray
    mean: np.ndarray
    positive_at: np.ndarray
    negative_at: np.ndarray

    def hinges(self, margin: float) -> np.ndarray:
        """What either loss takes of each anchor: that of the closest pair, and that of the mean distance. Shapes: -> (2,P), NaN unknown.

        Source: the loss of [PML] (ops/nearest.py) and the plain triplet (models/pml.py).
        """
        return np.stack([np.maximum(0, near - self.negative + margin) for near in (self.positive, self.mean)])

    def shares(self, margin: float, chosen: np.ndarray | None = None) -> tuple[float, float]:
        """The share of anchors whose hinge is above zero, for either loss; NaN where there is no anchor. Shapes: chosen bool (P,)."""
        hinges = self.hinges(margin)[:, slice(None) if chosen is None else chosen]
        known = hinges[:, np.isfinite(hinges).all(axis=0)]
        return tuple((known > 0).mean(axis=1).tolist()) if known.size else (float("nan"),) * 2


def compare(anchors: Tensor, labels: Tensor, reference: Tensor, known: Tensor, *, apart: bool = True) -> Anchors:
    """Every anchor against the reference; with `apart` False both are one frame, and no place is compared with itself.

    Shapes: anchors (P,C), labels int64 (P,), reference (N,C), known int64 (N,); 255 is nobody's, and neither asks nor answers.
    >>> points = torch.tensor([[0.0], [2.0], [3.0]])
    >>> seen = compare(points, torch.tensor([1, 1, 0]), points, torch.tensor([1, 1, 0]), apart=False)
    >>> seen.positive.tolist(), seen.negative.tolist(), seen.negative_at.tolist()
    ([4.0, 4.0, nan], [9.0, 1.0, 1.0], [2, 2, 1])
    """
    columns: list[list[Tensor]] = [[], [], [], [], []]
    for first in range(0, len(anchors), _AT_ONCE):
        asked = slice(first, first + _AT_ONCE)
        costs, own = squared_distances(anchors[asked], reference), labels[asked, None]
        itself = torch.arange(len(reference)) == torch.arange(len(anchors))[asked, None]
        fair = (known != VOID) & (own != VOID) & (apart | ~itself)
        same, other = fair & (known == own), fair & (known != own)
        positive, positive_at = costs.masked_fill(~same, torch.inf).min(dim=1)
        negative, negative_at = costs.masked_fill(~other, torch.inf).min(dim=1)
        mean = costs.masked_fill(~same, 0).sum(dim=1) / same.sum(dim=1)  # 0 / 0 where there is none
        for column, values in zip(columns, (positive, negative, mean, positive_at, negative_at), strict=True):
            column.append(values)
    positive, negative, mean, positive_at, negative_at = (torch.cat(column) for column in columns)
    distances = (each.masked_fill(~each.isfinite(), torch.nan).numpy() for each in (positive, negative, mean))
    found = (at.where(near.isfinite(), -1).numpy() for at, near in ((positive_at, positive), (negative_at, negative)))
    return Anchors(*distances, *found)


def nearest_labels(embeddings: Tensor, clicks: Sequence[Sequence[int]]) -> Tensor:
    """Every place gets the label of the click that is nearest in the space; without clicks it is nobody's.

    Shapes: embeddings (F,C,h,w), clicks (frame, row, column, label) -> int64 (F,h,w), 255 where there is no click.
    Source: PML with clicks as its reference and one neighbour.
    >>> nearest_labels(torch.tensor([[[[0.0, 1.0, 5.0]]]]), [(0, 0, 0, 0), (0, 0, 2, 1)])
    tensor([[[0, 0, 1]]])
    """
    count, _, height, width = embeddings.shape
    if not len(clicks):
        return torch.full((count, height, width), VOID)
    frames, rows, columns, labels = torch.tensor([list(click) for click in clicks]).T
    pool = embeddings[frames, :, rows, columns]
    _, nearest = k_nearest(embeddings.movedim(1, -1).flatten(0, 2), pool, 1)
    return labels[nearest[:, 0]].view(count, height, width)


def score(labels: Tensor, truth: Tensor, count: int) -> float | None:
    """J in places: the mean over the objects of what is found and true by what is found or true; None where there is no object.

    Shapes: labels, truth int64 (h,w), where truth is 255 nobody is asked; count is K.
    >>> score(torch.tensor([[1, 1, 0]]), torch.tensor([[1, 0, 255]]), 1)
    0.5
    """
    asked, values = truth != VOID, []
    for k in range(1, count + 1):
        found, true = (labels == k) & asked, truth == k
        if true.any():
            values.append(float((found & true).sum() / (found | true).sum()))
    return float(np.mean(values)) if values else None
