"""models/osvos_s.py: instances are chosen once and found again; the prior they make says which classifier counts."""

import pytest
import torch

from tests.models.tiny import SIZE, seeded, square
from vostutor.core import SettingsError, ShapeError
from vostutor.models.osvos_s import choose_instances, conditional, overlaps, propagate, select_instances, smooth

LEFT, RIGHT, BELOW = square(3, 3), square(3, 28), square(14, 15)


# selection


def test_an_instance_that_is_the_mask_is_chosen_alone():
    masks = torch.stack([square(3, 4), LEFT, LEFT | RIGHT, square(3, 3, side=4)])
    assert choose_instances(masks, LEFT) == [1]
    assert torch.equal(masks[choose_instances(masks, LEFT)].any(0), LEFT)


def test_a_rider_and_a_horse_are_one_of_each():
    horse = square(4, 4, side=10)
    rider = square(0, 6, side=4)
    masks, labels = torch.stack([RIGHT, rider, horse]), ["horse", "person", "horse"]
    assert choose_instances(masks, rider | horse) == [2, 1]
    assert select_instances(masks, labels, rider | horse) == {"horse": 1, "person": 1}


def test_two_of_a_kind_are_counted():
    assert select_instances(torch.stack([LEFT, RIGHT, BELOW]), ["cow"] * 3, LEFT | BELOW) == {"cow": 2}


def test_without_overlap_nothing_is_chosen():
    none = torch.zeros(0, *SIZE, dtype=torch.bool)
    assert select_instances(torch.stack([RIGHT]), ["cow"], LEFT) == select_instances(none, [], LEFT) == {}
    assert select_instances(torch.stack([LEFT]), ["cow"], torch.zeros(SIZE, dtype=torch.bool)) == {}


def test_greedy_choice_never_lowers_the_overlap():
    generator = seeded()
    for _ in range(20):
        masks = torch.rand(5, *SIZE, generator=generator) < 0.3
        mask = torch.rand(SIZE, generator=generator) < 0.5
        chosen = choose_instances(masks, mask)
        fits = [overlaps(masks[chosen[: n + 1]].any(0)[None], mask).item() for n in range(len(chosen))]
        assert fits == sorted(fits) and fits[0] == overlaps(masks, mask).max().item()
        assert len(set(chosen)) == len(chosen)


def test_overlap_is_intersection_over_union():
    assert overlaps(torch.stack([square(0, 0, side=4), LEFT]), square(0, 2, side=4)).tolist() == [
        pytest.approx(8 / 24), pytest.approx(3 / (64 + 16 - 3)),
    ]  # fmt: skip


# propagation


def test_of_a_label_those_that_overlap_the_first_estimate_most_are_kept():
    masks, labels = torch.stack([RIGHT, square(3, 5), LEFT, LEFT]), ["cow", "cow", "cow", "dog"]
    assert propagate(masks, labels, LEFT, {"cow": 1}) == [2]
    assert propagate(masks, labels, LEFT, {"cow": 2}) == [1, 2]
    assert propagate(masks, labels, LEFT, {"cow": 3}) == [1, 2]  # the one on the right does not overlap
    assert propagate(masks, labels, LEFT, {"cow": 1, "dog": 1}) == [2, 3]
    assert propagate(masks, labels, LEFT, {"horse": 1}) == propagate(masks, labels, LEFT, {}) == []


def test_never_more_than_wanted_and_never_another_label():
    generator = seeded()
    for _ in range(30):
        masks = torch.rand(6, *SIZE, generator=generator) < 0.2
        labels = ["cow" if draw < 0.5 else "dog" for draw in torch.rand(6, generator=generator).tolist()]
        want = {"cow": 2, "dog": 1}
        kept = [labels[n] for n in propagate(masks, labels, masks[0], want)]
        assert all(kept.count(label) <= count for label, count in want.items())


# the prior and the blend


def test_a_prior_is_between_0_and_1_a_half_at_a_straight_border_and_the_mask_without_smoothing():
    half = torch.zeros(SIZE)
    half[:, 20:] = 1
    prior = smooth(half, 2.0)
    assert prior.min() >= 0 and prior.max() <= 1
    assert ((prior[:, 19] + prior[:, 20]) / 2 - 0.5).abs().max() < 1e-6
    assert torch.equal(smooth(half, 0), half)
    assert torch.allclose(smooth(torch.ones(SIZE), 3.0), torch.ones(SIZE), atol=1e-6)


def test_smoothing_is_a_gaussian_spelled_out():
    mask = torch.zeros(15, 15)
    mask[7, 7] = 1
    y, x = torch.meshgrid(torch.arange(15.0) - 7, torch.arange(15.0) - 7, indexing="ij")
    slow = torch.exp(-(x**2 + y**2) / (2 * 1.5**2))
    assert torch.allclose(smooth(mask, 1.5), slow / slow.sum(), atol=1e-4)  # the kernel ends at four sigma


def test_the_prior_says_which_classifier_counts():
    inside, outside = torch.randn(2, *SIZE, generator=seeded()).unbind()
    assert torch.equal(conditional(inside, outside, torch.ones(SIZE)), inside)
    assert torch.equal(conditional(inside, outside, torch.zeros(SIZE)), outside)


def test_the_blend_is_between_both_and_equal_ones_make_the_prior_irrelevant():
    inside, outside = torch.randn(2, *SIZE, generator=seeded()).unbind()
    prior = torch.rand(SIZE, generator=seeded(1))
    blend = conditional(inside, outside, prior)
    assert (blend <= torch.maximum(inside, outside) + 1e-6).all()
    assert (blend >= torch.minimum(inside, outside) - 1e-6).all()
    assert torch.allclose(conditional(inside, inside, prior), inside, atol=1e-6)


def test_gradients_are_shared_as_the_prior_says_and_none_goes_into_it():
    inside, outside, prior = (torch.rand(SIZE, generator=seeded(k)).requires_grad_() for k in range(3))
    top = torch.randn(SIZE, generator=seeded(3))
    conditional(inside, outside, prior).backward(top)
    assert torch.allclose(inside.grad, prior.detach() * top)
    assert torch.allclose(outside.grad, (1 - prior.detach()) * top)
    assert prior.grad is None


# refusals


def test_masks_that_are_none_and_labels_that_are_missing_are_refused():
    with pytest.raises(ShapeError, match="masks of bool"):
        select_instances(LEFT[None].float(), ["cow"], LEFT)
    with pytest.raises(ShapeError, match="one to compare with"):
        choose_instances(LEFT, LEFT)
    for refused in (
        lambda: select_instances(LEFT[None], [], LEFT),
        lambda: propagate(LEFT[None], ["a", "b"], LEFT, {}),
    ):
        with pytest.raises(ShapeError, match="one label for each mask"):
            refused()


def test_a_prior_of_another_size_and_a_negative_sigma_are_refused():
    with pytest.raises(ShapeError, match="prior of"):
        conditional(torch.zeros(SIZE), torch.zeros(SIZE), torch.zeros(3, 3))
    for sigma in (-1, float("nan"), float("inf"), None):
        with pytest.raises(SettingsError, match="sigma=10 at 480 rows"):
            smooth(LEFT.float(), sigma)


def test_masks_beside_which_overlap_means_nothing_are_refused():
    with pytest.raises(ShapeError, match="masks of bool"):
        overlaps(LEFT[None].long(), LEFT)
    with pytest.raises(ShapeError, match="one to compare with"):
        overlaps(LEFT[None], LEFT[:1])
    for refused in (lambda: overlaps(LEFT[None].numpy(), LEFT), lambda: smooth(LEFT.numpy(), 1)):
        with pytest.raises(ShapeError, match="torch.as_tensor"):
            refused()


@pytest.mark.parametrize("prior", [LEFT, LEFT * 255.0, LEFT * -0.5, torch.full(SIZE, float("nan"))])
def test_a_prior_that_is_no_probability_is_refused(prior):
    with pytest.raises(ShapeError, match="prior"):
        conditional(torch.zeros(SIZE), torch.zeros(SIZE), prior)


def test_answers_that_are_no_logits_cannot_be_blended():
    for inside, outside in ((LEFT, torch.zeros(SIZE)), (torch.zeros(SIZE), LEFT.long())):
        with pytest.raises(ShapeError, match="side: a tensor of floating-point"):
            conditional(inside, outside, torch.zeros(SIZE))
