"""Which lesson has which exercises, in the order in which a student meets them."""

from difflib import get_close_matches
from importlib import import_module

from vostutor.checks.exercise import Exercise
from vostutor.core.errors import SettingsError

# An exercise is in lessonNN/name.py, name the part of its id after the dot; it is imported when it is asked for.
LESSONS = {
    "00": ("task.jaccard", "task.boundary", "task.boundary_f", "task.statistics", "task.warp"),
    "01": (
        "flow.multiscale_epe",
        "flow.correlation",
        "flow.expected_displacement",
        "flow.change_view",
        "flow.find_occluded",
    ),
    "04": (
        "oneshot.balanced_bce",
        "oneshot.upsample",
        "oneshot.finetune",
        "oneshot.snap",
        "oneshot.adaptation_targets",
    ),
    "07": (
        "retrieval.min_triplet",
        "retrieval.agreed",
        "retrieval.squash",
        "retrieval.global_match",
        "retrieval.local_match",
    ),
}


def find_exercise(id: str) -> Exercise:
    """The exercise of that id.

    Raises: SettingsError with the ids that come close.
    >>> find_exercise("task.jaccard").points
    3
    """
    number = next((number for number, ids in LESSONS.items() if id in ids), None)
    if number is None:
        known = [name for ids in LESSONS.values() for name in ids]
        close = get_close_matches(str(id), known, n=3, cutoff=0.4)
        raise SettingsError(
            expected=f"the id of an exercise, such as {', '.join(close or known[:3])}",
            got=repr(id),
            try_this=f'check("{(close or known)[0]}")',
        )
    return import_module(f"vostutor.checks.lesson{number}.{id.partition('.')[2]}").EXERCISE


def exercises_of(lesson: str) -> tuple[Exercise, ...]:
    """The exercises of a lesson, in order.

    Raises: SettingsError for a lesson without exercises.
    >>> sum(exercise.points for exercise in exercises_of("00"))
    17
    """
    if lesson not in LESSONS:
        raise SettingsError(
            expected=f"a lesson with exercises: {', '.join(LESSONS)}", got=repr(lesson), try_this='score("00")'
        )
    return tuple(find_exercise(id) for id in LESSONS[lesson])
