"""Your own video: a file, or a folder of pictures, with a mask for the first frame where there is one.

A video file is read with PyAV (the extra `video`), which is imported when the first file is opened. Every stored frame comes once, in
the order of display, as it lies in the file: a variable frame rate drops and doubles nothing, and `fps` is then the average. A phone
that was held upright stores its pictures lying down and a note to turn them; they are turned by quarter turns.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import FrameSource
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ids import VOID
from vostutor.data.frames import of_one_size, read_frame
from vostutor.data.palette import read_ids

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm")


def open_source(path: str | Path, first_mask: str | Path | None = None) -> FrameSource:
    """A video file or a folder of pictures as a FrameSource, the mask told at the first frame.

    The mask is a PNG of ids with a palette, or one of 0 and 255, where 255 is then object 1.

    Shapes: frames uint8 (3,H,W) RGB, the first with ids int64 (H,W) if a mask was given.
    Raises: DataError for what is missing, damaged, no video or of another size; SettingsError where PyAV is not installed.
    Source: own convention.
    >>> open_source("holiday.mp4")
    Traceback (most recent call last):
    vostutor.core.errors.DataError: expected  a video file or a folder of pictures
    got       nothing at holiday.mp4
    try       check the path
    """
    path = Path(path)
    if path.is_dir():
        return FolderSource(path, first_mask)
    if not path.exists() or path.suffix.lower() in PICTURES:
        raise DataError(
            expected="a video file or a folder of pictures",
            got=f"a single picture {path}" if path.exists() else f"nothing at {path}",
            try_this=f"open_source({str(path.parent)!r}) for all pictures of its folder"
            if path.exists()
            else "check the path",
        )
    return VideoSource(path, first_mask)


class FolderSource:
    """The pictures of a folder as a FrameSource, `2.jpg` before `10.jpg`. A mask that lies among them is no frame.

    Raises: DataError for a folder without pictures, pictures of several sizes, or a mask that does not fit.
    Source: own convention.
    """

    def __init__(self, path: str | Path, first_mask: str | Path | None = None, fps: float = 24.0):
        self.path, self.name, self.fps = Path(path), Path(path).name, fps
        self.frames = _pictures_in(self.path, without=first_mask)
        self.size = tuple(read_frame(self.frames[0]).shape[-2:])
        self.first_ids = None if first_mask is None else _read_first_mask(first_mask, self.size, self.name)

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        frames = of_one_size(map(read_frame, self.frames), self.size, self.name)
        return _with_first_mask(frames, self.first_ids)

    def __repr__(self) -> str:
        return f"FolderSource({self.name!r}, {len(self)} frames {self.size[0]}x{self.size[1]})"


class VideoSource:
    """A video file as a FrameSource. It is decoded anew at each pass, one frame at a time.

    Raises: DataError for a file without video, a damaged one or a mask that does not fit; SettingsError without PyAV.
    Source: PyAV, i.e. the FFmpeg libraries.
    """

    def __init__(self, path: str | Path, first_mask: str | Path | None = None):
        self.path, self.name = Path(path), Path(path).stem
        self.fps = 24.0  # for the rare file that tells none
        first = next(self._decode(), None)
        if first is None:
            raise _unreadable(self.path, "no frame")
        self.size = tuple(first.shape[-2:])
        self.first_ids = None if first_mask is None else _read_first_mask(first_mask, self.size, self.name)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        return _with_first_mask(of_one_size(self._decode(), self.size, self.name), self.first_ids)

    def _decode(self) -> Iterator[Tensor]:
        av = _pyav()
        count, ends = 0, 0.0
        try:
            with av.open(str(self.path)) as container:
                stream = _video_stream(container, self.path)
                self.fps = float(stream.average_rate or stream.guessed_rate or self.fps)
                to_rgb = av.video.reformatter.VideoReformatter()  # one for all frames: each holds megabytes of tables
                for frame in container.decode(stream):
                    count, ends = count + 1, (frame.time or 0.0) + 1 / self.fps
                    yield _upright(to_rgb.reformat(frame, format="rgb24").to_ndarray(), frame.rotation)
                about, promised = _promised(container, stream, self.fps, ends)
        except av.error.FFmpegError as error:
            raise _unreadable(self.path, f"{error.strerror} after {count} frames") from None
        if count < promised:  # a trimmed clip and one that was cut off in copying look the same from here
            warnings.warn(f"{self.path.name} says it has {about}{promised} frames, {count} could be read", stacklevel=2)

    def __repr__(self) -> str:
        return f"VideoSource({self.name!r}, {self.size[0]}x{self.size[1]}, {self.fps:.4g} frames a second)"


def _pyav():
    try:
        import av
        import av.video.reformatter
    except ImportError:
        raise SettingsError(
            expected="PyAV, which reads video files",
            got="an installation without it",
            try_this="pip install 'vostutor[video]', or a folder of pictures instead of a file",
        ) from None
    return av


def _video_stream(container, path: Path):
    stream = container.streams.best("video")
    if stream is None or container.format.name == "tty":  # FFmpeg would draw a text file as a terminal
        raise _unreadable(path, "no video in it")
    stream.thread_type = "AUTO"
    return stream


def _promised(container, stream, fps: float, ends: float) -> tuple[str, int]:
    """How many frames the file says it has; Matroska counts none and tells a length, which is held against the last frame's end."""
    if stream.frames or not container.duration:
        return "", stream.frames
    seconds = container.duration / 1e6
    slack = 1 / fps if len(container.streams) == 1 else max(1 / fps, 0.25)  # sound may last a little longer
    return "about ", round(seconds * fps) if seconds - ends > slack else 0


def _unreadable(path: Path, got: str) -> DataError:
    return DataError(
        expected=f"a video in {path}", got=got, try_this="play it in a video player; copy it again if that fails too"
    )


def _upright(image: np.ndarray, degrees: int) -> Tensor:
    """The picture turned counterclockwise, (H,W,3) -> (3,H,W)."""
    quarters = round(degrees / 90) % 4
    if quarters:
        image = np.ascontiguousarray(np.rot90(image, quarters))
    return torch.from_numpy(image).permute(2, 0, 1)


def _with_first_mask(frames: Iterable[Tensor], ids: Tensor | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    for frame in frames:
        yield frame, ids
        ids = None


def _pictures_in(folder: Path, without: str | Path | None) -> tuple[Path, ...]:
    mask = None if without is None else Path(without).resolve()
    files = list(folder.iterdir()) if folder.is_dir() else []
    seen = (path for path in files if not path.name.startswith(".") and path.resolve() != mask)
    pictures = [path for path in seen if path.suffix.lower() in PICTURES]
    if not pictures:
        raise DataError(
            expected=f"pictures ({', '.join(PICTURES)}) in {folder}",
            got=f"{len(files)} other files and folders" if files else "nothing",
            try_this="the folder that holds the pictures themselves",
        )
    return tuple(sorted(pictures, key=lambda path: (_natural(path.name), path.name)))


def _natural(name: str) -> list[str | int]:
    """What to sort by so that 2 comes before 10: text and numbers by turns."""
    return [int(part) if i % 2 else part.lower() for i, part in enumerate(re.split(r"(\d+)", name))]


def _read_first_mask(path: str | Path, size: tuple[int, int], name: str) -> Tensor:
    ids = read_ids(path)
    if set(np.unique(ids).tolist()) <= {0, VOID}:  # painted black and white; void alone would be no mask
        ids = (ids == VOID).astype(np.uint8)
    if ids.shape != size:
        raise DataError(
            expected=f"a mask of {size[1]}x{size[0]}, like the frames of {name}",
            got=f"{ids.shape[1]}x{ids.shape[0]} in {path}",
            try_this="resize the mask with nearest neighbours, so that no id is blended",
        )
    if not ids.any():
        raise DataError(
            expected=f"at least one object in {path}",
            got="background only",
            try_this="paint the object with 1 or with 255",
        )
    return torch.from_numpy(ids).long()
