"""Seeded masks to score: proposals that do not overlap, and random masks of awkward shapes."""

import numpy as np


def proposals(frames, height, width, seed, count=20, columns=5):
    """uint8 (T,H,W): in each cell of a grid an ellipse of its own size and angle that drifts from frame to frame."""
    rng = np.random.default_rng(seed)
    labels, rows = rng.permutation(count) + 1, -(-count // columns)
    ids = np.zeros((frames, height, width), np.uint8)
    for cell, label in enumerate(labels):
        top, bottom = (int(height * (cell // columns + i) / rows) for i in (0, 1))
        left, right = (int(width * (cell % columns + i) / columns) for i in (0, 1))
        y, x = np.mgrid[top:bottom, left:right]
        axes = rng.uniform(0.25, 0.6, 2) * (bottom - top, right - left)
        centre = np.array([(top + bottom) / 2, (left + right) / 2])
        angle = rng.uniform(0, np.pi)
        for t in range(frames):
            centre = centre + rng.uniform(-1, 1, 2)
            dy, dx = y - centre[0], x - centre[1]
            u, v = dy * np.cos(angle) + dx * np.sin(angle), dx * np.cos(angle) - dy * np.sin(angle)
            ids[t, top:bottom, left:right][(u / axes[0]) ** 2 + (v / axes[1]) ** 2 <= 1] = label
    return ids


def with_objects(ids, gt, objects, rng):
    """The proposals, over which each object is laid once more: moved by a few pixels, eaten at the edge, under a label of its own."""
    ids, labels = ids.copy(), rng.permutation(int(ids.max())) + 1
    for k in range(objects):
        shifted = np.roll(gt == k + 1, rng.integers(-3, 4, 2), axis=(1, 2))
        ids[shifted & (rng.random(gt.shape) > 0.02)] = labels[k]
    return ids


def masks(seed):
    """Pairs of boolean masks (H,W): blobs, specks, empty and full ones, down to a single row or pixel."""
    rng = np.random.default_rng(seed)
    for height, width in [(1, 1), (1, 9), (9, 1), (2, 2), (3, 17), (24, 31), (40, 40)]:
        y, x = np.mgrid[:height, :width]
        for density in (0.0, 0.02, 0.5, 1.0):
            speck = rng.random((2, height, width)) < density
            cy, cx = rng.uniform(0, height, 2), rng.uniform(0, width, 2)
            blob = [((y - cy[i]) ** 2 + (x - cx[i]) ** 2) < rng.uniform(0, height * width / 8) for i in (0, 1)]
            yield speck[0], speck[1]
            yield speck[0] | blob[0], blob[1]
