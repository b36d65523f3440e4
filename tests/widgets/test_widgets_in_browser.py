"""The widgets in a real browser: hands on the page, answers from the kernel; and alone on a page, where no kernel is."""

import json

import pytest

from tests.conftest import ROOT
from tests.widgets.alone import page_of
from tests.widgets.browser import chromium_page, require_browser, running_lab, write_notebook
from vostutor.widgets import ClipPlayer, JFExplorer, Switchboard
from vostutor.widgets.jf_world import SEQUENCES, TRUTH, WORLD, Box, explore, summarise
from vostutor.widgets.switches import SEED

pytestmark = pytest.mark.browser
PICTURES = ROOT / "build/browser"

CELLS = [
    """from vostutor.data.minivos import draw_clip
from vostutor.widgets import ClipPlayer, JFExplorer, Switchboard
clip = draw_clip("distractor", 3)
results = {"copy": clip.ids[:1].repeat(16, 1, 1), "late": clip.ids.roll(1, 0)}
player = ClipPlayer(clip, results)
player""",
    """explorer = JFExplorer("steady")
explorer""",
    """mine = JFExplorer("steady", jaccard=lambda gt, pred: (gt & pred).sum() / gt.sum())
mine""",
    """from vostutor.widgets import Switchboard
board = Switchboard()
board""",
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    require_browser()
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "widgets.ipynb", CELLS)
    with running_lab(folder, size=(1280, 3000)) as lab:
        opened = lab.open("widgets.ipynb")
        opened.run_all()
        opened.page.wait_for_selector(".vos-explorer >> nth=1")
        opened.page.wait_for_selector(".vos-board")
        yield opened
        opened.screenshot(PICTURES / "widgets.png")
        assert opened.errors() == []


def test_dragging_the_time_line_moves_the_kernels_frame(notebook):
    notebook.drag(".vos-player .vos-line", (0.05, 0.5), (0.99, 0.5))
    assert notebook.kernel_says("print(player.frame)", "15") == "15"


def test_the_keyboard_steps_jumps_and_plays(notebook):
    notebook.press(".vos-player .vos-line", "Home", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert notebook.kernel_says("print(player.frame)", "1") == "1"
    notebook.press(".vos-player .vos-line", " ")
    assert notebook.kernel_says("print(player.playing and player.frame > 3)", "True") == "True"
    notebook.press(".vos-player .vos-line", " ", "End")
    assert notebook.kernel_says("print(player.playing, player.frame)", "False 15") == "False 15"


def test_buttons_sliders_and_legend_reach_the_kernel(notebook):
    notebook.page.locator(".vos-player").get_by_label("one frame back").click()
    notebook.page.locator(".vos-player input[type=range]").fill("0.8")
    notebook.page.locator(".vos-player input[type=checkbox]").uncheck()
    notebook.page.locator(".vos-object").first.click()
    said = "PlayerState(frame=14, opacity=0.8, outline=False, hidden=(1,))"
    assert notebook.kernel_says("print(player.state)", said) == said


def test_what_the_kernel_sets_is_seen(notebook):
    notebook.kernel("player.frame, player.outline, player.opacity, player.hidden = 5, True, 0.45, []")
    notebook.page.wait_for_selector('.vos-player .vos-line[aria-valuenow="5"]')
    assert notebook.page.locator(".vos-player .vos-clock").inner_text() == "frame 5 of 15 · 0.21 s"
    for change, seen in (
        ("hidden = [1]", '.vos-object[aria-pressed="false"]'),
        ("hidden = []", '.vos-object[aria-pressed="true"]'),
        ("playing = True", '.vos-player button[aria-label="pause"]'),
        ("playing = False", '.vos-player button[aria-label="play"]'),
    ):
        notebook.kernel(f"player.{change}")
        notebook.page.wait_for_selector(seen, timeout=20_000)
    notebook.kernel("player.frame = 5")
    notebook.page.wait_for_selector('.vos-player .vos-line[aria-valuenow="5"]')
    assert notebook.page.locator(".vos-pane").nth(1).get_attribute("aria-label").startswith("copy, frame 5, J .")


def test_dragging_the_square_moves_it_in_the_kernel_and_j_follows(notebook):
    before = json.loads(notebook.kernel("print(explorer.boxes[explorer.frame])"))
    notebook.drag(".vos-world", (0.5, 0.5), (0.5 + 10 / WORLD, 0.5 - 4 / WORLD))
    after = [before[0] - 4, before[1] + 10, before[2]]
    wanted = f"{after} {explore(TRUTH, Box(*after), 1).J:.6f}"
    asked = 'print(explorer.boxes[explorer.frame], f\'{explorer.answer["numbers"]["J"]:.6f}\')'
    assert notebook.kernel_says(asked, wanted) == wanted


def test_keys_move_and_grow_the_square_and_turn_the_frames(notebook):
    notebook.kernel("explorer.boxes, explorer.frame = [[16, 16, 32]] * 12, 4")
    notebook.page.wait_for_function(
        "() => document.querySelector('.vos-explorer .vos-number b').textContent === '1.000'"
    )
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = notebook.page.evaluate(active)
    notebook.press(".vos-world", "PageDown", "+", "+", "ArrowUp")
    assert notebook.kernel_says("print(explorer.frame, explorer.boxes[5])", "5 [13, 14, 36]") == "5 [13, 14, 36]"
    assert notebook.page.evaluate(active) == before  # to the notebook, an arrow would have meant the cell above
    notebook.press(".vos-explorer .vos-line", "ArrowLeft")
    assert notebook.kernel_says("print(explorer.frame)", "4") == "4"


def test_radius_and_sequences_are_chosen_by_hand(notebook):
    notebook.page.locator(".vos-explorer input[type=range]").first.fill("3")
    notebook.page.get_by_role("button", name="prediction: lost at the end").first.click()
    wanted = f"3 {summarise([explore(TRUTH, box, 1).J for box in SEQUENCES['lost at the end']])['D']:.6f}"
    asked = 'print(explorer.radius, f\'{explorer.answer["summary"]["D"]:.6f}\')'
    assert notebook.kernel_says(asked, wanted) == wanted


def test_a_students_wrong_jaccard_is_what_the_page_shows(notebook):
    notebook.drag(".vos-world", (0.5, 0.5), (0.5, 0.25), nth=2)  # 16 px up, half of the square leaves the truth
    box = json.loads(notebook.kernel_says("print(mine.boxes[mine.frame])", "[1, 18, 32]"))
    seen = explore(TRUTH, Box(*box), 1)
    wrong = f"{seen.counts['intersection'] / 1024:.3f}".lstrip("0")
    number = notebook.page.locator(".vos-explorer >> nth=1").locator(".vos-number b").first
    notebook.page.wait_for_function(
        f"() => document.querySelectorAll('.vos-explorer')[1].innerText.includes('{wrong}')"
    )
    assert number.inner_text() == wrong != f"{seen.J:.3f}".lstrip("0")
    assert (
        "Counting the pixels gives"
        in notebook.page.locator(".vos-explorer >> nth=1").locator(".vos-notes").inner_text()
    )


def level(notebook, switch: str, word: str):
    return notebook.page.locator(f'[data-switch="{switch}"] label', has_text=word)


def test_turning_a_switch_draws_another_clip_and_the_page_shows_its_scores(notebook):
    level(notebook, "occluder", "yes").click()
    asked = "print(board.shown['settings'], f\"{board.shown['sides'][1]['systems'][1]['mean']:.2f}\")"
    wanted = f"{{'occluder': 'yes'}} {Switchboard({'occluder': 'yes'}).after.mean('flow warp'):.2f}"
    assert notebook.kernel_says(asked, wanted) == wanted
    shown = notebook.page.locator(".vos-scores tbody tr").nth(1).locator("td").nth(1)
    notebook.page.wait_for_function(
        "(text) => document.querySelectorAll('.vos-scores tbody tr')[1].querySelectorAll('td')[1].textContent === text",
        arg=wanted.split()[-1].lstrip("0"),
    )
    assert shown.is_visible()
    notebook.page.wait_for_timeout(300)  # the frames are decoded
    notebook.screenshot(PICTURES / "switchboard.png", ".vos-board")


def test_switches_are_turned_by_keys_and_turned_back(notebook):
    level(notebook, "things", "normal").locator("input").focus()
    notebook.page.keyboard.press("ArrowRight")
    both = "{'occluder': 'yes', 'things': 'fast'}"
    assert notebook.kernel_says("print(dict(sorted(board.settings.items())))", both) == both
    notebook.page.get_by_role("button", name="all switches back").click()
    assert notebook.kernel_says("print(board.settings, board.after is board.before)", "{} True") == "{} True"
    assert level(notebook, "things", "normal").locator("input").is_checked()


def test_the_boards_scenes_and_frames_are_turned_by_hand(notebook):
    notebook.page.get_by_role("button", name="the next scene").click()
    assert notebook.kernel_says("print(board.shown['seed'])", str(SEED + 1)) == str(SEED + 1)
    notebook.page.get_by_role("button", name="the scene before").click()
    notebook.press(".vos-board .vos-line", "Home", "ArrowRight")
    assert notebook.kernel_says("print(board.shown['seed'], board.frame)", f"{SEED} 1") == f"{SEED} 1"
    notebook.drag(".vos-board .vos-line", (0.1, 0.5), (0.99, 0.5))
    assert notebook.kernel_says("print(board.frame)", "11") == "11"


@pytest.fixture
def page():
    require_browser()
    with chromium_page((900, 1000)) as page:
        yield page
        assert page.errors == []


def test_the_pages_own_arithmetic_is_the_kernels(page):
    page.set_content(f"<script>{JFExplorer()._esm.split('export default')[0]}</script>")
    boxes = [
        Box(16, 16, 32),
        Box(0, 0, 2),
        Box(62, 62, 2),
        Box(16, 16, 48),
        Box(0, 40, 24),
        Box(33, 2, 31),
        Box(14, 14, 36),
    ]
    states = [(box, radius) for box in boxes for radius in range(1, 9)]
    asked = [[[box.row, box.column, box.size], radius] for box, radius in states]
    script = """(states) => states.map(([box, radius]) => {
      const seen = twinExplore([16, 16, 32], box, radius, 64);
      return [Array.from(seen.flags), seen.numbers, seen.counts, twinJaccard([16, 16, 32], box)];
    })"""
    for (box, radius), (flags, numbers, counts, j) in zip(states, page.evaluate(script, asked), strict=True):
        seen = explore(TRUTH, box, radius)
        assert flags == seen.flags.ravel().tolist() and counts == seen.counts
        wanted = {"J": seen.J, "F": seen.F, "P": seen.precision, "R": seen.recall}
        assert numbers == pytest.approx(wanted, abs=1e-12) and j == pytest.approx(seen.J, abs=1e-12)


def test_the_pages_own_summary_is_the_kernels(page):
    page.set_content(f"<script>{JFExplorer()._esm.split('export default')[0]}</script>")
    curves = [[((7 * t * n) % 11) / 10 for t in range(n)] for n in range(2, 60)]
    for curve, summary in zip(curves, page.evaluate("(curves) => curves.map(twinSummary)", curves), strict=True):
        assert summary == pytest.approx(summarise(curve), abs=1e-12)


def test_the_explorer_works_where_no_kernel_is(page):
    page.set_content(page_of(JFExplorer("steady", frame=0)))
    page.locator(".vos-world").first.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "+", "+"):  # steady is 1 down and 2 right of the truth
        page.keyboard.press(key)
    assert page.locator(".vos-number b").all_inner_texts() == [".790", ".000", ".000", ".000"]


def test_a_students_explorer_says_when_no_kernel_answers(page):
    page.set_content(page_of(JFExplorer("steady", jaccard=lambda gt, pred: 0.123)))
    assert page.locator(".vos-number b").first.inner_text() == ".123"
    page.locator(".vos-world").first.press("ArrowUp")
    page.wait_for_function("() => document.querySelector('.vos-notes').innerText.includes('No kernel answers')")


def test_the_switchboard_plays_where_no_kernel_is_and_says_what_it_cannot(page):
    page.set_content(page_of(Switchboard({"things": "fast"}, frame=0)))
    page.locator(".vos-line").press("End")
    assert page.evaluate("() => model.get('frame')") == 11
    page.locator('[data-switch="camera"] label', has_text="fast").click()
    assert page.evaluate("() => model.get('settings')") == {"things": "fast", "camera": "fast"}
    page.wait_for_function("() => document.querySelector('.vos-notes').innerText.includes('No kernel answers')")


def test_the_player_draws_the_masks_where_no_kernel_is(page):
    import torch

    ids = torch.zeros(3, 8, 8, dtype=torch.int64)
    ids[:, 2:6, 2:6], ids[2, 0, :] = 1, 2
    player = ClipPlayer(torch.zeros(3, 3, 8, 8, dtype=torch.uint8), {"copy": ids})
    player.opacity, player.outline = 1.0, False
    page.set_content(page_of(player))
    page.locator(".vos-line").press("End")
    colours = page.evaluate("""() => {
      const canvas = document.querySelector('.vos-pane'), pen = canvas.getContext('2d'), cell = canvas.width / 8;
      const at = (y, x) => Array.from(pen.getImageData((x + 0.5) * cell, (y + 0.5) * cell, 1, 1).data.slice(0, 3));
      return [at(3, 3), at(0, 5), at(7, 7)];
    }""")
    assert colours == [[230, 159, 0], [86, 180, 233], [0, 0, 0]]
    page.evaluate("() => model.set('outline', true)")
    page.screenshot(path=str(PICTURES / "player_alone.png"))
