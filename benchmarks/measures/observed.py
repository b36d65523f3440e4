"""One clip as the measurements see it: its frames, the same shrunk to 96x160, and what many rows share, computed once.

The sheet's rows marked "@96" look at `shrunk()`, the others at the frames as they are. A clip of minivos has 96x160 already, and then
both are the same.

Letters: T frames, H rows, W columns.
"""

from functools import cached_property

import cv2
import numpy as np

SMALL = (96, 160)  # (H,W) of the rows marked "@96"


class Observed:
    """Frames with their grey values, colours in Lab, gradients, and DIS flow from each to the next.

    Shapes: frames uint8 (T,H,W,3), RGB.
    Units: flow in pixels, x then y, (T-1,H,W,2); `gradient` in grey levels per pixel, from Sobel / 8.
    Source: DIS medium as the motion proxy, as in the statistics of DAVIS.
    >>> still = Observed(np.zeros((2, 96, 160, 3), np.uint8))
    >>> still.flow.shape, float(abs(still.flow).max())
    ((1, 96, 160, 2), 0.0)
    """

    def __init__(self, frames: np.ndarray):
        self.frames = np.ascontiguousarray(frames)
        self.size = frames.shape[1:3]
        self.diagonal = float(np.hypot(*self.size))

    @cached_property
    def small(self) -> "Observed":
        if self.size == SMALL:
            return self
        return Observed(np.stack([cv2.resize(f, SMALL[::-1], interpolation=cv2.INTER_AREA) for f in self.frames]))

    @cached_property
    def grey(self) -> np.ndarray:
        return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in self.frames])

    @cached_property
    def lab(self) -> np.ndarray:
        """Lab in bytes, for histograms: (T,H,W,3)."""
        return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2LAB) for frame in self.frames])

    @cached_property
    def lab_units(self) -> np.ndarray:
        """Lab in its own units, where a distance is a Delta E: (T,H,W,3)."""
        return np.stack([cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for frame in self.frames])

    @cached_property
    def gradient(self) -> np.ndarray:
        slopes = [[cv2.Sobel(grey, cv2.CV_32F, *axis) / 8 for axis in ((1, 0), (0, 1))] for grey in self.grey]
        return np.stack([cv2.magnitude(*pair) for pair in slopes])

    @cached_property
    def flow(self) -> np.ndarray:
        dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        return np.stack([dis.calc(a, b, None) for a, b in zip(self.grey, self.grey[1:], strict=False)])

    @cached_property
    def next_warped_back(self) -> np.ndarray:
        """Each next frame fetched along the flow, as it should look like this one: uint8 (T-1,H,W,3)."""
        columns, rows = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in self.size[::-1]))
        return np.stack(
            [
                cv2.remap(
                    after,
                    columns + flow[..., 0],
                    rows + flow[..., 1],
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE,
                )
                for after, flow in zip(self.frames[1:], self.flow, strict=True)
            ]
        )


def shrunk(mask: np.ndarray) -> np.ndarray:
    """A mask at 96x160 by nearest neighbour, which reproduces the sheet's figures for DAVIS: bool (H,W) -> bool (96,160)."""
    if mask.shape == SMALL:
        return mask
    return cv2.resize(mask.astype(np.uint8), SMALL[::-1], interpolation=cv2.INTER_NEAREST) > 0


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask and everything up to so many pixels from it."""
    return cv2.dilate(mask.astype(np.uint8), _disk(pixels)) > 0


def thinned(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask without its outermost pixels; the frame's edge takes nothing away."""
    return cv2.erode(mask.astype(np.uint8), _disk(pixels)) > 0


def inside(mask: np.ndarray, pixels: int) -> np.ndarray:
    """What lies so many pixels of 96 rows within the outline, where flow and colour are the object's own; all of it if that is none."""
    core = thinned(mask, pixels * _scale(mask))
    return core if core.any() else mask


def ring(mask: np.ndarray, near: int = 2, far: int = 8) -> np.ndarray:
    """An object's surroundings: between so many pixels of 96 rows outside the outline."""
    return grown(mask, far * _scale(mask)) & ~grown(mask, near * _scale(mask))


def away(mask: np.ndarray) -> np.ndarray:
    """The background that no object has touched: more than three pixels of 96 rows away from all of them."""
    return ~grown(mask, 3 * _scale(mask))


def _scale(mask: np.ndarray) -> int:
    return max(1, len(mask) // SMALL[0])


def _disk(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
