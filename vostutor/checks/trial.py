"""What a property works with: it asks the answer, compares, and fails in words. What was asked and said is kept as evidence."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch

from vostutor.checks.answer import Answer, LocalAnswer, Trouble
from vostutor.checks.compare import difference, in_words
from vostutor.checks.exercise import Slip

_GENERAL = {  # what an exception usually means, where no slip explains it
    "IndexError": "an index leaves the image or the list: look at the first and the last row, column or frame",
    "NameError": "a name that is not defined here: restart the kernel and run all cells to see whether it is defined above",
    "RuntimeError": "two shapes or types that do not fit: print the shape and dtype of everything in that line",
    "NotImplementedError": "torch has no such operation for this dtype: bool masks want &, |, ^, ~, or .float() first",
    "TypeError": "something has another type or another number of arguments than the line supposes: print it",
    "SyntaxError": "the code cannot be read as Python: look at the line, and at the one above it",
}
_NONE = "something is None here: an input that may be left out, or a function without `return`"
_KINDS = {
    "hung": "a loop that never ends: print what it counts",
    "died": "the process was ended: exit(), os._exit or a crash in compiled code",
    "unusable": "return tensors, numbers, strings, None, or lists, tuples and dicts of them",
    "blank": "a branch that ends without `return`",
    "nothing": "nothing came back: is the `return` missing, at the end or in a branch?",
}
_CONSTANT = "the answer is the same whatever is asked: the inputs are not used, or not where it matters"
_ENOUGH = 0.75  # of all that was said: a slip that explains less agrees here by chance
_DIFFERENT = 3  # wrong answers in one property, all as the slip has them: that is no chance either


class Broken(Exception):
    """A property does not hold. A signal from trial to judge; a student sees the diagnosis made of it.

    sure: `likely` is the cause whatever the slips say.
    """

    def __init__(self, expected: str, got: str, likely: str | None, sure: bool = False):
        self.expected, self.got, self.likely, self.sure = expected, got, likely, sure
        super().__init__(f"expected {expected}, got {got}")


@dataclass
class Said:
    """One piece of evidence: what was asked in which property, and what came, which may be Trouble."""

    property: int
    inputs: tuple | dict
    grad: bool = False
    weights: object = None
    outputs: object = None
    expected: object = None  # None where nothing certain was expected

    def ask(self, answer: Answer):
        """What this answer has to say to it."""
        return answer.call_with_grad(self.inputs, self.weights) if self.grad else answer.call(self.inputs)


class Trial:
    """One answer before one exercise, with random numbers of its own for each property.

    >>> from vostutor.checks.answer import LocalAnswer
    >>> trial = Trial(LocalAnswer(lambda x: 2 * x))
    >>> trial.expect((21,), 42, case="twice 21")
    42
    """

    def __init__(self, answer: Answer, tolerance: float = 0.0, seed: int = 0, names: Sequence[str] = ()):
        self.answer, self.tolerance, self._seed, self._names = answer, tolerance, seed, names
        self.evidence: list[Said] = []
        self._made: dict[tuple[Slip, int], bool] = {}
        self._goes_on = False  # past a comparison that fails
        self.begin(0)

    def begin(self, property_: int) -> None:
        """Start a property: its numbers depend on the seed and on its place, not on what the ones before it drew."""
        self._property = property_
        self.generator = torch.Generator().manual_seed(1000 * self._seed + property_)

    def ask(self, inputs: tuple | dict, case: str, expected: str = "an answer", likely: str | None = None):
        """What the answer returns; an exception, a hang or no result at all breaks the property."""
        return self._asked(Said(self._property, inputs), case, expected, likely)

    def ask_grad(self, inputs: tuple | dict, case: str, weights=None, likely: str | None = None):
        """(outputs, gradients) of the answer, see Answer.call_with_grad."""
        said = Said(self._property, inputs, grad=True, weights=weights)
        return self._asked(said, case, "an answer with gradients", likely)

    def expect(self, inputs: tuple | dict, expected, *, case: str, likely: str | None = None):
        """The answer's output, which has to be `expected`; `case` says in words what was asked.

        `likely` is told when no slip explains what came.
        """
        got = self.ask(inputs, case, in_words(expected), likely)
        self.evidence[-1].expected = expected
        self.compare(expected, got, case=case, likely=likely)
        return got

    def compare(self, expected, got, *, case: str, likely: str | None = None) -> None:
        """Breaks the property unless the two agree within the exercise's tolerance."""
        if (found := difference(expected, got, self.tolerance, self._names)) and not self._goes_on:
            raise Broken(f"{found[0]}, for {case}", found[1], likely or _by_shape(expected, got))

    def require(self, holds: bool, *, expected: str, got: str, likely: str | None = None) -> None:
        """Breaks the property unless `holds`; a cause that is named here is taken as it is."""
        if not holds:
            raise Broken(expected, got, likely, sure=likely is not None)

    def depends(self) -> None:
        """Breaks the property when the answer has said the same to everything so far.

        An invariance holds for any constant; this keeps a constant from earning its points.
        """
        self.require(
            self._varies(),
            expected="answers that depend on what was asked",
            got="the same answer every time",
            likely=_CONSTANT,
        )

    def leaves_alone(self, inputs: tuple | dict) -> None:
        """Breaks the property when the answer changes what it was given."""
        self.ask(inputs, "any input")
        self.depends()
        changed = " and ".join(self.answer.touched)
        self.require(
            not changed,
            expected="inputs that are as they were before the call",
            got=f"{changed} changed by the call",
            likely="an operation in place (`&=`, `+=`, `.sort()`) writes into the caller's data: work on a copy",
        )

    def explain(self, property_: int, slips: tuple[Slip, ...]) -> str | None:
        """The slip that reproduces everything the answer said in the broken property, and most of what it said elsewhere.

        Asked when all properties have been tried.
        """
        if not self._varies():
            return _CONSTANT
        best, most = None, _ENOUGH * len(self.evidence)
        here = [k for k, said in enumerate(self.evidence) if said.property == property_]
        for slip in slips:
            if here and all(self._makes(slip, k) for k in here):
                fits = sum(self._makes(slip, k) for k in range(len(self.evidence)))
                if fits > most:
                    best, most = slip.tell, fits
        return best

    def explain_alone(self, k: int, property_: Callable, slips: tuple[Slip, ...]) -> str | None:
        """The slip that reproduces the broken property to its end, whatever happens elsewhere: there may be a second mistake.

        It has to hold for three different wrong answers, so that none is told by chance.
        """
        whole = Trial(self.answer, self.tolerance, self._seed, self._names)
        whole.begin(k)
        whole._goes_on = True
        with suppress(Exception):  # an output that the property cannot take ends the survey
            property_(whole)
        if len(whole._wrong()) < _DIFFERENT:
            return None
        everything = range(len(whole.evidence))
        fitting = [slip for slip in slips if all(whole._makes(slip, j) for j in everything)]
        elsewhere = range(len(self.evidence))
        return max(fitting, key=lambda slip: sum(self._makes(slip, j) for j in elsewhere)).tell if fitting else None

    def _wrong(self) -> list:
        """The different wrong outputs, where something certain was expected."""
        different: list = []
        for said in self.evidence:
            got = said.outputs
            if said.expected is None or isinstance(got, Trouble) or not difference(said.expected, got, self.tolerance):
                continue
            if all(difference(other, got, self.tolerance) for other in different):
                different.append(got)
        return different

    def _varies(self) -> bool:
        """Whether two answers so far differ; with fewer than two nobody can tell."""
        answered = [said for said in self.evidence if not isinstance(said.outputs, Trouble)]
        said = [one.outputs[0] if one.grad else one.outputs for one in answered]
        return len(said) < 2 or any(difference(said[0], other, self.tolerance) for other in said)

    def _makes(self, slip: Slip, k: int) -> bool:
        """Whether the slip gives just what the answer gave, as the k-th piece of evidence."""
        if (slip, k) not in self._made:
            self._made[slip, k] = _same_outcome(
                _outcome_of(slip, self.evidence[k]), self.evidence[k].outputs, self.tolerance
            )
        return self._made[slip, k]

    def _asked(self, said: Said, case: str, expected: str, likely: str | None):
        self.evidence.append(said)
        try:
            said.outputs = said.ask(self.answer)
        except Trouble as trouble:
            said.outputs = trouble
            likely = likely or _by_trouble(trouble)
            raise Broken(f"{expected}, for {case}", trouble.what, likely) from trouble
        return said.outputs


def _outcome_of(slip: Slip, said: Said):
    """What the slip says to it. Not through the door: it is our own, leaves its inputs alone, and there are hundreds of calls."""
    try:
        if said.grad:
            return said.ask(LocalAnswer(slip.make))
        return slip.make(**said.inputs) if isinstance(said.inputs, dict) else slip.make(*said.inputs)
    except Trouble as trouble:
        return trouble
    except Exception as error:  # a slip may be one that raises
        return Trouble("raised", f"{type(error).__name__}:")


def _same_outcome(made, got, tolerance: float) -> bool:
    if isinstance(made, Trouble) or isinstance(got, Trouble):
        return isinstance(made, Trouble) and isinstance(got, Trouble) and _type(made) == _type(got)
    return difference(made, got, tolerance) is None


def _type(trouble: Trouble) -> str:
    """The name of the exception that it tells of, or its kind."""
    return trouble.what.partition(":")[0].partition(" ")[0] if trouble.kind == "raised" else trouble.kind


def _by_trouble(trouble: Trouble) -> str | None:
    """What the trouble usually means, where no slip explains it."""
    if trouble.kind == "raised" and "'NoneType'" in trouble.what:
        return _NONE
    return _GENERAL.get(_type(trouble)) or _KINDS.get(trouble.kind)


def _by_shape(expected, got) -> str | None:
    if isinstance(got, torch.Tensor) and got.ndim == 0:
        got = got.item()
    if isinstance(got, bool) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return "a bool: wrap it in float()"
    if isinstance(got, (list, tuple)) and isinstance(expected, torch.Tensor):
        return f"a {type(got).__name__}: torch.tensor(...) makes a tensor of it"
    if isinstance(got, torch.Tensor) and got.ndim and isinstance(expected, (bool, int, float)):
        return "one number is asked for, for all of it: an axis was left over"
    if not all(isinstance(x, torch.Tensor) for x in (expected, got)) or expected.shape == got.shape:
        return None
    if sorted(expected.shape) == sorted(got.shape):
        return "rows and columns are swapped: axes are (H, W), height first"
    return "the result has another shape: print the shape after every line"
