"""What a page is told of the maps of a frame: planes of bytes, one byte a place, in the order in which match_probe.js unpacks them.

Letters: h and w rows and columns of a map, K objects.
"""

import numpy as np

from vostutor.widgets.likeness import Maps
from vostutor.widgets.places import encode_distance


def pack_far(maps: Maps) -> bytes:
    """What does not hang on the reach, a byte a place: G and the answer before of each label, rows and columns of the matches in the first
    frame (255 for none), the labels of the frame before, the truth."""
    planes = [encode_distance(maps.far), np.rint(255 * maps.before), maps.first.reshape(-1, *maps.truth.shape)]
    return _bytes([*planes, maps.previous[None], maps.truth[None]])


def pack_near(maps: Maps) -> bytes:
    """What hangs on it: L and the answer of each label, how many rows and columns away its match in the frame before is (128 for none away,
    0 for no match), and the label that is answered."""
    rows, columns = np.indices(maps.answer.shape)
    away = np.where(maps.last < 0, 0, maps.last - np.stack([rows, columns]) + 128).clip(0, 255)
    planes = [encode_distance(maps.near), np.rint(255 * maps.prob), away.reshape(-1, *maps.answer.shape)]
    return _bytes([*planes, maps.answer[None]])


def _bytes(planes: list[np.ndarray]) -> bytes:
    return np.concatenate([np.where(plane < 0, 255, plane).astype(np.uint8) for plane in planes]).tobytes()
