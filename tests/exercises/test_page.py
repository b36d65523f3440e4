"""The page shows what is stored: each wrong answer's row is the properties it fails, where it is stopped, and what it is told."""

import json

from tests.conftest import ROOT
from tests.exercises.page import matrix, never_first, page, properties, stored_records, summary, write_page


def fail(property, seeds, stops, likely):
    return {"property": property, "seeds": seeds, "stops": stops, "likely": likely}


EXERCISE = {
    "properties": ["|Y| is even", "any size", "inputs stay"],
    "accepted": {"right_by_rows": 4, "right_twice": 4},
    "not_attempted": {"stub": 4},
    "rejected": {
        "wrong_in_place": {"told": "", "fails": [fail(2, 4, 4, "`x |= y` writes")]},
        "wrong_odd": {"told": "", "fails": [fail(0, 4, 4, "a*b"), fail(1, 1, 0, "a*b"), fail(2, 4, 0, "x_y")]},
        "wrong_now_and_then": {"told": "", "fails": [fail(0, 1, 1, "late"), fail(2, 4, 3, "late")]},
    },
}
RECORD = {"lesson": "07", "seeds": 4, "exercises": {"a.b": EXERCISE}}


def test_a_row_marks_where_an_answer_is_stopped_and_what_else_it_breaks():
    assert matrix(EXERCISE, 4).splitlines() == [
        "| wrong answer | 1 | 2 | 3 | likely cause that it is told |",
        "|---|---|---|---|---|",
        r"| odd | ■ | □ 1 | □ | a\*b<br>3: x\_y |",
        r"| in place |  |  | ■ | `x \|= y` writes |",
        "| now and then | ■ 1 |  | ■ 3 □ 1 | late |",
    ]


def test_a_property_counts_what_breaks_it_what_it_stops_and_what_it_alone_rejects():
    assert properties(EXERCISE).splitlines()[2:] == [
        r"| 1 | \|Y\| is even | 2 | 2 |  |",
        "| 2 | any size | 1 | 0 |  |",
        "| 3 | inputs stay | 3 | 2 | 1 |",
    ]
    assert never_first(EXERCISE) == [2]


def test_a_lesson_has_a_line_that_counts():
    line = summary([RECORD]).splitlines()[-1]
    assert line == "| [07](#lesson-07) | 1 | 3 | all 3 | all 2 | all 1 | 4 | 24 | 1 |"


def test_what_did_not_get_its_due_at_every_seed_is_not_counted_as_if_it_had():
    spoilt = json.loads(json.dumps(RECORD))
    spoilt["exercises"]["a.b"]["rejected"]["wrong_now_and_then"]["fails"].pop()
    spoilt["exercises"]["a.b"]["accepted"]["right_twice"] = 3
    assert "| **2 of 3** | **1 of 2** | all 1 |" in summary([spoilt])


def test_the_page_names_lesson_exercise_answers_and_idle_properties(tmp_path):
    (tmp_path / "data/proof").mkdir(parents=True)
    (tmp_path / "data/proof/07.json").write_text(json.dumps(RECORD))
    text = write_page(tmp_path).read_text()
    assert (
        "## Lesson 07\n\n### a.b\n" in text
        and "[3 wrong answers](../tests/exercises/answers/a_b.py), at 4 seeds:" in text
    )
    assert (
        "2 right answers: by rows, twice." in text
        and "Never first: 2. At every seed another property stops what breaks it." in text
    )


def test_the_page_is_of_the_records_as_they_are():
    assert (ROOT / "docs/proof.md").read_text() == page(stored_records()), "python -m tests.exercises.page"


def test_every_wrong_answer_was_rejected_and_every_right_one_accepted_at_every_seed():
    assert stored_records() and "**" not in summary(stored_records())
