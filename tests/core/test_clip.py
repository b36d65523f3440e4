import dataclasses

import pytest
import torch

from vostutor.core import Clip, DataError, FrameSource, ShapeError


def small(**changes):
    ids = torch.zeros(3, 4, 6, dtype=torch.int64)
    ids[:, 1:3, 2:4] = 2
    ids[:, 0, 0] = 255
    return Clip(**{"frames": torch.zeros(3, 3, 4, 6, dtype=torch.uint8), "ids": ids, **changes})


def test_object_ids_are_read_off_the_masks_without_background_and_void():
    assert small().object_ids == (2,)


def test_a_clip_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        small().name = "other"


def test_only_the_known_masks_are_told():
    told = [ids is not None for _, ids in small().source_of(known=(0, 2))]
    assert told == [True, False, True]


def test_a_clip_source_is_a_frame_source_that_can_be_read_twice():
    source = small().source_of()
    assert isinstance(source, FrameSource) and source.size == (4, 6)
    assert len(list(source)) == len(list(source)) == 3


@pytest.mark.parametrize("changes", [
    {"frames": torch.zeros(3, 4, 6, 3, dtype=torch.uint8)},
    {"frames": torch.zeros(3, 3, 4, 6)},
    {"ids": torch.zeros(3, 4, 6, dtype=torch.int32)},
    {"ids": torch.zeros(3, 5, 6, dtype=torch.int64)},
    {"flow_fwd": torch.zeros(3, 2, 4, 6)},
    {"flow_bwd": torch.zeros(2, 4, 6, 2)},
    {"occluded": torch.zeros(2, 4, 6)},
])  # fmt: skip
def test_wrong_axes_or_types_are_refused(changes):
    with pytest.raises(ShapeError):
        small(**changes)


@pytest.mark.parametrize("changes", [
    {"frames": torch.zeros(0, 3, 4, 6, dtype=torch.uint8), "ids": None},
    {"object_ids": (1,)},
    {"object_ids": (2, 2)},
    {"categories": ("dog", "cat")},
    {"ids": torch.full((3, 4, 6), -1)},
    {"ids": torch.full((3, 4, 6), 256)},
])  # fmt: skip
def test_contradictions_are_refused(changes):
    with pytest.raises(DataError):
        small(**changes)
