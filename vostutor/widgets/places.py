"""What the pictures of lesson 07 share: whose each place of a map is, how a label looks, and how a number becomes a byte.

A place is a cell of 4x4 pixels, one vector of a map of embeddings. Label 0 is the background, label k the k-th object of the
reference, the first frame.
Letters: T frames, H rows and W columns of a frame, h and w of its map, K objects.
"""

import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError
from vostutor.core.ids import VOID
from vostutor.ops.cells import cell_labels, cell_shares
from vostutor.ops.masks import object_order
from vostutor.viz.colours import DASHES, look_of

GREY = "#8a8a8a"  # the background's colour: no object has it
_MOST = 127  # rows and columns of a map: how far two places are apart travels as a byte, with a sign


def objects_in(clip: Clip, least_frames: int = 2) -> tuple[int, ...]:
    """The objects of a clip's first frame.

    Raises: DataError for a clip that is too short, too large for these pictures, without masks or without an object in its first frame.
    """
    if not isinstance(clip, Clip) or len(clip) < least_frames or max(clip.size) > 4 * _MOST:
        got = repr(clip) if isinstance(clip, Clip) else f"a {type(clip).__name__}"
        _refuse(f"a Clip of at least {least_frames} frames, at most {4 * _MOST} pixels wide", got)
    if clip.ids is None or not (objects := object_order((), clip.ids[0])):
        _refuse("a clip whose first frame has a mask with an object", "none")
    return objects


def number_places(ids: Tensor, objects: tuple[int, ...]) -> Tensor:
    """How much of each place every label covers; who is not among `objects` is nobody.

    Shapes: ids int64 (T,H,W) -> float32 (T,K+1,h,w).
    >>> number_places(torch.tensor([[[7, 7, 9, 9]] * 4]), objects=(7,)).flatten()
    tensor([0.0000, 0.5000])
    """
    table = torch.full((VOID + 1,), VOID)
    table[[0, *objects]] = torch.arange(len(objects) + 1)
    return cell_shares(table[ids], len(objects))


def label_places(ids: Tensor, objects: tuple[int, ...]) -> Tensor:
    """Whose each place is. Shapes: ids int64 (T,H,W) -> int64 (T,h,w), 0 to K, 255 nobody's.

    >>> label_places(torch.tensor([[[7, 7, 7, 7, 0, 0, 0, 0]] * 4]), objects=(7,))
    tensor([[[1, 0]]])
    """
    return cell_labels(number_places(ids, objects))


def looks_of(clip: Clip, objects: tuple[int, ...]) -> list[dict]:
    """Name, colour and line of every label, as the page draws them. Two objects of one kind keep their numbers apart."""
    kinds = dict(zip(clip.object_ids, clip.categories, strict=False))
    looks = [{"name": "background", "colour": GREY, "dash": list(DASHES["solid"])}]
    for number in objects:
        look, kind = look_of(number), kinds.get(number)
        name = f"object {number}" + (f" ({kind})" if kind else "")
        looks.append({"name": name, "colour": look.hex, "dash": list(DASHES[look.dash])})
    return looks


def encode_distance(distance: np.ndarray) -> np.ndarray:
    """Distances in [0,1] as bytes, finer where they are small, which is where it matters. Shapes: (...) -> uint8 (...).

    >>> decode_distance(encode_distance(np.array([0.0, 0.02, 1.0]))).round(3)
    array([0.  , 0.02, 1.  ])
    """
    return np.rint(255 * np.sqrt(np.nan_to_num(distance, nan=1.0).clip(0, 1))).astype(np.uint8)


def decode_distance(codes: np.ndarray) -> np.ndarray:
    """What a page reads from these bytes. Shapes: uint8 (...) -> float64 (...)."""
    return np.square(codes / 255.0)


def _refuse(expected: str, got: str):
    raise DataError(expected=expected, got=got, try_this='draw_clip("distractor", 3), or a clip of load_davis')
