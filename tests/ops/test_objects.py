"""ops/objects.py: objects sought one by one are put together as the challenge entries did."""

import pytest
import torch

from vostutor.core import ShapeError
from vostutor.ops.masks import to_ids
from vostutor.ops.objects import merge_objects


def drawn(objects, seed=0):
    return torch.rand(objects, 7, 9, generator=torch.Generator().manual_seed(seed))


def test_a_single_object_keeps_its_probability():
    prob = drawn(1)
    assert torch.allclose(merge_objects(prob), torch.cat([1 - prob, prob]), atol=1e-6)  # divided by a sum of about 1


def test_two_sure_objects_share_by_how_sure_they_are():
    merged = merge_objects(torch.tensor([1.0, 1.0]).reshape(2, 1, 1))
    assert merged.flatten().tolist() == [0.0, 0.5, 0.5]


@pytest.mark.parametrize("objects", [1, 2, 5])
def test_a_pixel_goes_to_the_likeliest_object_if_that_exceeds_one_half(objects):
    prob = drawn(objects, seed=objects)
    best, winner = prob.max(dim=0)
    expected = torch.where(best > 0.5, winner + 1, 0)
    assert torch.equal(to_ids(merge_objects(prob), range(1, objects + 1)), expected)


def test_exactly_one_half_is_background():
    assert to_ids(merge_objects(torch.full((1, 1, 1), 0.5)), (1,)).item() == 0


def test_channels_sum_to_one_and_the_order_of_objects_is_kept():
    prob = drawn(4)
    merged = merge_objects(prob)
    assert torch.allclose(merged.sum(dim=0), torch.ones(7, 9), atol=1e-6)
    turned = merge_objects(prob.flip(0))[1:].flip(0)
    assert torch.allclose(turned, merged[1:], atol=1e-6)  # the sum is taken in another order


def test_without_objects_everything_is_background():
    assert torch.equal(merge_objects(torch.zeros(0, 2, 3)), torch.ones(1, 2, 3))


def test_other_axes_are_refused():
    with pytest.raises(ShapeError, match="one channel for each object"):
        merge_objects(torch.zeros(2, 3))


@pytest.mark.parametrize(("worst", "said"), [
    (float("nan"), "a lower learning rate"), (1.5, "logits.sigmoid"), (-0.5, "logits.sigmoid"),
])  # fmt: skip
def test_what_is_no_probability_is_refused_with_its_usual_cause(worst, said):
    prob = drawn(2)
    prob[1, 3, 4] = worst
    with pytest.raises(ShapeError, match=f"(?s)probabilities in .*{said}"):
        merge_objects(prob)


@pytest.mark.parametrize("prob", [torch.ones(2, 3, 4).long(), torch.ones(2, 3, 4) > 0, torch.ones(2, 3, 4).numpy()])
def test_ids_masks_and_arrays_are_no_probabilities(prob):
    with pytest.raises(ShapeError, match="prob: a tensor"):
        merge_objects(prob)
