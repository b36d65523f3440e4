"""The correlation layer as its equation says it, one displacement after the other: the oracle of the tests and of the benchmark."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def loop(
    f1: Tensor,
    f2: Tensor,
    *,
    max_displacement: int = 20,
    stride2: int = 2,
    stride1: int = 1,
    patch: int = 1,
    normalise: bool = True,
) -> Tensor:
    """The cost volume, (B,D*D,H',W')."""
    height, width = f1.shape[-2:]
    reach, k = max_displacement // stride2, patch // 2
    edge = reach * stride2
    around = pad(f2, [edge] * 4)
    volume = []
    for dy in range(0, 2 * edge + 1, stride2):
        for dx in range(0, 2 * edge + 1, stride2):
            product = (f1 * around[:, :, dy : dy + height, dx : dx + width]).sum(dim=1)
            if k:
                rows = range(height - 2 * k)
                columns = range(width - 2 * k)
                product = sum(
                    product[:, y : y + len(rows), x : x + len(columns)] for y in range(patch) for x in range(patch)
                )
            volume.append(product[:, ::stride1, ::stride1])
    stacked = torch.stack(volume, dim=1)
    return stacked / (f1.shape[1] * patch**2) if normalise else stacked
