"""The only door between a check and an answer: inputs go in, outputs come out, both tensors and JSON values.

Reading order: `reply` is the answer's side and the same in a notebook and in another process; `Answer` is the check's side and
differs only in how the bytes travel (`LocalAnswer` here, `PipeAnswer` in pipe.py).
"""

import inspect
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import torch
from torch import Tensor

from vostutor.checks.stub import Margin, is_stub, raises_itself
from vostutor.checks.wire import Unusable, decode, encode, leaves, mapped

_PACKAGE = str(Path(__file__).parents[1])
_AGAIN = 0.2  # seconds from one ring of the alarm to the next


class Trouble(Exception):
    """Why no output came. A signal between answer and judge, which turns it into a diagnosis; a student never sees it raised.

    kind: "blank" (nothing written yet), "nothing" (written, but None comes back), "raised", "unusable" (a result that cannot
    pass), "hung" or "died".
    """

    def __init__(self, kind: str, what: str):
        self.kind, self.what = kind, what
        super().__init__(what)


class Answer:
    """A student's function as a check sees it.

    Inputs are a tuple (passed by position) or a dict (passed by name). The answer works on copies, so what it does to them is
    seen and harms nobody: `touched` names the inputs that the last call changed.
    """

    touched: tuple[str, ...] = ()
    _ended: Trouble | None = None  # after a hang or a crash nobody is there to be asked

    def call(self, inputs: tuple | dict):
        """What the answer returns for these inputs.

        Raises: Trouble when no usable output comes.
        """
        return self._ask({"inputs": inputs, "grad": False, "weights": None})[0]

    def call_with_grad(self, inputs: tuple | dict, weights=None) -> tuple[object, object]:
        """The outputs, and the gradients of their sum for the inputs.

        Shapes: gradients are nested like the inputs; None where an input is not floating or no gradient reached it. `weights`,
            nested like the outputs, weigh the sum; left out, every weight is 1.
        Raises: Trouble when no usable output comes.
        """
        return self._ask({"inputs": inputs, "grad": True, "weights": weights})

    def _ask(self, request: dict) -> tuple[object, object]:
        if self._ended:
            raise self._ended
        try:
            message = decode(self._exchange(encode(request)))
            trouble, self.touched = message["trouble"], tuple(message["touched"])
            result = message["outputs"], message["gradients"]
        except Trouble as error:
            self._ended = error
            raise
        except (Unusable, KeyError, TypeError) as error:
            raise Trouble("unusable", "a reply that cannot be read") from error
        if trouble:
            raise Trouble(*map(str, trouble))
        return result

    def _exchange(self, request: bytes) -> bytes:
        raise NotImplementedError


class LocalAnswer(Answer):
    """The answer in this process: in a notebook, the student's own function object.

    Units: limit in seconds a call; an endless loop is a diagnosis too. Outside the main thread there is no limit.
    What the function prints is shown once, for the first call: a check makes dozens.
    >>> LocalAnswer(lambda x: 2 * x).call((21,))
    42
    """

    def __init__(self, function: Callable | None, limit: float = 5.0):
        self.function, self.limit = function, limit
        self._heard = False

    def _exchange(self, request: bytes) -> bytes:
        margin = Margin()
        try:
            with redirect_stdout(margin), _at_most(self.limit):
                return reply(self.function, request)
        finally:
            if margin.text and not self._heard:
                print(margin.text.rstrip("\n"))
            self._heard = True


def reply(function: Callable | None, request: bytes) -> bytes:
    """The answer's side of one call: calls the function and writes down what came of it, whatever that was.

    A function that is None was never defined.
    """
    said = {"trouble": None, "outputs": None, "gradients": None, "touched": []}
    try:
        asked, untouched = decode(request), decode(request)["inputs"]
        said["outputs"], said["gradients"] = _called(function, **asked)
        said["touched"] = _touched(function, asked["inputs"], untouched)
        return encode(said)
    except Trouble as error:
        said["trouble"] = [error.kind, error.what]
    except Unusable as error:
        said["trouble"] = ["unusable", str(error)]
    except (Exception, SystemExit) as error:  # anything an answer can do wrong is a diagnosis
        unwritten = isinstance(error, NotImplementedError) and raises_itself(function, error)
        said["trouble"] = ["blank", "it raises NotImplementedError"] if unwritten else ["raised", _describe(error)]
    return encode(said | {"outputs": None, "gradients": None, "touched": []})


def _called(function, inputs, grad: bool, weights) -> tuple[object, object]:
    if function is None or function is ...:
        raise Trouble("blank", "there is no such function")
    wanted = [x for x in leaves(inputs) if grad and isinstance(x, Tensor) and x.is_floating_point()]
    for tensor in wanted:
        tensor.requires_grad_()
    outputs = function(**inputs) if isinstance(inputs, dict) else function(*inputs)
    if outputs is None or outputs is ...:
        raise Trouble("blank" if is_stub(function) else "nothing", f"it returned {outputs}")
    if not grad:
        return outputs, None
    found = dict(zip(map(id, wanted), _gradients(outputs, wanted, weights), strict=True))
    return outputs, mapped(lambda x: found.get(id(x)), inputs)


def _gradients(outputs, wanted: list[Tensor], weights) -> tuple[Tensor | None, ...]:
    results = list(leaves(outputs))
    scales = list(leaves(weights)) if weights is not None else [1.0] * len(results)
    parts = [(r * w).sum() for r, w in zip(results, scales, strict=True) if isinstance(r, Tensor) and r.requires_grad]
    if not parts:  # detached on the way, or computed outside of torch
        return (None,) * len(wanted)
    return torch.autograd.grad(sum(parts), wanted, allow_unused=True)


def _touched(function, inputs, untouched) -> list[str]:
    """The names of the inputs that are no longer what they were; compared as bytes, so that NaN equals NaN."""
    if encode(inputs) == encode(untouched):
        return []
    if isinstance(inputs, dict):
        pairs = [(name, inputs[name], untouched[name]) for name in untouched]
    else:
        names = [*_parameters(function)[: len(inputs)], *(f"input {k + 1}" for k in range(len(inputs)))]
        pairs = zip(names, inputs, untouched, strict=False)
    return [name for name, now, before in pairs if encode(now) != encode(before)]


def _parameters(function) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return []


def _describe(error: BaseException) -> str:
    """Type, message and line, in one line."""
    said = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    return f"{type(error).__name__}{': ' if said else ''}{_cut(said, 160)}{_where(error)}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _where(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f" (line {error.lineno}: {_cut((error.text or '').strip(), 60)})"
    frames = traceback.extract_tb(error.__traceback__)
    written = [f for f in frames if "site-packages" not in f.filename and not f.filename.startswith(_PACKAGE)]
    own = [f for f in written if f.line and f.filename == written[0].filename]  # not a module that the cell calls
    return f" (line {own[-1].lineno}: {_cut(own[-1].line, 60)})" if own else ""


class _OutOfTime(BaseException):
    """Not an Exception, so that an answer's `except Exception` does not swallow it."""


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Ends the block with Trouble after that time; only where the system has alarms, and only in the main thread.

    The alarm rings until the block has ended: Python drops what is raised while it collects garbage, and an answer may have a bare
    `except`.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    rung = False

    def ring(signum, frame):
        nonlocal rung
        rung = True
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    except _OutOfTime:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if rung:
        raise Trouble("hung", f"no answer within {seconds:g} s")
