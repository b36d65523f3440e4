"""What a lesson's parameter `data_root` may name: a DAVIS copy, or one video with its first mask beside it."""

from dataclasses import replace
from pathlib import Path

from vostutor.core.clip import FrameSource
from vostutor.core.errors import DataError
from vostutor.core.ids import VOID


def open_real(data_root: str | Path) -> FrameSource:
    """The first sequence of a DAVIS root, or a video (a file or a folder of images) whose first mask is the PNG of the same name beside it.

    Raises: DataError when there is neither, or the video has no mask.
    """
    from vostutor.data.davis import DavisRoot
    from vostutor.data.video import open_source

    place = Path(data_root)
    if (place / "JPEGImages").is_dir():
        root = DavisRoot(place)
        if not root.sequences():
            raise DataError(
                expected="a sequence in JPEGImages", got="an empty folder", try_this="copy the data set again"
            )
        sequence = root.sequence(root.sequences()[0])
        return replace(sequence, year=2016) if _of_2016(sequence.masks[0]) else sequence
    mask = place.with_suffix(".png") if place.is_file() else place.parent / f"{place.name}.png"
    if place.exists() and not mask.exists():
        raise DataError(
            expected=f"the mask of the first frame in {mask.name}, beside the video",
            got="no such file",
            try_this="paint the object in the first frame, save it as a palette PNG (0 background, 1.. objects)",
        )
    return open_source(place, masks=mask)


def _of_2016(mask: Path) -> bool:
    """Whether 255 is the object: nothing else but background stands in the first mask."""
    from vostutor.data.palette import read_ids

    ids = read_ids(mask)
    return bool(ids.max() == VOID and ((ids == 0) | (ids == VOID)).all())
