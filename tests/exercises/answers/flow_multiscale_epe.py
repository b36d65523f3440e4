"""Answers to flow.multiscale_epe. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def levels(predictions, weights):
    return zip(predictions, weights, strict=True)


def area(flow, prediction):
    return F.interpolate(flow, size=prediction.shape[-2:], mode="area")


def epe(difference):
    return torch.linalg.vector_norm(difference, dim=1)


def right_interpolate(predictions, flow, weights, div_flow):
    loss = 0
    for prediction, weight in levels(predictions, weights):
        loss = loss + weight * epe(prediction - area(flow / div_flow, prediction)).sum()
    return loss / flow.shape[0]


def right_adaptive_pooling(predictions, flow, weights, div_flow):
    losses = [
        w * torch.norm(F.adaptive_avg_pool2d(flow, p.shape[2:]) / div_flow - p, p=2, dim=1).sum(dim=(1, 2)).mean()
        for p, w in levels(predictions, weights)
    ]
    return torch.stack(losses).sum()


def right_small_number_under_the_root(predictions, flow, weights, div_flow):
    total = torch.zeros(1)
    for prediction, weight in levels(predictions, weights):
        target = area(flow, prediction) / div_flow
        u, v = (prediction - target).unbind(1)
        total += weight * torch.sqrt(u * u + v * v + 1e-12).sum() / len(flow)
    return total.squeeze()


def right_hypot_by_samples(predictions, flow, weights, div_flow):
    loss = 0.0
    for k in range(len(flow)):
        for prediction, weight in levels(predictions, weights):
            target = F.adaptive_avg_pool2d(flow[k], prediction.shape[-2:]) / div_flow
            loss = loss + weight * (prediction[k] - target).norm(dim=0).sum()
    return loss / len(flow)


def wrong_mean_over_pixels(predictions, flow, weights, div_flow):
    """averaged over pixels and batch"""
    return sum(w * epe(p - area(flow / div_flow, p)).mean() for p, w in levels(predictions, weights)) / len(flow)


def wrong_mean(predictions, flow, weights, div_flow):
    """averaged over the pixels"""
    return sum(w * epe(p - area(flow / div_flow, p)).mean() for p, w in levels(predictions, weights))


def wrong_not_divided_by_the_batch(predictions, flow, weights, div_flow):
    """the batch is missing"""
    return sum(w * epe(p - area(flow / div_flow, p)).sum() for p, w in levels(predictions, weights))


def wrong_divided_by_levels(predictions, flow, weights, div_flow):
    """divided by the number of levels"""
    return right_interpolate(predictions, flow, weights, div_flow) / len(predictions)


def wrong_rescaled_per_level(predictions, flow, weights, div_flow):
    """the flow was rescaled for each level"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        h, w = prediction.shape[-2:]
        factors = torch.tensor([w / flow.shape[3], h / flow.shape[2]]).view(1, 2, 1, 1)
        loss = loss + weight * epe(prediction - factors * area(flow / div_flow, prediction)).sum()
    return loss / len(flow)


def wrong_not_divided_by_div_flow(predictions, flow, weights, div_flow):
    """divide the truth by div_flow"""
    return right_interpolate(predictions, flow, weights, 1)


def wrong_multiplied_by_div_flow(predictions, flow, weights, div_flow):
    """the truth was multiplied by div_flow"""
    return right_interpolate(predictions, flow * div_flow, weights, 1)


def wrong_predictions_in_pixels(predictions, flow, weights, div_flow):
    """predictions were multiplied by div_flow"""
    return sum(w * epe(p * div_flow - area(flow, p)).sum() for p, w in levels(predictions, weights)) / len(flow)


def wrong_l1(predictions, flow, weights, div_flow):
    """the errors of x and y were added"""
    return sum(w * (p - area(flow / div_flow, p)).abs().sum() for p, w in levels(predictions, weights)) / len(flow)


def wrong_squared(predictions, flow, weights, div_flow):
    """the root is missing"""
    return sum(w * (p - area(flow / div_flow, p)).pow(2).sum() for p, w in levels(predictions, weights)) / len(flow)


def wrong_root_of_the_mean(predictions, flow, weights, div_flow):
    """the mean over x and y under the root"""
    parts = [w * (p - area(flow / div_flow, p)).pow(2).mean(1).sqrt().sum() for p, w in levels(predictions, weights)]
    return sum(parts) / len(flow)


def wrong_one_norm_for_all(predictions, flow, weights, div_flow):
    """one root over all pixels"""
    return sum(w * torch.norm(p - area(flow / div_flow, p)) for p, w in levels(predictions, weights)) / len(flow)


def wrong_nearest(predictions, flow, weights, div_flow):
    """the truth gets small by area"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        loss = loss + weight * epe(prediction - F.interpolate(flow / div_flow, size=prediction.shape[-2:])).sum()
    return loss / len(flow)


def wrong_bilinear(predictions, flow, weights, div_flow):
    """the truth gets small by area"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        target = F.interpolate(flow / div_flow, size=prediction.shape[-2:], mode="bilinear")
        loss = loss + weight * epe(prediction - target).sum()
    return loss / len(flow)


def wrong_max_pooling(predictions, flow, weights, div_flow):
    """the largest flow of an area"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        target = F.adaptive_max_pool2d(flow, prediction.shape[-2:]) / div_flow
        loss = loss + weight * epe(prediction - target).sum()
    return loss / len(flow)


def wrong_even_sizes_only(predictions, flow, weights, div_flow):
    """pooling by whole numbers needs sizes that divide"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        kernel = (flow.shape[2] // prediction.shape[2], flow.shape[3] // prediction.shape[3])
        loss = loss + weight * epe(prediction - F.avg_pool2d(flow / div_flow, kernel)).sum()
    return loss / len(flow)


def wrong_weights_reversed(predictions, flow, weights, div_flow):
    """the weights are reversed"""
    return right_interpolate(predictions, flow, list(weights)[::-1], div_flow)


def wrong_weights_not_used(predictions, flow, weights, div_flow):
    """the weights are not used"""
    return right_interpolate(predictions, flow, [1] * len(predictions), div_flow)


def wrong_weights_normalised(predictions, flow, weights, div_flow):
    """weights divided by their sum"""
    return right_interpolate(predictions, flow, weights, div_flow) / sum(weights)


def wrong_returns_in_the_loop(predictions, flow, weights, div_flow):
    """inside the loop"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        loss = loss + weight * epe(prediction - area(flow / div_flow, prediction)).sum()
        return loss / len(flow)
    return None


def wrong_keeps_the_last_level(predictions, flow, weights, div_flow):
    """only the coarsest level counts"""
    for prediction, weight in levels(predictions, weights):
        loss = weight * epe(prediction - area(flow / div_flow, prediction)).sum()
    return loss / len(flow)


def wrong_predictions_enlarged(predictions, flow, weights, div_flow):
    """predictions were enlarged"""
    loss = 0
    for prediction, weight in levels(predictions, weights):
        large = F.interpolate(prediction, size=flow.shape[-2:], mode="bilinear", align_corners=False)
        loss = loss + weight * epe(large - flow / div_flow).sum()
    return loss / len(flow)


def wrong_nan_at_zero(predictions, flow, weights, div_flow):
    """the slope of a root is infinite at 0"""
    parts = [w * (p - area(flow / div_flow, p)).pow(2).sum(1).sqrt().sum() for p, w in levels(predictions, weights)]
    return sum(parts) / len(flow)


def wrong_item(predictions, flow, weights, div_flow):
    """the gradient is cut on the way"""
    return right_interpolate(predictions, flow, weights, div_flow).item()


def wrong_detached(predictions, flow, weights, div_flow):
    """the gradient is cut on the way"""
    return right_interpolate([p.detach() for p in predictions], flow, weights, div_flow)


def wrong_sum_of_items(predictions, flow, weights, div_flow):
    """the gradient is cut on the way"""
    total = 0.0
    for prediction, weight in levels(predictions, weights):
        total += weight * epe(prediction - area(flow / div_flow, prediction)).sum().item()
    return total / len(flow)


def wrong_one_number_for_each_sample(predictions, flow, weights, div_flow):
    """an axis was left over"""
    parts = [w * epe(p - area(flow / div_flow, p)).sum((1, 2)) for p, w in levels(predictions, weights)]
    return torch.stack(parts).sum(0)


def wrong_writes_into_its_input(predictions, flow, weights, div_flow):
    """in place"""
    flow /= div_flow
    return right_interpolate(predictions, flow, weights, 1)


def wrong_reverses_its_input(predictions, flow, weights, div_flow):
    """in place"""
    predictions.reverse()
    weights = list(weights)[::-1]
    return right_interpolate(predictions, flow, weights, div_flow)


def wrong_return_forgotten(predictions, flow, weights, div_flow):
    """is the `return` missing"""
    right_interpolate(predictions, flow, weights, div_flow)
