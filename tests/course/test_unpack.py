import base64
import gzip
import io
import json
import tarfile
import zlib

import pytest

from tests.course.planted import PIXEL, packed, picture
from vostutor.course.unpack import Place, pieces

TEXT = "the quick brown fox jumps over the lazy dog"


def told(data: bytes, name: str = "a") -> dict[str, str]:
    return {str(piece.place): piece.text or piece.closed for piece in pieces(Place(name), data)}


def tarred(name: str, data: bytes, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_a_plain_text_is_one_piece():
    assert told(b"a = 1\n", "a.py") == {"a.py (text)": "a = 1\n"}


def test_a_notebook_is_told_cell_by_cell_and_part_by_part():
    cells = [
        {"id": "one", "cell_type": "code", "source": ["a\n", "b"], "metadata": {"tags": ["x"]}, "outputs": []},
        "stray",
    ]
    found = told(json.dumps({"cells": cells, "metadata": {"title": "T"}, "nbformat": 4}).encode(), "n.ipynb")
    assert found == {
        "n.ipynb, one (id)": "one",
        "n.ipynb, one (code)": "a\nb\n",
        "n.ipynb, one (metadata)": "tags\nx\n",
        "n.ipynb, cell 2 (None)": "stray",
        "n.ipynb (metadata)": "title\nT",
        "n.ipynb (nbformat)": "4",
    }


def test_json_that_is_no_notebook_and_a_broken_notebook_are_plain_text():
    for text in ('{"cells": 3}', '{"cells": [', "[]"):
        assert told(text.encode()) == {"a (text)": text}


def test_a_page_is_told_by_the_cells_that_it_was_made_of():
    page = b'<h1>T</h1><div id="cell-id=one">1</div><div id="cell-id=two">2</div>'
    assert [*told(page, "a.html")] == ["a.html (text)", "a.html, one (page)", "a.html, two (page)"]


@pytest.mark.parametrize("wrap", [
    lambda data: packed(**{"in/b.txt": data}), lambda data: tarred("in/b.txt", data),
    lambda data: tarred("in/b.txt", data, "w:gz"), lambda data: tarred("in/b.txt", data, "w:bz2"),
    lambda data: tarred("in/b.txt", data, "w:xz"), lambda data: gzip.compress(tarred("in/b.txt", data)),
])  # fmt: skip
def test_archives_tell_the_path_inside(wrap):
    assert told(wrap(TEXT.encode()))["a/in/b.txt (text)"] == TEXT


def test_an_archive_in_an_archive_that_does_not_compress_keeps_both_names():
    assert told(tarred("b.zip", packed(c=TEXT.encode())))["a/b.zip/c (text)"] == TEXT


@pytest.mark.parametrize(("text", "way"), [
    (base64.b64encode(TEXT.encode()).decode(), "base64"),
    (base64.urlsafe_b64encode(TEXT.encode() + b"???>>>").decode().rstrip("="), "base64"),
    ("data:text/plain;base64," + base64.b64encode(zlib.compress(TEXT.encode())).decode(), "base64"),
    (TEXT.encode().hex(), "hex"),
])  # fmt: skip
def test_what_is_encoded_in_a_text_is_told_beside_it(text, way):
    found = told(f"see {text} here".encode())
    assert found[f"a (text, {way})"].startswith(TEXT) and f"see {text} here" in found.values()


def test_base64_in_many_lines_is_one_text():
    assert told(base64.encodebytes(3 * TEXT.encode()))["a (text, base64)"] == 3 * TEXT


def test_a_picture_tells_its_comment_although_there_is_an_archive_behind_it():
    found = told(picture(b"tEXt", b"Comment\0" + TEXT.encode()) + packed(b=b"something else"))
    assert found["a/b (text)"] == "something else" and TEXT in found["a (text)"]


@pytest.mark.parametrize("text", ["0123456789abcdef" * 4, "vostutor/course/student/notebooks/and/so/on"])
def test_a_hash_or_a_path_is_not_mistaken_for_a_text(text):
    assert told(text.encode()) == {"a (text)": text}


@pytest.mark.parametrize("data", [
    picture(b"tEXt", b"Comment\0" + TEXT.encode()), picture(b"zTXt", b"Comment\0\0" + zlib.compress(TEXT.encode())),
    picture(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(TEXT.encode())), PIXEL + packed(a=TEXT.encode()),
    b"\xff\xd8\xff\xfe\0\x80" + TEXT.encode() + b"\xff\xd9", TEXT.encode("utf-16"), TEXT.encode("utf-16-be"),
    b"caf\xe9 " + TEXT.encode(), b"\xef\xbb\xbf" + TEXT.encode(),
], ids=range(9))  # fmt: skip
def test_what_is_readable_in_a_picture_or_another_encoding_is_told(data):
    assert any(TEXT in text for text in told(data).values())


def test_a_picture_without_words_tells_next_to_nothing():
    assert sum(map(len, told(PIXEL).values())) < 20


@pytest.mark.parametrize(("data", "why"), [
    (packed(a=TEXT.encode())[:-30], None),  # no directory left: bytes like any other
    (gzip.compress(TEXT.encode())[:-12], "broken"),
    (b"Rar!\x1a\x07\x00" + bytes(30), "rar"),
    (b"\x28\xb5\x2f\xfd" + bytes(30), "zstd"),
    (gzip.compress(bytes((1 << 26) + 1)), "more than 64 MB"),
], ids=["cut zip", "cut gzip", "rar", "zstd", "large"])  # fmt: skip
def test_what_cannot_be_opened_says_why(data, why):
    closed = [piece.closed for piece in pieces(Place("a"), data) if piece.closed]
    assert (closed == []) if why is None else (len(closed) == 1 and why in closed[0])
