"""One picture from disk as a frame."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from vostutor.core.errors import DataError


def read_frame(path: str | Path) -> Tensor:
    """The picture in a file as an RGB frame; orientation tags are obeyed, grey becomes RGB, transparency is dropped.

    Shapes: -> uint8 (3,H,W). Rows lie in memory as decoded, colours interleaved: `.contiguous()` sorts them where that matters.
    Raises: DataError for a file that is missing, empty, cut short or no picture.
    Source: OpenCV's decoders.
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = cv2.imwrite(f"{folder}/red.png", np.full((4, 6, 3), (0, 0, 200), np.uint8))    # OpenCV writes BGR
    ...     read_frame(f"{folder}/red.png")[:, 0, 0]
    tensor([200,   0,   0], dtype=torch.uint8)
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise DataError(
            expected=f"a picture {path}",
            got=error.strerror or str(error),
            try_this="check the path, or copy the file again",
        ) from None
    # From memory and not by imread: a JPEG that was cut short is then refused instead of ending in grey.
    image = _decode(raw)
    if image is None:
        raise DataError(
            expected=f"a whole picture in {path}",
            got="an empty file" if not raw else f"{len(raw)} bytes that OpenCV cannot decode",
            try_this="copy the file again; open it in an image viewer to see whether it is damaged",
        )
    return torch.from_numpy(image).permute(2, 0, 1)


def of_one_size(frames: Iterable[Tensor], size: tuple[int, int], name: str) -> Iterable[Tensor]:
    """The same frames, one after the other, after a look at each one's size.

    Shapes: frames uint8 (3,H,W) -> the same.
    Raises: DataError for the first frame of another size.
    Source: own convention; a video has one size.
    >>> [frame.shape for frame in of_one_size([torch.zeros(3, 2, 4)], (2, 4), "clip")]
    [torch.Size([3, 2, 4])]
    """
    for t, frame in enumerate(frames):
        if tuple(frame.shape[-2:]) != size:
            raise DataError(
                expected=f"every frame of {name} {size[1]}x{size[0]}, like the first",
                got=f"{frame.shape[-1]}x{frame.shape[-2]} at frame {t}",
                try_this="keep pictures of one size in a folder; resize or remove the others",
            )
        yield frame


def _decode(raw: bytes) -> np.ndarray | None:
    if not raw:
        return None
    try:
        return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:  # e.g. a header that promises more pixels than OpenCV allows
        return None
