"""Networks of a few numbers, and frames on which they can be right: bright squares that stand out."""

import torch
from torch import nn


class Spot(nn.Module):
    """Says "object" where a frame is bright: three numbers to learn with, and normalisation that must stay frozen."""

    def __init__(self, sharpness=8.0, normalised=False):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), sharpness / 3))
        self.bias = nn.Parameter(torch.tensor(-sharpness / 2))
        self.norm = nn.BatchNorm2d(3) if normalised else nn.Identity()

    def forward(self, frames):
        logits = (self.norm(frames) * self.weight[:, None, None]).sum(1, keepdim=True) + self.bias
        return [torch.zeros_like(logits), logits]


SIZE = (24, 41)  # odd on purpose


def square(top, left, side=8, size=SIZE):
    mask = torch.zeros(size, dtype=torch.bool)
    mask[top : top + side, left : left + side] = True
    return mask


def painted(mask, colour=(230, 230, 230), ground=(30, 30, 30), base=None):
    """A frame that shows a mask in a colour."""
    frame = torch.tensor(ground, dtype=torch.uint8)[:, None, None].expand(3, *mask.shape) if base is None else base
    return torch.where(mask, torch.tensor(colour, dtype=torch.uint8)[:, None, None], frame)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def iou(a, b):
    return ((a & b).sum() / (a | b).sum()).item()
