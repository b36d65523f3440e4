"""What can be measured about a minivos clip without asking its label, mostly on who is where.

Letters: T frames, H rows, W columns.
"""

import hashlib
import sys
from functools import cache

import cv2
import numpy as np

from benchmarks.measures.picture import colours
from benchmarks.measures.picture import distance as apart
from benchmarks.measures.shape import aligned_iou
from vostutor.data.studio.labels import promise
from vostutor.data.studio.labels import shown as shown  # for the tests that import what can be measured from here
from vostutor.data.studio.layers import flow_between
from vostutor.data.studio.recipe import RECIPES
from vostutor.data.studio.render import draw, trace
from vostutor.data.studio.sensor import expose
from vostutor.data.studio.shoot import cast, shoot

SIZE, DIAGONAL = (96, 160), np.hypot(96, 160)
FRAMES = 12


@cache
def traced(label, seed, frames=FRAMES):
    """The scene of a clip and its views without colour."""
    scene = cast(RECIPES[label], seed, SIZE, frames, promise(label))
    return scene, [trace(scene, t) for t in range(frames)]


def ids_of(label, seed):
    return np.stack([view.ids for view in traced(label, seed)[1]])


def centre(mask):
    """Middle of a mask, x then y; not a number where it is empty."""
    return np.argwhere(mask).mean(0)[::-1] if mask.any() else np.full(2, np.nan)


def step(label, seed):
    """Object 1's usual step, in per cent of the frame's diagonal."""
    centres = np.array([centre(frame == 1) for frame in ids_of(label, seed)])
    return 100 * np.nanmedian(np.hypot(*np.diff(centres, axis=0).T)) / DIAGONAL


def background_step(label, seed):
    """The background's median flow over the clip, in per cent of the frame's diagonal."""
    _, views = traced(label, seed)
    steps = []
    for a, b in list(zip(views, views[1:], strict=False))[::3]:
        flow = flow_between(a.placed, b.placed, a.owner)
        steps.append(np.median(np.hypot(*flow[:, a.ids == 0])))
    return 100 * np.mean(steps) / DIAGONAL


def stiffness(label, seed):
    """How much of its form object 1 keeps from frame to frame: IoU of neighbours after their middles are laid over one another."""
    ids, kept = ids_of(label, seed), []
    for a, b in zip(ids == 1, ids[1:] == 1, strict=False):
        if min(a.sum(), b.sum()) < 40:
            continue
        kept.append(aligned_iou(a, b))
    return np.mean(kept)


def histogram(image, mask):
    """Share of each of 8 x 8 x 8 colours of Lab among the masked pixels."""
    lab = cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_RGB2LAB)
    return colours(lab[mask > 0])


def contrast(label, seed):
    """How far object 1's colours are from those around it in the first frame."""
    scene, _ = traced(label, seed)
    view = draw(scene, 0)
    mask = (view.ids == 1).astype(np.uint8)
    ring = (cv2.dilate(mask, np.ones((13, 13), np.uint8)) > 0) & (view.ids == 0)
    return apart(histogram(view.image, mask), histogram(view.image, ring))


def digest(label, seed):
    """SHA-256 over everything that a clip holds."""
    film = shoot(RECIPES[label], seed, size=(64, 112), frames=8, promise=promise(label))
    arrays = (film.frames, film.ids, film.depth_order, film.flow_fwd, film.flow_bwd, film.occluded)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


ELSEWHERE = (("plain", 7), ("drift", 8), ("occlusion", 9), ("camouflage", 10), ("multi-object", 11), ("camera", 12))


def develop_elsewhere(path):
    """A few clips before noise and compression, and their ids, into a file: frames (N,T,H,W,3), ids (N,T,H,W)."""
    frames, ids = [], []
    for label, seed in ELSEWHERE:
        scene = cast(RECIPES[label], seed, SIZE, 8, promise(label))
        views = [draw(scene, t) for t in range(0, 8, 3)]
        frames.append(
            [np.rint(expose(scene.sensor, view.image, 3 * k)).astype(np.uint8) for k, view in enumerate(views)]
        )
        ids.append([view.ids for view in views])
    np.savez(path, frames=np.array(frames), ids=np.array(ids))


if __name__ == "__main__":
    sys.exit(develop_elsewhere(sys.argv[1]))
