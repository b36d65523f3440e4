"""What a student calls in a notebook: check, hint, score, finish. The record lives as long as the kernel does."""

import sys
from collections.abc import Callable
from html import escape

from vostutor.checks.answer import LocalAnswer
from vostutor.checks.catalog import exercises_of, find_exercise
from vostutor.checks.exercise import Exercise
from vostutor.checks.verdict import Verdict, judge
from vostutor.core.errors import SettingsError

SCORE_MIME = "application/vnd.vostutor.score+json"

_verdicts: dict[str, Verdict] = {}
_hints_told: dict[str, int] = {}
_LOOK_UP = object()
# Readable on white and on black; told apart by a colour-blind reader, and by the sign at the front in any case.
_COLOURS = {"✓": "#1b8a5a", "✗": "#c2570c", "○": "#3b78c4", "→": "#3b78c4", "?": "#3b78c4"}


def check(id: str, function: Callable | None = _LOOK_UP, *, fallback: bool = True, seed: int = 0) -> Callable | None:
    """The student's function where it passes, and the package's own otherwise, so that the lesson goes on; says which and why.

    Without a function it takes the one that the exercise names from where it is called, so that a name which was never defined
    counts as not attempted. With `fallback=False` the student's function comes back whatever it does.

    Raises: SettingsError for an exercise that does not exist. Nothing that the function does is raised.
    >>> statistics = check("task.statistics", lambda values: ...)
    ○ task.statistics  not attempted (it returned Ellipsis), 0/3 points    hint("task.statistics") gives a start
    → the lesson goes on with vostutor's own statistics
    """
    exercise = find_exercise(id)
    if function is _LOOK_UP:
        function = sys._getframe(1).f_globals.get(exercise.name)
    own = exercise.stand_in()
    if function is own:
        _show([f"→ {id}  this is vostutor's own {exercise.name}: run your cell again to bring yours back"])
        return function
    verdict = _verdicts[id] = judge(exercise, LocalAnswer(function), seed)
    if verdict.passed or not fallback:
        _show(verdict.lines())
        return function
    _show([*verdict.lines(), f"→ the lesson goes on with vostutor's own {exercise.name}"])
    return own


def hint(id: str, number: int | None = None) -> None:
    """Prints the next hint of an exercise, or the one of that number. There are three, and none is code.

    Raises: SettingsError for an exercise or a hint that does not exist.
    >>> hint("task.jaccard", 1)
    ? task.jaccard  hint 1 of 3: ...
    """
    hints = find_exercise(id).hints
    k = number if number is not None else min(_hints_told.get(id, 0) + 1, len(hints))
    if k not in range(1, len(hints) + 1):
        raise SettingsError(expected=f"a hint from 1 to {len(hints)}", got=repr(number), try_this=f'hint("{id}")')
    _hints_told[id] = max(k, _hints_told.get(id, 0))
    _show([f"? {id}  hint {k} of {len(hints)}: {hints[k - 1]}"])


class Score:
    """What came of a lesson's exercises so far: a table to look at, and JSON values for whoever runs the notebook."""

    def __init__(self, lesson: str):
        self.lesson = lesson
        self.rows = [(exercise, _verdicts.get(exercise.id)) for exercise in exercises_of(lesson)]

    @property
    def summary(self) -> str:
        """All of it in one line."""
        solved = sum(bool(verdict and verdict.passed) for _, verdict in self.rows)
        points, of = self._points()
        return f"{solved} of {len(self.rows)} exercises solved, {points:g}/{of} points"

    def as_json(self) -> dict:
        """Lesson, points and one entry per exercise."""
        points, of = self._points()
        return {"lesson": self.lesson, "points": points, "of": of, "exercises": [_entry(*row) for row in self.rows]}

    def _points(self) -> tuple[float, int]:
        earned = sum(verdict.points for _, verdict in self.rows if verdict)
        return round(earned, 2), sum(exercise.points for exercise, _ in self.rows)

    def _lines(self) -> list[str]:
        width = max(len(exercise.id) for exercise, _ in self.rows)
        return [_row(exercise, verdict, width) for exercise, verdict in self.rows]

    def __repr__(self) -> str:
        return "\n".join([*self._lines(), f"→ {self.summary}"])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return _bundle(repr(self).splitlines()) | {SCORE_MIME: self.as_json()}


def score(lesson: str) -> Score:
    """The exercises of a lesson with what came of the last check of each.

    Raises: SettingsError for a lesson without exercises.
    >>> score("00").as_json()["of"]
    17
    """
    return Score(lesson)


def finish(lesson: str) -> None:
    """Shows the score and prints the line that says the notebook ran to its end. The last cell of every lesson.

    Raises: SettingsError for a lesson without exercises.
    >>> forget()
    >>> finish("00")
    ○ task.jaccard        0/3 points  not attempted
    ...
    lesson 00 ran to its end: 0 of 5 exercises solved, 0/17 points
    """
    result = Score(lesson)
    _publish(result._repr_mimebundle_())
    print(f"lesson {lesson} ran to its end: {result.summary}")


def forget() -> None:
    """Clears the record: no check was made, no hint was told."""
    _verdicts.clear()
    _hints_told.clear()


def _entry(exercise: Exercise, verdict: Verdict | None) -> dict:
    held, attempted = (verdict.held, not verdict.blank) if verdict else (0, False)
    return {
        "id": exercise.id,
        "state": "passed" if verdict and verdict.passed else "attempted" if attempted else "not attempted",
        "points": verdict.points if verdict else 0.0,
        "of": exercise.points,
        "properties": held,
        "of_properties": len(exercise.properties),
        "hints_told": _hints_told.get(exercise.id, 0),
    }


def _row(exercise: Exercise, verdict: Verdict | None, width: int) -> str:
    entry = _entry(exercise, verdict)
    sign = {"passed": "✓", "attempted": "✗", "not attempted": "○"}[entry["state"]]
    what = f"{entry['properties']} of {entry['of_properties']} properties" if sign != "○" else "not attempted"
    return f"{sign} {exercise.id:<{width}}  {round(entry['points'], 1):>4g}/{exercise.points} points  {what}"


def _show(lines: list[str]) -> None:
    _publish(_bundle(lines))


def _bundle(lines: list[str]) -> dict:
    coloured = (
        f'<span style="color:{_COLOURS[line[0]]}">{escape(line)}</span>' if line[0] in _COLOURS else escape(line)
        for line in lines
    )
    return {
        "text/plain": "\n".join(lines),
        "text/html": f'<pre style="white-space:pre-wrap">{"<br>".join(coloured)}</pre>',
    }


def _publish(bundle: dict) -> None:
    """As a rich output where a notebook listens, as text elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None) is None:
        print(bundle["text/plain"])
        return
    from IPython.display import publish_display_data

    publish_display_data(bundle)
