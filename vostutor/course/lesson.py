"""A lesson as its author wrote it: title, declared budgets, cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Budget:
    """What a lesson declares for one profile. Units: minutes of waiting, memory in 10^9 bytes (video memory too, where it has any)."""

    minutes: float
    memory_gb: float
    vram_gb: float | None = None


@dataclass(frozen=True)
class Cell:
    """One cell: its source, the line of its `# %%` in the master, and the lines of its answers (counted in the source, from 0)."""

    kind: str  # "code" or "markdown"
    source: str
    line: int
    metadata: Mapping[str, object] = field(default_factory=dict)
    answers: tuple[tuple[int, int, str], ...] = ()  # first line, last line, indentation

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
