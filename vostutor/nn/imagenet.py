"""Weights that were trained on ImageNet, from torchvision's local cache. Nothing here downloads."""

from pathlib import Path

import torch
from torch import Tensor

from vostutor.core.errors import DataError


def vgg16_convolutions() -> list[dict[str, Tensor]]:
    """Weight and bias of the 13 convolutions of VGG-16, the finest first; frames are expected as torchvision normalises them.

    Shapes: weight (C',C,3,3), bias (C'), from C = 3 to C' = 512.
    Raises: DataError where the weights are not in the cache.
    Source: torchvision's VGG16_Weights.IMAGENET1K_V1.
    """
    from torchvision.models import VGG16_Weights

    weights = VGG16_Weights.IMAGENET1K_V1
    place = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
    if not place.exists():
        raise DataError(
            expected=f"torchvision's ImageNet weights of VGG-16 in {place}",
            got="no such file, and nothing here downloads",
            try_this=f"copy {weights.url} there, or start from fresh weights",
        )
    state = weights.get_state_dict(progress=False, map_location="cpu")
    names = [name.removesuffix(".weight") for name in state if name.startswith("features") and name.endswith(".weight")]
    return [{part: state[f"{name}.{part}"] for part in ("weight", "bias")} for name in names]
