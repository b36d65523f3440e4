"""Exercise oneshot.upsample: `upsample(scores, stride, size) -> scores`, a coarse map enlarged by fixed tents and cut to size."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, expect_field, expect_gradient, random
from vostutor.checks.trial import Trial

# Rows and columns of the coarse map, stride, size of the frame: odd sizes, as ceil rounding of the pools leaves them.
CASES = (((3, 4), 2, (6, 8)), ((4, 3), 2, (7, 5)), ((2, 4), 4, (5, 14)), ((3, 2), 4, (9, 8)), ((2, 2), 8, (13, 9)))


def tent(stride: int) -> Tensor:
    """The weights of one row: they climb to the middle and fall again, in steps of 1 / stride. Shapes: (2 stride,).

    >>> tent(2)
    tensor([0.2500, 0.7500, 0.7500, 0.2500])
    """
    middle = stride - 0.5
    return torch.tensor([1 - abs(k - middle) / stride for k in range(2 * stride)])


def smaller_half(excess: int) -> int:
    """How much of what is too much goes at the top or left."""
    return excess // 2


def painted(
    scores: Tensor,
    stride: int,
    size: Sequence[int],
    *,
    brush: Callable = tent,
    start: Callable = smaller_half,
) -> Tensor:
    """The enlarged map, one score after the other: each paints a tent of its own height, overlaps add up.

    The other arguments are the slips: what a score paints, and where the cut begins.
    """
    rows, columns = scores.shape[2:]
    weights = brush(stride)
    kernel = weights[:, None] * weights
    reach = len(weights)
    large = scores.new_zeros(*scores.shape[:2], (rows - 1) * stride + reach, (columns - 1) * stride + reach)
    for y in range(rows):
        for x in range(columns):
            place = (..., slice(y * stride, y * stride + reach), slice(x * stride, x * stride + reach))
            large[place] = large[place] + scores[:, :, y, x, None, None] * kernel
    top, left = (start(have - want) for have, want in zip(large.shape[2:], size, strict=True))
    return large[:, :, top : top + size[0], left : left + size[1]]


def one_score_paints_a_tent(trial: Trial) -> None:
    """a single score paints a tent twice as wide as the stride"""
    for stride, row in ((2, [0.25, 0.75, 0.75, 0.25]), (4, [0.125, 0.375, 0.625, 0.875, 0.875, 0.625, 0.375, 0.125])):
        weights = torch.tensor(row)
        expected = (3 * weights[:, None] * weights)[None, None]
        inputs = torch.full((1, 1, 1, 1), 3.0), stride, [2 * stride, 2 * stride]
        _expect(trial, inputs, expected, case=f"one score of 3, stride {stride}, nothing to cut")
    flat, weights = torch.zeros(1, 1, 8, 10), torch.tensor([0.25, 0.75, 0.75, 0.25])
    flat[0, 0, 2:6, 4:8] = weights[:, None] * weights
    lone = torch.zeros(1, 1, 3, 4)
    lone[0, 0, 1, 2] = 1
    _expect(trial, (lone, 2, [8, 10]), flat, case="a 1 at row 1, column 2 of 3 x 4, stride 2, nothing to cut")


def a_tent_weighs_its_square(trial: Trial) -> None:
    """before the cut every score is there stride · stride times"""
    for stride in (2, 4, 8, 16):
        scores = random(trial, 1, 1, 2, 3)
        large = _scores(trial, (scores, stride, [3 * stride, 4 * stride]), case=f"2 x 3 scores, stride {stride}")
        trial.evidence[-1].expected = painted(scores, stride, (3 * stride, 4 * stride))
        expected, got = stride**2 * scores.sum().item(), large.sum().item()
        trial.require(
            abs(expected - got) < 1e-3,
            expected=f"{expected:.4f} as the sum of 2 x 3 scores at stride {stride}",
            got=f"{got:.4f}",
        )


def level_ground_stays_level(trial: Trial) -> None:
    """away from the border a constant map keeps its value"""
    for stride in (2, 4):
        size = (4 * stride + 1, 5 * stride - 1)
        large = _scores(trial, (torch.full((1, 1, 5, 5), -2.0), stride, list(size)), case=f"-2, stride {stride}")
        trial.evidence[-1].expected = painted(torch.full((1, 1, 5, 5), -2.0), stride, size)
        inner = large[0, 0, stride:-stride, stride:-stride]
        worst = inner.flatten()[(inner + 2).abs().argmax()].item()
        trial.require(
            abs(worst + 2) < trial.tolerance,
            expected=f"-2 for every pixel further than {stride} from the border",
            got=f"{worst:.4f} for one of them",
        )


def odd_excess(trial: Trial) -> None:
    """the middle is kept, and of an odd excess the smaller half goes at the top and left"""
    for (rows, columns), stride, size in (((2, 3), 2, (5, 7)), ((2, 2), 2, (3, 6)), ((2, 2), 4, (5, 12))):
        scores = random(trial, 1, 1, rows, columns)
        case = f"{rows} x {columns} scores, stride {stride}, cut to {size[0]} x {size[1]}"
        _expect(trial, (scores, stride, list(size)), painted(scores, stride, size), case=case)


def channels_stay_apart(trial: Trial) -> None:
    """every channel of every sample is enlarged on its own"""
    scores = torch.zeros(2, 3, 2, 2)
    scores[0, 1] = 1
    scores[1, 2] = -4
    _expect(trial, (scores, 2, [5, 4]), painted(scores, 2, (5, 4)), case="3 channels, of which one is not 0")


def any_size(trial: Trial) -> None:
    """maps of any size agree with painting score by score"""
    for (rows, columns), stride, size in CASES:
        scores = random(trial, 2, 2, rows, columns)
        case = f"random scores of {rows} x {columns}, stride {stride}, cut to {size[0]} x {size[1]}"
        _expect(trial, (scores, stride, list(size)), painted(scores, stride, size), case=case)


def passes_gradients(trial: Trial) -> None:
    """a loss on the large map reaches every score, and the scores stay as they were"""
    scores, weights = random(trial, 1, 2, 3, 2), random(trial, 1, 2, 11, 7)
    _, gradients = trial.ask_grad((scores, 4, [11, 7]), "random scores", weights=weights)
    wanted = scores.clone().requires_grad_()
    (expected,) = torch.autograd.grad((painted(wanted, 4, (11, 7)) * weights).sum(), wanted)
    expect_gradient(trial, expected, gradients[0], "scores")
    trial.leaves_alone((random(trial, 1, 2, 3, 4), 2, [5, 7]))


def reference(scores: Tensor, stride: int, size: Sequence[int]) -> Tensor:
    """The package's fixed upsampling and centre crop. Shapes: scores (B,C,h,w) -> (B,C,*size)."""
    from vostutor.ops.upsampling import upsample_crop

    return upsample_crop(scores, stride, tuple(size))


def _scores(trial: Trial, inputs: tuple, *, case: str) -> Tensor:
    """A map of the right shape; the property breaks without one."""
    scores, _, size = inputs
    large = trial.ask(inputs, case)
    if not isinstance(large, Tensor) or large.shape != (*scores.shape[:2], *size) or not large.is_floating_point():
        trial.compare(torch.empty(*scores.shape[:2], *size), large, case=case)
        trial.require(False, expected=f"floating numbers, for {case}", got=f"{getattr(large, 'dtype', '')}")
    return large


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=_place)


def _place(sample: int, channel: int, y: int, x: int) -> str:
    return f"in channel {channel} at row {y}, column {x}{f' of sample {sample}' if sample else ''}"


def _flat(stride: int) -> Tensor:
    return torch.ones(stride)


def _wide_and_flat(stride: int) -> Tensor:
    return torch.ones(2 * stride)


def _off_centre(stride: int) -> Tensor:
    """A tent about `stride` instead of stride - 1/2, as for a kernel with a middle pixel."""
    return torch.tensor([1 - abs(k - stride) / stride for k in range(2 * stride)])


def _one(stride: int) -> Tensor:
    return tent(stride) / stride


def _channels_added(scores: Tensor, stride: int, size: Sequence[int]) -> Tensor:
    return painted(scores.sum(1, keepdim=True).expand_as(scores), stride, size)


def _resized(mode: str, **options) -> Callable:
    return lambda scores, stride, size: interpolate(scores, size=tuple(size), mode=mode, **options)


def _enlarged_then_cut(start: Callable) -> Callable:
    """interpolate by the stride, then a cut: at the border it repeats what the tents let fade."""

    def enlarge(scores: Tensor, stride: int, size: Sequence[int]) -> Tensor:
        large = interpolate(scores, scale_factor=stride, mode="bilinear")
        top, left = (start(have - want) for have, want in zip(large.shape[2:], size, strict=True))
        return large[:, :, max(top, 0) : max(top, 0) + size[0], max(left, 0) : max(left, 0) + size[1]]

    return enlarge


def _size_swapped(scores: Tensor, stride: int, size: Sequence[int]) -> Tensor:
    return painted(scores, stride, tuple(size)[::-1])


_RESIZE = (
    "interpolate stretches the map to the size: paint tents at every stride, then cut, or all places shift a little"
)

EXERCISE = Exercise(
    id="oneshot.upsample",
    name="upsample",
    points=3,
    difficulty=3,
    minutes=15,
    properties=(
        one_score_paints_a_tent,
        a_tent_weighs_its_square,
        level_ground_stays_level,
        odd_excess,
        channels_stay_apart,
        any_size,
        passes_gradients,
    ),
    slips=(
        Slip(_RESIZE, _resized("bilinear")),
        Slip(_RESIZE, _resized("bilinear", align_corners=True)),
        Slip("nearest neighbours make blocks: the kernel falls off linearly to both sides", _resized("nearest")),
        Slip(
            "interpolate repeats the border: a transposed convolution lets it fade, and its map is (h + 1) · stride high",
            _enlarged_then_cut(smaller_half),
        ),
        Slip(
            "the kernel is flat: its weights fall off linearly from the middle, 1 - |k - middle| / stride",
            lambda s, n, z: painted(s, n, z, brush=_wide_and_flat),
        ),
        Slip(
            "the kernel is off its middle: 2 · stride weights have their centre between two, at stride - 0.5",
            lambda s, n, z: painted(s, n, z, brush=_off_centre),
        ),
        Slip(
            "the kernel was divided by its sum: it has to weigh stride · stride, or constants shrink",
            lambda s, n, z: painted(s, n, z, brush=_one),
        ),
        Slip(
            "the cut begins at the top left: the excess is on all sides, take off half of it there",
            lambda s, n, z: painted(s, n, z, start=lambda excess: 0),
        ),
        Slip(
            "the cut takes everything off at the top left: half of the excess is at the bottom right",
            lambda s, n, z: painted(s, n, z, start=lambda excess: excess),
        ),
        Slip(
            "of an odd excess the larger half was cut at the top left: round down there",
            lambda s, n, z: painted(s, n, z, start=lambda excess: -(-excess // 2)),
        ),
        Slip(
            "the channels are added up: each has a kernel of its own and sees no other (groups, or a diagonal of kernels)",
            _channels_added,
        ),
        Slip("height and width of the size are swapped: size is (rows, columns)", _size_swapped),
        Slip(
            "nothing was cut: the result has the size of the frame",
            lambda s, n, z: painted(s, n, [n * (side + 1) for side in s.shape[2:]]),
        ),
        Slip(
            "the gradient is cut on the way: .detach(), .data, numpy or torch.no_grad() ends it",
            cuts_the_gradient(painted),
        ),
    ),
    hints=(
        "Let a single score be 1 and all others 0. What should the large map look like around it, and how far does it reach "
        "if neighbours a stride away are to take over without a step?",
        "A row of the kernel has twice as many weights as the stride, symmetric about a middle between two of them. The kernel is the "
        "product of a column and a row of such weights. The transposed convolution gives more rows than the frame has: how many?",
        "Make the row of weights, one minus the distance to the middle over the stride, and its outer product with itself. Use a "
        "transposed convolution of that stride without padding, one group for each channel. Cut half of the excess, rounded down, "
        "from the top and from the left, and keep as many rows and columns as asked for.",
    ),
    reference="vostutor.checks.lesson04.upsample:reference",
)
