"""nn/one_by_one.py: systems for one object, run once for each."""

import pytest
import torch
from torch import nn

from tests.models.tiny import SIZE, painted, square
from vostutor.core import DataError, Segmenter, ShapeError
from vostutor.nn import OneByOne

VOID = 255


class Remembered:
    """A run that says how certain it is of the last mask, and of nothing else."""

    def __init__(self, told, generator, certainty):
        self.told, self.drawn, self.certainty = told, torch.rand((), generator=generator).item(), certainty

    def step(self, frame):
        return self.certainty * (self.told[-1][1] == 1).float()


class Remembering(OneByOne):
    def __init__(self, certainties=(0.9,) * 9, **options):
        super().__init__(nn.Identity(), **options)
        self.certainties = iter(certainties)

    def begin(self, told, generator):
        return Remembered(told, generator, next(self.certainties))


def told(mask, value=1, system=None):
    """A system that knows one mask."""
    system = Remembering() if system is None else system
    system.observe(painted(mask), mask.long() * value)
    return system


def test_a_pixel_goes_to_the_likeliest_object_if_that_exceeds_one_half():
    system = Remembering((0.8, 0.6, 0.4))
    masks = {4: square(2, 2), 7: square(2, 20), 9: square(14, 2)}
    system.observe(painted(square(2, 2)), sum(mask.long() * value for value, mask in masks.items()))
    prob_all = system.step(painted(square(2, 2)))
    assert torch.equal(prob_all.argmax(0), masks[4] * 1 + masks[7] * 2)  # the third is not likely enough
    assert torch.allclose(prob_all.sum(0), torch.ones(SIZE), atol=1e-6)  # float32 rounding


def test_a_single_object_keeps_its_probability():
    assert torch.allclose(told(square(2, 2)).step(painted(square(2, 2)))[1], 0.9 * square(2, 2), atol=1e-6)


def test_channels_are_in_order_of_first_annotation():
    system = told(square(2, 20), 3, told(square(2, 2), 5))
    assert system.objects == (5, 3)
    prob_all = system.step(painted(square(2, 2)))
    assert prob_all.shape == (3, *SIZE)
    assert torch.equal(prob_all[2] > 0.5, square(2, 20))


def test_a_later_mask_joins_those_before():
    system = told(square(2, 2))
    system.step(painted(square(2, 3)))
    told(square(2, 20), system=system)
    assert torch.equal(system.step(painted(square(2, 20)))[1] > 0.5, square(2, 20))
    assert len(system.runs[1].told) == 2


def test_an_object_learns_from_masks_since_its_own_first():
    system = told(square(2, 20), 3, told(square(2, 2), 5))
    system.step(painted(square(2, 2)))
    assert [len(system.runs[value].told) for value in (5, 3)] == [2, 1]


def test_a_mask_of_the_same_frame_takes_the_place_of_the_one_before():
    system, frame = told(square(2, 2)), painted(square(2, 2))
    system.observe(frame, square(3, 3).long())
    system.step(frame)
    assert len(system.runs[1].told) == 1
    system.observe(frame, torch.zeros(SIZE, dtype=torch.int64))
    assert torch.equal(system.step(frame)[1], torch.zeros(SIZE))


def test_targets_are_one_zero_and_void():
    system, ids = Remembering(), square(2, 2) * 3
    ids[20:] = VOID
    ids[0, 0] = 4
    system.observe(painted(square(2, 2)), ids)
    system.step(painted(square(2, 2)))
    target = system.runs[3].told[0][1]
    assert torch.equal(target, torch.where(ids == VOID, VOID, (ids == 3).long()))


def test_a_mask_without_objects_is_answered_with_background():
    system = told(torch.zeros(SIZE, dtype=torch.bool))
    assert torch.equal(system.step(painted(square(2, 2))), torch.ones(1, *SIZE))


def test_each_object_has_its_own_random_numbers_whatever_else_is_told():
    alone, both = told(square(2, 20), 7), Remembering()
    both.observe(painted(square(2, 2)), square(2, 20) * 7 + square(2, 2) * 4)
    for system in (alone, both):
        system.step(painted(square(2, 2)))
    assert alone.runs[7].drawn == both.runs[7].drawn != both.runs[4].drawn
    other = told(square(2, 20), 7, Remembering(generator=torch.Generator().manual_seed(1)))
    other.step(painted(square(2, 2)))
    assert other.runs[7].drawn != alone.runs[7].drawn


def test_what_the_caller_does_with_its_arrays_later_does_not_matter():
    system, ids = Remembering(), square(2, 2).long()
    system.observe(painted(square(2, 2)), ids)
    ids.zero_()
    assert system.step(painted(square(2, 2)))[1].max() > 0.5


def test_runs_begin_once_and_not_before_they_are_asked():
    system = told(square(2, 2))
    assert system.runs == {}
    system.step(painted(square(2, 2)))
    run = system.runs[1]
    system.step(painted(square(2, 2)))
    assert system.runs[1] is run
    assert isinstance(system, Segmenter)


# refusals


def test_a_step_before_any_mask_is_refused():
    with pytest.raises(DataError, match=r"a mask before the first step(.|\n)*system.observe"):
        Remembering().step(painted(square(2, 2)))


def test_frames_of_another_size_or_type_are_refused():
    system = told(square(2, 2))
    with pytest.raises(ShapeError, match=r"\(24, 41\), like those before(.|\n)*a new Remembering"):
        system.step(torch.zeros(3, 9, 9, dtype=torch.uint8))
    with pytest.raises(ShapeError, match="a frame of uint8"):
        system.step(torch.zeros(3, *SIZE))
    with pytest.raises(ShapeError, match="one RGB frame"):
        system.step(torch.zeros(1, 3, *SIZE, dtype=torch.uint8))


def test_a_mask_of_another_size_or_type_is_refused_and_changes_nothing():
    system = told(square(2, 2))
    for wrong, message in (
        (torch.zeros(4, 4, dtype=torch.int64), "one mask of the size"),
        (torch.zeros(SIZE), "integers"),
    ):
        with pytest.raises(ShapeError, match=message):
            system.observe(painted(square(2, 2)), wrong)
    assert system.step(painted(square(2, 2)))[1].max() > 0.5


def test_arrays_of_numpy_are_refused_as_such():
    frame, ids = painted(square(2, 2)), square(2, 2).long()
    for told, said in (((frame.numpy(), ids), "frame: a tensor"), ((frame, ids.numpy()), "ids: a tensor")):
        with pytest.raises(ShapeError, match=f"(?s){said}.*ndarray.*torch.as_tensor"):
            Remembering().observe(*told)


def test_a_run_that_answers_nan_is_told_where_it_comes_from():
    system = told(square(2, 2), system=Remembering(certainties=[float("nan")]))
    with pytest.raises(ShapeError, match="a lower learning rate"):
        system.step(painted(square(2, 2)))
