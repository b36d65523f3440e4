"""engine/flow.py: a flow beside what costs nothing to say."""

import numpy as np
import pytest
import torch

from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.data import read_frame, read_kitti_flow
from vostutor.data.pool import Pool
from vostutor.engine.flow import compare_flows, constant_flows, flow_scores, geometric_median, score_flows


def pool_of(flow, ids=None, occluded=None):
    """Grey clips whose pair p has flow[p]. Shapes: flow (P,2,H,W), ids and occluded (P,H,W)."""
    pairs, _, height, width = flow.shape
    frames = torch.zeros(pairs, 2, 3, height, width, dtype=torch.uint8)
    twice = torch.zeros(pairs, 2, height, width, dtype=torch.uint8)
    if ids is not None:
        twice[:, 0] = ids
    hidden = None if occluded is None else occluded[:, None]
    return Pool(frames, twice, ("",) * pairs, flow=flow[:, None], occluded=hidden)


# One pair of four pixels that move by 0, 5, 5 and 13 pixels, and one whose four pixels stand still.
FLOW = torch.zeros(2, 2, 1, 4)
FLOW[0, :, 0] = torch.tensor([[0.0, 3, 3, 12], [0, 4, 4, 5]])
IDS = torch.tensor([[[0, 1, 1, 0]], [[0, 0, 0, 0]]], dtype=torch.uint8)
HIDDEN = torch.tensor([[[False, False, False, True]], [[False] * 4]])


def zeros(pool):
    return score_flows(constant_flows(pool, "zero"), pool)


def test_the_scores_of_zero_flow_by_hand():
    scores = zeros(pool_of(FLOW, IDS, HIDDEN))
    assert scores.epe == pytest.approx(23 / 8)
    assert (scores.objects, scores.ground) == (5.0, pytest.approx(13 / 6))
    assert (scores.visible, scores.occluded) == (pytest.approx(10 / 7), 13.0)
    assert scores.fl_all == pytest.approx(100 * 3 / 8)
    assert scores.fl_visible == pytest.approx(100 * 2 / 7)
    assert scores.buckets == {"0-2 px": 0, "2-5 px": pytest.approx(np.nan, nan_ok=True), "5-10 px": 5, "10+ px": 13}
    assert scores.per_pair.tolist() == [23 / 4, 0]
    assert scores.spread == pytest.approx(23 / 8)


def test_pixels_are_pooled_and_not_pairs():
    flow = FLOW.clone()
    flow[1, :, 0, 1:] = torch.nan  # of the second pair only one pixel is known
    scores = zeros(pool_of(flow))
    assert scores.epe == pytest.approx(23 / 5)
    assert scores.per_pair.tolist() == [23 / 4, 0]


def test_the_true_flow_has_no_error():
    pool = pool_of(FLOW, IDS, HIDDEN)
    scores = score_flows(FLOW, pool)
    assert (scores.epe, scores.fl_all, scores.occluded) == (0, 0, 0)


def test_a_function_gets_the_frames_in_their_order():
    pool = pool_of(FLOW)
    pool.frames[:, 1] = 7

    def difference(a, b):
        assert a.dtype == b.dtype == torch.uint8
        return (b.float() - a.float())[:2]

    scores = flow_scores(difference, pool)
    assert scores.per_pair[1] == pytest.approx(7 * 2**0.5)
    assert scores.seconds > 0


def test_the_mean_has_the_least_squared_error_and_the_median_the_least_error():
    generator = torch.Generator().manual_seed(0)
    flow = torch.randn(1, 2, 12, 16, generator=generator)
    flow[..., 8:] += 9.0
    flow[..., 3:] *= 2
    pool = pool_of(flow)
    best = score_flows(constant_flows(pool, "geometric median"), pool).epe
    mean, median = (next(constant_flows(pool, kind))[:, :1, :1] for kind in ("mean", "geometric median"))
    square = lambda constant: (flow[0] - constant).square().sum().item()  # noqa: E731
    for step in torch.tensor([[0.3, 0], [-0.3, 0], [0, 0.3], [0, -0.3]])[:, :, None, None]:
        assert score_flows([(median + step).expand_as(flow[0])], pool).epe > best
        assert square(mean + step) > square(mean)


def test_the_geometric_median_is_that_of_a_slow_search():
    points = torch.tensor([[0.0, 0, 4, 10, 1], [0, 3, 0, 10, 1]])
    x, y = np.meshgrid(*[np.linspace(0, 10, 401)] * 2)
    cost = sum(np.hypot(x - a, y - b) for a, b in points.T.tolist())
    k = np.unravel_index(cost.argmin(), cost.shape)
    torch.testing.assert_close(geometric_median(points), torch.tensor([x[k], y[k]]).float(), atol=0.03, rtol=0)


def test_a_flow_of_another_shape_or_number_is_refused():
    pool = pool_of(FLOW)
    with pytest.raises(ShapeError, match="2 flows of shape"):
        score_flows([FLOW[0]], pool)
    with pytest.raises(ShapeError, match="batch"):
        flow_scores(lambda a, b: torch.zeros(1, 2, 1, 4), pool)
    with pytest.raises(SettingsError, match="constant"):
        next(constant_flows(pool, "mode"))


def test_the_baselines_of_a_pair_from_sintel_are_the_known_ones(davis):
    folder = davis / "flow" / "sintel_alley_1"
    if not folder.is_dir():
        pytest.skip("no pair of Sintel beside the real video")
    flow, valid = read_kitti_flow(folder / "frame_0001_kitti16.png")
    frames = torch.stack([read_frame(folder / f"frame_000{k}.png") for k in (1, 2)])
    ids = torch.zeros(1, *frames[:, 0].shape, dtype=torch.uint8)
    pool = Pool(frames[None], ids, ("",), flow=flow.where(valid, torch.nan)[None, None])
    found = {name: round(scores.epe, 2) for name, scores in compare_flows({}, pool).items()}
    assert found == {
        "zero": 2.80, "mean": 1.89, "geometric median": 1.46, "Farneback": 0.87,
        "DIS ultrafast": 0.60, "DIS fast": 0.46, "DIS medium": 0.30,
    }  # fmt: skip


def test_a_pool_of_single_frames_has_no_pairs_to_score():
    pool = pool_of(FLOW)
    alone = Pool(pool.frames[:, :1], pool.ids[:, :1], pool.labels, flow=pool.flow[:, :0])
    with pytest.raises(DataError, match="clips of two frames or more"):
        flow_scores(lambda a, b: torch.zeros(2, *a.shape[1:]), alone)
