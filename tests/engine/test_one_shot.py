"""engine/one_shot.py: what a card says of a parent network."""

import torch
from torch import nn

from vostutor.data.pool import Pool
from vostutor.engine.one_shot import foreground_j, measured_parent, one_of_two, one_shot_j
from vostutor.models import CopyFirstMask


class Bright(nn.Module):
    """Whatever is brighter than a half is an object."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, frames):
        return [frames[:, :1] - 0.5 + self.weight]


def test_foreground_j_takes_all_objects_as_one_and_averages_each_clip():
    frames = torch.zeros(2, 2, 3, 1, 4, dtype=torch.uint8)
    frames[0, :, :, :, :2] = 255  # right in both frames; the second clip finds nothing of two objects
    ids = torch.tensor([[1, 1, 0, 0], [1, 2, 0, 0]], dtype=torch.uint8)[:, None, None].expand(2, 2, 1, 4)
    assert foreground_j(Bright(), Pool(frames, ids, ("plain", "plain"))) == [1.0, 0.0]


def test_one_of_two_objects_is_annotated_and_the_clips_are_the_same_each_time():
    clip, again = (one_of_two(1, size=(48, 80), frames=4)[0] for _ in range(2))
    assert clip.object_ids == (1,) and (clip.ids[0] == 1).any()
    assert torch.equal(clip.frames, again.frames)


def test_the_first_frame_is_told_and_not_scored():
    clips = one_of_two(2, size=(48, 80), frames=3)
    truth = [(clip.ids[0] == 1, clip.ids[1:] == 1) for clip in clips]
    expected = [sum((f & t).sum() / (f | t).sum() for t in later).item() / 2 for f, later in truth]
    assert torch.allclose(torch.tensor(one_shot_j(CopyFirstMask, clips)), torch.tensor(expected), atol=1e-6)


def test_a_card_compares_the_parent_alone_with_one_shot(monkeypatch, tmp_path):
    from vostutor.engine import one_shot

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(one_shot, "FOREGROUND_CLIPS", 1)
    monkeypatch.setattr(one_shot, "PAIR_CLIPS", 2)
    rows = measured_parent(Bright(), lambda parent: CopyFirstMask())
    assert [row["what"] for row in rows] == [
        "J of the foreground, held-out plain clips",
        "J of one of two objects, parent alone",
        "J of one of two objects, one-shot",
    ]
    assert all(0 <= row["mean"] <= 1 for row in rows) and rows[2]["mean"] > rows[1]["mean"]
