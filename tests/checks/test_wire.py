import json
from collections import namedtuple

import numpy as np
import pytest
import torch

from vostutor.checks.wire import Unusable, decode, encode

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -0.25, "é", [], (), {}, [1, (2, [3])], {"a": None, "b": (True,)}, 10**30, float("inf")],
    ids=repr,
)
def test_a_json_value_arrives_as_it_was_with_tuples_still_tuples(value):
    arrived = decode(encode(value))
    assert arrived == value and type(arrived) is type(value)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64]
)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (1, 2, 3, 4)], ids=str)
def test_a_tensor_arrives_with_its_type_shape_and_values(dtype, shape):
    tensor = torch.arange(24)[: torch.Size(shape).numel()].reshape(shape).to(dtype)
    arrived = decode(encode({"here": [tensor]}))["here"][0]
    assert arrived.dtype == dtype and arrived.shape == tensor.shape and torch.equal(arrived, tensor)


def test_not_a_number_arrives_as_such():
    number, tensor = decode(encode((float("nan"), torch.tensor([float("nan")]))))
    assert number != number and tensor.isnan().all()


def test_a_view_with_gradients_arrives_as_a_tensor_of_its_own():
    base = torch.arange(6.0).reshape(2, 3).requires_grad_()
    twice = decode(encode((base.T, base.T)))
    assert torch.equal(twice[0], base.detach().T) and not twice[0].requires_grad
    assert twice[0].data_ptr() != twice[1].data_ptr() and twice[0].is_contiguous()


def test_numpy_scalars_and_named_tuples_become_plain():
    assert decode(encode((np.float32(0.5), np.bool_(True), np.int64(3), Point(1, 2)))) == (0.5, True, 3, (1, 2))


def test_a_number_in_an_array_is_a_number_and_a_row_of_them_a_list():
    assert decode(encode((np.array(0.5), np.array([1, 2])))) == (0.5, [1, 2])


@pytest.mark.parametrize(
    "value, what",
    [
        (np.zeros((2, 2)), "torch.from_numpy"),
        ({1: 2}, "keys are not strings"),
        ({1, 2}, "a set"),
        (1j, "a complex"),
        (..., "an ellipsis"),
        (torch, "a module"),
        ([lambda: 0], "a function"),
        (torch.eye(2).to_sparse(), "a sparse tensor"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_anything_else_is_refused_by_name(value, what):
    with pytest.raises(Unusable, match=what):
        encode(value)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(Unusable):
        encode(endless)


GOOD = encode((1, torch.zeros(3)))
NESTED = b'{"list":[' * 100_000


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"short",
        GOOD[:-1],
        GOOD[:20],
        b"\xff" * 8 + GOOD,
        len(NESTED).to_bytes(8, "little") + NESTED,
        GOOD.replace(b'"tensor"', b'"pickle"'),
    ],
    ids=["nothing", "short", "cut", "cut early", "wrong length", "too deep", "unknown kind"],
)
def test_bytes_that_nobody_encoded_are_refused(message):
    with pytest.raises(Unusable):
        decode(message)


def test_a_message_is_readable_json_and_safetensors_without_any_pickle():
    length = int.from_bytes(GOOD[:8], "little")
    assert json.loads(GOOD[8 : 8 + length]) == {"tuple": [1, {"tensor": "0"}]}
    assert b"pickle" not in GOOD and not GOOD[8 + length :].startswith((b"\x80", b"PK"))
