"""What the pictures look like: spectrum, sharpness, light and colour; how an object differs from what surrounds it; and what changes.

Letters: T frames, H rows, W columns.
"""

import cv2
import numpy as np

from benchmarks.measures.footage import Footage, grown, shrunk, thinned

RING = 10  # pixels at 96x160
LOWEST, HIGHEST = 4, 0.25  # the slope is fitted from 4 cycles per frame to .25 cycles per pixel


def spectrum_slope(grey: np.ndarray) -> float:
    """Slope of log power over log frequency, both averaged over rings: -2 for many photographs, 0 for white noise.

    Shapes: grey (H,W), at least 48 rows.
    """
    height, width = grey.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(width)[None], np.fft.fftfreq(height)[:, None])
    edges = np.geomspace(LOWEST / min(height, width), HIGHEST, 13)
    ring = np.digitize(frequency.ravel(), edges)
    count = np.bincount(ring, minlength=14)[1:13]
    mean_power = np.bincount(ring, power.ravel(), minlength=14)[1:13] / np.maximum(count, 1)
    mean_log = np.bincount(ring, np.log(np.maximum(frequency.ravel(), 1e-9)), minlength=14)[1:13] / np.maximum(count, 1)
    kept = (count > 0) & (mean_power > 0)
    return float(np.polyfit(mean_log[kept], np.log(mean_power[kept]), 1)[0]) if kept.sum() > 1 else np.nan


def look(footage: Footage, t: int) -> dict[str, float]:
    """All rows of one frame, by name.

    Units: grey levels; saturation 0 to 255.
    """
    small, grey = footage.small, footage.grey[t]
    return {
        "spectrum slope": spectrum_slope(grey),
        "spectrum slope @96": spectrum_slope(small.grey[t]),
        "Laplacian variance": cv2.Laplacian(small.grey[t], cv2.CV_32F).var(),
        "mean gradient": small.gradient[t].mean(),
        "luminance": grey.mean(),
        "luminance deviation": grey.std(),
        "saturation": cv2.cvtColor(footage.frames[t], cv2.COLOR_RGB2HSV)[..., 1].mean(),
    }


def colours(lab: np.ndarray) -> np.ndarray:
    """Histogram over 8 x 8 x 8 bins of Lab, sum 1.

    Shapes: uint8 (N,3) -> float (512,).
    """
    places = (lab >> 5).astype(int) @ (64, 8, 1)
    return np.bincount(places, minlength=512) / len(lab)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """1 - Bhattacharyya coefficient: 0 for equal histograms, 1 for histograms without a common colour."""
    return float(1 - np.sqrt(a * b).sum())


def contrast(footage: Footage, mask: np.ndarray, t: int) -> dict[str, float]:
    """All rows of one object against its surroundings, by name; empty for an object without inside or ring at 96x160."""
    small, inside = footage.small, shrunk(mask)
    core, ring = thinned(inside, 1), grown(inside, RING) & ~inside
    if not core.any() or not ring.any():
        return {}
    outline, outer = inside & ~core, ring & ~grown(inside, 1)
    gradient, lab = small.gradient[t], small.lab_units[t]
    return {
        "colour distance": distance(colours(small.lab[t][inside]), colours(small.lab[t][ring])),
        "Delta E": np.linalg.norm(lab[inside].mean(0) - lab[ring].mean(0)),
        "outline / inside": gradient[outline].mean() / gradient[core].mean(),
        "outline / ring": gradient[outline].mean() / gradient[outer].mean(),
        "outline above p75": (gradient[outline] > np.percentile(gradient, 75)).mean(),
    }


def change(footage: Footage, t: int, background: np.ndarray) -> dict[str, float]:
    """All rows of the light from frame t to the next, by name.

    Units: exposure in grey levels; gain and white balance in %; warp residual in grey levels.
    """
    before, after = footage.frames[t], footage.next_warped_back[t]
    ratio = 100 * np.log((after[background].mean(0) + 1e-6) / (before[background].mean(0) + 1e-6))
    return {
        "exposure": footage.frames[t + 1].mean() - before.mean(),
        "channel gain": np.abs(ratio).mean(),
        "white balance": np.abs(ratio - ratio.mean()).max(),
        "warp residual background": cv2.absdiff(after, before)[background].mean(),
    }


def own_change(footage: Footage, mask: np.ndarray, t: int) -> float:
    """Mean absolute difference of an object to itself in the next frame, fetched along the flow, in grey levels."""
    return float(cv2.absdiff(footage.next_warped_back[t], footage.frames[t])[mask].mean())


def own_drift(footage: Footage, mask: np.ndarray, t: int, frames: int) -> float:
    """Colour distance of an object at 96x160 to itself so many frames later."""
    small = footage.small
    a, b = (colours(small.lab[s][shrunk(mask[s])]) for s in (t, t + frames))
    return distance(a, b)
