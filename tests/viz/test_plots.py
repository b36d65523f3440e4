"""Scores as figures."""

import numpy as np
import pytest

from vostutor.core import VosError
from vostutor.metrics import statistics
from vostutor.metrics.summary import quarter_edges
from vostutor.viz import new_figure, plot_bars, plot_scores, quarter_bounds


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_the_arrow_says_the_decay():
    assert "D +0.50" in words(plot_scores([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]))


@pytest.mark.parametrize("seed", range(5))
def test_the_arrow_agrees_with_the_metric(seed):
    values = np.random.default_rng(seed).uniform(size=17 + seed)
    assert f"D {statistics(values).decay:+.2f}" in words(plot_scores(values))


def test_the_quarters_are_those_of_the_metric():
    for n in range(1, 400):
        edges = quarter_edges(n)
        assert quarter_bounds(n) == list(zip(edges[:-1], edges[1:], strict=True))


def test_axes_have_units_and_frames_whole_numbers():
    ax = plot_scores(np.linspace(1, 0, 24), measure="F", first_frame=1)
    assert ax.get_ylabel() == "F (0 to 1)" and ax.get_xlabel() == "frame"
    assert all(tick == int(tick) and 1 <= tick <= 24 for tick in ax.get_xticks())


def test_each_system_has_its_own_line_and_marker():
    ax = plot_scores({"copy": [0.5, 0.4], "flow warp": [0.9, 0.8]}, quarters=False, decay=False)
    assert len({(line.get_linestyle(), line.get_marker()) for line in ax.lines}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["copy", "flow warp"]


def test_a_frame_that_is_not_scored_leaves_a_gap():
    ax = plot_scores([np.nan, 0.5, 0.4, np.nan], decay=False)
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [True, False, False, True]


def test_a_quarter_without_scores_has_no_arrow():
    assert not [word for word in words(plot_scores([0.5, 0.4, 0.3, np.nan, np.nan])) if word.startswith("D")]


def test_a_plot_goes_onto_the_axes_it_is_given():
    _, axes = new_figure(1, 2)
    assert plot_scores([0.5, 0.4], ax=axes[1]) is axes[1]
    assert plot_bars({"copy": {"plain": 0.5}}, ax=axes[0]) is axes[0]


def test_bars_stand_by_label_and_the_baseline_is_hollow():
    ax = plot_bars({"copy": {"plain": 0.25, "fast": 0.1}, "warp": {"plain": 0.5}}, baselines=["copy"])
    heights = [[bar.get_height() for bar in group] for group in ax.containers]
    assert heights[0] == [0.25, 0.1] and heights[1][0] == 0.5 and np.isnan(heights[1][1])
    assert [bool(group[0].get_hatch()) for group in ax.containers] == [True, False]
    assert ".25" in words(ax)


@pytest.mark.parametrize("nothing", [[], {}, {"copy": [0.5], "warp": [0.5, 0.4]}])
def test_curves_that_do_not_fit_are_refused(nothing):
    with pytest.raises(VosError):
        plot_scores(nothing)


def test_an_empty_table_is_refused():
    with pytest.raises(VosError, match="one system"):
        plot_bars({"copy": {}})


def test_the_number_at_the_arrow_may_be_a_students_own():
    ax = plot_scores([0.9, 0.8, 0.4, 0.2], statistics=lambda values: (0.0, 0.0, -7.0))
    assert "D -7.00" in {text.get_text() for text in ax.texts}
