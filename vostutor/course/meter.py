"""What a process and all that it starts cost, and where that has to end."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

_EVERY = 0.1  # seconds between two looks: what allocates fastest gets no further than half a gigabyte in between
_TREE = 5  # looks between two searches for children, which cost a few milliseconds


@dataclass(frozen=True)
class Limits:
    """Beyond these a process tree is killed. Units: seconds on the wall; memory in 10^9 bytes. None sets no limit."""

    wall_seconds: float | None = None
    memory_gb: float | None = None


class Meter:
    """CPU-seconds and peak memory of a process tree, watched while the `with` block runs and killed where it breaks a limit.

    Against the limit of memory counts also by how much this very process has grown meanwhile: it keeps the outputs of a notebook.
    `broken` says in words which limit that was, None while all are kept.

    Units: cpu_seconds counts user and system time, also of children that have ended and were waited for; peak_bytes is resident
    memory: the largest sum over the tree that was seen, and at least the peak that the kernel of the system noted for the process itself.
    """

    def __init__(self, pid: int, limits: Limits = Limits()):  # noqa: B008 (frozen)
        import psutil

        self.cpu_seconds, self.peak_bytes, self.broken = 0.0, 0, None
        self._limits, self._began = limits, time.monotonic()
        self._process, self._own = psutil.Process(pid), psutil.Process()
        self._own_before = self._own.memory_info().rss
        self._tree = [self._process]
        self._gone = (psutil.NoSuchProcess, psutil.AccessDenied)
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Meter":
        self._watcher.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._watcher.join()
        self._find_children()
        self._look()

    def _watch(self) -> None:
        looks = 0
        while not self._stop.wait(_EVERY):
            if looks % _TREE == 0:
                self._find_children()
            looks += 1
            self.broken = self._broken(self._look() + self._kept())
            if self.broken:
                self._kill()
                return

    def _find_children(self) -> None:
        try:
            self._tree = [self._process, *self._process.children(recursive=True)]
        except self._gone:
            return  # what was seen last stands

    def _look(self) -> int:
        """The bytes that the tree holds now."""
        seconds, memory = 0.0, 0
        for process in self._tree:
            try:
                seconds += sum(process.cpu_times()[:4])  # own user and system time, then that of ended children
                memory += process.memory_info().rss
            except self._gone:
                continue
        self.cpu_seconds = max(self.cpu_seconds, seconds)
        self.peak_bytes = max(self.peak_bytes, memory, _noted_peak(self._process.pid))
        return memory

    def _kept(self) -> int:
        """The bytes that this process has taken since: what the watched one sends without end ends up here."""
        return max(0, self._own.memory_info().rss - self._own_before)

    def _broken(self, held: int) -> str | None:
        seconds, most = self._limits.wall_seconds, self._limits.memory_gb
        if most is not None and held > most * 1e9:
            return (
                f"killed, because it held {held / 1e9:.2f} GB of memory, outputs included, and {most:g} GB is the limit"
            )
        if seconds is not None and time.monotonic() - self._began > seconds:
            return f"killed, because the whole run took longer than {seconds:g} s"
        return None

    def _kill(self) -> None:
        self._find_children()
        for process in reversed(self._tree):  # children first, so that none is adopted and forgotten
            try:
                process.kill()
            except self._gone:
                continue


def _noted_peak(pid: int) -> int:
    """The peak that Linux keeps for a process, which no sampling can miss; 0 elsewhere and for a process that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
