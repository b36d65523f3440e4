"""PML: a pixel is what the pixels are that lie nearest to it in a learned space.

[PML] Y. Chen, J. Pont-Tuset, A. Montes, L. Van Gool: Blazingly Fast Video Object Segmentation with Pixel-Wise Metric Learning. CVPR 2018.
[PML18] sydney0zq: PML, a re-implementation. The authors have released no code.

Problem: fine-tuning a network on the first frame takes longer than the video. [PML] learns once and for all how to compare pixels. At test
    time the first frame is a pool of labelled places, and a place of another frame is told by a vote of its nearest in the pool. More
    masks, a few clicks or places that the system is sure of only make the pool larger; no weight ever changes.
Reading order: PMLConfig and PROFILES; PMLNet, the embedding; objective, and plain_triplet, what it is compared with; PML, which does it
    all for a video. How neighbours vote and agree is in nn/neighbour_votes.py, the pool in nn/label_pool.py, embedded frames in
    nn/seen_frames.py, clicks in ops/clicked.py.
Letters: B batch, T frames of a sample, H rows and W columns of a frame, h and w of its map, C channels of an embedding, K objects, P places
    of a frame, k neighbours.
Departures:
    - Not certain: [PML] is read at second hand here. That its head is two 1x1 convolutions of 256 and 128 channels, that five neighbours
      vote and that the margin is .7 is what is told of it or what [PML18] does, and the ReLU stands between the convolutions only.
    - A place is 4x4 pixels and the backbone is passed in; published are the 2048 features of DeepLab's ResNet-101 at stride 8.
    - [PML18] puts embeddings on the unit sphere, and its margin of .7 belongs there. Here, as published, nothing holds their scale: in
      short training it found objects better. normalised=True is the sphere.
    - Anchors are places of the last frame, thinned at even steps and not by chance. Either kind of anchor counts for its mean, and the two
      are added, as in [PML18]. Of several objects each in turn is the foreground, and everything else known is the background.
    - Fewer vote where a label has fewer places than k: one click against four would be outvoted wherever it is.
    - Time is the place in the clip in training. A stream has no known end, so time then grows evenly up to 1 over `duration` frames.
    - The pool is bounded: what it has grown by is thinned, what was told stays. The paper lets it grow.
    - Shares of the vote are enlarged bilinearly; published is a bilateral solver.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ids import VOID
from vostutor.core.ranges import (
    expect_finite,
    expect_floating,
    expect_mask,
    expect_number,
    expect_size,
    expect_tensor,
    expect_whole,
)
from vostutor.core.shapes import expect
from vostutor.nn.label_pool import LabelPool, evenly
from vostutor.nn.neighbour_votes import agreed, votes
from vostutor.nn.seen_frames import Seen, SeenFrames
from vostutor.ops.cells import cell_labels, cell_shares, enlarge_cells
from vostutor.ops.masks import object_order
from vostutor.ops.nearest import expect_points, expect_triplet, k_nearest, min_triplet, squared_distances

Triplet = Callable[..., Tensor]  # called as min_triplet is
Agree = Callable[[Tensor], Tensor]  # labels of neighbours int64 (P,k) -> bool (P,)
SMALL_SHARE = 1e-6  # less than one pixel of a cell


@dataclass(frozen=True)
class PMLConfig:
    """The shape of the embedding head and what it learns from; the defaults are the published ones, as far as they are known.

    hidden, channels: of the first convolution and of the embedding. coordinates: row, column and time join the features.
    normalised: embeddings have length 1 (see Departures). margin: how much nearer the right label should be, in squared distance.
    anchors: places of each kind that a sample asks about, at most.
    """

    hidden: int = 256
    channels: int = 128
    coordinates: bool = True
    normalised: bool = False
    margin: float = 0.7
    anchors: int = 256

    def __post_init__(self):
        expect_whole(least=1, hidden=self.hidden, channels=self.channels, anchors=self.anchors)
        expect_number(above=0, margin=self.margin, try_this="margin=0.7")
        for name in ("coordinates", "normalised"):
            if not isinstance(getattr(self, name), bool):
                _refuse(f"{name}: True or False", repr(getattr(self, name)), f"{name}=True")


def _refuse(expected: str, got: str, try_this: str):
    raise SettingsError(expected=expected, got=got, try_this=try_this)


SMALL = PMLConfig(hidden=64, channels=32)
PROFILES = {
    "smoke": SMALL,
    "cpu": SMALL,
    "gpu": PMLConfig(hidden=128, channels=64),
    "paper": PMLConfig(),
}


def coordinates(times: Tensor, size: tuple[int, int]) -> Tensor:
    """Row, column and time of every place. Shapes: times float (B,) -> (B,3,h,w).

    Units: rows and columns from -1 to 1, read at the middle of each cell; time as it comes.
    Raises: ShapeError for other axes or types of times, SettingsError for a size that is none.
    >>> coordinates(torch.tensor([0.25]), (1, 2)).flatten().tolist()
    [0.0, 0.0, -0.5, 0.5, 0.25, 0.25]
    """
    expect_floating(times=times)
    expect("times: B", times=times, hint="one time for each frame")
    expect_size(size)
    row, column = ((2 * torch.arange(n).to(times) + 1) / n - 1 for n in size)
    whole = (len(times), *size)
    return torch.stack([row[:, None].expand(whole), column.expand(whole), times[:, None, None].expand(whole)], dim=1)


class PMLNet(nn.Module):
    """Where each place of a frame lies in the space in which pixels are compared.

    backbone: frames float (B,3,H,W) in [0,1] -> features (B,backbone.channels,h,w).

    Shapes: frames float (B,3,H,W) in [0,1], times float (B,) -> float32 (B,C,h,w), as small as the features.
    Raises: ShapeError for other axes or types, DataError for times that are no numbers, SettingsError for a backbone that does not say
        how many channels its features have.
    >>> from vostutor.nn.backbone import Backbone
    >>> PMLNet(Backbone(), PROFILES["cpu"])(torch.zeros(1, 3, 33, 47), torch.zeros(1)).shape
    torch.Size([1, 32, 9, 12])
    """

    def __init__(
        self, backbone: nn.Module, config: PMLConfig = PROFILES["cpu"], *, generator: torch.Generator | None = None
    ):
        super().__init__()
        expect_whole(least=1, try_this="Backbone()", **{"backbone.channels": getattr(backbone, "channels", None)})
        self.backbone, self.config = backbone, config
        entering = backbone.channels + 3 * config.coordinates
        self.head = nn.Sequential(
            nn.Conv2d(entering, config.hidden, 1), nn.ReLU(), nn.Conv2d(config.hidden, config.channels, 1)
        )
        for layer in self.head[::2]:
            nn.init.kaiming_normal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)

    def forward(self, frames: Tensor, times: Tensor) -> Tensor:
        expect_floating(frames=frames, try_this="frame / 255")
        expect_tensor(times=times)
        expect("frames: B 3 H W, times: B", frames=frames, times=times, hint="frame[None] and one time for each frame")
        features = self.backbone(frames)
        expect_finite(times=times, try_this="each frame's place in its clip, from 0 to 1")
        if self.config.coordinates:
            features = torch.cat([features, coordinates(times.to(features), features.shape[-2:])], dim=1)
        embedding = self.head(features).float()
        return normalize(embedding, dim=1) if self.config.normalised else embedding


def plain_triplet(anchors: Tensor, positives: Tensor, negatives: Tensor, *, margin: float) -> Tensor:
    """What is lost by comparing each anchor with all positives and not with the closest: a jacket has to become like its trousers.

    Shapes: anchors (A,C), positives (M,C), negatives (N,C) -> (A,).
    Raises: as min_triplet.
    Source: the loss that [PML] starts from, for the mean of the positives; the negative is the closest, as in min_triplet.
    >>> one, two = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> plain_triplet(one, two, torch.tensor([[0.0, 1.5]]), margin=0.7)             # (1 + 4) / 2 - 2.25 + 0.7
    tensor([0.9500])
    """
    expect("anchors: A C, positives: M C, negatives: N C", anchors=anchors, positives=positives, negatives=negatives)
    expect_points(anchors=anchors, positives=positives, negatives=negatives)
    expect_number(margin=margin)
    near, far = squared_distances(anchors, positives).mean(dim=1), squared_distances(anchors, negatives).amin(dim=1)
    return (near - far + margin).clamp(min=0)


def objective(model: nn.Module, batch: Mapping[str, Tensor], *, triplet: Triplet = min_triplet) -> Tensor:
    """What training makes small: places of the last frame of a sample should find their own label nearest in the frames before it.

    triplet: (anchors (A,C), positives (M,C), negatives (N,C), margin=) -> (A,).

    Shapes: batch holds frames float (B,T,3,H,W) in [0,1], ids int64 (B,T,H,W), 0 background, 1 to K objects, 255 void, times (B,T).
    Raises: ShapeError for other axes, or a triplet that answers with others; DataError for a batch that lacks something, samples of one
        frame, objects that are numbered with gaps, or a triplet that answers without numbers or gradient.
    Source: anchors of one frame and pools of the two others, of [PML].
    """
    frames, ids, times, count = _taken_apart(batch)
    labels = place_labels(ids.flatten(0, 1), count).unflatten(0, ids.shape[:2])
    embedding = model(frames.flatten(0, 1), times.flatten()).unflatten(0, ids.shape[:2])
    expect("embedding: B T C h w, labels: B T h w", embedding=embedding, labels=labels, hint="a backbone at stride 4")
    samples = zip(embedding.flatten(3).mT, labels.flatten(2), strict=True)
    return torch.stack([_sample_loss(*sample, model.config, triplet) for sample in samples]).mean()


def _taken_apart(batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, int]:
    """Frames, ids and times of a batch that can be learned from, and how many objects it has."""
    ask = partial(DataError, try_this="clip_view_batches(pool, ClipViews(frames=3))")
    if not {"frames", "ids", "times"} <= set(batch):
        raise ask(expected="a batch with frames, ids and times", got=", ".join(sorted(batch)) or "nothing")
    frames, ids, times = batch["frames"], batch["ids"], batch["times"]
    expect_tensor(frames=frames, ids=ids, times=times)
    expect("frames: B T 3 H W, ids: B T H W, times: B T", frames=frames, ids=ids, times=times)
    if ids.shape[1] < 2 or not ids.numel():
        raise ask(expected="samples of two frames or more", got=f"ids {tuple(ids.shape)}")
    numbers = [number for number in torch.unique(ids).tolist() if number not in (0, VOID)]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ask(expected="objects numbered from 1 on, without gaps", got=f"{numbers[-8:]}")
    return frames, ids, times, len(numbers)


def place_labels(ids: Tensor, count: int) -> Tensor:
    """Whose each place is: theirs who have most of what is known of its cell, so that a single click decides.

    Shapes: ids int64 (B,H,W), 0 background, 1 to K = count, 255 void -> int64 (B,h,w), the same, 255 where nothing is known.
    >>> place_labels(torch.tensor([[[255, 1, 255, 255, 0, 0, 0, 0]]]), 1)
    tensor([[[1, 0]]])
    """
    shares = cell_shares(ids, count)
    return cell_labels(shares / shares.sum(dim=1, keepdim=True).clamp(min=SMALL_SHARE))


def _sample_loss(places: Tensor, labels: Tensor, config: PMLConfig, triplet: Triplet) -> Tensor:
    """Shapes: places (T,P,C), labels (T,P) -> a scalar, 0 where the frames share no object."""
    objects = [number for number in torch.unique(labels).tolist() if number not in (0, VOID)]
    total = places.sum() * 0
    for number in objects:
        inside, outside = _divided(places[-1], labels[-1], number)
        same, other = _divided(places[:-1].flatten(0, 1), labels[:-1].flatten(), number)
        for anchors, positives, negatives in ((inside, same, other), (outside, other, same)):  # the pools swap roles
            if len(anchors) and len(positives) and len(negatives):
                asked = anchors[evenly(len(anchors), config.anchors).to(anchors.device)]
                lost = triplet(asked, positives, negatives, margin=config.margin)
                expect_triplet(lost, asked, positives, negatives)  # it may be a student's
                total = total + lost.mean()
    return total / max(1, len(objects))


def _divided(places: Tensor, labels: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Places of an object, and all others that are known. Shapes: (P,C), (P,) -> (·,C), (·,C)."""
    return places[labels == number], places[(labels != number) & (labels != VOID)]


class PML:
    """A Segmenter that looks labels up in a pool of places and never changes what its network has learned. A new one for each video.

    network: frames float (B,3,H,W) in [0,1], times (B,) -> (B,C,h,w) at stride 4, such as PMLNet. It is put in evaluation mode.

    k: how many neighbours vote, at most. agree: which places join the pool, such as a student's `agreed`; None lets nothing join.
    capacity: by how many places of each label the pool may grow. duration: the number of the frame at which time arrives at 1.
    A frame that was told, and the last one, are not embedded again: `observe(frame, clicks(points, size))` and `step` on the same frame
    cost a search. Told frames teach only what was told of them, and while fewer than k vote nothing joins.

    >>> from vostutor.ops.clicked import clicks
    >>> class Colour(nn.Module):                                     # takes the colour of a place for its embedding
    ...     def forward(self, frames, times):
    ...         return frames[:, :, ::4, ::4]
    >>> frame = torch.tensor([0, 250, 10, 240], dtype=torch.uint8).repeat_interleave(4).expand(3, 1, 16)
    >>> system = PML(Colour())
    >>> system.observe(frame, clicks([(0, 1, 0), (0, 6, 7)], (1, 16)))
    >>> system.step(frame).argmax(0)[0, ::4]
    tensor([0, 1, 0, 1])
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        k: int = 5,
        agree: Agree | None = agreed,
        capacity: int = 500,
        duration: int = 40,
    ):
        expect_whole(least=1, k=k)
        if not (agree is None or callable(agree)):
            _refuse("agree: neighbours (P,k) -> bool (P,), or None", repr(agree), "agree=agreed")
        self.k, self.agree = k, agree
        self.objects: tuple[int, ...] = ()
        self.seen = SeenFrames(network, duration)
        self.pool = LabelPool(capacity)

    @torch.no_grad()
    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Take the known places of a frame into the pool, in place of what was told or guessed of the very same frame.

        Shapes: frame uint8 (3,H,W), ids integer (H,W), 0 background, 255 void; a few clicked pixels among void will do.
        Raises: ShapeError for a frame or mask of another size or type or a network at another stride, DataError for ids beyond 0..255 or
        an embedding with NaN; what is refused leaves nothing behind.
        """
        self.seen.check(frame)
        expect_tensor(ids=ids)
        expect("frame: 3 H W, ids: H W", frame=frame, ids=ids, hint="one mask of the size of its frame")
        objects = object_order(self.objects, ids)
        channel = torch.full((VOID + 1,), VOID)
        channel[[0, *objects]] = torch.arange(len(objects) + 1)
        labels = place_labels(channel.to(ids.device)[ids.long()][None], len(objects)).flatten()
        seen = self.seen.look(frame)
        self.pool.tell(seen.number, seen.places, labels.to(seen.places.device))
        self.seen.keep(seen)  # last, so that what was refused leaves nothing behind
        self.objects = objects

    @torch.no_grad()
    def step(self, frame: Tensor) -> Tensor:
        """The objects in the next frame, or in one that was shown before.

        Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W), sums to 1 over axis 0, channel 0 background.
        Raises: DataError before any place was told or for an embedding with NaN, ShapeError for a frame of another size or type.
        """
        self.seen.check(frame)
        self._expect_known()
        seen = self.seen.look(frame)
        self.pool.forget(seen.number)  # it would find itself
        pool = self.pool.places
        voters = min(self.k, pool.scarcest)
        _, nearest = k_nearest(seen.places, pool.embedding, voters)
        neighbours = pool.labels[nearest]
        share = votes(neighbours, len(self.objects) + 1)
        if self.agree is not None and seen.number not in self.pool.told and voters == self.k:
            self._adapt(seen, neighbours, share.argmax(dim=1))
        maps = share.mT.reshape(1, -1, *seen.size)
        return enlarge_cells(maps, frame.shape[-2:])[0].to(frame.device)

    def _expect_known(self) -> None:
        if not len(self.pool):
            raise DataError(
                expected="a known place before the first step",
                got=f"none in {len(self.pool.told)} masks",
                try_this="system.observe(frame, ids) with the first frame and its mask, or clicks(points, size)",
            )

    def _adapt(self, seen: Seen, neighbours: Tensor, labels: Tensor) -> None:
        """Let the places join on whose labels all agree."""
        joins = self.agree(neighbours)
        expect("neighbours: P k, joins: P", neighbours=neighbours, joins=joins, hint="agree: one answer for each place")
        expect_mask(joins=joins)
        self.pool.join(seen.number, seen.places[joins], labels[joins])
