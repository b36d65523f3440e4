"""The correlation probe in a real browser: a pixel clicked, sliders dragged, the wheel picked from; and alone on a page."""

import pytest

from tests.conftest import ROOT
from tests.widgets.alone import page_of
from tests.widgets.browser import chromium_page, require_browser, running_lab, write_notebook
from tests.widgets.test_correlation_probe import moving, plain_correlation
from vostutor.widgets import CorrelationProbe
from vostutor.widgets.probe_scores import Place, read_slice, take_slice

pytestmark = pytest.mark.browser
PICTURES = ROOT / "build/browser"

CELLS = [
    """from vostutor.data.minivos import draw_clip
from vostutor.widgets import CorrelationProbe
clip = draw_clip("fast", 5, frames=8)
probe = CorrelationProbe(clip, frame=3)
probe""",
    """import torch
def wrong(f1, f2, radius):      # wraps around, and rows and columns are swapped
    shifts = range(-radius, radius + 1)
    return torch.stack([(f1 * f2.roll((-dx, -dy), (2, 3))).mean(1) for dy in shifts for dx in shifts], dim=1)
mine = CorrelationProbe(clip, correlation=wrong, frame=3)
mine""",
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    require_browser()
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "probe.ipynb", CELLS)
    with running_lab(folder, size=(1280, 1900)) as lab:
        opened = lab.open("probe.ipynb")
        opened.run_all()
        opened.page.wait_for_selector(".vos-probe >> nth=1")
        yield opened
        opened.screenshot(PICTURES / "probes.png")
        assert opened.errors() == []


def click(notebook, selector: str, share: tuple[float, float], nth: int = 0) -> None:
    notebook.drag(selector, share, share, nth=nth, steps=1)


def say(notebook, words: str, nth: int = 0) -> None:
    notebook.page.wait_for_function(
        f"(words) => document.querySelectorAll('.vos-probe')[{nth}].innerText.includes(words)", arg=words
    )


def test_a_click_chooses_the_pixel_and_both_sides_say_the_same(notebook):
    click(notebook, ".vos-aim", (62.5 / 160, 60.5 / 96))
    wanted = "[62, 60] right ridge 1"
    assert notebook.kernel_says("print(probe.pixel, *probe.reading.said, probe.reading.rank)", wanted) == wanted
    say(notebook, notebook.kernel("print(probe.answer['words'])"))
    say(notebook, "✓ a ridge")
    notebook.screenshot(PICTURES / "probe_ridge.png", ".vos-probe")


def test_dragging_d_brings_a_match_into_the_window(notebook):
    click(notebook, ".vos-aim", (104.5 / 160, 54.5 / 96))
    said = "print(probe.radius, probe.reading.said[0])"
    assert notebook.kernel_says(said, "4 outside") == "4 outside"
    say(notebook, "The true match lies outside the window: only d = 7 would reach it.")
    notebook.screenshot(PICTURES / "probe_outside.png", ".vos-probe")
    notebook.drag(".vos-probe input[type=range]", (3.5 / 9, 0.5), (0.99, 0.5))
    assert notebook.kernel_says(said, "10 close") == "10 close"
    say(notebook, "21 × 21 = 441 scores a place, reaching 20 px")


def test_dragging_the_stride_thins_the_window_out(notebook):
    notebook.drag(".vos-probe input[type=range]", (0.04, 0.5), (0.34, 0.5), nth=1)
    assert notebook.kernel_says("print(probe.step, probe.reading.scores.shape)", "2 (11, 11)") == "2 (11, 11)"
    say(notebook, "No step falls on the true match")
    notebook.screenshot(PICTURES / "probe_stride.png", ".vos-probe")
    notebook.kernel("probe.radius, probe.step = 4, 1")
    say(notebook, "9 × 9 = 81 scores a place, reaching 8 px")


def test_arrow_keys_move_by_a_cell_and_with_shift_by_a_pixel(notebook):
    notebook.kernel("probe.pixel = [62, 60]")
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = notebook.page.evaluate(active)
    notebook.press(".vos-aim", "ArrowRight", "ArrowUp", "Shift+ArrowRight")
    assert notebook.kernel_says("print(probe.pixel)", "[65, 58]") == "[65, 58]"
    assert notebook.page.evaluate(active) == before  # to the notebook, an arrow would have meant the cell above


def test_the_wheel_finds_who_moves_like_that(notebook):
    click(notebook, ".vos-wheel", (0.5 - 0.47 * 14 / 16, 0.5 - 0.47 * 6 / 16))
    count = notebook.kernel_says("print(probe.picked_pixels.sum())", "2925")
    assert 2000 < int(count) < 4000  # the thing in the foreground
    say(notebook, f"{count} px")
    notebook.screenshot(PICTURES / "probe_wheel.png", ".vos-probe")
    notebook.press(".vos-wheel", "Escape")
    assert notebook.kernel_says("print(probe.picked)", "[]") == "[]"


def test_a_wrong_correlation_is_what_the_page_shows(notebook):
    click(notebook, ".vos-aim", (138.5 / 160, 38.5 / 96), nth=1)
    asked = "print(mine.pixel, mine.reading.best, mine.reading.true)"
    assert notebook.kernel_says(asked, "[138, 38] (0, -2) (-2, 0)") == "[138, 38] (0, -2) (-2, 0)"
    say(notebook, "The best match is not the true one.", nth=1)
    say(notebook, "Computed by your correlation.", nth=1)
    notebook.screenshot(PICTURES / "probe_wrong.png", ".vos-probe >> nth=1")


# ---- alone on a page


@pytest.fixture
def page():
    require_browser()
    with chromium_page((1120, 760)) as page:
        yield page
        assert page.errors == []


def test_the_pages_own_reading_is_the_kernels(page):
    probe = CorrelationProbe(moving((5.0, -3.0)))
    page.set_content(page_of(probe))
    page.wait_for_selector(".vos-probe")
    places = [Place(x, y, r, s) for x, y in ((0, 0), (63, 47), (31, 20)) for r in (1, 4, 10) for s in (1, 2, 3, 4)]
    volumes = {r: plain_correlation(*probe._volumes._described[0][:, None], r) for r in (1, 4, 10)}
    for place in places:
        side = 2 * place.radius + 1
        cell = (min(place.y // 2, 23), min(place.x // 2, 31))
        volume = volumes[place.radius][0].numpy().reshape(side, side, 24, 32)
        reading = read_slice(take_slice(volume, cell, place.radius, place.step), place, probe.pair, 2)
        asked = [reading.scores.ravel().tolist(), vars(place) | {"reach": place.reach}]
        script = """([scores, place]) => {
          const flow = openFlow(model), seen = readSlice(scores, place, flow.of(place.x, place.y), false, [48, 64], 2);
          return { ...seen, words: sayReading(model.get("words"), seen) };
        }"""
        seen = page.evaluate(
            f"(given) => {{ {probe._esm.split('export default')[0]}; return ({script})(given); }}", asked
        )
        assert seen["words"] == reading.words and seen["rank"] == reading.rank
        for name in ("best", "true"):  # a window of one score has no best
            assert seen[name] == (getattr(reading, name) and list(getattr(reading, name)))


def test_without_a_kernel_the_nearest_stored_place_answers(page):
    page.set_content(page_of(CorrelationProbe(moving(), radius=3, pixel=(30, 24))))
    page.locator(".vos-aim").press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.vos-notes').innerText.includes('No kernel answers')")
    assert page.locator(".vos-about").inner_text() == "The best match is the true one. One sharp peak."
    page.locator(".vos-probe input[type=range]").first.fill("2")
    page.wait_for_function("() => document.querySelector('.vos-about').innerText.includes('outside the window')")


def test_without_flow_the_page_has_no_wheel(page):
    page.set_content(page_of(CorrelationProbe(moving()[:2])))
    page.wait_for_selector(".vos-probe")
    assert page.locator(".vos-wheel").count() == 0 and "not known" in page.locator(".vos-told").inner_text()
