"""How good a flow is, on pairs whose flow is known, beside what costs nothing to say.

A flow has to be compared with three kinds of answers. *Nothing moves*: zero everywhere. *Everything moves alike*: the best constant of
each pair, which knows the truth and nothing about the picture; whoever does not beat it has learned at most the camera. *No learning*:
Farneback's method and dense inverse search, which look at the two frames only.

Pooling: pixels, not pairs. Every pixel with a known flow counts once; `per_pair` has the pairs' own means, for the spread.

Reading order: compare_flows (the table), flow_scores (one method), score_flows (flows that are there already), constant_flows.
Letters: P pairs, H rows, W columns.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from vostutor.core.errors import SettingsError, ShapeError
from vostutor.data.flow_pairs import count_pairs, flow_split, take_pairs
from vostutor.data.pool import Pool
from vostutor.metrics.flow import endpoint_error, fl_all
from vostutor.ops.dis import PRESETS, dis_flow
from vostutor.ops.farneback import farneback_flow

FlowFunction = Callable[[Tensor, Tensor], Tensor]  # frame a, frame b, uint8 (3,H,W) -> flow (2,H,W) from a to b
# Pixels: the buckets of displacement; Sintel's 10 and 40 are for 1024 columns.
SPEEDS = (0.0, 2.0, 5.0, 10.0, float("inf"))
ROUNDS, CLOSE = 60, 1e-3  # of Weiszfeld's steps at most, and the step in pixels that is the last


@dataclass(frozen=True, eq=False)
class PairScores:
    """The endpoint error of one method: mean over all pixels, over parts of them, and over each pair.

    epe, fl_all over all pixels with known flow; visible and occluded, objects and ground share them out twice, buckets by the length of
    the true flow. NaN where there is no such pixel.

    Shapes: per_pair (P,). Units: pixels; fl in per cent of pixels that are wrong by more than 3 pixels and 5 per cent; seconds of CPU
    time for a pair, None for flows that were there already.
    """

    epe: float
    objects: float
    ground: float
    visible: float
    occluded: float
    fl_all: float
    fl_visible: float
    buckets: dict[str, float]
    per_pair: np.ndarray
    seconds: float | None = None

    @property
    def spread(self) -> float:
        """Standard deviation of the pairs' own means, in pixels."""
        return float(self.per_pair.std())

    def row(self, name: str) -> dict[str, str | float]:
        """A row for viz.Table."""
        parts = {key: getattr(self, key) for key in ("epe", "spread", "objects", "visible", "occluded", "fl_all")}
        return {"flow": name} | parts | self.buckets


def compare_flows(functions: Mapping[str, FlowFunction], pool: Pool) -> dict[str, PairScores]:
    """Scores of some methods below those of all the baselines, which come first and in a fixed order.

    >>> from vostutor.data.flow_pairs import flow_split
    >>> import tempfile
    >>> list(compare_flows({}, flow_split(1, size=(48, 80), folder=tempfile.mkdtemp())))
    ['zero', 'mean', 'geometric median', 'Farneback', 'DIS ultrafast', 'DIS fast', 'DIS medium']
    """
    table = {kind: score_flows(constant_flows(pool, kind), pool) for kind in ("zero", "mean", "geometric median")}
    return table | {
        name: flow_scores(function, pool) for name, function in (classical_flows() | dict(functions)).items()
    }


def classical_flows() -> dict[str, FlowFunction]:
    """The methods that learned nothing, from the coarsest to the best."""

    def dis(preset: str) -> FlowFunction:
        return lambda frame_a, frame_b: dis_flow(frame_a, frame_b, preset)

    return {"Farneback": farneback_flow} | {f"DIS {preset}": dis(preset) for preset in PRESETS}


def network_flow(model: nn.Module) -> FlowFunction:
    """A network as a flow function: frames as they are stored go in, on the CPU, and the flow comes back there.

    model: anything with flow(frame1, frame2), float (B,3,H,W) in [0,1] -> (B,2,H,W), such as the FlowNets.
    """
    device = next(model.parameters()).device

    def flow(frame_a: Tensor, frame_b: Tensor) -> Tensor:
        pair = (frame[None].to(device).float() / 255 for frame in (frame_a, frame_b))
        return model.flow(*pair)[0].cpu()

    return flow


def measured_flow(model: nn.Module) -> list[dict]:
    """What the card of a flow network says of the minivos flow split; the spread is that over pairs, for one training seed."""
    split = flow_split(report=print)
    scores, zero = flow_scores(network_flow(model), split), score_flows(constant_flows(split, "zero"), split)
    return [
        {"what": "EPE on the minivos flow split", "mean": scores.epe, "spread": scores.spread, "unit": "px"},
        {"what": "EPE of zero flow there", "mean": zero.epe, "spread": zero.spread, "unit": "px"},
        {"what": "EPE on objects", "mean": scores.objects, "spread": None, "unit": "px"},
        {"what": "Fl-all", "mean": scores.fl_all, "spread": None, "unit": "%"},
    ]


def flow_scores(flow_function: FlowFunction, pool: Pool) -> PairScores:
    """The scores of a method on all pairs of a pool, with the CPU time of a pair.

    Raises: DataError for a pool without pairs, ShapeError for a flow of another shape.
    >>> from vostutor.data.flow_pairs import flow_split
    >>> import tempfile
    >>> split = flow_split(1, size=(48, 80), folder=tempfile.mkdtemp())
    >>> nothing_moves = flow_scores(lambda a, b: torch.zeros(2, *a.shape[1:]), split)
    >>> nothing_moves.epe == score_flows(constant_flows(split, "zero"), split).epe
    True
    """
    begun = time.process_time()
    flows = [flow_function(*frames) for frames in _frame_pairs(pool)]
    seconds = (time.process_time() - begun) / max(1, len(flows))  # a pool without pairs is refused below
    return score_flows(flows, pool, seconds=seconds)


def score_flows(flows: Iterable[Tensor], pool: Pool, *, seconds: float | None = None) -> PairScores:
    """The scores of one flow for each pair of a pool, in their order.

    Shapes: flows (2,H,W) each, P of them. Raises: ShapeError for another shape or number of them.
    Source: endpoint error and Fl-all as in metrics.flow, over the pixels of all pairs.
    """
    truth = take_pairs(pool, range(count_pairs(pool)))
    flow, valid = truth["flow"].numpy(), truth["valid"].numpy()
    predicted = _stacked(flows, flow.shape)
    errors = endpoint_error(flow, predicted)  # (P,H,W)
    speed = np.where(valid, np.hypot(flow[:, 0], flow[:, 1]), -1.0)  # -1 is in no bucket
    objects, hidden = truth["objects"].numpy(), truth["occluded"].numpy()

    def mean(where: np.ndarray) -> float:
        return float(errors[where & valid].mean()) if (where & valid).any() else float("nan")

    return PairScores(
        epe=mean(valid),
        objects=mean(objects),
        ground=mean(~objects),
        visible=mean(~hidden),
        occluded=mean(hidden),
        fl_all=fl_all(flow, predicted, valid),
        fl_visible=fl_all(flow, predicted, valid & ~hidden),
        buckets={bucket(k): mean((speed >= SPEEDS[k]) & (speed < SPEEDS[k + 1])) for k in range(len(SPEEDS) - 1)},
        per_pair=np.array([error[known].mean() if known.any() else np.nan for error, known in zip(errors, valid, strict=True)]),
        seconds=seconds,
    )  # fmt: skip


def constant_flows(
    pool: Pool, kind: Literal["zero", "mean", "geometric median"] = "geometric median"
) -> Iterator[Tensor]:
    """One vector for all pixels of a pair. The geometric median is the constant with the least endpoint error; mean flow has the
    least *squared* one.

    Shapes: yields (2,H,W). Units: pixels. Raises: SettingsError for another kind.
    >>> grey = torch.zeros(1, 2, 3, 1, 3, dtype=torch.uint8)
    >>> three = torch.tensor([[0.0, 0, 9], [0, 0, 0]]).reshape(1, 1, 2, 1, 3)
    >>> pool = Pool(grey, grey[:, :, 0], ("",), flow=three)
    >>> [next(constant_flows(pool, kind))[0, 0, 0].round().item() for kind in ("mean", "geometric median")]
    [3.0, 0.0]
    """
    ways = {
        "zero": lambda vectors: torch.zeros(2),
        "mean": lambda vectors: vectors.mean(dim=1),
        "geometric median": geometric_median,
    }
    if kind not in ways:
        raise SettingsError(expected=f"a constant: {', '.join(ways)}", got=repr(kind), try_this='"geometric median"')
    for number in range(count_pairs(pool)):
        pair = take_pairs(pool, [number])
        vectors = pair["flow"][0][:, pair["valid"][0]]
        constant = ways[kind](vectors) if vectors.numel() else torch.zeros(2)
        yield constant[:, None, None].expand_as(pair["flow"][0])


def geometric_median(vectors: Tensor) -> Tensor:
    """The point whose summed distance to all others is least: Weiszfeld's steps, each a mean weighted by one over the distance.

    Shapes: (2,N) -> (2,). Units: those of the vectors; accurate to about a hundredth of a pixel.
    Source: E. Weiszfeld, Tohoku Mathematical Journal 43, 1937.
    >>> geometric_median(torch.tensor([[1.0, 1, 1, 5], [2, 2, 2, 9]])).round()      # the mean is (2, 3.75)
    tensor([1., 2.])
    """
    vectors = vectors.double()
    middle = vectors.median(dim=1).values
    for _ in range(ROUNDS):
        away = torch.linalg.vector_norm(vectors - middle[:, None], dim=0)
        near = 1 / away.clamp(min=1e-6)  # a point may be hit exactly
        better = (vectors * near).sum(dim=1) / near.sum()
        done = torch.linalg.vector_norm(better - middle) < CLOSE
        middle = better
        if done:
            break
    return middle.float()


def bucket(k: int) -> str:
    """The name of a bucket of displacement.

    >>> bucket(0), bucket(3)
    ('0-2 px', '10+ px')
    """
    low, high = SPEEDS[k], SPEEDS[k + 1]
    return f"{low:.0f}-{high:.0f} px" if high < float("inf") else f"{low:.0f}+ px"


def _frame_pairs(pool: Pool) -> Iterator[tuple[Tensor, Tensor]]:
    for clip in pool.frames:
        yield from zip(clip[:-1], clip[1:], strict=True)


def _stacked(flows: Iterable[Tensor], shape: tuple[int, ...]) -> np.ndarray:
    arrays = [flow.detach().cpu().numpy() for flow in flows]
    if len(arrays) != shape[0] or any(array.shape != shape[1:] for array in arrays):
        raise ShapeError(
            expected=f"{shape[0]} flows of shape {shape[1:]}, one for each pair",
            got=f"{len(arrays)} of {sorted({array.shape for array in arrays})}",
            try_this="flow[0] takes the batch off a network's answer",
        )
    return np.stack(arrays)
