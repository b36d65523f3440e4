"""Features at a quarter of a frame's size, for the small profiles of networks that compare pixels.

[UNet] O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.

Published networks that match pixels stand on DeepLab, with tens of millions of weights that have seen ImageNet and COCO. What they need of
it is a map at 1/4 of the resolution in which a place knows its surroundings: a coarse map of the whole says what it is, a fine one where
it ends. The encoder goes down to 1/16 and the decoder back up to 1/4.

Reading order: BackboneConfig, block, Backbone.
Letters: B batch, H rows, W columns, C channels.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ranges import expect_unit, expect_whole
from vostutor.core.shapes import expect

RGB_MEAN, RGB_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision has them
GROUPS = 8
STRIDE = 4  # pixels from one place of the map to the next


@dataclass(frozen=True)
class BackboneConfig:
    """widths: channels at 1/2, 1/4, 1/8 and 1/16 of the size. channels: of the features, at 1/4.

    All are multiples of 8, the groups that are normalised.
    """

    widths: tuple[int, int, int, int] = (24, 48, 96, 128)
    channels: int = 64

    def __post_init__(self):
        if not isinstance(self.widths, tuple | list) or len(self.widths) != 4:
            raise SettingsError(expected="four widths", got=f"{self.widths!r}", try_this="BackboneConfig()")
        for width in (*self.widths, self.channels):
            expect_whole(least=GROUPS, width=width)
            if width % GROUPS:
                raise SettingsError(
                    expected=f"a multiple of {GROUPS}, the groups that are normalised",
                    got=f"{width}",
                    try_this=f"{width + -width % GROUPS}",
                )


PROFILES = {
    "smoke": BackboneConfig(),
    "cpu": BackboneConfig(),
    "gpu": BackboneConfig(widths=(32, 64, 128, 256), channels=128),
}


def block(entering: int, leaving: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution, group normalisation and ReLU.

    Shapes: (B,C,H,W) -> (B,C',ceil(H/stride),ceil(W/stride)). Source: as in the other small profiles of the course.
    """
    return nn.Sequential(
        nn.Conv2d(entering, leaving, 3, stride, 1, bias=False), nn.GroupNorm(GROUPS, leaving), nn.ReLU(inplace=True)
    )


class Backbone(nn.Module):
    """What each place of a frame looks like, seen together with its surroundings.

    Shapes: frames float (B,3,H,W), RGB in [0,1] -> (B,channels,ceil(H/4),ceil(W/4)), whatever H and W.
    Raises: ShapeError for other axes, types or numbers beyond [0,1], or a frame so small that nothing is left to normalise; SettingsError
        for what is no BackboneConfig.
    Source: [UNet] in small.
    >>> Backbone()(torch.zeros(1, 3, 33, 47)).shape
    torch.Size([1, 64, 9, 12])
    """

    def __init__(self, config: BackboneConfig = BackboneConfig(), *, generator: torch.Generator | None = None):
        super().__init__()
        if not isinstance(config, BackboneConfig):
            raise SettingsError(expected="a BackboneConfig", got=repr(config), try_this='PROFILES["cpu"]')
        self.config, self.channels = config, config.channels
        half, quarter, eighth, sixteenth = config.widths
        downwards = pairwise(config.widths)
        self.stages = nn.ModuleList(
            [block(3, half, 2), *(nn.Sequential(block(a, b, 2), block(b, b)) for a, b in downwards)]
        )
        self.merges = nn.ModuleList([block(sixteenth + eighth, eighth), block(eighth + quarter, config.channels)])
        self.register_buffer("mean", torch.tensor(RGB_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(RGB_DEVIATION).reshape(3, 1, 1), persistent=False)
        for layer in (m for m in self.modules() if isinstance(m, nn.Conv2d)):
            nn.init.kaiming_normal_(layer.weight, generator=generator)

    def forward(self, frames: Tensor) -> Tensor:
        expect("frames: B 3 H W", frames=frames, hint="a batch of RGB frames; frame[None] adds the batch")
        expect_unit(frames=frames)
        self._expect_enough(frames)
        x, maps = (frames - self.mean) / self.deviation, []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        for merge, finer in zip(self.merges, (maps[2], maps[1]), strict=True):
            x = merge(torch.cat([interpolate(x, size=finer.shape[-2:], mode="nearest"), finer], dim=1))
        return x

    def _expect_enough(self, frames: Tensor) -> None:
        """Nothing, where each map has more than one number a group: torch normalises no single one."""
        widths = (*self.config.widths, self.config.channels)
        alone = [pixels for pixels, width in zip((2, 4, 8, 16, STRIDE), widths, strict=True) if width == GROUPS]
        if len(frames) == 1 and max(frames.shape[-2:]) <= max(alone, default=0):
            raise ShapeError(
                expected=f"frames of more than {max(alone)} rows or columns for widths of {GROUPS}",
                got=f"{tuple(frames.shape[-2:])}",
                try_this=f"widths of {2 * GROUPS} or more",
            )
