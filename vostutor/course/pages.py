"""Pages to look at: sampled clips of minivos, one page a label: `python -m vostutor.course.pages [docs/minivos]`.

A row is a clip: frames from its start to its end, annotated objects outlined in the first and the last. What looks like a sticker here
is learnt as one.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from vostutor.core.clip import Clip
from vostutor.core.files import write_atomically
from vostutor.data.minivos import LABELS, draw_clip
from vostutor.viz import contact_sheet, draw_masks

FIRST_SEED = 900_000  # of the training seeds, the last ones; chosen before looking
CLIPS, FRAMES, SHOWN = 6, 16, (0, 4, 8, 12, 15)
SCALE, QUALITY = 1.5, 88


def page(label: str, first_seed: int = FIRST_SEED) -> np.ndarray:
    """Some clips of a label, one below the other. Shapes: returns uint8 (H',W',3)."""
    tiles, captions = [], []
    for seed in range(first_seed, first_seed + CLIPS):
        clip = draw_clip(label, seed, frames=FRAMES, flow=False)
        tiles += [tile(clip, t) for t in SHOWN]
        captions += [f"seed {seed}: {', '.join(clip.categories)}", *[f"frame {t}" for t in SHOWN[1:]]]
    return contact_sheet(tiles, columns=len(SHOWN), captions=captions)


def tile(clip: Clip, t: int) -> np.ndarray:
    """A frame, enlarged by a half, with its masks where it is the first or the last shown. Shapes: returns uint8 (H',W',3)."""
    picture = cv2.resize(
        clip.frames[t].permute(1, 2, 0).numpy(), None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC
    )
    if t not in (SHOWN[0], SHOWN[-1]):
        return picture
    ids = cv2.resize(clip.ids[t].numpy().astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return draw_masks(picture, ids, width=1)


def write_pages(folder: str | Path) -> list[Path]:
    """One JPEG a label; the files written."""
    written = []
    for label in LABELS:
        path = Path(folder) / f"{label}.jpg"
        bgr = cv2.cvtColor(page(label), cv2.COLOR_RGB2BGR)
        write_atomically(path, cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
        written.append(path)
    return written


if __name__ == "__main__":
    for written in write_pages(*sys.argv[1:] or ["docs/minivos"]):
        print(written)
