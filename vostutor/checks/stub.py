"""Whether a function was written at all, and what it prints meanwhile."""

import dis
import inspect
import io
from collections.abc import Callable
from contextlib import suppress
from types import CodeType

# A body of a docstring, `...`, `pass` or `return None` compiles to these and no others, in every Python since 3.11.
_IDLE = {"CACHE", "COPY_FREE_VARS", "NOP", "POP_TOP", "RESUME", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
_LONGEST = 2000  # characters; enough to see what one call printed, and no more for a loop that prints for ever


def is_stub(function: Callable) -> bool:
    """Whether the body does nothing. Where it cannot be seen (an object, C), what returned nothing counts as unwritten.

    Asked of the compiled code, which is there for a lambda and for a cell that was run twice, where the source is not.
    >>> def area(mask):
    ...     mask.sum()
    >>> is_stub(area), is_stub(lambda mask: ...)
    (False, True)
    """
    code = _code_of(function)
    return code is None or all(step.opname in _IDLE for step in dis.get_instructions(code))


def raises_itself(function: Callable, error: BaseException) -> bool:
    """Whether it is the function's own bare `raise` of the error, not something that a library could not do for it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return not str(error) and trace is not None and trace.tb_frame.f_code is _code_of(function)


def _code_of(function: Callable) -> CodeType | None:
    with suppress(ValueError):  # decorated by itself
        return getattr(inspect.unwrap(function), "__code__", None)


class Margin(io.TextIOBase):
    """A stream that keeps the beginning of what is written to it, as `text`.

    >>> print("a" * 5000, file=(margin := Margin()))
    >>> len(margin.text)
    2000
    """

    def __init__(self):
        self.text = ""

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Takes all, keeps what there is room for."""
        self.text += text[: _LONGEST - len(self.text)]
        return len(text)
