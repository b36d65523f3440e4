"""Exercise oneshot.snap: `snap(superpixels, mask) -> mask`, a mask whose border follows the borders in the image."""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import expect_field
from vostutor.checks.trial import Trial

SIZES = ((5, 8), (9, 4), (6, 6), (1, 9))  # neither square nor even, and one row thin


def more_than_half(inside: int, area: int) -> bool:
    """The majority; half of it is none."""
    return 2 * inside > area


def voted(superpixels: Tensor, mask: Tensor, *, wins: Callable = more_than_half) -> Tensor:
    """The snapped mask, one superpixel after the other. The other argument is the slip: who wins. Shapes: (H,W) twice -> (H,W)."""
    result = torch.zeros_like(mask)
    for label in superpixels.unique().tolist():
        here = superpixels == label
        result[here] = wins(int((mask & here).sum()), int(here.sum()))
    return result


def worked_by_hand(trial: Trial) -> None:
    """three of four pixels win a superpixel, one of four loses it"""
    quarters = torch.tensor([[1, 1, 2, 2], [1, 1, 2, 2]])
    mask = torch.tensor([[1, 1, 1, 0], [0, 1, 0, 0]]).bool()
    expected = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0]]).bool()
    _expect(trial, (quarters, mask), expected, case="two squares, with 3 and with 1 of 4 pixels in the mask")
    _expect(trial, (quarters.flip(1), mask.flip(1)), expected.flip(1), case="the same, mirrored")


def a_tie_is_background(trial: Trial) -> None:
    """half of a superpixel is no majority"""
    stripes = torch.tensor([[3] * 4 + [4] * 5 + [5] * 2])
    mask = torch.tensor([[1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1]]).bool()
    _expect(trial, (stripes, mask), torch.zeros_like(mask), case="2 of 4, 2 of 5 and 1 of 2 pixels in the mask")
    mask = torch.tensor([[1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1]]).bool()
    _expect(trial, (stripes, mask), torch.ones_like(mask), case="3 of 4, 3 of 5 and 2 of 2 pixels in the mask")


def labels_are_names(trial: Trial) -> None:
    """labels may begin at 0 or 7, leave gaps, and come in any order"""
    squares = torch.tensor([[0, 0, 1, 1, 2, 2]] * 3)
    mask = torch.tensor([[1, 1, 0, 0, 1, 1], [1, 1, 0, 1, 0, 1], [1, 0, 0, 0, 1, 1]]).bool()
    expected = torch.tensor([[1, 1, 0, 0, 1, 1]] * 3).bool()
    for names in ((0, 1, 2), (2, 1, 0), (7, 8, 9), (40, 0, 300), (5, 3000, 2), (40, 296, 552)):
        case = f"three superpixels called {', '.join(map(str, names))}"
        _expect(trial, (torch.tensor(names)[squares], mask), expected, case=case)


def snapped_already(trial: Trial) -> None:
    """a mask that was snapped stays as it is when it is snapped again"""
    for height, width in SIZES[:3]:
        superpixels, mask = _some(trial, height, width)
        once = trial.ask((superpixels, mask), f"a random mask of {height} x {width}")
        trial.evidence[-1].expected = voted(superpixels, mask)
        usable = isinstance(once, Tensor) and once.shape == mask.shape and not once.is_complex()
        trial.require(usable, expected=f"a mask of {height} x {width}", got=_told(once))
        _expect(trial, (superpixels, once.bool()), once.bool(), case="a mask that was snapped before")
    trial.depends()


def whole_superpixels(trial: Trial) -> None:
    """a superpixel in several pieces is one, and all of it or none of it is object"""
    pieces = torch.tensor([[1, 2, 1, 2, 1], [2, 1, 2, 1, 2]])
    mask = torch.tensor([[1, 0, 1, 0, 1], [1, 0, 0, 0, 0]]).bool()
    _expect(trial, (pieces, mask), pieces == 1, case="a chessboard of two superpixels, with 3 and 1 of 5 in the mask")
    _expect(trial, (pieces, ~mask), pieces == 2, case="a chessboard of two superpixels, with 2 and 4 of 5 in the mask")


def any_size(trial: Trial) -> None:
    """maps of any size agree with counting superpixel by superpixel"""
    for height, width in SIZES:
        superpixels, mask = _some(trial, height, width)
        case = f"random superpixels and mask of {height} x {width}"
        _expect(trial, (superpixels, mask), voted(superpixels, mask), case=case)


def a_mask_and_nothing_else(trial: Trial) -> None:
    """the result is bool, and superpixels and mask stay as they were"""
    # 3 of 4 pixels wins, 1 of 4 loses: whoever writes into the mask changes it
    inputs = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1]]), torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]]).bool()
    trial.ask(_some(trial, 5, 6), "a random mask")
    trial.leaves_alone(inputs)
    dtype = getattr(trial.ask(inputs, "two squares"), "dtype", None)
    trial.require(
        dtype == torch.bool,
        expected="torch.bool: object or not",
        got=str(dtype),
        likely="a comparison gives bool: compare the share with a half, and write True or False",
    )


def reference(superpixels: Tensor, mask: Tensor) -> Tensor:
    """The package's majority of every superpixel. Shapes: superpixels integer (H,W), mask bool (H,W) -> bool (H,W)."""
    from vostutor.ops.superpixels import snap

    return snap(superpixels, mask)


def _some(trial: Trial, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Stripes of random widths cut across by random rows, five names in all; and a mask with half of the pixels."""
    names = torch.tensor([0, 2, 3, 11, 60])
    columns = torch.randint(5, (1, width), generator=trial.generator)
    rows = torch.randint(3, (height, 1), generator=trial.generator)
    return names[(columns + rows) % 5], torch.rand(height, width, generator=trial.generator) < 0.5


def _expect(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    expect_field(trial, inputs, expected, case=case, place=_place, word=_word)


def _place(y: int, x: int) -> str:
    return f"at row {y}, column {x}"


def _word(value: Tensor) -> str:
    return "object" if value else "background"


def _told(value) -> str:
    return f"one of {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _but_for(skipped: Callable) -> Callable:
    """Some superpixels are never looked at: they stay background."""
    return lambda superpixels, mask: voted(superpixels, mask) & ~skipped(superpixels)


def _counted_up(superpixels: Tensor) -> Tensor:
    """Labels from 0 to one less than how many there are, gaps or not."""
    return superpixels >= len(superpixels.unique())


def _largest_share_of_the_mask(superpixels: Tensor, mask: Tensor) -> Tensor:
    """Whether more than half of the mask lies in the superpixel, instead of the other way round."""
    return voted(superpixels, mask, wins=lambda inside, area: 2 * inside > int(mask.sum()))


def _as_if_square(superpixels: Tensor, mask: Tensor) -> Tensor:
    if mask.shape[0] != mask.shape[1]:
        raise RuntimeError
    return voted(superpixels, mask)


def _share(superpixels: Tensor, mask: Tensor) -> Tensor:
    result = torch.zeros(mask.shape)
    for label in superpixels.unique().tolist():
        result[superpixels == label] = mask[superpixels == label].float().mean()
    return result


EXERCISE = Exercise(
    id="oneshot.snap",
    name="snap",
    points=3,
    difficulty=2,
    minutes=10,
    properties=(
        worked_by_hand,
        a_tie_is_background,
        labels_are_names,
        snapped_already,
        whole_superpixels,
        any_size,
        a_mask_and_nothing_else,
    ),
    slips=(
        Slip(
            "a tie went to the object: more than half is asked for, not at least half",
            lambda s, m: voted(s, m, wins=lambda inside, area: 2 * inside >= area),
        ),
        Slip(
            "half of an odd area was rounded down, and a tie won: compare twice the count with the area, and strictly",
            lambda s, m: voted(s, m, wins=lambda inside, area: inside >= area // 2),
        ),
        Slip(
            "one pixel is enough: count the pixels of the mask in each superpixel, and compare with its area",
            lambda s, m: voted(s, m, wins=lambda inside, area: inside > 0),
        ),
        Slip(
            "every pixel has to be in the mask: more than half of them decides",
            lambda s, m: voted(s, m, wins=lambda inside, area: inside == area),
        ),
        Slip(
            "the answer is upside down: a superpixel is object where the mask has the majority",
            lambda s, m: ~voted(s, m),
        ),
        Slip(
            "pixels of the mask were kept in superpixels that lost: all of a superpixel or none of it",
            lambda s, m: voted(s, m) | m,
        ),
        Slip(
            "pixels outside the mask were left out of superpixels that won: all of a superpixel or none of it",
            lambda s, m: voted(s, m) & m,
        ),
        Slip(
            "compared with the size of the mask: the majority is one of the superpixel's own pixels",
            _largest_share_of_the_mask,
        ),
        Slip(
            "label 0 was taken for background: it is a superpixel like any other",
            _but_for(lambda s: s == 0),
        ),
        Slip(
            "the last label is missing: range(n) ends at n - 1",
            _but_for(lambda s: s == s.max()),
        ),
        Slip(
            "labels are names, not a count: ask unique() for them, there may be gaps",
            _but_for(_counted_up),
        ),
        Slip(
            "a byte has room for 256 names, and 296 becomes 40 in it: leave the labels in the integers they came in",
            lambda s, m: voted(s % 256, m),
        ),
        Slip("the mask came back as it was: fill each superpixel with what its majority says", lambda s, m: m.clone()),
        Slip("shares came back: compare each with a half", _share),
        Slip("a map need not be as wide as it is high: its axes are (H, W)", _as_if_square),
    ),
    hints=(
        "A superpixel does not cross a border in the image. If most of its pixels are object, what about the others?",
        "For each label there are two numbers: how many pixels it has, and how many of these are in the mask. Which comparison of the "
        "two is a majority, and what does it say to exactly half?",
        "Go through the labels that occur. For each, mark where it is, average the mask there, and write into a new mask, at all of "
        "these places, whether the average is above one half.",
    ),
    reference="vostutor.checks.lesson04.snap:reference",
)
