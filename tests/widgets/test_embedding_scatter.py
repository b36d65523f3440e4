"""The embedding scatter and the click segmenter without a browser: the plane, the triplets of every anchor, and what clicks label."""

from itertools import product

import numpy as np
import pytest
import torch

from tests.widgets.alone import state_of
from tests.widgets.lookalike import Colour, lookalike_clip, two_coloured_clip
from tests.widgets.test_correlation_probe import weight
from vostutor.core import Clip, VosError
from vostutor.models.pml import PMLNet, plain_triplet
from vostutor.nn.backbone import Backbone
from vostutor.ops.nearest import min_triplet
from vostutor.widgets import ClickSegmenter, EmbeddingScatter
from vostutor.widgets.embedding_space import compare, embed_frames, nearest_labels, principal_axes, score

RED, BLUE, GROUND = (4, 4), (4, 7), (0, 0)  # places of frame 2 of the two-coloured clip, whose object is in rows 4, 5


@pytest.fixture
def scatter():
    return EmbeddingScatter(two_coloured_clip(), Colour())


@pytest.fixture
def segmenter():
    return ClickSegmenter(two_coloured_clip(), Colour(), frame=2)


# ---- the space


def test_the_axes_are_those_of_the_covariance_whatever_the_order_of_the_points():
    points = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * torch.tensor([3.0, 1.0, 0.3, 0.1])
    mean, axes = principal_axes(points, 2)
    values, vectors = torch.linalg.eigh(torch.cov(points.T))
    assert torch.allclose((axes * vectors.T.flip(0)[:2]).sum(1).abs(), torch.ones(2), atol=1e-4)
    assert torch.allclose(principal_axes(points.flip(0), 2)[1], axes, atol=1e-5)  # the sign hangs on no order
    assert torch.allclose(principal_axes(points + 5, 2)[0], mean + 5, atol=1e-5)


def test_one_point_has_no_direction():
    assert principal_axes(torch.ones(1, 3), 2)[1].abs().sum() in (0, 1) and principal_axes(torch.ones(1, 3), 5)[
        1
    ].shape == (5, 3)


def test_hinges_are_those_of_the_losses_that_pml_has():
    generator = torch.Generator().manual_seed(0)
    anchors, reference = torch.randn(30, 3, generator=generator), torch.randn(40, 3, generator=generator)
    labels, known = torch.randint(0, 3, (30,), generator=generator), torch.randint(0, 3, (40,), generator=generator)
    labels[0] = known[0] = 255
    hinges = compare(anchors, labels, reference, known).hinges(0.7)
    for k in range(1, 30):
        same, other = reference[known == labels[k]], reference[(known != labels[k]) & (known != 255)]
        for which, loss in enumerate((min_triplet, plain_triplet)):
            assert hinges[which, k] == pytest.approx(float(loss(anchors[k : k + 1], same, other, margin=0.7)), abs=1e-4)
    assert np.isnan(hinges[:, 0]).all()


def test_a_later_frame_is_embedded_at_its_time():
    times = []

    class Watch(Colour):
        def forward(self, frames, at):
            times.append(at.item())
            return super().forward(frames, at)

    embed_frames(two_coloured_clip(), Watch(), (0, 2))
    assert times == [0, pytest.approx(0.05)]


# ---- the scatter


def test_an_object_of_two_colours_is_two_heaps_that_only_the_mean_distance_would_merge(scatter):
    for place in (RED, BLUE):
        scatter.anchor = place
        seen = scatter.reading
        assert seen.said == "mean" and seen.hinges[0] == 0 and seen.hinges[1] > 1 and seen.positive < 0.01
        assert seen.label == 1 and seen.label_shares == (0, 1)
    heaps = [scatter.plane[1][row * 12 + column] for row, column in (RED, BLUE)]
    assert np.linalg.norm(heaps[0] - heaps[1]) > 4


def test_the_closest_positive_lies_in_the_half_of_the_same_colour(scatter):
    for place, columns in ((RED, (4, 5)), (BLUE, (6, 7))):
        scatter.anchor = place
        row, column = divmod(int(scatter.anchors.positive_at[scatter._index]), 12)
        assert row in (2, 3) and column in columns  # of the first frame


def test_every_anchor_and_margin_has_a_reading(scatter):
    for row, column, share in product(range(8), range(0, 12, 2), (0, 0.5, 1)):
        scatter.anchor, scatter.margin = (row, column), share * scatter.limits["most"]
        seen = scatter.reading
        assert seen.words and seen.hinges[0] <= seen.hinges[1] + 1e-6
        assert 0 <= seen.shares[0] <= seen.shares[1] <= 1 and scatter.answer["state"] == [row, column, scatter.margin]


def test_a_larger_margin_asks_more_anchors(scatter):
    shares = [scatter.anchors.shares(margin) for margin in np.linspace(0, scatter.limits["most"], 9)]
    assert shares == sorted(shares) and shares[0][0] == 0 and shares[-1][0] > 0.5


def test_controls_of_the_scatter_stay_in_range(scatter):
    scatter.anchor, scatter.margin = [-4, 99], float("nan")
    assert (scatter.anchor, scatter.margin) == ([0, 11], 0)
    scatter.margin = 1e9
    assert scatter.margin == scatter.limits["most"] >= 1.4


def test_a_frame_against_itself_compares_no_place_with_itself():
    alone = EmbeddingScatter(two_coloured_clip(1), Colour(), anchor=(2, 4))
    assert alone.frames == [0, 0] and int(alone.anchors.positive_at[alone._index]) != alone._index


def test_a_triplet_of_ones_own_is_asked_about_the_anchor():
    mine = EmbeddingScatter(two_coloured_clip(), Colour(), triplet=plain_triplet)
    assert mine.answer["own"] == pytest.approx(mine.reading.hinges[1], abs=1e-4) and mine.own
    good = EmbeddingScatter(two_coloured_clip(), Colour(), triplet=min_triplet)
    assert good.answer["own"] == pytest.approx(good.reading.hinges[0], abs=1e-4)


@pytest.mark.parametrize("triplet", [lambda *given, **how: None, lambda *given, **how: 1 / 0, lambda: 0])
def test_a_triplet_that_fails_is_told(triplet):
    failing = EmbeddingScatter(two_coloured_clip(), Colour(), triplet=triplet)
    assert failing.answer["own"] is None and failing.answer["note"].startswith("triplet gave nothing: ")
    assert "triplet gave nothing" in failing.static_picture().alt


# ---- clicks


def test_two_clicks_on_two_colours_find_the_object_in_both_frames(segmenter):
    segmenter.clicks = [[0, 2, 4, 1], [0, 2, 7, 1], [0, 0, 0, 0]]
    assert segmenter.j == (1.0, 1.0) and segmenter.answer["j"] == [1.0, 1.0]
    segmenter.undo()
    assert segmenter.found.unique().tolist() == [1] and segmenter.answer["state"] == segmenter.clicks
    segmenter.clear()
    assert segmenter.found.unique().tolist() == [255] and segmenter.j == (0, 0)


def test_a_click_on_one_colour_misses_the_other(segmenter):
    segmenter.clicks = [[0, 2, 4, 1], [0, 0, 0, 0]]
    assert segmenter.j == (0.5, 0.5)


def test_places_all_over_both_frames_can_be_clicked(segmenter):
    for frame, row, column, label in product((0, 1), range(0, 8, 2), range(0, 12, 3), (0, 1)):
        segmenter.clicks = [[frame, row, column, label], [1 - frame, 7 - row, 11 - column, 1 - label]]
        here, there = (segmenter.embeddings[f, :, r, c] for f, r, c, _ in segmenter.clicks)
        assert segmenter.found[frame, row, column] == label or torch.equal(here, there)  # equally near: either
        assert segmenter.answer["state"] == segmenter.clicks and all(0 <= j <= 1 for j in segmenter.j)


def test_clicks_that_fit_nowhere_are_dropped_and_a_label_is_kept_in_range(segmenter):
    segmenter.clicks, segmenter.label = [[0, 8, 0, 1], [2, 0, 0, 0], [0, 0, 0, 2], [0, 1.5, 0, 1], [0, 1]], 9
    assert segmenter.clicks == [] and segmenter.label == 1


def test_labels_are_those_of_a_loop():
    embeddings = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    clicks = [(0, 1, 2, 1), (1, 3, 4, 0), (0, 0, 0, 2)]
    found = nearest_labels(embeddings, clicks)
    for frame, row, column in product(range(2), range(4), range(5)):
        far = [
            float((embeddings[frame, :, row, column] - embeddings[f, :, r, c]).square().sum()) for f, r, c, _ in clicks
        ]
        assert found[frame, row, column] == clicks[int(np.argmin(far))][3]


def test_j_leaves_out_what_nobody_knows():
    truth = torch.tensor([[1, 1, 2, 255]])
    assert score(torch.tensor([[1, 2, 2, 2]]), truth, 3) == pytest.approx((1 / 2 + 1 / 2) / 2)  # object 3 is not there
    assert score(truth, torch.zeros(1, 4, dtype=torch.int64), 3) is None


# ---- both


@pytest.mark.parametrize("kind", [EmbeddingScatter, ClickSegmenter])
@pytest.mark.parametrize("size", [(96, 160), (240, 428)])
def test_what_travels_with_a_page_is_small(kind, size):
    noise = torch.rand(2, 3, size[0] // 6, size[1] // 6, generator=torch.Generator().manual_seed(0)) * 255
    film = torch.nn.functional.interpolate(noise, size, mode="bicubic").clamp(0, 255).byte()
    ids = torch.zeros(2, *size, dtype=torch.int64)
    ids[:, 20:60, 30:70] = 1
    assert weight(state_of(kind(Clip(film, ids), PMLNet(Backbone())))) <= 300_000


@pytest.mark.parametrize("kind", [EmbeddingScatter, ClickSegmenter])
def test_the_still_pictures_say_it_in_words_and_are_small(kind):
    more = {"clicks": [(0, 2, 4, 1)]} if kind is ClickSegmenter else {}
    widget = kind(two_coloured_clip(), Colour(), **more)
    data, about = widget._repr_mimebundle_()
    mime = next(name for name in data if name.startswith("image/"))
    assert len(data[mime]) < 60_000 and ("1 clicks" if more else "hinge is 0.00") in about[mime]["alt"]


@pytest.mark.parametrize(
    ("kind", "clip", "more", "told"),
    [
        (EmbeddingScatter, 3, {}, "a Clip of at least"),
        (EmbeddingScatter, two_coloured_clip(), {"frame": 3}, "a frame of 3"),
        (ClickSegmenter, lookalike_clip(), {"clicks": [(0, 8, 0, 1)]}, "8 x 12"),
        (ClickSegmenter, lookalike_clip(1), {}, "at least 2 frames"),
    ],
)
def test_bad_input_is_refused_with_a_repair(kind, clip, more, told):
    with pytest.raises(VosError, match=told):
        kind(clip, Colour(), **more)
