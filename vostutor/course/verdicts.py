"""Whether a claim holds: one rule for every lesson, applied to differences that are paired by training seed.

The rule. A claim says that a difference is positive: one variant errs more than another, one score is higher. Both variants are trained
from the same seed, so the difference is taken seed by seed, and what the seed has made easy or hard for both is gone from it. With the
mean of n differences and its standard error, their standard deviation (n - 1 in the denominator) over the root of n:

    mean >  2 standard errors      holds
    mean < -2 standard errors      does not hold
    otherwise, or with one seed    cannot tell

What the rule does not do: with n = 5, two standard errors are about 12 per cent of error under chance where 1000 seeds would have 5,
and nothing is corrected for several claims in one table. It speaks of training seeds, on the clips that were scored; a difference that
is real may still be too small to matter, so the table shows it beside the verdict.

Reading order: verdict, paired_row.
"""

from collections.abc import Iterable, Mapping
from statistics import fmean, stdev
from typing import NamedTuple

from vostutor.core.errors import DataError

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot tell"
ERRORS = 2.0  # standard errors


class Verdict(NamedTuple):
    """Mean of the differences, its standard error (None for one difference alone), what the rule says, of how many."""

    mean: float
    se: float | None
    verdict: str
    seeds: int


def verdict(differences: Iterable[float]) -> Verdict:
    """What paired differences, one for each training seed, say of the claim that they are positive.

    Raises: DataError for none, and for what is not a number.
    Source: the rule at the head of this file.
    >>> verdict([2.0, 4.0])                                       # 3 is more than 2 x 1
    Verdict(mean=3.0, se=1.0, verdict='holds', seeds=2)
    >>> verdict([-1.0, 2.0, 3.0]).verdict, verdict([-1.0, -2.0, -3.0]).verdict, verdict([7.0]).verdict
    ('cannot tell', 'does not hold', 'cannot tell')
    """
    values = [float(value) for value in differences]
    if not values or not all(abs(value) < float("inf") for value in values):  # false for NaN too
        raise DataError(
            expected="differences, one finite number for each seed",
            got=f"{values}",
            try_this="leave out a claim that was not measured",
        )
    mean, se = fmean(values), standard_error(values)
    if se is None or abs(mean) <= ERRORS * se:
        return Verdict(mean, se, OPEN, len(values))
    return Verdict(mean, se, HOLDS if mean > 0 else FAILS, len(values))


def standard_error(values: Iterable[float]) -> float | None:
    """The standard error of a mean; None where one value alone tells nothing of it.

    >>> standard_error([1.0, 3.0]), standard_error([1.0])
    (1.0, None)
    """
    values = list(values)
    return stdev(values) / len(values) ** 0.5 if len(values) > 1 else None


def paired_row(claim: str, says: str, higher: tuple[str, Mapping], lower: tuple[str, Mapping], digits: int = 4) -> dict:
    """A row of a table of verdicts on the claim that `higher` is higher than `lower`: both means with their standard errors, the paired
    difference, the verdict. Each is a name and its figure for every seed; seeds that only one of them has are left out.

    Raises: DataError where they share no seed, and for figures that are no numbers.
    >>> row = paired_row("C0", "a net errs more without pictures", ("blind", {0: 3.0, 1: 4.0}), ("seeing", {0: 1.0, 1: 1.5, 2: 9.0}))
    >>> row["difference"], row["se"], row["verdict"], row["means"]
    (2.25, 0.25, 'holds', {'blind': 3.5, 'seeing': 1.25})
    """
    (name, of), (other, of_other) = higher, lower
    seeds = sorted(of.keys() & of_other.keys())
    found = verdict(of[seed] - of_other[seed] for seed in seeds)
    both = {name: [of[seed] for seed in seeds], other: [of_other[seed] for seed in seeds]}
    return {
        "claim": claim,
        "says": says,
        "means": {label: round(fmean(values), digits) for label, values in both.items()},
        "errors": {label: _rounded(standard_error(values), digits) for label, values in both.items()},
        "difference": round(found.mean, digits),
        "se": _rounded(found.se, digits),
        "seeds": found.seeds,
        "verdict": found.verdict,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
