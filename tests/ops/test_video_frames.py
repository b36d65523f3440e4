"""ops/video_frames.py: what a frame of a video has to be."""

import pytest
import torch

from vostutor.core import ShapeError
from vostutor.ops.video_frames import expect_video_frame

FRAME = torch.zeros(3, 4, 6, dtype=torch.uint8)


def test_a_frame_like_those_before_passes():
    assert expect_video_frame(FRAME, like=FRAME) is None


@pytest.mark.parametrize(
    ("frame", "words"),
    [(FRAME.numpy(), "tensor"), (FRAME[:1], "RGB"), (FRAME.float(), "uint8"), (FRAME[:, 1:], "a new system")],
)
def test_any_other_is_refused(frame, words):
    with pytest.raises(ShapeError, match=words):
        expect_video_frame(frame, like=FRAME)
