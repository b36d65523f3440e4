"""data/instances.py: what an instance segmenter might say of a drawn clip."""

import pytest
import torch

from vostutor.core import Clip, DataError, SettingsError, ShapeError
from vostutor.data import draw_clip, noisy_instances
from vostutor.data.minivos import scene_of

EXACT = {"missed": 0, "mislabelled": 0, "wobble": 0}


@pytest.fixture(scope="module")
def clip():
    """Object 1 is a crawler, and has a twin that nobody annotated."""
    return draw_clip("distractor", 1_000_002, frames=8, flow=False)


@pytest.fixture
def plain():
    """Two objects in a clip that was not drawn, so that only its masks are known."""
    ids = torch.zeros(2, 20, 30, dtype=torch.int64)
    ids[:, 2:12, 2:12], ids[1, 5:15, 16:28] = 3, 7
    frames = torch.randint(0, 256, (2, 3, 20, 30), generator=torch.Generator().manual_seed(0)).byte()
    return Clip(frames, ids, categories=("cow", "dog"))


def test_without_noise_the_instances_are_the_annotated_objects(plain):
    find = noisy_instances(plain, **EXACT)
    masks, labels, scores = find(plain.frames[1])
    assert torch.equal(masks, torch.stack([plain.ids[1] == 3, plain.ids[1] == 7]))
    assert (labels, scores) == (["cow", "dog"], [1.0, 1.0])
    assert find(plain.frames[0])[1] == ["cow"]  # the dog is not there yet


def test_a_twin_that_nobody_annotated_is_found_too_with_the_same_label(clip):
    masks, labels, _ = noisy_instances(clip, **EXACT)(clip.frames[0])
    assert labels.count("crawler") == 2 and clip.categories == ("crawler",)
    assert not (masks[1:].any(0) & (clip.ids[0] > 0)).any()
    assert len(labels) == 1 + sum(thing.number == 0 for thing in scene_of(clip).things)


def test_outlines_wander_but_stay_near(plain):
    (mask, *_), _, (score, *_) = noisy_instances(plain, missed=0, mislabelled=0, wobble=0.2)(plain.frames[0])
    truth = plain.ids[0] == 3
    assert score == ((mask & truth).sum() / (mask | truth).sum()).item()
    assert 0.6 < score < 1


def test_the_same_frame_gives_the_same_whatever_was_asked_before(plain):
    forwards, backwards = noisy_instances(plain, missed=0.3), noisy_instances(plain, missed=0.3)
    first = [forwards(frame) for frame in plain.frames]
    again = [backwards(frame) for frame in plain.frames.flip(0)][::-1]
    for (masks, labels, scores), (others, *told) in zip(first, again, strict=True):
        assert torch.equal(masks, others) and [labels, scores] == told


def test_missed_instances_are_missing_and_mislabelled_ones_are_something_else(plain):
    masks, labels, scores = noisy_instances(plain, missed=1)(plain.frames[1])
    assert masks.shape == (0, 20, 30) and labels == scores == []
    _, labels, _ = noisy_instances(plain, missed=0, mislabelled=1)(plain.frames[1])
    assert len(labels) == 2 and not {"cow", "dog"} & set(labels)


def test_without_categories_everything_is_an_object(plain):
    assert noisy_instances(Clip(plain.frames, plain.ids), **EXACT)(plain.frames[1])[1] == ["object"] * 2


def test_what_cannot_be_answered_is_refused(plain):
    with pytest.raises(DataError, match="a clip with masks"):
        noisy_instances(Clip(plain.frames))
    with pytest.raises(DataError, match="a frame of clip"):
        noisy_instances(plain)(255 - plain.frames[0])
    with pytest.raises(ShapeError, match="one frame of the clip"):
        noisy_instances(plain)(plain.frames)
    for wrong in ({"missed": 1.1}, {"mislabelled": -0.1}, {"wobble": -1}):
        with pytest.raises(SettingsError, match="from 0 to 1"):
            noisy_instances(plain, **wrong)
