"""Rows of figures about flows: on pairs whose flow is known, and on real video, where only masks and brightness can tell.

Three sets of pairs of minivos. *minivos flow*: the flow split. *fast pairs*: the same seeds lived through faster, because of the split
only one visible pixel in 400 moves farther than the cost volume of the cpu profile reaches, here one in 30. *training pairs*: the first
pairs a network was trained on, as they are; the gap to the split is what it remembers instead of knowing.

Reading order: scored (a row), on_pairs, sintel_pool and at_rows, on_sequence.
Letters: P pairs, H rows, W columns.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from vostutor.course.flow_trials import Recipe
from vostutor.data.davis import DavisSequence
from vostutor.data.flow_files import read_kitti_flow
from vostutor.data.flow_pairs import (
    FLOW_RECIPE,
    SCENE_FRAMES,
    SPLIT_SEED,
    count_pairs,
    flow_split,
    middle_pair,
    take_pairs,
)
from vostutor.data.frames import read_frame
from vostutor.data.freeze import fingerprint
from vostutor.data.minivos import draw_recipe
from vostutor.data.pool import Pool, kept_pool, pools_folder
from vostutor.engine.flow import FlowFunction, score_flows
from vostutor.engine.infer import predict
from vostutor.metrics.davis import SCORED_FRAMES, semi_supervised
from vostutor.metrics.flow import endpoint_error
from vostutor.models.baselines import FlowWarp
from vostutor.models.flownet import PROFILES
from vostutor.ops.flow import find_occluded, resize_flow
from vostutor.ops.warp import backward_warp

SPLIT, FAST, TRAINING, SINTEL, REAL = "minivos flow", "fast pairs", "training pairs", "Sintel pair", "DAVIS"
FAST_RECIPE = replace(FLOW_RECIPE, clock=6.0, camera_clock=4.0)
REACH = (
    PROFILES["cpu"].max_displacement * 2 ** PROFILES["cpu"].joined_at
)  # 16 = 4 pixels of a quarter of the resolution
BANDS = (0.0, REACH / 4, REACH / 2, REACH, float("inf"))  # the last one lies beyond the window
REAL_ROWS = 240  # real video is halved: a network of 96 rows meets motion of a size that it knows
EVERY = 5  # the photometric error is taken at every fifth frame


def split_pool(recipe: Recipe) -> Pool:
    """The minivos flow split, of the recipe's size."""
    return flow_split(recipe.pairs, size=recipe.size, folder=recipe.pools)


def fast_pool(recipe: Recipe) -> Pool:
    """The fast pairs: the seeds of the split, things six and the camera four times as fast as film instead of twice."""
    seeds = range(SPLIT_SEED, SPLIT_SEED + recipe.pairs)
    clips = (
        clip
        for seed in seeds
        for clip in middle_pair(draw_recipe(FAST_RECIPE, seed, size=recipe.size, frames=SCENE_FRAMES))
    )
    wanted = {
        "fingerprint": fingerprint(),
        "recipe": asdict(FAST_RECIPE),
        "seed": SPLIT_SEED,
        "size": list(recipe.size),
    }
    return kept_pool(wanted | {"made": "fast pairs"}, recipe.pairs, clips, recipe.pools or pools_folder())


def first_pairs(pool: Pool, pairs: int) -> Pool:
    """The first clips of a pool, as many as hold so many pairs."""
    clips = slice(0, max(1, pairs // (pool.frames.shape[1] - 1)))
    return Pool(pool.frames[clips], pool.ids[clips], pool.labels[clips], pool.flow[clips], pool.occluded[clips])


def on_pairs(where: str, system: str, seed: int | None, function: FlowFunction, pool: Pool) -> dict:
    """The row of a flow function."""
    pairs = (pair for clip in pool.frames for pair in zip(clip[:-1], clip[1:], strict=True))
    return scored(where, system, seed, [function(*pair) for pair in pairs], pool)


def scored(where: str, system: str, seed: int | None, flows: Iterable[Tensor], pool: Pool) -> dict:
    """The row of flows that are there: endpoint errors over all pixels and parts of them, and of each pair.

    `buckets` by the length of the true flow; `bands` over visible pixels by the larger of its two components, as a cost volume reaches.
    None where there is no such pixel. Units: pixels, Fl in per cent.
    """
    flows = list(flows)
    scores = score_flows(flows, pool)
    parts = ("epe", "objects", "ground", "visible", "occluded", "fl_all")
    return {
        "set": where, "system": system, "seed": seed,
        **{part: rounded(getattr(scores, part)) for part in parts},
        "buckets": {name: rounded(value) for name, value in scores.buckets.items()},
        "bands": error_by_band(flows, pool),
        "per_pair": [rounded(value, 3) for value in scores.per_pair],
    }  # fmt: skip


def error_by_band(flows: Iterable[Tensor], pool: Pool) -> dict[str, float | None]:
    """The mean endpoint error of visible pixels by band of the larger component of the true flow; the last is beyond the window.

    >>> list(error_by_band([], Pool(torch.zeros(0, 2, 3, 1, 1), torch.zeros(0, 2, 1, 1), (), torch.zeros(0, 1, 2, 1, 1))))
    ['0-4 px', '4-8 px', '8-16 px', '16+ px']
    """
    sums, counts = np.zeros(len(BANDS) - 1), np.zeros(len(BANDS) - 1)
    for number, flow in zip(range(count_pairs(pool)), flows, strict=True):
        pair = take_pairs(pool, [number])
        seen = (pair["valid"] & ~pair["occluded"])[0].numpy()
        error = endpoint_error(pair["flow"][0].numpy(), flow.numpy())[seen]
        far = pair["flow"][0].abs().amax(dim=0).numpy()[seen]
        for k in range(len(sums)):
            inside = (far >= BANDS[k]) & (far < BANDS[k + 1])
            sums[k], counts[k] = sums[k] + error[inside].sum(), counts[k] + inside.sum()
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return {band(k): rounded(mean) for k, mean in enumerate(means)}


def band(k: int) -> str:
    """The name of a band.

    >>> band(2), band(-1)
    ('8-16 px', '16+ px')
    """
    k %= len(BANDS) - 1
    low, high = BANDS[k], BANDS[k + 1]
    return f"{low:.0f}-{high:.0f} px" if isfinite(high) else f"{low:.0f}+ px"


def sintel_pool(data_root: Path | str) -> Pool | None:
    """The pair of Sintel that may lie beside real video, in flow/sintel_alley_1, or None."""
    folder = Path(data_root) / "flow" / "sintel_alley_1"
    if not folder.is_dir():
        return None
    flow, valid = read_kitti_flow(folder / "frame_0001_kitti16.png")
    frames = torch.stack([read_frame(folder / f"frame_000{k}.png") for k in (1, 2)])
    ids = torch.zeros(1, *frames[:, 0].shape, dtype=torch.uint8)
    return Pool(frames[None], ids, ("",), flow=flow.where(valid, torch.nan)[None, None])


def at_rows(function: FlowFunction, rows: int) -> FlowFunction:
    """A flow function that sees its frames shrunk to so many rows; its answer is brought back to their full size.

    >>> half = at_rows(lambda a, b: torch.ones(2, *a.shape[1:]), 4)
    >>> half(*torch.zeros(2, 3, 8, 12, dtype=torch.uint8)).unique(), half(*torch.zeros(2, 3, 8, 12, dtype=torch.uint8)).shape
    (tensor([2.]), torch.Size([2, 8, 12]))
    """

    def flow(frame_a: Tensor, frame_b: Tensor) -> Tensor:
        return resize_flow(function(shrunk(frame_a, rows), shrunk(frame_b, rows)), frame_a.shape[1:])

    return flow


def shrunk(frame: Tensor, rows: int) -> Tensor:
    """A frame with so many rows and as many columns as keep its shape. Shapes: uint8 (3,H,W) -> (3,rows,w)."""
    size = round(frame.shape[2] * rows / frame.shape[1]), rows
    return torch.from_numpy(cv2.resize(frame.permute(1, 2, 0).numpy(), size, interpolation=cv2.INTER_AREA)).permute(
        2, 0, 1
    )


class Shrunk:
    """A sequence with its frames and masks at so many rows, as a FrameSource."""

    def __init__(self, sequence: DavisSequence, rows: int):
        self.sequence, self.rows, self.name, self.fps = sequence, rows, sequence.name, sequence.fps

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) after shrinking."""
        height, width = self.sequence.size
        return self.rows, round(width * self.rows / height)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        for frame, ids in self.sequence:
            yield shrunk(frame, self.rows), None if ids is None else self._mask(ids)

    def truth(self) -> Iterator[Tensor]:
        """The masks of all frames."""
        yield from map(self._mask, self.sequence.truth())

    def _mask(self, ids: Tensor) -> Tensor:
        size = self.size[::-1]
        return torch.from_numpy(cv2.resize(ids.byte().numpy(), size, interpolation=cv2.INTER_NEAREST_EXACT)).long()


def on_sequence(sequence: DavisSequence, flows: Mapping[str, FlowFunction], rows: int) -> Iterator[dict]:
    """One row for each flow function: J and F of the first mask carried along by it, and the photometric error after warping.

    All is done and scored at `rows` rows. The photometric error is of the frame before, fetched along the flow, in grey levels of 255, over
    the pixels that no flow finds occluded: the same ones for all.
    """
    source = Shrunk(sequence, rows)
    errors = photometric_errors(source, flows)
    for name, function in flows.items():
        pairs = zip(source.truth(), predict(FlowWarp(function), source), strict=True)
        masks = [(truth.byte().numpy(), found.ids.byte().numpy()) for truth, found in pairs]
        curves = semi_supervised(masks[SCORED_FRAMES["semi-supervised"]], 1)
        figures = {"J": curves.J.mean(), "F": curves.F.mean(), "photometric": errors[name]}
        told = {"set": REAL, "name": sequence.name, "system": name, "rows": rows}
        yield told | {key: rounded(value) for key, value in figures.items()}


def photometric_errors(source: Iterable, flows: Mapping[str, FlowFunction], every: int = EVERY) -> dict[str, float]:
    """How far the frame before, warped into this one, is from it: mean absolute difference over the pixels visible to all flows.

    Units: grey levels, 0 to 255.
    """
    sums, pixels, before = dict.fromkeys(flows, 0.0), 0, None
    for t, (frame, _) in enumerate(source):
        if before is not None and t % every == 0:
            back = {name: function(frame, before) for name, function in flows.items()}
            seen = ~torch.stack([find_occluded(back[n], flow(before, frame)) for n, flow in flows.items()]).any(dim=0)
            for name, flow in back.items():
                warped = backward_warp(before[None].float(), flow[None])[0]
                sums[name] += (warped - frame).abs().mean(dim=0)[seen].sum().item()
            pixels += int(seen.sum())
        before = frame
    return {name: total / pixels if pixels else float("nan") for name, total in sums.items()}


def rounded(value: float, digits: int = 4) -> float | None:
    """A figure as JSON has it: None for what is no number.

    >>> rounded(1.23456), rounded(float("nan"))
    (1.2346, None)
    """
    return round(float(value), digits) if isfinite(value) else None
