"""ResNet-38, the wide network that OnAVOS adapts: few units, many channels, one picture in, one foreground score a pixel out.

[Wide] Z. Wu, C. Shen, A. van den Hengel: Wider or Deeper: Revisiting the ResNet Model for Visual Recognition. 2016 ("model A").
[OnAVOS] P. Voigtlaender, B. Leibe: Online Adaptation of Convolutional Neural Networks for Video Object Segmentation. BMVC 2017.

Problem: a residual network deeper than about 20 units gains little from more of them; [Wide] spends the memory on channels. [OnAVOS]
    puts a head of two dilated convolutions on it and answers one question: does this pixel belong to an object?
Reading order: Unit, trunk, WideResNet38, foreground_logit.
Letters: B batch, C classes, H rows, W columns.
Departures:
    - The answer is enlarged bilinearly to the size of the frame, and the scores of C classes become one foreground logit, so that the
      network fits wherever one of OSVOS fits. The softmax of two classes is the sigmoid of their difference; nothing is lost.
    - `width` makes the same network thinner; 64 is the published one. Its pretrained weights (ImageNet, COCO, PASCAL) are not shipped.
    - Without the three upsampling blocks of the DAVIS-2017 variant.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.shapes import expect

RGB_MEAN, RGB_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, frames in [0,1]
HEAD_DILATION = 12


class Unit(nn.Module):
    """A pre-activation unit: normalise, ReLU, convolve, two or three times; what came in is added.

    channels: what enters, what each convolution leaves. Two convolutions are 3x3; of three, the outer ones are 1x1.
    Shapes: (B,C,H,W) -> (B,channels[-1],ceil(H/stride),ceil(W/stride)).
    """

    def __init__(self, *channels: int, stride: int = 1, dilation: tuple[int, ...] = (1, 1)):
        super().__init__()
        kernels = (3, 3) if len(channels) == 3 else (1, 3, 1)
        layers, steps = [], (stride, *[1] * (len(kernels) - 1))
        for entering, leaving, kernel, step, rate in zip(
            channels[:-1], channels[1:], kernels, steps, dilation, strict=True
        ):
            reach = rate * (kernel // 2)
            convolution = nn.Conv2d(entering, leaving, kernel, step, reach, rate, bias=False)
            layers += [nn.BatchNorm2d(entering), nn.ReLU(), convolution]
        self.activate, self.convolve = nn.Sequential(*layers[:2]), nn.Sequential(*layers[2:])
        plain = stride == 1 and channels[0] == channels[-1]
        self.project = None if plain else nn.Conv2d(channels[0], channels[-1], 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        active = self.activate(x)
        return self.convolve(active) + (x if self.project is None else self.project(active))


def trunk(width: int) -> nn.Sequential:
    """The 17 units: 3 + 3 + 6 at 1/2, 1/4, 1/8 of the resolution, then 5 dilated ones. Shapes: (B,3,H,W) -> (B,64 width,h,w)."""
    w2, w4, w8, w16 = (width * times for times in (2, 4, 8, 16))
    stages = [(width, w2, 3), (w2, w4, 3), (w4, w8, 6)]
    units = [
        Unit(entering if first else leaving, leaving, leaving, stride=2 if first else 1)
        for entering, leaving, count in stages
        for first in [True] + [False] * (count - 1)
    ]
    units += [Unit(w8, w8, w16, dilation=(1, 2)), *(Unit(w16, w8, w16, dilation=(2, 2)) for _ in range(2))]
    units += [Unit(w16, w8, w16, 2 * w16, dilation=(1, 4, 1)), Unit(2 * w16, w16, 2 * w16, 4 * w16, dilation=(1, 4, 1))]
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1, bias=False), *units)


class WideResNet38(nn.Module):
    """Trunk and head, 123,955,010 parameters as published: 105,062,720 + 18,883,072 + 9,218.

    >>> with torch.device("meta"):                                   # counted without being built
    ...     sum(parameter.numel() for parameter in WideResNet38().parameters())
    123955010
    """

    def __init__(self, *, width: int = 64, classes: int = 2, generator: torch.Generator | None = None):
        super().__init__()
        if width < 1 or classes < 2:
            raise SettingsError(
                expected="width from 1 on, at least background and one class",
                got=f"width {width}, {classes} classes",
                try_this="WideResNet38(width=64, classes=2), as published",
            )
        deep, narrow = 64 * width, 8 * width
        self.trunk = trunk(width)
        self.head = nn.Sequential(
            nn.BatchNorm2d(deep), nn.ReLU(),
            nn.Conv2d(deep, narrow, 3, padding=HEAD_DILATION, dilation=HEAD_DILATION), nn.ReLU(),
        )  # fmt: skip
        self.output = nn.Conv2d(narrow, classes, 3, padding=HEAD_DILATION, dilation=HEAD_DILATION)
        for name, values in (("mean", RGB_MEAN), ("std", RGB_STD)):
            self.register_buffer(name, torch.tensor(values).reshape(3, 1, 1), persistent=False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and not layer.weight.is_meta:
                nn.init.kaiming_normal_(layer.weight, generator=generator)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """One answer, in a list as from a network with side answers.

        Shapes: frames float (B,3,H,W), RGB in [0,1] -> [logits (B,1,H,W)].
        Raises: ShapeError for other axes or types.
        """
        expect("frames: B 3 H W", frames=frames, hint="a batch of RGB frames; [None] adds the batch")
        if not frames.is_floating_point():
            raise ShapeError(expected="frames in [0,1]", got=f"{frames.dtype}", try_this="frame / 255")
        scores = self.output(self.head(self.trunk((frames - self.mean) / self.std)))  # (B,C,H/8,W/8)
        full = interpolate(scores, size=frames.shape[-2:], mode="bilinear", align_corners=False)
        return [foreground_logit(full)]


def foreground_logit(scores: Tensor) -> Tensor:
    """The logit of "any class but the background", from the scores of a softmax over classes.

    So a network that knows 20 kinds of objects says "object" as surely as the 20 together: its objectness.

    Shapes: scores (B,C,H,W), class 0 background -> (B,1,H,W); its sigmoid is the sum of the softmax over classes 1..C-1.
    Raises: ShapeError for fewer than two classes.
    Source: objectness of [OnAVOS], 20 classes of PASCAL as one foreground.
    >>> foreground_logit(torch.tensor([0.5, 2.0]).reshape(1, 2, 1, 1)).item()
    1.5
    """
    sizes = expect("scores: B C H W", scores=scores)
    if sizes["C"] < 2:
        raise ShapeError(
            expected="scores of background and at least one class",
            got=f"{sizes['C']} channel",
            try_this="torch.cat([torch.zeros_like(logits), logits], dim=1)",
        )
    return scores[:, 1:].logsumexp(dim=1, keepdim=True) - scores[:, :1]
