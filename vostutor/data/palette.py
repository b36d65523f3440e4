"""Masks on disk: PNG files whose pixels are ids and whose palette is only there to be looked at.

A viewer shows id 1 in dark red, but the file stores the number 1. A program that opens the file "as a picture" gets colours back and
the ids are gone; so does one that resizes smoothly. The reader here returns the stored numbers or says why it cannot.
"""

from io import BytesIO
from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

from vostutor.core.errors import DataError, ShapeError
from vostutor.core.files import write_atomically

MAX_GREY_ID = 20  # DAVIS allows 20 proposals; a grey mask with values above is a picture, not ids


def _bit_rule() -> np.ndarray:
    """Bits 0, 3, 6 of an id are the top bits of red, bits 1, 4, 7 those of green, bits 2, 5 those of blue."""
    ids = np.arange(256)
    channels = [sum((ids >> (3 * j + c) & 1) << (7 - j) for j in range(8)) for c in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8)


PALETTE = _bit_rule()  # (256,3) uint8, the colours of PASCAL VOC and DAVIS
PALETTE.setflags(write=False)


def read_ids(path: str | Path) -> np.ndarray:
    """The ids of a mask, exactly as stored.

    Files with a palette, with one bit, and grey ones that hold only 0 to 20 and 255 are read. What 255 means (void, or the object in
    masks of 2016) is for the caller to decide.

    Shapes: uint8 (H,W).
    Raises: DataError for a file that is missing, damaged, in colour, or grey with other values, as smooth resizing makes them.
    Source: the annotation format of DAVIS.
    >>> import tempfile
    >>> path = write_ids(tempfile.mkdtemp() + "/00000.png", np.array([[0, 1], [2, 255]]))
    >>> read_ids(path).tolist()
    [[0, 1], [2, 255]]
    """
    path = Path(path)
    data = _whole(path)
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            mode, ids = image.mode, np.array(image)  # a copy, because PyTorch warns about read-only memory
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for the many ways a PNG can be odd
        raise _broken(path, "something that Pillow cannot read") from error
    if mode not in ("P", "L", "1"):
        raise _refusal(path, f"mode {mode}, {_MODES.get(mode, 'no ids')}")
    if mode == "L" and (ids > MAX_GREY_ID).any():
        _check_grey(path, ids)
    return np.minimum(ids.view(np.uint8), 1) if mode == "1" else ids  # Pillow stores a true bit as the byte 255


def write_ids(path: str | Path, ids: np.ndarray) -> Path:
    """Write a mask as a palette PNG, whole or not at all, and return where it is.

    Shapes: ids (H,W), a NumPy array or CPU tensor of integers or booleans.
    Raises: ShapeError for other axes or types, DataError for ids outside 0 to 255.
    Source: the annotation format of DAVIS.
    >>> import tempfile
    >>> write_ids(tempfile.mkdtemp() + "/bear/00000.png", np.eye(3, dtype=bool)).name
    '00000.png'
    """
    ids = np.asarray(ids)
    if ids.ndim != 2 or ids.size == 0 or ids.dtype.kind not in "bui":
        raise ShapeError(
            expected="ids: H W, integers",
            got=f"shape {ids.shape}, {ids.dtype}",
            try_this="prob_all.argmax(0) turns probabilities into ids",
        )
    if ids.min() < 0 or ids.max() > 255:
        raise DataError(
            expected="ids from 0 to 255",
            got=f"{ids.min()} to {ids.max()}",
            try_this="map the values to 0 background, 1.. objects, 255 void",
        )
    image = Image.fromarray(np.ascontiguousarray(ids, dtype=np.uint8))
    image.putpalette(PALETTE.tobytes())
    return write_atomically(path, _png(image))


_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MODES = {
    "RGB": "colours instead of ids",
    "RGBA": "colours instead of ids",
    "LA": "grey values with transparency instead of ids",
    "I;16": "16-bit values instead of ids",
    "I": "16-bit values instead of ids",
}


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _whole(path: Path) -> bytes:
    """The bytes of a PNG file whose checksums are right. Pillow leaves out that of the pixels and would return other ids."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            expected=f"a mask {_short(path)}", got=error.strerror.lower(), try_this=f"ls -l {_short(path)}"
        ) from None
    if not data.startswith(_SIGNATURE):
        raise _broken(path, f"{len(data)} bytes that do not begin like a PNG")
    start, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        stop = start + 12 + int.from_bytes(data[start : start + 4], "big")  # length, kind, content, checksum
        if stop > len(data):
            raise _broken(path, f"its first {len(data)} bytes")
        kind = data[start + 4 : start + 8]
        if crc32(data[start + 4 : stop - 4]) != int.from_bytes(data[stop - 4 : stop], "big"):
            raise _broken(path, f"a wrong checksum at byte {stop - 4}")
        start = stop
    return data


def _broken(path: Path, got: str) -> DataError:
    return DataError(
        expected=f"a whole PNG file {_short(path)}",
        got=got,
        try_this="write or copy the file again",
    )


def _check_grey(path: Path, ids: np.ndarray) -> None:
    values = np.unique(ids)
    odd = values[(values > MAX_GREY_ID) & (values < 255)].tolist()
    if odd:
        shown = ", ".join(map(str, odd[:3])) + (f" and {len(odd) - 3} more" if len(odd) > 3 else "")
        raise _refusal(path, f"grey values {shown}, as of a picture or a smoothly resized mask")


def _refusal(path: Path, got: str) -> DataError:
    return DataError(
        expected=f"a mask {_short(path)} that stores ids (PNG with a palette)",
        got=got,
        try_this="vostutor.data.write_ids(path, ids); resize masks with nearest neighbours only",
    )


def _short(path: Path) -> str:
    """Sequence and file: enough to find it, and the same on every machine."""
    return f"{path.parent.name}/{path.name}"
