"""Frames of one video, embedded once: asking again about a frame whose mask is being clicked together costs no network.

Letters: H rows and W columns of a frame, h and w of its map, P = h w places, C channels of an embedding.
"""

from inspect import signature
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.core.ranges import expect_finite, expect_whole
from vostutor.core.shapes import expect
from vostutor.ops.cells import STRIDE
from vostutor.ops.video_frames import expect_video_frame


class Seen(NamedTuple):
    """An embedded frame: its number, from 0; itself, uint8 (3,H,W); its places, float32 (P,C), row by row; the size of its map, (h,w)."""

    number: int
    frame: Tensor
    places: Tensor
    size: tuple[int, int]


class SeenFrames:
    """What a network says of the frames of a video, in the order in which they come. Remembers the last one and those that are kept.

    network: frames float (1,3,H,W) in [0,1] and times (1,) -> (1,C,h,w), a place for 4x4 pixels. It is put in evaluation mode, since
        batch norm would learn from the video otherwise; no weight and no buffer of it changes.
    duration: the number of the frame at which time has grown from 0 to 1, where it stays.
    A frame that equals a remembered one is that one: it has its number and is not embedded again.

    Raises: SettingsError for what is no network of frames and times.
    """

    def __init__(self, network: nn.Module, duration: int):
        expect_whole(least=1, duration=duration)
        if not (isinstance(network, nn.Module) and _takes_two(network)):
            raise SettingsError(
                expected="a network (frames, times) -> (B,C,h,w), such as PMLNet",
                got=type(network).__name__,
                try_this='zoo.load("pml", "cpu"), or PMLNet(backbone)',
            )
        self.network, self.duration = network.eval(), duration
        self.count = 0
        self.kept: dict[int, Seen] = {}  # by number
        self.last: Seen | None = None

    def keep(self, seen: Seen) -> None:
        """Remember a frame from now on."""
        self.kept[seen.number] = seen

    @torch.no_grad()
    def look(self, frame: Tensor) -> Seen:
        """The frame embedded, on the network's device.

        Shapes: frame uint8 (3,H,W), each of the same size.
        Raises: ShapeError for a frame of another size or type or a map at another stride, DataError for an embedding with NaN.
        """
        self.check(frame)
        here = next((weight.device for weight in self.network.parameters()), torch.device("cpu"))
        frame = frame.to(here)
        for known in (*self.kept.values(), *([self.last] if self.last else [])):
            if torch.equal(known.frame, frame):
                return known
        time = torch.tensor([min(1.0, self.count / self.duration)], device=here)
        embedding = self.network(frame[None].float() / 255, time)
        expect("embedding: 1 C h w", embedding=embedding, hint="a network (frames, times) -> (B,C,h,w), such as PMLNet")
        _expect_stride(embedding, frame)
        expect_finite(embedding=embedding, try_this="weights that are numbers: training that diverged leaves NaN")
        places = embedding[0].flatten(1).mT.float().contiguous()
        self.last = Seen(self.count, frame.clone(), places, tuple(embedding.shape[-2:]))
        self.count += 1
        return self.last

    def check(self, frame: Tensor) -> None:
        """Nothing, where this is a frame of the video."""
        expect_video_frame(frame, like=None if self.last is None else self.last.frame)


def _takes_two(network: nn.Module) -> bool:
    """Whether it can be called with frames and times; a backbone takes frames alone."""
    try:
        signature(network.forward).bind(None, None)
    except TypeError:
        return False
    return True


def _expect_stride(embedding: Tensor, frame: Tensor) -> None:
    wanted, found = (tuple(-(-pixels // STRIDE) for pixels in frame.shape[-2:]), tuple(embedding.shape[-2:]))
    if found != wanted:
        raise ShapeError(
            expected=f"a map at stride {STRIDE}: {wanted} for a frame of {tuple(frame.shape[-2:])}",
            got=f"{found}",
            try_this=f"a backbone at stride {STRIDE}, such as Backbone()",
        )
