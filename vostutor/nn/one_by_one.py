"""Systems that were made for one object, run once for each: the part of a Segmenter that they share.

Letters: K objects, H rows, W columns.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_tensor
from vostutor.core.shapes import expect
from vostutor.ops.masks import object_order, one_hot, to_ids
from vostutor.ops.objects import merge_objects
from vostutor.ops.superpixels import snap

# Frames uint8 (3,H,W) and their targets int64 (H,W): 1 the object, 0 not, 255 void.
Told = Sequence[tuple[Tensor, Tensor]]


class Run(Protocol):
    """One object on its way through the video. Shapes: frame uint8 (3,H,W) -> its probability, float32 (H,W)."""

    def step(self, frame: Tensor) -> Tensor: ...


class OneByOne:
    """A Segmenter that looks for each object with a run of its own, which knows nothing of the others. A new one for each video.

    A system derives from it and says how a run begins: `begin(told, generator)`. Runs begin when the first frame is asked for. What is
    told later, a correction or a new object, lets all of them begin again, with all masks told since the object's first. Each object
    has its own random numbers, so that its answer is the same whatever else is told.

    network: where it lies, frames and masks are brought to. generator: seeded with 0 if left out, so that a video always has the same
    answer. superpixels: frame uint8 (3,H,W) -> labels (H,W), to which masks are snapped, such as slic; None leaves them as they are.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        superpixels: Callable[[Tensor], Tensor] | None = None,
        generator: torch.Generator | None = None,
    ):
        self.network, self.superpixels = network, superpixels
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        self.seed = int(torch.randint(2**31, (), generator=generator))
        self.objects: tuple[int, ...] = ()
        self.told: list[tuple[Tensor, Tensor]] = []  # frames uint8 (3,H,W), ids (H,W)
        self.runs: dict[int, Run | None] = {}  # empty until all that is told has been learned

    def begin(self, told: Told, generator: torch.Generator) -> Run:
        """A run for one object, of which some masks are told, the first of them not empty."""
        raise NotImplementedError

    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Remember a frame and its mask, in place of an earlier mask of the very same frame.

        Shapes: frame uint8 (3,H,W), ids integer (H,W), 0 background, 255 void.
        Raises: ShapeError for a frame or mask of another size or type, DataError for ids beyond 0..255.
        """
        self._check(frame)
        expect("frame: 3 H W, ids: H W", frame=frame, ids=ids, hint="one mask of the size of its frame")
        self.objects = object_order(self.objects, ids)
        others = [known for known in self.told if not torch.equal(known[0], frame)]
        self.told, self.runs = [*others, (frame.clone(), ids.clone())], {}

    def step(self, frame: Tensor) -> Tensor:
        """The objects in the next frame.

        Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W), sums to 1 over axis 0, channel 0 background.
        Raises: DataError before any mask was told, ShapeError for a frame of another size or type.
        """
        self._check(frame)
        if not self.told:
            raise DataError(
                expected="a mask before the first step",
                got="none",
                try_this="system.observe(frame, ids) with the first frame and its mask",
            )
        self.runs = self.runs or {number: self._begun(number) for number in self.objects}
        nowhere, here = torch.zeros(frame.shape[-2:], device=frame.device), self._device()
        prob = [run.step(frame.to(here)).to(frame.device) if run else nowhere for run in self.runs.values()]
        prob_all = merge_objects(torch.stack(prob) if prob else nowhere.expand(0, -1, -1))
        return prob_all if self.superpixels is None else self._snapped(prob_all, self.superpixels(frame))

    def _snapped(self, prob_all: Tensor, regions: Tensor) -> Tensor:
        ids = to_ids(prob_all, self.objects)
        snapped = [number * snap(regions, ids == number) for number in self.objects]
        return one_hot(sum(snapped, torch.zeros_like(ids)), self.objects)

    def _begun(self, number: int) -> Run | None:
        """The run of an object; None where a correction took its only mask away."""
        since = next((k for k, (_, ids) in enumerate(self.told) if (ids == number).any()), None)
        if since is None:
            return None
        here = self._device()
        told = [
            (frame.to(here), torch.where(ids == VOID, VOID, (ids == number).long()).to(here))
            for frame, ids in self.told[since:]
        ]
        return self.begin(told, torch.Generator().manual_seed(self.seed + number))

    def _device(self) -> torch.device:
        return next((weight.device for weight in self.network.parameters()), torch.device("cpu"))

    def _check(self, frame: Tensor) -> None:
        expect_tensor(frame=frame)
        expect("frame: 3 H W", frame=frame, hint="one RGB frame (3,H,W) at a time")
        if frame.dtype != torch.uint8:
            raise ShapeError(expected="a frame of uint8", got=f"{frame.dtype}", try_this="(255 * frame).byte()")
        if self.told and frame.shape != self.told[0][0].shape:
            raise ShapeError(
                expected=f"frames of {tuple(self.told[0][1].shape)}, like those before",
                got=f"{tuple(frame.shape[-2:])}",
                try_this=f"a new {type(self).__name__} for each video",
            )
