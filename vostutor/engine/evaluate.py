"""Scoring results: folders of masks in DAVIS layout, or the answer to one clip in memory.

    RESULTS/SEQ/00000.png ...        a palette PNG per scored frame
    ROOT/Annotations/480p/SEQ/...    or without the 480p folder; 2017 unsupervised: Annotations_unsupervised

One frame is held at a time, and torch is not imported. A sequence that cannot be evaluated is named and left out; the others go on.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vostutor.core.errors import DataError, SettingsError, ShapeError, VosError
from vostutor.core.ids import VOID
from vostutor.data.palette import read_ids
from vostutor.engine.report import ObjectScores, Report
from vostutor.metrics.davis import SCORED_FRAMES, Curves, count_objects, semi_supervised, unsupervised
from vostutor.metrics.summary import statistics

if TYPE_CHECKING:
    from vostutor.core.clip import Clip

PROTOCOLS = {"semi-supervised": semi_supervised, "unsupervised": unsupervised}


def evaluate_results(
    results: str | Path,
    root: str | Path,
    *,
    task: str = "semi-supervised",
    merge_objects: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Report:
    """Scores of every sequence that lies in `results` and has masks in `root`.

    `merge_objects` takes all objects as one, as DAVIS 2016 does. `progress(sequence, done, total)` is called after every frame.

    Raises: SettingsError for an unknown task, DataError where nothing can be evaluated at all. What is wrong with a single
        sequence stands in the report.
    """
    if task not in PROTOCOLS:
        raise SettingsError(expected=f"a task: {', '.join(PROTOCOLS)}", got=repr(task), try_this="--task unsupervised")
    truth = annotation_folder(root, task)
    names, without_masks = _sequences(Path(results), truth)
    report = Report(task, merge_objects, Path(results).resolve().name, Path(root).resolve().name)
    report.without_masks, report.annotations = without_masks, truth.relative_to(root).as_posix()
    masks = {name: _masks(truth / name) for name in names}
    total, done = sum(map(len, masks.values())), 0
    for name, files in masks.items():
        tick = (lambda t, name=name, done=done: progress(name, done + t, total)) if progress else None
        try:
            report.sequences[name] = _evaluate_sequence(files, Path(results) / name, task, merge_objects, tick)
        except VosError as error:
            report.refused[name] = error
        done += len(files)
        if progress:
            progress(name, done, total)
    return report


def evaluate_clip(pred_ids: np.ndarray, clip: "Clip") -> dict[int, ObjectScores]:
    """J and F of each object of a clip on all frames, for curves; the statistics leave out the first and the last as DAVIS does.

    Shapes: pred_ids integers (T,H,W) like clip.ids, an array or a tensor -> object id: J and F (T,), statistics of each.
    Raises: ShapeError for another size or number of frames, DataError for an id that the clip lacks, a clip without masks, or
        one of fewer than three frames.
    >>> from vostutor.core import Clip
    >>> import torch
    >>> ids = torch.zeros(4, 8, 8, dtype=torch.int64)
    >>> ids[:, 2:6, 2:6] = 5
    >>> evaluate_clip(ids, Clip(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), ids))[5].j.mean
    1.0
    """
    if clip.ids is None or len(clip) < 3 or not clip.object_ids:
        raise DataError(
            expected="a clip of at least three frames with the masks of an object",
            got=repr(clip) + (" without masks" if clip.ids is None else ""),
            try_this="a clip of minivos, or DavisSequence.truth() for the masks",
        )
    gt, pred = np.asarray(clip.ids), np.asarray(pred_ids)
    if pred.shape != gt.shape or pred.dtype.kind not in "bui":
        raise ShapeError(
            expected=f"pred_ids: integers {gt.shape}, as clip.ids",
            got=f"{pred.dtype} {pred.shape}",
            try_this="predict_clip(system, clip) returns ids of all frames",
        )
    pred = _renumbered(pred, clip.object_ids)
    gt = _renumbered(np.where(gt == VOID, 0, gt), clip.object_ids)
    curves = semi_supervised(zip(gt, pred, strict=True), len(clip.object_ids))
    return dict(zip(clip.object_ids, _scores(curves, SCORED_FRAMES["semi-supervised"]), strict=True))


def annotation_folder(root: str | Path, task: str = "semi-supervised") -> Path:
    """Where the masks of a task lie in a DAVIS root: at 480p, or directly; its own folder for the unsupervised task where there is one.

    Raises: DataError for a root without such a folder.
    """
    own = ["Annotations_unsupervised/480p", "Annotations_unsupervised"] if task == "unsupervised" else []
    for place in [*own, "Annotations/480p", "Annotations"]:
        if any(_masks(folder) for folder in _folders(Path(root) / place)):
            return Path(root) / place
    raise DataError(
        expected=f"masks in {Path(root) / 'Annotations/480p'} or {Path(root) / 'Annotations'}, a folder for each sequence",
        got=", ".join(folder.name for folder in _folders(Path(root))) or f"no folder in {root}",
        try_this="--data the folder that holds Annotations",
    )


def _sequences(results: Path, truth: Path) -> tuple[list[str], tuple[str, ...]]:
    there = [folder.name for folder in _folders(results)]
    known = [name for name in there if _masks(truth / name)]
    if not known:
        annotated = [folder.name for folder in _folders(truth)]
        raise DataError(
            expected=f"folders in {results} named like the sequences of {truth}: {_some(annotated)}",
            got=_some(there) or ("no folder" if results.is_dir() else "no such place"),
            try_this="RESULTS/SEQUENCE/00000.png, a palette PNG per frame",
        )
    return known, tuple(name for name in there if name not in known)


def _evaluate_sequence(files: list[Path], folder: Path, task: str, merge: bool, tick) -> dict[int, ObjectScores]:
    scored = files[SCORED_FRAMES[task]]
    if not scored:
        raise DataError(
            expected=f"at least 3 masks of {folder.name}, because the first and the last are not scored",
            got=f"{len(files)}",
            try_this="a longer sequence, or --task unsupervised, which scores every frame",
        )
    _check_complete(scored, folder)
    first = read_ids(files[0])
    whole_is_255 = merge and count_objects(first) == 0 and first.max() == VOID  # the masks of 2016
    objects = 1 if whole_is_255 else _count_objects(first, files[0], merge)
    frames = _frames(scored, folder, merge, whole_is_255, tick)
    names = [f"{folder.name}/{path.name}" for path in scored]
    curves = PROTOCOLS[task](frames, objects, names)
    return dict(enumerate(_scores(curves), start=1))


def _frames(scored: list[Path], folder: Path, merge: bool, whole_is_255: bool, tick) -> Iterator[tuple]:
    for t, path in enumerate(scored, start=1):
        gt, pred = read_ids(path), read_ids(folder / path.name)
        if merge:
            pred = (pred != 0).view(np.uint8)
            void = gt == VOID if not whole_is_255 and gt.max() == VOID else None
            gt = (gt != 0).view(np.uint8)
            if void is not None:
                gt[void] = VOID
        yield gt, pred
        if tick:
            tick(t)


def _count_objects(first: np.ndarray, path: Path, merge: bool) -> int:
    count = count_objects(first)
    if count:
        return 1 if merge else count
    only_void = first.max() == VOID
    raise DataError(
        expected=f"at least one object in the first mask, {path.parent.name}/{path.name}",
        got="only 0 and 255, as in the masks of DAVIS 2016" if only_void else "background only",
        try_this="--merge-objects takes 255 as the one object" if only_void else "annotate the objects there",
    )


def _check_complete(scored: list[Path], folder: Path) -> None:
    there = {path.name for path in _masks(folder)}
    missing = [path.stem for path in scored if path.name not in there]
    if missing:
        raise DataError(
            expected=f"a PNG for each of the {len(scored)} scored frames of {folder.name}",
            got=f"{len(scored) - len(missing)} ({_some(missing)} missing)",
            try_this=f"write {folder.name}/{missing[0]}.png, empty where no object is seen",
        )


def _scores(curves: Curves, scored: slice = slice(None)) -> list[ObjectScores]:
    return [ObjectScores(J, F, statistics(J[scored]), statistics(F[scored])) for J, F in zip(*curves, strict=True)]


def _renumbered(ids: np.ndarray, objects: tuple[int, ...]) -> np.ndarray:
    """The clip's object ids as 1 to K."""
    ids = ids.astype(np.intp, copy=False)
    present = {int(ids.min()), int(ids.max())}
    if present <= set(range(VOID + 1)):
        present = set(np.flatnonzero(np.bincount(ids.ravel())).tolist())
    foreign = sorted(present - {0, *objects})
    if foreign:
        raise DataError(
            expected=f"predicted ids 0 and {', '.join(map(str, objects))}",
            got=f"{_some(list(map(str, foreign)))} as well",
            try_this="to_ids(prob_all, objects) with the clip's object_ids",
        )
    table = np.zeros(VOID + 1, np.uint8)
    table[list(objects)] = np.arange(1, len(objects) + 1)
    return table[ids]


def _masks(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.png"))


def _folders(place: Path) -> list[Path]:
    inside = place.iterdir() if place.is_dir() else ()
    return sorted(path for path in inside if path.is_dir() and not path.name.startswith("."))


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
