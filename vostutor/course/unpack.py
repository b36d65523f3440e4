"""All text that a file holds, however it is wrapped: notebooks, web pages, archives, pictures, base64, and each in each other."""

import binascii
import bz2
import gzip
import io
import json
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_DEEPEST = 6  # wrappings in each other
_LARGEST = 1 << 26  # bytes that come out of one wrapping
_CLOSED = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "rar", b"\x28\xb5\x2f\xfd": "zstd"}
_PNG = b"\x89PNG"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}(?:\r?\n[A-Za-z0-9+/_-]{24,})*(?:\r?\n[A-Za-z0-9+/_-]+)?={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){16,}(?![0-9A-Za-z])")
_PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e]{12,}")
_CELL = re.compile(r'id="cell-id=([^"]+)"')  # where nbconvert begins a cell
_BROKEN = (OSError, EOFError, ValueError, RuntimeError, struct.error, zlib.error, lzma.LZMAError)
_BROKEN += (zipfile.BadZipFile, tarfile.TarError, NotImplementedError)  # fmt: skip


class Place(NamedTuple):
    """Where a text lies: `file` goes on inside of archives, `cell` is empty outside of cells, `part` says which part of either."""

    file: str
    cell: str = ""
    part: str = "text"

    def __str__(self) -> str:
        return f"{self.file}, {self.cell} ({self.part})" if self.cell else f"{self.file} ({self.part})"


class Piece(NamedTuple):
    """A text and its place; or why nobody can say what lies there."""

    place: Place
    text: str
    closed: str = ""


def pieces(place: Place, data: bytes, depth: int = 0) -> Iterator[Piece]:
    """Every text in the bytes of a file, in order; what cannot be opened is a piece that says why.

    >>> import base64
    >>> [piece.text for piece in pieces(Place("a.md"), b"see " + base64.b64encode(b"return x + 1  # the answer"))][1]
    'return x + 1  # the answer'
    """
    if not data:
        return
    if depth > _DEEPEST or len(data) > _LARGEST:
        yield Piece(place, "", "wrapped too deep" if depth > _DEEPEST else f"more than {_LARGEST >> 20} MB")
        return
    try:
        wrapped = [*_unwrapped(place, data)]
    except _BROKEN as error:
        yield Piece(place, "", f"broken or encrypted: {error}")
        return
    for inner, content in wrapped:
        yield from pieces(inner, content, depth + 1)
    if wrapped and not data.startswith(_PNG):
        return  # all that it holds has been told
    for piece in _texts(place, data):
        yield piece
        yield from _decoded(piece, depth)


def _unwrapped(place: Place, data: bytes) -> Iterator[tuple[Place, bytes]]:
    """What an archive, a compressed file or a picture holds; nothing for any other."""
    for magic, kind in _CLOSED.items():
        if data.startswith(magic):
            raise ValueError(f"{kind} is not read here, use zip or tar")
    if data.startswith(_PNG):
        yield from ((place._replace(part=f"{place.part}, picture"), text) for text in _picture_texts(data))
    if data[257:262] == b"ustar":
        yield from _tar(place, data)
    elif b"PK\x05\x06" in data and zipfile.is_zipfile(io.BytesIO(data)):  # also one behind a picture
        yield from _zip(place, data)
    elif opened := _decompressed(data):
        yield place, opened


def _zip(place: Place, data: bytes) -> Iterator[tuple[Place, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield place._replace(part="comment"), archive.comment
        for member in archive.infolist():
            if member.file_size > _LARGEST:
                raise ValueError(f"{member.filename} has {member.file_size >> 20} MB")
            inner = Place(f"{place.file}/{member.filename}", place.cell)
            yield inner._replace(part="comment"), member.comment
            yield inner, archive.read(member)


def _tar(place: Place, data: bytes) -> Iterator[tuple[Place, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            inner = Place(f"{place.file}/{member.name}", place.cell)
            yield inner._replace(part="header"), "\n".join([*member.pax_headers.values(), member.linkname]).encode()
            if file := archive.extractfile(member) if member.isfile() else None:
                yield inner, file.read()


def _decompressed(data: bytes) -> bytes | None:
    if data.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=io.BytesIO(data)).read(_LARGEST + 1)
    if data.startswith(b"BZh"):
        return bz2.BZ2Decompressor().decompress(data, _LARGEST + 1)
    if data.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(data, _LARGEST + 1)
    if data[:1] == b"\x78" and len(data) > 2 and int.from_bytes(data[:2], "big") % 31 == 0:
        try:
            return zlib.decompressobj().decompress(data, _LARGEST + 1)
        except zlib.error:  # two bytes are little to go by: it was no stream of zlib
            return None
    return None


def _picture_texts(data: bytes) -> Iterator[bytes]:
    """The compressed comments of a PNG; those that are not compressed are printable as they stand."""
    at = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            for start in re.finditer(rb"\0(?=\x78)", body):
                yield _decompressed(body[start.end() :]) or b""
        at += size + 12


def _texts(place: Place, data: bytes) -> Iterator[Piece]:
    """The texts of a file that is no archive: cells of a notebook or of its web page, lines, or what is printable in it."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # a program, a table, a picture; or letters of two bytes without a mark that says so
        runs = _PRINTABLE.findall(data) + _PRINTABLE.findall(data.replace(b"\0", b""))
        text = b"\n".join(runs).decode("ascii")
    if text.lstrip().startswith("{") and (notebook := _notebook(text)):
        yield from _cells(place, notebook)
        return
    before, *cells = _CELL.split(text)
    if before.strip():
        yield Piece(place, before)
    for name, content in zip(cells[::2], cells[1::2], strict=True):
        yield Piece(Place(place.file, name, "page"), content)


def _notebook(text: str) -> dict | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("cells"), list) else None


def _cells(place: Place, notebook: dict) -> Iterator[Piece]:
    for k, cell in enumerate(notebook["cells"], 1):
        cell = cell if isinstance(cell, dict) else {"source": cell}
        name = str(cell.get("id", f"cell {k}"))
        for key, value in cell.items():
            part = str(cell.get("cell_type")) if key == "source" else key
            if value and key != "cell_type":
                yield Piece(Place(place.file, name, part), _flat(value))
    for key, value in notebook.items():
        if value and key != "cells":
            yield Piece(Place(place.file, "", key), _flat(value))


def _flat(node) -> str:
    """All keys and values of a JSON value as lines; a text that is kept as a list of lines is one text."""
    if isinstance(node, dict):
        return "\n".join(f"{key}\n{_flat(value)}" for key, value in node.items())
    if isinstance(node, list):
        lines = [_flat(value) for value in node]
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    return str(node)


def _decoded(piece: Piece, depth: int) -> Iterator[Piece]:
    """What stands in the text as base64 or as hexadecimal digits."""
    for pattern, way, decode in ((_BASE64, "base64", _from_base64), (_HEX, "hex", bytes.fromhex)):
        for found in pattern.finditer(piece.text):
            inner = piece.place._replace(part=f"{piece.place.part}, {way}")
            content = decode(found.group())
            # A hash or a long name can begin like an archive by chance, but is short.
            yield from (told for told in pieces(inner, content, depth + 1) if not told.closed or len(content) > 200)


def _from_base64(text: str) -> bytes:
    digits = re.sub(r"[\s=]", "", text).replace("-", "+").replace("_", "/")
    return binascii.a2b_base64(digits[: len(digits) // 4 * 4] + _padding(digits))


def _padding(digits: str) -> str:
    rest = len(digits) % 4
    return digits[len(digits) - rest :] + "=" * (4 - rest) if rest > 1 else ""
