"""Trained weights and the card that says where they come from: a .safetensors file and a JSON file of the same name.

A file is hashed before it is read, its names and shapes have to be the model's, and every figure on a card was written by the command
that the card names.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as tensor_bytes
from torch import Tensor, nn

from vostutor.core.errors import DataError
from vostutor.core.files import write_atomically

LICENCE = "CC BY 4.0"  # of the weights: like the lessons, unlike the code


@dataclass(frozen=True)
class Card:
    """What a user of trained weights has to know. `metrics` rows have the keys what, mean, spread, unit."""

    system: str
    profile: str
    config: dict
    data: str
    seed: int
    steps: int
    cpu_seconds: float
    hardware: str
    command: str
    commit: str
    metrics: list[dict] = field(default_factory=list)
    parameters: int = 0
    sha256: str = ""
    licence: str = LICENCE


def save_weights(model: nn.Module, card: Card, folder: Path | str, *, half: bool = True) -> Path:
    """Write FOLDER/SYSTEM-PROFILE.safetensors, in half precision unless told otherwise, and the card beside it.

    The card comes last: weights without a card are an interrupted write and are never loaded.

    Raises: DataError for weights that the file could not hold as finite numbers; then nothing is written.
    >>> import tempfile
    >>> card = Card("line", "smoke", {}, "none", 0, 0, 0.0, "any", "none", "none")
    >>> path = save_weights(nn.Linear(2, 1), card, tempfile.mkdtemp())
    >>> path.name, read_card(path).parameters, load_weights(nn.Linear(2, 1), path).system
    ('line-smoke.safetensors', 3, 'line')
    """
    path = Path(folder) / f"{card.system}-{card.profile}.safetensors"
    content = tensor_bytes({name: _stored(name, tensor, half) for name, tensor in model.state_dict().items()})
    told = asdict(card) | {
        "parameters": sum(p.numel() for p in model.parameters()),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    path.with_suffix(".json").unlink(missing_ok=True)
    write_atomically(path, content)
    write_atomically(path.with_suffix(".json"), json.dumps(told, indent=1) + "\n")
    return path


def _stored(name: str, tensor: Tensor, half: bool) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    if not tensor.is_floating_point():
        return tensor
    stored = tensor.half() if half else tensor
    if not stored.isfinite().all():  # half precision ends at 65504, and what is larger would come back as infinite
        raise DataError(
            expected=f"finite weights{', none beyond 65504, the last of half precision' if half else ''}",
            got=f"{name} with {tensor.abs().max().item():g}",
            try_this="save_weights(..., half=False)" if tensor.isfinite().all() else "train again at a lower rate",
        )
    return stored


def read_card(path: Path | str) -> Card:
    """The card of a weights file.

    Raises: DataError when it is missing or not a card.
    """
    path = Path(path).with_suffix(".json")
    try:
        return Card(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            expected=f"a card {path.name} beside the weights",
            got=str(error),
            try_this="vostutor models lists what is there",
        ) from None


def load_weights(model: nn.Module, path: Path | str) -> Card:
    """Fill a model with stored weights, in the precision and on the device that it has; the card they came with.

    Raises: DataError when a file is missing or changed, or when names or shapes are not the model's: then nothing is loaded.
    """
    path, card = Path(path), read_card(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(expected=f"weights in {path.name}", got=str(error), try_this="vostutor models") from None
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise DataError(
            expected=f"{path.name} with the SHA-256 of its card, {card.sha256[:12]}...",
            got=f"{hashlib.sha256(content).hexdigest()[:12]}...",
            try_this="get the file again, or train it: " + card.command,
        )
    stored, wanted = read_tensors(content), model.state_dict()
    table = _mismatch({k: v.shape for k, v in wanted.items()}, {k: v.shape for k, v in stored.items()})
    if table:
        raise DataError(
            expected=f"the parts of {type(model).__name__} in {path.name}",
            got="\n" + "\n".join(table),
            try_this=f"the configuration on the card: {card.config}",
        )
    with torch.no_grad():
        model.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in stored.items()})
    return card


def _mismatch(wanted: dict, stored: dict) -> list[str]:
    """A line for each name that is missing, unexpected or of another shape."""
    lines = [f"missing     {name} {tuple(shape)}" for name, shape in wanted.items() if name not in stored]
    lines += [f"unexpected  {name} {tuple(shape)}" for name, shape in stored.items() if name not in wanted]
    both = [name for name in wanted if name in stored and wanted[name] != stored[name]]
    return lines + [f"resized     {name} {tuple(wanted[name])} <- {tuple(stored[name])}" for name in both]
