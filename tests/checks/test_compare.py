import pytest
import torch

from vostutor.checks.compare import difference

NAN = float("nan")


@pytest.mark.parametrize(
    "expected, got",
    [
        (0.6, 0.6), (1.0, 1), (1, torch.tensor(1)), (0.5, torch.tensor(0.5)), (NAN, NAN), (float("inf"), float("inf")),
        (True, torch.tensor(True)), ((1, 2.0), [1, 2]), ([1.0, 2.0], torch.tensor([1.0, 2.0])), ({"a": 1}, {"a": 1.0}), (None, None),
        (torch.eye(2).bool(), torch.eye(2)), (torch.eye(2), torch.eye(2).byte()), (torch.tensor([NAN]), torch.tensor([NAN])),
        (torch.zeros(0, 3), torch.zeros(0, 3)), ("a", "a"),
    ],
)  # fmt: skip
def test_what_says_the_same_agrees(expected, got):
    assert difference(expected, got) is None


@pytest.mark.parametrize(
    "expected, got, said",
    [
        (0.6, 0.61, ("0.6", "0.61")),
        (1.0, NAN, ("1", "nan")),
        (1.0, True, ("1", "True")),
        (True, 1, ("True", "1")),
        (1.0, "1", ("1", "'1'")),
        (1.0, None, ("1", "None")),
        (0.5, torch.zeros(3), ("0.5", "a float32 tensor of shape (3,)")),
        (
            torch.zeros(2, 3),
            torch.zeros(3, 2),
            ("a float32 tensor of shape (2, 3)", "a float32 tensor of shape (3, 2)"),
        ),
        (torch.zeros(2, 3), 0.0, ("a float32 tensor of shape (2, 3)", "0")),
        (torch.eye(2), torch.eye(2).flip(0), ("1 at row 0, column 0", "0; 4 of 4 values differ")),
        (
            torch.eye(2).bool(),
            torch.tensor([[1, 0], [0, 255]]),
            ("True at row 1, column 1", "255; 1 of 4 values differ"),
        ),
        (torch.zeros(4), torch.tensor([0, 0, 1.0, 0]), ("0 at position 2", "1; 1 of 4 values differ")),
        (torch.zeros(1, 2, 2), torch.ones(1, 2, 2), ("0 at position (0, 0, 0)", "1; 4 of 4 values differ")),
        (torch.zeros(2), torch.tensor([0, NAN]), ("0 at position 1", "nan; 1 of 2 values differ")),
        (torch.zeros(2), torch.tensor([0, 1j]), ("0 at position 1", "1j; 1 of 2 values differ")),
        ((1, 2), (1, 2, 3), ("a tuple of 2", "a tuple of 3")),
        ((1, (2, 3)), (1, (2, 4)), ("3 at position 1 at position 1", "4")),
        ({"a": 1}, {"b": 1}, ("a dict with a", "a dict with b")),
        ({"a": 1}, {"a": 2}, ("1 in 'a'", "2")),
    ],
)
def test_the_first_difference_is_told_in_words(expected, got, said):
    assert difference(expected, got) == said


def test_numbers_agree_within_the_tolerance_and_not_beyond():
    for pair in ((0.5, 0.5009), (torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5009])), ((0.5,), (0.5009,))):
        assert difference(*pair, tolerance=1e-3) is None and difference(*pair, tolerance=8e-4) is not None
    assert difference(1e6, 1e6 + 1, tolerance=1e-3) is not None  # absolute, not relative


def test_the_parts_of_a_tuple_have_names_where_they_fit():
    assert difference((1, 2), (1, 3), names=("mean", "recall")) == ("2 as recall", "3")
    assert difference((1, 2), (1, 3), names=("one",)) == ("2 at position 1", "3")
