"""engine/infer.py: a system runs over a video, and what it answers is looked at."""

import time

import numpy as np
import pytest
import torch

from vostutor.core import Clip, DataError, SettingsError, ShapeError
from vostutor.data import DavisRoot, read_ids
from vostutor.engine.infer import Prediction, predict, predict_clip, save_predictions
from vostutor.metrics import boundary_f, jaccard
from vostutor.models import CopyFirstMask, FlowWarp

SIZE = (7, 9)


def drawn_clip(frames=5, objects=(2,), void=False):
    """Each object a square of its own row of three, one pixel further right at each frame."""
    ids = torch.zeros(frames, *SIZE, dtype=torch.int64)
    for t in range(frames):
        for k, value in enumerate(objects):
            ids[t, 3 * k : 3 * k + 2, t : t + 2] = value
    if void:
        ids[:, -1, -1] = 255
    pictures = torch.randint(0, 256, (frames, 3, *SIZE), generator=torch.Generator().manual_seed(0)).byte()
    flow = torch.zeros(frames - 1, 2, *SIZE)
    return Clip(pictures, ids, flow_fwd=flow, flow_bwd=flow, object_ids=objects, categories=("thing",) * len(objects))


class Answers:
    """A system that answers what it was made with."""

    def __init__(self, prob_all):
        self.prob_all = prob_all

    def observe(self, frame, ids):
        pass

    def step(self, frame):
        return self.prob_all


class WholeClip:
    """A system that needs all frames, keeps what it was shown and says the last object is everywhere."""

    def __init__(self, channels):
        self.channels = channels

    def segment_clip(self, clip):
        self.shown = clip
        prob_all = torch.zeros(len(clip), self.channels, *clip.size)
        prob_all[:, -1] = 1
        return prob_all


def moves_right(current, previous):
    return torch.tensor([-1.0, 0.0])[:, None, None].expand(2, *SIZE)


# what comes out


def test_the_copied_mask_is_every_frames_result():
    clip = drawn_clip(void=True)
    ids = predict_clip(CopyFirstMask(), clip)
    assert ids.dtype == torch.int64
    assert torch.equal(ids, torch.where(clip.ids[:1] == 255, 0, clip.ids[:1]).expand_as(ids))


def test_the_warped_mask_follows_a_perfect_flow():
    clip = drawn_clip(objects=(5, 2))
    assert torch.equal(predict_clip(FlowWarp(moves_right), clip), clip.ids)


def test_at_a_told_frame_the_told_mask_is_the_result_without_void():
    clip = drawn_clip(void=True)
    predictions = list(predict(CopyFirstMask(), clip.source_of(known=(0, 3))))
    assert [prediction.prob_all is None for prediction in predictions] == [True, False, False, True, False]
    assert torch.equal(predictions[3].ids, torch.where(clip.ids[3] == 255, 0, clip.ids[3]))
    assert torch.equal(predictions[4].ids, predictions[3].ids)


def test_an_object_that_is_told_late_gets_the_next_channel():
    clip = drawn_clip(objects=(5, 2))
    early = clip.ids[0].where(clip.ids[0] == 5, 0)

    class Late:
        name, fps, size = "late", 24.0, SIZE

        def __iter__(self):
            masks = (early, None, clip.ids[2], None)
            return iter(zip(clip.frames, masks, strict=False))

    predictions = list(predict(CopyFirstMask(), Late()))
    assert [p.prob_all.shape[0] for p in predictions if p.prob_all is not None] == [2, 3]
    assert torch.equal(predictions[3].ids, clip.ids[2])


def test_with_nothing_told_objects_are_numbered_from_one():
    prob_all = torch.zeros(4, *SIZE)
    prob_all[3] = 1
    predictions = list(predict(Answers(prob_all), drawn_clip().source_of(known=())))
    assert all(prediction.ids.unique().tolist() == [3] for prediction in predictions)
    assert torch.equal(predictions[0].prob_all, prob_all)


def test_frames_are_asked_for_one_at_a_time():
    clip, read = drawn_clip(), []

    class Watched:
        name, fps, size = "watched", 24.0, SIZE

        def __iter__(self):
            for t in range(5):
                read.append(t)
                yield clip.frames[t], clip.ids[0] if t == 0 else None

    predictions = predict(CopyFirstMask(), Watched())
    next(predictions)
    next(predictions)
    assert read == [0, 1]


def test_the_seconds_are_those_of_the_system():
    class Slow(CopyFirstMask):
        def step(self, frame):
            time.sleep(0.02)
            return super().step(frame)

    told, answered = list(predict(Slow(), drawn_clip(frames=2)))
    assert told.seconds < 0.02 <= answered.seconds


# systems that need the whole clip


def test_a_system_may_need_the_whole_clip():
    clip = drawn_clip(objects=(5, 2))
    ids = predict_clip(WholeClip(channels=3), clip)
    assert torch.equal(ids[0], clip.ids[0])
    assert (ids[1:] == 5).all()  # within one frame ids ascend, so 5 is the last channel


def test_a_system_that_gets_the_whole_clip_does_not_get_the_truth():
    clip, system = drawn_clip(), WholeClip(channels=2)
    predict_clip(system, clip, known=(0, 2))
    shown = system.shown
    assert torch.equal(shown.ids[[0, 2]], clip.ids[[0, 2]])
    assert (shown.ids[[1, 3, 4]] == 255).all()
    assert (shown.flow_fwd, shown.flow_bwd, shown.occluded) == (None, None, None)
    predict_clip(system, clip, known=())
    assert (system.shown.ids, system.shown.object_ids) == (None, ())


def test_a_long_video_is_no_clip():
    class Stream:
        name, fps, size = "stream", 24.0, SIZE

        def __iter__(self):
            yield torch.zeros(3, *SIZE, dtype=torch.uint8), None

    with pytest.raises(SettingsError, match="a Clip for WholeClip, which needs all frames at once"):
        predict(WholeClip(2), Stream())


@pytest.mark.parametrize("frames", [4, 6])
def test_a_whole_clip_answer_has_all_frames(frames):
    class Short(WholeClip):
        def segment_clip(self, clip):
            return torch.zeros(frames, 2, *clip.size)

    with pytest.raises(ShapeError, match=rf"T = 5 from Short(.|\n)*\({frames}, 2, 7, 9\)"):
        predict_clip(Short(2), drawn_clip())


# answers that are no prob_all

WRONG = {
    "nothing": (None, "a NoneType"),
    "no channel axis": (torch.zeros(*SIZE), r"\(K\+1,7,9\) from Answers"),
    "another size": (torch.zeros(2, 4, 4), r"got       \(2, 4, 4\)"),
    "objects only": (torch.zeros(1, *SIZE), r"2 channels for the objects \(2,\)"),
    "an object too many": (torch.zeros(3, *SIZE), r"got       \(3, 7, 9\)"),
    "float64": (torch.zeros(2, *SIZE).double(), "in float32 on cpu from Answers"),
    "NaN": (torch.full((2, *SIZE), float("nan")), "values from nan to nan"),
    "one NaN": (torch.zeros(2, *SIZE).index_put((torch.tensor(1),) * 3, torch.tensor(float("nan"))), "without NaN"),
    "logits": (torch.full((2, *SIZE), 3.0), "values from 3 to 3"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_answer_that_is_no_prob_all_names_the_system(wrong):
    prob_all, said = WRONG[wrong]
    with pytest.raises(ShapeError, match=said) as refused:
        predict_clip(Answers(prob_all), drawn_clip())
    assert "Answers" in str(refused.value)


def test_a_system_that_remembers_another_video_is_noticed():
    system = CopyFirstMask()
    predict_clip(system, drawn_clip(objects=(2, 3)))
    with pytest.raises(ShapeError, match="a new system for each video"):
        predict_clip(system, drawn_clip(objects=(2,)))


@pytest.mark.parametrize("system", [CopyFirstMask, WholeClip, None, torch.nn.Identity()])
def test_what_is_no_system_is_refused(system):
    with pytest.raises(SettingsError, match=r"observe and step, or with segment_clip"):
        predict(system, drawn_clip())


def test_a_system_without_a_first_mask_says_so():
    with pytest.raises(DataError, match="a mask before the first step"):
        predict_clip(CopyFirstMask(), drawn_clip(), known=())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_system_works_on_a_gpu_and_the_ids_come_back():
    clip = drawn_clip()
    predictions = list(predict(CopyFirstMask(), clip, device="cuda"))
    assert all(not p.ids.is_cuda and (p.prob_all is None or p.prob_all.is_cuda) for p in predictions)


# real video


def test_on_real_video_copying_scores_what_an_independent_script_found(davis):
    scores = []
    for name in DavisRoot(davis).sequences():
        sequence = DavisRoot(davis).sequence(name)
        pairs = zip(sequence.truth(), predict(CopyFirstMask(), sequence), strict=True)
        pairs = [(truth.numpy() == 1, prediction.ids.numpy() == 1) for truth, prediction in pairs][1:-1]
        scores.append([np.mean([measure(t, p) for t, p in pairs]) for measure in (jaccard, boundary_f)])
    assert np.mean(scores, axis=0) == pytest.approx([0.310, 0.267], abs=0.0005)  # as many digits as it printed


# saved results


def test_results_are_saved_as_davis_has_them(tmp_path):
    clip = drawn_clip(objects=(5, 2))
    assert save_predictions(predict(FlowWarp(moves_right), clip), tmp_path / "new" / "clip") == 5
    saved = sorted((tmp_path / "new" / "clip").iterdir())
    assert [path.name for path in saved] == [f"{t:05d}.png" for t in range(5)]
    assert np.array_equal(np.stack([read_ids(path) for path in saved]), clip.ids.numpy())


def test_a_folder_that_holds_masks_is_left_alone(tmp_path):
    save_predictions(predict(CopyFirstMask(), drawn_clip()), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DataError, match=r"5 PNG, among them 00000.png(.|\n)*overwrite=True"):
        save_predictions(predict(FlowWarp(moves_right), drawn_clip(frames=3)), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_overwriting_leaves_nothing_of_a_longer_run(tmp_path):
    save_predictions(predict(CopyFirstMask(), drawn_clip(frames=5)), tmp_path)
    (tmp_path / "overview.png").write_bytes(b"x")
    save_predictions(predict(CopyFirstMask(), drawn_clip(frames=2)), tmp_path, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.png", "00001.png", "overview.png"]


def test_ids_that_no_mask_can_hold_are_not_saved(tmp_path):
    with pytest.raises(DataError, match="ids from 0 to 255"):
        save_predictions([Prediction(torch.full(SIZE, 300), None, 0.0)], tmp_path)
    assert list(tmp_path.iterdir()) == []
