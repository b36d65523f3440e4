"""An answer in another process: the same calls over a pipe, and nothing that the answer does can harm this side.

Needs a system with Unix sockets and descriptors that can be handed on (Linux, macOS).
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from vostutor.checks.answer import Answer, Trouble
from vostutor.checks.wire import encode

_LARGEST = 1 << 28  # bytes of one reply: 256 MiB, far above any exercise, far below this machine's memory


@dataclass(frozen=True)
class Worker:
    """A process that serves one answer: the pipe to it, and how it is ended."""

    pipe: Connection
    kill: Callable[[], object]


class PipeAnswer(Answer):
    """The answer in a worker process, given as source text and the name of its function; use it in a `with` block.

    Units: limit in seconds of wall time a call.
    A crash, a reply that never comes or one that cannot be read is Trouble, never more.
    """

    def __init__(self, source: str, name: str, worker: Worker | None = None, limit: float = 20.0):
        self.limit, self._worker = limit, worker or spawn_worker()
        self._send(encode((source, name)))

    def _exchange(self, request: bytes) -> bytes:
        late = threading.Event()
        alarm = threading.Timer(self.limit, lambda: (late.set(), self._worker.kill()))  # also when half a reply came
        alarm.start()
        try:
            self._worker.pipe.send_bytes(request)
            return self._worker.pipe.recv_bytes(_LARGEST)
        except (EOFError, OSError) as error:
            if late.is_set():
                raise Trouble("hung", f"no answer within {self.limit:g} s") from error
            raise Trouble("died", "the process ended in the middle of the call") from error
        finally:
            alarm.cancel()

    def _send(self, message: bytes) -> None:
        try:
            self._worker.pipe.send_bytes(message)
        except OSError:  # it died at once; the first call says so
            return

    def close(self) -> None:
        """Ends the worker."""
        self._worker.kill()
        self._worker.pipe.close()

    def __enter__(self) -> "PipeAnswer":
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def spawn_worker(command: Sequence[str] = ()) -> Worker:
    """A worker of its own, started from nothing, so with torch still to load; `command` goes in front (a sandbox)."""
    process, ours = _started("serve", command)

    def kill():
        process.kill()
        process.wait()

    return Worker(Connection(ours.detach()), kill)


class Nursery:
    """A process with torch loaded that starts workers in milliseconds; use it in a `with` block."""

    def __init__(self):
        self._process, self._post = _started("nursery")
        self._lock = threading.Lock()  # an alarm may ring while a worker is being started

    def worker(self) -> Worker:
        """A fresh worker that shares nothing with the ones before it."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            socket.send_fds(self._post, [b"F"], [theirs.fileno()])
            child = self._post.recv(64)
        return Worker(Connection(ours.detach()), lambda: self._kill(child))

    def _kill(self, child: bytes) -> None:
        with self._lock:
            self._post.sendall(b"K" + child)
            self._post.recv(64)

    def close(self) -> None:
        """Ends the nursery, and it its workers."""
        self._post.close()
        self._process.wait()

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def _started(mode: str, command: Sequence[str] = ()) -> tuple[subprocess.Popen, socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [*command, sys.executable, "-m", "vostutor.checks.worker", mode, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},  # a fork keeps no threads
        )
    return process, ours
