"""Your own video: a file, or a folder of pictures, with a mask for the first frame, or for several, where there are such.

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
from vostutor.core.errors import DataError
from vostutor.data.frames import of_one_size, read_frame
from vostutor.data.pyav import pyav
from vostutor.data.told import Masks, by_frame, mask_files, read_masks, with_masks

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm")


def open_source(path: str | Path, masks: Masks = None) -> FrameSource:
    """A video file or a folder of pictures as a FrameSource, the mask told at the first frame.

    The mask is a PNG of ids with a palette, or one of 0 and 255, where 255 is then object 1. Several masks are named like their frames:
    the pictures of the folder, or 00000.png, 00001.png, ... for a video file.

    Shapes: frames uint8 (3,H,W) RGB, the annotated ones with ids int64 (H,W).
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
        return FolderSource(path, masks)
    if not path.exists() or path.suffix.lower() in PICTURES:
        raise DataError(
            expected="a video file or a folder of pictures",
            got=f"a single picture {path}" if path.exists() else f"nothing at {path}",
            try_this=f"open_source({str(path.parent)!r}) for all pictures of its folder"
            if path.exists()
            else "check the path",
        )
    return VideoSource(path, masks)


class FolderSource:
    """The pictures of a folder as a FrameSource, `2.jpg` before `10.jpg`. Masks that lie among them are no frames.

    Raises: DataError for a folder without pictures, pictures of several sizes, or a mask that does not fit.
    Source: own convention.
    """

    def __init__(self, path: str | Path, masks: Masks = None, fps: float = 24.0):
        self.path, self.name, self.fps = Path(path), Path(path).absolute().name, fps
        self.frames = _pictures_in(self.path, without=mask_files(masks))
        self.size = tuple(read_frame(self.frames[0]).shape[-2:])
        told = by_frame(mask_files(masks), [frame.stem for frame in self.frames])
        self.told = read_masks(told, self.size, self.name)

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        frames = of_one_size(map(read_frame, self.frames), self.size, self.name)
        return with_masks(frames, self.told)

    def __repr__(self) -> str:
        return f"FolderSource({self.name!r}, {len(self)} frames {self.size[0]}x{self.size[1]})"


class VideoSource:
    """A video file as a FrameSource. It is decoded anew at each pass, one frame at a time.

    operator.length_hint(source) is the number of frames that the file says it has, 0 where it says none.

    Raises: DataError for a file without video, a damaged one or a mask that does not fit; SettingsError without PyAV.
    Source: PyAV, i.e. the FFmpeg libraries.
    """

    def __init__(self, path: str | Path, masks: Masks = None):
        self.path, self.name = Path(path), Path(path).stem
        self.fps, self._length = 24.0, 0  # for the rare file that tells none
        first = next(self._decode(), None)
        if first is None:
            raise _unreadable(self.path, "no frame")
        self.size = tuple(first.shape[-2:])
        files = mask_files(masks)
        numbers = range(self._count() if len(files) > 1 else 1)  # counting reads the whole file
        self.told = read_masks(by_frame(files, [f"{t:05d}" for t in numbers]), self.size, self.name)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        return with_masks(of_one_size(self._decode(), self.size, self.name), self.told)

    def __length_hint__(self) -> int:
        return self._length

    def _count(self) -> int:
        """The number of frames, by the packets that they come in, without decoding them."""
        av = pyav()
        try:
            with av.open(str(self.path)) as container:
                return sum(packet.size > 0 for packet in container.demux(_video_stream(container, self.path)))
        except av.error.FFmpegError as error:
            raise _unreadable(self.path, error.strerror) from None

    def _decode(self) -> Iterator[Tensor]:
        av = pyav()
        count, ends = 0, 0.0
        try:
            with av.open(str(self.path)) as container:
                stream = _video_stream(container, self.path)
                self.fps = float(stream.average_rate or stream.guessed_rate or self.fps)
                self._length = stream.frames or round((container.duration or 0) / 1e6 * self.fps)
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


def _pictures_in(folder: Path, without: Iterable[Path]) -> tuple[Path, ...]:
    masks = {mask.resolve() for mask in without}
    files = list(folder.iterdir()) if folder.is_dir() else []
    seen = (path for path in files if not path.name.startswith(".") and path.resolve() not in masks)
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
