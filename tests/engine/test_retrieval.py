"""engine/retrieval.py: what a card says of a network that finds objects again."""

import pytest
import torch

from vostutor.core import Clip
from vostutor.engine import retrieval
from vostutor.engine.retrieval import label_j, mean_j, measured_retrieval
from vostutor.models import CopyFirstMask


def test_j_is_a_mean_over_objects_and_the_frames_that_are_asked_for():
    truth = torch.tensor([[[1, 1, 2, 0]]] * 3)
    answer = torch.tensor([[[0, 0, 0, 0]], [[1, 0, 2, 0]], [[1, 1, 0, 0]]])
    clip = Clip(torch.zeros(3, 3, 1, 4, dtype=torch.uint8), truth)
    assert mean_j(clip, answer, slice(1, None)) == pytest.approx((0.75 + 0.5) / 2)
    assert mean_j(clip, answer, slice(-1, None)) == pytest.approx(0.5)


def test_each_clip_has_a_segmenter_of_its_own():
    made = []

    def make():
        made.append(CopyFirstMask())
        return made[-1]

    found = label_j(make, "plain", slice(1, None), clips=2)
    assert len(found) == len(made) == 2 and len(set(found)) == 2 and all(0 < each < 1 for each in found)


def test_a_card_tells_of_three_kinds_of_trouble(monkeypatch):
    monkeypatch.setattr(retrieval, "CLIPS", 1)
    asked = []
    real = retrieval.label_j
    monkeypatch.setattr(retrieval, "label_j", lambda make, *where: asked.append(where) or real(make, *where, clips=1))
    rows = measured_retrieval(torch.nn.Identity(), lambda network: CopyFirstMask())
    assert [label for label, _ in asked] == ["plain", "occlusion", "distractor"] and asked[1][1] == slice(-3, None)
    assert all(row["spread"] == 0 and 0 <= row["mean"] <= 1 for row in rows) and len(rows) == 3
