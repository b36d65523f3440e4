"""The matcher of the fixed experiment: the object of a first mask, found again by global and local matching.

[FEELVOS] P. Voigtlaender et al.: FEELVOS: Fast End-to-End Embedding Learning for Video Object Segmentation. CVPR 2019.

Problem: the first frame says what the object looks like, the frame before says where it was. Neither is enough alone: the one fails
    on twins and on change of appearance, the other after occlusions. A small head weighs both.
Reading order: Matcher; `cells`; MatchingTracker, which is how it runs over a video.
Letters: as in benchmarks/nets.py; K objects.
Departures: as in benchmarks/nets.py.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.nets import (
    EMBEDDING,
    MATCHER_WIDTHS,
    Block,
    Encoder,
    Merge,
    enlarged,
    global_distances,
    local_distances,
)
from vostutor.ops.masks import object_order, one_hot


class Matcher(nn.Module):
    """Logits of one object at a quarter of the size, from where its likeness was.

    Source: [FEELVOS], the size and the structured start of the pilot, about 334 thousand parameters.
    >>> net, frames = Matcher(), torch.zeros(1, 3, 32, 48, dtype=torch.uint8)
    >>> features, embedding = net.embed(frames)
    >>> previous = torch.ones(1, 8, 12)
    >>> reference = embedding.flatten(2).mT, previous.flatten(1) > 0.5
    >>> net(features, embedding, reference, embedding, previous).shape
    torch.Size([1, 8, 12])
    """

    def __init__(self):
        super().__init__()
        _, quarter, eighth, sixteenth = MATCHER_WIDTHS
        self.encoder = Encoder(MATCHER_WIDTHS)
        self.merges = nn.ModuleList([Merge(sixteenth, eighth, 1), Merge(eighth, quarter, 1)])
        self.embedding = nn.Conv2d(quarter, EMBEDDING, 1)
        self.scale = nn.Parameter(torch.tensor([1.0, 1.0]))  # of global and local distances
        self.bias = nn.Parameter(torch.tensor([-1.0, -1.0]))
        self.trust = nn.Parameter(torch.tensor([3.0, 3.0, 1.0]))  # in global and local matching and the mask before
        self.head = nn.Sequential(Block(quarter + 5, quarter), Block(quarter, quarter), nn.Conv2d(quarter, 1, 1))

    def embed(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Features and embedding. Shapes: uint8 (B,3,H,W) -> (B,F,h,w), (B,C,h,w)."""
        _, quarter, eighth, sixteenth = self.encoder(frames)
        features = self.merges[1](self.merges[0](sixteenth, eighth), quarter)
        return features, self.embedding(features)

    def forward(
        self,
        features: Tensor,
        embedding: Tensor,
        reference: tuple[Tensor, Tensor],
        previous_embedding: Tensor,
        previous: Tensor,
        *,
        follow: Tensor | None = None,
    ) -> Tensor:
        """Logits of the object; `follow` (B) is 0 for clips that must do without the frame before.

        Shapes: reference keys (B,N,C) and is_object bool (B,N); previous (B,h,w) in [0,1] -> (B,h,w).
        """
        around = local_distances(embedding, previous_embedding, previous > 0.5)
        cues = torch.stack([global_distances(embedding, *reference), around], 1)  # (B,2,2,h,w)
        scale, bias = (value[None, :, None, None, None] for value in (self.scale, self.bias))
        cues = torch.sigmoid(scale * cues + bias)  # Eq. 1 of [FEELVOS], with a learned scale and bias
        trusted = torch.cat([cues[:, :, 1] - cues[:, :, 0], 2 * previous[:, None] - 1], 1)  # (B,3,h,w)
        if follow is not None:
            keep = torch.stack([torch.ones_like(follow), follow, follow], 1)[:, :, None, None]
            trusted, cues = trusted * keep, cues * keep[:, :2, None]
        start = (self.trust[:, None, None] * trusted).sum(1)
        return start + self.head(torch.cat([features, cues.flatten(1, 2), trusted[:, 2:]], 1))[:, 0]


def cells(masks: Tensor) -> Tensor:
    """The share of each 4x4 cell that a mask covers. Shapes: bool or float (B,H,W) -> float32 (B,h,w)."""
    return F.avg_pool2d(masks.float()[:, None], 4)[:, 0]


def is_object(shares: Tensor) -> Tensor:
    """Cells at least half covered; where there is none, the fullest. Shapes: (B,h,w) -> bool (B,h,w).

    >>> is_object(torch.tensor([[[0.0, 0.1, 0.2]], [[0.4, 0.6, 1.0]]])).int().tolist()
    [[[0, 0, 1]], [[0, 1, 1]]]
    """
    return (shares > 0) & (shares >= shares.amax((1, 2), keepdim=True).clamp(max=0.5))


class MatchingTracker:
    """A Segmenter around a Matcher; objects compete by a softmax of their logits, background has logit 0.

    >>> tracker = MatchingTracker(Matcher())
    >>> frame, ids = torch.zeros(3, 32, 48, dtype=torch.uint8), torch.zeros(32, 48, dtype=torch.int64)
    >>> ids[8:16, 8:24] = 4
    >>> tracker.observe(frame, ids)
    >>> tracker.step(frame).shape
    torch.Size([2, 32, 48])
    """

    def __init__(self, net: Matcher):
        self.net, self.objects = net.eval(), ()

    @torch.no_grad()
    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Remember the frame as the reference of all objects. Shapes: uint8 (3,H,W), integer (H,W)."""
        self.objects = object_order(self.objects, ids)
        _, embedding = self.net.embed(frame[None])
        self.previous = cells(one_hot(ids, self.objects)[1:])  # (K,h,w)
        keys = embedding.flatten(2).mT.expand(len(self.objects), -1, -1)
        self.reference = keys, is_object(self.previous).flatten(1)
        self.embedding = embedding

    @torch.no_grad()
    def step(self, frame: Tensor) -> Tensor:
        """Probabilities of background and objects. Shapes: uint8 (3,H,W) -> float32 (K+1,H,W)."""
        count = len(self.objects)
        features, embedding = self.net.embed(frame[None])
        maps = [value.expand(count, -1, -1, -1) for value in (features, embedding, self.embedding)]
        logits = self.net(maps[0], maps[1], self.reference, maps[2], self.previous)
        prob_all = F.pad(enlarged(logits[:, None], 4)[:, 0], [0, 0, 0, 0, 1, 0]).softmax(0)
        self.previous, self.embedding = cells(prob_all[1:]), embedding
        return prob_all
