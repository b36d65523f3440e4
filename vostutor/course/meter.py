"""What a process and all that it starts cost."""

import threading
from pathlib import Path

_EVERY = 0.5  # seconds between two looks: looking costs a few milliseconds


class Meter:
    """CPU-seconds and peak memory of a process tree, watched while the `with` block runs.

    Units: cpu_seconds counts user and system time, also of children that have ended and were waited for; peak_bytes is resident
    memory: the largest sum over the tree that was seen, and at least the peak that the kernel of the system noted for the process itself.
    """

    def __init__(self, pid: int):
        import psutil

        self.cpu_seconds, self.peak_bytes = 0.0, 0
        self._process = psutil.Process(pid)
        self._gone = (psutil.NoSuchProcess, psutil.AccessDenied)
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Meter":
        self._watcher.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._watcher.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        seconds, memory = 0.0, 0
        try:
            tree = [self._process, *self._process.children(recursive=True)]
        except self._gone:
            return  # what was seen last stands
        for process in tree:
            try:
                seconds += sum(process.cpu_times()[:4])  # own user and system time, then that of ended children
                memory += process.memory_info().rss
            except self._gone:
                continue
        self.cpu_seconds = max(self.cpu_seconds, seconds)
        self.peak_bytes = max(self.peak_bytes, memory, _noted_peak(self._process.pid))


def _noted_peak(pid: int) -> int:
    """The peak that Linux keeps for a process, which no sampling can miss; 0 elsewhere and for a process that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
