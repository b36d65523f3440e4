"""What a network finds in a late frame while it learns an object from annotated ones: step by step, by how many are annotated.

Reading order: STEPS, Learning, FineTuning (state -> arrays), spread, ask.
Letters: T frames, S moments of learning, H rows, W columns.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ids import VOID
from vostutor.metrics.region import jaccard
from vostutor.widgets.probe_pair import told

STEPS = (0, 1, 2, 4, 7, 12, 20, 30, 40, 50)  # closer together at first, where most is learned
MOST = 4  # frames that can be annotated
_TURN = 5  # steps on one frame before it is the next one's turn


@dataclass(frozen=True, eq=False)
class Learning:
    """What a network found at each moment of its training on some annotated frames.

    Shapes: prob float32 (S,H,W), NaN where training failed; j (S,). note says what failed, or nothing.
    """

    annotated: tuple[int, ...]
    prob: np.ndarray
    j: np.ndarray
    note: str = ""

    @property
    def masks(self) -> np.ndarray:
        """Shapes: -> bool (S,H,W)."""
        return self.prob > 0.5  # which NaN is not


class FineTuning:
    """One object of a clip, taught to copies of a parent; what they find in one late frame that nobody annotates.

    parent: frames float (B,3,H,W) in [0,1] -> a list of logits (B,1,H,W), the answer last. It stays as it is. A pixel is the object's
        from a probability of one half on; lower the logits of a network that says so too early.
    annotated: the frames that can be annotated, in the order in which they are; left out, the first one and others spread over the clip.
    steps: after how many steps the late frame is looked at, ascending from 0.
    finetune: (network, frame float (3,H,W) in [0,1], mask bool (H,W), steps) -> network, a student's. Several frames take turns, and
        each turn goes on from the network of the last one. Left out, `finetune` of models/osvos.py, with its augmentation.
    late: the frame that is looked at; left out, one near the end. object_id: left out, the first object.

    Raises: DataError for a clip without masks or frames that cannot be annotated, SettingsError for other steps.
    >>> from vostutor.core import Clip
    >>> clip = Clip(torch.zeros(6, 3, 4, 4, dtype=torch.uint8), torch.ones(6, 4, 4, dtype=torch.int64))
    >>> class Sure(nn.Module):
    ...     def forward(self, frames):
    ...         return [torch.full_like(frames[:, :1], 9.0)]
    >>> learning = FineTuning(Sure(), clip, steps=(0, 10)).of(0)
    >>> learning.prob.shape, learning.j
    ((2, 4, 4), array([1., 1.]))
    """

    def __init__(
        self,
        parent: nn.Module,
        clip: Clip,
        annotated: Sequence[int] | None = None,
        *,
        steps: Sequence[int] = STEPS,
        finetune: Callable | None = None,
        late: int | None = None,
        object_id: int | None = None,
        seed: int = 0,
    ):
        self.parent, self.clip, self.finetune, self.seed = parent, clip, finetune, seed
        self.object_id = object_of(clip, object_id)
        present = np.flatnonzero((clip.ids == self.object_id).flatten(1).any(1).numpy()).tolist()
        self.late = _late_of(present, len(clip)) if late is None else int(late)
        self.annotated = spread(present, self.late) if annotated is None else tuple(int(t) for t in annotated)
        _check_frames(self.annotated, self.late, len(clip))
        self.steps = _check_steps(steps)
        self._known: dict[int, Learning] = {}

    @property
    def truth(self) -> np.ndarray:
        """The object in the late frame. Shapes: -> bool (H,W)."""
        return (self.clip.ids[self.late] == self.object_id).numpy()

    def knows(self, count: int) -> bool:
        """Whether training on so many frames is done."""
        return count in self._known

    def of(self, count: int, report: Callable[[list[float]], None] | None = None) -> Learning:
        """What was found after training on the first `count` of the annotated frames; trained once and kept.

        report: called with the J of all moments so far, whenever the late frame was looked at.
        """
        if count not in self._known:
            self._known[count] = self._learn(count, report)
        return self._known[count]

    def _learn(self, count: int, report: Callable | None) -> Learning:
        maps, scores, note = [], [], ""
        void = (self.clip.ids[self.late] == VOID).numpy()

        def look(network: nn.Module) -> None:
            maps.append(ask(network, self.clip.frames[self.late]))
            scores.append(jaccard(self.truth, maps[-1] > 0.5, void))
            if report is not None:
                report(scores)

        try:
            look(self.parent)
            if count:
                (self._train if self.finetune is None else self._take_turns)(count, look)
        except Exception as error:  # anything can come out of a student's function
            note = f"finetune gave no network: {told(error)}"
        missing = len(self.steps) - len(maps)
        if not count and maps:  # without a lesson nothing changes
            maps, scores, missing = maps * len(self.steps), scores * len(self.steps), 0
        nothing = np.full(self.clip.size, np.nan, np.float32)
        prob, j = np.stack([*maps, *[nothing] * missing]), np.array(scores + [np.nan] * missing)
        return Learning(self.annotated[:count], prob, j, note)

    def _train(self, count: int, look: Callable) -> None:
        """One training by the package's function, watched."""
        from vostutor.models.osvos import finetune

        known = list(self.annotated[:count])
        masks, void = self.clip.ids[known] == self.object_id, self.clip.ids[known] == VOID
        watch = lambda step, network: look(network) if step in self.steps else None  # noqa: E731
        how = {"generator": torch.Generator().manual_seed(self.seed), "steps": self.steps[-1], "watch": watch}
        finetune(self.parent, self.clip.frames[known], masks, void=void, **how)

    def _take_turns(self, count: int, look: Callable) -> None:
        """The student's function again and again, from one moment to the next."""
        network, turn = deepcopy(self.parent), 0  # a function that trains what it was given spoils nothing
        for before, after in pairwise(self.steps):
            while before < after:
                steps, t = min(after - before, _TURN if count > 1 else after), self.annotated[turn % count]
                frame, mask = self.clip.frames[t].float() / 255, self.clip.ids[t] == self.object_id
                network, turn, before = self.finetune(network, frame, mask, steps), turn + 1, before + steps
            look(network)


@torch.no_grad()
def ask(network: nn.Module, frame: Tensor) -> np.ndarray:
    """The probability of the object that a network answers with; it is left in the mode it was in.

    Shapes: frame uint8 (3,H,W) -> float32 (H,W).
    """
    training = network.training
    network.eval()
    device = next((weights.device for weights in network.parameters()), frame.device)
    logits = network(frame[None].to(device).float() / 255)[-1]
    network.train(training)
    return logits[0, 0].float().sigmoid().cpu().numpy()


def spread(candidates: Sequence[int], late: int, most: int = MOST) -> tuple[int, ...]:
    """The first of some frames, then always the one farthest from those chosen before: few of them already span the clip.

    >>> spread(range(16), late=13)
    (0, 15, 7, 11)
    """
    left = [t for t in candidates if t != late]
    chosen = left[:1]
    while len(chosen) < min(most, len(left)):
        chosen.append(max((t for t in left if t not in chosen), key=lambda t: min(abs(t - c) for c in chosen)))
    return tuple(chosen)


def _late_of(present: list[int], frames: int) -> int:
    """A frame with the object in it, about six sevenths through the clip."""
    return min(present, key=lambda t: abs(t - round(0.87 * (frames - 1))))


def object_of(clip: Clip, object_id: int | None = None) -> int:
    """The object that is meant: the one that is asked for, or the first. Raises: DataError where it is in no mask."""
    ids = getattr(clip, "ids", None)
    known = clip.object_ids if ids is not None else ()
    wanted = object_id if object_id is not None else next(iter(known), None)
    if wanted not in known or not (ids == wanted).any():
        raise DataError(
            expected=f"a clip with masks, and one of its objects {tuple(known)}",
            got=f"object {wanted}",
            try_this='draw_clip("distractor", 3), whose masks are known',
        )
    return int(wanted)


def _check_frames(annotated: tuple[int, ...], late: int, frames: int) -> None:
    inside = all(0 <= t < frames for t in (*annotated, late))
    if not annotated or len(set(annotated)) < len(annotated) or late in annotated or not inside:
        raise DataError(
            expected=f"frames 0 to {frames - 1} to annotate, each once, and another one to look at",
            got=f"annotated {annotated}, late {late}",
            try_this="annotated=(0, 7), late=13",
        )


def _check_steps(steps: Sequence[int]) -> tuple[int, ...]:
    steps = tuple(int(step) for step in steps)
    if len(steps) < 2 or steps[0] != 0 or any(a >= b for a, b in pairwise(steps)):
        raise SettingsError(expected="numbers of steps, ascending from 0", got=f"{steps}", try_this=f"steps={STEPS}")
    return steps
