"""Exercise flow.correlation: `correlation(f1, f2, radius) -> volume`, how well each place of frame 1 fits those around it in frame 2."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, expect_field, expect_gradient, random
from vostutor.checks.lesson01.volume import beyond_is_zero, channel_in_words, compared, in_the_volume, rows_first
from vostutor.checks.trial import Trial


def a_shift_lights_its_channel(trial: Trial) -> None:
    """what moved by (+2, +1) lights the channel of dx = +2, dy = +1"""
    f1 = random(trial, 1, 24, 8, 11).sign()  # equal vectors score 1, others nearly always far less
    f2 = torch.roll(f1, (1, 2), (2, 3))
    volume = _volume(trial, (f1, f2, 2), case="features that moved 2 to the right and 1 down, radius 2")
    best = volume[0, :, 2:-2, 2:-2].argmax(0).flatten()  # the inner pixels, whose match stays in the image
    seen, count = (part.tolist() for part in best.unique(return_counts=True))
    most = count.index(max(count))
    trial.require(
        seen == [19],
        expected=f"the maximum of every inner pixel in {channel_in_words(19, 2)}",
        got=f"{channel_in_words(seen[most], 2)} for {count[most] / len(best):.0%} of the inner pixels",
    )


def frame_1_stays(trial: Trial) -> None:
    """a single pixel of frame 1 sees its neighbourhood in frame 2, row by row"""
    f2 = torch.arange(1.0, 26.0).reshape(1, 1, 5, 5)
    f1, expected = torch.zeros(1, 1, 5, 5), torch.zeros(1, 9, 5, 5)
    f1[0, 0, 2, 1] = 2
    expected[0, :, 2, 1] = 2 * f2[0, 0, 1:4, 0:3].flatten()
    _expect(trial, (f1, f2, 1), expected, case="a frame 1 that is 0 but for one pixel")


def nothing_outside(trial: Trial) -> None:
    """outside the image there is nothing to match"""
    f1, f2 = random(trial, 1, 3, 6, 6).abs() + 0.1, random(trial, 1, 3, 6, 6).abs() + 0.1
    inside = compared(torch.ones_like(f1), torch.ones_like(f2), 2) > 0
    volume = _volume(trial, (f1, f2, 2), case="positive features, radius 2")
    trial.evidence[-1].expected = compared(f1, f2, 2)
    filled = ~inside & (volume != 0)
    first = tuple(filled.nonzero()[0].tolist()) if filled.any() else (0, 0, 0, 0)
    trial.require(
        not filled.any(),
        expected=f"0 {in_the_volume(25)(*first)}, which looks outside the image",
        got=f"{volume[first].item():.3f}; {int(filled.sum())} of {int((~inside).sum())} such values are not 0",
    )
    empty = int((volume[inside] == 0).sum())
    trial.require(not empty, expected="a score for every pair inside the image", got=f"0 for {empty} of them")


def the_mean_over_channels(trial: Trial) -> None:
    """equal vectors of ones score 1, however many channels, rows and columns there are"""
    for channels, size in ((1, 4), (4, 4), (6, 5)):
        ones = torch.ones(1, channels, size, size)
        expected = torch.zeros(1, 9, size, size)
        for channel, (dy, dx) in enumerate(rows_first(1)):
            expected[0, channel, max(-dy, 0) : size - max(dy, 0), max(-dx, 0) : size - max(dx, 0)] = 1
        _expect(trial, (ones, ones, 1), expected, case=f"ones of {channels} channels, {size} x {size}")


def any_size(trial: Trial) -> None:
    """batches of any size and any radius agree with comparing displacement by displacement"""
    for (batch, channels, height, width), radius in (
        ((2, 3, 5, 8), 2),
        ((1, 2, 7, 4), 1),
        ((3, 5, 6, 6), 1),
        ((2, 4, 1, 5), 2),
        ((2, 3, 4, 3), 0),
        ((1, 2, 3, 4), 3),
    ):
        f1, f2 = random(trial, batch, channels, height, width), random(trial, batch, channels, height, width)
        case = f"random features of {batch} x {channels} x {height} x {width}, radius {radius}"
        _expect(trial, (f1, f2, radius), compared(f1, f2, radius), case=case)


def inputs_stay(trial: Trial) -> None:
    """the features it was given stay as they were"""
    other = random(trial, 1, 2, 4, 6)
    trial.ask((other, -other, 1), "random features")
    trial.leaves_alone((random(trial, 1, 2, 4, 6), random(trial, 1, 2, 4, 6), 1))


def passes_gradients(trial: Trial) -> None:
    """a loss on the volume reaches the features of both frames"""
    f1, f2, weights = random(trial, 2, 3, 5, 5), random(trial, 2, 3, 5, 5), random(trial, 2, 9, 5, 5)
    _, gradients = trial.ask_grad((f1, f2, 1), "random features", weights=weights)
    wanted = [f.clone().requires_grad_() for f in (f1, f2)]
    expected = torch.autograd.grad((compared(*wanted, 1) * weights).sum(), wanted)
    for name, wished, came in zip(("f1", "f2"), expected, gradients, strict=False):
        expect_gradient(trial, wished, came, name)


def reference(f1: Tensor, f2: Tensor, radius: int) -> Tensor:
    """The package's cost volume in steps of one pixel. Shapes: f1, f2 (B,C,H,W) -> (B,(2 radius + 1)^2,H,W)."""
    from vostutor.ops import correlation

    return correlation(f1, f2, max_displacement=radius, stride2=1)


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=in_the_volume(expected.shape[1]))


def _volume(trial: Trial, inputs: tuple, *, case: str) -> Tensor:
    """A volume of the right shape; the property breaks without one."""
    f1, _, radius = inputs
    shape = (len(f1), (2 * radius + 1) ** 2, *f1.shape[2:])
    volume = trial.ask(inputs, case)
    if not isinstance(volume, Tensor) or volume.shape != shape or volume.is_complex():
        trial.compare(torch.empty(shape), volume, case=case)
        trial.require(False, expected=f"real numbers, for {case}", got="complex ones")
    return volume


def _columns_first(radius: int) -> Iterator[tuple[int, int]]:
    return ((dy, dx) for dx, dy in rows_first(radius))


def _from_here_on(radius: int) -> Iterator[tuple[int, int]]:
    return ((dy + radius, dx + radius) for dy, dx in rows_first(radius))


def _last_left_out(radius: int) -> Iterator[tuple[int, int]]:
    return ((dy, dx) for dy, dx in rows_first(radius) if radius not in (dy, dx))


def _one_too_far(radius: int) -> Iterator[tuple[int, int]]:
    return ((dy + 1, dx + 1) for dy, dx in rows_first(radius))


def _the_other_way(f2: Tensor, dy: int, dx: int) -> Tensor:
    return beyond_is_zero(f2, -dy, -dx)


def _around(f2: Tensor, dy: int, dx: int) -> Tensor:
    return torch.roll(f2, (-dy, -dx), (2, 3))


def _rolled_along(f2: Tensor, dy: int, dx: int) -> Tensor:
    return torch.roll(f2, (dy, dx), (2, 3))


def _border_again(f2: Tensor, dy: int, dx: int) -> Tensor:
    return beyond_is_zero(f2, dy, dx, "replicate")


def _as_if_square(f1: Tensor, f2: Tensor, radius: int) -> Tensor:
    if f1.shape[2] != f1.shape[3]:
        raise RuntimeError
    return compared(f1, f2, radius)


def _sizes_swapped(f1: Tensor, f2: Tensor, radius: int) -> Tensor:
    """The right numbers, folded back into (W, H)."""
    return compared(f1, f2, radius).flatten(2).unflatten(2, (f1.shape[3], f1.shape[2]))


def _inside_only(f1: Tensor, f2: Tensor, radius: int) -> Tensor:
    """Without padding: only the pixels whose whole window lies in the image."""
    height, width = f1.shape[2:]
    return compared(f1, f2, radius)[:, :, radius : height - radius, radius : width - radius]


_WRAP = "torch.roll wraps around the image: what leaves on one side comes back on the other; pad with zeros instead"
_WINDOW = "the window is 2 radius + 1 wide and has 0 in its middle: range(-radius, radius + 1)"
_SIZE = "a map need not be as wide as it is high: its axes are (B, C, H, W)"
_SHAPE = "the two axes of the window become one axis of channels: flatten or stack them"

EXERCISE = Exercise(
    id="flow.correlation",
    name="correlation",
    points=4,
    difficulty=3,
    minutes=15,
    properties=(
        a_shift_lights_its_channel,
        frame_1_stays,
        nothing_outside,
        the_mean_over_channels,
        any_size,
        inputs_stay,
        passes_gradients,
    ),
    slips=(
        Slip(
            "rows and columns are swapped: dy must be the outer loop",
            lambda a, b, r: compared(a, b, r, steps=_columns_first),
        ),
        Slip(
            "the frames are swapped: frame 1 stays where it is, and frame 2 is read at x + d",
            lambda a, b, r: compared(b, a, r),
        ),
        Slip(
            "frame 1 was moved instead of frame 2, and against d: leave f1 alone and read f2 at x + d",
            lambda a, b, r: compared(b, a, r, look=_the_other_way),
        ),
        Slip(
            "frame 2 is read at x - d: a slice that begins further right shows what lies further right",
            lambda a, b, r: compared(a, b, r, look=_the_other_way),
        ),
        Slip(_WRAP, lambda a, b, r: compared(a, b, r, look=_around)),
        Slip(
            "torch.roll by +d brings what lay at x - d, and wraps around: pad with zeros and slice instead",
            lambda a, b, r: compared(a, b, r, look=_rolled_along),
        ),
        Slip(_WRAP, lambda a, b, r: compared(b, a, r, look=_rolled_along)),
        Slip(
            "the border is repeated outside the image: nothing is there to match, pad with zeros",
            lambda a, b, r: compared(a, b, r, look=_border_again),
        ),
        Slip(
            "summed over the channels: the mean keeps the scale, however many there are",
            lambda a, b, r: compared(a, b, r, summary=lambda p: p.sum(1)),
        ),
        Slip(
            "divided by the root of C: that is the scale of attention; here it is the mean, divide by C",
            lambda a, b, r: compared(a, b, r) * a.shape[1] ** 0.5,
        ),
        Slip(
            "divided by the size of the window as well: the mean is over the C channels and nothing else",
            lambda a, b, r: compared(a, b, r) / (2 * r + 1) ** 2,
        ),
        Slip(
            "the features were brought to length one: that is a cosine; here the products are averaged as they are",
            lambda a, b, r: compared(normalize(a), normalize(b), r) * a.shape[1],
        ),
        Slip(
            "the features were brought to length one, that is a cosine: here the products are averaged as they are",
            lambda a, b, r: compared(normalize(a), normalize(b), r),
        ),
        Slip(
            "averaged over the pixels too: average over the channels only, axis 1, so that each pixel keeps its score",
            lambda a, b, r: compared(a, b, r, summary=lambda p: p.mean((1, 2, 3))),
        ),
        Slip(
            "averaged over everything: average over the channels only, axis 1, so that each pixel keeps its score",
            lambda a, b, r: torch.stack([p.mean() for p in compared(a, b, r).unbind(1)]),
        ),
        Slip(
            "the channels of the features are still there: average the product over axis 1",
            lambda a, b, r: compared(a, b, r, summary=lambda p: p),
        ),
        Slip(_SHAPE, lambda a, b, r: compared(a, b, r).unflatten(1, (2 * r + 1, 2 * r + 1))),
        Slip(
            "stacked along a new first axis: the displacements are axis 1, after the batch",
            lambda a, b, r: compared(a, b, r).transpose(0, 1),
        ),
        Slip(_WINDOW, lambda a, b, r: compared(a, b, r, steps=_last_left_out) if r else a.new_zeros(0)),
        Slip(_WINDOW, lambda a, b, r: compared(a, b, r, steps=_from_here_on)),
        Slip(_WINDOW, lambda a, b, r: compared(a, b, r, steps=_one_too_far)),
        Slip("frame 2 is not padded: pixels near the border are lost; pad it by the radius on all sides", _inside_only),
        Slip(_SIZE, _as_if_square),
        Slip(_SIZE, _sizes_swapped),
        Slip(
            "the gradient is cut on the way: .detach(), .item(), .data, numpy or torch.no_grad() ends it",
            cuts_the_gradient(compared),
        ),
        Slip(
            "the features of frame 1 are detached: both frames go through the encoder, and both have to teach it",
            lambda a, b, r: compared(a.detach(), b, r),
        ),
        Slip(
            "the features of frame 2 are detached: both frames go through the encoder, and both have to teach it",
            lambda a, b, r: compared(a, b.detach(), r),
        ),
    ),
    hints=(
        "Stand on a pixel of frame 1. In which frame do you look around, and what does a large score at the displacement (+1, 0) "
        "tell you about where your pixel went?",
        "Give frame 2 a margin of zeros as wide as the radius. Then every displacement is a window of the same size, cut from another "
        "place of the padded map.",
        "Two loops, the vertical displacement outside and the horizontal one inside, each from minus to plus the radius. Each turn "
        "multiplies frame 1 with one window, averages over the channels, and gives one channel of the result, in this order.",
    ),
    reference="vostutor.checks.lesson01.correlation:reference",
)
