"""minivos: short clips of things that move over a floor, with everything known about them.

Masks, identities, optical flow both ways and occlusion are exact, because they come from the scene and not from the picture. The seed
decides the scene, the label what is hard about it. Clips are endless: train with seeds below a million, measure claims with seeds
from there on; those from VALIDATION_SEED on are kept for the validation split, which the repository holds in DAVIS layout.

    python -m vostutor.data.minivos data/minivos     # draws the validation split again
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.files import write_atomically
from vostutor.data.frames import read_frame
from vostutor.data.palette import read_ids, write_ids
from vostutor.data.place import home
from vostutor.data.render import Drawn, develop, draw, flow_between, grain_for, occluded_between
from vostutor.data.scene import RULES, Scene, compose

VERSION = "v0"
LABELS = tuple(RULES)  # plain, drift, occlusion, distractor, static, camera, fast
VALIDATION_SEED = 2_000_000
VALIDATION_CLIPS = 3  # of each label
SMALLEST_OBJECT = 0.004  # share of the frame that each object shows at the start
HIDDEN, BACK = 0.25, 0.6  # an occluded object shows less than a quarter for a moment, and more than 60 % at the end
ATTEMPTS = 200


def draw_clip(label: str, seed: int, *, size: tuple[int, int] = (96, 160), frames: int = 16) -> Clip:
    """A clip with frames, ids, flow both ways, occlusion and categories. Same arguments, same clip.

    Shapes: size is (H,W), 48 to 1080; frames is T, 2 to 256 (8 or more for "occlusion").
    Raises: SettingsError for a label, seed, size or length that cannot be drawn.
    Source: own design, after the layered scenes of FlyingChairs (Dosovitskiy et al., ICCV 2015), with parts that turn and bend.
    >>> clip = draw_clip("plain", 3, frames=4)
    >>> clip.flow_fwd.shape, clip.source
    (torch.Size([3, 2, 96, 160]), 'minivos v0 plain seed 3')
    """
    _refuse(label, seed, size, frames)
    scene, views = _accepted(label, int(seed), tuple(size), frames)
    rng = np.random.default_rng([seed, 1])
    grain = grain_for(scene, rng)
    pictures = np.stack([develop(view.image, scene, grain, rng) for view in views])
    pairs = list(zip(views, views[1:], strict=False))
    flow_fwd = [flow_between(a, b) for a, b in pairs]
    flow_bwd = [flow_between(b, a) for a, b in pairs]
    occluded = [occluded_between(a, b, flow) for (a, b), flow in zip(pairs, flow_fwd, strict=True)]
    objects = _objects(scene)
    return Clip(
        frames=torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))),
        ids=torch.from_numpy(np.stack([view.ids for view in views]).astype(np.int64)),
        flow_fwd=torch.from_numpy(np.stack(flow_fwd)),
        flow_bwd=torch.from_numpy(np.stack(flow_bwd)),
        occluded=torch.from_numpy(np.stack(occluded)),
        object_ids=tuple(objects),
        categories=tuple(objects.values()),
        labels={label},
        name=f"{label}-{seed}",
        source=f"minivos {VERSION} {label} seed {seed}",
    )


def _accepted(label, seed, size, frames) -> tuple[Scene, list[Drawn]]:
    """The first scene of this seed in which every object shows itself at the start and the label's promise holds."""
    for attempt in range(ATTEMPTS):
        scene = compose(RULES[label], np.random.default_rng([seed, 0, attempt]), size, frames)
        first = draw(scene, 0)
        if not _all_start(scene, first):
            continue
        views = [first, *(draw(scene, t) for t in range(1, frames))]
        if label != "occlusion" or _hides_and_returns(views):
            return scene, views
    raise AssertionError(f"no scene for {label} seed {seed} size {size} frames {frames} in {ATTEMPTS} attempts")


def _all_start(scene: Scene, view: Drawn) -> bool:
    shown = np.bincount(view.ids.ravel(), minlength=4)
    return all(shown[number] >= SMALLEST_OBJECT * view.ids.size for number in _objects(scene))


def _hides_and_returns(views: list[Drawn]) -> bool:
    shown = np.array([(view.ids == 1).sum() for view in views]) / (views[0].ids == 1).sum()
    return shown.min() < HIDDEN and shown[-3:].min() > BACK


def _objects(scene: Scene) -> dict[int, str]:
    return dict(sorted((thing.number, thing.category) for thing in scene.things if thing.number))


def _refuse(label, seed, size, frames) -> None:
    fewest = 8 if label == "occlusion" else 2
    if label not in LABELS:
        _raise(f"a label: {', '.join(LABELS)}", label, 'draw_clip("plain", 0)')
    if not _whole(seed, 0, 2**63):
        _raise("a seed: a whole number from 0 on", seed, f'draw_clip("{label}", 0)')
    if not isinstance(size, tuple | list) or len(size) != 2 or not all(_whole(n, 48, 1080) for n in size):
        _raise("size (H,W), each from 48 to 1080", size, "size=(96, 160)")
    if not _whole(frames, fewest, 256):
        _raise(f"{fewest} to 256 frames for {label}", frames, "frames=16")


def _whole(value, least: int, most: int) -> bool:
    return isinstance(value, int | np.integer) and least <= value <= most


def _raise(expected: str, got, try_this: str):
    raise SettingsError(expected=expected, got=repr(got), try_this=try_this)


def validation_split(*, flow: bool = False) -> tuple[Clip, ...]:
    """The committed clips, VALIDATION_CLIPS of each label: frames and ids as they lie on disk.

    Flow and occlusion are not stored; `flow=True` draws them again from the clips' seeds.

    Raises: DataError when the files are not there, or were drawn by another version.
    >>> len(validation_split()) == VALIDATION_CLIPS * len(LABELS)
    True
    """
    folder = home() / "minivos"
    index = json.loads((folder / _INDEX).read_text()) if (folder / _INDEX).exists() else {"version": "no clips at all"}
    if index["version"] != VERSION:
        raise DataError(
            expected=f"clips of minivos {VERSION} in {folder}",
            got=index["version"],
            try_this=f"python -m vostutor.data.minivos {folder}",
        )
    return tuple(_read(folder, name, entry, flow) for name, entry in index["sequences"].items())


def write_validation_split(folder: str | Path) -> Path:
    """Draw the validation split into a folder, in DAVIS layout with labels.json beside it; returns the folder."""
    folder, sequences = Path(folder), {}
    for place, label in enumerate(LABELS):
        for k in range(1, VALIDATION_CLIPS + 1):
            name, seed = f"{label}-{k}", VALIDATION_SEED + 10 * place + k
            clip = draw_clip(label, seed)
            _write(folder, name, clip)
            objects = {str(i): category for i, category in zip(clip.object_ids, clip.categories, strict=True)}
            sequences[name] = {"label": label, "seed": seed, "objects": objects}
    write_atomically(folder / "ImageSets" / "val.txt", "".join(f"{name}\n" for name in sequences))
    write_atomically(folder / _INDEX, json.dumps({"version": VERSION, "sequences": sequences}, indent=1) + "\n")
    return folder


_INDEX, _FRAMES, _MASKS = "labels.json", "JPEGImages", "Annotations"


def _write(folder: Path, name: str, clip: Clip) -> None:
    for t, (frame, ids) in enumerate(zip(clip.frames, clip.ids, strict=True)):
        write_atomically(folder / _FRAMES / name / f"{t:05d}.jpg", _jpeg(frame))
        write_ids(folder / _MASKS / name / f"{t:05d}.png", ids.numpy())


def _jpeg(frame: torch.Tensor) -> bytes:
    picture = cv2.cvtColor(frame.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _read(folder: Path, name: str, entry: dict, flow: bool) -> Clip:
    frames = torch.stack([read_frame(path) for path in sorted((folder / _FRAMES / name).glob("*.jpg"))])
    ids = np.stack([read_ids(path) for path in sorted((folder / _MASKS / name).glob("*.png"))])
    drawn = draw_clip(entry["label"], entry["seed"], size=tuple(ids.shape[1:]), frames=len(ids)) if flow else None
    return Clip(
        frames=frames,
        ids=torch.from_numpy(ids.astype(np.int64)),
        flow_fwd=drawn and drawn.flow_fwd,
        flow_bwd=drawn and drawn.flow_bwd,
        occluded=drawn and drawn.occluded,
        object_ids=tuple(int(i) for i in entry["objects"]),
        categories=tuple(entry["objects"].values()),
        labels={entry["label"]},
        name=name,
        source=f"minivos {VERSION} {entry['label']} seed {entry['seed']}, as JPEG",
    )


if __name__ == "__main__":
    print(write_validation_split(*sys.argv[1:] or [home() / "minivos"]))
