"""In the kernel: what went wrong in a callback is said aloud.

A widget that calls a function of yours catches what it raises and shows it in an output of its own; the cell counts as run, and so
does the notebook, for every tool that executes one. This extension of IPython notes whatever is shown and caught, and publishes it
as an error of the cell in which it happened, naming the widget and the function.
"""

import asyncio
import sys
from traceback import walk_tb


class Witness:
    """Notes each traceback that a shell shows while a cell runs, and publishes those that the cell survived."""

    def __init__(self, shell):
        self._shell, self._show, self._depth = shell, shell.showtraceback, 0
        self._noted: list[tuple[str, str]] = []

    def showtraceback(self, exc_tuple=None, *args, **kwargs) -> None:
        """What the shell calls for every exception that reaches it, a cell's own and a callback's."""
        kind, error, trace = exc_tuple or sys.exc_info()
        if kind is not None:
            self._noted.append((kind.__name__, f"{error} (in {_function(trace)}, {_caller(sys._getframe(1))})"))
        self._show(exc_tuple, *args, **kwargs)

    def begin(self, info) -> None:
        """Before a cell, or a cell within a cell, as %%capture makes one."""
        self._depth += 1
        if self._depth == 1:
            self._noted.clear()
            self._shell.user_ns.pop("_exit_code", None)
            asyncio.get_event_loop().set_exception_handler(self.loop_failed)

    def loop_failed(self, loop, context) -> None:
        """What the event loop calls for an error in a task or a callback that nobody waits for."""
        if (error := context.get("exception")) is None:
            loop.default_exception_handler(context)
            return
        where = f"in {_function(error.__traceback__)}, swallowed by the event loop"
        self._noted.append((type(error).__name__, f"{error} ({where})"))

    def end(self, result) -> None:
        """After a cell: one that failed has said so itself."""
        self._depth = max(0, self._depth - 1)
        if self._depth or not result.success:
            return
        if code := self._shell.user_ns.get("_exit_code"):
            self._noted.append(("CommandFailed", f"a shell command of this cell ended with exit code {code}"))
        for name, told in self._noted[:1]:
            content = {"ename": name, "evalue": told, "traceback": [f"{name}: {told}"]}
            self._shell.kernel.send_response(self._shell.kernel.iopub_socket, "error", content)


def load_ipython_extension(shell) -> None:
    """Called by IPython when a kernel starts with `--ext vostutor.course.witness`."""
    witness = Witness(shell)
    shell.showtraceback = witness.showtraceback
    shell.events.register("pre_run_cell", witness.begin)
    shell.events.register("post_run_cell", witness.end)


def _function(trace) -> str:
    """The name of the innermost function that is no library's."""
    names = [frame.f_code.co_name for frame, _ in walk_tb(trace) if "site-packages" not in frame.f_code.co_filename]
    return names[-1] if names else "a callback"


def _caller(frame) -> str:
    """Which widget swallowed it: the outermost on the stack, since a button stands behind its dispatcher."""
    owner = None
    while frame is not None:
        here = frame.f_locals.get("self")
        if {"Widget", "CallbackDispatcher"} & {kind.__name__ for kind in type(here).__mro__}:
            owner = here
        frame = frame.f_back
    return "swallowed on its way" if owner is None else f"swallowed by {_title(owner)}"


def _title(owner) -> str:
    parts = [owner, *getattr(owner, "children", ())]
    described = next((str(part.description) for part in parts if getattr(part, "description", "")), "")
    return f"{type(owner).__name__} {described!r}" if described else type(owner).__name__
