"""Pools of training clips that are drawn once and then lie on disk, so that a lesson does not draw the same clips twice.

A pool's place is the hash of what decides its content: the generator's fingerprint, the libraries it draws with, and the arguments. It
appears whole or not at all, is read without being copied into memory, and makes room when all pools together take more than LIMIT.

Reading order: Pool, clip_pool, kept_pool, which keeps any clips, make_room.

Letters: N clips, T frames, H rows, W columns.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import torch
from torch import Tensor

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.data.freeze import fingerprint
from vostutor.data.minivos import CURRICULUM, check_settings, draw_clip, draw_training_clip

LIMIT = 2_000_000_000  # bytes that all pools of a folder may take together
INDEX, DRAWING = "pool.json", ".drawing-"
ABANDONED = 24 * 3600  # seconds after which a half-drawn pool belongs to a process that is gone


@dataclass(frozen=True, eq=False, repr=False)
class Pool:
    """Clips of one size and length, one after the other.

    Shapes: frames uint8 (N,T,3,H,W) RGB; ids uint8 (N,T,H,W), 0 background; flow float32 (N,T-1,2,H,W) and occluded bool
    (N,T-1,H,W), or None; labels one a clip. Tensors show the files: writing to them changes memory only, never the pool on disk.
    """

    frames: Tensor
    ids: Tensor
    labels: tuple[str, ...]
    flow: Tensor | None = None
    occluded: Tensor | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        clips, frames, _, height, width = self.frames.shape
        return f"Pool({clips} clips of {frames} frames {height}x{width}, {'with' if self.flow is not None else 'without'} flow)"


def clip_pool(
    clips: int,
    *,
    seed: int = 0,
    frames: int = 8,
    size: tuple[int, int] = (96, 160),
    progress: float = 0.5,
    labels: Sequence[str] | None = None,
    flow: bool = False,
    folder: str | Path | None = None,
    report: Callable[[str], None] | None = None,
) -> Pool:
    """Clips with the seeds seed, seed+1, ...: of what the curriculum shows at `progress`, or of `labels` in turn.

    Drawn on the first call, read from `folder` on later ones (by default a folder of the user's cache). `report` is told when and how
    far it draws; `report=print` will do.

    Raises: SettingsError for what cannot be drawn; DataError when the folder cannot be written.
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pool = clip_pool(2, frames=2, size=(48, 80), folder=folder, report=print)
    ...     clip_pool(2, frames=2, size=(48, 80), folder=folder, report=print)
    drawing 2 clips of minivos
    Pool(2 clips of 2 frames 48x80, without flow)
    """
    labels = _checked(clips, progress, labels)
    for label in labels or ["plain"]:
        check_settings(label, seed, size, frames)
    stage = None if labels else max(start for start in CURRICULUM if start <= progress)
    how = {"frames": int(frames), "size": [int(n) for n in size], "flow": bool(flow)}
    wanted = {"fingerprint": fingerprint(), "seed": int(seed), "stage": stage, "labels": labels} | how
    drawn = _drawn(clips, seed, stage, labels, how, report or (lambda line: None))
    return kept_pool(wanted, int(clips), drawn, pools_folder() if folder is None else Path(folder))


def kept_pool(wanted: dict, clips: int, drawn: Iterable[Clip], folder: Path) -> Pool:
    """The pool of so many clips that `wanted` decides, as JSON: read from the folder, or drawn and kept there.

    `drawn` is asked for clips only where the folder has none. Other versions of the libraries may draw other pixels: the key names them.

    Raises: DataError when the folder cannot be written.
    """
    wanted = wanted | {"clips": clips, "libraries": libraries()}
    place = folder / hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:32]
    found = _read(place)
    if found is not None:
        return found
    with _writable(folder):
        _draw(place, wanted, drawn)
        make_room(folder, keep=place)
    found = _read(place)
    assert found is not None, f"the pool {place} vanished between writing and reading"
    return found


def libraries() -> dict[str, str]:
    """The versions of what clips are drawn with: OpenCV resamples, blurs and encodes, numpy draws the random numbers.

    >>> sorted(libraries())
    ['cv2', 'numpy']
    """
    return {"cv2": cv2.__version__, "numpy": np.__version__}


def pools_folder() -> Path:
    """Where pools lie unless told otherwise: vostutor/pools in XDG_CACHE_HOME or ~/.cache."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "vostutor" / "pools"


def make_room(folder: Path, keep: Path | None = None, limit: int | None = None) -> None:
    """Remove the pools that were used longest ago until all together take at most `limit` bytes; `keep` stays in any case."""
    for half in folder.glob(f"{DRAWING}*"):
        with contextlib.suppress(OSError):
            if time.time() - half.stat().st_mtime > ABANDONED:
                shutil.rmtree(half, ignore_errors=True)
    pools = [index.parent for index in folder.glob(f"*/{INDEX}")]
    total, limit = 0, LIMIT if limit is None else limit
    for place in sorted(pools, key=lambda place: (place == keep, _last_used(place)), reverse=True):
        total += _weight(place)
        if total > limit and place != keep:
            shutil.rmtree(place, ignore_errors=True)


def _checked(clips: int, progress: float, labels: Sequence[str] | None) -> list[str] | None:
    if not isinstance(clips, int | np.integer) or clips < 1:
        raise SettingsError(expected="a number of clips from 1 on", got=repr(clips), try_this="clip_pool(300)")
    if not isinstance(progress, int | float) or not 0 <= progress <= 1:
        raise SettingsError(expected="progress from 0 to 1", got=repr(progress), try_this="progress=0.5")
    if labels is not None and (not isinstance(labels, list | tuple) or not labels):
        raise SettingsError(
            expected="labels in a list, or None", got=repr(labels), try_this='labels=["plain", "occlusion"]'
        )
    return None if labels is None else list(labels)


def _drawn(clips: int, seed: int, stage: float | None, labels: list[str] | None, how: dict, report) -> Iterable[Clip]:
    report(f"drawing {clips} clips of minivos")
    for k in range(clips):
        if labels:
            yield draw_clip(labels[k % len(labels)], seed + k, **how)
        else:
            yield draw_training_clip(seed + k, progress=stage, **how)
        if (k + 1) % 50 == 0 and k + 1 < clips:
            report(f"drawn {k + 1} of {clips} clips")


def _draw(place: Path, wanted: dict, clips: Iterable[Clip]) -> None:
    """Write clips as they come to a folder beside the pool's place, then rename it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=place.parent, prefix=DRAWING))
    try:
        labels, outs = [], {}
        with contextlib.ExitStack() as files:
            for clip in clips:
                arrays = _arrays(clip)
                for name, array in arrays.items():
                    if name not in outs:
                        outs[name] = files.enter_context(_npy(half / f"{name}.npy", wanted["clips"], array))
                    outs[name].write(array.tobytes())
                labels += clip.labels
        sizes = {name: (half / f"{name}.npy").stat().st_size for name in outs}
        (half / INDEX).write_text(json.dumps(wanted | {"drawn": labels, "bytes": sizes}, indent=1) + "\n")
        _publish(half, place)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _arrays(clip: Clip) -> dict[str, np.ndarray]:
    arrays = {"frames": clip.frames.numpy(), "ids": clip.ids.numpy().astype(np.uint8)}
    if clip.flow_fwd is not None:
        arrays |= {"flow": clip.flow_fwd.numpy(), "occluded": clip.occluded.numpy()}
    return arrays


@contextlib.contextmanager
def _npy(path: Path, clips: int, first: np.ndarray) -> Iterator[BinaryIO]:
    """A file for that many arrays like the first, written one after the other: a full disk is an error, not a dead process."""
    descr, shape = np.lib.format.dtype_to_descr(first.dtype), (clips, *first.shape)
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
        yield file


def _publish(half: Path, place: Path) -> None:
    """Give the finished pool its name; where another process was faster, its pool stays, and where a damaged one lies, it goes."""
    trash = Path(tempfile.mkdtemp(dir=place.parent, prefix=DRAWING))
    try:
        for _ in range(3):
            with contextlib.suppress(OSError):
                half.rename(place)
                return
            if _read(place) is not None:
                return
            with contextlib.suppress(OSError):  # another process may be doing the same
                place.rename(trash / "damaged")
        raise OSError(f"{place} cannot be replaced")
    finally:
        shutil.rmtree(trash, ignore_errors=True)


def _read(place: Path) -> Pool | None:
    """The pool that lies there, now the last used one; None where there is none or a part of it is missing."""
    try:
        index = json.loads((place / INDEX).read_text())
        arrays = {name: _shown(place / f"{name}.npy", size) for name, size in index["bytes"].items()}
        pool = Pool(labels=tuple(index["drawn"]), **arrays)
        os.utime(place / INDEX)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return pool if len(pool) == len(pool.ids) == len(pool.labels) == index["clips"] else None


def _shown(path: Path, size: int) -> Tensor:
    if path.stat().st_size != size:
        raise ValueError(f"{path} has not the size it was written with")
    return torch.from_numpy(np.load(path, mmap_mode="c"))  # copy on write: whoever writes to it changes no file


def _last_used(place: Path) -> int:
    with contextlib.suppress(OSError):  # another process may have removed it
        return (place / INDEX).stat().st_mtime_ns
    return 0


def _weight(place: Path) -> int:
    total = 0
    for file in place.glob("*"):
        with contextlib.suppress(OSError):
            total += file.stat().st_size
    return total


@contextlib.contextmanager
def _writable(folder: Path):
    try:
        yield
    except OSError as error:
        raise DataError(
            expected=f"a folder for pools of clips that can be written: {folder}",
            got=str(error),
            try_this="clip_pool(..., folder=...) somewhere else, or set XDG_CACHE_HOME",
        ) from error
