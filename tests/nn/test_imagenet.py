"""nn/imagenet.py: VGG-16's convolutions come from torchvision's cache, or not at all."""

import pytest
import torch
from torchvision.models import VGG16_Weights

from vostutor.core import DataError
from vostutor.nn import vgg16_convolutions

CHANNELS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)  # of the convolutions in torchvision's vgg16().features


def test_the_thirteen_convolutions_are_read_from_the_cache_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    state = {"classifier.0.weight": torch.zeros(1)}
    for place, count in zip(PLACES, CHANNELS[1:], strict=True):
        state |= {
            f"features.{place}.weight": torch.full((count, 1), place),
            f"features.{place}.bias": torch.zeros(count),
        }
    (tmp_path / "checkpoints").mkdir()
    torch.save(state, tmp_path / "checkpoints" / VGG16_Weights.IMAGENET1K_V1.url.split("/")[-1])
    found = vgg16_convolutions()
    assert [layer["weight"][0, 0].item() for layer in found] == list(PLACES)
    assert [len(layer["bias"]) for layer in found] == list(CHANNELS[1:])


def test_without_them_it_says_where_they_belong(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(DataError, match="nothing here downloads") as told:
        vgg16_convolutions()
    assert str(tmp_path / "checkpoints") in told.value.expected
