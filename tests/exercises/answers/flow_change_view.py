"""Answers to flow.change_view. The docstring of a wrong one is what its diagnosis has to say."""

import torch


def move(view, points):
    return torch.einsum("ij,jhw->ihw", view[:, :2], points) + view[:, 2][:, None, None]


def turn(view, vectors):
    return torch.einsum("ij,jhw->ihw", view[:, :2], vectors)


def right_einsum(points, flow, view1, view2):
    return move(view2, points + flow) - move(view1, points)


def right_homogeneous(points, flow, view1, view2):
    h, w = flow.shape[1:]
    one = torch.ones(1, h * w)
    there = view2 @ torch.cat([(points + flow).reshape(2, -1), one])
    here = view1 @ torch.cat([points.reshape(2, -1), one])
    return (there - here).reshape(2, h, w)


def right_by_parts(points, flow, view1, view2):
    rows = []
    for first, second in zip(view1, view2, strict=True):
        there = second[0] * (points[0] + flow[0]) + second[1] * (points[1] + flow[1]) + second[2]
        rows.append(there - first[0] * points[0] - first[1] * points[1] - first[2])
    return torch.stack(rows)


def right_difference_of_views(points, flow, view1, view2):
    return turn(view2, flow) + move(view2 - view1, points)


def right_pixel_by_pixel(points, flow, view1, view2):
    new = torch.empty_like(flow)
    for y in range(flow.shape[1]):
        for x in range(flow.shape[2]):
            p, f = points[:, y, x], flow[:, y, x]
            new[:, y, x] = view2[:, :2] @ (p + f) + view2[:, 2] - view1[:, :2] @ p - view1[:, 2]
    return new


def wrong_flow_as_it_is(points, flow, view1, view2):
    """the flow was left as it is"""
    return flow.clone()


def wrong_only_shifts(points, flow, view1, view2):
    """only the shifts are used"""
    return flow + (view2[:, 2] - view1[:, 2]).view(2, 1, 1)


def wrong_only_the_second_shift(points, flow, view1, view2):
    """only the shifts are used"""
    return flow + view2[:, 2].view(2, 1, 1)


def wrong_flow_added_after_the_view(points, flow, view1, view2):
    """the flow was added after the view"""
    return move(view2, points) + flow - move(view1, points)


def wrong_flow_forgotten(points, flow, view1, view2):
    """the flow is missing"""
    return move(view2, points) - move(view1, points)


def wrong_vectors_alone(points, flow, view1, view2):
    """the second view alone was used"""
    return turn(view2, flow)


def wrong_second_view_twice(points, flow, view1, view2):
    """the second view alone was used"""
    return move(view2, points + flow) - move(view2, points)


def wrong_first_view_twice(points, flow, view1, view2):
    """frame 2 is moved by the first view"""
    return move(view1, points + flow) - move(view1, points)


def wrong_views_swapped(points, flow, view1, view2):
    """the views are swapped"""
    return move(view1, points + flow) - move(view2, points)


def wrong_second_shift_missing(points, flow, view1, view2):
    """the shift of view2 is missing"""
    return turn(view2, points + flow) - move(view1, points)


def wrong_first_shift_missing(points, flow, view1, view2):
    """the shift of view1 is missing"""
    return move(view2, points + flow) - turn(view1, points)


def wrong_shifts_missing(points, flow, view1, view2):
    """the shifts of both views are missing"""
    return turn(view2, points + flow) - turn(view1, points)


def wrong_minus_points(points, flow, view1, view2):
    """the old place was taken away"""
    return move(view2, points + flow) - points


def wrong_nothing_taken_away(points, flow, view1, view2):
    """the place in frame 1 was not taken away"""
    return move(view2, points + flow)


def wrong_backwards(points, flow, view1, view2):
    """the vector points backwards"""
    return move(view1, points) - move(view2, points + flow)


def wrong_sign_of_the_flow(points, flow, view1, view2):
    """the flow was taken away from the points"""
    return move(view2, points - flow) - move(view1, points)


def wrong_transposed(points, flow, view1, view2):
    """the matrix is transposed"""
    h, w = flow.shape[1:]
    there = (points + flow).flatten(1).T @ view2[:, :2] + view2[:, 2]
    here = points.flatten(1).T @ view1[:, :2] + view1[:, 2]
    return (there - here).T.reshape(2, h, w)


def wrong_rows_before_columns(points, flow, view1, view2):
    """x and y are swapped"""
    y, x = points
    v, u = flow
    swapped = move(view2, torch.stack([x + u, y + v])) - move(view1, torch.stack([x, y]))
    return swapped.flip(0)


def wrong_result_swapped(points, flow, view1, view2):
    """x and y are swapped"""
    return right_einsum(points, flow, view1, view2)[[1, 0]]


def wrong_points_swapped(points, flow, view1, view2):
    """x and y are swapped"""
    return right_einsum(points.flip(0), flow, view1, view2)


def wrong_inverted(points, flow, view1, view2):
    """the views were inverted"""
    last = torch.tensor([[0.0, 0.0, 1.0]])
    view1, view2 = (torch.linalg.inv(torch.cat([view, last]))[:2] for view in (view1, view2))
    return move(view2, points + flow) - move(view1, points)


def wrong_square_only(points, flow, view1, view2):
    """a map need not be as wide as it is high"""
    n = flow.shape[-1]
    there = view2[:, :2] @ (points + flow).view(2, n * n) + view2[:, 2:]
    here = view1[:, :2] @ points.view(2, n * n) + view1[:, 2:]
    return (there - here).view(2, n, n)


def wrong_folded_into_width_and_height(points, flow, view1, view2):
    """a map need not be as wide as it is high"""
    return right_einsum(points, flow, view1, view2).reshape(2, flow.shape[2], flow.shape[1])


def wrong_writes_into_the_points(points, flow, view1, view2):
    """in place"""
    here = move(view1, points)
    points += flow
    return move(view2, points) - here


def wrong_writes_and_reads_again(points, flow, view1, view2):
    """points + flow went into both frames"""
    points += flow
    return move(view2, points) - move(view1, points)


def wrong_return_forgotten(points, flow, view1, view2):
    """is the `return` missing"""
    move(view2, points + flow) - move(view1, points)
