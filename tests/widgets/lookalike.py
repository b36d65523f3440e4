"""A clip in which a look-alike turns up far away, and networks whose embeddings are colours: small, untrained, and easy to foresee."""

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from vostutor.core import Clip
from vostutor.models.feelvos import FEELVOSConfig, FEELVOSNet

SMALL = FEELVOSConfig(embedding=3, width=4, layers=1, kernel=3, reach=2, rows=32, trust=(4.0, 4.0, 2.0), spread=3.0)


def lookalike_clip(frames: int = 4) -> Clip:
    """Grey, 8 x 12 places. A red square of 2 x 2 places goes to the right, from rows 3, 4 and columns 1, 2 on; from the second frame on
    its twin, which is background, stands still in columns 9, 10."""
    film, ids = torch.full((frames, 3, 32, 48), 120, dtype=torch.uint8), torch.zeros(frames, 32, 48, dtype=torch.int64)
    film += torch.arange(48, dtype=torch.uint8) // 4  # no two columns are quite alike
    red = torch.tensor([230, 30, 30], dtype=torch.uint8)[:, None, None]
    for t in range(frames):
        film[t, :, 12:20, 4 + 4 * t : 12 + 4 * t] = red
        ids[t, 12:20, 4 + 4 * t : 12 + 4 * t] = 1
        if t:
            film[t, :, 12:20, 36:44] = red
    return Clip(film, ids, categories=("square",))


def two_coloured_clip(frames: int = 3) -> Clip:
    """Grey, 8 x 12 places. An object of 2 x 4 places, its left half red and its right half blue, goes down by a place a frame."""
    film, ids = torch.full((frames, 3, 32, 48), 120, dtype=torch.uint8), torch.zeros(frames, 32, 48, dtype=torch.int64)
    film += (torch.arange(32, dtype=torch.uint8)[:, None] + torch.arange(48, dtype=torch.uint8)) // 4
    for t in range(frames):
        rows = slice(8 + 4 * t, 16 + 4 * t)
        film[t, :, rows, 16:24] = torch.tensor([230, 30, 30], dtype=torch.uint8)[:, None, None]
        film[t, :, rows, 24:32] = torch.tensor([30, 30, 230], dtype=torch.uint8)[:, None, None]
        ids[t, rows, 16:32] = 1
    return Clip(film, ids, categories=("flag",))


class Pooled(nn.Module):
    """The mean colour of each place."""

    channels = 3

    def forward(self, frames):
        return avg_pool2d(frames, 4, ceil_mode=True)


class Colour(nn.Module):
    """An embedding for PML: the mean colour, four times as long."""

    def forward(self, frames, times):
        return 4 * avg_pool2d(frames, 4, ceil_mode=True)


def colour_net(**functions) -> FEELVOSNet:
    return FEELVOSNet(Pooled(), SMALL, generator=torch.Generator().manual_seed(0), **functions)
