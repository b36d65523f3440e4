"""Exercise oneshot.adaptation_targets: `adaptation_targets(posterior, last_mask, alpha, distance, erosion)`, what a frame teaches."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import expect_field
from vostutor.checks.trial import Trial
from vostutor.core.ids import VOID

SIZES = ((7, 10), (11, 6), (8, 8), (1, 12))  # neither square nor even, and one row thin


def shrunk(mask: Tensor, side: int) -> Tensor:
    """Pixels whose whole window lies in the mask; what lies outside the image does not count. Shapes: bool (H,W) -> (H,W).

    >>> shrunk(torch.tensor([[1, 1, 1, 0]]).bool(), 3).int()
    tensor([[1, 1, 0, 0]], dtype=torch.int32)
    """
    return max_pool2d((~mask)[None].float(), side, 1, side // 2)[0] == 0


def straight(rows: Tensor, columns: Tensor) -> Tensor:
    """The length of a step of so many rows and columns."""
    return (rows**2 + columns**2).sqrt()


def away_from(mask: Tensor, metric: Callable = straight) -> Tensor:
    """How far the nearest pixel of the mask is, against every one of them; infinite without any. Shapes: bool (H,W) -> (H,W)."""
    inside = mask.nonzero().double()
    everywhere = torch.ones_like(mask).nonzero().double()
    if not len(inside):
        return torch.full(mask.shape, torch.inf)
    rows, columns = (everywhere[:, None] - inside).abs().unbind(2)
    return metric(rows, columns).amin(1).reshape(mask.shape)


def labelled(
    posterior: Tensor,
    last_mask: Tensor,
    alpha: float,
    distance: float,
    erosion: int,
    *,
    shrink: Callable = shrunk,
    far: Callable = lambda core, distance: away_from(core) > distance,
    sure: Callable = torch.gt,
) -> Tensor:
    """1 where the network is sure, 0 far from where the object was, void elsewhere; far beats sure, and no core teaches nothing.

    The other arguments are the slips: how the mask gets smaller, what is far, what is sure.
    """
    core = shrink(last_mask, erosion)
    targets = torch.full(posterior.shape, VOID)
    if not core.any():
        return targets
    targets[sure(posterior, alpha)] = 1
    targets[far(core, distance)] = 0
    return targets


def worked_by_hand(trial: Trial) -> None:
    """sure pixels are object, far ones background, everything between is void"""
    posterior = torch.tensor([[0.1, 0.6, 0.95, 0.99, 0.98, 0.7, 0.2, 0.1, 0.05, 0.0]])
    mask = torch.tensor([[0, 0, 1, 1, 1, 0, 0, 0, 0, 0]]).bool()
    v = VOID
    expected = torch.tensor([[v, v, v, 1, 1, v, v, 0, 0, 0]])  # further than 2.5 from columns 2 to 4: column 7 and on
    _expect(trial, (posterior, mask, 0.97, 2.5, 1), expected, case="one row, alpha 0.97, distance 2.5, no erosion")
    expected = torch.tensor([[0, v, 1, 1, 1, v, 0, 0, 0, 0]])  # the core is column 3 alone
    _expect(trial, (posterior, mask, 0.9, 2.5, 3), expected, case="one row, alpha 0.9, distance 2.5, erosion 3")


def far_beats_sure(trial: Trial) -> None:
    """what is far away is background, however sure the network is"""
    posterior, mask = torch.full((7, 9), 0.1), torch.zeros(7, 9, dtype=torch.bool)
    mask[2:5, 1:4], posterior[2:5, 1:4], posterior[2:5, 6:9] = True, 0.99, 0.99  # a second one, like it
    for distance in (1.5, 4.5):
        expected = labelled(posterior, mask, 0.97, distance, 1)
        case = f"an object, its double three columns away, and a distance of {distance}"
        _expect(trial, (posterior, mask, 0.97, distance, 1), expected, case=case)


def sure_background_is_void(trial: Trial) -> None:
    """a network that is sure of the background teaches nothing: the object may have changed there"""
    mask = torch.zeros(6, 8, dtype=torch.bool)
    mask[1:5, 2:6] = True
    posterior = torch.full((6, 8), 0.001)
    posterior[2, 3] = 0.99
    expected = torch.full((6, 8), VOID)
    expected[2, 3] = 1
    _expect(
        trial, (posterior, mask, 0.97, 50.0, 1), expected, case="a posterior of 0.001 but for one pixel, nothing far"
    )


def a_straight_line(trial: Trial) -> None:
    """distance is along a straight line, and exactly at it a pixel is not far yet"""
    mask = torch.zeros(9, 11, dtype=torch.bool)
    mask[4, 5] = True
    for distance in (3.0, 4.2, 5.0):
        inputs = torch.zeros(9, 11), mask, 0.9, distance, 1
        _expect(trial, inputs, labelled(*inputs), case=f"one pixel of object and a distance of {distance:g}")


def eroded_first(trial: Trial) -> None:
    """distances are those to the eroded mask, by a square window; the border of the image erodes nothing"""
    mask = torch.zeros(11, 15, dtype=torch.bool)
    mask[:6, 4:11] = True  # touches the upper border
    mask[8, 13] = True  # a speck that any erosion removes
    for erosion in (3, 5):
        inputs = torch.zeros(11, 15), mask, 0.9, 2.5, erosion
        _expect(
            trial, inputs, labelled(*inputs), case=f"a block at the upper border, a speck, and an erosion of {erosion}"
        )


def nothing_left(trial: Trial) -> None:
    """where erosion leaves nothing of the mask, nothing is known: all is void"""
    posterior, mask = torch.full((6, 8), 0.99), torch.zeros(6, 8, dtype=torch.bool)
    posterior[:, 4:] = 0.01
    void = torch.full((6, 8), VOID)
    _expect(trial, (posterior, mask, 0.9, 2.5, 3), void, case="an empty mask")
    mask[2:4, 1:3] = True
    _expect(trial, (posterior, mask, 0.9, 2.5, 5), void, case="a mask of 2 x 2 and an erosion of 5")


def at_alpha(trial: Trial) -> None:
    """a posterior of exactly alpha is not above it"""
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[1:3, 1:4] = True
    posterior = torch.where(mask, 0.75, 0.25)
    posterior[1, 1] = 0.7500001
    inputs = posterior, mask, 0.75, 50.0, 1
    _expect(trial, inputs, labelled(*inputs), case="posteriors of 0.75 and one above, alpha 0.75")


def any_size(trial: Trial) -> None:
    """frames of any size agree with measuring against every pixel"""
    for height, width in SIZES:
        inputs = _some(trial, height, width)
        _expect(trial, inputs, labelled(*inputs), case=f"random frames of {height} x {width}, erosion {inputs[4]}")


def whole_numbers(trial: Trial) -> None:
    """the result holds integers, and posterior and mask stay as they were"""
    trial.ask(_some(trial, 8, 6), "a random frame")
    trial.leaves_alone(_some(trial, 7, 9))
    dtype = getattr(trial.ask(_some(trial, 7, 9), "a random frame"), "dtype", None)
    trial.require(
        isinstance(dtype, torch.dtype) and not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool),
        expected="integers, such as torch.int64: labels are names",
        got=str(dtype),
        likely="torch.full and torch.where take the type of the value: give them 255 and not 255.0, or end in .long()",
    )


def reference(posterior: Tensor, last_mask: Tensor, alpha: float, distance: float, erosion: int) -> Tensor:
    """The package's targets. Shapes: posterior (H,W), last_mask bool (H,W) -> int64 (H,W) of 1, 0 and 255. Units: pixels."""
    from vostutor.models.onavos import adaptation_targets

    return adaptation_targets(posterior, last_mask, alpha=alpha, distance=distance, erosion=erosion)


def _some(trial: Trial, height: int, width: int) -> tuple:
    """Two blocks and noise; no distance of whole rows and columns is 2.3, and no posterior is near alpha by chance."""
    mask = torch.rand(height, width, generator=trial.generator) < 0.05
    for _ in range(2):
        top, left = (int(torch.randint(max(n - 4, 1), (), generator=trial.generator)) for n in (height, width))
        mask[top : top + 4, left : left + 4] = True
    return torch.rand(height, width, generator=trial.generator), mask, 0.7, 2.3, 3


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=lambda y, x: f"at row {y}, column {x}", word=_word)


def _word(value: Tensor) -> str:
    return {0: "0 (background)", 1: "1 (object)", VOID: "255 (void)"}.get(value.item(), f"{value.item():g}")


def _with(void: int) -> Callable:
    return lambda *inputs: (targets := labelled(*inputs)).where(targets != VOID, void)


def _sure_wins(posterior: Tensor, mask: Tensor, alpha: float, distance: float, erosion: int) -> Tensor:
    targets = labelled(posterior, mask, alpha, distance, erosion)
    return torch.where((posterior > alpha) & shrunk(mask, erosion).any(), 1, targets)


def _sure_both_ways(posterior: Tensor, mask: Tensor, alpha: float, distance: float, erosion: int) -> Tensor:
    targets = labelled(posterior, mask, alpha, distance, erosion)
    return torch.where((posterior < 1 - alpha) & shrunk(mask, erosion).any(), 0, targets)


def _window(shape: Callable) -> Callable:
    """Erosion by another window, or at another place."""
    return lambda *inputs: labelled(*inputs, shrink=shape)


def _at_the_border_too(mask: Tensor, side: int) -> Tensor:
    margin = side // 2
    return shrunk(torch.nn.functional.pad(mask, [margin] * 4), side)[margin:, margin:][: mask.shape[0], : mask.shape[1]]


def _grown(mask: Tensor, side: int) -> Tensor:
    return ~shrunk(~mask, side)


def _measured(metric: Callable) -> Callable:
    return lambda *inputs: labelled(*inputs, far=lambda core, d: away_from(core, metric) > d)


def _from_the_mask(posterior: Tensor, mask: Tensor, alpha: float, distance: float, erosion: int) -> Tensor:
    """Measured to the mask as it was; the eroded one is only asked whether it is empty."""
    return labelled(posterior, mask, alpha, distance, erosion, far=lambda core, d: away_from(mask) > d)


def _unguarded(posterior: Tensor, mask: Tensor, alpha: float, distance: float, erosion: int) -> Tensor:
    targets = torch.full(posterior.shape, VOID)
    targets[posterior > alpha] = 1
    targets[away_from(shrunk(mask, erosion)) > distance] = 0
    return targets


_EMPTY = "nothing is left of the mask: no place is known to be far or near, so everything is void"

EXERCISE = Exercise(
    id="oneshot.adaptation_targets",
    name="adaptation_targets",
    points=3,
    difficulty=3,
    minutes=15,
    properties=(
        worked_by_hand,
        far_beats_sure,
        sure_background_is_void,
        a_straight_line,
        eroded_first,
        nothing_left,
        at_alpha,
        any_size,
        whole_numbers,
    ),
    slips=(
        Slip("void is 255 in this package, not -1: 0 and 1 are ids, 255 is nobody's", _with(-1)),
        Slip("there is no void: what is neither sure nor far teaches nothing, mark it 255", _with(0)),
        Slip(
            "sure pixels far away were kept: distance decides last, or a double across the frame is learnt as the object",
            _sure_wins,
        ),
        Slip(
            "the posterior made background: only distance does, or the network could never learn that it was wrong",
            _sure_both_ways,
        ),
        Slip("the mask was not eroded: measure from its core, its border may be wrong", _window(lambda m, s: m)),
        Slip("distance is measured to the whole mask: erode it first", _from_the_mask),
        Slip("the mask was dilated: erosion makes it smaller", _window(_grown)),
        Slip(
            "erosion is the side of the window, not its radius: side 3 reaches one pixel to each side",
            _window(lambda m, s: shrunk(m, 2 * s + 1)),
        ),
        Slip(
            "the border of the image eroded the mask: outside there is nothing, neither object nor background",
            _window(_at_the_border_too),
        ),
        Slip("rows and columns were added: distance is Euclidean, along a straight line", _measured(torch.add)),
        Slip("the larger of rows and columns was taken: distance is Euclidean", _measured(torch.maximum)),
        Slip(
            "near and far are swapped: pixels further than the distance are background",
            lambda *i: labelled(*i, far=lambda core, d: away_from(core) <= d),
        ),
        Slip(
            "everything outside the eroded mask became background: only what is further than the distance",
            lambda *i: labelled(*i, far=lambda core, d: ~core),
        ),
        Slip(
            "distance was measured inside the object: ask for the distance to the mask, of the pixels outside",
            lambda *i: labelled(*i, far=lambda core, d: away_from(~core) > d),
        ),
        Slip(
            "further than the distance, not at it: > and not >=",
            lambda *i: labelled(*i, far=lambda c, d: away_from(c) >= d),
        ),
        Slip("above alpha, not at it: > and not >=", lambda *i: labelled(*i, sure=torch.ge)),
        Slip(_EMPTY, _unguarded),
    ),
    hints=(
        "The network is sure of two things: of what it knows already, and of its mistakes. Where would you believe it, and what do you "
        "know about this frame without asking it at all?",
        "Three kinds of pixels: above alpha, far from where the object was, and the rest. Begin with void everywhere. In which order do "
        "you write the other two, if a double of the object far away must not be learnt?",
        "Erode the last mask with a square window: a pixel stays if its whole window lies in the mask. If nothing stays, everything "
        "is void. Measure each pixel's distance to the nearest pixel that stayed. Write 1 above alpha, then 0 beyond the distance.",
    ),
    reference="vostutor.checks.lesson04.adaptation_targets:reference",
)
