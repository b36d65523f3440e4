"""losses.py: the multi-scale end-point error, cross entropies that weigh objects up or pick the worst pixels."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits

from vostutor.core import SettingsError, ShapeError
from vostutor.losses import LEVEL_WEIGHTS, balanced_bce, bootstrapped_ce, multiscale_epe


def constant_flow(x, y, size, batch=1):
    return torch.tensor([x, y], dtype=torch.float32)[None, :, None, None].expand(batch, 2, *size).clone()


def levels(size, batch=1, fill=0.0, count=5):
    return [torch.full((batch, 2, size[0] >> level, size[1] >> level), fill) for level in range(2, 2 + count)]


def drawn(seed=0, batch=2, size=(64, 128), count=5):
    generator = torch.Generator().manual_seed(seed)
    predictions = [torch.randn(level.shape, generator=generator) for level in levels(size, batch, count=count)]
    return predictions, 20 * torch.randn(batch, 2, *size, generator=generator), generator


# hand-worked numbers


def test_no_motion_predicted_where_all_moves_by_three_and_four_costs_34_56():
    # 5/20 at each of 12288, 3072, 768, 192, 48 pixels, weighted: 0.25 * (61.44 + 30.72 + 15.36 + 15.36 + 15.36)
    loss = multiscale_epe(levels((384, 512)), constant_flow(3, 4, (384, 512)))
    assert loss.item() == pytest.approx(34.56, abs=1e-3)  # float32 sums of 12288 numbers


def test_pixels_are_summed_and_samples_averaged():
    one = multiscale_epe(levels((64, 64)), constant_flow(3, 4, (64, 64)))
    wide = multiscale_epe(levels((64, 128)), constant_flow(3, 4, (64, 128)))
    two = multiscale_epe(levels((64, 64), batch=2), constant_flow(3, 4, (64, 64), batch=2))
    assert wide.item() == pytest.approx(2 * one.item(), rel=1e-5)  # float32 sums of other lengths
    assert two.item() == pytest.approx(one.item(), rel=1e-5)


def test_the_truth_divided_and_averaged_over_areas_costs_nothing():
    _, flow, _ = drawn()
    assert multiscale_epe([avg_pool2d(flow / 20, 2**level) for level in range(2, 7)], flow).item() < 1e-4


def test_a_smaller_network_uses_the_first_weights():
    loss = multiscale_epe(levels((8, 8), count=2), constant_flow(0, 20, (8, 8)))
    assert loss.item() == pytest.approx(4 * 0.005 + 1 * 0.01, rel=1e-6)


def test_a_coarse_pixel_counts_by_its_valid_share_and_unknown_flow_stays_out():
    flow = constant_flow(0, 20, (4, 8))
    valid = torch.ones(1, 4, 8, dtype=torch.bool)
    valid[..., 6:] = False  # half of the second of two coarse pixels
    flow[..., 6:7], flow[..., 7:] = float("nan"), 1e10
    loss = multiscale_epe([torch.zeros(1, 2, 1, 2)], flow, weights=[1.0], valid=valid)
    assert loss.item() == pytest.approx(1.5, rel=1e-6)


# invariance


def test_the_loss_is_linear_in_the_weights():
    predictions, flow, _ = drawn()
    parts = [multiscale_epe(predictions, flow, weights=[float(k == j) for j in range(5)]) for k in range(5)]
    together = sum(weight * part for weight, part in zip(LEVEL_WEIGHTS, parts, strict=True))
    assert multiscale_epe(predictions, flow).item() == pytest.approx(together.item(), rel=1e-5)  # order of float32 sums


def test_flow_and_divisor_grow_together():
    predictions, flow, _ = drawn()
    one, other = multiscale_epe(predictions, flow), multiscale_epe(predictions, 3 * flow, div_flow=60)
    assert one.item() == pytest.approx(other.item(), rel=1e-5)


def test_all_valid_is_the_same_as_not_said():
    predictions, flow, _ = drawn()
    valid = torch.ones(2, 64, 128, dtype=torch.bool)
    assert multiscale_epe(predictions, flow, valid=valid).item() == multiscale_epe(predictions, flow).item()


def test_where_nothing_is_valid_nothing_is_learnt_and_nothing_is_nan():
    predictions, flow, _ = drawn()
    predictions = [prediction.requires_grad_() for prediction in predictions]
    loss = multiscale_epe(predictions, torch.full_like(flow, float("nan")), valid=torch.zeros(2, 64, 128, dtype=bool))
    loss.backward()
    assert loss.item() == 0 and all((prediction.grad == 0).all() for prediction in predictions)


def test_a_prediction_that_is_exact_has_a_finite_gradient():
    prediction = torch.zeros(1, 2, 4, 4, requires_grad=True)
    multiscale_epe([prediction], torch.zeros(1, 2, 16, 16)).backward()
    assert prediction.grad.isfinite().all()


def test_half_precision_predictions_are_compared_in_float32():
    predictions, flow, _ = drawn()
    coarse = [prediction.bfloat16() for prediction in predictions]
    loss = multiscale_epe(coarse, flow)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(multiscale_epe([level.float() for level in coarse], flow).item(), rel=1e-6)


# slow reference


@pytest.mark.parametrize("size", [(64, 128), (13, 22)])
def test_it_is_the_sum_spelled_out(size):
    """One coarse pixel after the other, over the fine pixels that it covers, also where the sizes do not divide."""
    _, flow, generator = drawn(size=(13, 22)) if size == (13, 22) else drawn()
    height, width = size
    coarse = [torch.randn(2, 2, -(-height // 4), -(-width // 4), generator=generator)]
    valid = torch.rand(2, *size, generator=generator) < 0.7
    total = 0.0
    for b, y, x in torch.cartesian_prod(*map(torch.arange, (2, *coarse[0].shape[-2:]))).tolist():
        h, w = coarse[0].shape[-2:]
        rows = slice(y * height // h, -(-(y + 1) * height // h))
        columns = slice(x * width // w, -(-(x + 1) * width // w))
        known = valid[b, rows, columns]
        if known.any():
            target = flow[b, :, rows, columns][:, known].mean(dim=1) / 20
            total += (coarse[0][b, :, y, x] - target).norm().item() * known.float().mean().item()
    assert multiscale_epe(coarse, flow, weights=[1.0], valid=valid).item() == pytest.approx(total / 2, rel=1e-5)


# refusal of bad input


def test_more_predictions_than_weights_and_none_are_refused():
    for predictions in (levels((64, 64)), []):
        with pytest.raises(ShapeError, match="1 to 4 predictions"):
            multiscale_epe(predictions, constant_flow(0, 0, (64, 64)), weights=LEVEL_WEIGHTS[:4])


def test_a_tensor_of_the_wrong_axes_is_refused():
    flow = constant_flow(0, 0, (64, 64))
    with pytest.raises(ShapeError, match="prediction: B 2 h w"):
        multiscale_epe([torch.zeros(1, 3, 16, 16)], flow)
    with pytest.raises(ShapeError, match="valid: B H W"):
        multiscale_epe(levels((64, 64)), flow, valid=torch.ones(1, 1, 64, 64, dtype=bool))
    with pytest.raises(ShapeError, match="flow: B 2 H W"):
        multiscale_epe(levels((64, 64)), flow[0])


# bootstrapped cross entropy


def scores_and_target(batch=2, size=(6, 8), void=0.3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(batch, 1, *size, generator=generator)
    target = torch.randint(0, 2, (batch, *size), generator=generator)
    target[torch.rand(batch, *size, generator=generator) < void] = 255
    return logits, target


def test_the_worst_quarter_of_eight_pixels_are_two():
    logits = torch.tensor([0.0, -2.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]).reshape(1, 1, 2, 4)
    loss = bootstrapped_ce(logits, torch.ones(1, 2, 4, dtype=torch.int64))
    assert loss.item() == pytest.approx((0.693147 + 2.126928) / 2, abs=1e-5)  # log(1 + e^0), log(1 + e^2)


def test_all_pixels_give_the_plain_mean():
    logits, target = scores_and_target(void=0)
    plain = binary_cross_entropy_with_logits(logits[:, 0], target.float())
    assert bootstrapped_ce(logits, target, fraction=1.0).item() == pytest.approx(plain.item(), rel=1e-6)


def test_a_void_pixel_costs_nothing_but_counts_as_a_pixel():
    logits = torch.tensor([0.0, -50.0, 50.0, 50.0]).reshape(1, 1, 2, 2)
    target = torch.tensor([[[1, 255], [1, 1]]])
    assert bootstrapped_ce(logits, target, fraction=0.5).item() == pytest.approx(0.693147 / 2, abs=1e-6)
    assert bootstrapped_ce(logits, torch.full((1, 2, 2), 255)).item() == 0


def test_only_the_worst_known_pixels_get_a_gradient():
    logits, target = scores_and_target(batch=1)
    bootstrapped_ce(logits.requires_grad_(), target).backward()
    assert (logits.grad != 0).sum() == 12  # a quarter of 48
    assert (logits.grad[:, 0][target == 255] == 0).all()


def test_each_picture_brings_its_own_worst_pixels():
    logits, target = scores_and_target()
    alone = [bootstrapped_ce(logits[b : b + 1], target[b : b + 1]).item() for b in range(2)]
    assert bootstrapped_ce(logits, target).item() == pytest.approx(sum(alone) / 2, rel=1e-6)


def test_huge_scores_cost_much_but_stay_finite():
    logits = torch.tensor([1000.0, -1000.0]).reshape(1, 1, 1, 2)
    assert bootstrapped_ce(logits, torch.tensor([[[0, 1]]])).item() == 1000


def test_the_worst_pixels_are_those_that_sorting_finds():
    logits, target = scores_and_target()
    prob = logits[:, 0].sigmoid()
    losses = torch.where(target == 1, -prob.log(), -(1 - prob).log()).where(target != 255, torch.zeros(()))
    slow = [sum(sorted(picture.flatten().tolist())[-12:]) / 12 for picture in losses]
    assert bootstrapped_ce(logits, target).item() == pytest.approx(sum(slow) / 2, rel=1e-5)  # log of a rounded sigmoid


@pytest.mark.parametrize("fraction", [0, -0.1, 1.5])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(SettingsError, match="fraction"):
        bootstrapped_ce(*scores_and_target(), fraction=fraction)


def test_a_target_of_other_values_types_or_axes_is_refused():
    logits, target = scores_and_target(void=0)
    for wrong in (2 * target, target.float()):
        with pytest.raises(ShapeError, match="a target of 0, 1 and 255"):
            bootstrapped_ce(logits, wrong)
    with pytest.raises(ShapeError, match="target has no channel axis"):
        bootstrapped_ce(logits, target[:, None])


# object and background of the same weight


def scores_and_mask(batch=2, size=(6, 8), seed=0):
    scores, chances = torch.randn(2, batch, 2, *size, generator=torch.Generator().manual_seed(seed))
    return scores[:, :1], chances[:, 0] > 0.5, chances[:, 1] > 0.8


def test_at_scores_of_zero_the_loss_is_known_in_closed_form():
    mask = torch.arange(100).reshape(1, 10, 10) < 20
    loss = balanced_bce(torch.zeros(1, 1, 10, 10), mask)
    assert loss.item() == pytest.approx(22.1807, abs=1e-4)  # 2 * 20 * 80 / 100 * ln 2


def test_at_scores_of_zero_object_and_background_cost_the_same():
    mask = torch.arange(100).reshape(1, 10, 10) < 20
    logits = torch.zeros(1, 1, 10, 10, requires_grad=True)
    balanced_bce(logits, mask).backward()
    pulls = logits.grad[:, 0].abs()
    assert pulls[mask].sum().item() == pytest.approx(pulls[~mask].sum().item(), rel=1e-5)


def test_it_is_the_weighted_cross_entropy_summed():
    logits, mask, _ = scores_and_mask()
    slow = 0.0
    for picture, truth in zip(logits[:, 0], mask, strict=True):
        weight = torch.where(truth, (~truth).float().mean(), truth.float().mean())
        slow += binary_cross_entropy_with_logits(picture, truth.float(), weight=weight, reduction="sum").item() / 2
    assert balanced_bce(logits, mask).item() == pytest.approx(slow, rel=1e-5)


def test_a_mean_is_the_sum_divided_by_the_known_pixels():
    logits, mask, void = (tensor[:1] for tensor in scores_and_mask())
    total, mean = (balanced_bce(logits, mask, void=void, reduction=how).item() for how in ("sum", "mean"))
    assert mean == pytest.approx(total / (~void).sum().item(), rel=1e-5)


def test_void_is_as_if_it_were_not_there():
    logits, mask, _ = scores_and_mask(batch=1)
    void = torch.zeros_like(mask)
    void[..., 5:] = True
    left = balanced_bce(logits[..., :5], mask[..., :5]).item()
    assert balanced_bce(logits, mask, void=void).item() == pytest.approx(left, rel=1e-5)
    assert balanced_bce(logits, mask, void=torch.ones_like(mask)).item() == 0


def test_pictures_of_a_batch_are_balanced_by_themselves_and_averaged():
    logits, mask, void = scores_and_mask()
    alone = [balanced_bce(logits[b : b + 1], mask[b : b + 1], void=void[b : b + 1]).item() for b in range(2)]
    assert balanced_bce(logits, mask, void=void).item() == pytest.approx(sum(alone) / 2, rel=1e-5)


@pytest.mark.parametrize("fill", [True, False])
def test_a_mask_of_one_kind_costs_nothing_and_teaches_nothing(fill):
    logits = scores_and_mask(batch=1)[0].requires_grad_()
    loss = balanced_bce(logits, torch.full((1, 6, 8), fill))
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()


def test_scores_of_a_thousand_stay_finite():
    mask = torch.tensor([[[True, False]]])
    assert balanced_bce(torch.tensor([[[[-1000.0, 1000.0]]]]), mask).item() == 1000  # half of each
    assert balanced_bce(torch.tensor([[[[1000.0, -1000.0]]]]), mask).item() == 0


def test_half_precision_scores_cost_what_single_precision_ones_do():
    logits, mask, _ = scores_and_mask()
    loss = balanced_bce(logits.bfloat16(), mask)
    assert loss.dtype == torch.float32 and torch.equal(loss, balanced_bce(logits.bfloat16().float(), mask))


def test_masks_of_other_types_axes_and_unknown_reductions_are_refused():
    logits, mask, _ = scores_and_mask()
    with pytest.raises(ShapeError, match="masks of bool"):
        balanced_bce(logits, mask.float())
    with pytest.raises(ShapeError, match="without a channel axis"):
        balanced_bce(logits, mask[:, None])
    with pytest.raises(SettingsError, match='reduction "sum" or "mean"'):
        balanced_bce(logits, mask, reduction="none")
