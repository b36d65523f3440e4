"""A pool of places whose labels are known: what was told stays, what was guessed later is bounded.

Letters: N places, C channels of an embedding.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.ids import VOID
from vostutor.core.ranges import expect_floating, expect_tensor, expect_whole
from vostutor.core.shapes import expect

FRESH = 10  # a frame lends at most 1 / FRESH of what a label may grow by: old frames fade slowly


def evenly(count: int, most: int) -> Tensor:
    """Which of `count` stay where at most `most` may, at even steps and without chance.

    Shapes: -> int64 (min(count, most),), ascending. Raises: SettingsError for numbers below 0.
    Source: own rule.
    >>> evenly(5, 3)
    tensor([0, 1, 3])
    """
    expect_whole(count=count, most=most)
    kept = min(count, most)
    return torch.arange(kept) * count // max(1, kept)


class Places(NamedTuple):
    """Embedded places that know what they are.

    Shapes: embedding float (N,C); labels int64 (N,), 0 background, k the k-th object; frames int64 (N,), the number of each one's frame.
    """

    embedding: Tensor
    labels: Tensor
    frames: Tensor

    @classmethod
    def of(cls, frame: int, embedding: Tensor, labels: Tensor) -> "Places":
        """Places of one frame. Raises: ShapeError for other axes or types, DataError for labels beyond 0..255."""
        expect_floating(embedding=embedding)
        expect_tensor(labels=labels)
        expect("embedding: N C, labels: N", embedding=embedding, labels=labels, hint="one label for each place")
        if labels.dtype != torch.int64:
            raise ShapeError(expected="labels of int64", got=f"{labels.dtype}", try_this="labels.long()")
        beyond = labels[(labels < 0) | (labels > VOID)]
        if len(beyond):
            raise DataError(
                expected=f"labels from 0 to {VOID}",
                got=f"{beyond.unique().tolist()[:4]}",
                try_this=f"{VOID} is unknown",
            )
        return cls(embedding, labels, torch.full_like(labels, frame))

    def chosen(self, which: Tensor) -> "Places":
        """Those that a mask or indices name."""
        return Places(*(each[which] for each in self))

    def thinned(self, most: int) -> "Places":
        """At most so many, at even steps."""
        return self.chosen(evenly(len(self.labels), most).to(self.labels.device))

    @property
    def scarcest(self) -> int:
        """How many places the label has that has the fewest, of those that have any; 0 where there is none."""
        return min((count for count in torch.bincount(self.labels).tolist() if count), default=0)

    @classmethod
    def joined(cls, pools: Iterable["Places"]) -> "Places":
        """All of several pools, in this order."""
        return cls(*(torch.cat(each) for each in zip(*pools, strict=True)))


class LabelPool:
    """Places of told frames, all that are known of them, and places that joined later, at most `capacity` of each label.

    Where a label has too many, old and new are thinned at even steps together. A frame can take its places back.

    >>> pool = LabelPool(capacity=20)
    >>> pool.tell(0, torch.zeros(3, 2), torch.tensor([0, 1, 255]))               # void is not known
    >>> pool.join(1, torch.ones(9, 2), torch.ones(9, dtype=torch.int64))         # a tenth of 20 may come from one frame
    >>> pool.places.labels.tolist(), pool.places.frames.tolist()
    ([0, 1, 1, 1], [0, 0, 1, 1])
    """

    def __init__(self, capacity: int):
        expect_whole(least=1, capacity=capacity)
        self.capacity = capacity
        self.told: dict[int, Places] = {}  # by the number of the frame
        self.grown: Places | None = None

    def __len__(self) -> int:
        return sum(len(each.labels) for each in self._parts)

    @property
    def places(self) -> Places:
        """What there is: first what was told, frame by frame, then what joined. Raises: DataError before anything was told or joined."""
        if not self._parts:
            raise DataError(
                expected="a pool that was told something",
                got="an empty one",
                try_this="pool.tell(0, embedding, labels)",
            )
        return Places.joined(self._parts)

    @property
    def scarcest(self) -> int:
        """How many places the label has that has the fewest, of those that have any; 0 for an empty pool."""
        return self.places.scarcest if self._parts else 0

    def tell(self, frame: int, embedding: Tensor, labels: Tensor) -> None:
        """Take the known places of a frame, in place of whatever it lent before.

        Shapes: embedding floating (N,C), labels int64 (N,), 255 unknown.
        Raises: ShapeError for other axes or types, or other channels than the pool has, DataError for labels beyond 0..255.
        """
        told = self._fitting(Places.of(frame, embedding, labels))
        self.forget(frame)
        self.told[frame] = told.chosen(labels != VOID)

    def forget(self, frame: int) -> None:
        """Let go of the places that joined from this frame."""
        if self.grown is not None:
            self.grown = self.grown.chosen(self.grown.frames != frame)

    def join(self, frame: int, embedding: Tensor, labels: Tensor) -> None:
        """Take places whose labels were guessed, within bounds. Shapes and Raises: as `tell`."""
        fresh, share = self._fitting(Places.of(frame, embedding, labels)), max(1, self.capacity // FRESH)
        old = fresh.thinned(0) if self.grown is None else self.grown
        parts = [fresh.thinned(0)]
        for label in torch.unique(torch.cat([old.labels, fresh.labels])).tolist():
            known, new = (each.chosen(each.labels == label) for each in (old, fresh))
            parts.append(Places.joined([known, new.thinned(share)]).thinned(self.capacity))
        self.grown = Places.joined(parts)

    @property
    def _parts(self) -> list[Places]:
        return [*self.told.values(), *([] if self.grown is None else [self.grown])]

    def _fitting(self, places: Places) -> Places:
        """The same, where they have as many channels as those that are here."""
        for known in self._parts[:1]:
            expect(
                f"embedding: N {known.embedding.shape[1]}",
                embedding=places.embedding,
                hint="places of one network: a new pool for another",
            )
        return places
