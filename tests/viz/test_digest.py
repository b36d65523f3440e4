"""What is kept of a figure: enough to notice what changed, little enough to store."""

import json

import numpy as np
import pytest

from vostutor.viz import Picture, figure_digest, new_figure, plot_bars, plot_scores


def digest_of(draw, **where) -> dict:
    """The digest of the axes on which `draw` drew, as it comes out of a notebook."""
    figure, ax = new_figure(**where)
    draw(ax)
    about = Picture(figure, alt="A figure.")._repr_mimebundle_()[1]["image/png"]
    return json.loads(about["digest"], parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))["axes"][0]


def test_a_short_line_is_kept_point_by_point():
    axes = digest_of(lambda ax: ax.plot([1, 2, 4], [0.5, np.nan, 0.25], label="copy"))
    assert axes["lines"] == [{"label": "copy", "n": 3, "x": [1, 2, 4], "y": [0.5, None, 0.25]}]


def test_even_steps_are_kept_as_their_ends_and_a_long_line_in_sums():
    (line,) = digest_of(lambda ax: ax.plot(np.arange(101) ** 2))["lines"]
    assert line["x"] == {"even": [0, 100]}
    assert line["y"]["sums"] == [0, 10000, 3350, 100]  # 0..100 squared: mean 100 * 201 / 6, one way up in 100 steps
    assert line["y"]["some"][::3] == [0, 2500, 10000]


@pytest.mark.parametrize("place", [0, 13, 57, 100])
def test_one_moved_point_of_a_long_line_is_noticed(place):
    values = np.sin(np.arange(101))
    moved = values.copy()
    moved[place] += 1.5
    assert digest_of(lambda ax: ax.plot(values))["lines"] != digest_of(lambda ax: ax.plot(moved))["lines"]


def test_words_at_axes_in_legends_and_on_ticks_are_kept():
    axes = digest_of(lambda ax: plot_bars({"copy": {"plain": 0.4, "fast": 0.1}}, ax=ax).set_title("Two labels"))
    assert axes["title"] == "Two labels" and axes["legend"] == ["copy"] and axes["texts"] == [".40", ".10"]
    assert axes["x"]["ticks"] == ["plain", "fast"] and axes["y"]["label"] == "J (0 to 1)"
    assert axes["bars"]["y end"] == [0.4, 0.1]


def test_an_image_is_kept_as_the_shares_of_its_blocks():
    def draw(ax):
        ax.imshow(np.kron([[0, 1], [2, 4]], np.ones((10, 10))), vmin=0, vmax=4)

    (image,) = digest_of(draw)["images"]
    assert image == {"size": [20, 20], "grid": [0, 0, 0.25, 0.25] * 2 + [0.5, 0.5, 1, 1] * 2}


def test_places_on_a_logarithmic_axis_are_decades():
    axes = digest_of(lambda ax: ax.loglog([1, 10, 1000], [1, 100, 10]))
    assert axes["lines"][0]["x"] == [0, 1, 3] and axes["y"]["scale"] == "log"


def test_points_arrows_and_areas_are_kept():
    assert digest_of(lambda ax: ax.scatter([1, 2], [3, 4], c=[5, 6]))["points"] == [
        {"n": 2, "x": [1, 2], "y": [3, 4], "value": [5, 6]}
    ]
    (arrows,) = digest_of(lambda ax: ax.quiver([0, 1], [0, 0], [1, 2], [3, 4]))["points"]
    assert (arrows["u"], arrows["v"]) == ([1, 2], [3, 4])
    (area,) = digest_of(lambda ax: ax.fill_between([0, 1], [2, 3]))["points"]
    assert max(area["y"]) == 3 and area["n"] == 7


STRANGE = {
    "a pie": lambda ax: ax.pie([1, 2, 3], labels=list("abc")),
    "nothing": lambda ax: None,
    "no points": lambda ax: (ax.plot([], []), ax.scatter([], [])),
    "nothing known": lambda ax: ax.plot([np.nan] * 30),
    "a masked image": lambda ax: ax.imshow(np.ma.masked_less(np.eye(9), 1)),
    "a tiny image": lambda ax: ax.imshow(np.eye(2, dtype=bool)),
    "colours": lambda ax: ax.imshow(np.zeros((8, 8, 3), np.uint8)),
    "contours": lambda ax: ax.contourf(np.outer(np.arange(5), np.arange(5))),
    "a mesh": lambda ax: ax.pcolormesh(np.outer(np.arange(5), np.arange(5))),
    "error bars": lambda ax: ax.errorbar([0, 1], [1, 2], yerr=0.1),
    "boxes": lambda ax: ax.boxplot([[1, 2], [3, 4]]),
    "steps": lambda ax: ax.hist([1, 2, 2], histtype="step"),
    "twins and insets": lambda ax: (ax.twinx().plot([1, 2]), ax.inset_axes([0.5, 0.5, 0.2, 0.2]).plot([3, 4])),
}


@pytest.mark.parametrize("name", STRANGE)
def test_whatever_a_student_draws_has_a_digest(name):
    assert {"x", "y"} <= digest_of(STRANGE[name]).keys()


def test_polar_axes_have_a_digest_too():
    assert digest_of(lambda ax: ax.plot([0, 1], [1, 2]), subplot_kw={"projection": "polar"})["lines"][0]["y"] == [1, 2]


def test_a_figure_of_the_course_is_kept_in_a_thousand_characters():
    scores = np.random.default_rng(0).random((2, 16))
    figure = plot_scores({"copy": scores[0], "flow warp": scores[1]}).figure
    assert len(json.dumps(figure_digest(figure), separators=(",", ":"))) < 1000


def test_pixels_have_no_digest():
    assert "digest" not in Picture(np.zeros((4, 4, 3), np.uint8), alt="Black.")._repr_mimebundle_()[1]["image/png"]
