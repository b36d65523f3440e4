"""A network that can pass between a check and an answer: exercises on training hand it out, and get it back trained."""

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import interpolate, max_pool2d
from torch.nn.utils import skip_init

_QUICK = (
    8.0  # what the logits are multiplied by: 60 steps of Adam at 1e-3 then teach it an easy frame, a tenth of a second
)


class SmallNetwork(nn.Module):
    """Two stages, a score of the coarse one for deep supervision, and one of both together, which is the answer.

    Without a generator every weight is 0. There is one architecture, so its weights are all that has to be sent.

    Shapes: frames float (B,3,H,W) in [0,1] -> logits, two of (B,1,H,W): `side` first, `fused` last.
    >>> network = SmallNetwork(torch.Generator().manual_seed(0))
    >>> [tuple(logits.shape) for logits in network(torch.rand(1, 3, 5, 7))]
    [(1, 1, 5, 7), (1, 1, 5, 7)]
    """

    def __init__(self, generator: Generator | None = None):
        super().__init__()
        # Not drawn from torch's global generator: a message that is read must leave no trace in anybody's random numbers.
        self.fine = skip_init(nn.Conv2d, 3, 16, 3, padding=1)
        self.coarse = skip_init(nn.Conv2d, 16, 24, 3, padding=1)
        self.side = skip_init(nn.Conv2d, 24, 1, 1)
        self.fused = skip_init(nn.Conv2d, 16 + 24, 1, 1)
        with torch.no_grad():
            for layer in self.children():
                _fill(layer, generator)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """The two scores, each of the size of the frames."""
        fine = self.fine(2 * frames - 1).relu()
        coarse = self.coarse(max_pool2d(fine, 2, ceil_mode=True)).relu()
        large = interpolate(coarse, size=frames.shape[2:], mode="bilinear")
        return [_QUICK * self.side(large), _QUICK * self.fused(torch.cat([fine, large], 1))]


def _fill(layer: nn.Conv2d, generator: Generator | None) -> None:
    """Random weights that keep the scale of what passes, the middle of a kernel ten times its rim: an edge stays an edge."""
    layer.bias.zero_()
    if generator is None:
        layer.weight.zero_()
        return
    layer.weight.normal_(generator=generator)
    if layer.kernel_size == (1, 1):
        layer.weight.mul_((0.2 / layer.in_channels) ** 0.5 / _QUICK)
        return
    middle = layer.weight[:, :, 1, 1].clone()
    layer.weight.mul_(0.1)[:, :, 1, 1] = middle
    layer.weight.mul_((2 / layer.in_channels) ** 0.5)
