"""Frames that a small network learns in dozens of steps: a red and a green block before a dark grey background."""

import torch
from torch import Tensor

from vostutor.checks.lesson04.balanced_bce import weighed
from vostutor.checks.network import SmallNetwork
from vostutor.checks.trial import Trial

_COLOURS = torch.tensor([[0.9, 0.25, 0.2], [0.2, 0.8, 0.3]])


def two_blocks(trial: Trial, height: int = 20, width: int = 28, side: int = 7) -> tuple[Tensor, list[Tensor]]:
    """A frame and the masks of its two blocks, one in each half, a row or column away from the border and from each other.

    Shapes: float32 (3,height,width) in [0,1], two bool (height,width).
    """
    draw = trial.generator
    frame = 0.2 * torch.rand(1, 1, 1, generator=draw) + 0.1 * torch.rand(3, height, width, generator=draw)
    masks = []
    for half in range(2):
        top = int(torch.randint(1, height - side, (), generator=draw))
        left = half * (width // 2) + int(torch.randint(1, width // 2 - side, (), generator=draw))
        mask = torch.zeros(height, width, dtype=torch.bool)
        mask[top : top + side, left : left + side] = True
        frame[:, mask] = _COLOURS[half][:, None] + 0.1 * torch.rand(3, side * side, generator=draw)
        masks.append(mask)
    return frame, masks


def one_colour(trial: Trial) -> tuple[Tensor, Tensor]:
    """A frame that is the same everywhere, and a mask of a block in its middle: nothing in the picture tells the two apart.

    Shapes: float32 (3,12,16) in [0,1], bool (12,16).
    """
    colour = 0.3 + 0.3 * torch.rand(3, 1, 1, generator=trial.generator)
    mask = torch.zeros(12, 16, dtype=torch.bool)
    mask[4:7, 6:9] = True
    return colour.expand(3, 12, 16).clone(), mask


def some_parent(trial: Trial) -> SmallNetwork:
    """A network that has not seen the clip; random weights stand in for what it learnt offline."""
    return SmallNetwork(trial.generator)


@torch.no_grad()
def answers(network: SmallNetwork, frame: Tensor) -> list[Tensor]:
    """What the network says to one frame. Shapes: (3,H,W) -> logits, two of (H,W), the last one is the answer."""
    return [logits[0, 0] for logits in network(frame[None])]


def loss_on(network: SmallNetwork, frame: Tensor, mask: Tensor) -> float:
    """The class-balanced loss of the answer."""
    return weighed(answers(network, frame)[-1], mask).item()


def overlap(logits: Tensor, mask: Tensor) -> float:
    """J of where the logits are positive; 1 where both are empty. Shapes: (H,W), bool (H,W).

    >>> overlap(torch.tensor([[1.0, 2.0, -1.0]]), torch.tensor([[True, False, False]]))
    0.5
    """
    found = logits > 0
    union = int((found | mask).sum())
    return int((found & mask).sum()) / union if union else 1.0


def moved_layers(before: SmallNetwork, after: SmallNetwork) -> set[str]:
    """The layers of which some weight is another."""
    pairs = zip(before.named_parameters(), after.parameters(), strict=True)
    return {name.partition(".")[0] for (name, old), new in pairs if not torch.equal(old, new)}


def alike(one: SmallNetwork, other: SmallNetwork) -> float:
    """The cosine between the weights of two networks; 0 where one has none."""
    flat = [torch.cat([weights.detach().flatten() for weights in n.parameters()]) for n in (one, other)]
    return torch.cosine_similarity(*flat, dim=0).item()
