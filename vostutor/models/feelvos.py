"""FEELVOS: where a pixel's likeness was, as soft advice to a network that decides.

[FEELVOS] P. Voigtlaender, Y. Chai et al.: FEELVOS: Fast End-to-End Embedding Learning for Video Object Segmentation. CVPR 2019.

Problem: the nearest neighbour of a pixel among those of the first frame tells which object it belongs to, often wrongly. [FEELVOS] does
    not believe it: how near the nearest of each object is becomes a map, and a small network reads it. A second map tells the same of
    the frame before, a third what was answered there. All objects pass through the same network, so it serves any number of them, and
    nothing is trained when a video comes.
Reading order: FEELVOSConfig and PROFILES; EmbeddingLayer, DynamicHead, FEELVOSNet; mined_cross_entropy, objective; FEELVOS, the system.
Letters: B clips, T frames, K objects, H rows and W columns of a frame, h and w those of its map at stride 4, F features, C channels of
    an embedding, o objects and the background, K+1 of them.
Departures:
    - trust: in the small profiles a logit begins as (what was answered before) - (global distance) - (local distance), each weighed by a
      learned number, and the head adds to it. The literal head (trust=None) calls nearly everything background at first; the picture of
      both curves is in lesson 07. Softmax over objects makes differences between objects of it.
    - The embedding is linear, its depthwise kernels begin with N(0,.03), not truncated, and a one in the middle of every channel; `spread`
      makes distances small enough at first for the squashing not to flatten them. The released one ends in a ReLU, its one is in channel 0.
    - A place's label is what covers most of its 4x4 pixels, not the nearest pixel's; so are labels of an answer, not the arg max: a place
      without a majority is nobody's. Who has none keeps one, also who has vanished, so its local distance is not 1 there (`cell_labels`).
      The previous prediction is soft, as in the paper; the released code has it one-hot.
    - Local matching looks as far as the frame is large. The paper has frames of one size only.
    - All places of the reference are compared in training, where the released code draws 1024 of each object: maps are small here.
    - Small profiles train with AdamW, and on four frames: the fourth follows the network's own answer for the third. The reference may
      be any frame of the clip, also one that is asked; the others lie up to two frames apart, backwards too; some objects are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_finite, expect_number, expect_one_of, expect_truth, expect_whole
from vostutor.core.shapes import expect
from vostutor.ops.cells import STRIDE, cell_labels, cell_shares, enlarge_cells, expect_ids, object_shares
from vostutor.ops.masks import object_order
from vostutor.ops.match_maps import DIVERGED, expect_distances
from vostutor.ops.matching import global_match, local_match
from vostutor.ops.reference_samples import expect_reference_samples
from vostutor.ops.video_frames import expect_video_frame

NOWHERE = -1e4  # the logit of an object that a clip of the batch does not have
Match = Callable[..., Tensor]  # called as global_match and local_match are


@dataclass(frozen=True)
class FEELVOSConfig:
    """The shape of a network; the defaults are the published one, whose backbone has 256 features.

    embedding: channels. width, layers, kernel: of the dynamic head.
    first, previous, feedback: the cues: matching with the first frame, matching with the frame before, what was answered there.
    reach: of local matching, in places, for a frame of so many rows: 15 are 60 pixels at 480. Other frames have another, in proportion.
    trust: how much the first logits trust each cue, global, local, before; None leaves it to the head (see Departures).
    spread: of the first embeddings, as a factor on those of unit kernels.
    hardest: the share of pixels whose loss counts, once half of the training is over.
    """

    embedding: int = 100
    width: int = 256
    layers: int = 4
    kernel: int = 7
    first: bool = True
    previous: Literal["local", "global", "none"] = "local"
    feedback: bool = True
    reach: int = 15
    rows: int = 480
    trust: tuple[float, float, float] | None = None
    spread: float = 1.0
    hardest: float = 0.15

    def __post_init__(self):
        expect_whole(least=1, embedding=self.embedding, width=self.width, layers=self.layers, kernel=self.kernel)
        expect_whole(least=0, reach=self.reach)
        expect_whole(least=1, rows=self.rows)
        expect_one_of(("local", "global", "none"), previous=self.previous)
        expect_number(above=0, most=1, hardest=self.hardest)
        expect_number(above=0, spread=self.spread)
        expect_truth(first=self.first, feedback=self.feedback)
        if self.trust is not None and not (isinstance(self.trust, tuple | list) and len(self.trust) == 3):
            raise SettingsError(expected="trust in three cues", got=repr(self.trust), try_this="trust=(4.0, 4.0, 2.0)")
        for number in self.trust or ():
            expect_number(trust=number, try_this="trust=(4.0, 4.0, 2.0)")
        if self.kernel % 2 == 0:
            raise SettingsError(expected="an odd kernel", got=f"{self.kernel}", try_this=f"kernel={self.kernel + 1}")
        if not self.cues:
            raise SettingsError(expected="a cue at least", got="none", try_this="FEELVOSConfig(), with all of them")

    @property
    def cues(self) -> tuple[str, ...]:
        """Which maps each object has, in the order of the released code."""
        kept = {"global": self.first, "before": self.feedback, "local": self.previous != "none"}
        return tuple(name for name, is_kept in kept.items() if is_kept)


SMALL = FEELVOSConfig(
    embedding=32, width=48, layers=3, kernel=5, reach=4, rows=96, trust=(4.0, 4.0, 2.0), spread=0.25, hardest=0.5
)
PROFILES = {
    "smoke": SMALL,
    "cpu": SMALL,
    "gpu": FEELVOSConfig(
        embedding=64, width=96, layers=4, kernel=7, reach=6, rows=96, trust=(4.0, 4.0, 2.0), spread=0.2, hardest=0.3
    ),
    "paper": FEELVOSConfig(),
}


def separable(entering: int, leaving: int, kernel: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    """A kernel for each channel, then a mixture of channels at each place."""
    depthwise = nn.Conv2d(entering, entering, kernel, padding=kernel // 2, groups=entering)
    return depthwise, nn.Conv2d(entering, leaving, 1)


class EmbeddingLayer(nn.Sequential):
    """What is compared of a place. Shapes: features (B,F,h,w) -> (B,C,h,w)."""

    def __init__(self, entering: int, config: FEELVOSConfig, generator: torch.Generator | None):
        super().__init__(*separable(entering, config.embedding, 3))
        depthwise, pointwise = self
        nn.init.trunc_normal_(depthwise.weight, std=0.03, generator=generator)
        depthwise.weight.data[:, :, 1, 1] += 1
        nn.init.orthogonal_(pointwise.weight, gain=config.spread, generator=generator)
        nn.init.zeros_(depthwise.bias)
        nn.init.zeros_(pointwise.bias)


class DynamicHead(nn.Sequential):
    """How much speaks for an object, from the features and its own maps; the same weights for every object.

    315,543 parameters as published: 4 layers from 259 = 256 features + 3 maps, and a logit. Shapes: (B*o,F+cues,h,w) -> (B*o,1,h,w).
    """

    def __init__(self, entering: int, config: FEELVOSConfig, generator: torch.Generator | None):
        layers = []
        for k in range(config.layers):
            depthwise, pointwise = separable(config.width if k else entering, config.width, config.kernel)
            layers += [depthwise, nn.ReLU(inplace=True), pointwise, nn.ReLU(inplace=True)]
        super().__init__(*layers, nn.Conv2d(config.width, 1, 1))
        for layer in (each for each in self if isinstance(each, nn.Conv2d)):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
        if config.trust:
            nn.init.zeros_(self[-1].weight)  # at first the cues decide alone


class FEELVOSNet(nn.Module):
    """Everything of the system that is learned.

    backbone: frames float (B,3,H,W) in [0,1] -> features (B,F,ceil(H/4),ceil(W/4)), with F in its attribute `channels`.
    global_match, local_match: those of ops/matching.py, or a student's own.
    """

    def __init__(
        self,
        backbone: nn.Module,
        config: FEELVOSConfig = PROFILES["cpu"],
        *,
        global_match: Match = global_match,
        local_match: Match = local_match,
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        expect_whole(least=1, try_this="Backbone()", **{"backbone.channels": getattr(backbone, "channels", None)})
        self.backbone, self.config = backbone, config
        self.global_match, self.local_match = global_match, local_match
        self.embedding = EmbeddingLayer(backbone.channels, config, generator)
        self.head = DynamicHead(backbone.channels + len(config.cues), config, generator)
        trust = config.trust and dict(zip(("global", "local", "before"), config.trust, strict=True))
        self.trust = nn.Parameter(torch.tensor([float(trust[name]) for name in config.cues])) if trust else None

    def embed(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Features and embeddings. Shapes: frames float (B,3,H,W) in [0,1] -> (B,F,h,w), (B,C,h,w)."""
        features = self.backbone(frames)
        return features, self.embedding(features)

    def cues(self, embedding: Tensor, told: tuple[Tensor, Tensor], last: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The maps of every object for one frame: global distance, the answer before, local distance; those that the config has.

        Shapes: embedding (C,h,w); told: embedding (C,h',w') and labels int64 (h',w') of what is annotated, 0 to K, 255 nobody's;
        last: the same of the previous frame (h,w), and its answer (K+1,h,w) -> (K+1,cues,h,w).
        Raises: ShapeError or DataError naming the matching function that answered anything but distances.
        """
        *there, answer = last
        maps = {"before": answer}
        if self.config.first:
            maps["global"] = self._match("global_match", embedding, *told, len(answer))
        if self.config.previous == "local":
            maps["local"] = self._match("local_match", embedding, *there, len(answer), reach=self.reach_in(embedding))
        elif self.config.previous == "global":
            maps["local"] = self._match("global_match", embedding, *there, len(answer))
        return torch.stack([maps[name] for name in self.config.cues], dim=1)

    def _match(self, name: str, embedding: Tensor, there: Tensor, labels: Tensor, count: int, **reach: int) -> Tensor:
        maps = getattr(self, name)(embedding, there, labels, range(1, count), **reach)
        return expect_distances(name, maps, embedding, count)

    def reach_in(self, embedding: Tensor) -> int:
        """How far local matching looks in a map of this size, in places."""
        return round(self.config.reach * STRIDE * embedding.shape[-2] / self.config.rows)

    def decide(self, features: Tensor, cues: Tensor) -> Tensor:
        """Logits of background and objects. Shapes: features (B,F,h,w), cues (B,K+1,cues,h,w) -> (B,K+1,h,w)."""
        count = cues.shape[1]
        seen = torch.cat([features[:, None].expand(-1, count, -1, -1, -1), cues], dim=2)
        logits = self.head(seen.flatten(0, 1)).unflatten(0, (-1, count))[:, :, 0]
        if self.trust is None:
            return logits
        signs = torch.tensor([1.0 if name == "before" else -1.0 for name in self.config.cues]).to(cues)
        return logits + ((signs * self.trust)[:, None, None] * cues).sum(dim=2)


def mined_cross_entropy(logits: Tensor, ids: Tensor, share: float) -> Tensor:
    """The cross entropy of the hardest pixels of each frame; void pixels cost nothing.

    Shapes: logits (B,K+1,H,W), ids int64 (B,H,W), 0 to K and 255 -> a number.
    Raises: ShapeError for other axes, SettingsError for a share beyond (0,1], DataError for other ids or a loss that is no number.
    Source: hard-pixel mining of [FEELVOS]: the share falls along a line until half of the training.
    """
    expect("logits: B L H W, ids: B H W", logits=logits, ids=ids)
    expect_number(above=0, most=1, share=share)
    expect_ids(ids, logits.shape[1] - 1)
    losses = cross_entropy(logits.float(), ids, ignore_index=VOID, reduction="none").flatten(1)
    loss = losses.topk(max(1, round(share * losses.shape[1])), dim=1).values.mean()
    expect_finite(loss=loss, try_this=DIVERGED)
    return loss


def objective(model: FEELVOSNet, batch: Mapping[str, Tensor]) -> Tensor:
    """What training makes small. The first frame of a sample is the reference, the second is known too, the third is asked for; each
    one after it follows the answer before.

    Shapes: batch holds frames float (B,T,3,H,W) in [0,1], ids int64 (B,T,H,W), 0 to K and 255, progress (B,) from 0 to 1.
    Raises: as expect_reference_samples and mined_cross_entropy. Source: the training of [FEELVOS].
    """
    count, frames, ids = max(1, expect_reference_samples(batch)), batch["frames"], batch["ids"]
    features, embedding = (each.unflatten(0, frames.shape[:2]) for each in model.embed(frames.flatten(0, 1)))
    known = cell_shares(ids[:, :2].flatten(0, 1), count).unflatten(0, (-1, 2))
    absent = known[:, 0].flatten(2).amax(dim=2) == 0
    told, answer = cell_labels(known[:, 0]), known[:, 1]
    share = 1 - (1 - model.config.hardest) * min(1.0, 2 * float(batch["progress"].mean()))
    losses = []
    for t in range(2, frames.shape[1]):
        first = zip(embedding[:, 0], told, strict=True)
        last = zip(embedding[:, t - 1], cell_labels(answer), answer, strict=True)
        cues = torch.stack([model.cues(*each) for each in zip(embedding[:, t], first, last, strict=True)])
        logits = model.decide(features[:, t], cues).masked_fill(absent[:, :, None, None], NOWHERE)
        losses.append(mined_cross_entropy(enlarge_cells(logits, ids.shape[-2:]), ids[:, t], share))
        answer = logits.detach().float().softmax(dim=1)
    return torch.stack(losses).mean()


class FEELVOS:
    """A Segmenter: objects found by comparison with what was annotated and with the frame before. A new one for each video.

    Frames annotated later are compared with as well, all places with all; a frame told again replaces what was told of it.

    network: a FEELVOSNet, or what has its embed, cues and decide. It is switched to eval; where it lies, frames are brought to.
    """

    def __init__(self, network: FEELVOSNet):
        if not all(isinstance(network, nn.Module) and hasattr(network, name) for name in ("embed", "cues", "decide")):
            raise SettingsError(expected="a FEELVOSNet", got=repr(network)[:60], try_this="FEELVOSNet(Backbone())")
        self.network = network.eval()
        self.objects: tuple[int, ...] = ()
        self.told: list[tuple[Tensor, Tensor, Tensor]] = []  # frame, embedding (C,h,w), ids (H,W)
        self.reference: tuple[Tensor, Tensor] | None = None  # embeddings and labels of all that was told
        self.before: tuple[Tensor, Tensor] | None = None  # embedding, answer (K+1,h,w)

    @torch.no_grad()
    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Remember a frame and its mask; what is refused changes nothing.

        Shapes: frame uint8 (3,H,W), ids integer (H,W), 0 background, 255 void.
        Raises: ShapeError for a frame or mask of another size or type, DataError for ids beyond 0..255 or an embedding with NaN.
        """
        self._check(frame)
        expect("frame: 3 H W, ids: H W", frame=frame, ids=ids, hint="one mask of the size of its frame")
        objects = object_order(self.objects, ids)
        frame, ids = frame.to(self._device), ids.to(self._device)  # where those lie that they are compared with
        _, embedding = self._embed(frame)
        others = [told for told in self.told if not torch.equal(told[0], frame)]
        told = [*others, (frame.clone(), embedding, ids.clone())]
        reference, last = self._all_told(told, objects), (embedding, self._answer(ids, objects))
        self.objects, self.told, self.reference, self.before = objects, told, reference, last

    @torch.no_grad()
    def step(self, frame: Tensor) -> Tensor:
        """The objects in the next frame.

        Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W), sums to 1 over axis 0, channel 0 background.
        Raises: DataError before any mask was told or for an embedding with NaN, ShapeError for a frame of another size or type.
        """
        self._check(frame)
        if self.before is None:
            raise DataError(expected="a mask before the first step", got="none", try_this="system.observe(frame, ids)")
        features, embedding = self._embed(frame)
        there, answer = self.before
        cues = self.network.cues(embedding, self.reference, (there, cell_labels(answer[None])[0], answer))
        logits = self.network.decide(features[None], cues[None]).float()
        self.before = embedding, logits[0].softmax(dim=0)
        return enlarge_cells(logits, frame.shape[-2:])[0].softmax(dim=0).to(frame.device)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _embed(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        features, embedding = self.network.embed(frame[None].to(self._device).float() / 255)
        expect_finite(embedding=embedding, try_this=DIVERGED)
        return features[0], embedding[0]

    def _answer(self, ids: Tensor, objects: tuple[int, ...]) -> Tensor:
        """The mask in channels, as small as the map; where it says nothing, the last answer stays. Shapes: (H,W) -> (K+1,h,w)."""
        shares = object_shares(ids, objects)
        if self.before is None:
            return shares
        answer = pad(self.before[1], [0, 0, 0, 0, 0, len(shares) - len(self.before[1])])
        return shares + (1 - shares.sum(dim=0)) * answer

    def _all_told(self, told: list[tuple[Tensor, Tensor, Tensor]], objects: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Embeddings and labels of everything that was told, one map below the other. Shapes: (C,N*h,w), (N*h,w)."""
        labels = [cell_labels(object_shares(ids, objects)[None])[0] for *_, ids in told]
        return torch.cat([embedding for _, embedding, _ in told], dim=1), torch.cat(labels)

    def _check(self, frame: Tensor) -> None:
        expect_video_frame(frame, like=self.told[0][0] if self.told else None)
