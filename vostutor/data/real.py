"""What a lesson's parameter `data_root` may name: a DAVIS copy, or one video with its first mask beside it."""

from pathlib import Path

from vostutor.core.clip import FrameSource
from vostutor.core.errors import DataError


def open_real(data_root: str | Path) -> FrameSource:
    """The first sequence of a DAVIS root, or a video (a file or a folder of images) whose first mask is the PNG of the same name beside it.

    Raises: DataError when there is neither, or the video has no mask.
    """
    from vostutor.data.davis import DavisRoot
    from vostutor.data.video import open_source

    place = Path(data_root)
    if (place / "JPEGImages").is_dir():
        root = DavisRoot(place)
        return root.sequence(root.sequences()[0])
    mask = place.with_suffix(".png") if place.is_file() else place.parent / f"{place.name}.png"
    if place.exists() and not mask.exists():
        raise DataError(
            expected=f"the mask of the first frame in {mask.name}, beside the video",
            got="no such file",
            try_this="paint the object in the first frame, save it as a palette PNG (0 background, 1.. objects)",
        )
    return open_source(place, first_mask=mask)
