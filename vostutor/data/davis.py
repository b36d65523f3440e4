"""DAVIS as it lies on disk: pictures, masks and lists of sequences, read one frame at a time.

    ROOT/JPEGImages/480p/SEQ/00000.jpg ...      or without the 480p folder
    ROOT/Annotations/480p/SEQ/00000.png ...     2017 unsupervised: Annotations_unsupervised
    ROOT/ImageSets/2017/val.txt ...             or ImageSets/val.txt

[2016] F. Perazzi et al.: A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation. CVPR 2016.
[2017] J. Pont-Tuset et al.: The 2017 DAVIS Challenge on Video Object Segmentation. arXiv 1704.00675.
[2019] S. Caelles et al.: The 2019 DAVIS Challenge on VOS: Unsupervised Multi-Object Segmentation. arXiv 1905.00737.

The value 255 means two things. In the masks of [2016] it is the object, all of it, against 0; in those of [2019] it is void, a place
that nobody is asked about. A single mask cannot tell which, so the year is an argument; and where a mask read as 2017 holds 255 and
no object at all, the reader stops and asks instead of losing the object without a word.

This file imports no torch, so that listing and scoring start fast; frames and masks become tensors when they are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from vostutor.core.errors import DataError, SettingsError
from vostutor.core.ids import VOID
from vostutor.data.palette import read_ids

if TYPE_CHECKING:
    from torch import Tensor


class DavisRoot:
    """A folder in DAVIS layout, of either year and task.

    `year=2016` takes everything that is not background as object 1. `task="unsupervised"` reads Annotations_unsupervised and tells
    no mask unless asked to.

    Raises: DataError for a folder that is not in this layout, SettingsError for a year or task that does not exist.
    Source: the releases of [2016], [2017] and [2019].
    >>> from vostutor.data import home
    >>> root = DavisRoot(home() / "minivos")
    >>> frame, ids = next(iter(root.sequence(root.sequences("val")[0])))
    >>> frame.shape, ids.shape
    (torch.Size([3, 96, 160]), torch.Size([96, 160]))
    """

    def __init__(
        self,
        root: str | Path,
        *,
        task: Literal["semi-supervised", "unsupervised"] = "semi-supervised",
        year: Literal[2016, 2017] = 2017,
        resolution: str = "480p",
    ):
        if task not in ("semi-supervised", "unsupervised") or year not in (2016, 2017):
            raise SettingsError(
                expected="task 'semi-supervised' or 'unsupervised', year 2016 or 2017",
                got=f"task={task!r}, year={year!r}",
                try_this="DavisRoot(root, year=2016) for one object a sequence, 2017 for several",
            )
        self.root, self.task, self.year, self.resolution = Path(root), task, year, resolution
        own_masks = task == "unsupervised" and year == 2017
        self._frames = _folder_of_sequences(self.root, "JPEGImages", resolution)
        self._masks = _folder_of_sequences(
            self.root, "Annotations_unsupervised" if own_masks else "Annotations", resolution
        )

    def sequences(self, subset: str | None = None) -> tuple[str, ...]:
        """The names of all sequences, or of those in a list such as "val".

        Raises: DataError for a list that does not exist.
        Source: the text files in ImageSets.
        """
        if subset is None:
            return tuple(folder.name for folder in _visible(self._frames) if folder.is_dir())
        return _names_in(_find_list(self.root / "ImageSets", subset, (str(self.year), self.resolution, "")))

    def sequence(self, name: str, known: Sequence[int] | None = None) -> "DavisSequence":
        """One sequence as a FrameSource that tells the masks of the frames in `known`.

        Left out, `known` is the task's own rule: the first frame, or no frame at all for the unsupervised task. A sequence whose only
        mask is the first, as in the test sets, can be read but has no `truth()`.

        Raises: DataError for an unknown name, missing masks or frames, or a frame number beyond the end.
        Source: the protocol of [2017] and [2019].
        """
        frames, masks = self._files(self._frames, name, "jpg"), self._files(self._masks, name, "png")
        masks = _pair(frames, masks, self._masks / name)
        if known is None:
            known = () if self.task == "unsupervised" else (0,)
        with_mask = [t for t, mask in enumerate(masks) if mask]
        if not set(known) <= set(with_mask):
            raise DataError(
                expected=f"known frames among those of {name} with a mask, {with_mask[0]} to {with_mask[-1]}",
                got=f"known={tuple(known)}",
                try_this="known=(0,) tells the first mask",
            )
        return DavisSequence(name, frames, masks, tuple(known), self.task, self.year)

    def _files(self, folder: Path, name: str, kind: str) -> tuple[Path, ...]:
        files = tuple(path for path in _visible(folder / name) if path.suffix.lower() in _SUFFIXES[kind])
        if not files:
            there = [path.name for path in _visible(folder)]
            close = [] if name in there else get_close_matches(name, there, n=3)
            raise DataError(
                expected=f"a sequence with {kind} files in {folder.relative_to(self.root)}",
                got=f"{name!r}, which is {'empty' if name in there else 'not there'}",
                try_this=f"did you mean {' or '.join(close)}?" if close else "DavisRoot(root).sequences()",
            )
        return files

    def __repr__(self) -> str:
        return f"DavisRoot({str(self.root)!r}, task={self.task!r}, year={self.year}, {len(self.sequences())} sequences)"


@dataclass(frozen=True)
class DavisSequence:
    """One sequence as a FrameSource: it can be read again and again and holds one frame at a time.

    masks[t] belongs to frames[t]; it is None in a test set, which keeps all masks but the first to itself.
    """

    name: str
    frames: tuple[Path, ...]
    masks: tuple[Path | None, ...]
    known: tuple[int, ...] = (0,)
    task: str = "semi-supervised"
    year: int = 2017
    fps: float = 24.0  # all of DAVIS was filmed or resampled at 24

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def size(self) -> tuple[int, int]:
        """(H, W) of the first frame, which all others have to have."""
        from vostutor.data.frames import read_frame

        return tuple(read_frame(self.frames[0]).shape[-2:])

    def __iter__(self) -> "Iterator[tuple[Tensor, Tensor | None]]":
        from vostutor.data.frames import of_one_size, read_frame

        frames = of_one_size(map(read_frame, self.frames), self.size, self.name)
        for t, frame in enumerate(frames):
            yield frame, (self._ids(self.masks[t]) if t in self.known else None)

    def truth(self) -> "Iterator[Tensor]":
        """The masks of all frames, one after the other.

        Shapes: int64 (H,W) each, 0 background, 255 void.
        Raises: DataError for a sequence of which only the first mask is public.
        """
        if None in self.masks:
            raise DataError(
                expected=f"{len(self.frames)} masks of {self.name}",
                got="the first one only, as in a test set",
                try_this="a sequence of the train or val list",
            )
        yield from map(self._ids, self.masks)

    def _ids(self, path: Path) -> "Tensor":
        import torch

        ids = read_ids(path)
        if ids.shape != self.size:
            raise DataError(
                expected=f"a mask of {self.size[1]}x{self.size[0]} like the frames of {self.name}",
                got=f"{ids.shape[1]}x{ids.shape[0]} in {path.parent.name}/{path.name}",
                try_this="masks and frames of the same resolution; resize masks with nearest neighbours only",
            )
        return torch.from_numpy(_as_declared(ids, self.task, self.year, path)).long()


_SUFFIXES = {"jpg": (".jpg", ".jpeg"), "png": (".png",)}


def _as_declared(ids: np.ndarray, task: str, year: int, path: Path) -> np.ndarray:
    """The mask with 255 read as the year and the task say."""
    has_255 = ids.max(initial=0) == VOID
    has_objects = bool(((ids > 0) & (ids < VOID)).any()) if has_255 else True
    if year == 2016:
        if has_255 and has_objects:
            raise DataError(
                expected="masks of 0 and 255, or of 0 and ids, as of DAVIS 2016",
                got=f"both 255 and other ids in {path.parent.name}/{path.name}",
                try_this="DavisRoot(root, year=2017) reads 255 as void",
            )
        return (ids > 0).astype(np.uint8)
    if has_255 and not has_objects and task == "semi-supervised":
        raise DataError(
            expected="ids 0, 1, 2, ... as of DAVIS 2017, where 255 is void",
            got=f"only 0 and 255 in {path.parent.name}/{path.name}, as in the masks of DAVIS 2016",
            try_this="DavisRoot(root, year=2016) reads 255 as object 1",
        )
    return ids


def _pair(frames: Sequence[Path], masks: Sequence[Path], folder: Path) -> tuple[Path | None, ...]:
    """Each frame's mask, by the name of the file; only a test set may lack any, and then all but the first."""
    mask_of = {mask.stem: mask for mask in masks}
    missing = [frame.stem for frame in frames if frame.stem not in mask_of]
    extra = sorted(mask_of.keys() - {frame.stem for frame in frames})
    only_the_first = list(mask_of) == [frames[0].stem]
    if extra or (missing and not only_the_first):
        faults = [f"{_some(missing)} missing"] * bool(missing) + [f"{_some(extra)} without JPG"] * bool(extra)
        raise DataError(
            expected=f"one PNG per frame in {folder.parent.name}/{folder.name}",
            got=f"{len(masks)} PNG for {len(frames)} JPG ({', '.join(faults)})",
            try_this="copy the sequence again",
        )
    return tuple(mask_of.get(frame.stem) for frame in frames)


def _folder_of_sequences(root: Path, kind: str, resolution: str) -> Path:
    """root/kind/480p, or root/kind where the sequences lie in it directly."""
    place = root / kind / resolution
    if place.is_dir():
        return place
    inside = [folder for folder in _visible(root / kind) if folder.is_dir()]
    pictures = _SUFFIXES["jpg"] + _SUFFIXES["png"]
    if any(path.suffix.lower() in pictures for folder in inside for path in _visible(folder)[:1]):
        return root / kind
    try_this = f"pass the folder that holds {kind}"
    if inside:
        got, try_this = f"only {_some([f.name for f in inside])}", f"DavisRoot(root, resolution={inside[0].name!r})"
    elif root.is_dir():
        got = f"{_some([path.name for path in _visible(root)]) or 'nothing'} in {root}"
    else:
        got = f"no folder {root}"
    raise DataError(expected=f"sequences in {kind}/{resolution} or {kind}", got=got, try_this=try_this)


def _find_list(folder: Path, subset: str, places: Sequence[str]) -> Path:
    for place in places:
        if (folder / place / f"{subset}.txt").is_file():
            return folder / place / f"{subset}.txt"
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))
    close = get_close_matches(subset, [Path(name).stem for name in there], n=1)
    raise DataError(
        expected=f"a list {subset}.txt in {folder}",
        got=f"the lists {_some(there)}" if there else "no list at all",
        try_this=f"sequences({close[0]!r})" if close else "sequences() lists all that is there",
    )


def _names_in(path: Path) -> tuple[str, ...]:
    """A name per line; the lists of 2016 have the paths of a frame and its mask instead."""
    first_words = [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
    return tuple(dict.fromkeys(Path(word).parent.name if "/" in word else word for word in first_words))


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
