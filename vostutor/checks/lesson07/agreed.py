"""Exercise retrieval.agreed: `agreed(neighbours) -> bool`, which places of a new frame are sure enough to join the reference pool.

Letters: P places, k neighbours of each.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson01.fields import expect_field
from vostutor.checks.trial import Trial

SIZES = ((6, 5), (5, 2), (4, 4), (1, 3), (9, 1))  # P and k


def one_name(labels: list[int]) -> bool:
    """Whether there is one name only."""
    return len(set(labels)) == 1


def unanimous(neighbours: Tensor, *, sure: Callable = one_name) -> Tensor:
    """The places whose neighbours agree, one row after the other. The other argument is the slip: who is sure. Shapes: (P,k) -> (P,)."""
    return torch.tensor([sure(row) for row in neighbours.tolist()], dtype=torch.bool)


def worked_by_hand(trial: Trial) -> None:
    """three of a kind agree, two of three do not"""
    neighbours = torch.tensor([[1, 1, 1], [1, 1, 2], [0, 0, 0], [2, 1, 2], [2, 2, 2], [0, 1, 2]])
    _expect(trial, neighbours, [True, False, True, False, True, False], case="six places with three neighbours each")


def the_background_too(trial: Trial) -> None:
    """neighbours that are all background agree as well as neighbours of an object do"""
    neighbours = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 3], [3, 3, 3, 0], [3, 3, 3, 3]])
    _expect(trial, neighbours, [True, False, False, True], case="background and object 3, four neighbours")


def one_against_all(trial: Trial) -> None:
    """a single neighbour who says otherwise is enough, wherever it stands"""
    for many in (2, 3, 5):
        for usual, odd in ((0, 1), (4, 0), (2, 7)):
            neighbours = torch.full((many + 1, many), usual)
            neighbours[:many] += (odd - usual) * torch.eye(many, dtype=torch.int64)
            case = f"{many} neighbours called {usual}, one of them {odd} in all rows but the last"
            _expect(trial, neighbours, [False] * many + [True], case=case)


def labels_are_names(trial: Trial) -> None:
    """labels are names: with others in their place the answer is the same"""
    places = torch.tensor([[0, 1, 2], [1, 1, 1], [2, 0, 1], [0, 0, 0], [1, 2, 0], [0, 2, 2], [2, 2, 2]])
    expected = [False, True, False, True, False, False, True]
    for names in ((0, 1, 2), (2, 0, 1), (1, 2, 3), (7, 3, 200), (5, 9, 7)):
        _expect(trial, torch.tensor(names)[places], expected, case=f"labels {', '.join(map(str, names))}")


def one_neighbour(trial: Trial) -> None:
    """one neighbour always agrees with itself, and one place gets one answer"""
    _expect(trial, torch.tensor([[0], [4], [1]]), [True] * 3, case="three places with one neighbour each")
    _expect(trial, torch.tensor([[2, 2, 1]]), [False], case="one place with three neighbours")
    _expect(trial, torch.tensor([[2, 2]]), [True], case="one place with two neighbours")


def any_order(trial: Trial) -> None:
    """the order of the neighbours does not matter, and places keep theirs"""
    neighbours = _some(trial, 8, 4)
    expected = unanimous(neighbours)
    for name, other in (
        ("as they come", neighbours),
        ("reversed", neighbours.flip(1)),
        ("rotated", neighbours.roll(1, 1)),
    ):
        _expect(trial, other, expected.tolist(), case=f"random labels, neighbours {name}")
    _expect(trial, neighbours.flip(0), expected.flip(0).tolist(), case="the same, places reversed")


def any_size(trial: Trial) -> None:
    """any numbers of places and neighbours agree with going through them row by row"""
    for places, many in SIZES:
        neighbours = _some(trial, places, many)
        _expect(trial, neighbours, unanimous(neighbours).tolist(), case=f"{places} places with {many} neighbours each")


def a_mask_and_nothing_else(trial: Trial) -> None:
    """the result is bool, and the labels stay as they were"""
    trial.ask((torch.tensor([[1, 2, 0], [3, 0, 3]]),), "labels")
    trial.leaves_alone((torch.tensor([[3, 1, 2], [4, 4, 4], [5, 5, 0]]),))
    dtype = getattr(trial.ask((_some(trial, 5, 3),), "random labels"), "dtype", None)
    trial.require(
        dtype == torch.bool,
        expected="torch.bool: joins the pool or does not",
        got=str(dtype),
        likely="a comparison gives bool: it chooses the places that join the pool",
    )


def reference(neighbours: Tensor) -> Tensor:
    """Places whose neighbours all carry one label. Shapes: neighbours integer (P,k) -> bool (P,)."""
    return (neighbours == neighbours[:, :1]).all(1)


def _some(trial: Trial, places: int, many: int) -> Tensor:
    """Random labels of 0, 3, 4 and 5; every second row is of one kind."""
    names = torch.tensor([0, 3, 4, 5])
    labels = names[torch.randint(4, (places, many), generator=trial.generator)]
    labels[::2] = labels[::2, :1]
    return labels


def _expect(trial: Trial, neighbours: Tensor, expected: list[bool], *, case: str) -> None:
    expect_field(trial, (neighbours,), torch.tensor(expected), case=case, place=lambda p: f"for place {p}", word=_word)


def _word(value: Tensor) -> str:
    return "agreed" if value else "not agreed"


def _sure(sure: Callable) -> Callable:
    """The answer of somebody who calls other rows sure."""
    return lambda neighbours: unanimous(neighbours, sure=sure)


def _most(labels: list[int]) -> int:
    return max(labels.count(label) for label in labels)


_PART = "not all of them were compared: every neighbour has to carry the same label"

EXERCISE = Exercise(
    id="retrieval.agreed",
    name="agreed",
    points=2,
    difficulty=1,
    minutes=5,
    properties=(
        worked_by_hand,
        the_background_too,
        one_against_all,
        labels_are_names,
        one_neighbour,
        any_order,
        any_size,
        a_mask_and_nothing_else,
    ),
    slips=(
        Slip(
            "a majority is not enough: that names the label, but what joins the pool teaches all later frames, so all have to agree",
            _sure(lambda labels: 2 * _most(labels) > len(labels)),
        ),
        Slip("two that agree are not enough: all have to", _sure(lambda labels: _most(labels) > 1)),
        Slip(
            "the background is a label too: 0 is no answer missing, neighbours that all say 0 agree",
            _sure(lambda l: all(l) and one_name(l)),
        ),
        Slip("that asks whether all are objects: different objects do not agree, and background may", _sure(all)),
        Slip("that asks for object 1: all neighbours agree on whatever they agree", _sure(lambda l: set(l) == {1})),
        Slip("that asks for the background: all neighbours agree on whatever they agree", _sure(lambda l: not any(l))),
        Slip(_PART, _sure(lambda labels: labels[0] == labels[-1])),
        Slip(_PART, _sure(lambda labels: one_name(labels[:2]))),
        Slip(_PART, _sure(lambda labels: one_name(labels[:-1]) if labels[1:] else True)),
        Slip("only the first neighbour has to be the same as one other: all, not any", _sure(lambda l: l[0] in l[1:])),
        Slip(
            "labels are names, their mean means nothing: 1 may be the mean of 0 and 2",
            _sure(lambda labels: sum(labels) == labels[0] * len(labels)),
        ),
        Slip("the answer is upside down: true where all neighbours agree", _sure(lambda labels: not one_name(labels))),
        Slip(
            "the wrong axis: neighbours of one place stand in a row, axis 1",
            lambda neighbours: unanimous(neighbours.T),
        ),
        Slip("one answer for each place: all of them together were asked", lambda n: unanimous(n).all()),
        Slip("one answer for each place: an axis was left over", lambda n: unanimous(n)[:, None]),
        Slip(
            "one answer for each place, not for each neighbour: reduce the comparison over axis 1",
            lambda n: n == n[:, :1],
        ),
        Slip(
            "which label they carry is not the question: true or false, whether all carry the same",
            lambda n: n.mode(1).values,
        ),
        Slip("how many agree is not the question: whether all of them do", lambda n: (n == n[:, :1]).sum(1)),
        Slip(
            "the places that agree were listed: true or false for each of all places",
            lambda n: unanimous(n).nonzero()[:, 0],
        ),
    ),
    hints=(
        "What joins the pool is believed for the rest of the video. How sure would you want to be, and who could tell you, without a "
        "network that knows its own doubts?",
        "If all neighbours carry the same label, then each carries the label of the first. Which comparison says so for every place "
        "at once?",
        "Compare the table of labels with its first column, kept as a column so that it is laid beside every other. A place is sure where "
        "the whole row came out true; background rows count like any others.",
    ),
    reference="vostutor.checks.lesson07.agreed:reference",
)
