"""The other side of the pipe: a process that executes an answer's source and serves calls until the pipe closes.

`python -m vostutor.checks.worker serve FD` serves one answer. `... nursery FD` has torch loaded once and forks a worker for each
answer that is asked for, which makes a start cheap; it ends, and its workers with it, when the process that owns it does.
"""

import linecache
import os
import select
import signal
import socket
import sys
import threading
from multiprocessing.connection import Connection

import torch

from vostutor.checks.answer import reply
from vostutor.checks.wire import decode

_FILE = "<answer>"


def serve(pipe: Connection) -> None:
    """Receives an answer's source and the name of its function, then one request after the other."""
    threading.Thread(target=_leave_with, args=(pipe.fileno(),), daemon=True).start()
    torch.set_num_threads(1)
    try:
        function = load_answer(*decode(pipe.recv_bytes()))
        while True:
            pipe.send_bytes(reply(function, pipe.recv_bytes()))
    except (EOFError, OSError):
        return


def load_answer(source: str, name: str):
    """The function of that name that the source defines, None if it defines none.

    A source that cannot be executed gives a function that raises the reason, so that it is told like any other exception.
    >>> load_answer("def twice(x): return 2 * x", "twice")(21)
    42
    """
    linecache.cache[_FILE] = (len(source), None, source.splitlines(keepends=True), _FILE)  # tracebacks quote the line
    namespace = {"__name__": "answer"}
    try:
        exec(compile(source, _FILE, "exec"), namespace)
    except (Exception, SystemExit) as error:
        reason = error

        def broken(*inputs, **named):
            raise reason

        return broken
    return namespace.get(name)


def nursery(post: socket.socket) -> None:
    """Forks a worker for every descriptor that arrives and says its process id; `K` and an id ends that worker.

    Every message is answered before the next one is sent, so that two never run together.
    """
    import torch._dynamo  # noqa: F401  (the first optimiser of a process loads it, for seconds: here once for all children)

    children: set[int] = set()
    while True:
        message, descriptors, *_ = socket.recv_fds(post, 64, 1)
        if message[:1] == b"K":
            _end(int(message[1:]), children)
            post.sendall(b"ended")
        elif message[:1] == b"F":
            children.add(_fork(post, descriptors[0]))
        else:  # the owner is gone
            for child in list(children):
                _end(child, children)
            return


def _fork(post: socket.socket, descriptor: int) -> int:
    child = os.fork()
    if child == 0:
        post.close()
        os.setsid()  # processes that the answer starts belong to its group, and end with it
        serve(Connection(descriptor))
        os._exit(0)
    os.close(descriptor)
    post.sendall(str(child).encode())
    return child


def _end(child: int, children: set[int]) -> None:
    """Only its own children, which keep their ids until they are waited for."""
    if child in children:
        children.remove(child)
        for kill in (os.killpg, os.kill):  # the group may not exist yet
            try:
                kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        os.waitpid(child, 0)


def _leave_with(descriptor: int) -> None:
    """Ends this process when the other end of the pipe closes, even in the middle of an endless loop."""
    watch = select.poll()
    watch.register(descriptor, 0)  # hang-up is always reported
    watch.poll()
    os._exit(0)


def main(mode: str, descriptor: str) -> None:
    """`serve` one answer over the descriptor, or be a `nursery` for many."""
    if mode == "nursery":
        nursery(socket.socket(fileno=int(descriptor)))
    else:
        serve(Connection(int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
