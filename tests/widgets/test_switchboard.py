"""The switchboard without a browser: which recipe a setting is, what becomes of pixels, and whose functions give the numbers."""

import numpy as np
import pytest
import torch

from vostutor.core import Clip, VosError
from vostutor.data.studio.recipe import PLAIN
from vostutor.models import CopyFirstMask
from vostutor.viz.colours import series_look
from vostutor.viz.draw import as_pixels
from vostutor.widgets import Switchboard
from vostutor.widgets.packing import unpack_ids
from vostutor.widgets.switches import FRAMES, SEED, SWITCHES, film, moved, recipe_of, try_systems
from vostutor.widgets.verdicts import EXTRA, LOST, PAINT, PERIOD, RIGHT, cover, judge, paint

TURNS = [(switch.name, word) for switch in SWITCHES for word in switch.levels if word != switch.rest]


@pytest.fixture(scope="module")
def board():
    return Switchboard()


def walking(steps: int = 4) -> Clip:
    """A square of 2 x 2 that goes one pixel to the right in each frame."""
    ids = torch.zeros(steps, 6, 10, dtype=torch.int64)
    for t in range(steps):
        ids[t, 2:4, 1 + t : 3 + t] = 1
    return Clip(
        torch.zeros(steps, 3, 6, 10, dtype=torch.uint8), ids, object_ids=(1,), categories=("square",), name="square"
    )


def test_a_copied_square_scores_as_by_hand():
    trial = try_systems(walking(), {"copy": CopyFirstMask})
    assert trial.curves["copy"][1:3] == pytest.approx([2 / 6, 0]) and np.isnan(trial.curves["copy"])[[0, 3]].all()
    assert trial.mean("copy") == pytest.approx(1 / 6) and trial.breaks_at("copy") == 1


def test_a_system_that_is_right_never_breaks():
    clip = walking()

    class Oracle(CopyFirstMask):
        def step(self, frame):
            self.t = getattr(self, "t", 0) + 1
            self.ids = clip.ids[self.t]
            return super().step(frame)

    assert try_systems(clip, {"oracle": Oracle}).breaks_at("oracle") is None


def test_every_pixel_gets_its_verdict():
    assert judge([[0, 1, 1], [2, 0, 2]], [[0, 1, 0], [1, 2, 2]]).tolist() == [[0, RIGHT, LOST], [LOST, EXTRA, RIGHT]]


def test_background_that_is_right_stays_unpainted():
    frame = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    verdicts = np.zeros((4, 6), np.uint8)
    verdicts[1, 2:5] = RIGHT, LOST, EXTRA
    painted = paint(frame, verdicts)
    assert ((painted != frame).any(2) == (verdicts > 0)).all()


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_a_switch_at_rest_is_the_plain_recipe(switch):
    assert moved({switch.name: switch.rest}) == {} and recipe_of({switch.name: switch.rest}) == PLAIN
    assert len(switch.levels) == len({recipe_of({switch.name: word}) for word in switch.levels})


@pytest.mark.parametrize(("name", "word"), TURNS)
def test_every_switch_shows_in_the_first_scene_and_leaves_its_cast(name, word, board):
    turned = film({name: word}, SEED)
    assert (turned.frames != board.before.clip.frames).any()
    assert turned.categories == board.before.clip.categories


def test_the_lesson_of_the_first_scene(board):
    """What its text says: a still camera helps the copied mask, an occluder breaks the warped one, fast things cost both."""
    plain = board.before
    trials = {word: try_systems(film({name: word}, SEED), board._systems) for name, word in TURNS if word in ("fast",)}
    assert trials["fast"].mean("flow warp") < plain.mean("flow warp")
    hidden = try_systems(film({"occluder": "yes"}, SEED), board._systems)
    assert hidden.mean("flow warp") < plain.mean("flow warp") - 0.1


def test_what_the_browser_gets_is_the_trial(board):
    board.settings = {"occluder": "yes"}
    for side, trial in zip(board.shown["sides"], (board.before, board.after), strict=True):
        assert len(side["film"]) == FRAMES
        for name, column in zip(("copy", "flow warp"), side["systems"], strict=True):
            height, width = trial.clip.ids.shape[1:]
            assert np.array_equal(unpack_ids(column["runs"], height, width), trial.verdicts(name))
            assert column["curve"][0] is None and column["curve"][1] == trial.curves[name][1]
    assert board.shown["settings"] == {"occluder": "yes"} and board.shown["seed"] == SEED
    board.settings = {}
    assert board.shown["sides"][0] == board.shown["sides"][1]


def test_what_was_drawn_once_is_not_tried_again(board):
    before = board.before
    board.settings = {"colours": "ground"}
    board.settings = {"colours": "own"}
    assert board.settings == {} and board.after is before


def test_controls_stay_in_range(board):
    board.frame = 99
    assert board.frame == FRAMES - 1
    with pytest.raises(VosError, match="occluder"):
        board.settings = {"occulder": "yes"}
    with pytest.raises(VosError, match="still, normal, fast"):
        Switchboard({"things": "quick"})
    with pytest.raises(VosError, match="whole number"):
        Switchboard(seed=-1)
    with pytest.raises(VosError, match="one to three"):
        Switchboard(systems=dict.fromkeys("abcd", CopyFirstMask))


def test_a_students_functions_give_the_numbers():
    board = Switchboard(systems={"copy": CopyFirstMask}, jaccard=lambda gt, pred: 0.25)
    assert board.after.mean("copy") == 0.25 and "0.25 after" in board.static_picture().alt


def test_a_students_function_that_fails_is_told_and_nothing_breaks():
    def unfinished(gt, pred):
        raise NotImplementedError("yet")

    assert (
        "jaccard gave no number" in Switchboard(systems={"copy": CopyFirstMask}, jaccard=unfinished).shown["notes"][0]
    )
    told = Switchboard(systems={"mine": lambda: None})
    assert "mine gave no masks" in told.shown["notes"][0] and told.static_picture().alt


def test_the_still_picture_says_which_switches_and_which_scores(board):
    board.settings = {"things": "fast"}
    picture = board.static_picture()
    assert "things fast" in picture.alt and f"{board.after.mean('copy'):.2f} after" in picture.alt
    assert picture.data == board.static_picture().data and len(picture.data) < 36_000
    assert picture.size[0] >= 4 * 160  # two panes side by side, each twice as large as drawn
    board.settings = {}


def test_a_tint_never_looks_like_a_systems_curve():
    assert not {colour for colour, _, _ in PAINT.values()} & {series_look(index).colour for index in range(3)}


@pytest.mark.parametrize("verdict", PAINT)
def test_a_pattern_returns_after_its_period_so_that_the_page_can_tile_it(verdict):
    tile = cover(verdict)
    assert (cover(verdict, 96, 160) == np.tile(tile, (8, 14))[:, :160]).all() and tile.shape == (PERIOD, PERIOD)


def test_verdicts_differ_by_pattern_too():
    assert len({cover(verdict).tobytes() for verdict in PAINT}) == len(PAINT)


def test_the_page_is_told_what_every_switch_is_about(board):
    assert [told["about"] for told in board.switches] == [switch.about for switch in SWITCHES]


def test_a_larger_painting_keeps_its_pixels():
    clip = film({}, SEED)
    small = paint(clip.frames[0], np.full((96, 160), LOST, np.uint8))
    large = paint(as_pixels(clip.frames[0]), np.full((96, 160), LOST, np.uint8), scale=2)
    assert large.shape == (192, 320, 3) and np.abs(large[::2, ::2].astype(int) - small).mean() < 8
