"""Answers to flow.expected_displacement. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def lists(radius):
    reach = torch.arange(-radius, radius + 1.0)
    dy, dx = torch.meshgrid(reach, reach, indexing="ij")
    return dx.flatten(), dy.flatten()


def averages(share, dx, dy):
    x = (share * dx.view(1, -1, 1, 1)).sum(1)
    y = (share * dy.view(1, -1, 1, 1)).sum(1)
    return torch.stack([x, y], dim=1)


def right_meshgrid(scores, radius, temperature):
    return averages((scores * temperature).softmax(1), *lists(radius))


def right_matrix_product(scores, radius, temperature):
    displacements = torch.stack(lists(radius))
    share = F.softmax(scores * temperature, dim=1)
    return (displacements @ share.flatten(2)).unflatten(2, scores.shape[2:])


def right_marginals(scores, radius, temperature):
    n = 2 * radius + 1
    b, _, h, w = scores.shape
    share = torch.softmax(temperature * scores, dim=1).view(b, n, n, h, w)
    reach = torch.linspace(-radius, radius, n).view(1, n, 1, 1)
    return torch.cat([(share.sum(1) * reach).sum(1, True), (share.sum(2) * reach).sum(1, True)], dim=1)


def right_by_hand(scores, radius, temperature):
    scaled = scores * temperature
    raised = torch.exp(scaled - scaled.max(dim=1, keepdim=True).values)
    share = raised / raised.sum(dim=1, keepdim=True)
    flow = torch.zeros(scores.shape[0], 2, *scores.shape[2:])
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            k = (dy + radius) * (2 * radius + 1) + dx + radius
            flow = flow + share[:, k : k + 1] * torch.tensor([dx, dy]).view(1, 2, 1, 1)
    return flow


def right_convolution(scores, radius, temperature):
    return F.conv2d((scores * temperature).softmax(1), torch.stack(lists(radius))[:, :, None, None])


def wrong_y_first(scores, radius, temperature):
    """x and y are swapped"""
    dx, dy = lists(radius)
    return averages((scores * temperature).softmax(1), dy, dx)


def wrong_columns_outside(scores, radius, temperature):
    """x and y are swapped"""
    reach = torch.arange(-radius, radius + 1.0)
    dx, dy = torch.meshgrid(reach, reach, indexing="ij")
    return averages((scores * temperature).softmax(1), dx.flatten(), dy.flatten())


def wrong_divided_by_temperature(scores, radius, temperature):
    """divided by the temperature"""
    return averages((scores / temperature).softmax(1), *lists(radius))


def wrong_temperature_forgotten(scores, radius, temperature):
    """the temperature is not used"""
    return averages(scores.softmax(1), *lists(radius))


def wrong_temperature_afterwards(scores, radius, temperature):
    """the temperature came after the softmax"""
    return averages(scores.softmax(1) * temperature, *lists(radius))


def wrong_softmax_over_columns(scores, radius, temperature):
    """the softmax runs over the wrong axis"""
    return averages((scores * temperature).softmax(-1), *lists(radius))


def wrong_softmax_over_rows(scores, radius, temperature):
    """the softmax runs over the wrong axis"""
    return averages((scores * temperature).softmax(2), *lists(radius))


def wrong_softmax_over_the_batch(scores, radius, temperature):
    """the softmax runs over the wrong axis"""
    return averages((scores * temperature).softmax(0), *lists(radius))


def wrong_softmax_over_everything(scores, radius, temperature):
    """the softmax runs over all pixels"""
    return averages((scores * temperature).flatten(1).softmax(1).view_as(scores), *lists(radius))


def wrong_argmax(scores, radius, temperature):
    """only the best displacement counts"""
    n = 2 * radius + 1
    best = scores.argmax(1)
    return torch.stack([best % n - radius, best // n - radius], dim=1).float()


def wrong_not_centred(scores, radius, temperature):
    """from -radius to +radius"""
    dx, dy = lists(radius)
    return averages((scores * temperature).softmax(1), dx + radius, dy + radius)


def wrong_counted_from_one(scores, radius, temperature):
    """from -radius to +radius"""
    dx, dy = lists(radius)
    return averages((scores * temperature).softmax(1), dx + 1, dy + 1)


def wrong_overflows(scores, radius, temperature):
    """exp() of a large score is infinite"""
    raised = torch.exp(scores * temperature)
    return averages(raised / raised.sum(1, keepdim=True), *lists(radius))


def wrong_largest_of_all_taken_away(scores, radius, temperature):
    """take each pixel's own"""
    scaled = scores * temperature
    raised = torch.exp(scaled - scaled.max())
    return averages(raised / raised.sum(1, keepdim=True), *lists(radius))


def wrong_no_softmax(scores, radius, temperature):
    """the softmax is missing"""
    return averages(scores * temperature, *lists(radius))


def wrong_divided_by_the_sum(scores, radius, temperature):
    """are no softmax"""
    scaled = scores * temperature
    return averages(scaled / scaled.sum(1, keepdim=True), *lists(radius))


def wrong_not_divided_by_the_sum(scores, radius, temperature):
    """not divided by their sum"""
    return averages(torch.exp(scores * temperature), *lists(radius))


def wrong_mean_of_the_weighed(scores, radius, temperature):
    """averaged over the channels after weighing"""
    return averages((scores * temperature).softmax(1), *lists(radius)) / scores.shape[1]


def wrong_in_radii(scores, radius, temperature):
    """the flow is in pixels"""
    reach = torch.linspace(-1, 1, 2 * radius + 1) if radius else torch.zeros(1)
    dy, dx = torch.meshgrid(reach, reach, indexing="ij")
    return averages((scores * temperature).softmax(1), dx.flatten(), dy.flatten())


def wrong_sign(scores, radius, temperature):
    """the sign of the displacements"""
    return -averages((scores * temperature).softmax(1), *lists(radius))


def wrong_square_only(scores, radius, temperature):
    """a map need not be as wide as it is high"""
    n, size = 2 * radius + 1, scores.shape[-1]
    share = (scores * temperature).softmax(1).view(-1, n, n, size, size)
    reach = torch.arange(-radius, radius + 1.0).view(1, n, 1, 1)
    return torch.stack([(share.sum(1) * reach).sum(1), (share.sum(2) * reach).sum(1)], dim=1)


def wrong_components_last(scores, radius, temperature):
    """stack along axis 1"""
    return right_meshgrid(scores, radius, temperature).permute(0, 2, 3, 1)


def wrong_components_first(scores, radius, temperature):
    """stack along axis 1"""
    return torch.stack(right_meshgrid(scores, radius, temperature).unbind(1))


def wrong_detached(scores, radius, temperature):
    """the gradient is cut on the way"""
    return right_meshgrid(scores.detach(), radius, temperature)


def wrong_always_the_same(scores, radius, temperature):
    """the same whatever is asked"""
    return torch.zeros(1, 2, 4, 7)


def wrong_writes_into_its_input(scores, radius, temperature):
    """in place"""
    scores *= temperature
    return averages(scores.softmax(1), *lists(radius))


def wrong_return_forgotten(scores, radius, temperature):
    """is the `return` missing"""
    averages((scores * temperature).softmax(1), *lists(radius))
