"""A lesson as its author wrote it: title, declared budgets, cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vostutor.course.markers import SOLUTION, Region


@dataclass(frozen=True)
class Budget:
    """What a lesson declares for one profile. Units: minutes of waiting, memory in 10^9 bytes (video memory too, where it has any)."""

    minutes: float
    memory_gb: float
    vram_gb: float | None = None


@dataclass(frozen=True)
class Cell:
    """One cell: its source, the line of its `# %%` in the master, and its regions, whose lines count in the source, from 0."""

    kind: str  # "code" or "markdown"
    source: str
    line: int
    metadata: Mapping[str, object] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()

    @property
    def exercise(self) -> str | None:
        return self.metadata.get("exercise")

    @property
    def reflection(self) -> str | None:
        return self.metadata.get("reflection")

    @property
    def answer(self) -> str | None:
        """The id of the reflection question that this cell answers."""
        return self.metadata.get("answer")

    @property
    def answers(self) -> tuple[Region, ...]:
        """Where the answers to an exercise lie."""
        return tuple(region for region in self.regions if region.kind == SOLUTION)

    def inside(self, region: Region) -> str:
        """The lines between a region's markers."""
        return "\n".join(self.source.splitlines()[region.first + 1 : region.last])

    def outside(self, *kinds: str) -> str:
        """The lines that lie in no region of these kinds.

        >>> cell = Cell("code", "a\\n# BEGIN HIDDEN\\nb\\n# END HIDDEN\\nc", 1, regions=(Region("HIDDEN", 1, 3, ""),))
        >>> cell.outside("HIDDEN"), cell.inside(cell.regions[0])
        ('a\\nc', 'b')
        """
        left_out = {k for r in self.regions if r.kind in kinds for k in range(r.first, r.last + 1)}
        return "\n".join(line for k, line in enumerate(self.source.splitlines()) if k not in left_out)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(self.metadata.get("tags", ()))


@dataclass(frozen=True)
class Master:
    """A lesson as its author wrote it."""

    path: Path
    title: str
    budgets: Mapping[str, Budget]
    cells: tuple[Cell, ...]

    @property
    def number(self) -> str:
        return self.path.name[:2]

    @property
    def name(self) -> str:
        """NN_slug, what its notebooks are called."""
        return self.path.stem
