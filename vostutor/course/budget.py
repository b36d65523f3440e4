"""What a lesson declared beside what it cost, and the verdict."""

from dataclasses import dataclass

from vostutor.core.profiles import profile_named
from vostutor.course.lesson import Budget

TOLERATED = 1.2  # times the declared value, before a warning


@dataclass(frozen=True)
class Outcome:
    """One lesson's run. Units: seconds; memory in 10^9 bytes.

    >>> run = Outcome("00", "The task", "smoke", Budget(0.2, 1.0), 9, wall_seconds=90.0, cpu_seconds=11.0, memory_gb=0.5)
    >>> run.passed, run.warnings          # the wall clock ran for 90 s, but the lesson did not: the machine was busy
    (True, ())
    >>> print(run.line())
    ✓ 00 The task    1.5 min (declared 0.2)  11.0 CPU-s (limit 30)  0.50 GB (declared 1.0)
    """

    number: str
    title: str
    profile: str
    declared: Budget | None
    cells: int
    wall_seconds: float
    cpu_seconds: float
    memory_gb: float
    failure: str | None = None
    found: tuple[str, ...] = ()  # what the notebook gate says of a run that reached its end

    @property
    def minutes(self) -> float:
        """What is held against the declared minutes. A busy machine stretches the wall time and two threads the CPU time, so a
        lesson is longer than declared only when both are."""
        return min(self.wall_seconds, self.cpu_seconds) / 60

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each measured value that exceeds what was declared by more than is tolerated."""
        if self.declared is None:
            return () if self.failure else (f"no budget declared for the {self.profile} profile",)
        pairs = [("min", self.minutes, self.declared.minutes), ("GB", self.memory_gb, self.declared.memory_gb)]
        return tuple(
            f"{measured:.2g} {unit}, more than {TOLERATED} times the declared {declared:g} {unit}"
            for unit, measured, declared in pairs
            if measured > TOLERATED * declared
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the run does not count as passed: it failed, the gate found something, or it broke a limit of its profile."""
        limit = profile_named(self.profile)
        faults = [*([self.failure] if self.failure else []), *self.found]
        if limit.cpu_seconds is not None and self.cpu_seconds > limit.cpu_seconds:
            faults.append(f"{self.cpu_seconds:.1f} CPU-s, {self.profile} allows {limit.cpu_seconds:g}")
        if self.memory_gb > limit.memory_gb:
            faults.append(f"{self.memory_gb:.2f} GB, {self.profile} allows {limit.memory_gb:g}")
        return tuple(faults)

    @property
    def passed(self) -> bool:
        return not self.faults

    def line(self) -> str:
        """One line: verdict, minutes and memory with what was declared; below it each fault and warning."""
        minutes, memory = (f"{self.declared.minutes:g}", f"{self.declared.memory_gb:.1f}") if self.declared else "--"
        limit = profile_named(self.profile).cpu_seconds
        head = (
            f"{'✓' if self.passed else '✗'} {self.number} {self.title:<10}  {self.wall_seconds / 60:.1f} min (declared {minutes})"
            f"  {self.cpu_seconds:.1f} CPU-s (limit {limit or 'none'})  {self.memory_gb:.2f} GB (declared {memory})"
        )
        return "\n".join([head, *(f"  ✗ {fault}" for fault in self.faults), *(f"  ! {text}" for text in self.warnings)])

    def row(self) -> dict:
        """The run as JSON values, for budgets.json."""
        declared = vars(self.declared) if self.declared else None
        judged = {"passed": self.passed, "faults": list(self.faults), "warnings": list(self.warnings)}
        measured = {key: round(getattr(self, key), 3) for key in ("wall_seconds", "cpu_seconds", "memory_gb")}
        names = {"lesson": self.number, "title": self.title, "profile": self.profile, "cells": self.cells}
        return names | measured | {"declared": declared} | judged
