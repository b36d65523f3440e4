"""Exercise task.boundary: `boundary(mask) -> bool (H,W)`, the outline that F compares, half a pixel towards the origin."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson00.masks import SIZES, everything, inside, nothing, scattered, square
from vostutor.checks.trial import Trial

_LATER = ((0, 1), (1, 0), (1, 1))  # (row, column) of the neighbours to the right, below, and right below
_EARLIER = ((0, -1), (-1, 0), (-1, -1))
_CROSS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_AROUND = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0))


def traced(
    mask: Tensor,
    look: Iterable[tuple[int, int]] = _LATER,
    *,
    outside: bool | None = None,
    wraps=False,
    join: Callable = any,
) -> Tensor:
    """The outline by looking from one pixel after the other: true where a neighbour differs, of those inside the image.

    The other arguments are the slips: where else to look, what to see outside, and whether one difference is enough.
    """
    rows, (height, width) = mask.tolist(), mask.shape

    def differs(y: int, x: int, dy: int, dx: int) -> bool:
        there = ((y + dy) % height, (x + dx) % width)
        if there == (y + dy, x + dx) or wraps:
            return rows[y][x] != rows[there[0]][there[1]]
        return outside is not None and rows[y][x] != outside

    outline = [[join(differs(y, x, *step) for step in look) for x in range(width)] for y in range(height)]
    return torch.tensor(outline, dtype=torch.bool)


def ring_of_a_square(trial: Trial) -> None:
    """a 4 x 4 square has a ring of 16 pixels that begins one row and one column early"""
    ring = square(1, 1, side=5) & ~square(2, 2, side=3)
    trial.expect((square(),), ring, case="the square in rows and columns 2 to 5 of 10 x 10")
    ring = square(3, 0, side=5, height=12, width=9) & ~square(4, 1, side=3, height=12, width=9)
    trial.expect(
        (square(4, 1, height=12, width=9),), ring, case="the square in rows 4 to 7 and columns 1 to 4 of 12 x 9"
    )


def one_pixel(trial: Trial) -> None:
    """a single pixel has four boundary pixels: its own, and those to the left, above, and left above"""
    for top, left in ((3, 4), (5, 2)):
        four = square(top - 1, left - 1, side=2, height=8, width=7)
        trial.expect(
            (square(top, left, side=1, height=8, width=7),), four, case=f"the pixel at row {top}, column {left}"
        )


def nowhere(trial: Trial) -> None:
    """an empty mask has no boundary, and neither has a full one"""
    for height, width in ((4, 6), (5, 5)):
        empty = nothing(height, width)
        trial.expect((empty,), empty, case=f"an empty mask of {height} x {width}")
        trial.expect((everything(height, width),), empty, case=f"a full mask of {height} x {width}")
    trial.depends()


def last_row_and_column(trial: Trial) -> None:
    """the last row looks right only, the last column down only, the corner nowhere"""
    corner = square(4, 6, side=1, height=5, width=7)
    three = square(3, 5, side=2, height=5, width=7) & ~corner
    trial.expect((corner,), three, case="the pixel in the lower right corner of 5 x 7")
    bottom = square(4, 2, side=2, height=5, width=7)
    expected = square(3, 1, side=3, height=5, width=7)
    expected[4, 2] = False  # its right neighbour is true as well, and below it there is nothing
    trial.expect((bottom,), expected, case="two pixels in the last row, columns 2 and 3 of 5 x 7")


def moves_along(trial: Trial) -> None:
    """a mask that moves takes its boundary along"""
    mask = inside(scattered(trial, 4, 6), 3)
    here = trial.ask((mask,), "a random mask")
    for rows, columns in ((2, 0), (0, -2), (-1, 1)):
        there = trial.ask((mask.roll((rows, columns), (0, 1)),), "the mask moved")
        moved = here.roll((rows, columns), (0, 1)) if isinstance(here, Tensor) and here.ndim == 2 else here
        trial.compare(moved, there, case=f"a mask moved by {rows} rows and {columns} columns")
    trial.depends()


def any_size(trial: Trial) -> None:
    """masks of any size agree with looking at every pixel's neighbours"""
    for height, width in SIZES:
        mask = scattered(trial, height, width)
        trial.expect((mask,), traced(mask), case=f"a random mask of {height} x {width}")


def boolean_map(trial: Trial) -> None:
    """the boundary is a map of True and False, and the mask stays as it was"""
    mask = scattered(trial, 6, 9)
    trial.leaves_alone((mask,))
    dtype = getattr(trial.ask((mask,), "a random mask"), "dtype", None)
    trial.require(
        dtype == torch.bool,
        expected="torch.bool",
        got=str(dtype),
        likely="the result is no boolean tensor: the masks it is compared with are, and `~` and `&` need them so",
    )


def _without_last(mask: Tensor) -> Tensor:
    outline = traced(mask)
    outline[-1], outline[:, -1] = False, False
    return outline


def _as_if_square(mask: Tensor) -> Tensor:
    """A loop over n x n pixels, n the height."""
    height, width = mask.shape
    if height > width:
        raise IndexError
    outline = torch.zeros_like(mask)
    outline[:, :height] = traced(mask[:, : height + 1])[:, :height]
    outline[:, height - 1] = traced(mask[:, :height])[:, -1]
    return outline


def _overwritten(mask: Tensor) -> Tensor:
    """The last comparison written over the ones before: they show only where it does not reach."""
    outline = traced(mask, _LATER[2:])
    outline[-1], outline[:, -1] = traced(mask, _LATER[:1])[-1], traced(mask, _LATER[1:2])[:, -1]
    return outline


def reference(mask: Tensor) -> Tensor:
    """The package's outline as a tensor. Shapes: mask bool (H,W) -> bool (H,W)."""
    from vostutor.metrics.contour import boundary

    return torch.from_numpy(boundary(mask))


_OUTER = "only pixels outside the mask are marked: half of the outline's pixels lie in it"
_INNER = "only pixels of the mask itself are marked: half of the outline's pixels lie just outside"

EXERCISE = Exercise(
    id="task.boundary",
    name="boundary",
    points=3,
    difficulty=2,
    minutes=15,
    properties=(ring_of_a_square, one_pixel, nowhere, last_row_and_column, moves_along, any_size, boolean_map),
    slips=(
        Slip("the neighbour right below is forgotten: a corner is missing", lambda m: traced(m, _LATER[:2])),
        Slip("only the neighbour to the right is looked at", lambda m: traced(m, _LATER[:1])),
        Slip("only the neighbour below is looked at", lambda m: traced(m, _LATER[1:2])),
        Slip(
            "it looks to the left and up: look at the neighbours to the right and below", lambda m: traced(m, _EARLIER)
        ),
        Slip(
            "it looks both ways, so the outline is two pixels thick: look to the right and below only",
            lambda m: traced(m, _CROSS),
        ),
        Slip(
            "it looks all around, so the outline is two pixels thick: look to the right and below only",
            lambda m: traced(m, _AROUND),
        ),
        Slip(_INNER, lambda m: traced(m, _CROSS) & m),
        Slip(_INNER, lambda m: traced(m, _AROUND) & m),
        Slip(_INNER, lambda m: traced(m, _CROSS, outside=False) & m),
        Slip(_INNER, lambda m: traced(m, _AROUND, outside=False) & m),
        Slip(_INNER, lambda m: traced(m) & m),
        Slip(_OUTER, lambda m: traced(m, _CROSS) & ~m),
        Slip(_OUTER, lambda m: traced(m, _AROUND) & ~m),
        Slip(_OUTER, lambda m: traced(m) & ~m),
        Slip("the mask itself comes back: mark where a pixel differs from a neighbour", lambda m: m.clone()),
        Slip("only the neighbour right below is looked at", lambda m: traced(m, _LATER[2:])),
        Slip("each comparison replaces the one before: join them with `|=`, not `=`", _overwritten),
        Slip("one neighbour that differs is enough: join the three with or", lambda m: traced(m, join=all)),
        Slip(
            "two differences cancel each other: join the three with or, not with xor",
            lambda m: traced(m, join=lambda seen: sum(seen) % 2 == 1),
        ),
        Slip("the last row sees the first: torch.roll wraps around the image", lambda m: traced(m, wraps=True)),
        Slip(
            "beyond the last row and column there is nothing to differ from, not even background",
            lambda m: traced(m, outside=False),
        ),
        Slip(
            "the last row and the last column are left out: there the one neighbour inside still counts", _without_last
        ),
        Slip("a mask need not be as wide as it is high: its axes are (H, W)", _as_if_square),
        Slip("the map is upside down: it is true where the neighbours are the same", lambda m: ~traced(m)),
    ),
    hints=(
        "The outline runs between pixels. From each pixel, to which neighbours do you have to look to see every such border once?",
        "Try one row first: 0 0 1 1 0. Where must a True stand, and which two neighbours decide it?",
        "Start with a map of False. Compare all rows but the last with all rows but the first, all columns but the last with all columns "
        "but the first, and both at once; each comparison says or into the part of the map that it covers.",
    ),
    reference="vostutor.checks.lesson00.boundary:reference",
)
