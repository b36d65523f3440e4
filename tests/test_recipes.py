"""recipes/: how systems are put together, and that what they learn from fits what they make small."""

import pytest
import torch

from vostutor import zoo
from vostutor.data import clip_views
from vostutor.engine.training import Training, train


@pytest.mark.parametrize(("name", "frames"), [("pml", 3), ("feelvos", 4)])
def test_a_network_that_retrieves_learns_from_samples_of_its_length(name, frames, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(clip_views, "SCENE_SIZE", (64, 96))
    system, model = zoo.system_named(name), zoo.build(name, "smoke")
    draw_batch = system.batches(1, 0)
    batch = draw_batch(torch.Generator().manual_seed(0), 2, 0.5)
    assert batch["frames"].shape == (2, frames, 3, 32, 48)
    history = train(model, draw_batch, system.objective, Training(steps=2, batch=1))
    assert all(torch.isfinite(torch.tensor(history.losses)))


@pytest.mark.parametrize("name", ["pml", "feelvos"])
def test_a_profile_has_its_backbone_and_its_head(name):
    system = zoo.system_named(name)
    for profile, config in system.configs.items():
        model = zoo.build(name, profile)
        assert model.config == config.head and model.backbone.config == config.backbone
