import pytest

from tests.engine.stored import blocks, stored


@pytest.fixture
def place(tmp_path):
    """Three sequences with perfect results: bear (1 object), cows (3) and dogs (1)."""
    for name, objects in (("bear", 1), ("cows", 3), ("dogs", 1)):
        stored(tmp_path / "root/Annotations/480p" / name, blocks(objects))
        stored(tmp_path / "results" / name, blocks(objects))
    return tmp_path
