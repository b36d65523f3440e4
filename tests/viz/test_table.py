import pytest

from vostutor.core import DataError
from vostutor.viz.table import Table

ROWS = [{"system": "copy", "J": 0.311, "clips": 24}, {"system": "warp & <more>", "J": -0.449, "clips": None}]


def test_text_is_aligned_and_rounded():
    assert repr(Table(ROWS, caption="c")).splitlines() == [
        "system            J  clips",
        "copy            .31     24",
        "warp & <more>  -.45",
        "c",
    ]


def test_numbers_from_one_on_keep_their_leading_digit():
    assert "1.00" in repr(Table([{"a": "x", "J": 1.0}], caption="c")) and "10.50" in repr(
        Table([{"a": "x", "J": 10.5}], caption="c")
    )


def test_the_best_of_a_column_is_bold_in_html():
    html = Table(ROWS, caption="c", best=["J"])._repr_html_()
    assert "<b>.31</b>" in html and "<b>-.45</b>" not in html


def test_html_is_escaped_and_has_headers_and_a_caption():
    html = Table(ROWS, caption="a < b")._repr_html_()
    assert "warp &amp; &lt;more&gt;" in html and '<th scope="col"' in html and "a &lt; b</caption>" in html


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 2}]])
def test_rows_that_make_no_table_are_refused(rows):
    with pytest.raises(DataError):
        Table(rows, caption="c")
