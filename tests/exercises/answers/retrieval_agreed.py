"""Answers to retrieval.agreed. The docstring of a wrong one is what its diagnosis has to say."""

import numpy as np
import torch


def right_like_the_first(neighbours):
    return (neighbours == neighbours[:, :1]).all(dim=1)


def right_least_and_most(neighbours):
    return neighbours.min(1).values == neighbours.max(1).values


def right_sets(neighbours):
    return torch.tensor([len(set(row)) == 1 for row in neighbours.tolist()])


def right_neighbour_by_neighbour(neighbours):
    same = torch.ones(len(neighbours), dtype=torch.bool)
    for k in range(1, neighbours.shape[1]):
        same &= neighbours[:, k] == neighbours[:, k - 1]
    return same


def right_numpy(neighbours):
    return torch.from_numpy(np.ptp(neighbours.numpy(), axis=1) == 0)


def right_mode(neighbours):
    return (neighbours == neighbours.mode(1, keepdim=True).values).sum(1) == neighbours.shape[1]


def wrong_majority(neighbours):
    """a majority is not enough"""
    usual = neighbours.mode(1, keepdim=True).values
    return (neighbours == usual).float().mean(1) > 0.5


def wrong_two_agree(neighbours):
    """two that agree are not enough"""
    return torch.tensor([max(row.count(label) for label in row) >= 2 for row in neighbours.tolist()])


def wrong_without_background(neighbours):
    """the background is a label too"""
    return (neighbours == neighbours[:, :1]).all(1) & (neighbours[:, 0] > 0)


def wrong_all(neighbours):
    """that asks whether all are objects"""
    return neighbours.all(1)


def wrong_all_ones(neighbours):
    """that asks for object 1"""
    return (neighbours == 1).all(1)


def wrong_product_of_labels(neighbours):
    """that asks whether all are objects"""
    return neighbours.prod(1) > 0


def wrong_none_of_them(neighbours):
    """that asks for the background"""
    return ~neighbours.bool().any(1)


def wrong_first_and_last(neighbours):
    """not all of them were compared"""
    return neighbours[:, 0] == neighbours[:, -1]


def wrong_first_two(neighbours):
    """not all of them were compared"""
    return neighbours[:, 0] == neighbours[:, :2][:, -1]


def wrong_last_left_out(neighbours):
    """not all of them were compared"""
    same = torch.ones(len(neighbours), dtype=torch.bool)
    for k in range(neighbours.shape[1] - 1):
        same &= neighbours[:, k] == neighbours[:, 0]
    return same


def wrong_any(neighbours):
    """all, not any"""
    return (neighbours[:, 1:] == neighbours[:, :1]).any(1)


def wrong_mean(neighbours):
    """labels are names, their mean means nothing"""
    return neighbours.float().mean(1) == neighbours[:, 0]


def wrong_upside_down(neighbours):
    """upside down"""
    return (neighbours != neighbours[:, :1]).any(1)


def wrong_axis(neighbours):
    """the wrong axis"""
    return (neighbours == neighbours[:1]).all(0)


def wrong_one_answer_for_all(neighbours):
    """all of them together were asked"""
    return (neighbours == neighbours[:, :1]).all()


def wrong_axis_left_over(neighbours):
    """an axis was left over"""
    return (neighbours == neighbours[:, :1]).all(1, keepdim=True)


def wrong_not_reduced(neighbours):
    """not for each neighbour"""
    return neighbours == neighbours[:, :1]


def wrong_label(neighbours):
    """which label they carry is not the question"""
    return neighbours.mode(1).values


def wrong_counts(neighbours):
    """how many agree is not the question"""
    return (neighbours == neighbours[:, :1]).sum(1)


def wrong_indices(neighbours):
    """the places that agree were listed"""
    return torch.where((neighbours == neighbours[:, :1]).all(1))[0]


def wrong_numbers(neighbours):
    """a comparison gives bool"""
    return (neighbours == neighbours[:, :1]).all(1).long()


def wrong_writes_into_its_input(neighbours):
    """in place"""
    neighbours -= neighbours[:, :1].clone()
    return (neighbours == 0).all(1)


def wrong_sorted_in_place(neighbours):
    """in place"""
    neighbours.copy_(neighbours.sort(1).values)
    return neighbours[:, 0] == neighbours[:, -1]


def wrong_return_forgotten(neighbours):
    """is the `return` missing"""
    right_like_the_first(neighbours)
