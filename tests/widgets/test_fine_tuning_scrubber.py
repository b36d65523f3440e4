"""The fine-tuning scrubber without a browser: what is trained, when, on what, and whose function does it."""

import zlib
from itertools import product

import numpy as np
import pytest
import torch

from tests.widgets.alone import state_of
from tests.widgets.taught import TwoConvolutions, teach, two_squares, weight
from vostutor.core import Clip, VosError
from vostutor.metrics import jaccard
from vostutor.models.osvos import finetune
from vostutor.widgets import FineTuningScrubber
from vostutor.widgets.fine_tuning import FineTuning, ask, spread
from vostutor.widgets.packing import unpack_ids
from vostutor.widgets.verdicts import judge

STEPS = (0, 2, 12, 40)


@pytest.fixture(scope="module")
def scrubber():
    return FineTuningScrubber(TwoConvolutions(), two_squares(), steps=STEPS, finetune=teach)


# ---- state -> arrays


def test_frames_are_annotated_far_from_each_other():
    assert spread(range(9), late=6) == (0, 8, 4, 2)
    assert spread((3, 4), late=4) == (3,) and spread(range(99), late=98, most=2) == (0, 97)


def test_the_maps_are_those_of_the_network_that_was_taught_so_far():
    clip, parent = two_squares(), TwoConvolutions()
    learning = FineTuning(parent, clip, steps=(0, 2, 5), finetune=teach).of(1)
    network = parent
    for k, steps in enumerate((0, 2, 3)):
        network = teach(network, clip.frames[0] / 255, clip.ids[0] == 1, steps)
        assert np.array_equal(learning.prob[k], ask(network, clip.frames[7]))
    assert learning.annotated == (0,) and learning.note == ""
    assert learning.j[2] == jaccard((clip.ids[7] == 1).numpy(), learning.masks[2])


def test_the_object_is_learned_and_the_other_one_is_not_it():
    for object_id in (1, 2):
        learning = FineTuning(TwoConvolutions(), two_squares(), steps=(0, 60), finetune=teach, object_id=object_id).of(
            1
        )
        assert learning.j[0] < 0.5 < 0.8 < learning.j[1]


def test_several_frames_take_turns_of_five_steps():
    asked, clip = [], two_squares()
    tuning = FineTuning(
        TwoConvolutions(), clip, (0, 4), steps=(0, 3, 20), finetune=lambda n, f, m, steps: asked.append((f, steps)) or n
    )
    tuning.of(2)
    assert [steps for _, steps in asked] == [3, 5, 5, 5, 2]
    for k, (frame, _) in enumerate(asked):
        assert torch.equal(frame, clip.frames[(0, 4)[k % 2]] / 255)


def test_the_packages_own_training_is_one_run_that_is_looked_at():
    clip, parent = two_squares(), TwoConvolutions()
    prob = FineTuning(parent, clip, steps=(0, 1, 3), seed=5).of(2).prob
    how = {"steps": 3, "generator": torch.Generator().manual_seed(5)}
    network = finetune(parent, clip.frames[[0, 8]], clip.ids[[0, 8]] == 1, **how)
    assert np.array_equal(prob[2], ask(network, clip.frames[7])) and not np.array_equal(prob[1], prob[2])


def test_looking_leaves_a_network_in_its_mode():
    network = TwoConvolutions().train()
    ask(network, two_squares().frames[0])
    assert network.training


def test_without_annotation_the_parent_answers_at_every_step(scrubber):
    learning = scrubber.tuning.of(0)
    assert (learning.prob == learning.prob[0]).all() and len(learning.j) == len(STEPS)


def test_void_does_not_count():
    clip = two_squares()
    ids = clip.ids.clone()
    ids[7, :, 12:] = torch.where(ids[7, :, 12:] == 1, 1, 255)
    plain, voided = (
        FineTuning(TwoConvolutions(), c, steps=(0, 1), late=7).of(0) for c in (clip, Clip(clip.frames, ids))
    )
    keep = (ids[7] != 255).numpy()
    assert np.array_equal(plain.prob, voided.prob)
    assert voided.j[0] == jaccard((ids[7] == 1).numpy() & keep, voided.masks[0] & keep)


# ---- the widget


def test_every_state_of_the_controls_shows_the_verdicts_of_its_maps(scrubber):
    truth = scrubber.tuning.truth
    for annotated, moment in product(range(len(scrubber.places) + 1), range(len(STEPS))):
        scrubber.annotated, scrubber.moment = annotated, moment
        run = scrubber.runs[str(annotated)]
        assert scrubber.step == STEPS[moment] and scrubber.reached[annotated] >= moment
        seen = unpack_ids(zlib.decompress(run["masks"]), *scrubber.size)[moment]
        assert np.array_equal(seen, judge(truth, scrubber.learning.masks[moment]))
        assert run["j"][moment] == scrubber.learning.j[moment] and len(run["sure"]) == len(STEPS)


def test_only_what_is_looked_at_is_trained_and_only_once():
    asked = []
    scrubber = FineTuningScrubber(
        TwoConvolutions(), two_squares(), steps=(0, 4), finetune=lambda *given: asked.append(given[3]) or given[0]
    )
    assert list(scrubber.runs) == ["1"] and asked == [4]
    scrubber.moment = 1
    scrubber.annotated = 0
    scrubber.annotated = 1
    assert asked == [4] and sorted(scrubber.runs) == ["0", "1"] and scrubber.reached[:3] == [1, 1, -1]
    assert sorted(scrubber.fill().runs) == ["0", "1", "2", "3", "4"]


def test_what_is_trained_meanwhile_is_told():
    scores = []
    tuning = FineTuning(TwoConvolutions(), two_squares(), steps=STEPS, finetune=teach)
    learning = tuning.of(1, lambda so_far: scores.append(list(so_far)))
    assert [len(so_far) for so_far in scores] == [1, 2, 3, 4] and scores[-1] == learning.j.tolist()


def test_controls_stay_in_range(scrubber):
    scrubber.moment, scrubber.annotated = 99, 99
    assert (scrubber.moment, scrubber.annotated) == (3, 4)
    scrubber.moment, scrubber.annotated = -1, -1
    assert (scrubber.moment, scrubber.annotated) == (0, 0)
    scrubber.annotated = 1


BROKEN = {
    "learns nothing": lambda n, f, m, steps: n,
    "takes the background": lambda n, f, m, steps: teach(n, f, ~m, steps),
    "always one step": lambda n, f, m, steps: teach(n, f, m, 1),
    "upside down": lambda n, f, m, steps: teach(n, f, m.flip(0), steps),
    "forgets the parent": lambda n, f, m, steps: TwoConvolutions(9),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_finetune_shows(name, scrubber):
    wrong = FineTuningScrubber(TwoConvolutions(), two_squares(), steps=STEPS, finetune=BROKEN[name])
    assert (
        wrong.runs["1"]["masks"] != scrubber.runs["1"]["masks"] and wrong.learning.j[-1] < scrubber.tuning.of(1).j[-1]
    )
    assert wrong.own and wrong.learning.note == ""


def raising(*given):
    raise NotImplementedError("yet")


@pytest.mark.parametrize("answer", [raising, lambda *given: None, lambda *given: ..., lambda: 0])
def test_a_function_that_fails_is_told_and_the_parent_is_still_shown(answer):
    scrubber = FineTuningScrubber(TwoConvolutions(), two_squares(), steps=(0, 1, 2), finetune=answer)
    assert scrubber.runs["1"]["note"].startswith("finetune gave no network: ")
    assert scrubber.runs["1"]["j"][0] is not None and scrubber.runs["1"]["j"][2] is None
    assert "finetune gave no network" in scrubber.static_picture().alt


def test_a_function_that_trains_the_parent_itself_spoils_no_other_run():
    def greedy(network, frame, mask, steps):
        with torch.no_grad():
            [weights.zero_() for weights in network.parameters()]
        return network

    parent = TwoConvolutions()
    tuning = FineTuning(parent, two_squares(), steps=(0, 1), finetune=greedy)
    assert np.array_equal(tuning.of(1).prob[0], tuning.of(2).prob[0])
    assert parent.state_dict().keys() and next(parent.parameters()).abs().sum() > 0


def test_the_still_picture_says_it_in_words_and_is_small(scrubber):
    scrubber.annotated = 1
    data, about = scrubber._repr_mimebundle_()
    kind = next(name for name in data if name.startswith("image/"))
    j = scrubber.tuning.of(1).j
    assert f"with 1 frame: {j[0]:.2f} to {j[-1]:.2f}" in about[kind]["alt"]
    assert len(data[kind]) < 60_000 and "application/vnd.jupyter.widget-view+json" in data
    assert scrubber.static_picture().data == scrubber.static_picture().data


def test_a_filled_page_is_small():
    from vostutor.data.minivos import draw_clip

    clip = draw_clip("distractor", 3, flow=False)
    guess = lambda network, frame, mask, steps: TwoConvolutions(steps)  # noqa: E731  # speckled, which packs worst
    scrubber = FineTuningScrubber(TwoConvolutions(), clip, finetune=guess).fill()
    assert len(scrubber.runs) == 5 and weight(state_of(scrubber)) <= 300_000


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"frames": (0, 7), "late": 7}, "another one to look at"),
        ({"frames": (0, 0)}, "each once"),
        ({"frames": (0, 9)}, "frames 0 to 8"),
        ({"frames": ()}, "each once"),
        ({"steps": (1, 5)}, "ascending from 0"),
        ({"steps": (0, 5, 5)}, "ascending from 0"),
        ({"object_id": 7}, "one of its objects"),
    ],
)
def test_bad_input_is_refused_with_a_repair(more, told):
    with pytest.raises(VosError, match=told):
        FineTuningScrubber(TwoConvolutions(), two_squares(), finetune=teach, **more)


def test_a_clip_without_masks_is_refused():
    with pytest.raises(VosError, match="a clip with masks"):
        FineTuning(TwoConvolutions(), Clip(two_squares().frames))
