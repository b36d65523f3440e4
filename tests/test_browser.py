"""Lesson 00 as a student meets it: opened in JupyterLab in a real browser, run from top to bottom, dragged and clicked."""

import json

import pytest

from tests.conftest import ROOT
from tests.widgets.browser import require_browser, running_lab

pytestmark = pytest.mark.browser
PICTURES = ROOT / "build" / "browser"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The student notebook of lesson 00, run as it was handed out but for the profile."""
    require_browser()
    folder = tmp_path_factory.mktemp("student")
    told = json.loads((ROOT / "notebooks/00_the_task.ipynb").read_text())
    for cell in told["cells"]:
        if "parameters" in cell["metadata"].get("tags", ()):
            cell["source"] = [line.replace('profile = "cpu"', 'profile = "smoke"') for line in cell["source"]]
    (folder / "00_the_task.ipynb").write_text(json.dumps(told))
    with running_lab(folder, size=(1280, 1400)) as lab:
        notebook = lab.open("00_the_task.ipynb")
        notebook.run_all(seconds=240)
        yield notebook


def test_the_untouched_lesson_runs_to_its_end_without_an_error(lesson):
    assert lesson.kernel("print(profile, device)") == "smoke cpu"
    assert lesson.errors() == []
    assert lesson.page.get_by_text("lesson 00 ran to its end: 0 of 5 exercises solved").count() == 1


def test_dragging_the_players_time_line_moves_the_kernels_frame(lesson):
    lesson.drag(".vos-player .vos-line", (0.02, 0.5), (0.98, 0.5))
    assert lesson.kernel_says("print(player.frame)", "15") == "15"
    lesson.press(".vos-player .vos-line", "Home", "ArrowRight")
    assert lesson.kernel_says("print(player.frame)", "1") == "1"
    lesson.screenshot(PICTURES / "player.png", ".vos-player")


def test_dragging_the_square_changes_j_in_the_kernel(lesson):
    before = lesson.kernel("print(explorer.boxes[explorer.frame])")
    lesson.drag(".vos-explorer .vos-world", (0.5, 0.5), (0.7, 0.5))
    assert lesson.kernel_says(f"print(explorer.boxes[explorer.frame] != {before})", "True") == "True"
    lesson.screenshot(PICTURES / "explorer.png", ".vos-explorer")


def test_the_page_looks_like_a_lesson(lesson):
    lesson.press(".vos-player .vos-line", "End", *["ArrowLeft"] * 4)
    lesson.page.locator(".vos-player").first.scroll_into_view_if_needed()
    picture = lesson.screenshot(PICTURES / "lesson_00.png")
    assert picture.stat().st_size > 50_000  # an empty page is far smaller; a person looks at the rest
