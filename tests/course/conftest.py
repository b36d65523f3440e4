"""A course of small torch-free lessons in an empty folder, and masters written for one test."""

import shutil
from pathlib import Path

import pytest

from tests.course.small_lessons import FRONT, GOOD
from vostutor.course import Course


@pytest.fixture
def course(tmp_path) -> Course:
    """A course with lesson 01, nothing built yet."""
    course = Course.at(tmp_path)
    course.solutions.mkdir()
    shutil.copy(GOOD, course.solutions)
    return course


@pytest.fixture
def write(course):
    """write("02_broken.py", cells) puts another master beside it: front matter and parameters, then the cells."""

    def write(name: str, cells: str) -> Path:
        path = course.solutions / name
        path.write_text(FRONT.format(title=name[3:-3]) + cells)
        return path

    return write
