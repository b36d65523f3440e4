"""Where a run stands, in a file: whole or not at all, and refused when a single byte has changed."""

import hashlib
import io
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

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

    made_of: functions, by what they do and not by their comments; anything else by how it prints: settings, a seed. Whoever mends a
        function so begins a new run, and whoever presses stop and runs the same cells again goes on with the old one.

    >>> a, again, other = (run_file("net", function).name for function in (lambda x: x + 1, lambda x: x + 1, lambda x: x + 2))
    >>> a == again, a == other
    (True, False)
    """
    told = "\n".join(_meaning(part) for part in made_of)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "vostutor" / "runs" / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.pt"


def _meaning(part: object) -> str:
    code = part if isinstance(part, CodeType) else getattr(part, "__code__", None)
    if code is None:
        return part.__qualname__ if isinstance(part, Callable) else repr(part)
    constants = [
        _meaning(None if constant == part.__doc__ else constant) for constant in code.co_consts
    ]  # no docstring
    return repr((code.co_code.hex(), code.co_names, code.co_varnames, constants))
