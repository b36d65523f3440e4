"""What a lesson says of its exercises and its budget is what the checks and the front matter say."""

import re

import pytest

from tests.conftest import ROOT
from vostutor.checks import exercises_of, find_exercise
from vostutor.course import read_master

masters = pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.py")), ids=lambda path: path.stem)


def told(cell):
    return tuple(cell.metadata[key] for key in ("points", "difficulty", "minutes"))


@masters
def test_exercises_weigh_in_the_lesson_what_they_weigh_in_the_checks(path):
    cells = {cell.exercise: cell for cell in read_master(path).cells if cell.exercise}
    assert set(cells) == {exercise.id for exercise in exercises_of(path.name[:2])}
    for name, cell in cells.items():
        exercise = find_exercise(name)
        assert told(cell) == (exercise.points, exercise.difficulty, exercise.minutes)


@masters
def test_headings_give_the_points_difficulty_and_minutes_of_their_exercise(path):
    pattern = r"### Exercise .*\((\d+) points · difficulty (\d) of 5 · (\d+) minutes\)"
    master = read_master(path)
    headings = [found for cell in master.cells if cell.kind == "markdown" for found in re.findall(pattern, cell.source)]
    assert [tuple(map(int, heading)) for heading in headings] == [told(c) for c in master.cells if c.exercise]


@masters
def test_the_first_cell_gives_the_declared_minutes(path):
    master = read_master(path)
    assert f"about {master.budgets['cpu'].minutes:g} minute" in master.cells[0].source
