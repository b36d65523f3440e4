"""ops/upsampling.py: the fixed bilinear enlargement of FCN, HED and OSVOS."""

import pytest
import torch
from torch.nn.functional import conv_transpose2d, interpolate

from vostutor.core import SettingsError, ShapeError
from vostutor.ops.upsampling import bilinear_kernel, upsample_crop

STRIDES = (2, 4, 8, 16)


def drawn(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


# hand-worked numbers


@pytest.mark.parametrize("s", STRIDES)
def test_a_kernel_sums_to_the_square_of_its_stride(s):
    assert bilinear_kernel(2 * s).sum().item() == pytest.approx(s * s, rel=1e-6)  # 4, 16, 64, 256


def test_the_kernel_of_stride_two_is_known():
    row = torch.tensor([0.25, 0.75, 0.75, 0.25])
    assert torch.equal(bilinear_kernel(4), row[:, None] * row)


@pytest.mark.parametrize(("size", "crop"), [(8, 1), (7, 1), (6, 2), (5, 2)])
def test_an_odd_excess_loses_its_smaller_half_at_the_top_and_left(size, crop):
    x = drawn(1, 1, 4, 4)  # enlarged to 10 rows: 2, 3, 4, 5 too many
    full = upsample_crop(x, 2, (10, 10))
    assert torch.equal(upsample_crop(x, 2, (size, size)), full[..., crop : crop + size, crop : crop + size])


def test_a_frame_of_480p_is_enlarged_to_the_sizes_of_the_paper():
    sizes = [((480 // s + 1) * s, (-(-854 // s) + 1) * s) for s in STRIDES]
    assert sizes == [(482, 856), (484, 860), (488, 864), (496, 880)]
    for s, (height, width) in zip(STRIDES, sizes, strict=True):
        x = torch.zeros(1, 1, 480 // s, -(-854 // s))
        assert upsample_crop(x, s, (height, width)).shape == (1, 1, height, width)
        with pytest.raises(ShapeError):
            upsample_crop(x, s, (height + 1, width))


# invariance


@pytest.mark.parametrize("s", STRIDES)
def test_a_constant_is_kept_away_from_the_border(s):
    enlarged = upsample_crop(torch.full((1, 2, 5, 6), 3.0), s, (5 * s, 6 * s))
    inside = enlarged[..., s // 2 : -s // 2, s // 2 : -s // 2]
    assert torch.allclose(inside, torch.full_like(inside, 3.0), atol=1e-5)  # sums of four float32 products


@pytest.mark.parametrize("s", STRIDES)
def test_away_from_the_border_it_is_the_bilinear_interpolation_of_today(s):
    x = drawn(2, 3, 6, 7)
    inside = (..., slice(s // 2, -s // 2), slice(s // 2, -s // 2))
    expected = interpolate(x, scale_factor=float(s), mode="bilinear", align_corners=False)
    assert torch.allclose(upsample_crop(x, s, (6 * s, 7 * s))[inside], expected[inside], atol=1e-5)


# slow reference


def test_it_does_what_the_dense_diagonal_weights_of_the_released_code_do():
    dense = 0
    for channels in (16, 1):
        for s in STRIDES:
            weight = torch.zeros(channels, channels, 2 * s, 2 * s)
            for channel in range(channels):
                weight[channel, channel] = bilinear_kernel(2 * s)
            dense += weight.numel()
            x = drawn(1, channels, 3, 2)
            expected = conv_transpose2d(x, weight, stride=s)
            assert torch.allclose(upsample_crop(x, s, tuple(expected.shape[-2:])), expected, atol=1e-5)
    assert dense == 348_160 + 1_360  # what the published network holds beside what it learns


# refusal of bad input


@pytest.mark.parametrize("k", [0, 1, 3, 4.0, None])
def test_a_kernel_of_no_or_odd_size_is_refused(k):
    with pytest.raises(ShapeError, match="an even kernel size"):
        bilinear_kernel(k)


def test_a_size_beyond_the_map_is_refused():
    with pytest.raises(ShapeError, match="at most"):
        upsample_crop(torch.zeros(1, 1, 2, 2), 2, (7, 6))


def test_a_map_of_integers_is_refused_since_it_would_become_zeros():
    with pytest.raises(ShapeError, match=r"(?s)x: a tensor of floating-point.*x.float\(\)"):
        upsample_crop(torch.ones(1, 1, 2, 2).long(), 2, (4, 4))


@pytest.mark.parametrize(
    ("s", "size"), [(0, (4, 4)), (2.0, (4, 4)), (2, 4), (2, (4, 0)), (2, (4, 4.0)), (2, (1, 4, 4))]
)
def test_a_stride_or_size_that_is_none_is_refused(s, size):
    with pytest.raises(SettingsError):
        upsample_crop(torch.ones(1, 1, 2, 2), s, size)
