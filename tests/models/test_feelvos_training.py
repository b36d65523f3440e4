"""models/feelvos.py: what a training step compares with what, and what it learns from."""

import math

import pytest
import torch
from torch import nn

from tests.models.test_feelvos import SIZE, TINY, batch_of, losses_of, net_of, seeded
from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.models.feelvos import PROFILES, EmbeddingLayer, mined_cross_entropy, objective
from vostutor.ops.matching import global_match, local_match


class Recorded:
    """A matching function, and with what it was called."""

    def __init__(self, match):
        self.match, self.calls = match, []

    def __call__(self, query, there, labels, objects, **reach):
        self.calls.append((query.detach(), there.detach(), labels))
        return self.match(query, there, labels, objects, **reach)


def embedded(net):
    """What `embed` answers from now on, by call, with gradients kept."""
    kept, embed = [], net.embed

    def keeping(frames):
        features, embedding = embed(frames)
        embedding.retain_grad()
        kept.append(embedding)
        return features, embedding

    net.embed = keeping
    return kept


def test_gradient_reaches_the_embeddings_of_all_three_frames():
    net = net_of()
    kept = embedded(net)
    objective(net, batch_of(count=1)).backward()
    assert all(each.any() for each in kept[0].grad) and len(kept[0].grad) == 3


def test_each_frame_is_matched_with_the_first_and_with_the_one_before():
    far, near = Recorded(global_match), Recorded(local_match)
    net = net_of(global_match=far, local_match=near)
    kept = embedded(net)
    objective(net, batch_of(frames=5, count=1))
    for match, others in ((far, (0, 0, 0)), (near, (1, 2, 3))):
        assert len(match.calls) == 3
        for (query, there, _), now, then in zip(match.calls, (2, 3, 4), others, strict=True):
            assert torch.equal(query, kept[0][now]) and torch.equal(there, kept[0][then])


def fed_back(net, **batch):
    """The answers that `cues` is given, one for each frame that is asked."""
    given, cues = [], net.cues
    net.cues = lambda embedding, told, last: given.append(last[2]) or cues(embedding, told, last)
    objective(net, batch_of(count=1, **batch))
    return given


def test_the_answer_that_is_fed_back_is_soft_and_teaches_nothing_itself():
    mask, answer = fed_back(net_of(), frames=4)
    assert set(mask.unique().tolist()) <= {k / 16 for k in range(17)} | {k / 12 for k in range(13)} | {
        0.25 * k for k in range(5)
    }
    assert not answer.requires_grad
    torch.testing.assert_close(answer.sum(dim=0), torch.ones(9, 12))
    assert ((answer > 0.01) & (answer < 0.99)).any()


def decided(net, called=None):
    """The logits that `decide` answers from now on, with gradients kept; those of the first frame asked are everywhere `called`'s."""
    kept, decide = [], net.decide

    def keeping(features, cues):
        logits = decide(features, cues)
        if called is not None and not kept:
            logits = logits + 50 * (torch.arange(logits.shape[1]) == called)[:, None, None]
        logits.retain_grad()
        kept.append(logits)
        return logits

    net.decide = keeping
    return kept


def test_the_fourth_frame_follows_the_networks_own_answer_for_the_third_and_no_mask():
    net = net_of()
    kept = decided(net)
    mask, answer = fed_back(net, frames=4)
    torch.testing.assert_close(answer, kept[0][0].softmax(dim=0))
    assert (answer - mask).abs().max() > 0.1  # so the line above tells them apart


@pytest.mark.parametrize("called", [0, 1, 2])
def test_a_third_frame_that_is_all_one_object_to_the_network_is_so_for_the_fourth(called):
    near = Recorded(local_match)
    net = net_of(local_match=near)
    decided(net, called)
    _, answer = fed_back(net, frames=4)
    torch.testing.assert_close(answer[called], torch.ones(9, 12))
    labels = near.calls[1][2]
    assert (labels == called).sum() >= labels.numel() - 2  # each of the others keeps one place


def test_the_loss_of_the_fourth_frame_teaches_nothing_by_way_of_the_third_answer(monkeypatch):
    net, asked = net_of(), []
    kept = decided(net)
    monkeypatch.setattr(
        "vostutor.models.feelvos.mined_cross_entropy",
        lambda logits, ids, share: asked.append(1) or (len(asked) - 1) * logits[:, 1].mean(),  # the third frame's is 0
    )
    objective(net, batch_of(frames=4, count=1)).backward()
    assert not kept[0].grad.any() and kept[1].grad.any()


@pytest.mark.parametrize(("progress", "share"), [(0.0, 1.0), (0.25, 0.75), (0.4, 0.6), (0.5, 0.5), (1.0, 0.5)])
def test_the_share_of_hard_pixels_falls_along_a_line_until_half_of_the_training(monkeypatch, progress, share):
    asked = []
    monkeypatch.setattr("vostutor.models.feelvos.mined_cross_entropy", lambda a, b, c: asked.append(c) or a.mean())
    objective(net_of(), batch_of(count=1) | {"progress": torch.tensor([progress])})
    assert asked == [pytest.approx(share)]


def test_an_object_that_the_reference_lacks_has_no_chance(monkeypatch):
    asked, batch = [], batch_of()
    batch["ids"][1][batch["ids"][1] == 2] = 0
    monkeypatch.setattr("vostutor.models.feelvos.mined_cross_entropy", lambda a, b, c: asked.append(a) or a.mean())
    objective(net_of(), batch)
    assert (asked[0][1, 2] < -9e3).all() and (asked[0][0].abs() < 100).all() and (asked[0][1, :2].abs() < 100).all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_step_of_training_on_a_gpu_is_that_on_a_processor(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # a step changes the loss by less than a hundredth
    batch = batch_of(frames=4)
    here = losses_of(net_of(), batch, steps=2)
    there = losses_of(net_of().cuda(), {name: tensor.cuda() for name, tensor in batch.items()}, steps=2)
    assert here[1] < 0.995 * here[0] and there == pytest.approx(here, rel=1e-4)


def test_every_kernel_of_the_embedding_begins_with_a_one_in_its_middle_and_noise_that_is_not_cut_off():
    kernels = EmbeddingLayer(256, PROFILES["paper"], seeded())[0].weight[:, 0].detach()
    noise = kernels.clone()
    noise[:, 1, 1] -= 1
    assert abs(noise.mean()) < 0.003 and abs(noise.std() - 0.03) < 0.002
    assert abs(kernels[:, 1, 1].mean() - 1) < 0.01 and noise.abs().max() > 0.07  # beyond two deviations


def test_an_object_that_only_an_asked_frame_shows_is_refused_by_its_name():
    batch = batch_of()
    batch["ids"][1, :2][batch["ids"][1, :2] == 2] = 0
    with pytest.raises(DataError, match="object 2 of sample 1"):
        objective(net_of(), batch)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"share": 0}, SettingsError, "share"),
        ({"share": 1.5}, SettingsError, "share"),
        ({"share": math.nan}, SettingsError, "share"),
        ({"ids": torch.full((1, 2, 2), 2)}, DataError, "from 0 to 1"),
        ({"ids": torch.zeros(1, 2, 2)}, ShapeError, "ids.long"),
        ({"ids": torch.zeros(1, 2, 3, dtype=torch.int64)}, ShapeError, "ids"),
        ({"logits": torch.full((1, 2, 2, 2), torch.nan)}, DataError, "finite"),
    ],
)
def test_the_loss_refuses_what_has_none(wrong, error, words):
    given = {"logits": torch.zeros(1, 2, 2, 2), "ids": torch.zeros(1, 2, 2, dtype=torch.int64), "share": 0.5}
    with pytest.raises(error, match=words):
        mined_cross_entropy(**(given | wrong))


@pytest.mark.parametrize("name", ["global_match", "local_match"])
def test_a_students_function_that_answers_no_distances_is_named(name):
    for answer in (None, torch.ones(2, *SIZE), torch.full((3, 9, 12), torch.nan), torch.full((3, 9, 12), 7.0)):
        with pytest.raises((DataError, ShapeError), match=name):
            objective(net_of(TINY, **{name: lambda *given, answer=answer, **reach: answer}), batch_of(count=1))


def test_a_backbone_has_to_say_how_many_channels_it_has():
    from vostutor.models.feelvos import FEELVOSNet

    for backbone in (nn.Conv2d(3, 8, 4, stride=4), net_of().head):
        with pytest.raises(SettingsError, match="backbone.channels"):
            FEELVOSNet(backbone, TINY)
