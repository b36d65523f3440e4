"""The README's table of costs is written by runs: rows of every profile, what failed left out, what never ran named."""

import json
import re
from dataclasses import replace

import pytest

from tests.conftest import ROOT
from vostutor.core import DataError
from vostutor.course import Budget, Course, Outcome
from vostutor.course.costs import costs_block, kept, renew_costs, stored_costs
from vostutor.course.readme import with_block

RUN = Outcome("01", "Colours", "smoke", Budget(0.1, 0.3), 9, wall_seconds=14.0, cpu_seconds=13.0, memory_gb=0.94)
README = "# a course\n<!-- BEGIN budgets -->\nold\n<!-- END budgets -->\nend\n"


@pytest.fixture
def ran(course):
    """ran(outcome, …): the budgets.json of a run with these outcomes, renewed into the course; what was said."""
    (course.root / "README.md").write_text(README)

    def run(*outcomes):
        path = course.root / "out.json"
        path.write_text(json.dumps([outcome.row() for outcome in outcomes]))
        return renew_costs(course, [path])

    return run


def table(course):
    return [line for line in (course.root / "README.md").read_text().splitlines() if line.startswith("| 0")]


def test_a_run_writes_its_row_beside_what_the_master_declares(course, ran):
    assert ran(RUN) == [] and table(course) == ["| 01 Colours | smoke | 0.2 (0.1) | 13 | 0.9 (0.2) |"]


def test_every_profile_has_its_row_and_a_new_run_takes_the_place_of_the_old(course, ran, write):
    write("02_shapes.py", "# %%\n1\n")
    ran(RUN, replace(RUN, number="02"))
    ran(replace(RUN, profile="cpu", cpu_seconds=41.0))
    ran(replace(RUN, cpu_seconds=9.0))
    told = [(row["lesson"], row["profile"], row["cpu_seconds"]) for row in stored_costs(course)]
    assert told == [("01", "smoke", 9.0), ("01", "cpu", 41.0), ("02", "smoke", 13.0)]
    assert [line.split(" | ")[1] for line in table(course)] == ["smoke", "cpu", "smoke"]


def test_what_did_not_pass_is_named_and_keeps_its_old_row(course, ran):
    ran(RUN)
    assert ran(replace(RUN, cpu_seconds=99.0)) == ["lesson 01 did not pass on smoke, its figures are not taken"]
    assert stored_costs(course)[0]["cpu_seconds"] == 13.0


def test_what_was_never_run_is_named_below_the_table(course, ran, write):
    write("02_shapes.py", "# %%\n1\n")
    ran(RUN)
    text = (course.root / "README.md").read_text()
    assert "Not measured yet: 01 (cpu), 02 (smoke, cpu).\n<!-- END" in text


def test_a_lesson_that_is_gone_leaves_the_table_and_what_is_declared_anew_is_shown(course, ran, write):
    gone = write("07_gone.py", "# %%\n1\n")
    ran(RUN, replace(RUN, number="07"))
    gone.unlink()
    master = next(course.solutions.glob("01*"))
    master.write_text(re.sub(r"smoke: \{minutes: [\d.]+", "smoke: {minutes: 0.4", master.read_text()))
    renew_costs(course)
    assert table(course) == ["| 01 Colours | smoke | 0.2 (0.4) | 13 | 0.9 (0.2) |"]


def test_figures_of_another_code_than_the_lesson_has_now_are_named(course, ran):
    ran(RUN)
    master = next(course.solutions.glob("01*"))
    master.write_text(master.read_text() + "# a better sentence\n")
    assert "before" not in costs_block(course)
    master.write_text(master.read_text() + "print(1)\n")
    assert "Measured before the lesson's code changed: 01 (smoke)." in costs_block(course)


def test_the_same_run_twice_changes_nothing_and_the_rest_of_the_page_stays(course, ran):
    ran(RUN)
    once = (course.root / "README.md").read_text()
    ran(RUN)
    assert (course.root / "README.md").read_text() == once == with_block(README, "budgets", costs_block(course))


def test_the_table_holds_no_date_and_no_path_of_the_machine(course, ran):
    ran(RUN)
    told = (course.root / "README.md").read_text() + json.dumps(stored_costs(course))
    assert not re.search(r"\d{4}-\d\d-\d\d|/tmp|/home|/work", told)


@pytest.mark.parametrize("content", ["", "{}x", '[{"lesson": "00"}]', "[1]"])
def test_a_file_that_no_run_wrote_is_refused_and_nothing_is_written(course, ran, content):
    (course.root / "strange.json").write_text(content)
    with pytest.raises(DataError, match="strange.json"):
        renew_costs(course, [course.root / "strange.json"])
    assert (course.root / "README.md").read_text() == README and stored_costs(course) == []


def test_make_course_runs_both_profiles_and_renews_the_table():
    recipe = re.search(r"^course:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)[1]
    profiles = re.findall(r"for profile in (.*?);", recipe)
    assert profiles == ["smoke cpu"] and "vostutor.course.costs" in recipe.splitlines()[-1]


def test_the_readme_shows_what_is_stored():
    text, course = (ROOT / "README.md").read_text(), Course.at(ROOT)
    assert with_block(text, "budgets", costs_block(course)) == text, "python -m vostutor.course.costs"
    assert kept(stored_costs(course), []) == stored_costs(course)
