"""The networks behind the claims of lesson 07: FEELVOS with a cue taken away or another, PML with less to go by, trained alike.

One Recipe for all: whoever changes the number of steps changes it for every variant of a system. A number of steps, not a time, so that a
busy machine trains no worse; they are chosen for less than 180 CPU-seconds a variant and seed.

Reading order: Recipe, mean_triplet, VARIANTS, trained.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import Generator, Tensor, nn

from vostutor.core.errors import SettingsError
from vostutor.data.clip_views import ClipViews, clip_view_batches, clip_view_pool
from vostutor.data.pool import Pool
from vostutor.engine.training import History, Objective, Training, train
from vostutor.models import feelvos, pml
from vostutor.nn.backbone import Backbone
from vostutor.ops.nearest import squared_distances

FEELVOS, PML = "FEELVOS", "PML"


@dataclass(frozen=True)
class Recipe:
    """What all variants have in common: on how many scenes and for how long they train, on how many clips of which size they are judged.

    clips: of each set, for each training seed other ones. baseline_clips: of each label, for the shipped networks.
    pools: the folder for pools of clips, the user's cache when left out.
    """

    feelvos: Training = Training(steps=160, batch=8, warm_up=20)
    pml: Training = Training(steps=160, batch=8, warm_up=20)
    scenes: int = 160
    clips: int = 8
    baseline_clips: int = 24
    frames: int = 16
    size: tuple[int, int] = (96, 160)
    pools: Path | None = None

    def training_pool(self, seed: int) -> Pool:
        """The scenes of a seed, which no other seed sees: drawing them is part of the chance that a seed stands for."""
        return clip_view_pool(self.scenes, seed=seed * self.scenes, folder=self.pools)

    def training(self, name: str) -> Training:
        """How long a variant trains."""
        return self.feelvos if VARIANTS[name].system == FEELVOS else self.pml


@dataclass(frozen=True)
class Variant:
    """What is different: the config, and of PML the triplet."""

    system: str
    config: object
    triplet: Callable = pml.min_triplet

    def build(self, seed: int) -> nn.Module:
        """The network with fresh weights of that seed."""
        generator = Generator().manual_seed(seed)
        network = feelvos.FEELVOSNet if self.system == FEELVOS else pml.PMLNet
        return network(Backbone(generator=generator), self.config, generator=generator)

    @property
    def objective(self) -> Objective:
        """What its training makes small."""
        return feelvos.objective if self.system == FEELVOS else partial(pml.objective, triplet=self.triplet)


def mean_triplet(anchors: Tensor, positives: Tensor, negatives: Tensor, *, margin: float) -> Tensor:
    """What is lost where the mean of both sides counts, so that neither has the advantage of being the closest.

    Shapes: anchors (A,C), positives (M,C), negatives (N,C) -> (A,).
    >>> from torch import tensor
    >>> mean_triplet(tensor([[0.0]]), tensor([[1.0], [3.0]]), tensor([[2.0], [2.0]]), margin=0.5)         # (1 + 9) / 2 - 4 + 0.5
    tensor([1.5000])
    """
    near, far = (squared_distances(anchors, others).mean(dim=1) for others in (positives, negatives))
    return (near - far + margin).clamp(min=0)


FULL, PLACED = feelvos.PROFILES["cpu"], pml.PROFILES["cpu"]
VARIANTS = {
    FEELVOS: Variant(FEELVOS, FULL),
    "global twice": Variant(FEELVOS, replace(FULL, previous="global")),
    "no previous frame": Variant(FEELVOS, replace(FULL, previous="none")),
    "no previous frame, no feedback": Variant(FEELVOS, replace(FULL, previous="none", feedback=False)),
    "no feedback": Variant(FEELVOS, replace(FULL, feedback=False)),
    "no first frame": Variant(FEELVOS, replace(FULL, first=False)),
    "literal head": Variant(FEELVOS, replace(FULL, trust=None)),
    PML: Variant(PML, PLACED),
    "PML, no coordinates": Variant(PML, replace(PLACED, coordinates=False)),
    "PML, plain triplet": Variant(PML, PLACED, pml.plain_triplet),
    "PML, mean triplet": Variant(PML, PLACED, mean_triplet),
}


def jobs(seeds: int) -> list[tuple[str, int]]:
    """Variant and seed of every training. Neighbours have different seeds, so that two workers never draw the same scenes at once.

    Raises: SettingsError for no seed at all.
    >>> jobs(1)[:3]
    [('FEELVOS', 0), ('global twice', 0), ('no previous frame', 0)]
    """
    if seeds < 1:
        raise SettingsError(expected="seeds from 1 on", got=f"{seeds}", try_this="--seeds 5")
    return [(name, seed) for name in VARIANTS for seed in range(seeds)]


def trained(name: str, seed: int, recipe: Recipe, checkpoint: Path) -> tuple[nn.Module, History]:
    """The network of a variant and seed, trained from nothing, or from where the checkpoint stands; one that is finished is loaded.

    Raises: DataError when the checkpoint is of another recipe.
    """
    variant = VARIANTS[name]
    draw_batch = clip_view_batches(recipe.training_pool(seed), ClipViews(frames=4 if variant.system == FEELVOS else 3))
    model = variant.build(seed)
    history = train(model, draw_batch, variant.objective, recipe.training(name), seed=seed, checkpoint=checkpoint)
    return model, history
