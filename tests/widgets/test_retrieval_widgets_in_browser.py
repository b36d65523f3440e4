"""The pictures of pixel retrieval in a real browser: places clicked and dragged, sliders, labels, keys; and alone on a page."""

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.widgets.alone import page_of
from tests.widgets.browser import chromium_page, require_browser, running_lab, write_notebook
from tests.widgets.lookalike import Colour, colour_net, lookalike_clip, two_coloured_clip
from vostutor.widgets import ClickSegmenter, EmbeddingScatter, MatchProbe

pytestmark = pytest.mark.browser
PICTURES = ROOT / "build/browser"

CELLS = [
    f"""import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.widgets.lookalike import Colour, colour_net, lookalike_clip, two_coloured_clip
from vostutor.widgets import ClickSegmenter, EmbeddingScatter, MatchProbe
probe = MatchProbe(lookalike_clip(), colour_net(), frame=1)
probe""",
    """from vostutor.models.pml import plain_triplet
scatter = EmbeddingScatter(two_coloured_clip(), Colour(), triplet=plain_triplet)
scatter""",
    """segmenter = ClickSegmenter(two_coloured_clip(), Colour())
segmenter""",
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    require_browser()
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "retrieval.ipynb", CELLS)
    with running_lab(folder, size=(1280, 2900)) as lab:
        opened = lab.open("retrieval.ipynb")
        opened.run_all()
        for name in (".vos-match", ".vos-scatter", ".vos-clicker"):
            opened.page.wait_for_selector(name)
        yield opened
        opened.screenshot(PICTURES / "retrieval.png")
        assert opened.errors() == []


def say(page, selector: str, words: str) -> None:
    page.wait_for_function(
        "([selector, words]) => document.querySelector(selector).innerText.includes(words)", arg=[selector, words]
    )


def middle_of(row: int, column: int) -> tuple[float, float]:
    """A place of frame t in the match probe's picture of three frames: in shares of its width and height."""
    wide = 420
    return (wide + 26 + (column + 0.5) / 12 * wide) / (3 * wide + 52), (row + 0.5) / 8


def test_clicking_the_lookalike_tells_where_it_was_found_and_where_not(notebook):
    at = middle_of(3, 9)
    notebook.drag(".vos-match .vos-aim", at, at, steps=1)
    asked = "print(probe.place, probe.reading.far, probe.reading.near)"
    assert notebook.kernel_says(asked, "[3, 9] 1 0") == "[3, 9] 1 0"
    say(notebook.page, ".vos-match", notebook.kernel("print(probe.reading.words)"))
    say(notebook.page, ".vos-match", "No place of object 1 (square) lies in the window")
    notebook.screenshot(PICTURES / "match_probe.png", ".vos-match")


def test_dragging_k_brings_the_object_into_the_window(notebook):
    notebook.drag(".vos-match input[type=range]", (0.25, 0.5), (0.99, 0.5), nth=1)
    asked = "print(probe.reaches[probe.reach], probe.reading.near)"
    assert notebook.kernel_says(asked, "11 1") == "11 1"
    say(notebook.page, ".vos-match", "11 places, 23 × 23")
    say(notebook.page, ".vos-match", notebook.kernel("print(probe.reading.words)"))


def test_keys_move_the_place_and_a_label_is_chosen(notebook):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = notebook.page.evaluate(active)
    notebook.press(".vos-match .vos-aim", "ArrowLeft", "ArrowDown", "ArrowLeft")
    assert notebook.kernel_says("print(probe.place)", "[4, 7]") == "[4, 7]"
    assert notebook.page.evaluate(active) == before  # to the notebook, an arrow would have meant another cell
    notebook.page.locator(".vos-match .vos-levels label").nth(1).click()
    assert notebook.kernel_says("print(probe.shown)", "0") == "0"
    say(notebook.page, ".vos-match", "nearest of background")


def test_clicking_the_scatter_or_a_frame_takes_an_anchor(notebook):
    notebook.drag(".vos-scatter .vos-aim", (0.04, 0.73), (0.04, 0.73), steps=1)  # the heap of the other colour
    blue = notebook.kernel_says("print(scatter.anchor[1] in (6, 7), scatter.reading.said)", "True mean")
    assert blue == "True mean"
    notebook.drag(".vos-scatter .vos-aim", (4.5 / 12, 4.5 / 8), (4.5 / 12, 4.5 / 8), nth=1, steps=1)
    assert notebook.kernel_says("print(scatter.anchor)", "[4, 4]") == "[4, 4]"
    say(notebook.page, ".vos-scatter", notebook.kernel("print(scatter.reading.words)"))
    own = notebook.kernel("print(f'{scatter.answer[\"own\"]:.2f}')")
    say(notebook.page, ".vos-scatter", f"Your triplet says {own}")
    notebook.screenshot(PICTURES / "embedding_scatter.png", ".vos-scatter")


def test_dragging_the_margin_asks_more_anchors(notebook):
    notebook.drag(".vos-scatter input[type=range]", (0.1, 0.5), (0.99, 0.5))
    asked = "print(scatter.margin == scatter.limits['most'], scatter.reading.said)"
    assert notebook.kernel_says(asked, "True both") == "True both"
    share = notebook.kernel("print(round(100 * scatter.reading.shares[0]))")
    say(notebook.page, ".vos-scatter", f"{share} %")
    notebook.press(".vos-scatter .vos-aim >> nth=1", "ArrowRight")
    assert notebook.kernel_says("print(scatter.anchor)", "[4, 5]") == "[4, 5]"


def click_place(notebook, row: int, column: int) -> None:
    at = (column + 0.5) / 12, (row + 0.5) / 8
    notebook.drag(".vos-clicker .vos-aim", at, at, steps=1)


def test_clicks_segment_both_frames_at_once(notebook):
    click_place(notebook, 2, 4)
    notebook.page.locator(".vos-clicker .vos-levels label").first.click()
    click_place(notebook, 0, 0)
    assert notebook.kernel_says("print(segmenter.clicks)", "[[0, 2, 4, 1], [0, 0, 0, 0]]") != "[]"
    say(notebook.page, ".vos-clicker", "2 clicks: 1 background, 1 object 1 (flag)")
    say(notebook.page, ".vos-clicker", "J .50")  # the other colour is missed
    notebook.press(".vos-clicker .vos-aim", "1")
    click_place(notebook, 2, 7)
    assert notebook.kernel_says("print(segmenter.j)", "(1.0, 1.0)") == "(1.0, 1.0)"
    say(notebook.page, ".vos-clicker", "J 1.00")
    notebook.screenshot(PICTURES / "click_segmenter.png", ".vos-clicker")


def test_keys_click_and_take_back(notebook):
    notebook.press(".vos-clicker .vos-aim", "ArrowDown", "ArrowDown", "ArrowDown", "0", "Enter")
    assert notebook.kernel_says("print(segmenter.clicks[-1])", "[0, 5, 7, 0]") == "[0, 5, 7, 0]"
    notebook.press(".vos-clicker .vos-aim", "Backspace")
    assert notebook.kernel_says("print(len(segmenter.clicks))", "3") == "3"
    notebook.page.get_by_role("button", name="take the last click back").click()
    assert notebook.kernel_says("print(len(segmenter.clicks))", "2") == "2"
    notebook.page.get_by_role("button", name="take all clicks back").click()
    assert notebook.kernel_says("print(segmenter.clicks)", "[]") == "[]"
    say(notebook.page, ".vos-clicker", "Nothing is in the pool.")


# ---- alone on a page


@pytest.fixture
def page():
    require_browser()
    with chromium_page((1100, 900)) as page:
        yield page
        assert page.errors == []


def in_page(page, widget, script: str, given):
    """What a script says that knows the widget's functions."""
    return page.evaluate(
        f"async (given) => {{ {widget._esm.split('export default')[0]}; return await ({script})(given); }}", given
    )


def test_the_pages_own_reading_of_a_place_is_the_kernels(page):
    probe = MatchProbe(lookalike_clip(), colour_net(), frame=2).fill()
    page.set_content(page_of(probe))
    script = """async ([key, place, shown]) => {
      const stored = model.get("stored"), far = await inflate(stored.far[key[0]]), near = await inflate(stored.near[key]);
      const { get } = model, own = { place, shown };
      const fake = { get: (name) => own[name] ?? get(name) };
      return readPlace(fake, { ...unpack(model, far, near), state: key.split(",").map(Number) });
    }"""
    for key in list(probe.stored["near"])[::3]:
        moment, reach = map(int, key.split(","))
        for place, shown in (((3, 9), -1), ((4, 3), -1), ((0, 0), 1), ((7, 11), 0), ((3, 4), -1)):
            seen = in_page(page, probe, script, [key, place, shown])
            own = probe.likeness.read(probe.moments[moment], probe.reaches[reach], place, shown)
            assert (seen["words"], seen["said"]) == (own.words, list(own.said))
            assert np.allclose(seen["table"], own.table, atol=1e-9)
            assert [seen["first"], seen["last"]] == [m and list(m) for m in (own.first, own.last)]


def test_a_filled_probe_needs_no_kernel_and_says_where_it_has_nothing(page):
    probe = MatchProbe(lookalike_clip(), colour_net(), frame=1).fill()
    del probe.stored["near"]["2,0"]
    page.set_content(page_of(probe))
    page.locator("input[type=range]").first.fill("1")
    say(page, ".vos-match", "frame 1, as it was answered")
    assert "No kernel" not in page.locator(".vos-match").inner_text()
    page.locator("input[type=range]").nth(1).fill("0")
    page.locator("input[type=range]").first.fill("2")
    say(page, ".vos-match", "No kernel answers: this is the nearest stored state, frame 3 with a reach of 1.")


def test_the_pages_own_triplets_are_the_kernels(page):
    scatter = EmbeddingScatter(two_coloured_clip(), Colour())
    page.set_content(page_of(scatter))
    for anchor, share in (((4, 4), 0.0), ((0, 0), 0.3), ((5, 7), 0.6), ((7, 11), 1.0)):
        scatter.anchor, scatter.margin = anchor, share * scatter.limits["most"]
        seen = in_page(
            page,
            scatter,
            "([anchor, margin]) => readAnchor(openSpace(model), anchor, margin)",
            [anchor, scatter.margin],
        )
        own = scatter.reading
        assert seen["said"] == own.said and np.allclose(seen["hinges"], own.hinges, atol=1e-4)
        assert np.allclose([*seen["shares"], *seen["label_shares"]], [*own.shares, *own.label_shares])


def test_without_a_kernel_the_page_looks_neighbours_up(page):
    segmenter = ClickSegmenter(two_coloured_clip(), Colour())
    page.set_content(page_of(segmenter))
    canvas = page.locator(".vos-aim").first
    box = canvas.bounding_box()
    for label, (row, column) in ((1, (2, 4)), (1, (2, 7)), (0, (0, 0))):
        canvas.press(str(label))
        canvas.click(position={"x": (column + 0.5) / 12 * box["width"], "y": (row + 0.5) / 8 * box["height"]})
    say(page, ".vos-clicker", "J 1.00")
    say(page, ".vos-clicker", "No kernel answers: the page looked the neighbours up itself, in 3 of 3 directions")
    segmenter.clicks = page.evaluate("() => model.get('clicks')")
    found = in_page(page, segmenter, "(clicks) => [...openPool(model).segment(clicks)]", segmenter.clicks)
    assert found == segmenter.found.flatten().tolist()
