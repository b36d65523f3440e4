"""What the statistics are on DAVIS: the figures the generator is held to, and the frames they were measured on.

The figures are p5, p25, p50, p75, p95 over the 299 frames of six sequences (blackswan, car-shadow, dog, libby, horsejump-high,
kite-surf) with all their objects as one mask. None: not recorded; then the middle half is the one that this very script measured
(`davis_statistics.json`, written by `python -m benchmarks.clip_statistics --davis ROOT`).
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from vostutor.data.davis import DavisRoot

MEASURED = Path(__file__).parent / "davis_statistics.json"

EXCERPT = ("libby", 11)  # eleven frames: the first that are ten apart
SEQUENCES = ("blackswan", "car-shadow", "dog", "libby", "horsejump-high", "kite-surf")
PERCENTILES = (5, 25, 50, 75, 95)

FIGURES: dict[str, tuple[float | None, ...]] = {
    "area": (1.7, 2.8, 5.3, 9.7, 14.8),
    "perimeter": (0.63, 0.95, 1.29, 1.66, 1.82),
    "solidity": (0.14, 0.41, 0.53, 0.76, 0.87),
    "compactness": (0.09, 0.12, 0.19, 0.29, 0.62),
    "thin share": (0.002, 0.006, 0.020, 0.13, 0.33),
    "width / height": (0.54, 1.1, 1.2, 1.7, 2.1),
    "speed": (0.09, 0.26, 0.52, 0.99, 1.9),
    "speed / size": (0.6, 1.6, 3.9, 6.5, 20),
    "IoU next": (0.28, 0.58, 0.73, 0.92, 0.97),
    "IoU aligned": (0.49, 0.67, 0.81, 0.96, 0.99),
    "IoU 5 apart": (None, 0.34, 0.45, None, None),
    "IoU 10 apart": (None, 0.21, 0.34, None, None),
    "log area over 10": (0.01, 0.07, 0.18, 0.32, 0.51),
    "object flow": (0.12, 0.33, 0.54, 1.0, 2.0),
    "flow against ring": (0.17, 0.35, 0.76, 1.1, 1.7),
    "spread of flow": (0.02, 0.08, 0.26, 0.52, 0.79),
    "rotation": (None, 0.13, 0.45, 1.2, None),
    "log scale": (None, 0.24, 0.95, 2.1, None),
    "background flow": (0.34, 0.79, 1.2, 2.1, 2.9),
    "camera shift": (0.3, None, 1.2, None, 2.8),
    "camera rotation": (0.01, None, 0.10, None, 0.74),
    "camera zoom": (0.01, None, 0.13, None, 0.8),
    "camera residual": (0.04, 0.08, 0.12, 0.16, 0.31),
    "spectrum slope": (-2.95, -2.6, -2.45, -2.4, -2.2),
    "spectrum slope @96": (None, None, -2.33, None, None),
    "Laplacian variance": (650, 920, 1600, 2190, 2520),
    "mean gradient": (6.7, 9.3, 10.4, 11.2, 11.8),
    "luminance": (60, 98, 127, 145, 159),
    "luminance deviation": (30, 36, 47, 53, 67),
    "saturation": (44, 58, 68, 93, 97),
    "colour distance": (0.20, 0.45, 0.65, 0.78, 0.86),
    "Delta E": (7, 17, 25, 30, 38),
    "outline / inside": (0.40, 0.92, 1.6, 1.9, 2.3),
    "outline / ring": (1.5, 1.9, 2.1, 2.4, 3.5),
    "outline above p75": (0.47, 0.57, 0.66, 0.76, 0.85),
    "edge width": (1, 2.5, 4.5, 6.5, 10),
    "edge width @96": (None, None, None, None, None),
    "own drift 5": (None, None, 0.015, None, None),
    "own drift 10": (None, None, 0.031, None, None),
    "own drift 20": (None, None, 0.049, None, None),
    "warp residual background": (3.3, None, 4.3, None, 5.5),
    "warp residual object": (4.5, None, 12.7, None, 26),
    "exposure": (-1.0, None, None, None, 1.2),
    # 3 to 28 over whole sequences; here over 12 frames, the length of our clips, which the sheet does not give.
    "exposure range": (None, None, None, None, None),
    "channel gain": (0.02, None, 0.2, None, 0.9),
    "white balance": (0.03, None, 0.12, None, 0.44),
}

SHARES = {"touches the edge": 0.23, "in pieces": 0.22, "has a hole": 0.15, "is thin": 0.30}  # of all frames

# The sheet's rows: a row with several figures is inside when all of them are.
ROWS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in tuple(FIGURES)[:6]),
    tuple(SHARES),
    *((name,) for name in tuple(FIGURES)[6:10]),
    ("IoU 5 apart", "IoU 10 apart"),
    ("log area over 10",),
    ("object flow",),
    ("flow against ring",),
    ("spread of flow",),
    ("rotation", "log scale"),
    ("background flow",),
    ("camera shift", "camera rotation", "camera zoom"),
    ("camera residual",),
    ("spectrum slope @96",),  # of frames at 480 rows the slope has other frequencies to be fitted to
    ("Laplacian variance",),
    ("mean gradient",),
    ("luminance", "luminance deviation"),
    ("saturation",),
    ("colour distance",),
    ("Delta E",),
    ("outline / inside",),
    ("outline / ring",),
    ("outline above p75",),
    ("edge width @96",),  # at 480 rows there is what 96 rows cannot show
    ("own drift 5", "own drift 10", "own drift 20"),
    ("warp residual background", "warp residual object"),
    ("exposure", "exposure range"),
    ("channel gain", "white balance"),
)


def middle_half(name: str) -> tuple[float, float]:
    """DAVIS's p25 and p75: the sheet's, or where it has none, this script's own; NaN where neither exists.

    A share of frames has no quartiles: there it is the share, give or take its standard error over the six sequences.

    >>> middle_half("saturation")
    (58, 93)
    """
    if name in SHARES:
        each = [shares[name] for shares in recorded().get("sequences", {}).values()] or [np.nan, np.nan]
        error = float(np.std(each, ddof=1) / np.sqrt(len(each)))
        return SHARES[name] - error, SHARES[name] + error
    _, low, _, high, _ = FIGURES[name]
    _, own_low, _, own_high, _ = measured().get(name, (np.nan,) * 5)
    return (own_low if low is None else low), (own_high if high is None else high)


def middle(name: str) -> float:
    """DAVIS's median, or the share of its frames; this script's own where the sheet has none.

    >>> middle("saturation"), middle("is thin")
    (68, 0.3)
    """
    own = SHARES[name] if name in SHARES else FIGURES[name][2]
    return measured().get(name, [np.nan] * 5)[2] if own is None else own


def measured() -> dict[str, list[float]]:
    """Percentiles of the six sequences as this script measures them, by name; empty before they were written."""
    return recorded().get("percentiles", {})


@cache
def recorded() -> dict:
    """All that this script wrote down of DAVIS: "percentiles", "shares", "sequences" with the shares of each, and the "excerpt"."""
    return json.loads(MEASURED.read_text()) if MEASURED.exists() else {}


def excerpt(root: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """A few frames and masks of one sequence, to try in seconds whether the measures are what they were. Shapes: as `read`."""
    _, frames, mask = next(read(root, EXCERPT[:1]))
    return frames[: EXCERPT[1]], mask[: EXCERPT[1]]


def read(root: str | Path, sequences=SEQUENCES) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, frames and the mask of all objects together, a sequence at a time.

    Shapes: frames uint8 (T,H,W,3), mask bool (T,H,W).
    """
    davis = DavisRoot(root, year=2016)
    for name in sequences:
        sequence = davis.sequence(name)
        frames = np.stack([frame.permute(1, 2, 0).numpy() for frame, _ in sequence])
        yield name, frames, np.stack([ids > 0 for ids in sequence.truth()])
