"""Where a pixel is: the one conversion between pixels and the normalised coordinates of `grid_sample`.

A pixel is a square whose centre has whole coordinates: the first pixel's centre is (0, 0), and the image reaches from -1/2 to
W - 1/2. Normalised coordinates reach from -1 to 1, and there are two conventions for what those ends are. `align_corners=True` puts
them on the *centres* of the first and last pixel; the scale then is W - 1, an image of one pixel has none, and resizing moves the
picture. `align_corners=False` puts them on the outer *edges*; the scale is W at every size. This package uses the edges everywhere:
whoever calls `grid_sample` on these coordinates has to say `align_corners=False`.

Letters: H rows, W columns.
"""

from numbers import Integral

import torch
from torch import Tensor

from vostutor.core.errors import ShapeError
from vostutor.core.ranges import expect_tensor
from vostutor.core.shapes import expect


def pixel_grid(
    height: int, width: int, *, device: torch.device | str | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Each pixel's own position, so that `pixel_grid(H, W) + flow` is where the flow leads.

    Shapes: -> (2,H,W), x then y.
    Units: pixels, 0 at the centre of the first pixel.
    Raises: ShapeError for a size below one pixel, or of no whole number of them.
    Source: own convention, see the head of this file.
    >>> pixel_grid(2, 3)[0]
    tensor([[0., 1., 2.],
            [0., 1., 2.]])
    """
    _check_size(height, width)
    y = torch.arange(height, device=device, dtype=dtype)
    x = torch.arange(width, device=device, dtype=dtype)
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)])


def to_normalised(points: Tensor, height: int, width: int) -> Tensor:
    """Pixel positions in the coordinates of `grid_sample`, -1 and 1 at the outer edges of an image of that size.

    Shapes: points (...,2,H',W'), x then y -> the same axes.
    Units: pixels -> halves of the image.
    Raises: ShapeError for other axes, an array that is no tensor, and a size as in `pixel_grid`.
    Source: align_corners=False of torch.nn.functional.grid_sample.
    >>> to_normalised(pixel_grid(1, 2), height=1, width=2)[0]      # two centres, each half a pixel from its edge
    tensor([[-0.5000,  0.5000]])
    """
    return (2 * points + 1) / _scale(points, height, width) - 1


def to_pixels(points: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `to_normalised`.

    Shapes: points (...,2,H',W'), x then y -> the same axes.
    Units: halves of the image -> pixels.
    Raises: ShapeError for other axes, an array that is no tensor, and a size as in `pixel_grid`.
    Source: align_corners=False of torch.nn.functional.grid_sample.
    >>> to_pixels(torch.tensor([-1.0, 1.0]).reshape(2, 1, 1), height=4, width=4).flatten()
    tensor([-0.5000,  3.5000])
    """
    return ((points + 1) * _scale(points, height, width) - 1) / 2


def _scale(points: Tensor, height: int, width: int) -> Tensor:
    expect(
        "points: ... 2 H W", points=points, hint="x and y lie on the third axis from the end: points.movedim(-1, -3)"
    )
    expect_tensor(points=points)
    _check_size(height, width)
    return torch.tensor([width, height], device=points.device, dtype=points.dtype)[:, None, None]


def _check_size(height: int, width: int) -> None:
    if not all(isinstance(n, Integral) and not isinstance(n, bool) and n >= 1 for n in (height, width)):
        raise ShapeError(
            expected="an image of at least one pixel, height and width whole numbers",
            got=f"height {height!r}, width {width!r}",
            try_this="height, width = image.shape[-2:]",
        )
