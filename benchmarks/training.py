"""How the two nets of the fixed experiment learn: a pool of clips, a fixed number of steps, nothing else.

A number of steps, not of seconds: so a busy machine gives the same net. The steps were chosen once to take about a minute of one core.

Letters: N clips, T frames, B clips of a step, H rows, W columns, h = H/4, w = W/4.
"""

import copy
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.matcher import Matcher, cells, is_object
from benchmarks.nets import ForegroundNet, enlarged
from vostutor.data.pool import Pool

FOREGROUND_STEPS, FOREGROUND_BATCH = 520, 12  # 55 s of one idle core
MATCHER_STEPS, MATCHER_BATCH = 240, 8  # 59 s
ONE_SHOT_BATCH = 4
RATE, ONE_SHOT_RATE = 2e-3, 1e-3
OBJECT_KEYS, BACKGROUND_KEYS = 64, 160  # places of the reference that a training step matches with
SMALLEST = 0.003  # share of the frame from which on an object is worth following
ALONE = 0.15  # share of the clips that must do with global matching
EASY_UNTIL = 0.3  # share of the steps, as in the curriculum of minivos v1
REACHES = 3, 2  # frames at most from the reference to the frame before, and from there to the next


def in_turn(pool: Pool, progress: float) -> int:
    """How many clips, counted from the first, are learned from at a share of the steps: at first the easy ones alone, where there are any.

    A curriculum, which belongs to the clips and not to the nets; it wants the easy clips to lie first.
    """
    easy = pool.labels.count("easy")
    return easy if easy and progress < EASY_UNTIL else len(pool)


def train_foreground(pool: Pool, steps: int, generator: torch.Generator) -> ForegroundNet:
    """A net that tells objects from background, whichever object."""
    net = _fresh(ForegroundNet, generator)

    def loss(progress: float) -> Tensor:
        frames, masks = _frames_of(pool, progress, generator)
        return segmentation_loss(net(frames), masks)

    return _trained(net, loss, steps, RATE)


def train_matcher(pool: Pool, steps: int, generator: torch.Generator) -> Matcher:
    """A net that finds the object of a first mask again."""
    net = _fresh(Matcher, generator)
    return _trained(
        net, lambda progress: matcher_loss(net, *_triples_of(pool, progress, generator), generator), steps, RATE
    )


def one_shot(net: ForegroundNet, frame: Tensor, mask: Tensor, steps: int, generator: torch.Generator) -> ForegroundNet:
    """A copy of the net, tuned to the object of one frame.

    Shapes: frame uint8 (3,H,W), mask bool (H,W).
    Source: one-shot fine-tuning of OSVOS (S. Caelles et al., CVPR 2017).
    """
    tuned = copy.deepcopy(net)

    def loss(_: float) -> Tensor:
        frames, masks = jittered(frame, mask, ONE_SHOT_BATCH, generator)
        return segmentation_loss(tuned(frames), masks)

    return _trained(tuned, loss, steps, ONE_SHOT_RATE)


def segmentation_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross entropy of the pixels plus one minus a soft J of the picture, both with weight one. Shapes: (B,H,W) each."""
    prob, masks = logits.sigmoid(), masks.float()
    both, either = (prob * masks).sum((1, 2)), (prob + masks - prob * masks).sum((1, 2))
    return F.binary_cross_entropy_with_logits(logits, masks) + (1 - (both + 1) / (either + 1)).mean()


def matcher_loss(net: Matcher, frames: Tensor, masks: Tensor, generator: torch.Generator) -> Tensor:
    """Two steps after the reference: the second goes on from what the first has found.

    Shapes: frames uint8 (B,3,3,H,W): reference, next and next but one; masks bool (B,3,H,W).
    """
    features, embedding = (value.unflatten(0, frames.shape[:2]) for value in net.embed(frames.flatten(0, 1)))
    shares = cells(masks[:, 0])
    reference = sampled(embedding[:, 0], is_object(shares), generator)
    follow = (torch.rand(len(frames), generator=generator) > ALONE).float()
    losses, previous = [], shares
    for t in (1, 2):
        logits = net(features[:, t], embedding[:, t], reference, embedding[:, t - 1], previous, follow=follow)
        full = enlarged(logits[:, None], 4)[:, 0]
        losses.append(segmentation_loss(full, masks[:, t]))
        previous = logits.detach().sigmoid()
    return torch.stack(losses).mean()


def sampled(embedding: Tensor, objects: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Keys of the reference at random places, with replacement: first of the object, then of the background.

    Shapes: embedding (B,C,h,w), objects bool (B,h,w) -> keys (B,N,C), is_object bool (B,N).
    """
    weights, sides = objects.flatten(1).float(), []
    for weight, count in ((weights, OBJECT_KEYS), (1 - weights, BACKGROUND_KEYS)):
        weight = weight.where(weight.sum(1, keepdim=True) > 0, 1.0)  # a frame that is all object has no background
        sides.append(torch.multinomial(weight, count, replacement=True, generator=generator))
    index = torch.cat(sides, 1)
    batch = torch.arange(len(index))[:, None]
    return embedding.flatten(2).mT[batch, index], objects.flatten(1)[batch, index]


def jittered(frame: Tensor, mask: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Copies of a frame and its mask, mirrored at random, turned, scaled and moved a little.

    Shapes: uint8 (3,H,W), bool (H,W) -> uint8 (count,3,H,W), bool (count,H,W).
    Units: up to 10 degrees, 15 per cent of scale and 10 per cent of the frame.
    """
    height, width = mask.shape
    angle, scale, shift_x, shift_y = (torch.rand(4, count, generator=generator) * 2 - 1) * torch.tensor(
        [[0.17], [0.15], [0.1], [0.1]]
    )
    mirror = torch.randint(0, 2, (count,), generator=generator) * 2 - 1
    cos, sin, aspect = torch.cos(angle) * scale.exp(), torch.sin(angle) * scale.exp(), width / height
    rows = [[mirror * cos, -sin / aspect, shift_x], [mirror * sin * aspect, cos, shift_y]]
    theta = torch.stack([torch.stack(row, 1) for row in rows], 1)
    grid = F.affine_grid(theta, [count, 3, height, width], align_corners=False)
    both = torch.cat([frame.float(), mask[None].float()])[None].expand(count, -1, -1, -1)
    moved = F.grid_sample(both, grid, padding_mode="reflection", align_corners=False)
    return moved[:, :3].round().byte(), moved[:, 3] > 0.5


def _frames_of(pool: Pool, progress: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Single frames and the union of their objects."""
    clips, length = in_turn(pool, progress), pool.ids.shape[1]
    clip = torch.randint(clips, (FOREGROUND_BATCH,), generator=generator)
    t = torch.randint(length, (FOREGROUND_BATCH,), generator=generator)
    return _mirrored(pool.frames[clip, t], pool.ids[clip, t] > 0, generator)


def _triples_of(pool: Pool, progress: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Three frames of each clip, forwards or backwards in time, and one object that is there in the first."""
    frames, masks = [], []
    while len(frames) < MATCHER_BATCH:
        clip = _any(in_turn(pool, progress), generator)
        times = _times(pool.ids.shape[1], generator)
        first = torch.bincount(pool.ids[clip, times[0]].flatten(), minlength=2)
        objects = (first[1:] > SMALLEST * pool.ids[0, 0].numel()).nonzero().flatten() + 1
        if len(objects):
            frames.append(pool.frames[clip, times])
            masks.append(pool.ids[clip, times] == objects[_any(len(objects), generator)])
    return _mirrored(torch.stack(frames), torch.stack(masks), generator)


def _times(length: int, generator: torch.Generator) -> list[int]:
    to_next, further = (1 + _any(min(reach, (length - 1) // 2), generator) for reach in REACHES)
    start = _any(length - to_next - further, generator)
    times = [start, start + to_next, start + to_next + further]
    return times if _any(2, generator) else [length - 1 - t for t in times]


def _any(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (1,), generator=generator))


def _mirrored(frames: Tensor, masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    mirror = torch.rand(len(frames), generator=generator) < 0.5
    frames[mirror], masks[mirror] = frames[mirror].flip(-1), masks[mirror].flip(-1)
    return frames, masks


def _fresh(kind: Callable[[], nn.Module], generator: torch.Generator) -> nn.Module:
    """A net with random weights of the generator; torch's own state is as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
        return kind()


def _trained(net: nn.Module, loss: Callable[[float], Tensor], steps: int, rate: float) -> nn.Module:
    """AdamW with a rate that falls along a cosine."""
    optimizer = torch.optim.AdamW(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: (1 + math.cos(math.pi * t / steps)) / 2)
    net.train()
    for step in range(steps):
        optimizer.zero_grad()
        loss(step / steps).backward()
        optimizer.step()
        schedule.step()
    return net.eval()
