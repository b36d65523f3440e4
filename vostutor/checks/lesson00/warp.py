"""Exercise task.warp: `warp_ids(ids, flow) -> ids`, the previous mask fetched along the flow that leads back to it."""

from collections.abc import Callable
from math import floor

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson00.masks import SIZES
from vostutor.checks.trial import Trial


def nearest(position: float) -> int:
    """The pixel nearest to a position; no case lies half-way between two."""
    return floor(position + 0.5)


def background(position: int, size: int) -> int | None:
    """Where to read: the position itself, or nowhere."""
    return position if 0 <= position < size else None


def fetched(ids: Tensor, flow: Tensor, *, pick: Callable = nearest, outside: Callable = background, sign=1) -> Tensor:
    """The warped mask, one pixel after the other: look where the flow points, take the id that is there.

    The other arguments are the slips: how a position becomes a pixel, what is read outside, which way the flow is followed.
    """
    height, width = ids.shape
    rows, (right, down) = ids.tolist(), flow.tolist()
    result = torch.zeros_like(ids)
    for y in range(height):
        for x in range(width):
            there = (
                outside(pick(y + sign * down[y][x]), height),
                outside(pick(x + sign * right[y][x]), width),
            )
            if None not in there:
                result[y, x] = rows[there[0]][there[1]]
    return result


def no_motion(trial: Trial) -> None:
    """without motion nothing changes"""
    for height, width in SIZES[:3]:
        ids = _some_ids(trial, height, width)
        trial.expect((ids, torch.zeros(2, height, width)), ids, case=f"a flow of 0 on {height} x {width}")


def fetched_from_where_it_points(trial: Trial) -> None:
    """a flow of (+2, 0) shows what lay two pixels to the right, one of (0, -1) what lay one above"""
    ids = torch.zeros(6, 9, dtype=torch.int64)
    ids[2:4, 4:6] = 1
    two_left, one_down = torch.zeros_like(ids), torch.zeros_like(ids)
    two_left[2:4, 2:4], one_down[3:5, 4:6] = 1, 1
    trial.expect((ids, _uniform(2, 0, 6, 9)), two_left, case="a block at columns 4 and 5 and a flow of (+2, 0)")
    trial.expect((ids, _uniform(0, -1, 6, 9)), one_down, case="a block at rows 2 and 3 and a flow of (0, -1)")


def nothing_outside(trial: Trial) -> None:
    """what comes from outside the previous frame is background"""
    ids = torch.tensor([[1, 1, 2, 2, 3, 3]] * 4)
    expected = torch.tensor([[2, 2, 3, 3, 0, 0]] * 4)
    trial.expect((ids, _uniform(2, 0, 4, 6)), expected, case="ids up to the border and a flow of (+2, 0)")
    expected = torch.tensor([[0] * 6] + [[1, 1, 2, 2, 3, 3]] * 3)
    trial.expect((ids, _uniform(0, -1, 4, 6)), expected, case="ids up to the border and a flow of (0, -1)")
    trial.expect((ids, _uniform(-40, 90, 4, 6)), torch.zeros_like(ids), case="a flow far out of the frame")


def nearest_pixel(trial: Trial) -> None:
    """between two pixels the nearer one is taken, also to the left and above"""
    ids = torch.arange(1, 8).repeat(5, 1)
    for step, shown in ((0.4, 0), (0.6, 1), (-0.4, 0), (-0.6, -1)):
        expected = fetched(ids, _uniform(shown, 0, 5, 7))
        trial.expect((ids, _uniform(step, 0, 5, 7)), expected, case=f"a flow of ({step:+g}, 0)")
        expected = fetched(ids.T.contiguous(), _uniform(0, shown, 7, 5))
        trial.expect((ids.T.contiguous(), _uniform(0, step, 7, 5)), expected, case=f"a flow of (0, {step:+g})")


def ids_stay_ids(trial: Trial) -> None:
    """no id appears that was not there before"""
    ids = torch.tensor([0, 3, 200, 255])[torch.randint(4, (7, 10), generator=trial.generator)]
    flow = _random_flow(trial, 7, 10)
    trial.expect((ids, flow), fetched(ids, flow), case="ids 0, 3, 200 and 255 and a random flow")


def every_pixel_its_own_way(trial: Trial) -> None:
    """masks of any size, every pixel with a flow of its own, agree with fetching pixel by pixel"""
    for height, width in SIZES:
        ids, flow = _some_ids(trial, height, width), _random_flow(trial, height, width)
        trial.expect((ids, flow), fetched(ids, flow), case=f"random ids and flow of {height} x {width}")


def whole_numbers(trial: Trial) -> None:
    """the result holds int64 ids, and mask and flow stay as they were"""
    inputs = _some_ids(trial, 6, 9), _random_flow(trial, 6, 9)
    trial.leaves_alone(inputs)
    dtype = getattr(trial.ask(inputs, "a random mask"), "dtype", None)
    name = str(dtype).removeprefix("torch.")
    trial.require(
        dtype == torch.int64,
        expected="torch.int64, the type of the ids",
        got=str(dtype),
        likely="ids are names: sampled as floats they have to become whole numbers again, .long()"
        if isinstance(dtype, torch.dtype) and dtype.is_floating_point
        else f"the ids came back as {name}: .long() makes them what they were",
    )


def reference(ids: Tensor, flow: Tensor) -> Tensor:
    """The package's warp of one mask. Shapes: ids int64 (H,W), flow float32 (2,H,W) -> ids int64 (H,W)."""
    from vostutor.ops.warp import backward_warp

    return backward_warp(ids[None, None], flow[None], mode="nearest")[0, 0]


def _some_ids(trial: Trial, height: int, width: int) -> Tensor:
    return torch.randint(0, 5, (height, width), generator=trial.generator)


def _uniform(right: float, down: float, height: int, width: int) -> Tensor:
    return torch.tensor([right, down], dtype=torch.float32).reshape(2, 1, 1).repeat(1, height, width)


def _random_flow(trial: Trial, height: int, width: int) -> Tensor:
    """Whole steps up to 3 pixels and up to 0.4 beside them: nothing half-way, where either pixel would be right."""
    whole = torch.randint(-3, 4, (2, height, width), generator=trial.generator)
    return whole + 0.8 * (torch.rand(2, height, width, generator=trial.generator) - 0.5)


def _clamped(position: int, size: int) -> int:
    return min(max(position, 0), size - 1)


def _from_the_end(position: int, size: int) -> int | None:
    """As an index does it: negative ones count from the end, larger ones raise."""
    if not -size <= position < size:
        raise IndexError
    return position % size


def _kept(ids: Tensor, flow: Tensor) -> Tensor:
    """Begun with a copy of the ids, so that what comes from outside stays what it was."""
    inside = fetched(torch.ones_like(ids), flow).bool()
    return torch.where(inside, fetched(ids, flow), ids)


def _bounds_swapped(ids: Tensor, flow: Tensor, safe: bool) -> Tensor:
    """x has to be below the height, y below the width; what is then out of reach is clamped, or raises."""
    height, width = ids.shape
    clamped, reach = fetched(ids, flow, outside=_clamped), torch.zeros_like(ids, dtype=torch.bool)
    for y in range(height):
        for x in range(width):
            to_y, to_x = nearest(y + flow[1, y, x].item()), nearest(x + flow[0, y, x].item())
            reach[y, x] = 0 <= to_x < height and 0 <= to_y < width
            if reach[y, x] and not safe and not (to_y < height and to_x < width):
                raise IndexError
    return torch.where(reach, clamped, 0)


def _pushed(ids: Tensor, flow: Tensor) -> Tensor:
    """Every pixel sent along the flow, later ones over earlier ones."""
    height, width = ids.shape
    result = torch.zeros_like(ids)
    for y in range(height):
        for x in range(width):
            to_y, to_x = nearest(y + flow[1, y, x].item()), nearest(x + flow[0, y, x].item())
            if 0 <= to_y < height and 0 <= to_x < width:
                result[to_y, to_x] = ids[y, x]
    return result


def _sampled(
    ids: Tensor, flow: Tensor, *, mode="nearest", padding_mode="zeros", sizes=None, align_corners=True
) -> Tensor:
    height, width = ids.shape
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    last_y, last_x = sizes(height, width) if sizes else (max(height - 1, 1), max(width - 1, 1))
    grid = torch.stack([2 * (columns + flow[0]) / last_x - 1, 2 * (rows + flow[1]) / last_y - 1], -1)[None]
    options = {"mode": mode, "padding_mode": padding_mode, "align_corners": align_corners}
    return grid_sample(ids[None, None].float(), grid, **options)[0, 0]


def _as_if_square(ids: Tensor, flow: Tensor) -> Tensor:
    """A loop over n x n pixels, n the height, that takes n for the width as well."""
    n = len(ids)
    if n > ids.shape[1]:
        raise IndexError
    result = torch.zeros_like(ids)
    result[:, :n] = fetched(ids[:, :n], flow[:, :, :n])
    return result


_X = torch.tensor([1.0, 0.0]).reshape(2, 1, 1)
_BOUNDS = "the bounds are swapped: x stays below the width, y below the height"
_ROUND = "a position is rounded to the nearest pixel, not cut off"
_BLEND = "ids are names and cannot be blended: take the nearest pixel, not an average of four"
_GRID = "grid_sample was told another grid: with align_corners=True the last pixel is at +1, which is position size - 1"

EXERCISE = Exercise(
    id="task.warp",
    name="warp_ids",
    points=4,
    difficulty=3,
    minutes=20,
    properties=(
        no_motion,
        fetched_from_where_it_points,
        nothing_outside,
        nearest_pixel,
        ids_stay_ids,
        every_pixel_its_own_way,
        whole_numbers,
    ),
    slips=(
        Slip(
            "the sign of the flow: it leads from this pixel to where it was, so add it to the position",
            lambda i, f: fetched(i, f, sign=-1),
        ),
        Slip(
            "x and y are swapped: flow[0] runs along the columns, flow[1] along the rows",
            lambda i, f: fetched(i, f.flip(0)),
        ),
        Slip("ids are pushed along the flow: ask of every pixel of the result where it came from, and fetch", _pushed),
        Slip(
            "the border is repeated outside: what comes from outside is background, 0",
            lambda i, f: fetched(i, f, outside=_clamped),
        ),
        Slip(
            "the image wraps around: what comes from outside is background, 0",
            lambda i, f: fetched(i, f, outside=lambda p, n: p % n),
        ),
        Slip(
            "a negative index counts from the end: what comes from outside is background, 0",
            lambda i, f: fetched(i, f, outside=_from_the_end),
        ),
        Slip("outside the old id is kept: what comes from outside is background, 0", _kept),
        Slip(_BOUNDS, lambda i, f: _bounds_swapped(i, f, safe=True)),
        Slip(_BOUNDS, lambda i, f: _bounds_swapped(i, f, safe=False)),
        Slip(
            "row 0 and column 0 are inside: >= 0, not > 0",
            lambda i, f: fetched(i, f, outside=lambda p, n: p if 0 < p < n else None),
        ),
        Slip("only x is followed: flow[1] runs along the rows", lambda i, f: fetched(i, f * _X)),
        Slip("only y is followed: flow[0] runs along the columns", lambda i, f: fetched(i, f * (1 - _X))),
        Slip(_ROUND, lambda i, f: fetched(i, f, pick=floor)),
        Slip(_ROUND, lambda i, f: fetched(i, f, pick=int)),
        Slip(_ROUND, lambda i, f: fetched(i, f.trunc())),
        Slip(_BLEND, lambda i, f: _sampled(i, f, mode="bilinear")),
        Slip(_BLEND, lambda i, f: _sampled(i, f, mode="bilinear").round()),
        Slip(_BLEND, lambda i, f: _sampled(i, f, mode="bilinear").long()),
        Slip(_GRID, lambda i, f: _sampled(i, f, align_corners=False)),
        Slip(_GRID, lambda i, f: _sampled(i, f, sizes=lambda h, w: (h, w))),
        Slip(_GRID, lambda i, f: _sampled(i, f, sizes=lambda h, w: (max(w - 1, 1), max(h - 1, 1)))),
        Slip("a mask need not be as wide as it is high: its axes are (H, W)", _as_if_square),
    ),
    hints=(
        "Stand on a pixel of the new frame. The flow tells where this pixel was; what do you have to look up there?",
        "Add the flow to the pixel's own column and row, round both to whole numbers, and read the previous ids at that place. "
        "Some places lie outside the image.",
        "Make a grid of rows and columns, add flow[1] and flow[0] to it and round. Remember which places lie inside, clamp the rest so "
        "that you can index, read the ids with both grids at once, and set what was outside to 0.",
    ),
    reference="vostutor.checks.lesson00.warp:reference",
)
