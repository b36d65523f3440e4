"""Frames and masks on their way to the browser, and back for the tests."""

import base64
import io
import zlib

import cv2
import numpy as np
from PIL import Image

from vostutor.core.errors import DataError
from vostutor.core.shapes import expect
from vostutor.viz.draw import as_pixels

_LONGEST_RUN = 65_535


def pack_frames(frames, width: int | None = None) -> list[str]:
    """Each frame as a JPEG in a data address, which a browser shows without asking anybody.

    Shapes: frames (T,3,H,W) or (T,H,W,3) uint8. Units: width in pixels, smaller than W; the height follows.
    >>> pack_frames(np.zeros((1, 3, 8, 8), np.uint8))[0][:23]
    'data:image/jpeg;base64,'
    """
    return [_pack_frame(as_pixels(frame), width) for frame in frames]


def _pack_frame(pixels: np.ndarray, width: int | None) -> str:
    if width:
        height = round(pixels.shape[0] * width / pixels.shape[1])
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=88, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def pack_ids(ids) -> bytes:
    """All masks of a clip as runs: pairs of (id, length) as little-endian uint16, row by row, frame after frame, a run never
    crossing into the next frame.

    Shapes: ids (T,H,W), 0 to 255.
    Raises: DataError for ids outside 0 to 255.
    >>> np.frombuffer(pack_ids(np.array([[[0, 0, 3]], [[3, 3, 3]]])), "<u2").tolist()
    [0, 2, 3, 1, 3, 3]
    """
    ids = np.asarray(ids)
    expect("ids: T H W", ids=ids)
    if ids.size and (ids.min() < 0 or ids.max() > 255):
        raise DataError(
            expected="ids from 0 to 255", got=f"{ids.min()} to {ids.max()}", try_this="255 is void, 0 background"
        )
    return b"".join(_runs(frame.ravel()).astype("<u2").tobytes() for frame in ids)


def _runs(row: np.ndarray) -> np.ndarray:
    """Shapes: row (N,) -> (R,2) of id and length, long runs cut."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(row)) + 1])
    starts = np.union1d(starts, np.arange(0, len(row), _LONGEST_RUN))
    return np.stack([row[starts], np.diff(np.append(starts, len(row)))], axis=1)


def squeeze(data: bytes) -> bytes:
    """Bytes made smaller, for what travels by the dozen: a browser opens them by itself (DecompressionStream, deflate).

    >>> len(squeeze(bytes(1000))) < 20
    True
    """
    return zlib.compress(data, 9)


def unpack_ids(data: bytes, height: int, width: int) -> np.ndarray:
    """What pack_ids packed. Shapes: -> (T,H,W) uint8.

    >>> unpack_ids(pack_ids(np.array([[[0, 0, 3]], [[3, 3, 3]]])), 1, 3).tolist()
    [[[0, 0, 3]], [[3, 3, 3]]]
    """
    runs = np.frombuffer(data, "<u2").reshape(-1, 2)
    return np.repeat(runs[:, 0].astype(np.uint8), runs[:, 1]).reshape(-1, height, width)


def shrink_ids(ids, width: int) -> np.ndarray:
    """The masks at another width, nearest pixel, so that no id is invented. Shapes: ids (T,H,W) -> (T,H',width)."""
    ids = np.asarray(ids).astype(np.uint8)
    height = round(ids.shape[1] * width / ids.shape[2])
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_NEAREST_EXACT) for frame in ids])
