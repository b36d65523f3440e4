import copy

import pytest

from vostutor.course.figures import TOLERATED, figure_differences

STORED = {
    "axes": [
        {
            "x": {"label": "frame", "limits": [0, 10]},
            "y": {"label": "J", "limits": [0, 2]},
            "legend": ["copy"],
            "lines": [{"label": "copy", "n": 3, "x": [0, 5, 10], "y": [1, None, 0.5]}],
            "points": [{"n": 40, "x": {"even": [0, 10]}, "y": {"known": 40, "some": [1, 2], "sums": [0, 2, 1, 0.1]}, "value": [0, 100]}],
            "bars": {"n": 1, "x": [0], "x end": [1], "y": [0], "y end": [0.7]},
            "images": [{"size": [20, 20], "grid": [0.5, 1]}],
        }
    ]
}  # fmt: skip


def changed(*place, to) -> dict:
    fresh = copy.deepcopy(STORED)
    node = fresh["axes"][0]
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = to
    return fresh


def test_a_figure_equals_itself():
    assert figure_differences(STORED, copy.deepcopy(STORED)) == []


@pytest.mark.parametrize(
    ("place", "span"),
    [
        (("lines", 0, "x", 1), 10),
        (("lines", 0, "y", 0), 2),
        (("points", 0, "y", "sums", 2), 2),
        (("points", 0, "value", 1), 100),
        (("bars", "y end", 0), 2),
        (("y", "limits", 1), 2),
        (("images", 0, "grid", 0), 5),
    ],
)
def test_a_place_may_differ_by_a_share_of_the_span_of_its_axis(place, span):
    node = STORED["axes"][0]
    for key in place:
        node = node[key]
    assert figure_differences(STORED, changed(*place, to=node + 0.9 * TOLERATED * span)) == []
    assert len(figure_differences(STORED, changed(*place, to=node + 1.1 * TOLERATED * span))) == 1


@pytest.mark.parametrize(
    ("place", "to", "words"),
    [
        (("lines", 0, "n"), 4, "line 'copy', n: stored 3, now 4"),
        (("lines", 0, "y", 1), 0.5, "line 'copy', y, value 2: stored None, now 0.5"),
        (("lines", 0, "label"), "warp", "line 'copy', label: stored copy, now warp"),
        (("points", 0, "y", "known"), 39, "point 1, y, known: stored 40, now 39"),
        (("images", 0, "size", 0), 21, "images, value 1, size, value 1: stored 20, now 21"),
        (("legend",), [], "legend: stored ['copy'], now []"),
        (("title",), "New", "title: stored [], now New"),
        (("lines",), [], "lines: stored 1, now 0"),
        (("x", "scale"), "log", "x axis: stored"),
    ],
)
def test_words_counts_and_gaps_have_to_be_equal(place, to, words):
    (told,) = figure_differences(STORED, changed(*place, to=to))
    assert told.startswith(words)


def test_axes_are_counted_and_named_where_there_are_several():
    twice = {"axes": STORED["axes"] * 2}
    assert figure_differences(STORED, twice) == ["stored 1 axes, now 2"]
    other = {"axes": [STORED["axes"][0], changed("legend", 0, to="warp")["axes"][0]]}
    assert figure_differences(twice, other) == ["axes 2, legend, value 1: stored copy, now warp"]
