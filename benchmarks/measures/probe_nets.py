"""Nets so small that what they find is a shortcut: each sees a few pixels around the one it judges, and the U-Net that sees it all.

Reading order: auc, Keyhole, SmallUNet, train, scores.

Letters: N pictures, H rows, W columns, C channels.
"""

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor, nn
from torch.nn import functional as F

BATCH = 4


def auc(score: np.ndarray, truth: np.ndarray) -> float:
    """Chance that a true pixel scores higher than a false one, ties counting half; NaN when one kind is missing.

    Source: the rank sum of Mann and Whitney, Annals of Mathematical Statistics 18, 1947.
    >>> auc(np.array([.1, .4, .35, .8]), np.array([False, False, True, True]))     # 3 of 4 pairs in order
    0.75
    """
    truth = truth.ravel().astype(bool)
    true, false = np.count_nonzero(truth), np.count_nonzero(~truth)
    if not true or not false:
        return float("nan")
    return float((rankdata(score.ravel())[truth].sum() - true * (true + 1) / 2) / (true * false))


class Keyhole(nn.Module):
    """A score for every pixel from the `reach` x `reach` pixels around it and nothing else.

    Shapes: (N,3,H,W) -> (N,1,H,W).
    >>> Keyhole(5)(torch.zeros(1, 3, 8, 12)).shape
    torch.Size([1, 1, 8, 12])
    """

    def __init__(self, reach: int, channels: int = 16):
        super().__init__()
        inputs, layers = 3, []
        for _ in range((reach - 1) // 2):
            layers += [nn.Conv2d(inputs, channels, 3, padding=1, padding_mode="replicate"), nn.ReLU()]
            inputs = channels
        layers += [nn.Conv2d(inputs, channels, 1), nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures)


class SmallUNet(nn.Module):
    """A score for every pixel from nearly the whole picture: four levels, down to an eighth.

    Shapes: (N,3,H,W) -> (N,1,H,W), H and W divisible by 8.
    """

    def __init__(self, widths: tuple[int, ...] = (8, 16, 32, 48)):
        super().__init__()
        self.down = nn.ModuleList(_block(a, b) for a, b in zip((3, *widths), widths, strict=False))
        deeper = widths[::-1]
        self.up = nn.ModuleList(_block(a + b, b) for a, b in zip(deeper, deeper[1:], strict=False))
        self.out = nn.Conv2d(widths[0], 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        kept, x = [], pictures
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for block, finer in zip(self.up, kept[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), finer], 1))
        return self.out(x)


def _block(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.GroupNorm(4, outputs), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.GroupNorm(4, outputs), nn.ReLU(),
    )  # fmt: skip


def train(make, pictures: Tensor, truth: Tensor, counted: Tensor, *, steps: int, seed: int = 0, rate: float = 3e-3):
    """The net that `make()` builds, after so many steps of telling true from false pixels, both kinds weighing the same.

    Shapes: pictures float (N,3,H,W); truth and counted bool (N,1,H,W), only counted pixels enter the loss.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = make().train()
    generator = torch.Generator().manual_seed(seed)
    best = torch.optim.Adam(net.parameters(), lr=rate)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(best, steps)
    for _ in range(steps):
        some = torch.randint(len(pictures), (min(BATCH, len(pictures)),), generator=generator)
        loss = balanced_loss(net(pictures[some]), truth[some], counted[some])
        best.zero_grad(set_to_none=True)
        loss.backward()
        best.step()
        slower.step()
    return net.eval()


def balanced_loss(logits: Tensor, truth: Tensor, counted: Tensor) -> Tensor:
    """Mean cross-entropy over true pixels and over false ones, half each."""
    true, false = truth & counted, ~truth & counted
    hit, miss = F.softplus(-logits), F.softplus(logits)
    return (hit * true).sum() / true.sum().clamp(min=1) / 2 + (miss * false).sum() / false.sum().clamp(min=1) / 2


@torch.no_grad()
def scores(net: nn.Module, pictures: Tensor) -> np.ndarray:
    """What the net says of every pixel: float (N,H,W), higher for "object"."""
    return torch.cat([net(some)[:, 0] for some in pictures.split(BATCH)]).numpy()


def mean_auc(score: np.ndarray, truth: np.ndarray, counted: np.ndarray) -> float:
    """Mean over pictures of the AUC inside each, among the counted pixels.

    Shapes: score float (N,H,W); truth and counted bool (N,H,W).
    """
    return float(np.nanmean([auc(s[c], t[c]) for s, t, c in zip(score, truth, counted, strict=True)]))
