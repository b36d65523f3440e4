"""course/verdicts.py: one rule, worked by hand."""

import pytest

from vostutor.core import DataError
from vostutor.course.verdicts import FAILS, HOLDS, OPEN, paired_row, standard_error, verdict


def test_the_rule_by_hand():
    # mean 3, deviations -2 0 2 and 0 0: standard deviation sqrt(8 / 4), over sqrt(5): 0.6325
    found = verdict([1, 3, 5, 3, 3])
    assert found.mean == 3 and found.se == pytest.approx(0.4**0.5) and found.verdict == HOLDS and found.seeds == 5


@pytest.mark.parametrize(
    ("differences", "says"),
    [
        ([2.01, 4.01], HOLDS),  # mean 3.01, twice the error 2
        ([1, 3], OPEN),  # mean 2, twice the error 2: not beyond it
        ([-1, -3.1], OPEN),
        ([-3, -4], FAILS),
        ([0.0, 0.0], OPEN),
        ([0.5, 0.5], HOLDS),  # without any spread the sign decides
        ([100.0], OPEN),  # one seed has no spread to be judged by
    ],
)
def test_two_standard_errors_decide(differences, says):
    assert verdict(differences).verdict == says


def test_turning_a_claim_round_turns_the_verdict_round():
    assert verdict([1, 2, 3]).verdict == HOLDS and verdict([-1, -2, -3]).verdict == FAILS


def test_scale_does_not_matter_to_the_verdict():
    for differences in ([0.1, 0.2, 0.4], [0.1, -0.2, 0.4]):
        assert verdict(differences).verdict == verdict([1000 * d for d in differences]).verdict


def test_differences_are_paired_by_seed():
    # 10 apart from seed to seed, yet one is always 1 more: unpaired nobody could tell
    row = paired_row("C", "more", ("a", {0: 11.0, 1: 21.0, 2: 31.2}), ("b", {2: 30.0, 1: 20.0, 0: 10.0}))
    assert row["verdict"] == HOLDS and row["difference"] == pytest.approx(1.0667, abs=1e-4)
    assert row["errors"]["b"] == pytest.approx(5.7735, abs=1e-4) and row["seeds"] == 3


def test_one_value_has_no_standard_error():
    assert standard_error([3.0]) is None and verdict([3.0]).se is None


@pytest.mark.parametrize("differences", [[], [1.0, float("nan")], [float("inf")]])
def test_what_is_no_number_is_refused(differences):
    with pytest.raises(DataError, match="finite"):
        verdict(differences)


def test_variants_without_a_common_seed_are_refused():
    with pytest.raises(DataError):
        paired_row("C", "more", ("a", {0: 1.0}), ("b", {1: 2.0}))
