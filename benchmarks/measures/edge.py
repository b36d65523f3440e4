"""How wide the step in grey is where an object ends: film is soft there, and a pasted sprite is not.

Profiles run along the outline's normals, from one side to the other. Only clean steps count: two plateaus that differ, and between them
nothing that leaves their range by much.

Letters: P profiles, S samples, H rows, W columns.
"""

import cv2
import numpy as np

STEP, EVERY = 0.5, 2  # pixels between samples; of the outline's pixels, every second
PLATEAU = 4  # samples at either end whose mean is its grey level
CLEAN, OVER = 40, 0.25  # grey levels between the plateaus; of that step, how far a sample may leave it
# With a reach of 8 pixels at 480 rows these reproduce the figures of DAVIS. At 96 rows it must be half as long, not a fifth: the grid
# itself makes every edge a pixel wide.
REACH, SMALL_REACH = 8, 4


def edge_widths(grey: np.ndarray, mask: np.ndarray, reach: int = REACH) -> np.ndarray:
    """From 10 to 90 % of each clean step along the outline, in pixels of this frame.

    Shapes: grey uint8 (H,W), mask bool (H,W) -> (N,).
    >>> ramp = np.clip(255 * (np.arange(100) - 40.0) / 10, 0, 255).astype(np.uint8)       # rises over 10 pixels, 8 of them from 10 to 90 %
    >>> widths = edge_widths(np.tile(ramp, (100, 1)), np.tile(np.arange(100) >= 45, (100, 1)))
    >>> float(np.median(widths).round(1))
    8.0
    """
    return widths_of(profiles(grey, mask, reach))


def profiles(grey: np.ndarray, mask: np.ndarray, reach: int) -> np.ndarray:
    """Grey levels along the normals, from outside to inside, of every outline pixel whose normal stays in the frame: float (P,S)."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    places = np.concatenate([np.empty((0, 2), np.int32), *(outline[:, 0] for outline in outlines)])[::EVERY]
    last = np.array(mask.shape[::-1]) - 1
    places = places[((places > 0) & (places < last)).all(1)]  # where the frame ends, the object need not
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), reach * 3 / 8)
    normal = np.stack([cv2.Sobel(soft, cv2.CV_32F, *axis)[places[:, 1], places[:, 0]] for axis in ((1, 0), (0, 1))], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    along = np.arange(-reach, reach + STEP, STEP)
    samples = (places[:, None] + along[:, None] * normal[:, None]).astype(np.float32)  # (P,S,2), x then y
    samples = samples[((samples >= 0) & (samples <= last)).all((1, 2))]
    if not len(samples):
        return np.empty((0, len(along)))
    some = np.array_split(samples, -(-len(samples) // 30_000))  # OpenCV's remap takes fewer than 32,768 rows
    return np.concatenate([cv2.remap(grey, part, None, cv2.INTER_LINEAR) for part in some]).astype(float)


def widths_of(levels: np.ndarray) -> np.ndarray:
    """Width of the clean steps among some profiles, in pixels. Shapes: float (P,S) -> (N,).

    >>> widths_of(np.array([[0.0] * 10 + [100] * 10, [0] * 10 + [20] * 10]))       # the second step is too low
    array([0.4])
    """
    low, high = levels[:, :PLATEAU].mean(1, keepdims=True), levels[:, -PLATEAU:].mean(1, keepdims=True)
    steep = np.abs(high - low)[:, 0] >= CLEAN
    share = (levels[steep] - low[steep]) / (high - low)[steep]
    share = share[(share.min(1) >= -OVER) & (share.max(1) <= 1 + OVER)]
    end = np.argmax(share >= 0.9, 1)
    before = (share <= 0.1) & (np.arange(share.shape[1]) < end[:, None])
    share, end, before = share[before.any(1)], end[before.any(1)], before[before.any(1)]
    start = share.shape[1] - 1 - np.argmax(before[:, ::-1], 1)
    row = np.arange(len(share))
    first = start + (0.1 - share[row, start]) / (share[row, start + 1] - share[row, start])
    last = end - (share[row, end] - 0.9) / (share[row, end] - share[row, end - 1])
    return STEP * (last - first)
