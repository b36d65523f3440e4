"""What the claims of lesson 04 ask besides the systems themselves: OnAVOS with a part taken away, beginnings that are shared, a segmenter
of instances that finds nothing.

Letters: B batch, H rows, W columns.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from math import inf

import torch
from torch import Generator, Tensor, nn

from vostutor.course.one_shot_clips import Case
from vostutor.data.instances import noisy_instances
from vostutor.models.onavos import OnAVOS, OnAVOSConfig, Run
from vostutor.models.osvos_s import Instances
from vostutor.nn.one_by_one import Told


def variants(config: OnAVOSConfig) -> dict[str, OnAVOSConfig]:
    """OnAVOS, and what it becomes when something is taken away.

    Nothing is far in the frozen one either, so that it answers with what it learned from the first frame and with that alone. With
    negatives only, the guard does not ask for positives: it would trust no frame.
    """
    guard = config.guard and replace(config.guard, fewest_positives=0.0)
    return {
        "OnAVOS": config,
        "OnAVOS, frozen": replace(config, online_steps=0, distance=inf),
        "OnAVOS, no first frame": replace(config, interval=1),
        "OnAVOS, no first frame, one step": replace(config, interval=1, online_steps=1),
        "OnAVOS, negatives only": replace(config, alpha=1.0, guard=guard),
        "OnAVOS, positives only": replace(config, distance=inf),
        "OnAVOS, no guard": replace(config, guard=None),
    }


class SameBeginning(OnAVOS):
    """OnAVOS on one object, whose run goes on from a copy of the first run in `begun`: variants part after the first frame only, and
    learning it is most of what they cost.
    """

    def __init__(self, network: nn.Module, config: OnAVOSConfig, begun: list[Run], generator: Generator):
        super().__init__(network, config, generator=generator)
        self.begun = begun

    def begin(self, told: Told, generator: Generator) -> Run:
        if not self.begun:
            self.begun.append(super().begin(told, generator))
        run = deepcopy(self.begun[0])
        run.config = self.config
        return run


class Shifted(nn.Module):
    """A network whose logits are lower by a shift: OSVOS moves them by itself, OnAVOS takes them as they are.

    Shapes: those of the network, frames (B,3,H,W) -> a list of (B,1,H,W).
    """

    def __init__(self, network: nn.Module, shift: float):
        super().__init__()
        self.network, self.shift = network, shift

    def forward(self, frames: Tensor) -> list[Tensor]:
        return [logits - self.shift for logits in self.network(frames)]


def no_instances(frame: Tensor) -> Instances:
    """What a segmenter says that finds nothing. Shapes: frame uint8 (3,H,W)."""
    return Instances(torch.zeros(0, *frame.shape[-2:], dtype=torch.bool), [], [])


def instances_of(case: Case) -> Callable[[Tensor], Instances]:
    """A segmenter of instances for a film in which a look-alike appears: each of its two parts is known from the film that it is of.

    Shapes: frame uint8 (3,H,W) -> as `noisy_instances`.
    """
    earlier, later = (
        noisy_instances(clip, generator=Generator().manual_seed(case.seed)) for clip in (case.without, case.whole)
    )

    def find(frame: Tensor) -> Instances:
        t = next(t for t, known in enumerate(case.clip.frames) if torch.equal(known, frame))
        return Instances(*(later if t in case.late else earlier)(frame))

    return find
