"""From a video to results: a mask of every frame as a PNG, and a film with the masks painted over the frames.

One frame at a time is in memory, and nothing is seen in the folder before everything is there.
Letters: T frames, H rows, W columns.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from torch import Tensor

from vostutor.core.clip import FrameSource, Segmenter
from vostutor.core.errors import DataError
from vostutor.core.files import UNFINISHED, whole_folder, write_atomically
from vostutor.data.palette import write_ids
from vostutor.data.video_writer import VideoWriter
from vostutor.engine.infer import predict
from vostutor.viz.draw import draw_masks

OVERLAY, RECORD = "overlay.mp4", "segment.json"


class Segmented(NamedTuple):
    """What a run was. Units: seconds of wall time for all frames, with reading and writing, and those that the system took of them."""

    frames: int
    seconds: float
    system_seconds: float


def segment_video(
    system: Segmenter,
    source: FrameSource,
    out: str | Path,
    *,
    device: str = "cpu",
    overwrite: bool = False,
    record: Mapping[str, object] | None = None,
    progress: Callable[[int], None] = lambda frames: None,
) -> Segmented:
    """Fill a folder with one palette PNG a frame, named like its picture or 00000, 00001, ..., with overlay.mp4 and segment.json.

    segment.json holds `record` and what was measured. `progress` is told the number of frames after each.

    Raises: DataError for an output folder with something in it, or one that cannot be written; what `predict` and the source raise.
        The folder is then as it was before.
    >>> import tempfile, torch
    >>> from vostutor.core import Clip
    >>> from vostutor.models import CopyFirstMask
    >>> clip = Clip(torch.zeros(3, 3, 16, 16, dtype=torch.uint8), torch.eye(16).long().expand(3, 16, 16))
    >>> out = Path(tempfile.mkdtemp())
    >>> segment_video(CopyFirstMask(), clip.source_of(), out).frames
    3
    >>> sorted(path.name for path in out.iterdir())
    ['00000.png', '00001.png', '00002.png', 'overlay.mp4', 'segment.json']
    """
    earlier, names = checked_output(out, overwrite), frame_names(source)
    try:
        with whole_folder(out, replacing=earlier) as folder:
            run = _write(system, source, folder, names, device, progress)
            write_atomically(folder / RECORD, json.dumps({**(record or {}), **_measured(run)}, indent=1) + "\n")
    except OSError as error:  # PyAV's too, for a disk that is full
        raise DataError(
            expected=f"room and the right to write in {out}",
            got=error.strerror or str(error),
            try_this="another folder, or make room on the disk",
        ) from error
    return run


def checked_output(out: str | Path, overwrite: bool = False) -> list[Path]:
    """The files that make room in an output folder: those of an earlier run with `overwrite`, none otherwise.

    Raises: DataError for a folder that holds anything, or with `overwrite` anything but one whole earlier run: its segment.json says
        how many masks there are.
    """
    out = Path(out)
    there = sorted(path for path in out.iterdir() if path.name != UNFINISHED) if out.is_dir() else []
    if out.exists() and not out.is_dir():
        raise DataError(expected=f"a folder {out}", got="a file", try_this="another name for the results")
    if there and not overwrite:
        raise DataError(
            expected=f"an empty folder {out}, or none yet",
            got=f"{len(there)} files, among them {there[0].name}",
            try_this="another folder, or --overwrite where these are results of an earlier run",
        )
    if there and not _is_a_run(out, there):
        raise DataError(
            expected=f"nothing in {out} but one earlier run: its masks, {OVERLAY} and {RECORD}",
            got=f"{len(there)} files, among them {there[0].name}",
            try_this="another folder, or move away what is not to be lost",
        )
    return there


def frame_names(source: FrameSource) -> Iterator[str]:
    """A name for each frame: that of its picture where the source has pictures, a number otherwise.

    Raises: DataError for two pictures of one name.
    """
    frames = getattr(source, "frames", None)
    if frames is None:
        return (f"{t:05d}" for t in count())
    seen: dict[str, Path] = {}
    for path in map(Path, frames):
        twin = seen.setdefault(path.stem, path)
        if twin != path:
            raise DataError(
                expected=f"pictures of different names in {source.name}, since results are named like them",
                got=f"{twin.name} and {path.name}",
                try_this="move one of them away; a mask among the pictures is named with --mask",
            )
    return iter(seen)


class _Window:
    """A source through which one frame can be looked at: the one that was handed out last."""

    def __init__(self, source: FrameSource):
        self.source, self.name, self.fps = source, source.name, source.fps
        self.frame: Tensor | None = None

    @property
    def size(self) -> tuple[int, int]:
        return self.source.size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        for frame, ids in self.source:
            self.frame = frame
            yield frame, ids


def _write(system, source, folder: Path, names: Iterator[str], device: str, progress) -> Segmented:
    window, started, spent, frames = _Window(source), perf_counter(), 0.0, 0
    with VideoWriter(folder / OVERLAY, fps=source.fps) as overlay:
        for prediction, name in zip(predict(system, window, device=device), names, strict=False):  # numbers never end
            write_ids(folder / f"{name}.png", prediction.ids)
            overlay.write(draw_masks(window.frame, prediction.ids))
            frames, spent = frames + 1, spent + prediction.seconds
            progress(frames)
    return Segmented(frames, perf_counter() - started, spent)


def _measured(run: Segmented) -> dict[str, float]:
    return {
        "frames": run.frames,
        "seconds_per_frame": round(run.seconds / run.frames, 4),
        "system_seconds_per_frame": round(run.system_seconds / run.frames, 4),
    }


def _is_a_run(out: Path, there: list[Path]) -> bool:
    masks = [path for path in there if path.suffix == ".png"]
    try:
        told = json.loads((out / RECORD).read_text())["frames"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return len(masks) == told and {path.name for path in there} - {path.name for path in masks} == {OVERLAY, RECORD}
