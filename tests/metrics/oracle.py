"""The DAVIS measures once more, from their formulas: full-size arrays, float64, loops. Slow, and independent of vostutor.metrics."""

import itertools
import math

import numpy as np


def j(gt, pred, void=None):
    gt, pred = np.array(gt, dtype=np.float64), np.array(pred, dtype=np.float64)
    valid = np.ones_like(gt) if void is None else 1.0 - np.array(void, dtype=np.float64)
    intersection = (gt * pred * valid).sum()
    union = (np.maximum(gt, pred) * valid).sum()
    return 1.0 if union < 0.5 else intersection / union


def seg2bmap(mask):
    mask = np.array(mask, dtype=np.float64)
    east, south, southeast = np.zeros_like(mask), np.zeros_like(mask), np.zeros_like(mask)
    east[:, :-1] = mask[:, 1:]
    south[:-1, :] = mask[1:, :]
    southeast[:-1, :-1] = mask[1:, 1:]
    edge = np.maximum.reduce([abs(mask - east), abs(mask - south), abs(mask - southeast)])
    edge[-1, :] = abs(mask[-1, :] - east[-1, :])
    edge[:, -1] = abs(mask[:, -1] - south[:, -1])
    edge[-1, -1] = 0
    return edge


def dilated(edge, radius):
    """Each pixel of the disk moves the whole picture once."""
    height, width = edge.shape
    padded = np.zeros((height + 2 * radius, width + 2 * radius))
    padded[radius : radius + height, radius : radius + width] = edge
    grown = np.zeros_like(edge)
    for dy, dx in itertools.product(range(-radius, radius + 1), repeat=2):
        if dx * dx + dy * dy <= radius * radius:
            grown = np.maximum(grown, padded[radius + dy : radius + dy + height, radius + dx : radius + dx + width])
    return grown


def f(gt, pred, void=None, bound_th=0.008):
    gt, pred = np.array(gt, dtype=np.float64), np.array(pred, dtype=np.float64)
    if void is not None:
        gt, pred = gt * (1.0 - np.array(void, dtype=np.float64)), pred * (1.0 - np.array(void, dtype=np.float64))
    radius = (
        int(math.ceil(bound_th * math.sqrt(gt.shape[0] ** 2 + gt.shape[1] ** 2))) if bound_th < 1 else int(bound_th)
    )
    gt_edge, pred_edge = seg2bmap(gt), seg2bmap(pred)
    if gt_edge.sum() == 0 and pred_edge.sum() == 0:
        precision, recall = 1.0, 1.0
    elif pred_edge.sum() == 0:
        precision, recall = 1.0, 0.0
    elif gt_edge.sum() == 0:
        precision, recall = 0.0, 1.0
    else:
        precision = (pred_edge * dilated(gt_edge, radius)).sum() / pred_edge.sum()
        recall = (gt_edge * dilated(pred_edge, radius)).sum() / gt_edge.sum()
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def statistics(values):
    """Mean, recall, decay in plain Python; `round` goes half to even like NumPy's."""
    n = len(values)
    edges = [round(1 + i * (n - 1) / 4 + 1e-10) - 1 for i in range(5)]
    first, last = values[edges[0] : edges[1] + 1], values[edges[3] : edges[4] + 1]
    recall = sum(1 for value in values if value > 0.5) / n
    return sum(values) / n, recall, sum(first) / len(first) - sum(last) / len(last)


def semi_supervised(gt, pred, objects):
    """(T,H,W) ids twice -> J and F (objects, T-2)."""
    frames = range(1, len(gt) - 1)
    table_j = [[j(gt[t] == k, pred[t] == k) for t in frames] for k in range(1, objects + 1)]
    table_f = [[f(gt[t] == k, pred[t] == k) for t in frames] for k in range(1, objects + 1)]
    return np.array(table_j), np.array(table_f)


def proposal_tables(gt, pred, objects, proposals):
    """J and F of every proposal with every object on all frames, void taken out: (proposals, objects, T)."""
    tables = np.zeros((2, proposals, objects, len(gt)))
    for p, k, t in itertools.product(range(proposals), range(objects), range(len(gt))):
        pair = gt[t] == k + 1, pred[t] == p + 1, gt[t] == 255
        tables[:, p, k, t] = j(*pair), f(*pair)
    return tables[0], tables[1]


def unsupervised(gt, pred, objects):
    """J and F (objects, T) under the best assignment, found by trying every one."""
    proposals = max(int(pred.max()), objects)
    table_j, table_f = proposal_tables(gt, pred, objects, proposals)
    value = (table_j.mean(2) + table_f.mean(2)) / 2
    best = max(
        itertools.permutations(range(proposals), objects),
        key=lambda chosen: sum(value[p, k] for k, p in enumerate(chosen)),
    )
    return (
        np.array([table_j[p, k] for k, p in enumerate(best)]),
        np.array([table_f[p, k] for k, p in enumerate(best)]),
    )
