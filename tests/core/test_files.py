import os

import pytest

from vostutor.core.files import write_atomically


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
