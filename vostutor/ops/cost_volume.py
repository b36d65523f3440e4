"""The cost volume: how well each place of one feature map fits the places around it in another.

[FlowNet] Dosovitskiy et al., FlowNet: Learning Optical Flow with Convolutional Networks, ICCV 2015, section 3.
Written as a loop this is one product of two maps per displacement, 441 of them in FlowNetC, and every one reads both maps again.
Here it is a matrix product for each tile of the image, several times as fast, with gradients of its own. Two observations make it work:

1. Displacements in steps of s never lead from an even to an odd column (for s = 2). The map falls into s * s small ones, by row and
   column modulo s, that do not know of each other, and in each of them the step is 1.
2. A tile of frame 1 times the window of frame 2 that it can meet is one matrix product. Of its entries <f1(x), f2(x')> only those with
   |x' - x| <= r in both axes are wanted. They lie on diagonals of memory, which a view with other strides reads, and writes in the
   backward pass, without an index table. A tile is small, since a large one would mostly give products that nobody wants.

Reading order: correlation, `_split`, `_Tiles`, then the layout that it works in.
Letters: B batch, C channels, H rows, W columns, r the reach in steps, D = 2r + 1 displacements per axis; n small maps, p x q tiles of
a x b places, M x N = (a + 2r) x (b + 2r) places of frame 2 that a tile meets.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import avg_pool2d, pad

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ranges import expect_tensor, expect_whole
from vostutor.core.shapes import expect

_TILE = (
    4,
    8,
)  # rows, columns: fewer and the matrices get too small to be quick, more and too few of their products are wanted
_CACHED = (
    1 << 18
)  # numbers of frame 2 that one step of the loop reads: 1 MB in float32, about what a core keeps at hand


def correlation(
    f1: Tensor,
    f2: Tensor,
    *,
    max_displacement: int = 20,
    stride2: int = 2,
    stride1: int = 1,
    patch: int = 1,
    normalise: bool = True,
) -> Tensor:
    """The products <f1(x), f2(x + displacement)> for every displacement of a square window; the defaults are FlowNetC's.

    With r = max_displacement // stride2 the window has D = 2r + 1 displacements per axis, in steps of `stride2`. Channels are row-major,
    dy outside: channel (dy / stride2 + r) * D + (dx / stride2 + r), so FlowNetC's zero displacement is 220 of 441. Outside the image
    both maps are zero. `patch` = 2k + 1 sums over that square around both places, and only where it fits into frame 1 whole; to keep
    the size, pad both maps by k. `stride1` keeps every so many-th place; it saves nothing, the others are computed too.

    `normalise` gives the mean over channels and patch, as the released Caffe layer; without it the plain sum of Eq. 1. Where networks
    learn from nothing either will do, weights are made for one of them. The same numbers from others: in Caffe `pad` is max_displacement,
    `kernel_size` is patch, `stride_1` and `stride_2` are ours; spatial_correlation_sampler calls with kernel_size=patch,
    patch_size=D (its window, not our patch), stride=stride1, dilation_patch=stride2, padding=0, returns (B,D,D,H',W') and never normalises.

    Gradients reach both maps, once: a gradient of a gradient is refused by autograd. Half precision is multiplied and summed in
    float32, and autocast changes nothing. A NaN is not refused: to look for one would make a GPU wait at every step, and the
    loss tells it anyway. It stays in its own products, but a gradient may carry it to its neighbours in the row.

    Shapes: f1, f2 floating (B,C,H,W) -> (B,D*D,H',W') in their dtype, H' = ceil((H - 2k) / stride1), W' likewise.
    Units: max_displacement and strides in pixels of the feature map.
    Raises: ShapeError for maps of other axes, sizes, types or devices or smaller than the patch, SettingsError for other options.
    Source: Eq. 1 of [FlowNet]; normalisation and sizes as in the released code.
    >>> f1 = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
    >>> volume = correlation(f1, f1, max_displacement=1, stride2=1)
    >>> volume[0, 3:6, 0]                                     # dy = 0; rows dx = -1, 0, 1: the left neighbour, itself, the right one
    tensor([[0., 2., 6.],
            [1., 4., 9.],
            [2., 6., 0.]])
    """
    sizes = expect("f1: B C H W, f2: B C H W", f1=f1, f2=f2, hint="two maps of one size; [None] adds the batch")
    _check_options(max_displacement, stride1, stride2, patch)
    _check_maps(f1, f2, patch)
    height, width = sizes["H"], sizes["W"]
    exact = torch.promote_types(f1.dtype, torch.float32)
    with torch.autocast(f1.device.type, enabled=False):
        scale = 1 / (sizes["C"] * patch**2) if normalise else 1  # on the maps, which are smaller than the volume
        volume = _Tiles.apply(
            _split(f1.to(exact) * scale, stride2), _split(f2.to(exact), stride2), max_displacement // stride2
        )
        volume = rearrange(volume, "(b s t) u v h w -> b (u v) (h s) (w t)", s=stride2, t=stride2)
        volume = volume[..., :height, :width]
        if patch > 1:
            volume = avg_pool2d(volume, patch, stride=1, divisor_override=1)
    return volume[..., ::stride1, ::stride1].to(f1.dtype)


def _split(f: Tensor, step: int) -> Tensor:
    """The map's step * step small ones, channels last; zeros complete those that are a row or column short."""
    f = _completed(f, [0, -f.shape[3] % step, 0, -f.shape[2] % step])
    return rearrange(f, "b c (h s) (w t) -> (b s t) h w c", s=step, t=step).contiguous()


def _completed(f: Tensor, edges: list[int]) -> Tensor:
    """Zeros at the edges; `pad` would copy the map also where there are none."""
    return pad(f, edges) if any(edges) else f


class _Tiles(torch.autograd.Function):
    """Every product of the window at step 1: f1, f2 (n,H,W,C) -> (n,D,D,H,W)."""

    @staticmethod
    def forward(ctx: Any, f1: Tensor, f2: Tensor, reach: int) -> Tensor:
        layout = _layout(f1, reach)
        tiles, windows = layout.tiles(f1), layout.windows(f2)
        ctx.save_for_backward(tiles, windows)
        ctx.layout = layout
        volume = f1.new_empty(layout.volume)
        for maps in layout.groups():
            mine, theirs = tiles[:, maps].flatten(1, 2), windows[maps].flatten(0, 1)
            products, wanted = layout.products(mine)
            for k in range(layout.p):
                torch.bmm(mine[k], theirs[:, layout.met_by(k)].mT, out=products)
                volume[maps, :, :, layout.rows(k)] = wanted
        return volume.flatten(-2)[..., : layout.height, : layout.width]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        (tiles, windows), layout = ctx.saved_tensors, ctx.layout
        down, right = layout.missing
        gradient = _completed(gradient, [0, right, 0, down]).unflatten(-1, (layout.q, layout.b))
        to_tiles, to_windows = torch.empty_like(tiles), torch.zeros_like(windows)
        with torch.autocast(gradient.device.type, enabled=False):
            for maps in layout.groups():
                mine, theirs = tiles[:, maps].flatten(1, 2), windows[maps].flatten(0, 1)
                to_mine, to_theirs = to_tiles[:, maps].flatten(1, 2), to_windows[maps].flatten(0, 1)
                products, wanted = layout.products(mine)
                products.zero_()  # beside the diagonals it stays so
                for k in range(layout.p):
                    met = layout.met_by(k)
                    wanted.copy_(gradient[maps, :, :, layout.rows(k)])
                    torch.bmm(products, theirs[:, met], out=to_mine[k])
                    to_theirs[:, met].baddbmm_(products.mT, mine[k])
        return layout.join_tiles(to_tiles), layout.join_windows(to_windows), None


class _Layout(NamedTuple):
    """How an image is cut into p rows of q tiles, a x b places each, and where in their products the wanted ones lie."""

    maps: int
    height: int
    width: int
    reach: int
    p: int
    q: int
    a: int
    b: int
    together: int  # maps that one step of the loop takes at once

    @property
    def window(self) -> tuple[int, int]:
        """M, N: rows and columns of frame 2 that a tile of frame 1 meets."""
        return self.a + 2 * self.reach, self.b + 2 * self.reach

    @property
    def missing(self) -> tuple[int, int]:
        """Rows and columns that the last tiles are short of."""
        return self.p * self.a - self.height, self.q * self.b - self.width

    @property
    def volume(self) -> tuple[int, ...]:
        """The volume's sizes, its columns by tiles: (n,D,D,p*a,q,b)."""
        return (self.maps, 2 * self.reach + 1, 2 * self.reach + 1, self.p * self.a, self.q, self.b)

    def groups(self) -> Iterator[slice]:
        """Which maps go together."""
        for first in range(0, self.maps, self.together):
            yield slice(first, min(first + self.together, self.maps))

    def rows(self, k: int) -> slice:
        """The rows of the k-th row of tiles."""
        return slice(k * self.a, (k + 1) * self.a)

    def met_by(self, k: int) -> slice:
        """The M rows of a column of windows that the k-th row of tiles meets, as places."""
        rows, columns = self.window
        return slice(k * self.a * columns, (k * self.a + rows) * columns)

    def tiles(self, f1: Tensor) -> Tensor:
        """Frame 1 by tiles: (n,H,W,C) -> (p,n,q,a*b,C)."""
        down, right = self.missing
        f1 = _completed(f1, [0, 0, 0, right, 0, down])
        return rearrange(f1, "n (p a) (q b) c -> p n q (a b) c", a=self.a, b=self.b).contiguous()

    def windows(self, f2: Tensor) -> Tensor:
        """What each column of tiles can meet, row after row, zeros around the image: (n,H,W,C) -> (n,q,(p*a+2r)*N,C)."""
        r, (down, right), columns = self.reach, self.missing, self.window[1]
        around = pad(f2, [0, 0, r, r + right, r, r + down])
        parts = [around[:, :, k * self.b : k * self.b + columns] for k in range(self.q)]
        return torch.stack(parts, dim=1).flatten(2, 3)

    def join_tiles(self, tiles: Tensor) -> Tensor:
        """The inverse of `tiles`."""
        return rearrange(tiles, "p n q (a b) c -> n (p a) (q b) c", a=self.a)[:, : self.height, : self.width]

    def join_windows(self, windows: Tensor) -> Tensor:
        """The adjoint of `windows`: where they overlap, gradients add up."""
        r, columns = self.reach, self.window[1]
        parts = windows.unflatten(2, (-1, columns))[:, :, r : r + self.height]
        around = windows.new_zeros(self.maps, self.height, self.q * self.b + 2 * r, windows.shape[-1])
        for k in range(self.q):
            around[:, :, k * self.b : k * self.b + columns] += parts[:, k]
        return around[:, :, r : r + self.width]

    def products(self, mine: Tensor) -> tuple[Tensor, Tensor]:
        """Room for what the tiles of one row give with their windows, (.,a*b,M*N), and the view of it with the wanted ones,
        (n,D,D,a,q,b): one place further in frame 1 is one further in frame 2."""
        d, (rows, columns) = 2 * self.reach + 1, self.window
        step = rows * columns
        room = mine.new_empty(mine.shape[1], self.a * self.b, step)
        strides = (
            self.q * self.a * self.b * step,
            columns,
            1,
            self.b * step + columns,
            self.a * self.b * step,
            step + 1,
        )
        return room, room.as_strided((mine.shape[1] // self.q, d, d, self.a, self.q, self.b), strides)


def _layout(f1: Tensor, reach: int) -> _Layout:
    n, height, width, channels = f1.shape
    p, q = (-(-size // most) for size, most in zip((height, width), _TILE, strict=True))
    a, b = -(-height // p), -(-width // q)
    read = (a + 2 * reach) * q * (b + 2 * reach) * channels  # numbers per map and step
    together = max(1, n if f1.is_cuda else _CACHED // read)
    return _Layout(n, height, width, reach, p, q, a, b, together)


def _check_options(max_displacement: int, stride1: int, stride2: int, patch: int) -> None:
    expect_whole(least=0, max_displacement=max_displacement)
    expect_whole(least=1, stride1=stride1, stride2=stride2, patch=patch)
    if patch % 2 == 0:
        raise SettingsError(
            expected="an odd patch, 2k + 1, since it has a middle", got=f"patch={patch}", try_this=f"patch={patch + 1}"
        )


def _check_maps(f1: Tensor, f2: Tensor, patch: int) -> None:
    expect_tensor(f1=f1, f2=f2)
    if not f1.is_floating_point() or (f1.dtype, f1.device) != (f2.dtype, f2.device):
        raise ShapeError(
            expected="two floating-point maps of one type on one device",
            got=f"{f1.dtype} on {f1.device} and {f2.dtype} on {f2.device}",
            try_this="f2.to(f1), after f1.float() where f1 holds integers",
        )
    if min(f1.shape[1], f1.shape[2] - patch + 1, f1.shape[3] - patch + 1) < 1:
        raise ShapeError(
            expected=f"at least one channel, and room for a patch of {patch}x{patch}",
            got=f"shape {tuple(f1.shape)}",
            try_this=f"pad both maps by {patch // 2}" if patch > 1 else "print(f1.shape)",
        )
