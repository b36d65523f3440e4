"""A run is seen while it goes on, in a terminal and in a notebook."""

import io

import pytest

from vostutor.engine.training import History, Training
from vostutor.engine.watch import Bar, LiveCurve

FOUR = Training(steps=4)


def test_a_bar_counts_every_step_once():
    text = io.StringIO()
    bar = Bar(file=text, mininterval=0)
    for step in range(1, 5):
        bar(FOUR, History([1.0] * step))
    assert all(f"{step}/4" in text.getvalue() for step in range(1, 5)) and "5/4" not in text.getvalue()


def test_the_bar_of_a_run_that_was_taken_up_begins_where_it_stood():
    text = io.StringIO()
    bar = Bar(file=text, mininterval=0)
    bar(FOUR, History([1.0] * 3))
    assert "3/4" in text.getvalue() and "1/4" not in text.getvalue()


def test_a_bar_shows_the_mean_of_the_last_losses():
    text = io.StringIO()
    bar = Bar(file=text, mininterval=0)
    bar(FOUR, History([1.0, 2.0, 3.0, 4.0]))
    assert "loss 2.500" in text.getvalue()


def test_a_curve_is_one_picture_that_is_replaced(monkeypatch):
    """IPython's display is asked once for a picture, then for another in its place."""
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(("update", picture.alt))

    def display(picture, display_id):
        shown.append(("display", picture.alt))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("vostutor.engine.watch.REDRAWN", 0.0)
    monkeypatch.setattr("vostutor.engine.watch.SHARE", float("inf"))
    curve = LiveCurve("EPE (px)")
    for step in (1, 2, 4):
        curve(FOUR, History([3.0] * step))
    assert [how for how, _ in shown] == ["display", "update", "update"] and "EPE (px)" in shown[0][1]


def test_a_curve_waits_between_pictures_but_not_with_the_last(monkeypatch):
    drawn = []
    monkeypatch.setattr("IPython.display.display", lambda picture, display_id: drawn.append(picture) or _Silent(drawn))
    curve = LiveCurve()
    for step in (1, 2, 3, 4):
        curve(FOUR, History([3.0] * step))
    assert len(drawn) == 2


@pytest.mark.parametrize(("later", "pictures"), [(19.0, 1), (21.0, 2)])
def test_a_picture_that_took_a_second_is_not_drawn_again_for_twenty(monkeypatch, later, pictures):
    now, drawn = [100.0], []

    def display(picture, display_id):
        now[0] += 1.0
        drawn.append(picture)
        return _Silent(drawn)

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("vostutor.engine.watch.time.monotonic", lambda: now[0])
    curve = LiveCurve()
    curve(FOUR, History([3.0]))
    now[0] += later
    curve(FOUR, History([3.0, 3.0]))
    assert len(drawn) == pictures


class _Silent:
    def __init__(self, drawn):
        self.update = drawn.append


@pytest.mark.parametrize("losses", [[], [1.0] * 5])
def test_a_curve_of_more_or_less_than_its_steps_is_refused(losses):
    from vostutor.core.errors import DataError
    from vostutor.viz import plot_loss

    with pytest.raises(DataError):
        plot_loss(losses, steps=4)
