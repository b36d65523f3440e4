"""What an exercise is: a task with points, the properties a right answer has, the slips it recognises, and three hints."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Slip:
    """A mistake that people make: what to tell them, and a function that makes it.

    The function takes the exercise's inputs. An answer that returns what it returns has made this mistake. It may raise: an answer
    that raises the same type of exception on the same inputs has made it too.
    """

    tell: str
    make: Callable


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise.

    A property is a function that takes a Trial; the first line of its docstring is its title, told to the student. It holds
    unless it fails through the trial. Properties are judged by hand-worked cases, invariances and slow oracles, never by comparing
    with the shipped answer.

    Units: minutes of a student's time; difficulty from 1 to 5; tolerance is absolute, for every floating number that is compared.
    """

    id: str
    name: str  # of the function that the student writes
    points: int
    difficulty: int
    minutes: int
    properties: tuple[Callable, ...]
    slips: tuple[Slip, ...]
    hints: tuple[str, str, str]
    reference: str  # "module:name", loaded only when the student's own cannot be used
    outputs: tuple[str, ...] = ()  # what the parts of a tuple are called that the function returns
    # 5e-5 lies above what float32 makes of a mean of 400 values in the worst order (400 x 6e-8) and
    # far below what one pixel of a 64 x 64 mask is worth (2.4e-4).
    tolerance: float = 5e-5

    def stand_in(self) -> Callable:
        """The package's own function with the exercise's signature."""
        module, _, name = self.reference.partition(":")
        return getattr(import_module(module), name)


def title_of(property_: Callable) -> str:
    """The first line of a property's docstring."""
    return (property_.__doc__ or property_.__name__).strip().splitlines()[0]
