"""OSVOS-S: OSVOS that knows what kind of thing it follows, and how many of them.

[OSVOS-S] K.-K. Maninis, S. Caelles et al.: Video Object Segmentation Without Temporal Information. PAMI 2018.
[OSVOS] S. Caelles, K.-K. Maninis et al.: One-Shot Video Object Segmentation. CVPR 2017.

Problem: a network that learned the object's looks from one frame does not know where the object ends when its looks change. [OSVOS-S]
    asks an instance segmenter what there is in the picture, keeps as many instances of as many kinds as the first mask had, and lets
    them decide, pixel by pixel, which of two classifiers to believe: one for inside an instance, one for outside. Where the instances
    are wrong the classifiers still look at the picture, and can recover.
Reading order: OSVOSSConfig; choose_instances, select_instances, propagate; smooth, conditional; with_two_heads; Run, OSVOSS, the system.
    nn/instances.py asks the segmenter of instances; data/instances.py has a stand-in for one.
Letters: B batch, N instances, K objects, H rows, W columns.
Departures:
    - The blend is one of logits, as the layer of [OSVOS-S] is; its derivation is one of probabilities. Between 0 and 1 of the prior
      they differ.
    - Both classifiers begin as copies of the parent's answer, and the parent is OSVOS's; published is a parent trained with both.
    - Every fourth frame in training is shown without a prior, and every fourth with one everywhere. The first frame alone shows the
      classifier for outside no object, and it would never recover one.
    - A network trained with balanced weights says one half too early, so a pixel is the object's from 0.7 on (threshold), in the first
      round and in the blend alike. OSVOS is stricter; with instances to lean on, strictness costs more than it gives.
    - Without contour recovery. Masks are snapped to whatever over-segmentation is passed in.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_floating, expect_number, expect_prob, expect_tensor, expect_whole
from vostutor.core.shapes import expect
from vostutor.data.augment import Augmentation, draw_change
from vostutor.data.foreground import change_masked
from vostutor.losses import balanced_bce
from vostutor.nn.instances import FindInstances, Instances, OnceAFrame, sure_instances
from vostutor.nn.one_by_one import OneByOne, Told
from vostutor.ops.objects import logit_of

ROWS = 480  # lengths are meant for videos of so many rows
FIRST_FRAME = Augmentation(
    mirror=0.5, zoom=(0.8, 1.25), turn=10, shift=0.1, contrast=(-0.15, 0.15), gain=(0.9, 1.1), gamma=(0.9, 1.1)
)


@dataclass(frozen=True)
class OSVOSSConfig:
    """How the network learns from the first frame, and how the prior is made.

    steps, batch, rate: of Adam. forget: the share of training frames shown without a prior, and that shown with one everywhere.
    sigma: how far the prior is smoothed, in pixels at 480 rows. least_score: instances below are not looked at. All own choices.
    """

    steps: int = 50
    batch: int = 4
    rate: float = 6e-3
    forget: float = 0.25
    sigma: float = 10.0
    least_score: float = 0.3

    def __post_init__(self):
        expect_whole(steps=self.steps)
        expect_whole(least=1, batch=self.batch)
        expect_number(above=0, rate=self.rate, try_this="rate=6e-3")
        expect_number(sigma=self.sigma)
        expect_number(most=0.5, forget=self.forget)
        expect_number(most=1, least_score=self.least_score)


PROFILES = {name: OSVOSSConfig() for name in ("smoke", "cpu", "gpu")} | {"paper": OSVOSSConfig(steps=2000)}


def choose_instances(masks: Tensor, mask: Tensor) -> list[int]:
    """The instances that together fit a true mask best: one after the other, whichever raises the overlap most, until none does.

    Shapes: masks bool (N,H,W), mask bool (H,W) -> numbers of masks, in the order of choice. Overlap is intersection over union.
    Raises: ShapeError for other axes or types.
    Source: semantic selection of [OSVOS-S], greedy.
    >>> choose_instances(torch.tensor([[[1, 1, 0, 0]], [[1, 1, 1, 1]], [[0, 0, 1, 0]]]).bool(), torch.tensor([[1, 1, 1, 0]]).bool())
    [1]
    """
    _check(masks, mask)
    chosen, best, union = [], 0.0, torch.zeros_like(mask)
    for _ in range(len(masks)):
        fits = overlaps(masks | union, mask)
        if fits.max().item() <= best:
            break
        best = fits.max().item()
        chosen.append(int(fits.argmax()))
        union = union | masks[chosen[-1]]
    return chosen


def select_instances(masks: Tensor, labels: Sequence[Hashable], mask: Tensor) -> dict[Hashable, int]:
    """How many instances of which label make up the object of a true mask; empty where none overlaps it.

    Shapes: masks bool (N,H,W), mask bool (H,W).
    Raises: ShapeError for other axes or types, or another number of labels.
    Source: semantic selection of [OSVOS-S]. That a label is wrong does no harm, as long as it stays wrong.
    >>> rider, horse = torch.tensor([[1, 0, 0, 0]]).bool(), torch.tensor([[0, 1, 1, 0]]).bool()
    >>> select_instances(torch.stack([rider, horse]), ["person", "horse"], rider | horse)
    {'horse': 1, 'person': 1}
    """
    _check(masks, mask, labels)
    return dict(Counter(labels[n] for n in choose_instances(masks, mask)))


def propagate(
    masks: Tensor, labels: Sequence[Hashable], first_round: Tensor, want: Mapping[Hashable, int]
) -> list[int]:
    """The instances of a later frame: of each label as many as are wanted, those that overlap the first estimate most.

    Shapes: masks bool (N,H,W), first_round bool (H,W) -> numbers of masks, ascending; one that does not overlap at all is left out.
    Raises: ShapeError for other axes or types, or another number of labels.
    Source: semantic propagation of [OSVOS-S].
    >>> masks = torch.tensor([[[1, 1, 0, 0]], [[0, 1, 1, 1]], [[0, 0, 0, 1]]]).bool()
    >>> propagate(masks, ["cow", "cow", "dog"], torch.tensor([[1, 1, 0, 0]]).bool(), {"cow": 1, "dog": 1})
    [0]
    """
    _check(masks, first_round, labels)
    fits = overlaps(masks, first_round).tolist()
    ranked = sorted((n for n in range(len(masks)) if fits[n] > 0), key=lambda n: -fits[n])
    kept = [[n for n in ranked if labels[n] == label][:count] for label, count in want.items()]
    return sorted(n for numbers in kept for n in numbers)


def overlaps(masks: Tensor, mask: Tensor) -> Tensor:
    """Intersection over union of each mask with one, 0 where both are empty. Shapes: bool (N,H,W), (H,W) -> float32 (N,).

    Raises: ShapeError for other axes or types.
    """
    _check(masks, mask)
    both, either = ((masks & mask).sum((1, 2)), (masks | mask).sum((1, 2)))
    return both / either.clamp(min=1)


def smooth(mask: Tensor, sigma: float) -> Tensor:
    """A mask blurred by a Gaussian; beyond the border it goes on as at the border. Shapes: (H,W) -> float32 (H,W) in [0,1].

    Units: sigma in pixels; 0 changes nothing.
    Raises: ShapeError for other axes, SettingsError for a sigma that is none.
    >>> smooth(torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0]]), sigma=0.5)
    tensor([[2.6387e-04, 1.0645e-01, 7.8657e-01, 1.0645e-01, 2.6387e-04]])
    """
    expect_tensor(mask=mask)
    expect("mask: H W", mask=mask, hint="one mask (H,W) at a time")
    expect_number(sigma=sigma, try_this="sigma=10 at 480 rows")
    reach, prior = int(4 * sigma + 0.5), mask.float()[None, None]
    offsets = torch.arange(-reach, reach + 1, device=mask.device)
    weights = torch.exp(-0.5 * (offsets / max(sigma, 1e-6)) ** 2)
    row = (weights / weights.sum())[None, None, None]
    for kernel, border in ((row, (reach, reach, 0, 0)), (row.mT, (0, 0, reach, reach))):
        prior = conv2d(pad(prior, border, mode="replicate"), kernel)
    return prior[0, 0].clamp(0, 1)


def conditional(inside: Tensor, outside: Tensor, prior: Tensor) -> Tensor:
    """What two classifiers say together: `inside` counts where the prior is 1, `outside` where it is 0, both between.

    Shapes: inside, outside, prior float (...), the prior in [0,1] -> the same. No gradient goes into the prior.
    Raises: ShapeError for other axes or types, or a prior that is no probability.
    Source: conditional classifier of [OSVOS-S], f_out = w f_1 + (1 - w) f_2.
    >>> conditional(torch.tensor([4.0, 4.0, 4.0]), torch.tensor([-2.0, -2.0, -2.0]), torch.tensor([1.0, 0.5, 0.0]))
    tensor([ 4.,  1., -2.])
    """
    expect_floating(inside=inside, outside=outside)
    expect_prob(prior=prior)
    for name, tensor in (("outside", outside), ("prior", prior)):
        if tensor.shape != inside.shape:
            raise ShapeError(
                expected=f"{name} of {tuple(inside.shape)}", got=f"{tuple(tensor.shape)}", try_this="one number a pixel"
            )
    weight = prior.detach()
    return weight * inside + (1 - weight) * outside


def with_two_heads(network: nn.Module) -> nn.Module:
    """A copy of a network of OSVOS whose last answer has three channels: the first round, the classifiers for inside and outside.

    All three are 1x1 convolutions of the same side maps, and begin as the one that was there.

    network: its last answer is the sum of `path.fuse`, a convolution, over its `paths`, and its `bias`, as in OSVOSNet.
    Raises: SettingsError for a network without them.
    """
    if not (hasattr(network, "paths") and hasattr(network, "bias")):
        raise SettingsError(
            expected="a network with side paths, each with a fuse", got=type(network).__name__, try_this="OSVOSNet()"
        )
    wide = deepcopy(network)
    for path in wide.paths:
        path.fuse.weight = nn.Parameter(path.fuse.weight.detach().repeat(3, 1, 1, 1))
        path.fuse.out_channels = 3
    wide.bias = nn.Parameter(wide.bias.detach().repeat(3).reshape(3, 1, 1))
    return wide


class Run:
    """One object: what it is made of, and a network that learned its looks. Frames are independent of each other.

    shift: taken off all logits. want: how many instances of which label. After a step `prior` float (H,W) is what the instances said.
    """

    def __init__(
        self, parent: nn.Module, told: Told, find: FindInstances, config: OSVOSSConfig, shift: float, generator: torch.Generator
    ):  # fmt: skip
        self.find, self.config, self.shift, self.prior = find, config, shift, None
        found = [self.instances(frame) for frame, _ in told]
        masks = [(target == 1, target == VOID) for _, target in told]
        self.want = select_instances(found[0].masks & ~masks[0][1], found[0].labels, masks[0][0])
        unions = [
            each.masks[choose_instances(each.masks & ~void, mask)].any(0)
            for each, (mask, void) in zip(found, masks, strict=True)
        ]
        self.network = with_two_heads(parent).train()
        self.learn([frame for frame, _ in told], masks, unions, generator)
        self.network.eval()

    def instances(self, frame: Tensor) -> Instances:
        """What the segmenter finds, without what it is unsure of."""
        return sure_instances(self.find, frame, self.config.least_score)

    @torch.enable_grad()
    def learn(
        self, frames: list[Tensor], masks: list[tuple[Tensor, Tensor]], unions: list[Tensor], generator: torch.Generator
    ):
        optimiser = torch.optim.Adam(self.network.parameters(), lr=self.config.rate)
        frames, union = torch.stack(frames).float() / 255, torch.stack(unions)
        mask, void = (torch.stack(each) for each in zip(*masks, strict=True))
        for _ in range(self.config.steps):
            n = torch.randint(len(frames), (self.config.batch,), generator=generator).to(frames.device)
            change = draw_change(generator, len(n), tuple(mask.shape[-2:]), FIRST_FRAME)
            shown = change_masked(frames[n], mask[n], change, void[n])
            unions_shown = change_masked(frames[n], union[n], change)["mask"]
            first, blend = self.answers(shown["frames"], self.unreliable(unions_shown, generator))
            truth = {"mask": shown["mask"], "void": shown["void"], "reduction": "mean"}
            loss = balanced_bce(first, **truth) + balanced_bce(blend, **truth)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

    def unreliable(self, unions: Tensor, generator: torch.Generator) -> Tensor:
        """Priors to learn with, some of them nowhere, some everywhere. Shapes: bool (B,H,W) -> float32 (B,1,H,W)."""
        chance = torch.rand(len(unions), generator=generator).tolist()
        priors = [self.smoothed(union) for union in unions]
        for k, (prior, drawn) in enumerate(zip(priors, chance, strict=True)):
            if drawn < 2 * self.config.forget:
                priors[k] = torch.full_like(prior, float(drawn < self.config.forget))
        return torch.stack(priors)[:, None]

    def smoothed(self, union: Tensor) -> Tensor:
        return smooth(union, self.config.sigma * union.shape[-2] / ROWS)

    def answers(self, frames: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the first round and of the blend. Shapes: frames float (B,3,H,W), prior (B,1,H,W) -> (B,1,H,W) each."""
        first, inside, outside = self.network(frames)[-1].split(1, dim=1)
        return first, conditional(inside, outside, prior)

    @torch.no_grad()
    def step(self, frame: Tensor) -> Tensor:
        """The object's probability in a frame. Shapes: uint8 (3,H,W) -> float32 (H,W)."""
        first, inside, outside = self.network(frame[None].float() / 255)[-1][0].float() - self.shift
        found = self.instances(frame)
        chosen = propagate(found.masks, found.labels, first > 0, self.want)
        self.prior = self.smoothed(found.masks[chosen].any(0))
        return conditional(inside, outside, self.prior).sigmoid()


class OSVOSS(OneByOne):
    """A Segmenter that lets instances decide which of two classifiers to believe. A new one for each video.

    network: the parent, an OSVOSNet, never changed. instances: frame uint8 (3,H,W) -> (masks bool (N,H,W), labels, scores), such as
    noisy_instances(clip). threshold: how probable the network must say an object is, for a pixel to go to it; probabilities are moved so
    that it becomes 1/2. superpixels, generator: as in OneByOne.
    """

    def __init__(
        self,
        network: nn.Module,
        instances: FindInstances,
        config: OSVOSSConfig = PROFILES["cpu"],
        *,
        threshold: float = 0.7,
        superpixels: Callable[[Tensor], Tensor] | None = None,
        generator: torch.Generator | None = None,
    ):
        super().__init__(network, superpixels=superpixels, generator=generator)
        self.instances, self.config, self.shift = OnceAFrame(instances), config, logit_of(threshold)

    def begin(self, told: Told, generator: torch.Generator) -> Run:
        return Run(self.network, told, self.instances, self.config, self.shift, generator)


def _check(masks: Tensor, mask: Tensor, labels: Sequence[Hashable] | None = None) -> None:
    expect_tensor(masks=masks, mask=mask)
    expect(
        "masks: N H W, mask: H W", masks=masks, mask=mask, hint="the masks of all instances, and one to compare with"
    )
    if masks.dtype != torch.bool or mask.dtype != torch.bool:
        raise ShapeError(expected="masks of bool", got=f"{masks.dtype}, {mask.dtype}", try_this="mask > 0.5")
    if labels is not None and len(labels) != len(masks):
        raise ShapeError(expected=f"{len(masks)} labels", got=f"{len(labels)}", try_this="one label for each mask")
