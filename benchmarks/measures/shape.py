"""What a mask alone says: how large, how round, how thin, how many pieces; and from frame to frame how far and how changed.

All in per cent of the frame's diagonal, so that 480 rows and 96 rows can be compared. Perimeter, compactness, thin share, pieces and
holes depend on the grid and are taken at 96x160.

Letters: T frames, H rows, W columns, A area in pixels.
"""

import cv2
import numpy as np

from benchmarks.measures.observed import shrunk

PIECE = 0.02  # of the object's area: a smaller piece is a crumb of the grid; with it DAVIS has the sheet's 22 %
HOLE = 4  # pixels at 96x160; with it DAVIS has the sheet's 15 %
THIN = 3  # pixels: 2 % of sqrt(HW) at 96x160 is 2.5


def outline_length(mask: np.ndarray) -> float:
    """Length of the outer and inner outlines through the centres of the outermost pixels.

    >>> square = np.zeros((96, 160), bool); square[10:21, 10:21] = True
    >>> outline_length(square)                                          # 11 pixels a side are 10 steps
    40.0
    """
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return sum(cv2.arcLength(outline, True) for outline in outlines)


def solidity(mask: np.ndarray) -> float:
    """Share of the filled convex hull that the mask covers; 1 for every convex shape."""
    hull = cv2.convexHull(cv2.findNonZero(mask.astype(np.uint8)))
    return mask.sum() / cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), hull, 1).sum()


def compactness(mask: np.ndarray) -> float:
    """4 pi A / P^2: 1 for a large disk, pi/4 for a large square, less for whatever has arms."""
    length = outline_length(mask)
    return 4 * np.pi * mask.sum() / length**2 if length else np.nan


def thin_share(mask: np.ndarray) -> float:
    """Share of the area that an opening takes away: whatever is thinner than THIN pixels."""
    opened = cv2.morphologyEx(
        mask.astype(np.uint8), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THIN, THIN))
    )
    return 1 - opened.sum() / mask.sum()


def width_to_height(mask: np.ndarray) -> float:
    _, _, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return width / height


def touches_edge(mask: np.ndarray) -> bool:
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def in_pieces(mask: np.ndarray) -> bool:
    """Whether more than one connected piece has PIECE of the area."""
    _, _, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return (boxes[1:, cv2.CC_STAT_AREA] > PIECE * mask.sum()).sum() > 1


def has_hole(mask: np.ndarray) -> bool:
    """Whether the background has a second piece, one of at least HOLE pixels; what lies open to the frame's edge is one piece."""
    _, _, boxes, _ = cv2.connectedComponentsWithStats((~np.pad(mask, 1)).astype(np.uint8), connectivity=8)
    return (boxes[1:, cv2.CC_STAT_AREA] >= HOLE).sum() > 1


def form(mask: np.ndarray) -> dict[str, float]:
    """All rows of one mask, by name.

    Shapes: mask bool (H,W) with at least one pixel.
    Units: area in % of the frame, perimeter in diagonals, the last four 0 or 1.
    """
    small = shrunk(mask)
    if not small.any():
        small = mask
    thin = thin_share(small)
    return {
        "area": 100 * mask.mean(),
        "perimeter": outline_length(small) / np.hypot(*small.shape),
        "solidity": solidity(mask),
        "compactness": compactness(small),
        "thin share": thin,
        "width / height": width_to_height(mask),
        "touches the edge": float(touches_edge(mask)),
        "in pieces": float(in_pieces(small)),
        "has a hole": float(has_hole(small)),
        "is thin": float(thin > 0.1),
    }


def centroid(mask: np.ndarray) -> np.ndarray:
    """(x,y) in pixels."""
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    return np.array([moments["m10"], moments["m01"]]) / moments["m00"]


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


def aligned_iou(a: np.ndarray, b: np.ndarray) -> float:
    """IoU after moving the first mask by whole pixels until the centroids agree: what is left is change of form."""
    x, y = np.round(centroid(b) - centroid(a))
    moved = cv2.warpAffine(
        a.astype(np.uint8), np.float32([[1, 0, x], [0, 1, y]]), a.shape[::-1], flags=cv2.INTER_NEAREST
    )
    return iou(moved > 0, b)


def step(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """All rows of a mask and the next one, by name.

    Units: speed in % of the diagonal per frame, and in % of the square root of the object's area.
    """
    moved = np.hypot(*(centroid(b) - centroid(a)))
    return {
        "speed": 100 * moved / np.hypot(*a.shape),
        "speed / size": 100 * moved / np.sqrt(a.sum()),
        "IoU next": iou(a, b),
        "IoU aligned": aligned_iou(a, b),
    }


def leap(a: np.ndarray, b: np.ndarray, frames: int) -> dict[str, float]:
    """All rows of two masks so many frames apart, by name: 5 or 10."""
    rows = {f"IoU {frames} apart": iou(a, b)}
    if frames == 10:
        rows["log area over 10"] = abs(np.log(b.sum() / a.sum()))
    return rows
