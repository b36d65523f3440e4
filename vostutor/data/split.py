"""The committed validation split of minivos: clips to look at and to use in exercises, in DAVIS layout.

python -m vostutor.data.split data/minivos     # draws it again
"""

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError
from vostutor.core.files import write_atomically
from vostutor.data.frames import read_frame
from vostutor.data.freeze import fingerprint
from vostutor.data.minivos import LABELS, VALIDATION_SEED, VERSION, draw_clip
from vostutor.data.palette import read_ids, write_ids
from vostutor.data.place import home

CLIPS, FRAMES, QUALITY = 4, 16, 90  # clips of each label, frames of a clip, as JPEG counts quality
_INDEX, _FRAMES, _MASKS = "labels.json", "JPEGImages", "Annotations"


def validation_split(*, flow: bool = False) -> tuple[Clip, ...]:
    """The committed clips, CLIPS of each label: frames and ids as they lie on disk.

    Flow, occlusion and depth order are not stored; `flow=True` draws them again from the clips' seeds.

    Raises: DataError when the files are not there, or were drawn by another version.
    >>> len(validation_split()) == CLIPS * len(LABELS)
    True
    """
    folder = home() / "minivos"
    index = _read_index(folder)
    if flow and index["fingerprint"] != fingerprint():
        raise _unusable(f"clips drawn by generator {fingerprint()[:12]}", index["fingerprint"][:12])
    return tuple(_read(folder, name, entry, flow) for name, entry in index["sequences"].items())


def _read_index(folder: Path) -> dict:
    """What labels.json says of the clips."""
    try:
        index = json.loads((folder / _INDEX).read_text())
        version = index["version"]
    except FileNotFoundError:
        version = "no clips at all"
    except (OSError, ValueError, KeyError, TypeError) as error:
        version = f"a damaged {_INDEX}: {error!r}"
    if version != VERSION:
        raise _unusable(f"clips of minivos {VERSION} in {folder}", version)
    return index


def _unusable(expected: str, got: str) -> DataError:
    return DataError(
        expected=expected,
        got=got,
        try_this=f"git checkout data/minivos, or python -m vostutor.data.split {home() / 'minivos'}",
    )


def write_validation_split(folder: str | Path) -> Path:
    """Draw the validation split into a folder, in DAVIS layout with labels.json beside it; returns the folder.

    Sequences of an earlier split in that folder are removed, nothing else is.
    """
    folder, sequences = Path(folder), {}
    _remove_earlier(folder)
    for place, label in enumerate(LABELS):
        for k in range(1, CLIPS + 1):
            name, seed = f"{label}-{k}", VALIDATION_SEED + 10 * place + k
            clip = draw_clip(label, seed, frames=FRAMES, flow=False)
            _write(folder, name, clip)
            objects = {str(i): category for i, category in zip(clip.object_ids, clip.categories, strict=True)}
            sequences[name] = {"label": label, "seed": seed, "objects": objects}
    write_atomically(folder / "ImageSets" / "val.txt", "".join(f"{name}\n" for name in sequences))
    index = {"version": VERSION, "fingerprint": fingerprint(), "sequences": sequences}
    write_atomically(folder / _INDEX, json.dumps(index, indent=1) + "\n")
    return folder


def _remove_earlier(folder: Path) -> None:
    earlier = json.loads((folder / _INDEX).read_text())["sequences"] if (folder / _INDEX).exists() else ()
    for name in earlier:
        shutil.rmtree(folder / _FRAMES / name, ignore_errors=True)
        shutil.rmtree(folder / _MASKS / name, ignore_errors=True)


def _write(folder: Path, name: str, clip: Clip) -> None:
    for t, (frame, ids) in enumerate(zip(clip.frames, clip.ids, strict=True)):
        write_atomically(folder / _FRAMES / name / f"{t:05d}.jpg", _jpeg(frame))
        write_ids(folder / _MASKS / name / f"{t:05d}.png", ids.numpy())


def _jpeg(frame: torch.Tensor) -> bytes:
    picture = cv2.cvtColor(frame.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def _read(folder: Path, name: str, entry: dict, flow: bool) -> Clip:
    images, masks = (sorted((folder / part / name).glob("*.*")) for part in (_FRAMES, _MASKS))
    if not len(images) == len(masks) == FRAMES:
        raise _unusable(f"{FRAMES} frames and masks of {name}", f"{len(images)} frames, {len(masks)} masks")
    frames = torch.stack([read_frame(path) for path in images])
    ids = np.stack([read_ids(path) for path in masks])
    drawn = draw_clip(entry["label"], entry["seed"], size=tuple(ids.shape[1:]), frames=len(ids)) if flow else None
    return Clip(
        frames=frames,
        ids=torch.from_numpy(ids.astype(np.int64)),
        flow_fwd=drawn and drawn.flow_fwd,
        flow_bwd=drawn and drawn.flow_bwd,
        occluded=drawn and drawn.occluded,
        depth_order=drawn and drawn.depth_order,
        object_ids=tuple(int(i) for i in entry["objects"]),
        categories=tuple(entry["objects"].values()),
        labels={entry["label"]},
        name=name,
        source=f"minivos {VERSION} {entry['label']} seed {entry['seed']}, as JPEG",
    )


if __name__ == "__main__":
    print(write_validation_split(*sys.argv[1:] or [home() / "minivos"]))
