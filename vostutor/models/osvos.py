"""OSVOS: learn what an object is, then learn one object from one frame.

[OSVOS] S. Caelles, K.-K. Maninis et al.: One-Shot Video Object Segmentation. CVPR 2017.
[HED] S. Xie, Z. Tu: Holistically-Nested Edge Detection. ICCV 2015.
[OnAVOS17] P. Voigtlaender, B. Leibe: Online Adaptation for the 2017 DAVIS Challenge. 2017.

Problem: a network that has seen many videos knows what objects look like, but not which one is meant. [OSVOS] tells it by training it
    further on the first frame, for this video alone. Every frame is then segmented by itself: nothing is carried along, so nothing
    drifts, and what was hidden is found again.
Reading order: OSVOSConfig and PROFILES; stage, SidePath, OSVOSNet; take_imagenet_weights (the base network), objective (the parent),
    finetune (the test network); Run, OSVOS, which do it all for a video. Several objects, and snapping, are in nn/one_by_one.py.
Letters: B batch, H rows, W columns, K objects, N annotated frames, s stride of a side path, k size of its kernel.
Departures:
    - Frames are normalised for torchvision's weights, not for Caffe's. The optimiser is Adam on the mean loss of a pixel, with one rate
      for all layers; published is SGD at 1e-8 on the sum, other rates for biases and scores, and the mean gradient of 5 or 10 frames.
    - Scores are taken before a side map is enlarged and not after. Both are linear and the enlarging treats all channels alike, so the
      order does not change the answer, and one channel is enlarged where there were 16.
    - The small profiles halve the size by strides, already in the first stage, and normalise over groups. In gpu a side map also reads
      the next coarser one (refined=True), which the published side paths do not; on a laptop it cost more and was no better.
    - A network trained with balanced weights says one half too early, so a pixel is the object's from 0.9 on (threshold).
    - Nothing is shared by several objects: the whole network is trained for each. How they are merged is [OnAVOS17]'s.
    - The contour branch is not here: masks are snapped to whatever over-segmentation is passed in, such as slic.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vostutor.core.errors import DataError, SettingsError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_mask, expect_number, expect_tensor, expect_whole
from vostutor.core.shapes import expect
from vostutor.data.augment import Augmentation, draw_change
from vostutor.data.foreground import change_masked
from vostutor.losses import balanced_bce
from vostutor.nn.imagenet import vgg16_convolutions
from vostutor.nn.one_by_one import OneByOne, Told
from vostutor.ops.objects import logit_of
from vostutor.ops.upsampling import upsample_crop

RGB_MEAN, RGB_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision has them
GROUPS = 8
BRIGHTEST = 2.0  # no frame in [0,1] comes near it, however it was changed; one in 0..255 that is not black does
FIRST_FRAME = Augmentation(  # what one annotated frame is shown as
    mirror=0.5, zoom=(0.8, 1.25), turn=10, shift=0.1, contrast=(-0.15, 0.15), gain=(0.9, 1.1), gamma=(0.9, 1.1), brightness=0.03,
)  # fmt: skip


@dataclass(frozen=True)
class OSVOSConfig:
    """The shape of a network; the defaults are the published one, VGG-16 without its classifier.

    channels, convs: of each stage, the finest first.
    sides: channels of the side maps, one for each of the last stages, the finest first.
    small: stages begin with a stride and groups are normalised, instead of pooling (see Departures).
    refined: a side map reads the next coarser one as well.
    """

    channels: tuple[int, ...] = (64, 128, 256, 512, 512)
    convs: tuple[int, ...] = (2, 2, 3, 3, 3)
    sides: tuple[int, ...] = (16, 16, 16, 16)
    small: bool = False
    refined: bool = False

    def __post_init__(self):
        for name in ("channels", "convs", "sides"):
            if not isinstance(getattr(self, name), tuple | list):
                _refuse(f"{name}: a tuple of whole numbers", repr(getattr(self, name)))
            each = {f"{name}[{k}]": number for k, number in enumerate(getattr(self, name))}
            expect_whole(least=1, try_this="OSVOSConfig(), as published", **each)
        if len(self.convs) != len(self.channels) or not 1 <= len(self.sides) <= len(self.channels):
            _refuse(
                f"convs for {len(self.channels)} stages and sides for at most as many",
                f"{len(self.convs)} convs, {len(self.sides)} sides",
            )
        normalised = (*(self.channels if self.small else ()), *(self.sides if self.refined else ()))
        if any(width % GROUPS for width in normalised):
            _refuse(f"channels that are multiples of {GROUPS}, the groups that are normalised", f"{normalised}")

    @property
    def strides(self) -> tuple[int, ...]:
        """How much smaller than the frame each side map is: 2, 4, 8, 16 as published."""
        return tuple(2 ** (k + self.small) for k in range(len(self.channels)))[-len(self.sides) :]


def _refuse(expected: str, got: str, try_this: str = "OSVOSConfig(), as published"):
    raise SettingsError(expected=expected, got=got, try_this=try_this)


SMALL = OSVOSConfig(channels=(16, 32, 48, 64), convs=(1, 2, 3, 3), small=True)
PROFILES = {
    "smoke": SMALL,
    "cpu": SMALL,
    "gpu": OSVOSConfig(
        channels=(32, 64, 96, 128, 192), convs=(1, 2, 2, 3, 3), sides=(32, 48, 64, 96, 128), small=True, refined=True
    ),
    "paper": OSVOSConfig(),
}


def convolution(entering: int, leaving: int, stride: int = 1, *, small: bool = False) -> nn.Sequential:
    """A 3x3 convolution and a ReLU; between them groups are normalised, in the small profiles."""
    norm = [nn.GroupNorm(GROUPS, leaving)] if small else []
    return nn.Sequential(nn.Conv2d(entering, leaving, 3, stride, 1, bias=not small), *norm, nn.ReLU(inplace=True))


def stage(entering: int, leaving: int, convs: int, *, halve: bool, small: bool) -> nn.Sequential:
    """Some convolutions, at half the size where `halve` says so, rounded up. Shapes: (B,C,H,W) -> (B,C',ceil(H/2),ceil(W/2))."""
    pool = [nn.MaxPool2d(2, 2, ceil_mode=True)] if halve and not small else []
    first = convolution(entering, leaving, 1 + (halve and small), small=small)
    return nn.Sequential(*pool, first, *(convolution(leaving, leaving, small=small) for _ in range(convs - 1)))


class SidePath(nn.Module):
    """What one stage says about the mask: a side map, its own score for deep supervision, and its share of the fused answer.

    Shapes: features (B,C,h,w), of the stage and perhaps the next coarser side map -> side map (B,side,h,w), scores (B,2,h,w).
    """

    def __init__(self, entering: int, side: int, refined: bool):
        super().__init__()
        self.side = convolution(entering, side, small=True) if refined else nn.Conv2d(entering, side, 3, padding=1)
        self.score = nn.Conv2d(side, 1, 1)
        self.fuse = nn.Conv2d(side, 1, 1, bias=False)  # this path's part of the 1x1 convolution of all side maps

    def forward(self, *features: Tensor) -> tuple[Tensor, Tensor]:
        side = self.side(torch.cat(features, dim=1))
        return side, torch.cat([self.score(side), self.fuse(side)], dim=1)


class OSVOSNet(nn.Module):
    """Where the object is: logits of every side path, and last those of their fusion.

    Shapes: frames float (B,3,H,W), RGB in [0,1] -> (B,1,H,W) each, whatever H and W.
    Raises: ShapeError for other axes or types, or frames in 0..255.
    >>> [tuple(logits.shape) for logits in OSVOSNet(PROFILES["cpu"])(torch.zeros(1, 3, 33, 47))] == [(1, 1, 33, 47)] * 5
    True
    """

    def __init__(self, config: OSVOSConfig = PROFILES["cpu"], *, generator: torch.Generator | None = None):
        super().__init__()
        self.config, small = config, config.small
        widths = enumerate(zip((3, *config.channels), config.channels, config.convs, strict=False))
        self.stages = nn.ModuleList(stage(*three, halve=small or k > 0, small=small) for k, three in widths)
        coarser = (*config.sides[1:], 0) if config.refined else (0,) * len(config.sides)
        entering = zip(config.channels[-len(config.sides) :], coarser, config.sides, strict=True)
        self.paths = nn.ModuleList(SidePath(a + b, side, config.refined) for a, b, side in entering)
        self.bias = nn.Parameter(torch.zeros(1))  # of the fusion: 65 = 4 x 16 + 1 as published
        self.register_buffer("mean", torch.tensor(RGB_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(RGB_DEVIATION).reshape(3, 1, 1), persistent=False)
        self.begin(generator)

    def forward(self, frames: Tensor) -> list[Tensor]:
        expect_tensor(frames=frames)
        expect("frames: B 3 H W", frames=frames, hint="a batch of RGB frames; frame[None] adds the batch")
        if not frames.is_floating_point():
            raise ShapeError(expected="frames in [0,1]", got=f"{frames.dtype}", try_this="frames / 255")
        if frames.numel() and frames.detach().amax() > BRIGHTEST:
            raise ShapeError(expected="frames in [0,1]", got=f"up to {frames.amax():g}", try_this="frames / 255")
        x, features = (frames - self.mean) / self.deviation, []
        for layers in self.stages:
            x = layers(x)
            features.append(x)
        entering, side, full = features[-len(self.paths) :], None, []
        for k in reversed(range(len(self.paths))):  # the coarsest first, since a finer path may read it
            reads = self.config.refined and side is not None
            coarser = [upsample_crop(side, 2, entering[k].shape[-2:])] if reads else []
            side, scores = self.paths[k](entering[k], *coarser)
            full.insert(0, upsample_crop(scores, self.config.strides[k], frames.shape[-2:]))
        return [scores[:, :1] for scores in full] + [sum(scores[:, 1:] for scores in full) + self.bias]

    def begin(self, generator: torch.Generator | None) -> None:
        """Fresh weights: Kaiming's for whatever a ReLU follows, a deviation of 0.001 for side maps and scores, biases of zero."""
        followed = {id(m[0]) for m in self.modules() if isinstance(m, nn.Sequential) and isinstance(m[-1], nn.ReLU)}
        for layer in (m for m in self.modules() if isinstance(m, nn.Conv2d)):
            if id(layer) in followed:
                nn.init.kaiming_normal_(layer.weight, generator=generator)
            else:
                nn.init.normal_(layer.weight, std=0.001, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def take_imagenet_weights(net: OSVOSNet) -> OSVOSNet:
    """The base network: the same net, with its stages as torchvision's VGG-16 left ImageNet; from the local cache.

    Raises: SettingsError for a net that is no VGG-16, DataError where the weights are not in the cache.
    """
    if net.config != PROFILES["paper"]:
        raise SettingsError(expected="the paper profile, VGG-16", got=f"{net.config}", try_this='PROFILES["paper"]')
    layers = [layer for layer in net.stages.modules() if isinstance(layer, nn.Conv2d)]
    for layer, weights in zip(layers, vgg16_convolutions(), strict=True):
        layer.load_state_dict(weights)
    return net


def objective(model: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    """What parent training makes small: the loss of the fused answer, and those of the side paths, which fade out.

    Shapes: batch holds frames float (B,3,H,W) in [0,1], mask bool (B,H,W), progress (B,) from 0 to 1, perhaps void bool (B,H,W).
    Source: (1 - e/E) sum of side losses + fused loss, in epoch e of E, of the released PyTorch code of [OSVOS].
    """
    truth = {"mask": batch["mask"], "void": batch.get("void"), "reduction": "mean"}
    *sides, fused = (balanced_bce(logits, **truth) for logits in model(batch["frames"]))
    return (1 - batch["progress"].mean()) * sum(sides) + fused


@torch.enable_grad()
def finetune(
    parent: nn.Module,
    frames: Tensor,
    masks: Tensor,
    *,
    generator: torch.Generator,
    void: Tensor | None = None,
    steps: int = 50,
    batch: int = 4,
    rate: float = 6e-3,
    augmentation: Augmentation = FIRST_FRAME,
    watch: Callable[[int, nn.Module], None] | None = None,
) -> nn.Module:
    """A copy of the parent that has learned the object of some annotated frames; the parent stays as it is.

    watch: called after each step with its number, from 1, and the network, to look at it or to stop by raising.

    Shapes: frames uint8 (N,3,H,W), masks bool (N,H,W), void bool (N,H,W), pixels that nobody annotated.
    Units: steps of Adam with this rate, each on a batch of changed frames.
    Raises: ShapeError for other axes or types, DataError where no known pixel is the object's, SettingsError for steps, a batch, rate
    or generator that are none, or a network without weights.
    Source: online training of [OSVOS]: the fused loss alone.
    """
    _check_annotated(frames, masks, void)
    _check_learning(parent, generator, steps, batch, rate)
    device = next(parent.parameters()).device
    void = torch.zeros_like(masks) if void is None else void
    frames, masks, void = frames.to(device).float() / 255, masks.to(device), void.to(device)
    net = deepcopy(parent).train()
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    for step in range(steps):
        n = torch.randint(len(frames), (batch,), generator=generator).to(device)
        change = draw_change(generator, batch, tuple(masks.shape[-2:]), augmentation)
        shown = change_masked(frames[n], masks[n], change, void[n])
        loss = balanced_bce(net(shown["frames"])[-1], shown["mask"], void=shown["void"], reduction="mean")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if watch is not None:
            watch(step + 1, net)
    return net.eval()


def _check_annotated(frames: Tensor, masks: Tensor, void: Tensor | None) -> None:
    told = {"frames": frames, "masks": masks, "void": masks if void is None else void}
    expect_tensor(**told)
    hint = "frame[None] and mask[None] for one frame"
    expect("frames: N 3 H W, masks: N H W, void: N H W", hint=hint, **told)
    if frames.dtype != torch.uint8 or masks.dtype != torch.bool or not len(frames):
        raise ShapeError(
            expected="one frame of uint8 or more, with masks of bool",
            got=f"{len(frames)} of {frames.dtype}, masks of {masks.dtype}",
            try_this="finetune(parent, frame[None], (ids == 1)[None], generator=generator)",
        )
    if void is not None:
        expect_mask(void=void)
    if not (masks if void is None else masks & ~void.to(masks.device)).any():
        raise DataError(
            expected="at least one known pixel of the object to learn from",
            got=f"none in {len(masks)} masks; {int(masks.sum())} of the object's pixels are void",
            try_this="a frame in which the object shows, and ids == its number",
        )


def _check_learning(parent: nn.Module, generator: torch.Generator, steps: int, batch: int, rate: float) -> None:
    if not isinstance(parent, nn.Module) or next(parent.parameters(), None) is None:
        _refuse("parent: a network with weights that can learn", type(parent).__name__, 'OSVOSNet(PROFILES["cpu"])')
    if not isinstance(generator, torch.Generator):
        _refuse("generator: a torch.Generator", type(generator).__name__, "generator=torch.Generator().manual_seed(0)")
    expect_whole(steps=steps, try_this="steps=50")
    expect_whole(least=1, batch=batch, try_this="batch=4")
    expect_number(above=0, rate=rate, try_this="rate=6e-3")


class Run:
    """One object: a network that has learned its looks. Frames are independent of each other."""

    def __init__(self, network: nn.Module, shift: float):
        self.network, self.shift = network, shift

    @torch.no_grad()
    def step(self, frame: Tensor) -> Tensor:
        """The object's probability in a frame. Shapes: uint8 (3,H,W) -> float32 (H,W)."""
        return (self.network(frame[None].float() / 255)[-1][0, 0].float() - self.shift).sigmoid()


class OSVOS(OneByOne):
    """A Segmenter: for each object a copy of the parent, trained on the frames where it was annotated; a frame at a time, in any order.

    finetune: (parent, frames, masks, generator=, void=) -> network; `finetune` of this file, or partial(finetune, steps=200).
    threshold: how probable a network must say an object is, for a pixel to go to it; probabilities are moved so that it becomes 1/2.
    superpixels, generator: as in OneByOne.
    """

    def __init__(
        self,
        parent: nn.Module,
        *,
        finetune: Callable[..., nn.Module] = finetune,
        threshold: float = 0.9,
        superpixels: Callable[[Tensor], Tensor] | None = None,
        generator: torch.Generator | None = None,
    ):
        super().__init__(parent, superpixels=superpixels, generator=generator)
        self.finetune, self.shift = finetune, logit_of(threshold)

    def begin(self, told: Told, generator: torch.Generator) -> Run:
        frames, targets = (torch.stack(each) for each in zip(*told, strict=True))
        network = self.finetune(self.network, frames, targets == 1, generator=generator, void=targets == VOID)
        if not isinstance(network, nn.Module):
            _refuse("finetune(parent, ...) -> a network", type(network).__name__, "return net, at the end of finetune")
        return Run(network, self.shift)
