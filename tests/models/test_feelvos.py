"""models/feelvos.py: the network of FEELVOS, its training, the system."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from vostutor.core import SettingsError, ShapeError
from vostutor.models.feelvos import (
    FEELVOS,
    PROFILES,
    DynamicHead,
    EmbeddingLayer,
    FEELVOSConfig,
    FEELVOSNet,
    mined_cross_entropy,
    objective,
)
from vostutor.nn.backbone import Backbone, BackboneConfig

TINY = FEELVOSConfig(
    embedding=6, width=8, layers=2, kernel=3, reach=2, rows=36, trust=(4.0, 4.0, 2.0), spread=0.25, hardest=0.5
)
LITERAL = replace(TINY, trust=None)
SIZE = (33, 47)  # no multiple of anything


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def net_of(config=TINY, seed=0, **matches):
    generator = seeded(seed)
    backbone = Backbone(BackboneConfig(widths=(8, 8, 8, 8), channels=8), generator=generator)
    return FEELVOSNet(backbone, config, generator=generator, **matches)


def painted(*boxes, size=SIZE, seed=0):
    """A frame of grey noise with boxes (row, column, side), each of a colour of its own, and their ids 1, 2, ..."""
    frame, ids = torch.randint(90, 120, (3, *size), generator=seeded(seed)), torch.zeros(size, dtype=torch.int64)
    for k, (row, column, side) in enumerate(boxes):
        frame[k % 3, row : row + side, column : column + side] += 130
        ids[row : row + side, column : column + side] = k + 1
    return frame.byte(), ids


def batch_of(frames=3, count=2, size=SIZE):
    shots = [
        painted((6, 6 + 2 * t, 12), (16, 26 - t, 12), seed=10 * n + t, size=size)
        for n in range(count)
        for t in range(frames)
    ]
    pictures, ids = (torch.stack(each).unflatten(0, (count, frames)) for each in zip(*shots, strict=True))
    return {"frames": pictures.float() / 255, "ids": ids, "progress": torch.full((count,), 0.5)}


def answers(net, *more_frames, told=None):
    system = FEELVOS(net)
    system.observe(*(told or painted((6, 6, 12), (16, 26, 12))))
    return [system.step(frame) for frame in more_frames]


def parameters_of(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def test_the_published_head_has_315543_parameters_and_the_embedding_28260():
    paper = PROFILES["paper"]
    assert parameters_of(DynamicHead(256 + 3, paper, None)) == 315_543
    assert parameters_of(EmbeddingLayer(256, paper, None)) == 28_260
    assert paper.cues == ("global", "before", "local") and paper.reach == 15


def test_the_paper_profile_takes_a_step_on_a_backbone_that_is_passed_in():
    class Stem(nn.Conv2d):
        channels = 256

    net = FEELVOSNet(Stem(3, 256, 4, stride=4), PROFILES["paper"], generator=seeded())
    before = net.head[0].weight.clone()
    optimiser = torch.optim.SGD(net.parameters(), lr=7e-4, momentum=0.9, weight_decay=4e-5)
    objective(net, batch_of(count=1, size=(32, 48))).backward()
    optimiser.step()
    assert not torch.equal(before, net.head[0].weight)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("size", [(32, 48), SIZE])
def test_answers_have_the_size_of_the_frame(count, size):
    told = painted(*[(4, 4, 10), (18, 24, 10)][:count], size=size)
    (prob_all,) = answers(net_of(), told[0], told=told)
    assert prob_all.shape == (count + 1, *size) and prob_all.dtype == torch.float32
    torch.testing.assert_close(prob_all.sum(dim=0), torch.ones(size))


@pytest.mark.parametrize(
    "config", [TINY, LITERAL, replace(TINY, previous="global")], ids=["small", "literal", "global twice"]
)
def test_gradient_reaches_every_parameter(config):
    net = net_of(config)
    for name, parameter in net.named_parameters():
        if name.startswith("head") and "weight" in name:
            nn.init.normal_(parameter, std=0.1, generator=seeded(1))  # the last one begins with zeros
    objective(net, batch_of()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_batch_is_as_its_samples_one_by_one():
    net, batch = net_of(), batch_of(count=2)
    alone = [objective(net, {name: each[n : n + 1] for name, each in batch.items()}) for n in range(2)]
    torch.testing.assert_close(objective(net, batch), sum(alone) / 2, atol=1e-5, rtol=1e-5)


def losses_of(net, batch, *, steps, optimiser=torch.optim.SGD):
    """The loss before each step of a training on one batch."""
    stepping, losses = optimiser(net.parameters(), lr=1e-2), []
    for _ in range(steps):
        loss = objective(net, batch)
        stepping.zero_grad()
        loss.backward()
        stepping.step()
        losses.append(loss.item())
    return losses


def test_a_tiny_clip_is_overfitted():
    losses = losses_of(net_of(), batch_of(count=1), steps=60, optimiser=torch.optim.Adam)
    assert losses[-1] < 0.25 * losses[0]


def test_saved_and_loaded_it_answers_the_same():
    net, frame = net_of(), painted((8, 8, 12), (16, 24, 12), seed=3)[0]
    other = net_of(seed=1)
    other.load_state_dict(load(save(net.state_dict())))
    assert torch.equal(answers(net, frame)[0], answers(other, frame)[0])


def test_permuting_the_objects_permutes_the_answers_and_nothing_else():
    frame, ids = painted((6, 6, 12), (16, 26, 12))
    later = painted((8, 8, 12), (16, 24, 12), seed=3)[0]
    swapped = torch.tensor([0, 2, 1])[ids]
    pairs = (answers(net_of(), later, later, told=(frame, each)) for each in (ids, swapped))
    for one, other in zip(*pairs, strict=True):
        torch.testing.assert_close(one[[0, 2, 1]], other)


def test_the_number_of_objects_changes_no_parameter():
    net = net_of()
    for boxes in ([(4, 4, 8)], [(4, 4, 8), (4, 24, 8), (20, 4, 8)]):
        told = painted(*boxes)
        assert len(answers(net, told[0], told=told)[0]) == len(boxes) + 1


def test_at_first_the_cues_decide_alone_and_find_a_box_that_moves():
    net = net_of()
    frames = [painted((6, 6 + t, 12), (16, 26 - t, 12), seed=t) for t in range(1, 4)]
    found = answers(net, *(frame for frame, _ in frames))
    for prob_all, (_, ids) in zip(found, frames, strict=True):
        assert (prob_all.argmax(dim=0) == ids).float().mean() > 0.9


def test_without_trust_the_logits_are_the_heads_alone():
    net = net_of(LITERAL)
    assert net.trust is None
    for parameter in net.head.parameters():
        nn.init.zeros_(parameter)
    assert torch.equal(net.decide(torch.rand(1, 8, 4, 5), torch.rand(1, 3, 3, 4, 5)), torch.zeros(1, 3, 4, 5))


def test_trust_may_be_whole_numbers():
    assert net_of(replace(TINY, trust=(4, 4, 2))).trust.tolist() == [4.0, 2.0, 4.0]  # global, before, local


def test_each_cue_moves_the_logit_in_its_own_direction():
    net = net_of()
    features, cues = torch.rand(1, 8, 2, 2), torch.full((1, 2, 3, 2, 2), 0.5)
    base = net.decide(features, cues)
    for k, sign in enumerate((-1, 1, -1)):  # global distance, answer before, local distance
        more = cues.clone()
        more[:, 1, k] += 0.25
        moved = net.decide(features, more) - base
        assert (sign * moved[:, 1] > 0.4).all() and moved[:, 0].abs().max() < 1e-6


@pytest.mark.parametrize(
    ("config", "cues"),
    [
        (replace(TINY, first=False), ("before", "local")),
        (replace(TINY, previous="none"), ("global", "before")),
        (replace(TINY, feedback=False), ("global", "local")),
        (replace(TINY, previous="none", feedback=False), ("global",)),
    ],
)
def test_a_cue_that_is_left_out_is_no_input(config, cues):
    net = net_of(config)
    assert config.cues == cues and net.head[0].in_channels == 8 + len(cues) and len(net.trust) == len(cues)
    objective(net, batch_of()).backward()


def test_global_matching_with_the_frame_before_is_local_matching_without_an_end():
    net = net_of(replace(TINY, reach=100))
    everywhere = net_of(replace(TINY, previous="global"))
    frame = painted((8, 8, 12), (16, 24, 12), seed=3)[0]
    torch.testing.assert_close(answers(net, frame, frame), answers(everywhere, frame, frame))


def test_local_matching_looks_as_far_as_the_frame_is_large():
    small, paper = net_of(PROFILES["cpu"]), PROFILES["paper"]
    heights = {rows: small.reach_in(torch.zeros(1, -(-rows // 4), 9)) for rows in (96, 240, 480)}
    assert heights == {96: 4, 240: 10, 480: 20} and (paper.reach, paper.rows) == (15, 480)


def test_a_students_matching_takes_the_place_of_ours():
    asked = []

    def blind(query, *there, **options):
        asked.append(options)
        return torch.ones(3, *query.shape[-2:])

    frame = painted((8, 8, 12), (16, 24, 12), seed=3)[0]
    answers(net_of(global_match=blind, local_match=blind), frame)
    assert asked == [{}, {"reach": 2}]


def test_the_loss_counts_the_hardest_pixels():
    logits = torch.tensor(
        [[[[4.0, 0.0, 0.0, -4.0]], [[0.0, 0.0, 4.0, 0.0]]]]
    )  # losses of label 0: .018, .693, 4.018, 4.018
    ids = torch.tensor([[[0, 0, 0, 255]]])
    torch.testing.assert_close(mined_cross_entropy(logits, ids, 0.25), torch.tensor(4.0181), atol=1e-3, rtol=0)
    torch.testing.assert_close(mined_cross_entropy(logits, ids, 0.5), torch.tensor(2.3557), atol=1e-3, rtol=0)
    torch.testing.assert_close(mined_cross_entropy(logits, ids, 1.0), torch.tensor(1.1823), atol=1e-3, rtol=0)


def test_the_share_of_hard_pixels_falls_until_half_of_the_training():
    net, batch = net_of(), batch_of()
    losses = [
        objective(net, batch | {"progress": torch.full((2,), progress)}).item() for progress in (0.0, 0.25, 0.5, 1.0)
    ]
    assert losses[0] < losses[1] < losses[2] == losses[3]


def test_a_fourth_frame_follows_the_answer_for_the_third():
    net, batch = net_of(), batch_of(frames=4)
    short = {name: each[:, :3] if each.ndim > 1 else each for name, each in batch.items()}
    assert objective(net, batch).item() != objective(net, short).item()
    batch["ids"][:, 2] = 0  # the answer is followed, not the truth
    later = batch | {"frames": batch["frames"].clone()}
    later["frames"][:, 2] = later["frames"][:, 1]
    assert objective(net, batch).item() != objective(net, later).item()


def test_an_object_that_a_clip_lacks_is_never_its_answer():
    net, batch = net_of(), batch_of()
    batch["ids"][1][batch["ids"][1] == 2] = 0
    alone = objective(net, {name: each[1:] for name, each in batch.items()})
    whole = objective(net, batch)
    first = objective(net, {name: each[:1] for name, each in batch.items()})
    torch.testing.assert_close(whole, (alone + first) / 2, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kernel": 4}, "odd"), ({"embedding": 0}, "embedding"), ({"width": 2.5}, "width"), ({"layers": 0}, "layers"),
        ({"reach": -1}, "reach"),
        ({"rows": 0}, "rows"), ({"previous": "near"}, "local"), ({"hardest": 0}, "hardest"), ({"spread": 0}, "spread"),
        ({"trust": 5.0}, "three"), ({"trust": (1.0, "2", 1.0)}, "trust"), ({"first": 1}, "first"), ({"feedback": "no"}, "feedback"),
        ({"trust": (1.0, float("nan"), 1.0)}, "trust"), ({"trust": (1.0,)}, "three"),
        ({"first": False, "previous": "none", "feedback": False}, "cue"),
    ],
)  # fmt: skip
def test_a_config_that_cannot_be_built_is_refused(wrong, words):
    with pytest.raises(SettingsError, match=words):
        FEELVOSConfig(**wrong)


def test_training_refuses_samples_without_a_frame_to_ask_for():
    with pytest.raises(ShapeError, match="three frames"):
        objective(net_of(), batch_of(frames=2))
