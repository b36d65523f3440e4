"""ops/match_maps.py: what a matching function has to answer."""

import pytest
import torch

from vostutor.core import DataError, ShapeError
from vostutor.ops.match_maps import expect_distances

QUERY, GOOD = torch.zeros(8, 4, 6), torch.full((3, 4, 6), 0.5)


def test_distances_come_back_as_they_are_with_their_gradient():
    maps = GOOD.clone().requires_grad_()
    assert expect_distances("global_match", maps, QUERY, 3) is maps
    assert expect_distances("local_match", GOOD.bfloat16(), QUERY.bfloat16(), 3).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (None, ShapeError, "NoneType"),
        (GOOD.numpy(), ShapeError, "ndarray"),
        (GOOD[1:], ShapeError, r"\(3, 4, 6\)"),
        (GOOD.mT, ShapeError, r"\(3, 6, 4\)"),
        (GOOD.double(), ShapeError, "float64"),
        (GOOD.long(), ShapeError, "int64"),
        (GOOD / 0 * 0, DataError, "nan"),
        (GOOD * 3, DataError, "1.5"),
        (GOOD - 1, DataError, "-0.5"),
        (GOOD * torch.inf, DataError, "inf"),
    ],
)
def test_what_are_no_distances_is_refused_with_the_name_of_the_function(answer, error, words):
    with pytest.raises(error, match=words) as told:
        expect_distances("my_match", answer, QUERY, 3)
    assert "my_match answers" in str(told.value)


def test_the_function_is_not_blamed_for_an_embedding_that_is_no_number():
    with pytest.raises(DataError, match="embedding: finite"):
        expect_distances("my_match", GOOD * torch.nan, QUERY * torch.nan, 3)
