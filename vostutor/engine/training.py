"""The training loop of every lesson: draw a batch, take the gradient, take a step; stop at any time and go on from the same place.

Everything random in step k of a run with seed s follows from (s, k) alone. So a checkpoint needs no random state, a run that was
interrupted ends with the same weights, bit for bit, as one that was not (on one machine), and two runs can be compared step by step.

Reading order: Training (how long, how fast), train (the loop), gradients (a batch too large for the memory, in parts).
Letters: B samples of a batch.
"""

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from math import cos, isfinite, pi
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ranges import expect_batch, expect_number, expect_one_of, expect_whole
from vostutor.engine.checkpoints import Checkpoint, read_checkpoint, write_checkpoint

Batch = dict[str, Tensor]  # every tensor (B,...), the same B
DrawBatch = Callable[[torch.Generator, int, float], Batch]  # generator, B, progress from 0 to 1 -> batch on the CPU
Objective = Callable[[nn.Module, Batch], Tensor]  # model, batch -> the mean loss of its samples, a scalar


@dataclass(frozen=True)
class Training:
    """How long and how fast. Frozen: a run is told by it, the data, the seed and the model.

    Units: steps, batch in samples, rate per step of AdamW, warm_up and save_every in steps.
    Raises: SettingsError for what cannot be trained with.
    """

    steps: int
    batch: int = 8
    rate: float = 2e-3  # at its highest
    weight_decay: float = 1e-4  # of weights; biases, gains and other vectors are left alone
    warm_up: int = 0  # steps in which the rate rises from 0
    halve_at: tuple[int, ...] = ()  # halved at these steps, as papers of 2015 do; without any, a cosine down to 0
    gradient_norm: float | None = 1.0  # gradients are scaled down to this length, None leaves them as they are
    precision: Literal["float32", "bfloat16"] = "float32"  # bfloat16: autocast; slow on processors without it
    save_every: int = 50

    def __post_init__(self):
        expect_whole(least=1, steps=self.steps, batch=self.batch, save_every=self.save_every)
        expect_whole(warm_up=self.warm_up, **{f"halve_at[{k}]": step for k, step in enumerate(self.halve_at)})
        expect_number(above=0, rate=self.rate, gradient_norm=1.0 if self.gradient_norm is None else self.gradient_norm)
        expect_number(weight_decay=self.weight_decay)
        expect_one_of(("float32", "bfloat16"), precision=self.precision)

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0.

        >>> half_way = Training(steps=100, rate=0.2).rate_at(50)
        >>> round(half_way, 6), Training(steps=9, rate=0.2, halve_at=(4, 6)).rate_at(5)
        (0.1, 0.1)
        """
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        if self.halve_at:
            return self.rate * 0.5 ** sum(step >= at for at in self.halve_at)
        return self.rate * (1 + cos(pi * step / self.steps)) / 2


@dataclass
class History:
    """What a run has written down so far. `parts` says in how many pieces a batch had to be taken to fit the memory."""

    losses: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    parts: int = 1

    @property
    def steps(self) -> int:
        return len(self.losses)

    def smoothed(self, over: int = 20) -> np.ndarray:
        """The mean of the last `over` losses at every step. Shapes: float64 (steps,).

        >>> History([4.0, 2.0, 0.0]).smoothed(over=2).tolist()
        [4.0, 3.0, 1.0]
        """
        total = np.cumsum([0.0, *self.losses])
        last = np.arange(1, self.steps + 1)
        first = np.maximum(last - over, 0)
        return (total[last] - total[first]) / (last - first)


Watcher = Callable[[Training, History], None]  # called after every step, and once when a run is taken up again


def train(
    model: nn.Module,
    draw_batch: DrawBatch,
    objective: Objective,
    training: Training,
    *,
    seed: int = 0,
    checkpoint: Path | str | None = None,
    watchers: Iterable[Watcher] = (),
    tell: Callable[[str], None] = print,
) -> History:
    """Train the model in place, on the device where it is; what was written down on the way.

    With `checkpoint`, a file, the run is saved every `training.save_every` steps, and calling again with the same arguments goes on
    from there; a finished run is loaded, not repeated. `tell` hears in a line what is out of the ordinary.

    Raises: DataError when the checkpoint is of another run or damaged, a batch holds no samples or unequally many, or the loss stops
        being a number; SettingsError for a seed below 0 and when even one sample does not fit the memory.
    Source: AdamW of Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019.
    >>> line = nn.Linear(1, 1)
    >>> def draw_batch(generator, size, progress):
    ...     x = torch.rand(size, 1, generator=generator)
    ...     return {"x": x, "y": 3 * x - 1}
    >>> history = train(line, draw_batch, lambda model, b: (model(b["x"]) - b["y"]).square().mean(), Training(steps=300, rate=0.1))
    >>> bool(history.losses[-1] < 1e-3), [round(p.item(), 1) for p in line.parameters()]
    (True, [3.0, -1.0])
    """
    expect_whole(seed=seed)
    run = _Run(model, draw_batch, objective, training, seed, tell)
    place = None if checkpoint is None else Path(checkpoint)
    if place is not None and place.exists():
        run.take_up(read_checkpoint(place))
    elif place is not None:
        write_checkpoint(place, run.checkpoint())  # who is stopped early begins again with these weights
    model.train()
    while run.history.steps < training.steps:
        run.step()
        if place is not None and run.is_due():
            write_checkpoint(place, run.checkpoint())
        for watch in watchers:
            watch(training, run.history)
    model.eval()
    return run.history


class _Run:
    """A run in progress: what train was given, the optimiser, and what has been written down."""

    def __init__(self, model, draw_batch, objective, training, seed, tell):
        self.model = model.to(memory_format=torch.channels_last)  # convolutions are a sixth quicker on CPUs so
        self.draw_batch, self.objective = draw_batch, objective
        self.training, self.seed, self.tell = training, seed, tell
        self.optimiser, self.history = _optimiser(model, training), History()

    def step(self) -> None:
        """Draw a batch, take its gradients, follow them."""
        began, k = time.process_time(), self.history.steps
        for group in self.optimiser.param_groups:
            group["lr"] = self.training.rate_at(k)
        loss = self._gradients(self._batch(k))
        if not isfinite(loss):
            raise DataError(
                expected="a loss that is a number",
                got=f"{loss} at step {k} of {self.training.steps}",
                try_this=f"a lower rate than {self.training.rate}, or a longer warm_up",
            )
        if self.training.gradient_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.history.losses.append(loss)
        self.history.cpu_seconds += time.process_time() - began

    def _batch(self, step: int) -> Batch:
        device = next(self.model.parameters()).device
        batch = self.draw_batch(step_generator(self.seed, step), self.training.batch, step / self.training.steps)
        return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}

    def _gradients(self, batch: Batch) -> float:
        """The gradients of a batch, in twice as many parts as before whenever the memory does not suffice."""
        samples, history = expect_batch(batch), self.history
        while True:
            seed = _mixed(self.seed, history.steps, 1)
            try:
                return gradients(self.model, batch, self.objective, history.parts, self.training.precision, seed)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                if history.parts >= samples:
                    raise SettingsError(
                        expected="memory for one sample",
                        got=str(error).splitlines()[0],
                        try_this="a smaller profile, smaller frames, or --device cpu",
                    ) from None
            self._make_room()
            history.parts = min(2 * history.parts, samples)
            self.tell(
                f"out of memory: {samples} samples are taken in {history.parts} parts from here on, slower, same result"
            )

    def _make_room(self) -> None:
        self.model.zero_grad(set_to_none=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        done = self.history.steps
        return done % self.training.save_every == 0 or done == self.training.steps

    def checkpoint(self) -> Checkpoint:
        """Everything it takes to go on."""
        return Checkpoint(self._asked(), self.model.state_dict(), self.optimiser.state_dict(), asdict(self.history))

    def take_up(self, saved: Checkpoint) -> None:
        """Go on where a run with the same settings and a model with the same parts stood."""
        asked = self._asked()
        changed = [name for name in asked if saved.run.get(name) != asked[name]]
        if changed:
            raise _foreign(*(", ".join(f"{name} {run.get(name)}" for name in changed) for run in (asked, saved.run)))
        try:
            self.model.load_state_dict(saved.model)
        except RuntimeError as error:
            raise _foreign("the parts of this model", str(error).splitlines()[-1].strip()) from None
        self.optimiser.load_state_dict(saved.optimiser)
        self.history = History(**saved.history)

    def _asked(self) -> dict:
        return asdict(self.training) | {"seed": self.seed}


def _foreign(expected: str, got: str) -> DataError:
    return DataError(
        expected=f"a checkpoint of the same run: {expected}",
        got=got,
        try_this="another checkpoint file, or delete this one to begin anew",
    )


def step_generator(seed: int, step: int) -> torch.Generator:
    """The source of everything random in one step of one run.

    >>> [torch.rand((), generator=step_generator(0, step)).item() != 0 for step in (0, 0)]
    [True, True]
    """
    return torch.Generator().manual_seed(_mixed(seed, step))


def _mixed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint32)[0])


def _optimiser(model: nn.Module, training: Training) -> torch.optim.AdamW:
    """AdamW that pulls matrices and kernels towards zero, but no bias and no gain."""
    wanted = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": training.weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=training.rate)


def _is_out_of_memory(error: BaseException) -> bool:
    """CUDA has a type of its own for it; the CPU allocator raises a RuntimeError that can only be told by its words."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def gradients(
    model: nn.Module,
    batch: Batch,
    objective: Objective,
    parts: int = 1,
    precision: Literal["float32", "bfloat16"] = "float32",
    seed: int = 0,
) -> float:
    """Add the gradients of a batch to the parameters, and return its loss; in `parts` pieces, each weighted by its samples.

    For an objective that is a mean over samples the pieces sum to what the whole batch gives, but for rounding. (Batch
    normalisation would see each piece alone; this course normalises over groups.)

    Shapes: batch: tensors (B,...) with one B.
    Raises: SettingsError for parts below 1, DataError for no samples; whatever the objective raises, out of memory included.
    >>> model = nn.Linear(2, 1)
    >>> whole = gradients(model, {"x": torch.ones(6, 2)}, lambda m, b: m(b["x"]).mean())
    >>> abs(whole - gradients(model, {"x": torch.ones(6, 2)}, lambda m, b: m(b["x"]).mean(), parts=4)) < 1e-6
    True
    """
    expect_whole(least=1, parts=parts)
    samples, total = expect_batch(batch), 0.0
    device = next(model.parameters()).device
    cuts = [samples * k // parts for k in range(parts + 1)]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)  # for layers that draw by themselves, such as dropout
        for begin, end in zip(cuts, cuts[1:], strict=False):
            piece = {name: tensor[begin:end] for name, tensor in batch.items()}
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                loss = objective(model, piece) * ((end - begin) / samples)
            loss.backward()
            total += loss.item()
    return total
