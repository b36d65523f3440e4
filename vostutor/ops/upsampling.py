"""Maps enlarged by a fixed bilinear kernel, as networks of the time before `interpolate` did it.

[OSVOS] S. Caelles, K.-K. Maninis et al.: One-Shot Video Object Segmentation. CVPR 2017.

Letters: B batch, C channels, h rows and w columns of a map, s stride, k size of the kernel.
"""

from numbers import Integral

import torch
from torch import Tensor
from torch.nn.functional import conv_transpose2d

from vostutor.core.errors import ShapeError
from vostutor.core.ranges import expect_floating, expect_size, expect_whole
from vostutor.core.shapes import expect


def bilinear_kernel(k: int) -> Tensor:
    """The kernel of a transposed convolution that enlarges bilinearly, for stride k / 2; it sums to its square.

    Shapes: -> float32 (k,k). Raises: ShapeError for an odd or no size.
    Source: the fixed upsampling of [OSVOS], after Long et al., Fully Convolutional Networks, CVPR 2015.
    >>> bilinear_kernel(4)[0]
    tensor([0.0625, 0.1875, 0.1875, 0.0625])
    """
    if not isinstance(k, Integral) or k < 2 or k % 2:
        raise ShapeError(expected="an even kernel size from 2 on", got=f"{k}", try_this="bilinear_kernel(2 * stride)")
    factor = k // 2
    weight = 1 - (torch.arange(k) - (factor - 0.5)).abs() / factor
    return weight[:, None] * weight


def upsample_crop(x: Tensor, s: int, size: tuple[int, int]) -> Tensor:
    """Maps s times as large, bilinearly, each channel by itself; the middle of them, of the size that is asked for.

    The full map has (h+1) s rows. Where too many are left over to be cut evenly, the smaller half goes at the top and left.

    Shapes: x (B,C,h,w) -> (B,C,*size).
    Raises: ShapeError for a size beyond the full map, other axes or integers, SettingsError for a stride or size that is none.
    Source: transposed convolution of kernel 2s without padding, then a centre crop: released code of [OSVOS].
    >>> upsample_crop(torch.ones(1, 1, 3, 3), 2, (5, 5))[0, 0, 2]              # beyond the map there is nothing: its border fades
    tensor([0.7500, 1.0000, 1.0000, 1.0000, 1.0000])
    """
    expect_floating(x=x)  # a kernel of fractions becomes zeros where the map holds integers
    expect("x: B C h w", x=x)
    expect_whole(least=1, s=s)
    expect_size(size)
    if any(wanted > (n + 1) * s for wanted, n in zip(size, x.shape[-2:], strict=True)):
        raise ShapeError(
            expected=f"a size of at most {tuple((n + 1) * s for n in x.shape[-2:])}, {s} times the map and a border",
            got=f"{tuple(size)}",
            try_this="the size of the frame that the map was calculated from",
        )
    kernel = bilinear_kernel(2 * s).to(x).expand(x.shape[1], 1, -1, -1)
    full = conv_transpose2d(x, kernel, stride=s, groups=x.shape[1])
    top, left = ((there - wanted) // 2 for there, wanted in zip(full.shape[-2:], size, strict=True))
    return full[..., top : top + size[0], left : left + size[1]]
