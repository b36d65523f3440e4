"""FlyingChairs, Sintel and KITTI as they lie on disk: pairs of frames with the flow between them, read one pair at a time.

    FlyingChairs    ROOT/data/00001_img1.ppm, 00001_img2.ppm, 00001_flow.flo; ROOT/FlyingChairs_train_val.txt, 1 train or 2 val a line
    Sintel          ROOT/training/clean/SEQ/frame_0001.png (or final, albedo), flow/SEQ/frame_0001.flo,
                    occlusions/SEQ/frame_0001.png and invalid/SEQ/frame_0001.png, white where so
    KITTI 2015      ROOT/training/image_2/000000_10.png, 000000_11.png, flow_occ/000000_10.png, flow_noc/000000_10.png
    KITTI 2012      the same with colored_0 or image_0 in place of image_2

ROOT is the folder as it comes out of the archive. Only the training parts hold the truth, so only they are read; nothing downloads.

[CHAIRS] A. Dosovitskiy et al.: FlowNet: Learning Optical Flow with Convolutional Networks. ICCV 2015.
[SINTEL] Butler, Wulff, Stanley, Black: A Naturalistic Open Source Movie for Optical Flow Evaluation. ECCV 2012.
[KITTI] A. Geiger, P. Lenz, R. Urtasun: Are we ready for Autonomous Driving? CVPR 2012; M. Menze, A. Geiger: Object Scene Flow. CVPR 2015.
Letters: H rows, W columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from torch import Tensor

from vostutor.core.errors import DataError, SettingsError
from vostutor.data.flow_files import read_flo, read_kitti_flow
from vostutor.data.frames import read_frame


class FlowPair(NamedTuple):
    """Two frames uint8 (3,H,W); flow float32 (2,H,W) in pixels from a to b, 0 where valid bool (H,W) is false; occluded bool (H,W),
    the pixels of a that b does not show, or None where nobody says."""

    frame_a: Tensor
    frame_b: Tensor
    flow: Tensor
    valid: Tensor
    occluded: Tensor | None
    name: str


@dataclass(frozen=True)
class PairFiles:
    """Where a pair lies. The flow's suffix tells its format: .flo, or .png as of KITTI.

    occlusions and invalid are pictures that are white where so; visible is the flow of the pixels that are not occluded, by which
    KITTI tells the others.
    """

    name: str
    frame_a: Path
    frame_b: Path
    flow: Path
    occlusions: Path | None = None
    invalid: Path | None = None
    visible: Path | None = None

    def read(self) -> FlowPair:
        """The pair in memory.

        Raises: DataError for a file that is missing or damaged, and for files of different sizes.
        """
        frame_a, frame_b = read_frame(self.frame_a), read_frame(self.frame_b)
        flow, valid = _read_flow(self.flow)
        occluded = None if self.occlusions is None else _white(self.occlusions)
        if self.visible is not None:
            occluded = valid & ~_read_flow(self.visible)[1]
        invalid = None if self.invalid is None else _white(self.invalid)
        self._check_sizes(frame_a, frame_b=frame_b, flow=flow, occlusions=occluded, invalid=invalid)
        if invalid is not None:
            valid = valid & ~invalid
            flow = flow.where(valid, 0.0)
        return FlowPair(frame_a, frame_b, flow, valid, occluded, self.name)

    def _check_sizes(self, frame_a: Tensor, **others: Tensor | None) -> None:
        height, width = frame_a.shape[-2:]
        for name, other in others.items():
            if other is not None and other.shape[-2:] != (height, width):
                raise DataError(
                    expected=f"{name} of {self.name} with {width}x{height} pixels, like its first frame",
                    got=f"{other.shape[-1]}x{other.shape[-2]}",
                    try_this="copy the files again, all from one release",
                )


@dataclass(frozen=True)
class FlowSet(Sequence[FlowPair]):
    """The pairs of a data set: `len`, an index or a loop read them, one at a time; a slice is a smaller set."""

    name: str
    files: tuple[PairFiles, ...]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return FlowSet(self.name, self.files[index])
        return self.files[index].read()

    def __repr__(self) -> str:
        return f"FlowSet({self.name!r}, {len(self)} pairs)"


def flying_chairs(root: str | Path, subset: Literal["train", "val"] | None = None) -> FlowSet:
    """FlyingChairs: 22,232 pairs to train with, 640 to validate with, or all of them. Occlusion is not known.

    The official list decides which pair is in which part; figures on another split cannot be compared.

    Raises: DataError for a folder or list that is not there or does not fit; SettingsError for another subset.
    Source: [CHAIRS], layout and list of the release.
    """
    if subset not in ("train", "val", None):
        raise SettingsError(expected="subset 'train', 'val' or None", got=repr(subset), try_this="subset='val'")
    root = Path(root)
    flows = _files(root / "data", "*_flow.flo")
    if subset is not None:
        marks = _marks(root / "FlyingChairs_train_val.txt", len(flows))
        flows = [flow for flow, mark in zip(flows, marks, strict=True) if mark == {"train": "1", "val": "2"}[subset]]
    numbers = [(flow, flow.name.removesuffix("_flow.flo")) for flow in flows]
    return FlowSet(
        f"FlyingChairs {subset or 'all'}",
        tuple(PairFiles(n, *(flow.with_name(f"{n}_img{i}.ppm") for i in (1, 2)), flow) for flow, n in numbers),
    )


def sintel(root: str | Path, rendering: Literal["clean", "final", "albedo"] = "clean") -> FlowSet:
    """The training part of Sintel: 1041 pairs in 23 sequences, the flow the same for every rendering.

    Occlusion and invalid pixels are read where their folders are there.

    Raises: DataError for a folder that is not there; SettingsError for another rendering.
    Source: [SINTEL], layout of the complete release.
    """
    if rendering not in ("clean", "final", "albedo"):
        raise SettingsError(
            expected="rendering 'clean', 'final' or 'albedo'", got=repr(rendering), try_this="rendering='final'"
        )
    training = Path(root) / "training"
    flows = _files(training / "flow", "*/frame_*.flo")
    return FlowSet(f"Sintel {rendering}", tuple(_sintel_pair(training, rendering, flow) for flow in flows))


def _sintel_pair(training: Path, rendering: str, flow: Path) -> PairFiles:
    sequence, number = flow.parent.name, int(flow.stem.removeprefix("frame_"))
    first, second = (training / rendering / sequence / f"frame_{t:04d}.png" for t in (number, number + 1))
    told = {
        kind: training / kind / sequence / first.name
        for kind in ("occlusions", "invalid")
        if (training / kind).is_dir()
    }
    return PairFiles(f"{sequence}/{flow.stem}", first, second, flow, **told)


def kitti(root: str | Path) -> FlowSet:
    """The training part of KITTI flow 2015 (200 pairs) or 2012 (194), whichever lies there. The flow is known at some pixels only.

    Occluded are those whose flow is known in flow_occ but not in flow_noc.

    Raises: DataError for a folder that is not there.
    Source: [KITTI], layout of the development kits.
    """
    training = Path(root) / "training"
    flows = _files(training / "flow_occ", "*_10.png")
    images = [name for name in ("image_2", "colored_0", "image_0") if (training / name).is_dir()]
    if not images:
        raise _absent("image_2, colored_0 or image_0", training)
    folder, year = training / images[0], 2015 if images[0] == "image_2" else 2012
    visible = training / "flow_noc" if (training / "flow_noc").is_dir() else None
    return FlowSet(f"KITTI {year}", tuple(_kitti_pair(folder, flow, visible) for flow in flows))


def _kitti_pair(folder: Path, flow: Path, visible: Path | None) -> PairFiles:
    name = flow.stem.removesuffix("_10")
    frames = (folder / f"{name}_{t}.png" for t in (10, 11))
    return PairFiles(name, *frames, flow, visible=visible and visible / flow.name)


def _read_flow(path: Path) -> tuple[Tensor, Tensor]:
    return read_kitti_flow(path) if path.suffix.lower() == ".png" else read_flo(path)


def _white(path: Path) -> Tensor:
    """Shapes: -> bool (H,W)."""
    return read_frame(path)[0] > 127


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))
    if not found:
        raise _absent(pattern, folder)
    return found


def _absent(what: str, folder: Path) -> DataError:
    there = sorted(path.name for path in folder.iterdir())[:3] if folder.is_dir() else None
    return DataError(
        expected=f"{what} in {folder}",
        got="no such folder" if there is None else f"{', '.join(there) or 'nothing'} there",
        try_this="pass the folder that the archive of the data set unpacks to",
    )


def _marks(path: Path, pairs: int) -> list[str]:
    """The official list: a 1 or a 2 for each pair."""
    if not path.is_file():
        raise _absent(path.name, path.parent)
    marks = path.read_text().split()
    if len(marks) != pairs or not set(marks) <= {"1", "2"}:
        raise DataError(
            expected=f"{pairs} marks, 1 or 2, in {path.name}, one for each pair in data",
            got=f"{len(marks)} marks, among them {', '.join(sorted(set(marks))[:4]) or 'none'}",
            try_this="copy data and list again; the release has 22872 pairs",
        )
    return marks
