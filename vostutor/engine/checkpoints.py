"""Where a run stands, in a file: whole or not at all, and refused when a single byte has changed."""

import hashlib
import io
import os
import pickle
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType

import torch

from vostutor.core.errors import DataError
from vostutor.core.files import write_atomically

_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Checkpoint:
    """What it takes to go on: how the run was asked for, the states of model and optimiser, what was written down so far."""

    run: dict
    model: dict
    optimiser: dict
    history: dict


def write_checkpoint(path: Path | str, checkpoint: Checkpoint) -> Path:
    """Store a checkpoint: its SHA-256, then what torch.save makes of it. The one before stays until this one is complete.

    >>> import tempfile
    >>> path = write_checkpoint(tempfile.mkdtemp() + "/last.pt", Checkpoint({"seed": 0}, {}, {}, {"losses": [0.5]}))
    >>> read_checkpoint(path).history
    {'losses': [0.5]}
    """
    content = io.BytesIO()
    torch.save(vars(checkpoint), content)
    return write_atomically(path, hashlib.sha256(content.getvalue()).digest() + content.getvalue())


def read_checkpoint(path: Path | str) -> Checkpoint:
    """The checkpoint of a file, on the CPU. Tensors, numbers and text are read, never code.

    Raises: DataError when the file is missing, damaged, or something else.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
            raise ValueError("its SHA-256 does not fit its content")
        return Checkpoint(**torch.load(io.BytesIO(content[_DIGEST:]), map_location="cpu", weights_only=True))
    except (OSError, ValueError, TypeError, RuntimeError, pickle.UnpicklingError) as error:
        raise DataError(
            expected=f"a checkpoint in {path.name}",
            got=str(error).splitlines()[0],
            try_this="delete the file: training begins anew",
        ) from None


def run_file(name: str, *made_of: object) -> Path:
    """Where a notebook keeps a run: vostutor/runs in XDG_CACHE_HOME or ~/.cache, another file for each thing it can be made of.

    made_of: functions, by what they do and not by their comments, with their defaults, what they close over and the functions of
        their own module that they call; anything else by how it prints: settings, a seed. Whoever mends a function so begins a new
        run, and whoever presses stop and runs the same cells again goes on with the old one.

    >>> a, again, other = (run_file("net", function).name for function in (lambda x: x + 1, lambda x: x + 1, lambda x: x + 2))
    >>> a == again, a == other
    (True, False)
    """
    told = "\n".join(_meaning(part) for part in made_of)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "vostutor" / "runs" / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.pt"


def _meaning(part: object, seen: tuple = ()) -> str:
    if isinstance(part, partial):
        return repr([_meaning(each, seen) for each in (part.func, *part.args, *part.keywords.items())])
    code = part if isinstance(part, CodeType) else getattr(part, "__code__", None)
    if code is None:
        return getattr(part, "__qualname__", None) or repr(part)
    constants = [None if constant == part.__doc__ else constant for constant in code.co_consts]  # no docstring
    with_it = () if isinstance(part, CodeType) else _beside(part, (*seen, part))
    told = [_meaning(each, (*seen, part)) if isinstance(each, CodeType) else repr(each) for each in constants]
    return repr((code.co_code.hex(), code.co_names, code.co_varnames, told, with_it))


def _beside(function: FunctionType, seen: tuple) -> list[str]:
    """What a function's answer depends on besides its own code: defaults, the cells it closes over, functions of its module."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    called = [each for each in named if isinstance(each, FunctionType) and each.__module__ == function.__module__]
    beside = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items(), *cells, *called]
    return [_meaning(each, seen) for each in beside if not any(each is known for known in seen)]
