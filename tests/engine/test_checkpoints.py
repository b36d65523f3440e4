"""A checkpoint is read as it was written, or refused."""

from functools import partial

import pytest
import torch

from vostutor.core.errors import DataError
from vostutor.engine.checkpoints import Checkpoint, read_checkpoint, run_file, write_checkpoint

ONE = Checkpoint(
    {"seed": 0}, {"weight": torch.arange(6.0)}, {"state": {0: {"step": torch.tensor(3.0)}}}, {"losses": [0.1]}
)


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    back = read_checkpoint(write_checkpoint(tmp_path / "new" / "last.pt", ONE))
    assert (
        torch.equal(back.model["weight"], ONE.model["weight"]) and back.history == ONE.history and back.run == ONE.run
    )
    assert back.optimiser["state"][0]["step"] == 3


@pytest.mark.parametrize("where", [0, 40, 500, -1])
def test_one_changed_byte_is_noticed(tmp_path, where):
    path = write_checkpoint(tmp_path / "last.pt", ONE)
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="SHA-256"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(DataError):
        read_checkpoint(tmp_path / "last.pt")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_checkpoint(tmp_path / "last.pt")


def test_code_in_a_checkpoint_is_never_run(tmp_path):
    """A pickle may call any function; this one would make a file."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "trapped"), "w"))

    path = write_checkpoint(tmp_path / "last.pt", Checkpoint({}, {}, {}, {"losses": Trap()}))
    with pytest.raises(DataError):
        read_checkpoint(path)
    assert not (tmp_path / "trapped").exists()


def test_an_interrupted_write_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    path = write_checkpoint(tmp_path / "last.pt", ONE)

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write_checkpoint(path, Checkpoint({}, {}, {}, {}))
    monkeypatch.undo()
    assert read_checkpoint(path).history == ONE.history and list(tmp_path.iterdir()) == [path]


def mended(x):
    """Another text."""
    return [k * x for k in range(3)]  # a comment more


def test_a_run_is_kept_under_what_it_is_made_of(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def first(x):
        return [k * x for k in range(3)]

    def changed(x):
        return [k * x for k in range(4)]

    def inside(x):
        return [k + x for k in range(3)]

    place = run_file("net", first, 0)
    assert place.parent == tmp_path / "vostutor/runs" and place.suffix == ".pt"
    assert place == run_file("net", mended, 0)
    others = {
        run_file("net", changed, 0),
        run_file("net", inside, 0),
        run_file("net", first, 1),
        run_file("other", first, 0),
    }
    assert len(others | {place}) == 5


def helper(x):
    return x + 1


def test_defaults_closures_helpers_and_partials_count_too(monkeypatch):
    def make(shift, scale=2):
        def function(x, scale=scale):
            return helper(x) * scale + shift

        return function

    def place(function):
        return run_file("net", function).name

    assert place(make(1)) == place(make(1))
    assert (
        len({place(make(1)), place(make(2)), place(make(1, 3)), place(partial(make(1), 4)), place(partial(make(1), 5))})
        == 5
    )
    before = place(make(1))
    monkeypatch.setattr(f"{__name__}.helper", lambda x: x + 2)
    monkeypatch.setattr(f"{__name__}.helper.__module__", __name__)
    assert place(make(1)) != before


def test_a_function_that_calls_itself_has_a_place_too():
    def again(x):
        return again(x - 1) if x else 0

    assert run_file("net", again) == run_file("net", again)
