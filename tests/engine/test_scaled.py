"""engine/scaled.py: a system sees small frames and answers for large ones."""

import pytest
import torch

from vostutor.core import DataError, Segmenter, SettingsError
from vostutor.engine import Scaled
from vostutor.models import CopyFirstMask


class Keeps(CopyFirstMask):
    """Copies, and remembers what it was shown."""

    def observe(self, frame, ids):
        self.shown, self.told = frame, ids
        super().observe(frame, ids)

    def step(self, frame):
        self.shown = frame
        return super().step(frame)


def frame_of(size):
    return torch.randint(0, 256, (3, *size), generator=torch.Generator().manual_seed(0)).byte()


def half(size, value=1):
    """The left half is an object."""
    ids = torch.zeros(size, dtype=torch.int64)
    ids[:, : size[1] // 2] = value
    return ids


def test_fine_stripes_become_their_mean():
    """Every fourth column is 160. Asking for single pixels gives 0 everywhere, and stripes as soon as something moves."""
    frame = torch.tensor([160, 0, 0, 0]).byte().repeat(3, 64, 16)
    system = Scaled(Keeps(), rows=16)
    system.observe(frame, half((64, 64)))
    assert system.system.shown.shape == (3, 16, 16)
    assert (
        system.system.shown[:, :, 1:-1].float() - 40
    ).abs().max() <= 20  # a tent over eight pixels, cut at the edges


def test_four_pixels_become_one_and_the_answer_four_times_as_large():
    frame, system = frame_of((32, 32)), Scaled(Keeps(), rows=16)
    system.observe(frame, half((32, 32)))
    assert torch.equal(system.system.told, half((16, 16)))
    prob_all = system.step(frame)
    # Between the last small pixel of the object and the first one beside it, the large ones are 1/4 and 3/4 of the way.
    assert prob_all[1, 0, 14:18].tolist() == [1.0, 0.75, 0.25, 0.0]


@pytest.mark.parametrize("size", [(33, 57), (64, 41)])
def test_the_answer_has_the_size_of_the_frame_and_sums_to_one(size):
    system = Scaled(CopyFirstMask(), rows=16)
    assert isinstance(system, Segmenter)
    system.observe(frame_of(size), half(size, value=7))
    prob_all = system.step(frame_of(size))
    assert prob_all.shape == (2, *size) and torch.allclose(prob_all.sum(0), torch.ones(size))


def test_proportions_stay():
    system = Scaled(Keeps(), rows=240)
    system.observe(frame_of((480, 854)), half((480, 854)))
    assert system.system.shown.shape == (3, 240, 427)


@pytest.mark.parametrize("rows", [20, 40])
def test_a_frame_that_is_small_enough_passes_as_it_is(rows):
    frame, inner = frame_of((20, 30)), Keeps()
    system = Scaled(inner, rows)
    system.observe(frame, half((20, 30)))
    assert inner.shown is frame
    assert torch.equal(system.step(frame), inner.step(frame))


def test_void_stays_void():
    system = Scaled(Keeps(), rows=16)
    ids = half((32, 32))
    ids[:8] = 255
    system.observe(frame_of((32, 32)), ids)
    assert system.system.told[:4].unique().tolist() == [255]


def test_an_object_that_would_get_lost_is_refused_by_its_number():
    ids = half((64, 64))
    ids[10, 60] = 5
    with pytest.raises(DataError, match=r"seen in 16 rows(.|\n)*object 5 with 1 of 4096 pixels"):
        Scaled(CopyFirstMask(), rows=16).observe(frame_of((64, 64)), ids)


def test_too_few_rows_are_refused():
    with pytest.raises(SettingsError, match="16 rows or more"):
        Scaled(CopyFirstMask(), rows=8)
