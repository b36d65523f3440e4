"""Masks on disk in DAVIS layout, how they are scored, and the ways to spoil them."""

import numpy as np
from PIL import Image

from vostutor.data.palette import write_ids
from vostutor.engine import evaluate_results

SIZE = 24, 32


def blocks(objects=1, frames=5, left=4):
    """uint8 (T,H,W): squares side by side, one pixel further to the right in every frame."""
    ids = np.zeros((frames, *SIZE), np.uint8)
    for t in range(frames):
        for k in range(objects):
            ids[t, 8:14, left + t + 7 * k : left + t + 7 * k + 6] = k + 1
    return ids


def stored(folder, ids):
    for t, mask in enumerate(ids):
        write_ids(folder / f"{t:05d}.png", mask)
    return folder


def evaluate(place, **options):
    return evaluate_results(place / "results", place / "root", **options)


def damage(place, kind):
    """Spoil the results of bear; what the report has to say about it."""
    results, truth = place / "results/bear", place / "root/Annotations/480p/bear"
    if kind == "foreign id":
        write_ids(results / "00002.png", 2 * blocks()[2])
        return "ids 0 to 1 in bear/00002.png", "id 2", "--merge-objects"
    if kind == "void predicted":
        write_ids(results / "00002.png", 255 * blocks()[2])
        return "ids 0 to 1 in bear/00002.png", "id 255", "255 is void"
    if kind == "missing frames":
        for t in (1, 3):
            (results / f"0000{t}.png").unlink()
        return "a PNG for each of the 3 scored frames of bear", "1 (00001, 00003 missing)", "bear/00001.png"
    if kind == "another size":
        write_ids(results / "00003.png", blocks()[3][:, :-1])
        return "bear/00003.png at the annotation's size, 32x24", "31x24", "nearest"
    if kind == "corrupt":
        (results / "00001.png").write_bytes((results / "00001.png").read_bytes()[:60])
        return "a whole PNG file bear/00001.png", "", "again"
    if kind == "corrupt annotation":
        (truth / "00000.png").write_bytes(b"")
        return "a whole PNG file bear/00000.png", "", "again"
    if kind == "colours":
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(results / "00001.png")
        return "a mask bear/00001.png that stores ids", "mode RGB", "write_ids"
    if kind == "two frames":
        for t in (2, 3, 4):
            (truth / f"0000{t}.png").unlink()
        return "at least 3 masks of bear", "2", "unsupervised"
    if kind == "unreadable":
        (results / "00001.png").unlink()
        (results / "00001.png").mkdir()
        return "a mask bear/00001.png", "is a directory", "ls -l bear/00001.png"
    assert kind == "no object"
    write_ids(truth / "00000.png", 0 * blocks()[0])
    return "at least one object in the first mask, bear/00000.png", "background only", "annotate"


DAMAGES = [
    "foreign id",
    "void predicted",
    "missing frames",
    "another size",
    "corrupt",
    "corrupt annotation",
    "colours",
    "two frames",
    "unreadable",
    "no object",
]
