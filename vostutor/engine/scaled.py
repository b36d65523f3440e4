"""A system that sees smaller frames than it answers for: a large video at the price of a small one.

Letters: K objects, H rows, W columns; h, w those of the smaller frames.
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vostutor.core.clip import Segmenter
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.shapes import expect
from vostutor.ops.masks import object_order


class Scaled:
    """A Segmenter around another, which gets frames of at most `rows` rows; its probabilities are enlarged, and only then compared.

    Frames are averaged, masks fetch the nearest id. Frames that are small enough pass as they are.

    Raises: SettingsError for rows below 16; DataError when an object of a mask is too small to be seen in the small one.
    >>> from vostutor.models import CopyFirstMask
    >>> system = Scaled(CopyFirstMask(), rows=16)
    >>> frame, ids = torch.zeros(3, 64, 96, dtype=torch.uint8), torch.zeros(64, 96, dtype=torch.int64)
    >>> ids[16:32, 16:48] = 1
    >>> system.observe(frame, ids)
    >>> tuple(system.system.ids.shape), tuple(system.step(frame).shape)
    ((16, 24), (2, 64, 96))
    """

    def __init__(self, system: Segmenter, rows: int):
        if rows < 16:
            raise SettingsError(expected="16 rows or more", got=f"{rows}", try_this="--rows 240")
        self.system, self.rows = system, rows

    def observe(self, frame: Tensor, ids: Tensor) -> None:
        """Shapes: frame uint8 (3,H,W), ids integer (H,W)."""
        expect("frame: 3 H W, ids: H W", frame=frame, ids=ids, hint="one mask of the size of its frame")
        small = ids if self._fits(frame) else _nearest(ids, self._size(frame))
        lost = set(object_order((), ids)) - set(object_order((), small))
        if lost:
            raise DataError(
                expected=f"objects that can be seen in {self.rows} rows",
                got=f"object {min(lost)} with {int((ids == min(lost)).sum())} of {ids.numel()} pixels",
                try_this="more rows, or leave --rows out",
            )
        self.system.observe(self._small(frame), small)

    def step(self, frame: Tensor) -> Tensor:
        """Shapes: frame uint8 (3,H,W) -> prob_all float32 (K+1,H,W)."""
        prob_all = self.system.step(self._small(frame))
        if self._fits(frame):
            return prob_all
        return interpolate(prob_all[None], size=frame.shape[-2:], mode="bilinear", align_corners=False)[0]

    def _fits(self, frame: Tensor) -> bool:
        return frame.shape[-2] <= self.rows

    def _size(self, frame: Tensor) -> tuple[int, int]:
        """(h, w) in the proportions of the frame."""
        height, width = frame.shape[-2:]
        return self.rows, max(1, round(width * self.rows / height))

    def _small(self, frame: Tensor) -> Tensor:
        if self._fits(frame):
            return frame
        # Smoothed before it is thinned out: without that, fine patterns turn into coarse ones that move at random.
        size = self._size(frame)
        small = interpolate(frame[None].float(), size=size, mode="bilinear", align_corners=False, antialias=True)
        return small[0].round().clamp(0, 255).to(torch.uint8)


def _nearest(ids: Tensor, size: tuple[int, int]) -> Tensor:
    """Shapes: ids integer (H,W) -> (h,w) of the same type. Ids up to 255 are exact in float32."""
    return interpolate(ids[None, None].float(), size=size, mode="nearest-exact")[0, 0].to(ids.dtype)
