"""nn/seen_frames.py: no frame that is remembered is embedded again."""

import pytest
import torch
from torch import nn

from tests.models.tiny import painted, square
from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.nn.seen_frames import SeenFrames


class Noting(nn.Module):
    """Colours are embeddings; notes when it was asked."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.times, self.factor = [], factor

    def forward(self, frames, times):
        self.times.append(round(times.item(), 3))
        return self.factor * frames[:, :, ::4, ::4]


class Flat(nn.Module):
    """Forgets where its places are."""

    def forward(self, frames, times):
        return frames.flatten()


def frame(left):
    return painted(square(8, left))


def test_time_grows_evenly_to_one_and_stays():
    seen = SeenFrames(Noting(), duration=4)
    numbers = [seen.look(frame(left)).number for left in range(6)]
    assert numbers == list(range(6)) and seen.network.times == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


def test_places_come_row_by_row():
    shown = frame(8)
    found = SeenFrames(Noting(), duration=4).look(shown)
    assert found.size == (6, 11) and found.places.shape == (66, 3)
    assert torch.allclose(found.places[2 * 11 + 3], shown[:, 8, 12] / 255)


def test_the_last_and_the_kept_frames_are_not_embedded_again():
    seen = SeenFrames(Noting(), duration=10)
    seen.keep(seen.look(frame(0)))
    seen.look(frame(1))
    assert seen.look(frame(1)).number == 1 and seen.look(frame(0)).number == 0 and len(seen.network.times) == 2
    seen.look(frame(2))
    assert seen.look(frame(1)).number == 3, "a frame that is neither is new"


def test_a_frame_is_remembered_as_it_was():
    seen, shown = SeenFrames(Noting(), duration=10), frame(0)
    seen.look(shown)
    shown.zero_()
    assert seen.look(frame(0)).number == 0 and seen.look(shown).number == 1


def test_no_more_is_kept_however_long_the_video():
    seen = SeenFrames(Noting(), duration=10)
    seen.keep(seen.look(frame(0)))
    for left in range(1, 20):
        seen.look(frame(left))
    assert list(seen.kept) == [0] and seen.last.number == 19


def test_a_network_is_asked_in_evaluation_mode_so_that_no_buffer_changes():
    network = nn.Sequential(Noting(), nn.BatchNorm2d(3))
    network.forward = lambda frames, times: network[1](network[0](frames, times))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    SeenFrames(network.train(), duration=10).look(frame(0))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not network[1].training


def test_what_is_no_frame_of_the_video_is_refused():
    seen = SeenFrames(Noting(), duration=10)
    seen.look(frame(0))
    for wrong, said in (
        (frame(0).float(), "uint8"),
        (frame(0)[None], "one RGB frame"),
        (frame(0)[:, :-1], "a new system for each video"),
        (frame(0).numpy(), "a tensor"),
    ):
        with pytest.raises(ShapeError, match=said):
            seen.look(wrong)


def test_a_network_that_answers_nan_or_other_axes_is_refused():
    with pytest.raises(DataError, match="diverged"):
        SeenFrames(Noting(float("nan")), duration=10).look(frame(0))
    with pytest.raises(ShapeError, match="such as PMLNet"):
        SeenFrames(Flat(), 10).look(frame(0))
    with pytest.raises(SettingsError, match="duration"):
        SeenFrames(Noting(), duration=0)


@pytest.mark.parametrize("wrong", [None, 3, lambda frames, times: frames, nn.Conv2d(3, 3, 1)])
def test_what_is_no_network_of_frames_and_times_is_refused(wrong):
    with pytest.raises(SettingsError, match="such as PMLNet"):
        SeenFrames(wrong, 10)


def test_a_map_at_another_stride_is_refused_and_not_remembered():
    network = Noting()
    network.forward = lambda frames, times: frames[:, :, ::8, ::8]
    seen = SeenFrames(network, 10)
    with pytest.raises(ShapeError, match="stride 4"):
        seen.look(frame(0))
    assert seen.last is None and seen.count == 0
