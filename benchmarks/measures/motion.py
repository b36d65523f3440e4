"""What optical flow says of an object, of the background behind it and of the camera.

Flow is DIS medium from each frame to the next. Lengths are in per cent of the diagonal.

Letters: T frames, H rows, W columns, N points.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.measures.footage import Footage, grown, shrunk

RING = 10  # pixels at 96x160: what counts as an object's surroundings
FEWEST = 10  # points of a fit


@dataclass(frozen=True)
class Similarity:
    """The turn (degrees), the zoom (log scale, %), the shift of the frame's centre (pixels) and the median residual (pixels)."""

    turn: float
    zoom: float
    shift: float
    residual: float


def fit_similarity(flow: np.ndarray, where: np.ndarray) -> Similarity | None:
    """The similarity that fits the flow of some pixels best in the least squares; None for fewer than FEWEST pixels.

    Shapes: flow float (H,W,2) in pixels, where bool (H,W).
    >>> y, x = np.mgrid[:20, :30]
    >>> zooming = np.stack([.01 * (x - 14.5), .01 * (y - 9.5)], 2)
    >>> fit = fit_similarity(zooming, np.ones((20, 30), bool))
    >>> round(fit.zoom, 3), round(fit.turn, 3), round(fit.shift, 3)
    (0.995, 0.0, 0.0)
    """
    rows, columns = np.nonzero(where)
    if len(rows) < FEWEST:
        return None
    points, moved = np.stack([columns, rows], 1).astype(float), flow[rows, columns].astype(float)
    middle, mean = points.mean(0), moved.mean(0)
    points, moved = points - middle, moved - mean
    (x, y), (u, v) = points.T, moved.T
    norm = (x * x + y * y).sum()
    if not norm:
        return None
    along, across = (x @ u + y @ v) / norm, (x @ v - y @ u) / norm
    matrix = np.array([[along, -across], [across, along]])
    to_centre = (np.array(where.shape[::-1]) - 1) / 2 - middle
    return Similarity(
        turn=float(np.degrees(np.arctan2(across, 1 + along))),
        zoom=float(100 * np.log(np.hypot(1 + along, across))),
        shift=float(np.hypot(*(mean + matrix @ to_centre))),
        residual=float(np.median(np.hypot(*(moved - points @ matrix.T).T))),
    )


def object_motion(footage: Footage, mask: np.ndarray, t: int) -> dict[str, float]:
    """All rows of one object from frame t to the next, by name.

    Units: flow in % of the diagonal; rotation in degrees, log scale in %, both per frame.
    """
    flow = footage.flow[t][mask]
    middle = np.median(flow, 0)
    small, small_mask = footage.small, shrunk(mask)
    ring = grown(small_mask, RING) & ~small_mask
    against = (
        np.median(small.flow[t][small_mask], 0) - np.median(small.flow[t][ring], 0) if ring.any() else (np.nan,) * 2
    )
    rows = {
        "object flow": 100 * np.median(np.hypot(*flow.T)) / footage.diagonal,
        "flow against ring": 100 * np.hypot(*against) / small.diagonal,
        "spread of flow": 100 * np.percentile(np.hypot(*(flow - middle).T), 75) / footage.diagonal,
    }
    if fit := fit_similarity(footage.flow[t], mask):
        rows |= {"rotation": abs(fit.turn), "log scale": abs(fit.zoom)}
    return rows


def camera_motion(footage: Footage, background: np.ndarray, t: int) -> dict[str, float]:
    """All rows of the background from frame t to the next, by name.

    Units: flow, shift and residual in % of the diagonal; rotation in degrees, zoom in %, all per frame.
    """
    flow = footage.flow[t][background]
    rows = {"background flow": 100 * np.median(np.hypot(*flow.T)) / footage.diagonal}
    if fit := fit_similarity(footage.flow[t], background):
        rows |= {
            "camera shift": 100 * fit.shift / footage.diagonal,
            "camera rotation": abs(fit.turn),
            "camera zoom": abs(fit.zoom),
            "camera residual": 100 * fit.residual / footage.diagonal,
        }
    return rows
