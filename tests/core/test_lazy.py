import pytest

from vostutor.core.lazy import lazily


def test_a_name_is_fetched_from_its_module_and_an_unknown_one_is_an_attribute_error():
    find, names = lazily("vostutor.core", {"expect": "shapes", "VOID": "ids"})
    assert find("VOID") == 255 and names == ["VOID", "expect"]
    with pytest.raises(AttributeError, match="module 'vostutor.core' has no attribute 'nothing'"):
        find("nothing")
