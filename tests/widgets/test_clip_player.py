"""The clip player without a browser: what it sends, what it shows, what it refuses."""

import itertools
import math
import re

import numpy as np
import pytest
import torch

from tests.conftest import ROOT
from vostutor.core import Clip, VosError
from vostutor.viz import draw_masks, look_of
from vostutor.widgets import ClipPlayer
from vostutor.widgets.clip_player import PlayerState, compose, score_frames
from vostutor.widgets.packing import unpack_ids


def squares(frames: int = 6, shift: int = 1, size: int = 16) -> torch.Tensor:
    """A square of 4 x 4 that stays, shifted to the right from frame 1 on."""
    ids = torch.zeros(frames, size, size, dtype=torch.int64)
    ids[0, 4:8, 4:8] = 1
    ids[1:, 4:8, 4 + shift : 8 + shift] = 1
    return ids


@pytest.fixture
def clip():
    frames = torch.randint(0, 256, (6, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return Clip(frames, ids=squares(shift=0), name="one-square", categories=("square",))


def test_a_shift_by_one_pixel_scores_as_in_the_table():
    curves = score_frames(squares(shift=0, size=10), squares(shift=1, size=10))
    assert math.isnan(curves["J"][0]) and curves["J"][1:] == pytest.approx([0.6] * 5) and curves["F"][1:] == [1.0] * 5


def test_two_objects_score_their_mean_and_void_is_background():
    truth = torch.zeros(2, 10, 10, dtype=torch.int64)
    truth[:, 2:4, 2:4], truth[:, 6:8, 6:8], truth[:, 0] = 1, 2, 255
    result = truth.clone()
    result[1, 6:8, 6:8] = 0
    assert score_frames(truth, result)["J"][1] == 0.5


def test_the_panes_are_what_draw_masks_draws_over_the_whole_range_of_controls(clip):
    layers = {"truth": clip.ids.numpy(), "moved": squares(shift=2).numpy()}
    for frame, opacity, outline in itertools.product(range(6), (0, 0.3, 1), (False, True)):
        panes = compose(clip.frames, layers, PlayerState(frame, opacity, outline))
        for name, ids in layers.items():
            assert np.array_equal(
                panes[name], draw_masks(clip.frames[frame], ids[frame], opacity=opacity, outline=outline)
            )


def test_a_hidden_object_is_gone(clip):
    panes = compose(clip.frames, {"truth": clip.ids.numpy()}, PlayerState(2, hidden=(1,)))
    assert np.array_equal(panes["truth"], clip.frames[2].permute(1, 2, 0).numpy())


def test_the_browser_gets_every_mask_as_it_is(clip):
    player = ClipPlayer(clip, {"moved": squares(shift=2)})
    assert [layer["name"] for layer in player.layers] == ["truth", "moved"]
    assert np.array_equal(unpack_ids(player.layers[1]["runs"], 16, 16), squares(shift=2))
    assert player.size == [16, 16] and len(player.film) == 6


def test_the_legend_names_objects_in_the_look_of_their_ids(clip):
    assert ClipPlayer(clip).objects == [
        {"id": 1, "name": "1 square", "rgb": list(look_of(1).colour), "dash": [1.0, 0.0]}
    ]


def test_a_frame_that_is_not_scored_reaches_the_browser_as_null(clip):
    curves = ClipPlayer(clip, {"moved": squares()}).layers[1]["curves"]
    assert curves["J"][0] is None and curves["J"][1] == pytest.approx(0.6)


def test_scores_can_be_curves_or_a_function_and_a_wrong_function_shows(clip):
    right = ClipPlayer(clip, {"moved": squares()})
    given = ClipPlayer(clip, {"moved": squares()}, scores={"moved": {"J": [1.0] * 6}})
    wrong = ClipPlayer(clip, {"moved": squares()}, scores=lambda gt, pred: {"J": (gt * pred).sum() / gt.sum()})
    assert given.layers[1]["curves"] == {"J": [1.0] * 6}
    assert wrong.layers[1]["curves"]["J"][1] == 0.75 != right.layers[1]["curves"]["J"][1]
    assert wrong.static_picture().data != right.static_picture().data


def test_controls_stay_in_range(clip):
    player = ClipPlayer(clip)
    for asked, got in ((-3, 0), (4, 4), (99, 5)):
        player.frame = asked
        assert player.frame == got
    player.opacity = 7.0
    assert player.opacity == 1.0


def test_what_the_browser_sends_arrives(clip):
    player = ClipPlayer(clip)
    player.set_state({"frame": 3, "opacity": 0.2, "outline": False, "hidden": [1], "playing": True})
    assert player.state == PlayerState(3, 0.2, False, (1,)) and player.playing


def test_a_bare_tensor_of_frames_plays_without_masks(clip):
    player = ClipPlayer(clip.frames)
    assert len(player.film) == 6 and player.layers[0]["runs"] == b"" and "6 frames" in player.static_picture().alt


def test_a_clip_of_one_frame_plays():
    player = ClipPlayer(
        Clip(torch.zeros(1, 3, 8, 8, dtype=torch.uint8)), {"copy": torch.ones(1, 8, 8, dtype=torch.int64)}
    )
    player.frame = 1
    assert player.frame == 0 and player.static_picture().data


def test_wide_frames_are_shrunk_for_the_browser_and_scored_as_they_are():
    frames, truth = torch.zeros(2, 3, 60, 120, dtype=torch.uint8), torch.zeros(2, 60, 120, dtype=torch.int64)
    truth[:, 10:50, 20:90] = 1
    player = ClipPlayer(frames, {"copy": truth}, truth=truth, max_width=40)
    assert player.size == [20, 40] and unpack_ids(player.layers[0]["runs"], 20, 40).shape == (2, 20, 40)
    assert player.layers[1]["curves"]["J"][1] == 1.0


def test_the_still_picture_says_what_is_seen_and_never_changes(clip):
    player = ClipPlayer(clip, {"moved": squares()})
    picture = player.static_picture()
    assert "one-square" in picture.alt and "J of moved" in picture.alt and "0.60" in picture.alt
    assert picture.data == player.static_picture().data


def test_one_output_carries_the_widget_the_picture_and_the_words(clip):
    data, about = ClipPlayer(clip)._repr_mimebundle_()
    picture = next(mime for mime in data if mime.startswith("image/"))
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == about[picture]["alt"]


def test_no_script_asks_anybody_for_anything():
    for path in (ROOT / "vostutor/widgets").glob("*.[jc]s*"):
        addresses = set(re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"'`]*", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name  # the name of SVG, fetched by nobody
        assert "import " not in re.sub(r"//.*", "", path.read_text()) and "fetch(" not in path.read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda clip: ClipPlayer(clip, {"short": squares(frames=5)}),
        lambda clip: ClipPlayer(clip, {"small": squares(size=12)}),
        lambda clip: ClipPlayer(clip, {"moved": squares()}, scores={"moved": {"J": [0.5] * 4}}),
        lambda clip: ClipPlayer(clip, {"moved": squares() * 300}),
        lambda clip: ClipPlayer(torch.zeros(3, 16, 16, dtype=torch.uint8)),
    ],
)
def test_what_does_not_fit_the_clip_is_refused(clip, wrong):
    with pytest.raises(VosError):
        wrong(clip)
