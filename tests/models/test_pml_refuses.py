"""models/pml.py: refusal of bad input, apart from that of a video."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.models.test_pml import TINY, Wide, batch_of, clip, net_of
from vostutor.core import DataError, SettingsError, ShapeError
from vostutor.models.pml import PML, PMLNet, coordinates, objective, plain_triplet
from vostutor.ops.nearest import min_triplet


@pytest.mark.parametrize(
    "wrong", [{"hidden": 0}, {"channels": 1.5}, {"anchors": 0}, {"margin": 0}, {"margin": float("nan")}]
)
def test_a_config_that_cannot_be_built_is_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        replace(TINY, **wrong)


def test_words_for_switches_and_a_backbone_of_unknown_width_are_refused():
    for switch in ("coordinates", "normalised"):
        with pytest.raises(SettingsError, match="True or False"):
            replace(TINY, **{switch: "no"})
    with pytest.raises(SettingsError, match="backbone.channels"):
        PMLNet(nn.Identity(), TINY)


def test_frames_without_a_batch_or_times_that_are_too_few_are_refused():
    for frames, times in ((torch.zeros(3, 8, 8), torch.zeros(1)), (torch.zeros(2, 3, 8, 8), torch.zeros(1))):
        with pytest.raises(ShapeError, match="one time for each frame"):
            net_of()(frames, times)


def test_a_batch_that_says_too_little_is_refused():
    batch = batch_of(clip())
    with pytest.raises(DataError, match="two frames"):
        objective(net_of(), {name: tensor[:, :1] for name, tensor in batch.items()})
    with pytest.raises(ShapeError, match="ids"):
        objective(net_of(), batch | {"ids": batch["ids"][:, :, ::2]})
    for wrong in ({"frames": batch["frames"], "ids": batch["ids"]}, {name: each[:0] for name, each in batch.items()}):
        with pytest.raises(DataError, match="frames"):
            objective(net_of(), wrong)


def test_objects_that_are_numbered_with_gaps_are_refused():
    batch = batch_of(clip(objects=2))
    for table in ([0, 1, 200], [0, 2, 3]):
        with pytest.raises(DataError, match="without gaps"):
            objective(net_of(), batch | {"ids": torch.tensor(table)[batch["ids"]]})


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (lambda lost: None, ShapeError, "triplet returns"),
        (lambda lost: lost.mean(), ShapeError, "one number for each anchor"),
        (lambda lost: lost[:, None], ShapeError, "one number for each anchor"),
        (lambda lost: lost.detach(), DataError, "gradient"),
        (lambda lost: lost / 0 * 0, DataError, "finite"),
        (lambda lost: lost.long(), ShapeError, "floating"),
    ],
)
def test_a_triplet_that_answers_otherwise_is_refused(answer, kind, said):
    with pytest.raises(kind, match=said):
        objective(
            net_of(), batch_of(clip()), triplet=lambda *points, margin: answer(min_triplet(*points, margin=margin))
        )


@pytest.mark.parametrize(
    ("sizes", "margin", "kind"),
    [
        ((0, 2), 0.7, ShapeError),
        ((2, 0), 0.7, ShapeError),
        ((2, 2), float("nan"), SettingsError),
        ((2, 2), -1, SettingsError),
    ],
)
def test_the_plain_triplet_refuses_what_the_other_refuses(sizes, margin, kind):
    for triplet in (plain_triplet, min_triplet):
        with pytest.raises(kind):
            triplet(torch.zeros(3, 4), *(torch.zeros(size, 4) for size in sizes), margin=margin)


@pytest.mark.parametrize(
    ("times", "size", "kind"),
    [
        (torch.tensor([1]), (2, 3), ShapeError),
        (torch.zeros(1).numpy(), (2, 3), ShapeError),
        (torch.zeros(1, 1), (2, 3), ShapeError),
        (torch.zeros(1), 4, SettingsError),
    ],
)
def test_coordinates_of_no_times_or_size_are_refused(times, size, kind):
    with pytest.raises(kind):
        coordinates(times, size)


def test_frames_in_bytes_and_times_that_are_none_are_refused():
    with pytest.raises(ShapeError, match="255"):
        PMLNet(Wide(), TINY)(torch.zeros(1, 3, 8, 8).byte(), torch.zeros(1))
    with pytest.raises(DataError, match="times"):
        net_of()(torch.zeros(1, 3, 8, 8), torch.tensor([float("nan")]))


@pytest.mark.parametrize("wrong", [None, 3, Wide(), nn.Conv2d(3, 8, 4, 4)])
def test_what_is_no_network_is_refused(wrong):
    with pytest.raises(SettingsError, match="such as PMLNet"):
        PML(wrong)
