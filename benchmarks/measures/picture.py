"""What the pictures look like: spectrum, sharpness, light and colour; how an object differs from what surrounds it; and what changes.

Letters: T frames, H rows, W columns.
"""

import cv2
import numpy as np

from benchmarks.measures.edge import REACH, SMALL_REACH, edge_widths
from benchmarks.measures.observed import SMALL, Observed, grown, inside, ring, shrunk, thinned

FLAT = 1e-3  # grey levels per pixel, so that a plain colour has a ratio too
LOWEST, HIGHEST = 4, 0.25  # the slope is fitted from 4 cycles per frame to .25 cycles per pixel


def spectrum_slope(grey: np.ndarray) -> float:
    """Slope of log power over log frequency in the middle square: near -2.4 for photographs, 0 for white noise.

    Shapes: grey (H,W), H at most W and at least 32; frequencies are whole cycles per frame.
    """
    side = min(grey.shape)
    left = (grey.shape[1] - side) // 2
    square = grey[:side, left : left + side].astype(np.float64)
    power = np.abs(np.fft.fft2(square - square.mean())) ** 2
    cycles = np.fft.fftfreq(side) * side
    ring = np.round(np.hypot(cycles[None], cycles[:, None])).astype(int).ravel()
    mean = np.bincount(ring, power.ravel()) / np.maximum(np.bincount(ring), 1)
    kept = np.arange(LOWEST, int(HIGHEST * side) + 1)
    return float(np.polyfit(np.log(kept), np.log(mean[kept]), 1)[0]) if mean[kept].min() > 0 else np.nan


def look(observed: Observed, t: int) -> dict[str, float]:
    """All rows of one frame, by name.

    Units: grey levels; saturation 0 to 255.
    """
    small, grey = observed.small, observed.grey[t]
    return {
        "spectrum slope": spectrum_slope(grey),
        "spectrum slope @96": spectrum_slope(small.grey[t]),
        "Laplacian variance": cv2.Laplacian(small.grey[t], cv2.CV_32F).var(),
        "mean gradient": small.gradient[t].mean(),
        "luminance": grey.mean(),
        "luminance deviation": grey.std(),
        "saturation": cv2.cvtColor(observed.frames[t], cv2.COLOR_RGB2HSV)[..., 1].mean(),
    }


def colours(lab: np.ndarray) -> np.ndarray:
    """Histogram over 8 x 8 x 8 bins of Lab in bytes, sum 1.

    Shapes: uint8 (N,3) -> float (512,).
    """
    places = (lab >> 5).astype(int) @ (64, 8, 1)
    return np.bincount(places, minlength=512) / len(lab)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """1 - Bhattacharyya coefficient: 0 for equal histograms, 1 for histograms without a common colour."""
    return float(1 - np.sqrt(a * b).sum())


def contrast(observed: Observed, mask: np.ndarray, t: int) -> dict[str, float]:
    """All rows of one object against its surroundings, by name; empty for an object without inside or ring at 96x160."""
    small, here = observed.small, shrunk(mask)
    core, around = inside(here, 2), ring(here)
    if not here.any() or not around.any():
        return {}
    outline = grown(here, 1) & ~thinned(here, 1)
    gradient, lab = small.gradient[t], small.lab_units[t]
    return {
        "colour distance": distance(colours(small.lab[t][core]), colours(small.lab[t][around])),
        "Delta E": np.linalg.norm(lab[core].mean(0) - lab[around].mean(0)),
        "outline / inside": gradient[outline].mean() / (gradient[core].mean() + FLAT),
        "outline / ring": gradient[outline].mean() / (gradient[around].mean() + FLAT),
        "outline above p75": (gradient[outline] > np.percentile(gradient, 75)).mean(),
    }


def edges(observed: Observed, mask: np.ndarray, t: int) -> dict[str, np.ndarray]:
    """Widths of an object's clean edges, one a place on the outline: at 96x160, and of larger frames at their own size too.

    Units: pixels at 480 rows, and at 96.
    """
    rows = {"edge width @96": edge_widths(observed.small.grey[t], shrunk(mask), SMALL_REACH)}
    if observed.size != SMALL:
        rows["edge width"] = edge_widths(observed.grey[t], mask, REACH) * 480 / observed.size[0]
    return rows


def change(observed: Observed, t: int, background: np.ndarray) -> dict[str, float]:
    """All rows of the light from frame t to the next, by name.

    Units: exposure in grey levels; gain and white balance in %; warp residual in grey levels.
    """
    before, after = observed.frames[t], observed.next_warped_back[t]
    ratio = 100 * np.log((after[background].mean(0) + 1e-6) / (before[background].mean(0) + 1e-6))
    return {
        "exposure": observed.frames[t + 1].mean() - before.mean(),
        "channel gain": abs(ratio.mean()),
        "white balance": np.abs(ratio - ratio.mean()).max(),
        "warp residual background": residual(observed, background, t),
    }


def residual(observed: Observed, where: np.ndarray, t: int) -> float:
    """Mean absolute difference, at 96x160, to the next frame fetched along the flow, in grey levels; NaN when nothing is left."""
    small, here = observed.small, shrunk(where)
    return float(cv2.absdiff(small.next_warped_back[t], small.frames[t])[here].mean()) if here.any() else np.nan


def own_drift(observed: Observed, mask: np.ndarray, t: int, frames: int) -> float:
    """Colour distance of an object at 96x160, without its outermost pixels, to itself so many frames later; NaN without an inside."""
    cores = [(s, thinned(shrunk(mask[s]), 1)) for s in (t, t + frames)]
    if not all(core.any() for _, core in cores):
        return np.nan
    a, b = (colours(observed.small.lab[s][core]) for s, core in cores)
    return distance(a, b)
