"""FlowNetS and FlowNetC: optical flow as one pass through a network.

[FlowNet] A. Dosovitskiy et al.: FlowNet: Learning Optical Flow with Convolutional Networks. ICCV 2015.

Problem: to find where every pixel went, earlier methods solved an optimisation for each pair of frames. [FlowNet] learns it from
    synthetic pairs: FlowNetS stacks the frames and leaves everything to the convolutions; FlowNetC gives both frames the same stem
    and compares their features with a layer that has nothing to learn, the correlation.
Reading order: FlowNetConfig and PROFILES; Stem, Contracting, Refinement; FlowNetS; CostVolume, FlowNetC; objective.
Letters: B batch, H rows, W columns; level l is a resolution of 1/2**l.
Departures:
    - cost="softmax" is not in the paper. The features have length one, and a softmax over the displacements turns the comparisons
      into the share that each displacement has. In the small profiles the literal networks answer zero for the first hundreds of
      steps; this one leaves that plateau at once (data/claims/01.json holds the curves). cost="raw" is the paper's.
    - The small profiles are narrower, have fewer levels, and compare at 1/4 instead of 1/8 of the resolution (joined_at=2), since
      things that move by three pixels do not move at all at 1/8.
    - forward returns the predictions of all levels, finest first, in training and evaluation alike; `flow` is for inference.
    - A correlation is a mean over channels, as in the released Caffe layer; the paper's equation has a sum.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize, pad

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ranges import expect_floating, expect_number, expect_unit, expect_whole
from vostutor.core.shapes import expect
from vostutor.losses import multiscale_epe
from vostutor.ops.cost_volume import correlation

RGB_MEAN = (0.45, 0.432, 0.411)  # of FlyingChairs, frames in [0,1]
FINEST = 2  # refining beyond 1/4 of the resolution was not worth it in [FlowNet]
STEM_KERNELS = (7, 5, 5)


@dataclass(frozen=True)
class FlowNetConfig:
    """The shape of a FlowNet; the defaults are the released networks.

    channels: of conv1, conv2, ...: one for each level; the last is the coarsest.
    deconv: channels of the deconvolutions, coarsest first, one for each step from there to level 2.
    joined_at: the level where FlowNetC compares the frames; from there on every level has two convolutions.
    redirected: channels of frame 1 that pass by the correlation.
    max_displacement, stride2: reach and step of the comparison, in pixels of level joined_at: 20 at 1/8 is 160 pixels of the frame.
    cost: "raw" as published, or "softmax" (see Departures).
    div_flow: the network predicts pixels / div_flow.
    """

    channels: tuple[int, ...] = (64, 128, 256, 512, 512, 1024)
    deconv: tuple[int, ...] = (512, 256, 128, 64)
    joined_at: int = 3
    redirected: int = 32
    max_displacement: int = 20
    stride2: int = 2
    cost: str = "raw"
    div_flow: float = 20.0

    def __post_init__(self):
        for width in self.channels:
            expect_whole(least=1, channels=width)
        for width in self.deconv:
            expect_whole(least=1, deconv=width)
        expect_whole(least=0, max_displacement=self.max_displacement)
        expect_whole(least=1, stride2=self.stride2, joined_at=self.joined_at, redirected=self.redirected)
        expect_number(above=0, div_flow=self.div_flow, try_this="div_flow=20")
        if self.cost not in ("raw", "softmax"):
            _refuse("cost 'raw' or 'softmax'", repr(self.cost), "cost='softmax' to learn on a laptop")
        if not FINEST <= self.joined_at <= min(len(STEM_KERNELS), len(self.channels) - 1):
            _refuse("joined_at 2 or 3, above the coarsest level", f"{self.joined_at}", "joined_at=3, as published")
        if len(self.deconv) != len(self.channels) - FINEST:
            _refuse(
                f"{len(self.channels) - FINEST} deconv channels",
                f"{len(self.deconv)}",
                "one for each level below the last",
            )

    @property
    def displacements(self) -> int:
        """How many displacements are compared: 441 = 21 x 21 as published."""
        return (2 * (self.max_displacement // self.stride2) + 1) ** 2


def _refuse(expected: str, got: str, try_this: str):
    raise SettingsError(expected=expected, got=got, try_this=try_this)


SMALL = FlowNetConfig(
    channels=(24, 48, 64, 96), deconv=(48, 32), joined_at=2, redirected=16, max_displacement=4, stride2=1
)
PROFILES = {
    "smoke": SMALL,
    "cpu": SMALL,
    "gpu": FlowNetConfig(
        channels=(32, 64, 96, 128, 128), deconv=(96, 64, 48), joined_at=2, redirected=32, max_displacement=6, stride2=1
    ),
    "paper": FlowNetConfig(),
}


def convolution(entering: int, leaving: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (or halves it, rounding up), and a leaky ReLU."""
    return nn.Sequential(nn.Conv2d(entering, leaving, kernel, stride, (kernel - 1) // 2), nn.LeakyReLU(0.1))


class Stem(nn.ModuleList):
    """conv1, conv2, conv3: wide kernels, each halving the resolution. Shapes: (B,C,H,W) -> one feature map for each level from 1."""

    def __init__(self, entering: int, channels: tuple[int, ...]):
        steps = zip(pairwise((entering, *channels)), STEM_KERNELS, strict=False)
        super().__init__(convolution(a, b, kernel, stride=2) for (a, b), kernel in steps)

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for layer in self:
            x = layer(x)
            features.append(x)
        return features


class Contracting(nn.Module):
    """conv3_1 to conv6_1: one convolution where it begins, then two for each level, the first of which halves the resolution.

    Shapes: (B,C,h,w) -> one feature map for each level, from that of the input to the coarsest.
    """

    def __init__(self, entering: int, channels: tuple[int, ...]):
        super().__init__()
        self.first = convolution(entering, channels[0], 3)
        self.levels = nn.ModuleList(
            nn.Sequential(convolution(a, b, 3, stride=2), convolution(b, b, 3)) for a, b in pairwise(channels)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        features = [self.first(x)]
        for level in self.levels:
            features.append(level(features[-1]))
        return features


class RefinementStep(nn.Module):
    """One level finer: predict the flow, carry prediction and features up, put the encoder's features beside them."""

    def __init__(self, entering: int, deconv: int):
        super().__init__()
        self.predict_flow = nn.Conv2d(entering, 2, 3, padding=1)
        self.upsample_flow = nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1)  # learned, and linear
        self.deconv = nn.Sequential(nn.ConvTranspose2d(entering, deconv, 4, stride=2, padding=1), nn.LeakyReLU(0.1))

    def forward(self, x: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        flow = self.predict_flow(x)
        height, width = skip.shape[-2:]  # a level of 109 rows comes from one of 55: 2 x 55 is one too many, the last
        finer = [
            layer(entering)[..., :height, :width] for layer, entering in ((self.deconv, x), (self.upsample_flow, flow))
        ]
        return flow, torch.cat([skip, *finer], dim=1)


class Refinement(nn.Module):
    """From the coarsest level back to level 2, with a prediction at each. Shapes: features, coarsest last -> flows, finest first."""

    def __init__(self, channels: tuple[int, ...], deconv: tuple[int, ...]):
        super().__init__()
        entering, steps = channels[-1], []
        for skip, width in zip(reversed(channels[:-1]), deconv, strict=True):
            steps.append(RefinementStep(entering, width))
            entering = skip + width + 2  # 1026 = 512 of conv5_1 + 512 of deconv5 + 2 of the flow
        self.steps = nn.ModuleList(steps)
        self.predict_flow = nn.Conv2d(entering, 2, 3, padding=1)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        x, flows = features[-1], []
        for step, skip in zip(self.steps, reversed(features[:-1]), strict=True):
            flow, x = step(x, skip)
            flows.append(flow)
        return [self.predict_flow(x), *reversed(flows)]


class FlowNet(nn.Module):
    """What both networks share: how frames go in, how a flow of full resolution comes out, how weights begin."""

    def __init__(self, config: FlowNetConfig, frames: int, joined: int):
        super().__init__()
        self.config = config
        channels, at = config.channels, config.joined_at
        self.stem = Stem(3 * frames, channels[:at])
        self.contracting = Contracting(joined, channels[at - 1 :])
        self.refinement = Refinement(channels[FINEST - 1 :], config.deconv)
        self.register_buffer("mean", torch.tensor(RGB_MEAN).reshape(3, 1, 1), persistent=False)

    def encode(self, frame1: Tensor, frame2: Tensor) -> list[Tensor]:
        """The features of every level from 1. Here FlowNetS and FlowNetC differ, and only here."""
        raise NotImplementedError

    def forward(self, frame1: Tensor, frame2: Tensor) -> list[Tensor]:
        """The flow from frame 1 to frame 2 at every level: flow2, flow3, ...

        Shapes: frames float (B,3,H,W), RGB in [0,1] -> (B,2,h,w) each, finest first; h = ceil(H / 2**l).
        Units: pixels of the full resolution / div_flow at every level, x then y.
        Raises: ShapeError for other axes, types or devices. What the numbers are is not looked at, since a GPU would wait for it.
        """
        _check_frames(frame1, frame2, self.mean)
        return self.refinement(self.encode(frame1 - self.mean, frame2 - self.mean)[FINEST - 1 :])

    @torch.no_grad()
    def flow(self, frame1: Tensor, frame2: Tensor) -> Tensor:
        """The flow from frame 1 to frame 2 at full resolution, for inference: no gradient.

        The frames grow at the bottom and the right to a multiple of the coarsest pixel, so that every level fits; level 2 is
        enlarged four times, multiplied by div_flow (not by four: every level predicts pixels of the frame) and cut to size.

        Shapes: frames float (B,3,H,W), RGB in [0,1] -> float32 (B,2,H,W).
        Units: pixels, x then y.
        Raises: ShapeError for other axes, types or devices, and for frames beyond [0,1].
        """
        _check_frames(frame1, frame2, self.mean)
        expect_unit(frame1=frame1, frame2=frame2)
        (height, width), coarsest = frame1.shape[-2:], 2 ** len(self.config.channels)
        more = (0, -width % coarsest, 0, -height % coarsest)
        finest = self(*(pad(frame, more, mode="replicate") for frame in (frame1, frame2)))[0].float()
        full = interpolate(finest, scale_factor=2**FINEST, mode="bilinear", align_corners=False)
        return full[..., :height, :width] * self.config.div_flow

    def begin(self, generator: torch.Generator | None) -> None:
        """Fresh weights: Kaiming's for the leaky ReLU, and biases of zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight, a=0.1, generator=generator)
                nn.init.zeros_(layer.bias)


def _check_frames(frame1: Tensor, frame2: Tensor, weights: Tensor) -> None:
    expect("frame1: B 3 H W, frame2: B 3 H W", frame1=frame1, frame2=frame2, hint="two batches of one size")
    expect_floating(frame1=frame1, frame2=frame2, try_this="frame / 255")
    for frame in (frame1, frame2):
        if frame.device != weights.device or torch.promote_types(frame.dtype, weights.dtype) != weights.dtype:
            raise ShapeError(
                expected=f"frames that fit the network: {weights.dtype} on {weights.device}",
                got=f"{frame.dtype} on {frame.device}",
                try_this="frame.to(next(model.parameters()))",
            )


class FlowNetS(FlowNet):
    """FlowNetSimple: both frames in one stack of six channels."""

    def __init__(self, config: FlowNetConfig = PROFILES["cpu"], *, generator: torch.Generator | None = None):
        super().__init__(config, frames=2, joined=config.channels[config.joined_at - 1])
        self.begin(generator)

    def encode(self, frame1: Tensor, frame2: Tensor) -> list[Tensor]:
        features = self.stem(torch.cat([frame1, frame2], dim=1))
        return features[:-1] + self.contracting(features[-1])


class CostVolume(nn.Module):
    """How well each place of frame 1 fits every place around it in frame 2. Shapes: two (B,C,h,w) -> (B,displacements,h,w)."""

    def __init__(self, config: FlowNetConfig, correlation: Callable[..., Tensor]):
        super().__init__()
        self.config, self.correlation = config, correlation
        if config.cost == "softmax":
            self.log_scale = nn.Parameter(torch.tensor(log(10.0)))  # how decided the softmax is, learned

    def forward(self, features1: Tensor, features2: Tensor) -> Tensor:
        reach = {"max_displacement": self.config.max_displacement, "stride2": self.config.stride2}
        if self.config.cost == "raw":
            return nn.functional.leaky_relu(self.correlation(features1, features2, **reach), 0.1)
        directions = (normalize(features.float(), dim=1) for features in (features1, features2))
        cosine = self.correlation(*directions, **reach) * features1.shape[1]  # a mean over channels, times their number
        return (cosine.float() * self.log_scale.exp()).softmax(dim=1)


class FlowNetC(FlowNet):
    """FlowNetCorr: the same stem for each frame, then their correlation beside a little of frame 1.

    correlation: (features1, features2, max_displacement=, stride2=) -> (B,displacements,h,w), a mean over channels; the one of
        ops/cost_volume.py where it is left out. What comes in here is what is trained.
    """

    def __init__(
        self,
        config: FlowNetConfig = PROFILES["cpu"],
        *,
        correlation: Callable[..., Tensor] = correlation,
        generator: torch.Generator | None = None,
    ):
        # As published 473 = 441 displacements + 32 redirected channels.
        super().__init__(config, frames=1, joined=config.redirected + config.displacements)
        self.redirect = convolution(config.channels[config.joined_at - 1], config.redirected, 1)
        self.cost_volume = CostVolume(config, correlation)
        self.begin(generator)

    def encode(self, frame1: Tensor, frame2: Tensor) -> list[Tensor]:
        features1, features2 = self.stem(frame1), self.stem(frame2)
        cost = self.cost_volume(features1[-1], features2[-1])
        joined = torch.cat([self.redirect(features1[-1]), cost.to(features1[-1].dtype)], dim=1)
        return features1[:-1] + self.contracting(joined)


def objective(model: FlowNet, batch: Mapping[str, Tensor]) -> Tensor:
    """What training makes small: the multi-scale end-point error.

    Shapes: batch holds frame1 and frame2 float (B,3,H,W) in [0,1], flow (B,2,H,W) and perhaps valid bool (B,H,W) -> scalar.
    """
    predictions = model(batch["frame1"], batch["frame2"])
    return multiscale_epe(predictions, batch["flow"], div_flow=model.config.div_flow, valid=batch.get("valid"))
