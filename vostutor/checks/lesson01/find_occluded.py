"""Exercise flow.find_occluded: `find_occluded(flow_fwd, flow_bwd) -> bool`, the pixels whose way there and back does not end at home."""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import SIZES, expect_field, uniform
from vostutor.checks.trial import Trial


def places(height: int, width: int) -> Tensor:
    """Where every pixel is. Shapes: (2,H,W), x then y."""
    rows, columns = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return torch.stack([columns, rows])


def read(flow: Tensor, points: Tensor, *, clamped: bool = False) -> Tensor:
    """The flow between the four pixels around each point; outside 0, or the border again. Shapes: (B,2,H,W) twice -> (B,2,H,W)."""
    height, width = flow.shape[2:]
    low, found = points.floor(), torch.zeros_like(flow)
    for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
        at = low + torch.tensor(corner, dtype=flow.dtype).reshape(2, 1, 1)
        share = (1 - (points - at).abs()).prod(1, keepdim=True)
        x, y = at[:, 0].clamp(0, width - 1), at[:, 1].clamp(0, height - 1)
        index = (y * width + x).long().flatten(1)[:, None].expand(-1, 2, -1)
        share = share if clamped else share * within(at, height, width)[:, None]
        found = found + share * flow.flatten(2).gather(2, index).view_as(flow)
    return found


def within(points: Tensor, height: int, width: int) -> Tensor:
    """Whether points lie between the first and the last pixel; no case lies in the half pixel beyond. Shapes: (B,2,H,W) -> (B,H,W)."""
    x, y = points.unbind(1)
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def apart(there: Tensor, back: Tensor, *, relative: float = 0.01, absolute: float = 0.5) -> Tensor:
    """Whether way there and way back leave more than is tolerated. Shapes: (B,2,H,W) twice -> (B,H,W)."""
    lengths = there.square().sum(1) + back.square().sum(1)
    return (there + back).square().sum(1) >= relative * lengths + absolute


def followed(
    forward: Tensor, backward: Tensor, *, lookup: Callable = read, inside: Callable = within, differ: Callable = apart
) -> Tensor:
    """The occluded pixels: go there, read the way back, compare.

    The other arguments are the slips: how the way back is read, where the frame ends, and which rest is tolerated.
    """
    there = places(*forward.shape[2:]) + forward
    return ~inside(there, *forward.shape[2:]) | differ(forward, lookup(backward, there))


def there_and_back(trial: Trial) -> None:
    """what moves 2 to the right and back again is visible, but for the columns that leave the frame"""
    for height, width in ((4, 7), (6, 6)):
        inputs = uniform(2, 0, height, width)[None], uniform(-2, 0, height, width)[None]
        expected = torch.zeros(1, height, width, dtype=torch.bool)
        expected[:, :, -2:] = True
        _expect(trial, inputs, expected, case="(+2, 0) there and (-2, 0) back")
        expected = torch.zeros(1, height, width, dtype=torch.bool)
        expected[:, :1] = True
        inputs = uniform(0, -1, height, width)[None], uniform(0, 1, height, width)[None]
        _expect(trial, inputs, expected, case="(0, -1) there and (0, +1) back")


def behind_an_object(trial: Trial) -> None:
    """what a moving block comes to cover is occluded, the block itself and what it uncovers are not"""
    there, back = torch.zeros(1, 2, 6, 9), torch.zeros(1, 2, 6, 9)
    there[0, 0, 2:4, 1:4], back[0, 0, 2:4, 4:7] = 3, -3
    expected = torch.zeros(1, 6, 9, dtype=torch.bool)
    expected[0, 2:4, 4:7] = True
    _expect(trial, (there, back), expected, case="a block at columns 1 to 3 that moves 3 to the right")
    down = there.transpose(2, 3).flip(1), back.transpose(2, 3).flip(1)
    _expect(trial, down, expected.transpose(1, 2), case="a block at rows 1 to 3 that moves 3 down")


def a_pixel_over_the_edge(trial: Trial) -> None:
    """what leaves the frame is occluded, by however little"""
    expected = torch.zeros(1, 5, 5, dtype=torch.bool)
    expected[:, :, -1] = True
    inputs = uniform(0.6, 0, 5, 5)[None], uniform(-0.6, 0, 5, 5)[None]
    _expect(trial, inputs, expected, case="(+0.6, 0) there and (-0.6, 0) back")
    inputs = uniform(0, -0.6, 5, 5)[None], uniform(0, 0.6, 5, 5)[None]
    expected = torch.zeros(1, 5, 5, dtype=torch.bool)
    expected[:, 0] = True
    _expect(trial, inputs, expected, case="(0, -0.6) there and (0, +0.6) back")


def tolerance_grows(trial: Trial) -> None:
    """a rest of 0.7 pixels is tolerated, one of 0.8 only after a long way"""
    for step, rest, hidden in ((1, 0.68, False), (1, 0.8, True), (20, 0.8, False), (20, 2.7, False), (20, 3.1, True)):
        inputs = uniform(step, 0, 2, 24)[None], uniform(rest - step, 0, 2, 24)[None]
        expected = torch.full((1, 2, 24), hidden)
        expected[:, :, 24 - step :] = True
        _expect(trial, inputs, expected, case=f"({step:+d}, 0) there and ({rest - step:+.2f}, 0) back")


def between_pixels(trial: Trial) -> None:
    """the way back is read where the way there ends, also between four pixels"""
    # The way back grows by 1.5 from column to column: at x + 0.5 it is 1.5 x + 0.75 - 6.5, and cancels 0.5 at x = 3.5.
    back = torch.zeros(1, 2, 3, 8)
    back[0, 0] = 1.5 * torch.arange(8.0) - 6.5
    there = uniform(0.5, 0, 3, 8)[None]
    expected = torch.ones(1, 3, 8, dtype=torch.bool)
    there[0, 0, :, 3], expected[:, :, 3] = 0.8, False  # 1.5 x 3.8 - 6.5 = -0.8
    _expect(trial, (there, back), expected, case="a way back that grows from column to column")
    wide = (
        places(4, 4)[None] / 2
    )  # everything moves away from the corner, by half of its place: it came from two thirds
    expected = followed(wide, -places(4, 4)[None] / 3)
    _expect(trial, (wide, -places(4, 4)[None] / 3), expected, case="a zoom of 1.5 about the first pixel")


def any_size(trial: Trial) -> None:
    """batches of any size agree with following pixel by pixel"""
    for batch, (height, width) in zip((2, 1, 3, 2), SIZES, strict=True):
        there, back = _some(trial, batch, height, width)
        case = f"random whole steps of {batch} x 2 x {height} x {width}"
        _expect(trial, (there, back), followed(there, back), case=case)


def a_mask_and_nothing_else(trial: Trial) -> None:
    """the result is bool, and both flows stay as they were"""
    trial.leaves_alone(_some(trial, 1, 5, 7))
    dtype = getattr(trial.ask(_some(trial, 2, 4, 4), "random flows"), "dtype", None)
    trial.require(
        dtype == torch.bool,
        expected="torch.bool: occluded or not",
        got=str(dtype),
        likely="a comparison gives bool, arithmetic makes numbers of it: combine with |, & and ~",
    )


def reference(flow_fwd: Tensor, flow_bwd: Tensor) -> Tensor:
    """The package's consistency check. Shapes: (B,2,H,W) twice -> bool (B,H,W). Units: pixels."""
    from vostutor.ops import find_occluded

    return find_occluded(flow_fwd, flow_bwd)


def _some(trial: Trial, batch: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Whole steps that mostly cancel; what does not is off by a whole pixel, well above what is tolerated up to 5 pixels."""
    common = torch.randint(-2, 3, (batch, 2, 1, 1), generator=trial.generator).expand(-1, -1, height, width)

    def odd() -> Tensor:
        chosen = torch.rand(batch, 1, height, width, generator=trial.generator) < 0.25
        return torch.randint(-2, 3, (batch, 2, height, width), generator=trial.generator) * chosen

    return (common + odd()).float(), (odd() - common).float()


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=_place, word=_word)


def _place(b: int, y: int, x: int) -> str:
    return f"at row {y}, column {x}{f' of sample {b}' if b else ''}"


def _word(value: Tensor) -> str:
    return "occluded" if value else "visible"


def _anywhere(points: Tensor, height: int, width: int) -> Tensor:
    return torch.ones_like(points[:, 0], dtype=torch.bool)


def _bounds_swapped(points: Tensor, height: int, width: int) -> Tensor:
    return within(points, width, height)


def _strictly_inside(points: Tensor, height: int, width: int) -> Tensor:
    return within(points, height, width) & (points > 0).all(1)


def _nearest(flow: Tensor, points: Tensor) -> Tensor:
    return read(flow, points.round())


def _as_lengths(there: Tensor, back: Tensor) -> Tensor:
    return (there + back).norm(dim=1) >= 0.01 * (there.norm(dim=1) + back.norm(dim=1)) + 0.5


def _here(backward: Tensor, points: Tensor) -> Tensor:
    return backward


def _along_itself(forward: Tensor, backward: Tensor) -> Tensor:
    return followed(forward, backward, lookup=lambda b, _: read(b, places(*b.shape[2:]) + b))


def _against_the_flow(forward: Tensor, backward: Tensor) -> Tensor:
    return followed(forward, backward, lookup=lambda b, _: read(b, places(*b.shape[2:]) - forward))


def _from_the_other_side(forward: Tensor, backward: Tensor) -> Tensor:
    """Forward flow fetched along itself, and compared with the backward flow of the same place."""
    return followed(forward, backward, differ=lambda f, _: apart(read(f, places(*f.shape[2:]) + f), backward))


def _as_if_square(forward: Tensor, backward: Tensor) -> Tensor:
    if forward.shape[2] != forward.shape[3]:
        raise RuntimeError
    return followed(forward, backward)


def _each_axis(forward: Tensor, backward: Tensor) -> Tensor:
    """Of x and y on their own, without adding the squares."""
    there = places(*forward.shape[2:]) + forward
    back = read(backward, there)
    beyond = ~within(there, *forward.shape[2:])[:, None]
    return beyond | ((forward + back) ** 2 >= 0.01 * (forward**2 + back**2) + 0.5)


_OUTSIDE = (
    "what leaves the frame counts as visible: x + f outside of 0 to W - 1, or y outside of 0 to H - 1, is occluded too"
)
_WAY = "the way back is read at the wrong place: it starts where the way there ends, at x + flow_fwd"

EXERCISE = Exercise(
    id="flow.find_occluded",
    name="find_occluded",
    points=3,
    difficulty=3,
    minutes=15,
    properties=(
        there_and_back,
        behind_an_object,
        a_pixel_over_the_edge,
        tolerance_grows,
        between_pixels,
        any_size,
        a_mask_and_nothing_else,
    ),
    slips=(
        Slip(
            "both flows are read at the same pixel: warp flow_bwd along flow_fwd first, to read it where the way there ends",
            lambda f, b: followed(f, b, lookup=_here),
        ),
        Slip(
            "both flows are read at the same pixel, and what leaves the frame counts as visible: warp flow_bwd along flow_fwd",
            apart,
        ),
        Slip(
            "the flows were subtracted: there and back cancel when their sum is 0",
            lambda f, b: followed(f, b, differ=lambda x, y: apart(x, -y)),
        ),
        Slip(_WAY, _along_itself),
        Slip(_WAY, _against_the_flow),
        Slip(
            "flow_fwd was warped instead of flow_bwd: stay on the pixel of frame 1, and fetch the way back from where it leads",
            _from_the_other_side,
        ),
        Slip("the two flows have changed places: go forward first, then back", lambda f, b: followed(b, f)),
        Slip(_OUTSIDE, lambda f, b: followed(f, b, inside=_anywhere)),
        Slip(_OUTSIDE, lambda f, b: followed(f, b, inside=_anywhere, lookup=lambda x, p: read(x, p, clamped=True))),
        Slip("row 0 and column 0 are inside: >= 0, not > 0", lambda f, b: followed(f, b, inside=_strictly_inside)),
        Slip(
            "the bounds are swapped: x stays below the width, y below the height",
            lambda f, b: followed(f, b, inside=_bounds_swapped),
        ),
        Slip("the answer is upside down: true is occluded", lambda f, b: ~followed(f, b)),
        Slip(
            "outside the frame is marked visible and inside it is judged: join the two with |, not &",
            lambda f, b: followed(f, b, inside=_anywhere) & ~within(places(*f.shape[2:]) + f, *f.shape[2:]),
        ),
        Slip(
            "the tolerance does not grow: a hundredth of both squared lengths is added to 0.5",
            lambda f, b: followed(f, b, differ=lambda x, y: apart(x, y, relative=0)),
        ),
        Slip(
            "the 0.5 is missing: what does not move at all would be occluded, as 0 >= 0",
            lambda f, b: followed(f, b, differ=lambda x, y: apart(x, y, absolute=0)),
        ),
        Slip(
            "lengths instead of squared lengths: the criterion compares squares, in pixels squared",
            lambda f, b: followed(f, b, differ=_as_lengths),
        ),
        Slip(
            "the way back was rounded to the nearest pixel: read it between four, backward_warp does",
            lambda f, b: followed(f, b, lookup=_nearest),
        ),
        Slip("x and y were judged apart: add their squares, each pixel has one answer", _each_axis),
        Slip("one answer for each pixel, (B, H, W): an axis was left over", lambda f, b: followed(f, b)[:, None]),
        Slip("a map need not be as wide as it is high: its axes are (B, 2, H, W)", _as_if_square),
    ),
    hints=(
        "Walk from a pixel of frame 1 to frame 2, and from the place where you arrive back again. Who does not come home, and why?",
        "The backward flow lives on frame 2. To have it on the pixels of frame 1 it has to be fetched along the forward flow; there is a "
        "function for that. What does the walk tell about someone who has left the image?",
        "Warp flow_bwd along flow_fwd. Square the sum of both, add x and y, and compare with 0.01 times both squared lengths plus 0.5. "
        "Add each pixel's own place to flow_fwd and test it against the size of the image. A pixel that fails either test is occluded.",
    ),
    reference="vostutor.checks.lesson01.find_occluded:reference",
)
