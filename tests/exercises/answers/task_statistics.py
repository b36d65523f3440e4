"""Answers to task.statistics. The docstring of a wrong one is what its diagnosis has to say."""

import torch


def quarter_edges(n):
    return [int(1 + (n - 1) * k / 4 + 0.5 + 1e-10) - 1 for k in range(5)]


def right_torch(values):
    values = torch.as_tensor(values)
    edges = quarter_edges(len(values))
    first, last = values[: edges[1] + 1], values[edges[3] :]
    return values.mean().item(), (values > 0.5).float().mean().item(), (first.mean() - last.mean()).item()


def right_numpy(values):
    import numpy as np

    values = np.asarray(values, dtype=float)
    ids = (np.round(np.linspace(1, len(values), 5) + 1e-10) - 1).astype(int)
    bins = [values[ids[i] : ids[i + 1] + 1] for i in range(4)]
    return values.mean(), np.mean(values > 0.5), bins[0].mean() - bins[3].mean()


def right_loop(values):
    values = [float(value) for value in values]
    n = len(values)
    good = 0
    for value in values:
        if value > 0.5:
            good += 1
    first, last = [], []
    for t, value in enumerate(values):
        if t <= (n + 1) // 4:
            first.append(value)
        if t >= (3 * n - 1) // 4:
            last.append(value)
    return [sum(values) / n, good / n, sum(first) / len(first) - sum(last) / len(last)]


def right_stack(values):
    values = torch.tensor([float(value) for value in values], dtype=torch.float64)
    edges = (torch.linspace(1, len(values), 5, dtype=torch.float64) + 0.5 + 1e-9).floor().long() - 1
    means = [values[a : b + 1].mean() for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return torch.stack([values.mean(), (values > 0.5).double().mean(), means[0] - means[-1]])


def with_slices(values, first, last):
    values = torch.as_tensor(values)
    return (
        values.mean().item(),
        (values > 0.5).float().mean().item(),
        (values[first].mean() - values[last].mean()).item(),
    )


def wrong_half_is_recalled(values):
    """exactly one half does not count"""
    mean, _, decay = right_torch(values)
    return mean, (torch.as_tensor(values) >= 0.5).float().mean().item(), decay


def wrong_recall_is_a_count(values):
    """a share of the frames"""
    mean, _, decay = right_torch(values)
    return mean, sum(float(value) > 0.5 for value in values), decay


def wrong_sign(values):
    """the sign of the decay"""
    mean, recall, decay = right_torch(values)
    return mean, recall, -decay


def wrong_exclusive_quarters(values):
    """share their edge frame"""
    edges = quarter_edges(len(values))
    return with_slices(values, slice(edges[0], edges[1]), slice(edges[3], edges[4]))


def wrong_first_quarter_exclusive(values):
    """share their edge frame"""
    edges = quarter_edges(len(values))
    return with_slices(values, slice(edges[0], edges[1]), slice(edges[3], None))


def wrong_exclusive_and_divides_by_zero(values):
    """share their edge frame"""
    values = [float(value) for value in values]
    edges = quarter_edges(len(values))
    first, last = values[edges[0] : edges[1]], values[edges[3] : edges[4]]
    recall = sum(value > 0.5 for value in values) / len(values)
    return sum(values) / len(values), recall, sum(first) / len(first) - sum(last) / len(last)


def wrong_rounds_half_to_even(values):
    """round halves to even"""
    edges = [round(1 + (len(values) - 1) * k / 4) - 1 for k in range(5)]
    return with_slices(values, slice(edges[0], edges[1] + 1), slice(edges[3], None))


def wrong_rounds_with_torch(values):
    """round halves to even"""
    edges = torch.linspace(1, len(values), 5).round().long() - 1
    return with_slices(values, slice(int(edges[0]), int(edges[1]) + 1), slice(int(edges[3]), None))


def wrong_cuts_off(values):
    """not cut off"""
    edges = torch.linspace(0, len(values) - 1, 5).long().tolist()
    return with_slices(values, slice(edges[0], edges[1] + 1), slice(edges[3], None))


def wrong_edges_in_a_byte(values):
    """kept in one byte"""
    import numpy as np

    values = np.asarray(values, dtype=float)
    ids = (np.round(np.linspace(1, len(values), 5) + 1e-10) - 1).astype(int).astype(np.uint8)
    first, last = values[ids[0] : int(ids[1]) + 1], values[ids[3] : int(ids[4]) + 1]
    return values.mean(), (values > 0.5).mean(), first.mean() - last.mean()


def wrong_first_frame_minus_last(values):
    """not two frames"""
    mean, recall, _ = right_torch(values)
    return mean, recall, float(values[0] - values[-1])


def wrong_halves(values):
    """not the two halves"""
    n = len(values)
    return with_slices(values, slice(0, n // 2), slice(n - n // 2, n))


def wrong_plain_quarters(values):
    """share their edge frame"""
    k = max(len(values) // 4, 1)
    return with_slices(values, slice(0, k), slice(len(values) - k, None))


def wrong_order(values):
    """mean, recall, decay"""
    mean, recall, decay = right_torch(values)
    return mean, decay, recall


def wrong_lists_only(values):
    """another type"""
    n = len(values)
    edges = quarter_edges(n)
    if not isinstance(values, list):
        raise TypeError("a list, please")
    first, last = values[: edges[1] + 1], values[edges[3] :]
    recall = len([value for value in values if value > 0.5]) / n
    return sum(values) / n, recall, sum(first) / len(first) - sum(last) / len(last)


def wrong_tensors_only(values):
    """another type or another number of arguments"""
    recall = (values > 0.5).float().mean()
    return values.mean().item(), recall.item(), right_torch(values)[2]


def wrong_writes_into_its_input(values):
    """in place"""
    result = right_torch(values)
    if isinstance(values, list):
        values.sort()
    else:
        values -= values.mean()
    return result


def wrong_always_the_same(values):
    """the same whatever is asked"""
    return 0.5, 0.5, 0.0


def right_numpy_row(values):
    import numpy as np

    return np.array(right_loop(values))


def wrong_means_over_bools(values):
    """torch has no such operation"""
    mean, _, decay = right_torch(values)
    return mean, (torch.as_tensor(values) > 0.5).mean().item(), decay


def wrong_return_forgotten(values):
    """is the `return` missing"""
    right_torch(values)


def wrong_nudge_in_float32(values):
    """the nudge was added in float32"""
    edges = (torch.linspace(1, len(values), 5) + 1e-10).round().long() - 1
    return with_slices(values, slice(int(edges[0]), int(edges[1]) + 1), slice(int(edges[3]), None))


def wrong_decay_without_sign(values):
    """keeps its sign"""
    mean, recall, decay = right_torch(values)
    return mean, recall, abs(decay)


def wrong_median(values):
    """the median is the value in the middle"""
    return torch.as_tensor(values).median().item(), *right_torch(values)[1:]


def wrong_numpy_median(values):
    """the median is the value in the middle"""
    import numpy as np

    return np.median(values), *right_torch(values)[1:]


def wrong_less_one_forgotten(values):
    """an index counts from 0"""
    edges = [edge + 1 for edge in quarter_edges(len(values))]
    return with_slices(values, slice(edges[0], edges[1] + 1), slice(edges[3], edges[4] + 1))


def wrong_mean_only(values):
    """three numbers are asked for"""
    return right_torch(values)[0]
