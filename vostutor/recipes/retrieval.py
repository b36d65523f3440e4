"""Pixel retrieval: how the networks of lesson 07 are put together and trained, on the small backbone."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from vostutor.engine.training import DrawBatch, Training
from vostutor.recipes.system import System


@dataclass(frozen=True)
class OnBackbone:
    """The configs of a system that stands on the small backbone."""

    backbone: object
    head: object


def feelvos() -> System:
    """FEELVOS; a sample has a fourth frame, which follows the answer for the third."""
    from vostutor.models import feelvos

    def build(config: OnBackbone, generator: torch.Generator) -> nn.Module:
        return feelvos.FEELVOSNet(_backbone(config, generator), config.head, generator=generator)

    return _retrieval("FEELVOS", feelvos.PROFILES, build, feelvos.objective, feelvos.FEELVOS, frames=4)


def pml() -> System:
    """PML."""
    from vostutor.models import pml

    def build(config: OnBackbone, generator: torch.Generator) -> nn.Module:
        return pml.PMLNet(_backbone(config, generator), config.head, generator=generator)

    return _retrieval("PML", pml.PROFILES, build, pml.objective, pml.PML, frames=3)


def _backbone(config: OnBackbone, generator: torch.Generator) -> nn.Module:
    from vostutor.nn.backbone import Backbone

    return Backbone(config.backbone, generator=generator)


def _retrieval(title: str, heads: Mapping, build, objective, segmenter, frames: int) -> System:
    from vostutor.data.clip_views import ClipViews, clip_view_batches, clip_view_pool
    from vostutor.data.minivos import VERSION
    from vostutor.engine.retrieval import measured_retrieval
    from vostutor.nn.backbone import PROFILES

    def batches(scenes: int, seed: int) -> DrawBatch:
        return clip_view_batches(clip_view_pool(scenes, seed=seed * scenes, report=print), ClipViews(frames=frames))

    return System(
        title=title, lesson="07", configs={name: OnBackbone(PROFILES[name], heads[name]) for name in PROFILES},
        trainings=RETRIEVAL_TRAININGS, scenes={"smoke": 4, "cpu": 300, "gpu": 2000}, build=build, batches=batches,
        objective=objective, measure=lambda network: measured_retrieval(network, segmenter), data=f"minivos {VERSION}, 8 frames each",
    )  # fmt: skip


RETRIEVAL_TRAININGS = {
    "smoke": Training(steps=8, batch=2, warm_up=4),
    "cpu": Training(steps=200, batch=8, warm_up=20),
    "gpu": Training(steps=20_000, batch=16, rate=1e-3, warm_up=500, precision="bfloat16", save_every=500),
}
