"""Answers to retrieval.squash. The docstring of a wrong one is what its diagnosis has to say."""

import torch
import torch.nn.functional as F


def squares(x, y):
    return (x.pow(2).sum(1, keepdim=True) + y.pow(2).sum(1) - 2 * x @ y.T).clamp(min=0)


def right_products(x, y):
    return torch.tanh(squares(x, y) / 2)


def right_broadcast(x, y):
    return 2 * torch.sigmoid((x.unsqueeze(1) - y.unsqueeze(0)).pow(2).sum(-1)) - 1


def right_row_by_row(x, y):
    return torch.stack([torch.tanh(0.5 * ((row - y) ** 2).sum(1)) for row in x])


def right_one_matrix_product(x, y):
    left = torch.cat([x, x.square().sum(1, keepdim=True), torch.ones(len(x), 1)], 1)
    right = torch.cat([-2 * y, torch.ones(len(y), 1), y.square().sum(1, keepdim=True)], 1)
    return (left @ right.T).relu().mul(0.5).tanh()


def right_from_the_other_end(x, y):
    near = torch.exp(-squares(x, y))
    return (1 - near) / (1 + near)


def right_cdist(x, y):
    return (torch.cdist(x, y).square() / 2).tanh()


def right_in_double(x, y):
    return (squares(x.double(), y.double()) / 2).tanh().float()


def wrong_not_clamped(x, y):
    """clamp it at 0"""
    return torch.tanh((x.pow(2).sum(1, keepdim=True) + y.pow(2).sum(1) - 2 * x @ y.T) / 2)


def wrong_overflows(x, y):
    """e^s overflows"""
    return 1 - 2 / (1 + squares(x, y).exp())


def wrong_overflows_at_once(x, y):
    """e^s overflows"""
    large = squares(x, y).exp()
    return (large - 1) / (large + 1)


def wrong_root(x, y):
    """the root is not squared again"""
    return torch.tanh(torch.cdist(x, y) / 2)


def wrong_norm(x, y):
    """the root is not squared again"""
    return torch.tanh((x[:, None] - y).norm(dim=2) / 2)


def wrong_root_there_and_back(x, y):
    """the root of 0 has an infinite slope"""
    return torch.tanh((x[:, None] - y).square().sum(2).sqrt() ** 2 / 2)


def wrong_not_squashed(x, y):
    """not squashed"""
    return squares(x, y)


def wrong_tanh_of_all(x, y):
    """the half is missing"""
    return torch.tanh(squares(x, y))


def wrong_sigmoid(x, y):
    """a sigmoid is 1/2 at a distance of 0"""
    return torch.sigmoid(squares(x, y))


def wrong_twice_a_sigmoid(x, y):
    """subtract 1"""
    return 2 * torch.sigmoid(squares(x, y))


def wrong_similarity(x, y):
    """a distance is no similarity"""
    return 1 - torch.tanh(squares(x, y) / 2)


def wrong_exponential(x, y):
    """another curve"""
    return 1 - torch.exp(-squares(x, y))


def wrong_sign(x, y):
    """the sign in the exponent"""
    return 1 - 2 / (1 + torch.exp(-squares(x, y)))


def wrong_mean_over_channels(x, y):
    """averaged over the channels"""
    return torch.tanh((x[:, None] - y).pow(2).mean(2) / 2)


def wrong_absolute_differences(x, y):
    """absolute differences were added up"""
    return torch.tanh(torch.cdist(x, y, p=1) / 2)


def wrong_product_once(x, y):
    """minus twice the product"""
    both = x.pow(2).sum(1, keepdim=True) + y.pow(2).sum(1) - x @ y.T
    return torch.tanh(both.clamp(min=0) / 2)


def wrong_square_forgotten(x, y):
    """|y|^2 was forgotten"""
    return torch.tanh((x.pow(2).sum(1, keepdim=True) - 2 * x @ y.T).clamp(min=0) / 2)


def wrong_unit_length(x, y):
    """brought to length one"""
    return right_broadcast(F.normalize(x, dim=1), F.normalize(y, dim=1))


def wrong_way_round(x, y):
    """x and y are swapped"""
    return right_products(y, x)


def wrong_row_with_row(x, y):
    """every vector of x is compared with every one of y"""
    return torch.tanh((x - y).pow(2).sum(1) / 2)


def wrong_channels_left(x, y):
    """the channels are still there"""
    return torch.tanh((x[:, None] - y).pow(2) / 2)


def wrong_detached(x, y):
    """the gradient is cut on the way"""
    return right_products(x, y).detach()


def wrong_no_grad(x, y):
    """the gradient is cut on the way"""
    with torch.no_grad():
        return right_broadcast(x, y)


def wrong_writes_into_its_input(x, y):
    """in place"""
    table = right_products(x + 0, y + 0)
    x.data -= y.data.mean(0)
    return table


def wrong_return_forgotten(x, y):
    """is the `return` missing"""
    right_products(x, y)
