"""Judging an answer: every property is tried, each that does not hold gets a diagnosis, the share that holds gets the points."""

from dataclasses import asdict, dataclass

from vostutor.checks.answer import Answer, Trouble
from vostutor.checks.exercise import Exercise, title_of
from vostutor.checks.trial import Broken, Trial

_UNKNOWN = "none of the mistakes this check knows; work the case by hand and compare line by line"
_HINT_COLUMN = 67


@dataclass(frozen=True)
class Finding:
    """What came of one property: what was tested, and if it does not hold, expected, got and the likely cause."""

    title: str
    holds: bool
    expected: str = ""
    got: str = ""
    likely: str = ""


@dataclass(frozen=True)
class Verdict:
    """What came of an exercise. One line when passed or not attempted, four when not."""

    exercise: Exercise
    findings: tuple[Finding, ...]
    blank: str = ""  # why it counts as not attempted

    @property
    def passed(self) -> bool:
        return all(finding.holds for finding in self.findings) and not self.blank

    @property
    def held(self) -> int:
        return sum(finding.holds for finding in self.findings)

    @property
    def points(self) -> float:
        """The share of the properties that hold, in points, to two decimals."""
        return 0.0 if self.blank else round(self.exercise.points * self.held / len(self.findings), 2)

    @property
    def stopped_at(self) -> Finding | None:
        """The first property that does not hold."""
        return next((finding for finding in self.findings if not finding.holds), None)

    def lines(self) -> list[str]:
        """The report."""
        e = self.exercise
        if self.blank:
            return [f'○ {e.id}  not attempted ({self.blank}), 0/{e.points} points    hint("{e.id}") gives a start']
        score = f"{self.held} of {len(self.findings)} properties, {round(self.points, 1):g}/{e.points} points"
        if self.passed:
            return [f"✓ {e.id}  {score}"]
        stop = self.stopped_at
        return [
            f'✗ {e.id}  {score} - stopped at "{stop.title}"',
            f"  expected   {stop.expected}",
            f"  got        {stop.got}",
            f'  likely     {stop.likely:<{_HINT_COLUMN - 2}}  hint("{e.id}") tells more',
        ]

    def as_json(self) -> dict:
        """The verdict as JSON values, for a record."""
        e = self.exercise
        return {
            "id": e.id,
            "attempted": not self.blank,
            "passed": self.passed,
            "points": self.points,
            "of": e.points,
            "properties": [asdict(finding) for finding in self.findings],
            "hints": list(e.hints),
        }


def judge(exercise: Exercise, answer: Answer, seed: int = 0) -> Verdict:
    """Every property of the exercise tried on the answer; the same seed asks the same questions."""
    trial = Trial(answer, exercise.tolerance, seed, exercise.outputs)
    broken: dict[int, Broken] = {}
    for k, property_ in enumerate(exercise.properties):
        trial.begin(k)
        try:
            property_(trial)
        except Broken as why:
            broken[k] = why
        except Exception as error:  # an output of a kind that the property did not think of must not stop a notebook
            broken[k] = Broken(
                "an output of the promised kind", f"one that cannot be judged ({type(error).__name__})", None
            )
    findings = tuple(_finding(exercise, trial, k, broken.get(k)) for k in range(len(exercise.properties)))
    return Verdict(exercise, findings, _blank(trial))


def _finding(exercise: Exercise, trial: Trial, k: int, why: Broken | None) -> Finding:
    title = title_of(exercise.properties[k])
    if why is None:
        return Finding(title, True)
    return Finding(title, False, why.expected, why.got, _cause(exercise, trial, k, why))


def _cause(exercise: Exercise, trial: Trial, k: int, why: Broken) -> str:
    if why.sure:
        return why.likely
    told = trial.explain(k, exercise.slips) or trial.explain_alone(k, exercise.properties[k], exercise.slips)
    return told or why.likely or _UNKNOWN


def _blank(trial: Trial) -> str:
    """Nothing was ever written: the stub is untouched."""
    said = [evidence.outputs for evidence in trial.evidence]
    if said and all(isinstance(outputs, Trouble) and outputs.kind == "blank" for outputs in said):
        return said[0].what
    return ""
