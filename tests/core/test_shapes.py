import numpy as np
import pytest
import torch

from vostutor.core import ShapeError, expect


def test_names_bind_across_arrays():
    sizes = expect("flow: B 2 H W, image: B 3 H W", flow=torch.zeros(1, 2, 4, 6), image=np.zeros((1, 3, 4, 6)))
    assert sizes == {"B": 1, "H": 4, "W": 6}


def test_an_axis_may_be_a_name_plus_or_minus_a_number():
    assert (
        expect("frames: T 3 H W, flow: T-1 2 H W", frames=torch.zeros(5, 3, 2, 2), flow=torch.zeros(4, 2, 2, 2))["T"]
        == 5
    )
    assert expect("flow: T-1 2, frames: T", flow=torch.zeros(4, 2), frames=torch.zeros(5))["T"] == 5
    with pytest.raises(ShapeError):
        expect("frames: T, flow: T-1", frames=torch.zeros(5), flow=torch.zeros(5))


def test_leading_dots_stand_for_any_number_of_axes():
    for shape in [(4, 6), (1, 4, 6), (2, 1, 4, 6)]:
        assert expect("mask: ... H W", mask=torch.zeros(shape)) == {"H": 4, "W": 6}
    with pytest.raises(ShapeError):
        expect("mask: ... H W", mask=torch.zeros(4))


def test_a_mismatch_names_the_array_the_axes_and_the_bound_sizes():
    with pytest.raises(ShapeError) as caught:
        expect("flow: B 2 H W, image: B 3 H W", flow=torch.zeros(1, 2, 4, 6), image=torch.zeros(1, 3, 4, 7))
    assert caught.value.expected == "image: B 3 H W with B = 1, H = 4, W = 6"
    assert caught.value.got == "shape (1, 3, 4, 7)"


def test_the_hint_becomes_the_thing_to_try():
    with pytest.raises(ShapeError) as caught:
        expect("flow: 2 H W", flow=torch.zeros(4, 6, 2), hint="permute to (2,H,W)")
    assert caught.value.try_this == "permute to (2,H,W)"


def test_a_list_is_refused_as_not_an_array():
    with pytest.raises(ShapeError, match="a list"):
        expect("mask: H W", mask=[[0, 1]])


@pytest.mark.parametrize("shape", [(), (3,), (3, 4, 5, 6)])
def test_the_number_of_axes_counts(shape):
    with pytest.raises(ShapeError):
        expect("frame: 3 H W", frame=np.zeros(shape))
