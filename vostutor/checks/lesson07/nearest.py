"""Maps of embeddings to ask about, matching that compares every place with every other, the slips in it, the words for a place.

Letters: C channels of an embedding, h, w rows and columns of the query, H, W of what it is compared with, P and N their places,
K objects.
"""

from collections.abc import Callable, Sequence
from math import inf

import torch
from torch import Tensor

from vostutor.checks.compare import difference
from vostutor.checks.exercise import Slip
from vostutor.checks.lesson01.fields import cuts_the_gradient, expect_field, expect_gradient, random
from vostutor.checks.trial import Trial
from vostutor.core.ids import VOID

OBJECTS = (7, 3)  # neither contiguous nor ascending: names, not numbers of channels


def squares(x: Tensor, y: Tensor) -> Tensor:
    """The squared distance of every pair, difference by difference. Shapes: (P,C), (N,C) -> (P,N).

    >>> squares(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 1.0], [0.0, 3.0]]))
    tensor([[2., 9.]])
    """
    return (x[:, None] - y).square().sum(2)


def of_half(squared: Tensor) -> Tensor:
    """The squashing: tanh(s / 2), which is 1 - 2 / (1 + e^s) and 1 at infinity."""
    return (squared / 2).tanh()


def least(counted: Tensor) -> Tensor:
    """The smallest of each row. Shapes: (...,P,N) -> (...,P)."""
    return counted.amin(-1)


def named(labels: Tensor, value: int, objects: Sequence[int]) -> Tensor:
    """Which places belong to a label: those that carry it. Shapes: (N,) -> bool (N,)."""
    return labels == value


def matched(
    query: Tensor,
    reference: Tensor,
    ids: Tensor,
    objects: Sequence[int],
    near: Tensor | bool = True,
    *,
    measure: Callable = squares,
    belongs: Callable = named,
    fill: float = inf,
    closest: Callable = least,
    squeeze: Callable = of_half,
) -> Tensor:
    """Squashed distance to the closest place of background and objects, against every place that is near.

    The other arguments are the slips: how a pair is measured, who belongs to a label, what is written where a place does not count,
    what becomes of the rest.

    Shapes: query (C,h,w), reference (C,H,W), ids (H,W), near bool (P,N) -> (K+1,h,w).
    """
    table = measure(query.flatten(1).T, reference.flatten(1).T)
    labels = ids.flatten()
    who = torch.stack([belongs(labels, value, objects) for value in (0, *objects)])
    return squeeze(closest(table.where(near & who[:, None], fill))).reshape(-1, *query.shape[1:])


def some_maps(trial: Trial, channels: int, *sizes: tuple[int, int]) -> tuple[Tensor, ...]:
    """Random embeddings of each size, whose squared distances are around 1, and random ids of the last one's size.

    About a fifth of the ids each is background, void, and an object that nobody asks about; of five places or more none is missing.

    Shapes: (channels,h,w) each, then (H,W).
    """
    values = torch.tensor([0, *OBJECTS, 9, VOID])
    ids = values[torch.randint(len(values), sizes[-1], generator=trial.generator)]
    places = torch.randperm(ids.numel(), generator=trial.generator)[: len(values)]
    ids.view(-1)[places] = values[: len(places)]
    return *(random(trial, channels, *size) / (2 * channels) ** 0.5 for size in sizes), ids


def expect_maps(trial: Trial, inputs: tuple, expected: Tensor, *, case: str) -> None:
    """Like `Trial.expect`, for one channel of background and one of each object."""
    expect_field(trial, inputs, expected, case=case, place=in_the_maps(inputs[3]))


def expect_gradients(trial: Trial, inputs: tuple, wished: Callable, names: Sequence[str], *, case: str) -> None:
    """Breaks the property unless the gradients of the first inputs, which `names` names, are those of the function that is wished for.

    The loss is a sum with random weights. Wrong values are told as such: no slip is looked for in their gradient.
    """
    wanted = [x.clone().requires_grad_() for x in inputs[: len(names)]]
    outputs = wished(*wanted, *inputs[len(names) :])
    weights = random(trial, *outputs.shape)
    got, gradients = trial.ask_grad(inputs, case, weights=weights)
    trial.require(
        difference(outputs.detach(), got, trial.tolerance) is None,
        expected=f"the right values, before any gradient, for {case}",
        got="other ones",
        likely="the values are wrong already: mend first what is told above",
    )
    expected = torch.autograd.grad((outputs * weights).sum(), wanted)
    for name, gradient, came in zip(names, expected, gradients, strict=False):
        expect_gradient(trial, gradient, came, name)


def ask_maps(trial: Trial, inputs: tuple, case: str) -> Tensor:
    """What the answer gives, of the right shape; the property breaks when it has another."""
    shape = (len(inputs[3]) + 1, *inputs[0].shape[1:])
    got = trial.ask(inputs, case)
    if not isinstance(got, Tensor) or got.shape != shape or got.is_complex():
        trial.compare(torch.empty(shape), got, case=case)
        trial.require(False, expected=f"real numbers, for {case}", got="complex ones")
    return got


def in_the_maps(objects: Sequence[int]) -> Callable:
    """What makes words of a position in the result.

    >>> in_the_maps((7, 3))(2, 0, 5)
    'in channel 2 (object 3) at row 0, column 5'
    """
    names = ("background", *(f"object {value}" for value in objects))
    return lambda k, y, x: f"in channel {k} ({names[k]}) at row {y}, column {x}"


def matching_slips(search: Callable) -> tuple[Slip, ...]:
    """The mistakes that both matchings invite; `search` takes their inputs and the slips of `matched`."""
    return (
        *_slips_of_labels(search),
        *_slips_of_distance(search),
        *_slips_of_search(search),
        *_slips_of_form(search),
        *_slips_of_gradient(search),
    )


def _slips_of_labels(search: Callable) -> tuple[Slip, ...]:
    return (
        Slip("the background is missing: it is channel 0, an object like any other", lambda *i: search(*i)[1:]),
        Slip("the background comes first: channel 0, then the objects", lambda *i: search(*i).roll(-1, 0)),
        Slip(
            "the channels were sorted: channel k is the k-th of objects, in the order that is given",
            _changed(search, 3, sorted),
        ),
        Slip(
            "objects are names, not a count: channel k looks for the id objects[k - 1], which need not be k",
            _changed(search, 3, lambda objects: range(1, len(objects) + 1)),
        ),
        Slip(
            "void was taken for background: 255 belongs to nobody, the background is where ids are 0",
            _changed(search, 2, lambda ids: ids.where(ids != VOID, 0)),
        ),
        Slip(
            "all that is none of the objects was taken for background: only ids of 0 are, void and others belong to nobody",
            lambda *i: search(*i, belongs=_the_rest),
        ),
        Slip(
            "an object nobody asks about was taken for background: only ids of 0 are",
            lambda *i: search(*i, belongs=lambda labels, *to: _the_rest(labels, *to) & (labels != VOID)),
        ),
        Slip(
            "all places count for every label: only those whose id is the label's",
            lambda *i: search(*i, belongs=lambda labels, *to: labels == labels),
        ),
    )


_OVERFLOW = "e^s overflows, and NaN comes of it, in the map or in the gradient: use tanh of half of s, or a sigmoid"


def _slips_of_distance(search: Callable) -> tuple[Slip, ...]:
    return (
        Slip(
            "the distance is not squared: tanh takes half of the squared distance, without a root",
            lambda *i: search(*i, measure=lambda x, y: squares(x, y).sqrt()),
        ),
        Slip(
            "the squares were averaged over the channels: a squared distance is their sum",
            lambda *i: search(*i, measure=lambda x, y: squares(x, y) / x.shape[1]),
        ),
        Slip("the distance is not squashed: take tanh of half of it", lambda *i: search(*i, squeeze=lambda s: s)),
        Slip(
            "the distance is not squashed: take tanh of half of it, which is between 0 and 1",
            lambda *i: search(*i, squeeze=lambda s: s.where(s < inf, 1)),
        ),
        Slip("half of the squared distance is squashed, not all of it", lambda *i: search(*i, squeeze=torch.tanh)),
        Slip(
            "a label without a place kept the infinity that masked the others: mask with 1, or squash last",
            lambda *i: search(*i, squeeze=lambda s: torch.tanh(s / 2).where(s < inf, inf)),
        ),
        Slip(
            "a sigmoid begins at a half: twice the sigmoid minus 1 is the squashing",
            lambda *i: search(*i, squeeze=torch.sigmoid),
        ),
        Slip(_OVERFLOW, lambda *i: search(*i, squeeze=lambda s: 1 - 2 / (1 + s.exp()))),
        Slip(_OVERFLOW, lambda *i: search(*i, squeeze=lambda s: (s.exp() - 1) / (s.exp() + 1))),
        Slip(
            "0 says that the label is right there: where a label has no place, the answer is 1, as far as can be",
            lambda *i: search(*i, squeeze=lambda s: of_half(s).where(s < inf, 0)),
        ),
    )


def _slips_of_search(search: Callable) -> tuple[Slip, ...]:
    return (
        Slip(
            "places of other labels got the distance 0, and won: give them a huge one before the minimum",
            lambda *i: search(*i, fill=0.0),
        ),
        Slip(
            "places of other labels got the distance 1 before the squashing, which makes 0.46 of it: a huge one, or squash first",
            lambda *i: search(*i, fill=1.0),
        ),
        Slip("averaged: only the closest place of a label counts", lambda *i: search(*i, closest=_mean)),
        Slip("the farthest place was taken: the closest one counts", lambda *i: search(*i, closest=_greatest)),
        Slip(
            "the two maps are swapped: each place of the query looks for the closest one in the other",
            lambda q, r, *rest: search(r, q, *rest),
        ),
    )


def _slips_of_form(search: Callable) -> tuple[Slip, ...]:
    size = "a map need not be as wide as it is high: its axes are (C, h, w)"
    return (
        Slip("channels come first: (K + 1, h, w)", lambda *i: search(*i).movedim(0, -1)),
        Slip(
            "one row for each label, but no map: give it the height and width of the query",
            lambda *i: search(*i).flatten(1),
        ),
        Slip(size, lambda q, *rest: search(q, *rest).flatten(1).unflatten(1, (q.shape[2], q.shape[1]))),
        Slip(size, lambda q, *rest: _only(q.shape[1] == q.shape[2], search, q, *rest)),
    )


def _slips_of_gradient(search: Callable) -> tuple[Slip, ...]:
    both = "was detached: both frames go through the same network, and both have to teach it"
    return (
        Slip(
            "the gradient is cut on the way: .detach(), .item(), numpy or torch.no_grad() ends it",
            cuts_the_gradient(search),
        ),
        Slip(f"the query {both}", _changed(search, 0, Tensor.detach)),
        Slip(f"the map to be searched {both}", _changed(search, 1, Tensor.detach)),
    )


def _changed(search: Callable, place: int, change: Callable) -> Callable:
    """The search with one input changed on the way."""
    return lambda *inputs: search(*inputs[:place], change(inputs[place]), *inputs[place + 1 :])


def _the_rest(labels: Tensor, value: int, objects: Sequence[int]) -> Tensor:
    return labels == value if value else ~torch.isin(labels, torch.tensor(objects))


def _mean(counted: Tensor) -> Tensor:
    finite = counted < inf
    return counted.where(finite, 0).sum(-1) / finite.sum(-1)


def _greatest(counted: Tensor) -> Tensor:
    return counted.where((counted < inf) | (counted == inf).all(-1, keepdim=True), -inf).amax(-1)


def _only(holds: bool, search: Callable, *inputs) -> Tensor:
    """The search of somebody whose reshape fails otherwise."""
    if not holds:
        raise RuntimeError
    return search(*inputs)
