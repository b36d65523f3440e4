"""Exercise retrieval.global_match: `global_match(query, reference, ids, objects) -> maps`, how close each label of frame 1 comes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vostutor.checks.exercise import Exercise, Slip
from vostutor.checks.lesson07.nearest import (
    OBJECTS,
    ask_maps,
    expect_gradients,
    expect_maps,
    matched,
    matching_slips,
    some_maps,
)
from vostutor.checks.trial import Trial
from vostutor.core.ids import VOID

# Query and reference: neither square nor even, one row thin, the other way round, one place alone.
SIZES = (((5, 8), (5, 8)), ((4, 3), (6, 7)), ((1, 7), (5, 2)), ((6, 6), (1, 1)))


def worked_by_hand(trial: Trial) -> None:
    """on a line, the squared distances 0, 1, 2.25 and 4 become 0, 0.46212, 0.80930 and 0.96403"""
    query = torch.tensor([[[0.0, 1.0, 3.5]]])
    reference = torch.tensor([[[0.0, 2.0], [9.0, 1.0]]])
    ids = torch.tensor([[0, 5], [0, 5]])
    expected = torch.tensor([[[0, 0.46212, 1.0]], [[0.46212, 0, 0.80930]]])  # 3.5 is 2.25 from 2, and 12.25 from 0
    expect_maps(
        trial,
        (query, reference, ids, [5]),
        expected,
        case="three places on a line, background at 0 and 9, object 5 at 1 and 2",
    )
    query = torch.tensor([[[1.0]], [[1.0]]])
    reference = torch.tensor([[[1.0, 1.0, 9.0]], [[3.0, 9.0, 0.0]]])
    expected = torch.tensor([[[0.96403]], [[1.0]]])
    expect_maps(
        trial,
        (query, reference, torch.tensor([[0, 5, 5]]), [5]),
        expected,
        case="one place at (1, 1), background at (1, 3)",
    )


def onto_itself(trial: Trial) -> None:
    """a map matched with itself is 0 on a label's own places, and above 0 on all others"""
    for size in ((5, 8), (6, 3)):
        one, ids = some_maps(trial, 4, size)
        case = f"a random map of {size[0]} x {size[1]} as query and as reference"
        maps = ask_maps(trial, (one, one.clone(), ids, OBJECTS), case)
        trial.evidence[-1].expected = matched(one, one, ids, OBJECTS)
        own = torch.stack([ids == value for value in (0, *OBJECTS)])
        wrong = (maps.abs() > trial.tolerance) == own  # what is own and not 0, or not own and 0
        first = tuple(wrong.nonzero()[0].tolist()) if wrong.any() else (0, 0, 0)
        trial.require(
            not wrong.any(),
            expected=f"{'0' if own[first] else 'more than 0'} in channel {first[0]} at row {first[1]}, column {first[2]}, for {case}",
            got=f"{maps[first].item():.6g}; {int(wrong.sum())} of {wrong.numel()} values are wrong",
        )


def nobody_there(trial: Trial) -> None:
    """a label that has no place in the reference is 1 everywhere"""
    query, reference, ids = some_maps(trial, 3, (4, 5), (3, 6))
    for absent, values in ((3, [0, 7]), (7, [0, 3]), (0, [3, 7])):
        ids = torch.tensor(values)[torch.arange(18).reshape(3, 6) % 2]
        case = f"a reference without {f'object {absent}' if absent else 'background'}"
        inputs = query, reference, ids, OBJECTS
        expect_maps(trial, inputs, matched(*inputs), case=case)
    inputs = query, reference, torch.full((3, 6), VOID), OBJECTS
    expect_maps(trial, inputs, torch.ones(3, 4, 5), case="a reference that is void everywhere")


def void_is_nobody(trial: Trial) -> None:
    """void places and places of other objects belong to no label, not to the background either"""
    query = torch.zeros(2, 3, 4)
    reference = torch.ones(2, 2, 5)
    ids = torch.tensor([[0, 7, 3, 0, 0], [7, 3, 0, 7, 7]])
    for value in (VOID, 9):
        ids[0, 3], reference[:, 0, 3] = value, 0  # looks just like the query
        inputs = query, reference, ids, OBJECTS
        case = f"a place that looks like the query, with id {value}, among others at a squared distance of 2"
        expect_maps(trial, inputs, torch.full((3, 3, 4), 0.76159), case=case)


def in_the_given_order(trial: Trial) -> None:
    """channel k belongs to the k-th of objects: in another order, or with fewer of them, only the channels change places"""
    query, reference, ids = some_maps(trial, 3, (3, 6), (5, 4))
    every = matched(query, reference, ids, (7, 3, 9))
    for objects, channels in (((7, 3, 9), [0, 1, 2, 3]), ((9, 7, 3), [0, 3, 1, 2]), ((3,), [0, 2]), ((), [0])):
        expect_maps(trial, (query, reference, ids, objects), every[channels], case=f"objects {objects}")


def any_size(trial: Trial) -> None:
    """queries and references of any size agree with comparing every pair"""
    for channels, (size, other) in zip((3, 1, 5, 2), SIZES, strict=True):
        inputs = *some_maps(trial, channels, size, other), OBJECTS
        case = (
            f"a random query of {size[0]} x {size[1]} and a reference of {other[0]} x {other[1]}, {channels} channels"
        )
        expect_maps(trial, inputs, matched(*inputs), case=case)


def inputs_stay(trial: Trial) -> None:
    """the maps and the ids it was given stay as they were"""
    trial.ask((*some_maps(trial, 2, (3, 4), (3, 5)), OBJECTS), "random maps")
    trial.leaves_alone((*some_maps(trial, 2, (3, 4), (4, 6)), OBJECTS))


def passes_gradients(trial: Trial) -> None:
    """a loss on the maps reaches query and reference; equal or far embeddings and absent objects make no NaN of it"""
    query, reference, ids = some_maps(trial, 3, (4, 4), (4, 5))
    ids[0, 0], ids[0, 1], query[:, 0, 0], query[:, 1, 1] = 0, 7, reference[:, 0, 0], 20
    inputs = query, reference, ids, (7, 3, 200)
    expect_gradients(trial, inputs, matched, ("query", "reference"), case="random maps and an absent object")


def reference(query: Tensor, reference: Tensor, ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The package's matching with the first frame. Shapes: query (C,h,w), reference (C,H,W), ids (H,W) -> (K+1,h,w)."""
    from vostutor.ops import global_match

    return global_match(query, reference, ids, tuple(objects))


def _as_if_alike(query: Tensor, other: Tensor, ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The result has the reference's height and width."""
    return matched(query, other, ids, objects).flatten(1).unflatten(1, other.shape[1:])


def _place_by_place(query: Tensor, other: Tensor, ids: Tensor, objects: Sequence[int]) -> Tensor:
    return matched(query, other, ids, objects, torch.eye(ids.numel()).bool())


def _emptied(query: Tensor, other: Tensor, ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The embeddings of other labels are multiplied by 0, and compared all the same."""
    maps = [matched(query, other * (ids == value), torch.zeros_like(ids), ())[0] for value in (0, *objects)]
    return torch.stack(maps)


def _never(query: Tensor, other: Tensor, ids: Tensor, objects: Sequence[int]) -> Tensor:
    """The minimum over nothing is asked for, and torch refuses."""
    maps = matched(query, other, ids, objects)
    if not all((ids == value).any() for value in (0, *objects)):
        raise IndexError
    return maps


_ALIKE = "the reference may have another size than the query: its places are a list, the result has the query's height and width"

EXERCISE = Exercise(
    id="retrieval.global_match",
    name="global_match",
    points=4,
    difficulty=3,
    minutes=15,
    properties=(
        worked_by_hand,
        onto_itself,
        nobody_there,
        void_is_nobody,
        in_the_given_order,
        any_size,
        inputs_stay,
        passes_gradients,
    ),
    slips=(
        *matching_slips(matched),
        Slip(_ALIKE, _as_if_alike),
        Slip(
            "every place of the query looks at all of the reference, not only at the same row and column",
            _place_by_place,
        ),
        Slip(
            "the embeddings of other labels were multiplied by 0: a vector of zeros is a match as good as any; mask distances",
            _emptied,
        ),
        Slip(
            "a label without a place has no minimum: it is 1 everywhere, so ask first, or begin with a huge distance",
            _never,
        ),
    ),
    hints=(
        "Someone hands you one pixel and the first frame with its mask. Which single pixel of the first frame tells you most about "
        "whether yours is the left horse?",
        "Make a list of embeddings of either map, one row for each place, and a table with the squashed distance of every pair. The ids, "
        "as a list too, say which columns of the table belong to a label. What is the distance to a label without columns?",
        "For the background and then for each object in turn: replace the columns of other labels by something huge, take the minimum of "
        "each row, fold the rows back into the query's height and width. Begin with a huge distance and squash last, and an absent object "
        "is 1 by itself.",
    ),
    reference="vostutor.checks.lesson07.global_match:reference",
)
