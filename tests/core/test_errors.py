import pickle

import pytest

from vostutor.core import DataError, LessonError, SettingsError, ShapeError, VosError


def test_an_error_reads_expected_got_try():
    error = DataError(expected="a", got="b", try_this="c")
    assert str(error) == "expected  a\ngot       b\ntry       c"


@pytest.mark.parametrize("kind", [DataError, LessonError, SettingsError, ShapeError])
def test_every_kind_is_a_vos_error_and_survives_pickling(kind):
    error = pickle.loads(pickle.dumps(kind(expected="a", got="b", try_this="c")))
    assert isinstance(error, VosError) and type(error) is kind
    assert (error.expected, error.got, error.try_this) == ("a", "b", "c")


def test_the_three_parts_are_required():
    with pytest.raises(TypeError):
        DataError(expected="a", got="b")
