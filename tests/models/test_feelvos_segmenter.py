"""models/feelvos.py: the system of FEELVOS, frame after frame through a video."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from tests.models.test_feelvos import SIZE, answers, net_of, painted
from tests.models.test_feelvos_training import Recorded
from tests.widgets.lookalike import SMALL, Pooled, lookalike_clip
from vostutor.core import DataError, Segmenter, SettingsError, ShapeError
from vostutor.models.feelvos import FEELVOS, FEELVOSNet
from vostutor.ops.matching import local_match


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


def test_every_annotated_frame_is_compared_with():
    system = FEELVOS(net_of())
    for seed in range(3):
        system.observe(*painted((6, 6 + seed, 12), seed=seed))
    embedding, labels = system.reference
    assert len(system.told) == 3 and embedding.shape == (6, 27, 12) and labels.shape == (27, 12)
    assert torch.equal(embedding[:, :9], system.told[0][1]) and torch.equal(embedding[:, 18:], system.told[2][1])


def test_each_frame_is_matched_with_the_one_before_it():
    near = Recorded(local_match)
    answers(net_of(local_match=near), *(painted((6, 6 + 4 * t, 12), seed=t)[0] for t in (1, 2, 3)))
    for (query, _, _), (_, there, _) in pairwise(near.calls):
        assert torch.equal(query, there)


def test_a_square_that_has_moved_further_than_the_reach_since_the_first_frame_is_followed():
    clip = lookalike_clip(frames=6)  # by a place a frame, local matching looks 2 far
    found = answers(
        FEELVOSNet(
            Pooled(), replace(SMALL, first=False, trust=(4.0, 8.0, 1.0)), generator=torch.Generator().manual_seed(0)
        ),
        *clip.frames[1:],
        told=(clip.frames[0], clip.ids[0]),
    )
    assert (found[-1].argmax(dim=0) == 1)[clip.ids[-1] == 1].float().mean() > 0.5  # corners blend with the grey


def test_what_is_fed_back_is_soft():
    system, (frame, ids) = FEELVOS(net_of()), painted((6, 6, 12))
    system.observe(frame, ids)
    system.step(painted((8, 8, 12), seed=3)[0])
    answer = system.before[1]
    torch.testing.assert_close(answer.sum(dim=0), torch.ones(9, 12))
    assert ((answer > 0.01) & (answer < 0.99)).any()


def test_an_object_that_has_vanished_keeps_one_place_for_local_matching():
    near = Recorded(local_match)
    system, (frame, ids) = FEELVOS(net_of(local_match=near)), painted((6, 6, 12), (16, 26, 12))
    system.observe(frame, ids)
    answer = system.before[1].clone()
    answer[0] += answer[2] - 1e-6
    answer[2] = 1e-6
    answer[2, 4, 7] = 2e-6
    system.before = system.before[0], answer
    system.step(frame)
    labels = near.calls[0][2]
    assert (labels == 2).nonzero().tolist() == [[4, 7]]


def test_the_network_sees_frames_from_0_to_1():
    net, seen = net_of(), []
    net.backbone.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    frame = torch.full((3, *SIZE), 255, dtype=torch.uint8)
    answers(net, told=(frame, torch.zeros(SIZE, dtype=torch.int64)))
    assert torch.equal(seen[0], torch.ones(1, 3, *SIZE))


@pytest.mark.parametrize("size", [(33, 47), (33, 48), (34, 45)])
def test_what_is_remembered_of_a_whole_mask_sums_to_one_up_to_the_border(size):
    system = FEELVOS(net_of())
    system.observe(*painted((20, 20, 14), size=size))
    torch.testing.assert_close(system.before[1].sum(dim=0), torch.ones(-(-size[0] // 4), -(-size[1] // 4)))
    assert not (system.reference[1] == 255).any()


def test_a_mask_that_cannot_be_embedded_changes_nothing():
    system = FEELVOS(net_of())
    system.observe(*painted((6, 6, 12)))
    before = dict(vars(system))
    system.network.embedding[0].bias.data[0] = torch.nan
    with pytest.raises(DataError, match="embedding: finite"):
        system.observe(*painted((6, 6, 12), (16, 26, 12), seed=1))
    assert all(vars(system)[name] is each for name, each in before.items())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_a_gpu_answers_as_a_processor_does_where_the_frames_lie(monkeypatch, place):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # a label at the border may hang on the fourth digit
    told, *later = (painted((6, 6 + t, 12), (16, 26 - t, 12), seed=t) for t in range(4))
    expected, system = answers(net_of(), *(frame for frame, _ in later), told=told), FEELVOS(net_of().cuda())
    system.observe(*(each.to(place) for each in told))
    for (frame, _), prob_all in zip(later, expected, strict=True):
        answer = system.step(frame.to(place))
        assert answer.device.type == place and torch.equal(answer.cpu().argmax(dim=0), prob_all.argmax(dim=0))


@pytest.mark.parametrize("network", [None, torch.nn.Conv2d(3, 8, 4), FEELVOS])
def test_a_network_that_cannot_compare_is_refused(network):
    with pytest.raises(SettingsError, match="FEELVOSNet"):
        FEELVOS(network)


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
