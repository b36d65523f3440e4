"""A course of small torch-free lessons in an empty folder, masters written for one test, and a DAVIS root of one sequence."""

import shutil
from pathlib import Path

import cv2
import pytest

from tests.course.small_lessons import FRONT, GOOD
from vostutor.course import Course
from vostutor.data.minivos import draw_clip
from vostutor.data.palette import write_ids


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


@pytest.fixture(scope="session")
def davis_root(tmp_path_factory) -> Path:
    """A DAVIS root with one sequence of two objects, thing, and results that are right but for their numbers."""
    clip, root = draw_clip("multi-object", 5, size=(48, 80), frames=5, flow=False), tmp_path_factory.mktemp("davis")
    folders = [root / kind / "thing" for kind in ("JPEGImages/480p", "Annotations/480p", "results_osvos")]
    for folder in folders:
        folder.mkdir(parents=True)
    for t, (frame, ids) in enumerate(zip(clip.frames, clip.ids, strict=True)):
        cv2.imwrite(str(folders[0] / f"{t:05d}.jpg"), frame.permute(1, 2, 0).numpy()[..., ::-1])
        write_ids(folders[1] / f"{t:05d}.png", ids)
        write_ids(folders[2] / f"{t:05d}.png", 3 * (ids > 0).long())
    return root
