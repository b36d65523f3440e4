"""The two pictures of one-shot learning in a real browser: dragged, pressed and played; and alone on a page."""

import pytest

from tests.conftest import ROOT
from tests.widgets.alone import page_of
from tests.widgets.browser import chromium_page, require_browser, running_lab, write_notebook
from tests.widgets.taught import TwoConvolutions, teach, two_squares
from vostutor.widgets import AdaptationPainter, FineTuningScrubber

pytestmark = pytest.mark.browser
PICTURES = ROOT / "build/browser"

CELLS = [
    f"""import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.widgets.taught import TwoConvolutions, teach
from vostutor.data.minivos import draw_clip
from vostutor.widgets import AdaptationPainter, FineTuningScrubber
clip = draw_clip("plain", 4, flow=False)
scrubber = FineTuningScrubber(TwoConvolutions(), clip, finetune=teach)
scrubber""",
    """network = teach(TwoConvolutions(), clip.frames[0] / 255, clip.ids[0] == 1, 150)
curves = lambda: {"with replay": [1 - t / 40 for t in range(16)], "without replay": [1 - t / 16 for t in range(16)]}
painter = AdaptationPainter(clip, network, curves=curves)
painter""",
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    require_browser()
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "oneshot.ipynb", CELLS)
    with running_lab(folder, size=(1280, 1900)) as lab:
        opened = lab.open("oneshot.ipynb")
        opened.run_all()
        opened.page.wait_for_selector(".vos-tuner")
        opened.page.wait_for_selector(".vos-painter")
        yield opened
        opened.screenshot(PICTURES / "one_shot.png")
        assert opened.errors() == []


def say(notebook, selector: str, words: str) -> None:
    notebook.page.wait_for_function(
        "([selector, words]) => document.querySelector(selector).innerText.includes(words)", arg=[selector, words]
    )


def test_dragging_the_curve_goes_through_the_steps(notebook):
    notebook.drag(".vos-tuner .vos-line", (0.06, 0.5), (0.99, 0.5))
    asked = "print(scrubber.moment, scrubber.step, scrubber.reached)"
    assert notebook.kernel_says(asked, "9 50 [-1, 9, -1, -1, -1]") == "9 50 [-1, 9, -1, -1, -1]"
    j = notebook.kernel('print(f"{scrubber.learning.j[-1]:.2f}".lstrip("0"))')
    say(notebook, ".vos-tuner", f"frame 13 after 50 steps\nJ {j}")
    notebook.screenshot(PICTURES / "fine_tuning_one.png", ".vos-tuner")


def test_the_second_slider_annotates_and_the_kernel_trains_again(notebook):
    notebook.drag(".vos-tuner input[type=range]", (0.25, 0.5), (0.5, 0.5))
    asked = "print(scrubber.annotated, sorted(scrubber.runs), scrubber.learning.annotated)"
    assert notebook.kernel_says(asked, "2 ['1', '2'] (0, 15)") == "2 ['1', '2'] (0, 15)"
    say(notebook, ".vos-tuner", "what it is told: 2 frames")
    say(notebook, ".vos-tuner", "Fine-tuned by your function.")


def test_keys_step_and_annotate_and_the_notebook_stays_where_it_is(notebook):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = notebook.page.evaluate(active)
    notebook.press(
        ".vos-tuner .vos-line", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp"
    )
    assert notebook.kernel_says("print(scrubber.annotated, '3' in scrubber.runs)", "3 True") == "3 True"
    notebook.press(".vos-tuner .vos-line", "Home", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert notebook.kernel_says("print(scrubber.moment)", "1") == "1"
    assert notebook.page.evaluate(active) == before  # to the notebook, an arrow would have meant the cell above
    notebook.press(".vos-tuner .vos-line", " ")
    assert notebook.kernel_says("print(scrubber.playing and scrubber.moment > 2)", "True") == "True"
    notebook.press(".vos-tuner .vos-line", " ", "End")
    assert notebook.kernel_says("print(scrubber.playing, scrubber.moment)", "False 9") == "False 9"
    say(notebook, ".vos-tuner", "frame 13 after 50 steps")
    notebook.screenshot(PICTURES / "fine_tuning_three.png", ".vos-tuner")


def test_what_the_kernel_sets_is_seen(notebook):
    notebook.kernel("scrubber.annotated, scrubber.moment = 0, 4")
    say(notebook, ".vos-tuner", "frame 13 after 7 steps")
    say(notebook, ".vos-tuner", "what it is told: nothing")


def test_dragging_a_slider_paints_other_targets(notebook):
    before = notebook.kernel("print(painter.answer['words'])")
    say(notebook, ".vos-painter", before)
    notebook.screenshot(PICTURES / "adaptation.png", ".vos-painter")
    notebook.drag(".vos-painter input[type=range]", (0.5, 0.5), (0.02, 0.5), nth=1)
    assert notebook.kernel_says("print(painter.distance, painter.setting.distance)", "0 0") == "0 0"
    after = notebook.kernel("print(painter.answer['words'])")
    assert after != before and "0 of 15,360" not in before
    say(notebook, ".vos-painter", after)
    notebook.drag(".vos-painter input[type=range]", (0.34, 0.5), (0.98, 0.5), nth=2)
    assert notebook.kernel_says("print(painter.setting.erosion)", "21") == "21"
    notebook.kernel("painter.distance, painter.erosion = 2, 1")
    say(notebook, ".vos-painter", before)


def test_the_button_runs_what_takes_long(notebook):
    notebook.page.get_by_role("button", name="run OnAVOS with replay and without").click()
    asked = "print(painter.runnable, [line['name'] for line in painter.lines])"
    wanted = "False ['with replay', 'without replay', 'nothing learned']"
    assert notebook.kernel_says(asked, wanted) == wanted
    say(notebook, ".vos-painter", "without replay")


def test_frames_are_turned_by_hand_and_by_keys(notebook):
    notebook.drag(".vos-painter .vos-line", (0.5, 0.5), (0.06, 0.5))
    assert notebook.kernel_says("print(painter.setting.frame)", "1") == "1"
    notebook.press(".vos-painter .vos-line", "End", "ArrowLeft")
    assert notebook.kernel_says("print(painter.setting.frame)", "14") == "14"
    say(notebook, ".vos-painter", notebook.kernel("print(painter.answer['words'])"))
    notebook.page.wait_for_timeout(200)  # the frame is decoded
    notebook.screenshot(PICTURES / "adaptation_late.png", ".vos-painter")


# ---- alone on a page


@pytest.fixture
def page():
    require_browser()
    with chromium_page((1080, 800)) as page:
        yield page
        assert page.errors == []


def test_a_filled_scrubber_needs_no_kernel(page):
    scrubber = FineTuningScrubber(TwoConvolutions(), two_squares(), steps=(0, 5, 40), finetune=teach).fill()
    page.set_content(page_of(scrubber))
    page.locator(".vos-line").press("End")
    page.locator("input[type=range]").fill("2")
    page.wait_for_function("() => document.querySelector('.vos-panes').innerText.includes('2 frames')")
    said = page.locator(".vos-tuner").inner_text()
    assert f"J {scrubber.tuning.of(2).j[2]:.2f}".replace("0.", ".") in said and "No kernel" not in said
    assert page.evaluate("() => model.get('reached')") == [-1, 2, 2, -1, -1]


def test_a_scrubber_that_was_not_trained_says_so(page):
    page.set_content(page_of(FineTuningScrubber(TwoConvolutions(), two_squares(), steps=(0, 2), finetune=teach)))
    page.evaluate(
        "() => { const now = performance.now.bind(performance); performance.now = () => now() + 60000 * (window.late ?? 0); }"
    )
    page.locator("input[type=range]").fill("3")
    page.evaluate("() => { window.late = 1; model.set('moment', 1); }")
    page.wait_for_function("() => document.querySelector('.vos-notes').innerText.includes('No kernel answers')")


def test_the_painted_pixels_are_those_of_the_state(page):
    painter = AdaptationPainter(two_squares(), TwoConvolutions()).fill()
    page.set_content(page_of(painter))
    for name, at in (("distance", 0), ("alpha", 4)):
        page.locator("input[type=range]").nth(("alpha", "distance", "erosion").index(name)).fill(str(at))
    key = f"{painter.moment},4,0,{painter.erosion}"
    said = page.locator(".vos-about")
    assert said.inner_text() == painter.stored[key]["words"]
    codes = page.evaluate(
        f"""async (key) => {{ {painter._esm.split("export default")[0]};
          return [...expandRuns(await inflate(model.get('stored')[key].runs), 24 * 32)]; }}""",
        key,
    )
    setting = painter._setting([int(part) for part in key.split(",")])
    assert codes == painter.adaptation.of(setting).codes.ravel().tolist()


def test_a_state_that_is_not_stored_shows_the_nearest_and_says_so(page):
    painter = AdaptationPainter(two_squares(), TwoConvolutions()).fill()
    page.set_content(page_of(painter))
    page.locator(".vos-line").press("Home")
    page.locator("input[type=range]").first.fill("0")
    page.wait_for_function("() => document.querySelector('.vos-notes').innerText.includes('No kernel answers')")
    assert page.locator(".vos-about").inner_text() == painter.stored[f"0,{painter.alpha},2,{painter.erosion}"]["words"]
