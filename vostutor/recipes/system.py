"""What there is to know about a system that is trained: how it is built, what it learns from, for how long, how good it is.

Reading order: System. A recipe is a function that returns one and imports what it needs only then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from vostutor.engine.training import DrawBatch, Objective, Training


@dataclass(frozen=True)
class System:
    """How a system is built, trained and measured. `configs` and `trainings` have one entry for each profile that can be trained."""

    title: str
    lesson: str
    configs: Mapping[str, object]
    trainings: Mapping[str, Training]
    build: Callable[[object, torch.Generator], nn.Module]  # config, source of the first weights -> model
    scenes: Mapping[str, int]  # how many training scenes of the generator a profile draws
    batches: Callable[[int, int], DrawBatch]  # scenes, seed -> what train draws from
    objective: Objective
    measure: Callable[[nn.Module], list[dict]]  # rows of the card's metric table
    data: str  # what the scenes are, for the card
