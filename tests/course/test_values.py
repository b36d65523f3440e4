import pytest
from nbformat.v4 import new_code_cell, new_output

from vostutor.course.values import value_differences


def cell(*texts: str, source: str = "1", tags=(), **data):
    outputs = [new_output("stream", text=text) for text in texts]
    outputs += [
        new_output("display_data", data) for data in [{k.replace("_", "/"): v for k, v in data.items()}] if data
    ]
    return new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("done in 3.1 s\n", "done in 12 ms\n"),
        ("41.2 frames/s\n", "7 frames/s\n"),
        (" 40%|####   | 4/10\n", "100%|#######| 10/10\n"),
        ("<A at 0x7f00aa11>\n", "<A at 0x7f00bb22>\n"),
    ],
)
def test_what_the_clock_decides_is_not_compared(then, now):
    assert value_differences(cell(then), cell(now)) == []


def test_a_number_that_the_clock_does_not_decide_is_compared():
    assert value_differences(cell("J 0.31 in 3 s\n"), cell("J 0.32 in 4 s\n")) == [
        r"stdout: stored 'J 0.31 in TIME\n', now 'J 0.32 in TIME\n'"
    ]


def test_the_difference_is_shown_and_not_what_stands_far_from_it():
    long = "<td>" + "a" * 500
    (told,) = value_differences(cell(text_html=f"{long}0.5"), cell(text_html=f"{long}0.7"))
    assert told.startswith("text/html: stored 'aaa") and "0.5', now" in told and len(told) < 160


def test_what_is_missing_or_too_much_is_told():
    assert value_differences(cell("1"), cell()) == ["Missing output fields from running code: {'stdout'}"]
    assert value_differences(cell(), cell("1")) == ["Unexpected output fields from running code: {'stdout'}"]
    twice = cell(text_plain="1")
    twice.outputs += twice.outputs
    assert value_differences(cell(text_plain="1"), twice) == ['dissimilar number of outputs for key "text/plain"']


def test_streams_that_came_in_pieces_are_one():
    assert value_differences(cell("ab"), cell("a", "b")) == []


@pytest.mark.parametrize("marked", [{"tags": ["nbval-ignore-output"]}, {"source": "# NBVAL_IGNORE_OUTPUT\n1"}])
def test_nbvals_markers_count(marked):
    assert value_differences(cell("1", **marked), cell("2", **marked)) == []
