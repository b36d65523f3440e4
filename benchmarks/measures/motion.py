"""What optical flow says of an object, of the background behind it and of the camera.

Flow is DIS medium from each frame to the next. Lengths are in per cent of the diagonal.

Letters: T frames, H rows, W columns, N points.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.measures.observed import Observed, inside, ring, shrunk

FEWEST, POINTS = 10, 2000  # pixels that a fit looks at
AGREE = 1.0  # pixels


@dataclass(frozen=True)
class Similarity:
    """The turn (degrees), the zoom (log scale, %), the shift of the frame's centre (pixels) and the median residual (pixels)."""

    turn: float
    zoom: float
    shift: float
    residual: float


def fit_similarity(flow: np.ndarray, where: np.ndarray) -> Similarity | None:
    """The similarity that agrees within AGREE pixels with the flow of the most pixels; None where there is none.

    Shapes: flow float (H,W,2) in pixels, where bool (H,W).
    Source: OpenCV's RANSAC, whose own random numbers are the same in every call.
    >>> y, x = np.mgrid[:20, :30]
    >>> zooming = np.stack([.01 * (x - 14.5), .01 * (y - 9.5)], 2)
    >>> fit = fit_similarity(zooming, np.ones((20, 30), bool))
    >>> round(fit.zoom, 3), round(abs(fit.turn), 3), round(fit.shift, 3)
    (0.995, 0.0, 0.0)
    """
    points = np.argwhere(where)[:, ::-1]
    if len(points) < FEWEST:
        return None
    points = points[:: max(1, len(points) // POINTS)].astype(np.float32)
    moved = points + flow[points[:, 1].astype(int), points[:, 0].astype(int)].astype(np.float32)
    matrix, _ = cv2.estimateAffinePartial2D(points, moved, method=cv2.RANSAC, ransacReprojThreshold=AGREE)
    if matrix is None:
        return None
    turn, shift = matrix[:, :2], matrix[:, 2]
    centre = (np.array(where.shape[::-1]) - 1) / 2
    return Similarity(
        turn=float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))),
        zoom=float(100 * np.log(np.hypot(turn[1, 0], turn[0, 0]))),
        shift=float(np.hypot(*(turn @ centre + shift - centre))),
        residual=float(np.median(np.hypot(*(points @ turn.T + shift - moved).T))),
    )


def object_motion(observed: Observed, mask: np.ndarray, t: int) -> dict[str, float]:
    """All rows of one object from frame t to the next, by name.

    Units: flow in % of the diagonal; rotation in degrees, log scale in %, both per frame.
    """
    flow = observed.flow[t][inside(mask, 1)]
    middle = np.median(flow, 0)
    small, small_mask = observed.small, shrunk(mask)
    own, around = small.flow[t][inside(small_mask, 2)], small.flow[t][ring(small_mask, 3)]
    against = np.median(own, 0) - np.median(around, 0) if len(own) and len(around) else (np.nan, np.nan)
    rows = {
        "object flow": 100 * np.median(np.hypot(*flow.T)) / observed.diagonal,
        "flow against ring": 100 * np.hypot(*against) / small.diagonal,
        "spread of flow": 100 * np.percentile(np.hypot(*(flow - middle).T), 75) / observed.diagonal,
    }
    if fit := fit_similarity(observed.flow[t], mask):
        rows |= {"rotation": abs(fit.turn), "log scale": abs(fit.zoom)}
    return rows


def camera_motion(observed: Observed, background: np.ndarray, t: int) -> dict[str, float]:
    """All rows of the background, bool (H,W), from frame t to the next, by name.

    Units: flow, shift and residual in % of the diagonal; rotation in degrees, zoom in %, all per frame.
    """
    flow = observed.flow[t][background]
    rows = {"background flow": 100 * np.median(np.hypot(*flow.T)) / observed.diagonal}
    if fit := fit_similarity(observed.flow[t], background):
        rows |= {
            "camera shift": 100 * fit.shift / observed.diagonal,
            "camera rotation": abs(fit.turn),
            "camera zoom": abs(fit.zoom),
            "camera residual": 100 * fit.residual / observed.diagonal,
        }
    return rows
