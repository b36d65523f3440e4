"""Two small nets that never change, so that what changes in a score is the clips they were trained on.

[UNet] O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.
[FEELVOS] P. Voigtlaender et al.: FEELVOS: Fast End-to-End Embedding Learning for Video Object Segmentation. CVPR 2019.

Problem: whether synthetic clips carry over to real video can only be seen in a net that learned from them. ForegroundNet tells object
    from background in a single frame; Matcher finds the object of a first mask again by comparing embeddings. Both learn in a minute.
Reading order: Block and Encoder; ForegroundNet; the two searches; Matcher.
Letters: B clips, C channels of an embedding, H rows and W columns of a frame, h and w those of a map at a quarter of the size,
    P = hw its places, N places to be matched with.
Departures: both are small, with group normalisation. Matcher has a learned scale and bias within the sigmoid of a distance, and its
    logit starts from the difference of the distances, not from the head alone, which stays empty for the first hundreds of steps.
    The nearest place is sought without a gradient and only then measured with it, which gives the same gradient for a tenth of the time.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vostutor.core.errors import ShapeError
from vostutor.core.shapes import expect

FOREGROUND_WIDTHS = (16, 32, 48, 64)  # channels at 1/2, 1/4, 1/8 and 1/16 of the size
MATCHER_WIDTHS = (16, 32, 64, 88)
EMBEDDING = 32  # channels of an embedding
REACH = 4  # places of a quarter of the size to each side: 16 pixels
FAR = 1e4  # the distance to something that is not there


class Block(nn.Sequential):
    """A 3x3 convolution, group normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.GroupNorm(8, outputs), nn.ReLU(inplace=True)
        )


class Encoder(nn.Module):
    """Feature maps at 1/2, 1/4, 1/8 and 1/16 of the size, from frames of bytes.

    Shapes: frames uint8 (B,3,H,W), H and W multiples of 16 -> four maps (B,widths[i],H/2^(i+1),W/2^(i+1)).
    Raises: ShapeError for another size or type.
    >>> [tuple(map.shape) for map in Encoder((8, 8, 8, 16))(torch.zeros(1, 3, 32, 48, dtype=torch.uint8))]
    [(1, 8, 16, 24), (1, 8, 8, 12), (1, 8, 4, 6), (1, 16, 2, 3)]
    """

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        stages = [Block(3, widths[0], 2)]
        stages += [nn.Sequential(Block(a, b, 2), Block(b, b)) for a, b in zip(widths, widths[1:], strict=False)]
        self.stages = nn.ModuleList(stages)

    def forward(self, frames: Tensor) -> list[Tensor]:
        expect("frames: B 3 H W", frames=frames)
        if frames.dtype != torch.uint8 or frames.shape[-2] % 16 or frames.shape[-1] % 16:
            raise ShapeError(
                expected="uint8 frames whose sides are multiples of 16",
                got=f"{frames.dtype}, {tuple(frames.shape[-2:])}",
                try_this="resize to 96 x 160",
            )
        image, maps = frames.float().sub_(115).div_(64), []  # about mean 0 and deviation 1
        for stage in self.stages:
            image = stage(image)
            maps.append(image)
        return maps


class Merge(nn.Module):
    """A coarse map, enlarged twice, together with the finer one of the way down."""

    def __init__(self, coarse: int, fine: int, blocks: int):
        super().__init__()
        self.blocks = nn.Sequential(Block(coarse + fine, fine), *(Block(fine, fine) for _ in range(blocks - 1)))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        return self.blocks(torch.cat([F.interpolate(coarse, scale_factor=2.0, mode="nearest"), fine], 1))


class ForegroundNet(nn.Module):
    """Where there is an object, whichever: logits of a small [UNet].

    Shapes: frames uint8 (B,3,H,W), sides multiples of 16 -> logits (B,H,W).
    Raises: ShapeError for another size or type.
    Source: [UNet]; the size of the pilot, about 222 thousand parameters.
    >>> ForegroundNet()(torch.zeros(2, 3, 32, 48, dtype=torch.uint8)).shape
    torch.Size([2, 32, 48])
    """

    def __init__(self):
        super().__init__()
        half, quarter, eighth, sixteenth = FOREGROUND_WIDTHS
        self.encoder = Encoder(FOREGROUND_WIDTHS)
        self.merges = nn.ModuleList([Merge(sixteenth, eighth, 2), Merge(eighth, quarter, 2), Merge(quarter, half, 1)])
        self.head = nn.Conv2d(half, 1, 1)

    def forward(self, frames: Tensor) -> Tensor:
        *finer, image = self.encoder(frames)
        for merge, fine in zip(self.merges, reversed(finer), strict=True):
            image = merge(image, fine)
        return enlarged(self.head(image), 2)[:, 0]


def enlarged(maps: Tensor, times: int) -> Tensor:
    """Maps of `times` the size, bilinear. Shapes: (B,C,h,w) -> (B,C,times h,times w)."""
    return F.interpolate(maps, scale_factor=float(times), mode="bilinear", align_corners=False)


def global_distances(query: Tensor, keys: Tensor, is_object: Tensor) -> Tensor:
    """Squared distance of each place to the nearest key of the object, and of the background.

    Shapes: query (B,C,h,w), keys (B,N,C), is_object bool (B,N) -> (B,2,h,w); FAR where there is no such key.
    Source: global matching of [FEELVOS], section 3.3.
    >>> query, keys = torch.tensor([[[[0.0, 3.0]]]]), torch.tensor([[[1.0], [5.0]]])
    >>> global_distances(query, keys, torch.tensor([[True, False]])).flatten().tolist()
    [1.0, 4.0, 25.0, 4.0]
    """
    places = query.flatten(2).mT  # (B,P,C)
    with torch.no_grad():
        products = places @ keys.mT
        nearest, exists = _nearest([cost[:, None] - products for cost in _costs(keys.mT, is_object)])
    return _measured(places, keys, nearest, exists).unflatten(2, query.shape[-2:])


def local_distances(query: Tensor, keys: Tensor, is_object: Tensor, reach: int = REACH) -> Tensor:
    """The same, among the keys at most `reach` rows and columns away.

    One product for each of the 2 reach + 1 vertical shifts compares a row with a whole row; the diagonal band in it is a view.

    Shapes: query and keys (B,C,h,w), is_object bool (B,h,w) -> (B,2,h,w); FAR where the window has no such key.
    Source: local previous-frame matching of [FEELVOS], section 3.4.
    >>> query, keys = torch.tensor([[[[0.0, 3.0]]]]), torch.tensor([[[[1.0, 5.0]]]])
    >>> local_distances(query, keys, torch.tensor([[[True, False]]]), reach=1).flatten().tolist()
    [1.0, 4.0, 25.0, 4.0]
    """
    (height, width), side = query.shape[-2:], 2 * reach + 1
    padded, places = F.pad(keys, [reach] * 4), query.flatten(2).mT
    across = padded.shape[-1]
    with torch.no_grad():
        rows = query.permute(0, 2, 3, 1)  # (B,h,w,C)
        products = torch.stack([_band(rows, padded[:, :, dy : dy + height], side) for dy in range(side)], 3)
        costs = (F.pad(cost, [reach] * 4, value=torch.inf) for cost in _costs(keys, is_object))
        scores = [(_windows(cost, side) - products).reshape(len(query), height * width, side**2) for cost in costs]
        nearest, exists = _nearest(scores)
        corner = torch.arange(height)[:, None] * across + torch.arange(width)  # of each place's window in `padded`
        nearest = corner.flatten()[None, :, None].to(nearest) + nearest // side * across + nearest % side
    return _measured(places, padded.flatten(2).mT, nearest, exists).unflatten(2, (height, width))


def _band(rows: Tensor, keys: Tensor, side: int) -> Tensor:
    """Products of each place with the `side` keys around its column: (B,h,w,C) and (B,C,h,w+side-1) -> (B,h,w,side)."""
    products = rows @ keys.permute(0, 2, 1, 3)
    batch, height, width, across = products.shape
    strides = (height * width * across, width * across, across + 1, 1)
    return products.contiguous().as_strided((batch, height, width, side), strides)


def _windows(padded: Tensor, side: int) -> Tensor:
    """Each place's window as a view: (B,h+side-1,w+side-1) -> (B,h,w,side,side)."""
    return padded.unfold(1, side, 1).unfold(2, side, 1)


def _costs(keys: Tensor, is_object: Tensor) -> tuple[Tensor, Tensor]:
    """Half the squared norm of a key of the object, infinite elsewhere; the same for the background: (B,C,...) -> (B,...) twice."""
    half_norms = keys.square().sum(1).div(2)
    return half_norms.where(is_object, torch.inf), half_norms.where(~is_object, torch.inf)


def _nearest(scores: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Index of the lowest score, and whether there is one: object and background (B,P,N) -> (B,P,2) twice.

    A score is half the squared distance, less half the squared norm of the place, which is the same for all keys.
    """
    lowest = [score.min(2) for score in scores]
    return torch.stack([low.indices for low in lowest], 2), torch.stack([low.values < torch.inf for low in lowest], 2)


def _measured(places: Tensor, keys: Tensor, nearest: Tensor, exists: Tensor) -> Tensor:
    """Squared distances to the keys found, now with a gradient: (B,P,C), (B,N,C), (B,P,2) -> (B,2,P)."""
    first = torch.arange(len(keys), device=keys.device)[:, None, None] * keys.shape[1]
    found = F.embedding(nearest + first, keys.reshape(-1, keys.shape[2]))  # (B,P,2,C)
    distances = (places[:, :, None] - found).square().sum(3)
    return distances.where(exists, FAR).mT
