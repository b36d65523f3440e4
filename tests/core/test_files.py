import os

import pytest

from vostutor.core.files import whole_folder, write_atomically


def test_text_and_bytes_arrive_whole_in_a_new_folder(tmp_path):
    assert write_atomically(tmp_path / "a/b.txt", "é").read_bytes() == "é".encode()
    assert write_atomically(tmp_path / "a/b.txt", b"\x00").read_bytes() == b"\x00"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    write_atomically(tmp_path / "scores.json", "old")

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError):
        write_atomically(tmp_path / "scores.json", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["scores.json"]
    assert (tmp_path / "scores.json").read_text() == "old"


def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    written = write_atomically(tmp_path / "atomic", "")
    assert written.stat().st_mode == (tmp_path / "plain").stat().st_mode


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_folder_whose_writing_fails_is_as_it_was(tmp_path, error):
    old = write_atomically(tmp_path / "out/old.txt", "old")
    for folder in ("out", "new/deep"):
        with pytest.raises(error), whole_folder(tmp_path / folder, replacing=[old]) as place:
            (place / "new.txt").write_text("half")
            raise error
    assert names(tmp_path) == ["out", "out/old.txt"]


def test_a_folder_gets_all_new_files_for_the_old_ones_and_what_a_killed_process_left_is_gone(tmp_path):
    kept, old = (write_atomically(tmp_path / f"out/{name}", "old") for name in ("kept.txt", "old.txt"))
    write_atomically(tmp_path / "out/.unfinished/half.txt", "half")
    with whole_folder(tmp_path / "out", replacing=[old]) as place:
        for name in ("a.txt", "b.txt"):
            (place / name).write_text("new")
        assert old.exists()
    assert names(tmp_path / "out") == ["a.txt", "b.txt", "kept.txt"]
