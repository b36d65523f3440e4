"""models/feelvos.py: the system of FEELVOS, frame after frame through a video."""

import pytest
import torch

from tests.models.test_feelvos import SIZE, answers, net_of, painted
from vostutor.core import DataError, Segmenter, ShapeError
from vostutor.models.feelvos import FEELVOS


def test_it_is_a_segmenter():
    assert isinstance(FEELVOS(net_of()), Segmenter)


def test_a_video_in_which_nothing_is_annotated_is_background():
    frame, ids = painted((6, 6, 12))
    assert answers(net_of(), frame, told=(frame, 0 * ids))[0].shape == (1, *SIZE)


def test_an_object_that_comes_late_is_followed_from_then_on():
    system, (frame, ids) = FEELVOS(net_of()), painted((6, 6, 12))
    system.observe(frame, ids)
    assert len(system.step(frame)) == 2
    later, ids = painted((6, 6, 12), (16, 26, 12), seed=2)
    system.observe(later, torch.where(ids == 2, 9, ids))
    prob_all = system.step(later)
    assert system.objects == (1, 9) and (prob_all.argmax(dim=0) == ids).float().mean() > 0.9


def test_where_a_later_mask_says_nothing_the_last_answer_stays():
    system, (frame, ids) = FEELVOS(net_of()), painted((6, 6, 12), (16, 26, 12))
    system.observe(frame, ids)
    system.step(frame)
    answer = system.before[1]
    system.observe(painted((6, 6, 12), (16, 26, 12), seed=2)[0], torch.full(SIZE, 255))
    torch.testing.assert_close(system.before[1], answer)


def test_the_same_frame_told_again_replaces_what_was_told():
    system, (frame, ids) = FEELVOS(net_of()), painted((6, 6, 12), (16, 26, 12))
    system.observe(frame, torch.where(ids == 2, 0, ids))
    system.observe(frame, ids)
    assert len(system.told) == 1 and system.objects == (1, 2)


def test_memory_does_not_grow_with_the_video():
    system, (frame, ids) = FEELVOS(net_of()), painted((6, 6, 12))
    system.observe(frame, ids)
    for _ in range(3):
        system.step(frame)
    assert len(system.told) == 1 and [tuple(each.shape) for each in system.before] == [(6, 9, 12), (2, 9, 12)]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda s, f, i: s.step(f), DataError, "observe"),
        (lambda s, f, i: s.observe(f.float(), i), ShapeError, "uint8"),
        (lambda s, f, i: s.observe(f, i[:-1]), ShapeError, "size"),
        (lambda s, f, i: s.observe(f[0], i), ShapeError, "RGB"),
        (lambda s, f, i: s.observe(f.numpy(), i), ShapeError, "tensor"),
        (lambda s, f, i: s.observe(f, i.float()), ShapeError, "integers"),
        (lambda s, f, i: (s.observe(f, i), s.step(f[:, 1:])), ShapeError, "new system"),
    ],
)
def test_the_system_refuses_what_it_cannot_use(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong(FEELVOS(net_of()), *painted((6, 6, 12)))
