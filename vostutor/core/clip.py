"""The three contracts that cross folders: a clip in memory, a stream of frames, a system that segments them.

Letters: T frames, H rows, W columns, K objects.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.shapes import expect


@dataclass(frozen=True, eq=False)
class Clip:
    """A short video in memory with all that is known about it, checked once and frozen.

    Shapes: frames uint8 (T,3,H,W) RGB; ids int64 (T,H,W), 0 background, 255 void, or None; flow_fwd and flow_bwd float32
        (T-1,2,H,W) or None; occluded bool (T-1,H,W) or None; depth_order uint8 (T,H,W) or None. All on the CPU.
    Units: flow in pixels, x then y; flow_fwd[t] leads from frame t to t+1, flow_bwd[t] from t+1 back to t; occluded[t] marks the
        pixels of frame t that have no counterpart in frame t+1; depth_order counts layers from the back, larger is nearer.
    Raises: ShapeError for wrong axes or types, DataError for ids that object_ids does not name.
    """

    frames: Tensor
    ids: Tensor | None = None
    flow_fwd: Tensor | None = None
    flow_bwd: Tensor | None = None
    occluded: Tensor | None = None
    depth_order: Tensor | None = None
    object_ids: tuple[int, ...] | None = None  # None: read off ids, ascending
    categories: tuple[str, ...] = ()  # one per object, or none at all
    labels: frozenset[str] = field(default_factory=frozenset)
    name: str = "clip"
    fps: float = 24.0
    source: str = ""

    def __post_init__(self):
        expect(
            "frames: T 3 H W",
            frames=self.frames,
            hint="a Clip holds RGB frames (T,3,H,W); permute (T,H,W,3) with frames.permute(0, 3, 1, 2)",
        )
        if len(self.frames) == 0:
            raise DataError(
                expected="at least one frame", got="frames (0,3,H,W)", try_this="check that the file is a video"
            )
        self._check_companions()
        present = _objects_in(self.ids)
        named = present if self.object_ids is None else tuple(int(i) for i in self.object_ids)
        if not set(present) <= set(named) or len(set(named)) != len(named):
            raise DataError(
                expected=f"ids among object_ids {named}, each once",
                got=f"ids {present}",
                try_this="name every object, or leave object_ids out",
            )
        if self.categories and len(self.categories) != len(named):
            raise DataError(
                expected=f"{len(named)} categories, one per object",
                got=f"{len(self.categories)}",
                try_this="categories=() when they are unknown",
            )
        object.__setattr__(self, "object_ids", named)
        object.__setattr__(self, "categories", tuple(self.categories))
        object.__setattr__(self, "labels", frozenset(self.labels))

    def _check_companions(self):
        companions = {
            "frames": ("T 3 H W", torch.uint8),
            "ids": ("T H W", torch.int64),
            "flow_fwd": ("T-1 2 H W", torch.float32),
            "flow_bwd": ("T-1 2 H W", torch.float32),
            "occluded": ("T-1 H W", torch.bool),
            "depth_order": ("T H W", torch.uint8),
        }
        for name, (axes, dtype) in companions.items():
            array = getattr(self, name)
            if array is None:
                continue
            expect(f"frames: T 3 H W, {name}: {axes}", **{"frames": self.frames, name: array})
            if array.dtype != dtype or array.device.type != "cpu":
                raise ShapeError(
                    expected=f"{name} as {dtype} on the CPU",
                    got=f"{array.dtype} on {array.device}",
                    try_this=f"{name}.to('cpu', {dtype})",
                )

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return tuple(self.frames.shape[-2:])

    def source_of(self, known: Sequence[int] = (0,)) -> "ClipSource":
        """The clip as a stream in which only the masks of the frames in `known` are told."""
        return ClipSource(self, tuple(known))

    def __repr__(self) -> str:
        height, width = self.size
        return f"Clip({self.name!r}, {len(self)} frames {height}x{width}, objects {list(self.object_ids)}, labels {sorted(self.labels)})"


@dataclass(frozen=True)
class ClipSource:
    """A clip in memory seen through the FrameSource window."""

    clip: Clip
    known: tuple[int, ...] = (0,)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        for t, frame in enumerate(self.clip.frames):
            told = t in self.known and self.clip.ids is not None
            yield frame, (self.clip.ids[t] if told else None)

    def __len__(self) -> int:
        return len(self.clip)

    @property
    def name(self) -> str:
        return self.clip.name

    @property
    def fps(self) -> float:
        return self.clip.fps

    @property
    def size(self) -> tuple[int, int]:
        return self.clip.size


@runtime_checkable
class FrameSource(Protocol):
    """Anything long, read frame by frame: (frame, ids or None). It can be iterated again from the start; it never holds the whole video.

    Shapes: frame uint8 (3,H,W) RGB on the CPU; ids int64 (H,W), 0 background, 255 void, where a mask is known.
    """

    name: str
    fps: float

    @property
    def size(self) -> tuple[int, int]: ...

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]: ...


@runtime_checkable
class Segmenter(Protocol):
    """A system that is told some masks and answers for every other frame. State lives in the object.

    Shapes: frame uint8 (3,H,W); ids int64 (H,W); step returns prob_all float32 (K+1,H,W) on the frame's device, channel 0 background,
        channel k the k-th object in order of first annotation (ascending ids within one frame).
    `observe` may come at the first frame and at any later one: corrections, more annotations, late objects. It replaces `step` there,
    and its ids are that frame's result.
    """

    def observe(self, frame: Tensor, ids: Tensor) -> None: ...

    def step(self, frame: Tensor) -> Tensor: ...


@runtime_checkable
class ClipSegmenter(Protocol):
    """A system that needs the whole clip at once. Shapes: returns prob_all float32 (T,K+1,H,W)."""

    def segment_clip(self, clip: Clip) -> Tensor: ...


def _objects_in(ids: Tensor | None) -> tuple[int, ...]:
    if ids is None or ids.numel() == 0:
        return ()
    low, high = (int(value) for value in torch.aminmax(ids))
    if low < 0 or high > VOID:
        raise DataError(
            expected="ids from 0 to 255",
            got=f"{low} to {high}",
            try_this="map the mask's values to 0 background, 1.. objects, 255 void",
        )
    counts = torch.bincount(ids.flatten())  # ten times faster than unique, which sorts
    return tuple(value for value in counts.nonzero().flatten().tolist() if value not in (0, VOID))
