"""OnAVOS: a network that goes on learning while it watches the video.

[OnAVOS] P. Voigtlaender, B. Leibe: Online Adaptation of Convolutional Neural Networks for Video Object Segmentation. BMVC 2017.

Problem: a network fine-tuned on the first frame knows the object as it looked then. [OnAVOS] lets each frame teach it: pixels it is very
    sure of become positives, pixels far from the last mask negatives, and all between say nothing. The first frame is shown again and
    again meanwhile, since a network that learns from its own answers alone forgets what it was told.
Reading order: Guard, OnAVOSConfig; adaptation_targets, schedule; the presets; View; Run, one object's network; OnAVOS, the system.
Letters: B batch, K objects, H rows, W columns.
Departures:
    - A guard, not in the paper: where the object seems to grow or shrink more than twofold from one frame to the next, or hardly a
      pixel is sure, the frame teaches nothing, and only the first one is replayed. Without it one bad frame can lose the object for
      good. guard=None is the paper's.
    - Small networks take fewer and larger steps, and those on the current frame weigh more. The preset "drift" believes still more of
      it: every second step shows it, at full weight, a pixel is positive from 0.8 on, and a negative nearer by. On clips of sixteen
      frames in which an object becomes another one it follows where the paper's proportions hardly do; on real video it loses what it
      was taught.
    - Distance and erosion are in pixels at 480 rows and scaled to the video; the release has pixels.
    - Views show the whole frame, enlarged or reduced, where the release cuts a piece out: so an answer can be brought back.
    - Without the dense CRF at the end, and without Lucid pictures.
    - The network gives one logit for the object, the sigmoid of which is the published softmax of two.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vostutor.core.errors import SettingsError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_number, expect_prob, expect_span, expect_whole
from vostutor.core.shapes import expect
from vostutor.losses import bootstrapped_ce
from vostutor.nn.one_by_one import OneByOne, Told
from vostutor.ops.distance import distance_to
from vostutor.ops.masks import erode

FindTargets = Callable[..., Tensor]  # called as adaptation_targets is
ROWS = 480  # lengths are meant for videos of so many rows
GAMMA = 1.25  # views are darker or brighter by at most this exponent; own choice


def _expect_reach(least: float, **lengths: float) -> None:
    """Nothing, where each is a number from `least` on, which may be infinite."""
    for name, value in lengths.items():
        if value != inf:
            expect_number(least=least, **{name: value})


def _refuse(expected: str, got: str, try_this: str):
    raise SettingsError(expected=expected, got=got, try_this=try_this)


@dataclass(frozen=True)
class Guard:
    """When a frame is not to be trusted as a teacher; own choice, see Departures.

    largest_jump: how many times as large or as small as the last mask the object may be.
    fewest_positives: the least number of sure pixels, as a share of the last mask's.
    """

    largest_jump: float = 2.0
    fewest_positives: float = 0.1

    def __post_init__(self):
        _expect_reach(1, largest_jump=self.largest_jump)
        expect_number(fewest_positives=self.fewest_positives, try_this="fewest_positives=0.1")


@dataclass(frozen=True)
class OnAVOSConfig:
    """How much OnAVOS learns, and from which pixels; the defaults suit small networks on small frames.

    first_steps, first_rate: steps on the first frame, and their learning rate.
    online_steps, interval, online_rate: steps at each later frame. Every interval-th of them shows the current frame, the others the
        first one; interval=1 never replays the first frame.
    alpha: the probability above which a pixel is a positive; 1 gives none.
    distance: how far from the last mask a negative has to be, in pixels at 480 rows; infinite gives none.
    erosion: side of the square that shrinks the last mask before, in pixels at 480 rows; 0 leaves it.
    beta: weight of the loss on the current frame. fraction: the share of pixels that count in the loss, the worst.
    scales: the least and the largest scale of a view. views: how many are averaged for an answer; 1 is the frame as it is.
    """

    first_steps: int = 100
    first_rate: float = 3e-3
    online_steps: int = 5
    interval: int = 5
    online_rate: float = 2e-3
    alpha: float = 0.9
    distance: float = 220.0
    erosion: float = 15.0
    beta: float = 0.3
    fraction: float = 0.25
    scales: tuple[float, float] = (0.7, 1.3)
    views: int = 1
    guard: Guard | None = Guard()

    def __post_init__(self):
        expect_whole(first_steps=self.first_steps, online_steps=self.online_steps)
        expect_whole(least=1, interval=self.interval, views=self.views)
        expect_number(above=0, first_rate=self.first_rate, try_this="first_rate=3e-3")
        expect_number(above=0, online_rate=self.online_rate, try_this="online_rate=2e-3")
        expect_number(above=0, most=1, alpha=self.alpha, fraction=self.fraction)
        expect_number(erosion=self.erosion, beta=self.beta)
        expect_span(above=0, scales=self.scales)
        _expect_reach(0, distance=self.distance)
        if not isinstance(self.guard, Guard | None):
            _refuse("a Guard, or None for none", repr(self.guard), "guard=Guard()")

    def lengths(self, rows: int) -> tuple[float, int]:
        """Distance and side of the erosion, an odd number, in pixels of a video of so many rows.

        >>> OnAVOSConfig(distance=220).lengths(480), OnAVOSConfig(distance=220).lengths(96)
        ((220.0, 15), (44.0, 3))
        """
        return self.distance * rows / ROWS, 2 * max(0, round((self.erosion * rows / ROWS - 1) / 2)) + 1


PAPER = OnAVOSConfig(
    first_steps=50, first_rate=3e-6, online_steps=15, online_rate=1e-5, alpha=0.97, beta=0.05, views=10, guard=None
)
PRESETS = {
    "davis-2016": PAPER,
    # As released; the paper has alpha 0.99.
    "davis-2017": replace(PAPER, first_steps=500, online_rate=3e-5, distance=190.0),
    # Own choice, see Departures.
    "drift": OnAVOSConfig(online_steps=6, interval=2, alpha=0.8, distance=96.0, beta=1.0),
}
PROFILES = {"smoke": OnAVOSConfig(), "cpu": OnAVOSConfig(), "gpu": OnAVOSConfig(), "paper": PAPER}


def adaptation_targets(prob: Tensor, last_mask: Tensor, *, alpha: float, distance: float, erosion: int) -> Tensor:
    """What a frame can teach: 1 where the network is sure, 0 far from the last mask, void (255) between; far wins over sure.

    Confident background is no negative: where the network has lost a part of the object it is confident too, and would never be
    allowed to find it again. The last mask is shrunk first, so that a few stray pixels do not vouch for their surroundings. From a
    mask of which nothing is left nothing is far; then there is nothing to teach.

    Shapes: prob float (H,W) in [0,1], last_mask bool (H,W) -> int64 (H,W): 0, 1, 255.
    Units: distance in pixels; erosion is the side of a square in pixels, odd, 1 for none.
    Raises: ShapeError for other axes or types, numbers that are no probabilities or an even erosion, SettingsError for a distance
    below 0 or an alpha outside 0..1.
    Source: steps 1 to 3 of the online adaptation of [OnAVOS].
    >>> prob, last = torch.tensor([[0.99, 0.6, 0.2, 0.1, 0.99]]), torch.tensor([[True, False, False, False, False]])
    >>> adaptation_targets(prob, last, alpha=0.9, distance=2, erosion=1)
    tensor([[  1, 255, 255,   0,   0]])
    """
    expect("prob: H W, last_mask: H W", prob=prob, last_mask=last_mask, hint="one object's probability and mask")
    expect_prob(prob=prob)
    _expect_reach(0, distance=distance)
    expect_number(most=1, alpha=alpha)
    core, targets = erode(last_mask, erosion), torch.full(prob.shape, VOID, device=prob.device)
    if not core.any():
        return targets
    targets[prob > alpha] = 1
    targets[distance_to(core) > distance] = 0
    return targets


def schedule(online_steps: int, interval: int) -> list[Literal["current", "first"]]:
    """Which frame each of the online steps shows.

    Raises: SettingsError for a negative number of steps, an interval below 1, or fractions.
    Source: [OnAVOS]: 15 steps at interval 5 are 3 on the current frame and 12 on the first.
    >>> schedule(5, 3)
    ['current', 'first', 'first', 'current', 'first']
    """
    expect_whole(online_steps=online_steps, try_this="schedule(15, 5)")
    expect_whole(least=1, interval=interval, try_this="schedule(15, 5)")
    return ["first" if step % interval else "current" for step in range(online_steps)]


class View(NamedTuple):
    """A frame enlarged or reduced, mirrored, brighter or darker; an answer to it can be brought back."""

    size: tuple[int, int]
    mirrored: bool
    gamma: float

    @classmethod
    def draw(cls, size: tuple[int, int], scales: tuple[float, float], generator: torch.Generator) -> "View":
        """A random one, of a frame of that size. Source: augmentation of [OnAVOS]: gamma, flip, scale 0.7 to 1.3."""
        scale, side, light = torch.rand(3, generator=generator).tolist()
        scale = scales[0] + scale * (scales[1] - scales[0])
        return cls(tuple(max(1, round(scale * n)) for n in size), side < 0.5, GAMMA ** (2 * light - 1))

    def frame(self, frame: Tensor) -> Tensor:
        """Shapes: uint8 (3,H,W) -> float (1,3,h,w) in [0,1]."""
        shown = interpolate(frame[None].float() / 255, size=self.size, mode="bilinear", align_corners=False)
        return self._placed(shown) ** self.gamma

    def target(self, target: Tensor) -> Tensor:
        """Shapes: int64 (H,W) -> (1,h,w)."""
        return self._placed(interpolate(target[None, None].float(), size=self.size, mode="nearest-exact"))[0].long()

    def back(self, prob: Tensor, size: tuple[int, int]) -> Tensor:
        """What was answered to it, in the place of the frame. Shapes: (1,1,h,w) -> (H,W)."""
        return interpolate(self._placed(prob), size=size, mode="bilinear", align_corners=False)[0, 0]

    def _placed(self, picture: Tensor) -> Tensor:
        return picture.flip(-1) if self.mirrored else picture


class Run:
    """One object's network while it watches the video: a copy of the parent, which stays as it is.

    told: the frames whose mask is known and their targets. find_targets: called as `adaptation_targets` is.
    After a step `mask` bool (H,W) is the answer, `targets` what the frame had to teach, `trusted` whether it was allowed to.
    """

    def __init__(
        self,
        parent: nn.Module,
        told: Told,
        config: OnAVOSConfig,
        generator: torch.Generator,
        find_targets: FindTargets = adaptation_targets,
    ):
        self.network = deepcopy(parent).eval().requires_grad_()  # in evaluation mode batch norm stays frozen
        self.told, self.config, self.generator, self.find_targets = told, config, generator, find_targets
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.first_rate)
        self.mask, self.targets, self.trusted = told[-1][1] == 1, None, False
        for _ in range(config.first_steps):
            self.learn_told()
        for group in self.optimiser.param_groups:
            group["lr"] = config.online_rate

    def step(self, frame: Tensor) -> Tensor:
        """The object's probability in the next frame, after learning from it. Shapes: uint8 (3,H,W) -> float32 (H,W)."""
        prob, (distance, side) = self.posterior(frame), self.config.lengths(frame.shape[-2])
        self.targets = self.find_targets(prob, self.mask, alpha=self.config.alpha, distance=distance, erosion=side)
        expect("prob: H W, targets: H W", prob=prob, targets=self.targets, hint="targets: 0, 1 or 255 for each pixel")
        self.trusted = self.may_teach(prob)
        for shown in schedule(self.config.online_steps, self.config.interval):
            if shown == "first":
                self.learn_told()
            elif self.trusted:
                self.learn(frame, self.targets, self.config.beta)
        if self.config.online_steps:
            prob = self.posterior(frame)
        prob = torch.where(self.targets == 0, 0.0, prob)  # pruning: what is far cannot be the object
        self.mask = prob > 0.5
        return prob

    def may_teach(self, prob: Tensor) -> bool:
        """Whether the targets say anything and, with a guard, the object is about as large as in the last frame."""
        known, guard = bool((self.targets != VOID).any()), self.config.guard
        if guard is None:
            return known
        last, now = self.mask.sum().item(), ((prob > 0.5) & (self.targets != 0)).sum().item()
        alike = now <= guard.largest_jump * last and last <= guard.largest_jump * now
        return known and alike and (self.targets == 1).sum().item() >= guard.fewest_positives * last

    def learn_told(self) -> None:
        """A step on one of the frames whose mask was told."""
        self.learn(*self.told[int(torch.randint(len(self.told), (), generator=self.generator))])

    @torch.enable_grad()
    def learn(self, frame: Tensor, target: Tensor, weight: float = 1.0) -> None:
        """A step on a random view of a frame. Shapes: frame uint8 (3,H,W), target int64 (H,W)."""
        view = View.draw(frame.shape[-2:], self.config.scales, self.generator)
        loss = bootstrapped_ce(self.answer(view.frame(frame)), view.target(target), fraction=self.config.fraction)
        self.optimiser.zero_grad(set_to_none=True)
        (weight * loss).backward()
        self.optimiser.step()

    @torch.no_grad()
    def posterior(self, frame: Tensor) -> Tensor:
        """The object's probability as the network is now, the mean over views. Shapes: uint8 (3,H,W) -> float32 (H,W)."""
        if self.config.views == 1:
            return self.answer(frame[None].float() / 255).float().sigmoid()[0, 0]
        size, total = tuple(frame.shape[-2:]), 0.0
        for _ in range(self.config.views):
            view = View.draw(size, self.config.scales, self.generator)
            total = total + view.back(self.answer(view.frame(frame)).float().sigmoid(), size)
        return total / self.config.views

    def answer(self, frame: Tensor) -> Tensor:
        """The network's last logits, which are its answer. Shapes: (1,3,h,w) -> (1,1,h,w)."""
        logits = self.network(frame)[-1]
        expect("frame: B 3 H W, logits: B 1 H W", frame=frame, logits=logits, hint="a network returns a list of logits")
        return logits


class OnAVOS(OneByOne):
    """A Segmenter that adapts a network to each frame, a copy of it for each object. A new one for each video.

    network: the parent, frames float (B,3,H,W) in [0,1] -> list of logits (B,1,H,W), the last of which is the answer.
    targets: (prob, last_mask, alpha=, distance=, erosion=) -> what a frame teaches, such as a student's `adaptation_targets`.
    generator: what views are drawn with; seeded with 0 if left out, so that a video always has the same answer.
    A mask that is told later is replayed too. `runs` holds the run of each object, to look at what it learned from the last frame.

    >>> class Red(nn.Module):                                        # a network that takes red for the object
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.weight = nn.Parameter(torch.tensor(8.0))
    ...     def forward(self, frames):
    ...         return [self.weight * (frames[:, :1] - 0.5)]
    >>> frame = torch.tensor([0, 255, 0, 0], dtype=torch.uint8).expand(3, 1, 4)
    >>> system = OnAVOS(Red(), OnAVOSConfig(first_steps=2))
    >>> system.observe(frame, torch.tensor([[0, 7, 0, 0]]))
    >>> system.step(frame).argmax(0)
    tensor([[0, 1, 0, 0]])
    """

    def __init__(
        self,
        network: nn.Module,
        config: OnAVOSConfig = PROFILES["cpu"],
        *,
        targets: FindTargets = adaptation_targets,
        generator: torch.Generator | None = None,
    ):
        super().__init__(network, generator=generator)
        self.config, self.find_targets = config, targets

    def begin(self, told: Told, generator: torch.Generator) -> Run:
        return Run(self.network, told, self.config, generator, self.find_targets)
