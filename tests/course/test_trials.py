"""course/trials.py: what was measured is not measured again."""

import os
from functools import partial

import pytest

from vostutor.course.trials import kept_file, kept_rows

JOBS = [("a b", 1), ("c", 2), ("c", 3)]


def whose(marks, job):
    """A job that leaves a mark each time it is done; `c 3` fails until it is allowed not to."""
    with open(marks / f"{job[0]}{job[1]}", "a") as file:
        file.write("x")
    if job == ("c", 3) and not (marks / "allowed").exists():
        raise ValueError("broken off")
    return [{"job": list(job), "process": os.getpid()}]


@pytest.fixture
def marks(tmp_path):
    (tmp_path / "marks").mkdir()
    return tmp_path / "marks"


def test_a_run_that_broke_off_goes_on(marks, tmp_path):
    work = partial(whose, marks)
    with pytest.raises(ValueError, match="broken off"):
        list(kept_rows(work, JOBS, tmp_path / "rows", workers=1))
    (marks / "allowed").touch()
    assert [rows[0]["job"] for rows in kept_rows(work, JOBS, tmp_path / "rows", workers=1)] == [list(j) for j in JOBS]
    assert [len((marks / name).read_text()) for name in ("a b1", "c2", "c3")] == [1, 1, 2]


def test_processes_side_by_side_give_the_rows_in_order(marks, tmp_path):
    (marks / "allowed").touch()
    found = list(kept_rows(partial(whose, marks), JOBS, tmp_path / "rows", workers=2))
    assert [rows[0]["job"] for rows in found] == [list(j) for j in JOBS]
    assert os.getpid() not in {rows[0]["process"] for rows in found}


def test_half_a_row_is_never_read(marks, tmp_path):
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / ".c-2.json.half").write_text("[")
    list(kept_rows(partial(whose, marks), JOBS[:2], tmp_path / "rows", workers=1))
    assert kept_file(tmp_path / "rows", ("c", 2)).exists()
