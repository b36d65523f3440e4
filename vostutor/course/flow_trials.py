"""The networks behind the claims of lesson 01: four variants, trained alike from the same seeds, each on pairs of its seed's own scenes.

One Recipe for all: whoever changes the number of steps changes it for every variant. About 0.15 CPU-seconds a step make 900 of them
135 CPU-seconds, within the 180 that a variant and seed may take. A number of steps, not a time, so that a busy machine trains no worse.

Reading order: Recipe, VARIANTS, trained.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from torch import Generator

from vostutor.core.errors import DataError, SettingsError
from vostutor.data.augment import AUGMENTATIONS
from vostutor.data.flow_pairs import SCENE_FRAMES, SPLIT_PAIRS, flow_batches, flow_pool
from vostutor.data.pool import Pool
from vostutor.engine.checkpoints import read_checkpoint
from vostutor.engine.training import History, Training, train
from vostutor.models.flownet import PROFILES, FlowNet, FlowNetC, FlowNetS, objective

# What decides the trained weights; of a folder all of its modules.
TRAINED_FROM = (
    "course/flow_trials.py",
    "data/augment.py",
    "data/flow_pairs.py",
    "data/minivos.py",
    "data/studio",
    "engine/training.py",
    "losses.py::LEVEL_WEIGHTS",
    "losses.py::multiscale_epe",
    "models/flownet.py",
    "ops/cost_volume.py",
    "ops/grid.py",
)


@dataclass(frozen=True)
class Recipe:
    """What all variants have in common: how long they train, on how many scenes of which size, on how many pairs they are judged.

    pools: the folder for pools of clips, the user's cache when left out.
    """

    training: Training = Training(steps=900, batch=8, warm_up=20)
    scenes: int = 160
    frames: int = SCENE_FRAMES
    size: tuple[int, int] = (96, 160)
    pairs: int = SPLIT_PAIRS
    pools: Path | None = None

    def training_pool(self, seed: int) -> Pool:
        """The scenes of a seed, which no other seed sees: drawing them is part of the chance that a seed stands for."""
        return flow_pool(self.scenes, seed=seed * self.scenes, frames=self.frames, size=self.size, folder=self.pools)


@dataclass(frozen=True)
class Variant:
    """What is different: the network, and whether pairs are augmented."""

    network: type[FlowNet] = FlowNetC
    cost: str = "softmax"  # FlowNetC's cost volume; "raw" is the published one
    augmented: bool = True

    def build(self, seed: int) -> FlowNet:
        """The network with fresh weights of that seed."""
        config = PROFILES["cpu"] if self.network is FlowNetS else replace(PROFILES["cpu"], cost=self.cost)
        return self.network(config, generator=Generator().manual_seed(seed))


VARIANTS = {
    "C": Variant(),
    "C without augmentation": Variant(augmented=False),
    "S": Variant(FlowNetS),
    "C raw": Variant(cost="raw"),  # as published
}


def jobs(seeds: int) -> list[tuple[str, int]]:
    """Variant and seed of every training. Neighbours have different seeds, so that two workers never draw the same scenes at once.

    Raises: SettingsError for no seed at all.
    >>> jobs(1)
    [('C', 0), ('C without augmentation', 0), ('S', 0), ('C raw', 0)]
    >>> len(jobs(5))
    20
    """
    if seeds < 1:
        raise SettingsError(expected="seeds from 1 on", got=f"{seeds}", try_this="--seeds 5")
    return [(name, seed) for name in VARIANTS for seed in range(seeds)]


def trained(name: str, seed: int, recipe: Recipe, checkpoint: Path) -> tuple[FlowNet, History]:
    """The network of a variant and seed, trained from nothing, or from where the checkpoint stands; one that is finished is loaded.

    Raises: DataError when the checkpoint is of another recipe.
    """
    variant, pool = VARIANTS[name], recipe.training_pool(seed)
    model = variant.build(seed)
    draw_batch = flow_batches(pool, AUGMENTATIONS["cpu"] if variant.augmented else None)
    history = train(model, draw_batch, objective, recipe.training, seed=seed, checkpoint=checkpoint)
    return model, history


def finished(name: str, seed: int, checkpoint: Path) -> FlowNet:
    """The network of a checkpoint, to be used, not trained.

    Raises: DataError when there is none, or when its training was interrupted.
    """
    saved = read_checkpoint(checkpoint)
    done, steps = len(saved.history["losses"]), saved.run["steps"]
    if done < steps:
        raise DataError(
            expected=f"a finished training of {steps} steps in {checkpoint.name}",
            got=f"{done} steps",
            try_this="vostutor claims 01: it goes on",
        )
    model = VARIANTS[name].build(seed)
    model.load_state_dict(saved.model)
    return model.eval()
