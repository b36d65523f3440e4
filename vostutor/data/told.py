"""The masks that are told of a video: which frame each belongs to, and what it holds.

Letters: H rows, W columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vostutor.core.errors import DataError
from vostutor.core.ids import VOID
from vostutor.data.palette import read_ids

Masks = str | Path | Sequence[str | Path] | None  # one is the first frame's, several are named like their frames


def mask_files(masks: Masks) -> tuple[Path, ...]:
    """The files of masks given as one path, several, or none.

    >>> mask_files("00000.png")[0].name, mask_files(None)
    ('00000.png', ())
    """
    return tuple(map(Path, [masks] if isinstance(masks, str | Path) else masks or ()))


def by_frame(files: Sequence[Path], names: Sequence[str]) -> dict[int, Path]:
    """The mask of each annotated frame.

    A single one belongs to the first frame, whatever its name; of several, each is named like its frame.

    Raises: DataError for a name that no frame has, two masks of one frame, or none of the first.
    Source: own convention, the file names of DAVIS.
    >>> by_frame([Path("bear.png")], ["00000", "00001"]) == {0: Path("bear.png")}
    True
    >>> list(by_frame([Path("00001.png"), Path("00000.png")], ["00000", "00001"]))
    [0, 1]
    """
    if len(files) <= 1:
        return dict(enumerate(files))
    number = {name: t for t, name in enumerate(names)}
    odd = next((file for file in files if file.stem not in number), None)
    if odd is not None:
        raise _misnamed(odd.name, names, "rename it after its frame")
    found = {number[file.stem]: file for file in files}
    if len(found) < len(files):
        raise _misnamed(f"{len(files)} masks of {len(found)} frames", names, "leave out all but one mask of a frame")
    if 0 not in found:
        raise _misnamed(f"none of {names[0]}", names, f"--mask {names[0]}.png as well: a video is read from its start")
    return dict(sorted(found.items()))


def read_masks(files: Mapping[int, Path], size: tuple[int, int], name: str) -> dict[int, np.ndarray]:
    """The ids of each annotated frame. Where the first mask is painted with 255 alone, 255 is object 1 in all of them; else it is void.

    Shapes: size (H,W) of the frames -> uint8 (H,W).
    Raises: DataError for a mask of another size, or a first one without an object.
    Source: own convention.
    """
    ids = {t: read_ids(file) for t, file in files.items()}
    for t, mask in ids.items():
        if mask.shape != size:
            raise DataError(
                expected=f"a mask of {size[1]}x{size[0]}, like the frames of {name}",
                got=f"{mask.shape[1]}x{mask.shape[0]} in {files[t]}",
                try_this="resize the mask with nearest neighbours, so that no id is blended",
            )
    if ids and set(np.unique(ids[0]).tolist()) <= {0, VOID}:  # painted black and white; void alone would be no mask
        ids = {t: np.where(mask == VOID, 1, mask).astype(np.uint8) for t, mask in ids.items()}
    if ids and not ids[0].any():
        raise DataError(
            expected=f"at least one object in {files[0]}",
            got="background only",
            try_this="paint the object with 1 or with 255",
        )
    return ids


def with_masks(frames: Iterable[Tensor], ids: Mapping[int, np.ndarray]) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Each frame with its mask as int64, or None where it has none.

    Shapes: frames uint8 (3,H,W), ids uint8 (H,W).
    >>> [mask for _, mask in with_masks(torch.zeros(2, 3, 1, 1), {1: np.ones((1, 1), np.uint8)})]
    [None, tensor([[1]])]
    """
    for t, frame in enumerate(frames):
        yield frame, torch.from_numpy(ids[t]).long() if t in ids else None


def _misnamed(got: str, names: Sequence[str], try_this: str) -> DataError:
    return DataError(
        expected=f"masks named like their frames, {names[0]}.png to {names[-1]}.png, the first among them",
        got=got,
        try_this=try_this,
    )
