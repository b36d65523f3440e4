"""Tensors, JSON values and small networks as bytes and back: all that passes between a check and an answer.

A message is the length of its JSON, the JSON, and a safetensors block with the tensors that the JSON points to. Nothing in it can
run code when it is read, which is why it is not a pickle: the other side may be a stranger's program.
"""

import json
from collections.abc import Callable, Iterator

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from vostutor.checks.network import SmallNetwork

_PLAIN = (bool, int, float, str, type(None))
_LENGTH = 8  # bytes that hold the length of the JSON part


class Unusable(Exception):
    """A value that is neither a tensor nor a JSON value. Not a user's mistake by itself: who sent it decides what to say."""


def encode(value) -> bytes:
    """The message that says `value`: tensors, numbers, strings, booleans, None, and lists, tuples and dicts of them; a
    SmallNetwork passes as its weights.

    A tensor arrives on the CPU, detached and with memory of its own; a number of NumPy's as a plain one, a row of them as a list.

    Raises: Unusable, naming the first thing that cannot pass.
    >>> decode(encode((0.6, [torch.tensor([1, 2])], {"void": None})))
    (0.6, [tensor([1, 2])], {'void': None})
    """
    tensors: dict[str, Tensor] = {}
    try:
        text = json.dumps(_written(value, tensors)).encode()
        block = safetensors.torch.save(tensors)
    except (
        ValueError,
        RecursionError,
        KeyError,
        RuntimeError,
    ) as error:  # a type of number no format knows, a list in itself
        raise Unusable(f"a value that cannot be written down ({type(error).__name__})") from error
    return len(text).to_bytes(_LENGTH, "little") + text + block


def decode(message: bytes):
    """The value that a message says.

    Raises: Unusable for bytes that no `encode` wrote.
    """
    try:
        start = _LENGTH + int.from_bytes(message[:_LENGTH], "little")
        tensors = safetensors.torch.load(message[start:])
        return _read(json.loads(message[_LENGTH:start]), tensors)
    except Exception as error:  # whatever a stranger's bytes set off, the reader goes on
        raise Unusable(f"a message that cannot be read ({type(error).__name__})") from error


def leaves(tree) -> Iterator[object]:
    """Everything in nested lists, tuples and dicts that is none of these, in order.

    >>> list(leaves((1, [2, {"x": 3}])))
    [1, 2, 3]
    """
    if isinstance(tree, (list, tuple)):
        for branch in tree:
            yield from leaves(branch)
    elif isinstance(tree, dict):
        yield from leaves(list(tree.values()))
    else:
        yield tree


def mapped(function: Callable, tree):
    """The same nesting with `function` applied to every leaf.

    >>> mapped(lambda x: x + 1, (1, [2, {"x": 3}]))
    (2, [3, {'x': 4}])
    """
    if isinstance(tree, (list, tuple)):
        branches = [mapped(function, branch) for branch in tree]
        return tuple(branches) if isinstance(tree, tuple) else branches
    if isinstance(tree, dict):
        return {key: mapped(function, branch) for key, branch in tree.items()}
    return function(tree)


def _written(value, tensors: dict[str, Tensor]):
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim < 2):
        value = value.tolist()  # a number, or a few in a row; a map of pixels has to be a tensor
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Tensor) and value.layout == torch.strided:
        name = str(len(tensors))
        own_memory = torch.empty(value.shape, dtype=value.dtype)  # neither strides nor memory shared with another
        tensors[name] = own_memory.copy_(value.detach())
        return {"tensor": name}
    if type(value) is SmallNetwork:
        return {"network": [[name, _written(weights, tensors)] for name, weights in value.state_dict().items()]}
    if isinstance(value, (list, tuple)):
        return {"tuple" if isinstance(value, tuple) else "list": [_written(part, tensors) for part in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": [[key, _written(part, tensors)] for key, part in value.items()]}
    raise Unusable(_what(value))


def _read(written, tensors: dict[str, Tensor]):
    if not isinstance(written, dict):
        return written
    ((kind, inside),) = written.items()
    if kind == "tensor":
        return tensors[inside]
    if kind == "network":
        network = SmallNetwork()
        network.load_state_dict({str(name): _read(weights, tensors) for name, weights in inside})
        return network
    if kind == "dict":
        return {str(key): _read(part, tensors) for key, part in inside}
    return {"tuple": tuple, "list": list}[kind](_read(part, tensors) for part in inside)


def _what(value) -> str:
    if isinstance(value, np.ndarray):
        return "a numpy array; torch.from_numpy(...) makes it a tensor"
    if isinstance(value, dict):
        return "a dict whose keys are not strings"
    name = "sparse tensor" if isinstance(value, Tensor) else type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
