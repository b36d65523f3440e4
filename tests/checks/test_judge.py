"""The judge on a toy of its own: a soft threshold, which has a gradient that can be cut, and mistakes that can be told apart."""

import pytest
import torch

from vostutor.checks import Exercise, LocalAnswer, Slip, Trial, judge
from vostutor.checks.trial import Broken

X = torch.tensor([-3.0, -1.0, 0.0, 0.5, 2.0])


def shrinks(trial):
    """what is larger than the threshold moves towards 0 by it"""
    trial.expect((X, 1.0), torch.tensor([-2.0, 0.0, 0.0, 0.0, 1.0]), case="-3, -1, 0, 0.5, 2 and a threshold of 1")


def odd(trial):
    """mirrored inputs give mirrored outputs"""
    x = torch.randn(7, generator=trial.generator)
    trial.compare(
        -trial.ask((x, 0.3), "random numbers"),
        trial.ask((-x, 0.3), "their negatives"),
        case="the negatives of random numbers",
    )
    trial.depends()


def passes_gradients(trial):
    """the gradient is 1 outside the threshold and 0 inside"""
    _, (gradient, _) = trial.ask_grad((X, 0.75), "-3, -1, 0, 0.5, 2")
    trial.compare(
        torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0]),
        gradient,
        case="a threshold of 0.75",
        likely="the gradient is cut on the way",
    )


def leaves_its_input(trial):
    """the numbers it was given stay as they were"""
    trial.leaves_alone((torch.randn(5, generator=trial.generator), 0.5))


def right(x, threshold):
    return x.sign() * (x.abs() - threshold).clamp(min=0)


TOY = Exercise(
    id="toy.shrink",
    name="shrink",
    points=4,
    difficulty=1,
    minutes=5,
    properties=(shrinks, odd, passes_gradients, leaves_its_input),
    slips=(
        Slip("the sign is lost", lambda x, threshold: (x.abs() - threshold).clamp(min=0)),
        Slip("a hard threshold keeps what it lets through", lambda x, threshold: x * (x.abs() > threshold)),
        Slip("a division by the threshold, which may be 1", lambda x, threshold: x * (1 / (threshold - threshold))),
        Slip("rounding has no gradient", lambda x, threshold: right(x, threshold).detach()),
    ),
    hints=("What is left?", "How large?", "Which sign?"),
    reference="tests.checks.test_judge:right",
)


def verdict_on(function, seed=0):
    return judge(TOY, LocalAnswer(function), seed)


def test_a_right_answer_takes_one_line():
    assert verdict_on(right).lines() == ["✓ toy.shrink  4 of 4 properties, 4/4 points"]


def test_a_wrong_answer_takes_four_lines_and_is_told_its_mistake():
    assert verdict_on(lambda x, t: (x.abs() - t).clamp(min=0)).lines() == [
        '✗ toy.shrink  1 of 4 properties, 1/4 points - stopped at "what is larger than the threshold moves towards 0 by it"',
        "  expected   -2 at position 0, for -3, -1, 0, 0.5, 2 and a threshold of 1",
        "  got        2; 1 of 5 values differ",
        '  likely     the sign is lost                                                   hint("toy.shrink") tells more',
    ]


def test_the_pointer_to_the_hint_stands_where_the_exemplar_has_it():
    line = verdict_on(lambda x, t: (x.abs() - t).clamp(min=0)).lines()[3]
    assert line.index("hint(") == len(
        "  likely     rows and columns are swapped: dy must be the outer loop            "
    )


def test_points_are_the_share_of_the_properties_that_hold():
    verdict = verdict_on(lambda x, t: x * (x.abs() > t))  # odd, right gradient, right input: wrong values only
    assert (verdict.held, verdict.points, verdict.passed) == (3, 3.0, False)
    assert verdict.stopped_at.likely == "a hard threshold keeps what it lets through"


def test_a_cut_gradient_is_told_by_the_slip_that_cuts_it_in_the_same_way():
    verdict = verdict_on(lambda x, t: torch.from_numpy(right(x.detach(), t).numpy()))
    assert verdict.stopped_at.title == "the gradient is 1 outside the threshold and 0 inside"
    assert (verdict.stopped_at.got, verdict.stopped_at.likely) == ("None", "rounding has no gradient")


def test_a_gradient_that_no_slip_explains_has_the_propertys_own_cause():
    verdict = verdict_on(lambda x, t: right(x, t) + 0.5 * (x - x.detach()))
    assert verdict.held == 3 and verdict.stopped_at.likely == "the gradient is cut on the way"


def test_an_exception_is_told_by_the_slip_that_raises_the_same():
    verdict = verdict_on(lambda x, t: x * (1 / (t - t)))
    assert verdict.stopped_at.got.startswith("ZeroDivisionError: float division by zero (line ")
    assert verdict.stopped_at.likely == "a division by the threshold, which may be 1"


def test_a_slip_that_agrees_by_chance_is_not_told():
    def unknown(x, t):
        return (x.abs() - t).clamp(min=0) if t == 1.0 else right(x, t) * 2  # loses the sign in one case of many

    assert "none of the mistakes" in verdict_on(unknown).stopped_at.likely


def test_writing_into_the_input_is_told_whatever_else_a_slip_would_explain():
    verdict = verdict_on(lambda x, t: x.copy_(right(x, t)) if not x.requires_grad else right(x, t))
    assert verdict.held == 3 and verdict.stopped_at.got == "x changed by the call"
    assert "work on a copy" in verdict.stopped_at.likely


def test_a_constant_earns_nothing():
    verdict = verdict_on(lambda x, t: torch.zeros(5))
    assert verdict.points == 0 and "the same whatever is asked" in verdict.stopped_at.likely


@pytest.mark.parametrize(
    "nothing", [lambda x, t: None, lambda x, t: ..., None, ...], ids=["None", "...", "no name", "a placeholder"]
)
def test_an_untouched_stub_is_not_an_attempt(nothing):
    verdict = verdict_on(nothing)
    assert verdict.blank and verdict.points == 0 and not verdict.passed
    assert len(verdict.lines()) == 1 and "not attempted" in verdict.lines()[0]


def test_a_branch_without_return_is_an_attempt():
    verdict = verdict_on(lambda x, t: None if t == 1.0 else right(x, t))
    assert not verdict.blank and verdict.held == 3 and "or in a branch" in verdict.stopped_at.likely


def test_a_forgotten_return_is_an_attempt():
    def forgets(x, t):
        right(x, t)

    verdict = verdict_on(forgets)
    assert not verdict.blank and verdict.held == 0
    assert (verdict.stopped_at.got, verdict.stopped_at.likely[:44]) == (
        "it returned None",
        "nothing came back: is the `return` missing, ",
    )


THREE_SIZES = Exercise(
    id="toy.double",
    name="double",
    points=2,
    difficulty=1,
    minutes=5,
    properties=(
        lambda trial: [trial.expect((x,), 2 * x, case=f"{x}") for x in (3.0, 4.0, 5.0, 0.0)],
        lambda trial: [trial.expect((x,), 2 * x, case=f"{x}") for x in (-1.0, -2.0)],
    ),
    slips=(
        Slip("the square", lambda x: x * x),
        Slip("small squares", lambda x: x * x if x < 5 else 2 * x),
        Slip("half of it", lambda x: x / 2),
    ),
    hints=("", "", ""),
    reference="",
)


def test_the_first_of_two_mistakes_is_told_when_it_explains_three_wrong_answers():
    said = judge(THREE_SIZES, LocalAnswer(lambda x: x * x if x >= 0 else 7 * x)).findings
    assert [finding.likely for finding in said][0] == "the square" and "none of the mistakes" in said[1].likely


def test_two_wrong_answers_could_be_chance():
    said = judge(THREE_SIZES, LocalAnswer(lambda x: x * x if 0 <= x < 5 else 7 * x if x < 0 else 2 * x)).findings
    assert "none of the mistakes" in said[0].likely


@pytest.mark.parametrize(
    "expected, got, likely",
    [
        (1.0, True, "a bool: wrap it in float()"),
        (0.0, torch.tensor(False), "a bool: wrap it in float()"),
        (torch.zeros(2, 2), [[0, 0], [0, 0]], "a list: torch.tensor(...) makes a tensor of it"),
    ],
)
def test_a_result_of_the_wrong_kind_is_told_what_makes_it_right(expected, got, likely):
    with pytest.raises(Broken) as caught:
        Trial(LocalAnswer(None)).compare(expected, got, case="any")
    assert caught.value.likely == likely


def test_a_hang_costs_its_time_once():
    calls = []

    def endless(x, t):
        calls.append(x)
        while True:
            pass

    verdict = judge(TOY, LocalAnswer(endless, limit=0.2))
    assert len(calls) == 1 and verdict.held == 0 and {f.got for f in verdict.findings} == {"no answer within 0.2 s"}


def test_the_same_seed_asks_the_same_questions_and_another_seed_others():
    def questions(seed):
        seen = []
        verdict_on(lambda x, t: seen.append(x.tolist()) or right(x, t), seed)
        return seen

    assert questions(3) == questions(3) != questions(4)


def test_a_propertys_numbers_do_not_depend_on_the_ones_before():
    drawn = []
    for skipped in (0, 3):
        trial = Trial(LocalAnswer(right))
        trial.begin(0)
        torch.randn(skipped, generator=trial.generator)
        trial.begin(1)
        drawn.append(torch.randn(3, generator=trial.generator).tolist())
    assert drawn[0] == drawn[1]


def test_a_verdict_can_be_written_down():
    said = verdict_on(lambda x, t: x * (x.abs() > t)).as_json()
    assert (said["id"], said["attempted"], said["passed"], said["points"], said["of"]) == (
        "toy.shrink",
        True,
        False,
        3.0,
        4,
    )
    assert [p["holds"] for p in said["properties"]] == [False, True, True, True] and len(said["hints"]) == 3
