"""Running a system over a video: frame by frame, what comes out is checked, and results are saved as DAVIS has them.

Letters: T frames, K objects, H rows, W columns.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import torch
from torch import Tensor

from vostutor.core.clip import Clip, ClipSegmenter, ClipSource, FrameSource, Segmenter
from vostutor.core.errors import DataError, SettingsError, ShapeError
from vostutor.core.ids import VOID
from vostutor.data.palette import write_ids
from vostutor.ops.masks import object_order, to_ids

_ROUNDING = 1e-4  # probabilities that went through sums and half precision end this close to 0 and 1


class Prediction(NamedTuple):
    """One frame's result.

    Shapes: ids int64 (H,W) on the CPU, without void; prob_all float32 (K+1,H,W) where the system answered, None where the mask was told.
    Units: seconds of wall time that the system took for this frame, reading it and checking the answer not included.
    """

    ids: Tensor
    prob_all: Tensor | None
    seconds: float


def predict(
    system: Segmenter | ClipSegmenter, source: FrameSource | Clip, *, device: torch.device | str = "cpu"
) -> Iterator[Prediction]:
    """One Prediction per frame, made as it is asked for; nothing of the frames before is kept here.

    A frame whose mask the source tells goes to `observe`, and the mask is the result, its void taken as background; any other frame
    goes to `step`. A Clip as source tells its first mask. A ClipSegmenter gets a whole clip and so works with a Clip only; of it, it
    sees the frames and the told masks, everything else is void. State lives in the system: take a new one for each video.
    With nothing told, as in the unsupervised task, the system decides how many objects there are, and they are numbered from 1.

    Shapes: as in core/clip.py; frames and masks are moved to `device` for a Segmenter, a ClipSegmenter does so by itself.
    Raises: ShapeError naming the system when what it returns is no prob_all; SettingsError for a system that fits neither protocol, or
        a ClipSegmenter without a Clip.
    Source: the contracts of core/clip.py.
    >>> from vostutor.models import CopyFirstMask
    >>> ids = torch.tensor([[[0, 4, 255]]]).expand(2, 1, 3)
    >>> clip = Clip(torch.zeros(2, 3, 1, 3, dtype=torch.uint8), ids)
    >>> [prediction.ids.tolist() for prediction in predict(CopyFirstMask(), clip)]
    [[[0, 4, 0]], [[0, 4, 0]]]
    """
    source = source.source_of() if isinstance(source, Clip) else source
    is_class = isinstance(system, type)  # a class has the methods too
    if isinstance(system, Segmenter) and not is_class:
        return _stepwise(system, source, device)
    if not isinstance(system, ClipSegmenter) or is_class:
        raise SettingsError(
            expected="a system with observe and step, or with segment_clip",
            got=f"the class {system.__name__} itself" if is_class else f"a {type(system).__name__}",
            try_this="pass an instance, such as CopyFirstMask()",
        )
    if not isinstance(source, ClipSource):
        raise SettingsError(
            expected=f"a Clip for {type(system).__name__}, which needs all frames at once",
            got=f"a {type(source).__name__}",
            try_this="a shorter piece of the video as a Clip, or a system that goes frame by frame",
        )
    return _clipwise(system, source)


def predict_clip(system: Segmenter | ClipSegmenter, clip: Clip, known: Sequence[int] = (0,)) -> Tensor:
    """The ids of all frames of a clip, the masks of the frames in `known` being told.

    Shapes: -> int64 (T,H,W), without void.
    Raises: as `predict`.
    Source: the contracts of core/clip.py.
    >>> from vostutor.models import CopyFirstMask
    >>> clip = Clip(torch.zeros(3, 3, 1, 2, dtype=torch.uint8), torch.tensor([[[1, 0]], [[0, 1]], [[0, 0]]]))
    >>> predict_clip(CopyFirstMask(), clip).tolist()
    [[[1, 0]], [[1, 0]], [[1, 0]]]
    """
    return torch.stack([prediction.ids for prediction in predict(system, clip.source_of(known))])


def save_predictions(predictions: Iterable[Prediction], folder: str | Path, *, overwrite: bool = False) -> int:
    """The number of frames, after writing each one's ids as palette PNG: 00000.png, 00001.png, ...

    The folder is made where it is missing. Masks that lie in it already stop the work before it begins, so that no annotation is lost;
    with `overwrite` the numbered ones of an earlier run make room first.

    Raises: DataError for a folder that holds masks, or ids that do not fit into a byte.
    Source: the layout of DAVIS results.
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_predictions([Prediction(torch.zeros(4, 6, dtype=torch.int64), None, 0.0)] * 2, folder)
    2
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _make_room(folder, overwrite)
    count = 0
    for prediction in predictions:
        write_ids(folder / f"{count:05d}.png", prediction.ids.numpy())
        count += 1
    return count


def _stepwise(system: Segmenter, source: FrameSource, device: torch.device | str) -> Iterator[Prediction]:
    objects: tuple[int, ...] | None = None  # None until a mask was told
    for frame, ids in source:
        frame = frame.to(device)
        if ids is None:
            prob_all, seconds = _timed(partial(system.step, frame), device)
            yield Prediction(_read_off(prob_all, objects, frame, system), prob_all, seconds)
        else:
            objects = object_order(objects or (), ids)
            _, seconds = _timed(partial(system.observe, frame, ids.to(device)), device)
            yield Prediction(_without_void(ids), None, seconds)


def _clipwise(system: ClipSegmenter, source: ClipSource) -> Iterator[Prediction]:
    told = [ids for _, ids in source]
    objects: tuple[int, ...] | None = None
    for ids in told:
        objects = objects if ids is None else object_order(objects or (), ids)
    clip = _as_told(source.clip, told, objects or ())
    prob_all, seconds = _timed(partial(system.segment_clip, clip), "cpu")
    if not isinstance(prob_all, Tensor) or len(prob_all) != len(told):
        raise _no_prob_all(system, f"(T,K+1,H,W) with T = {len(told)}", _described(prob_all))
    for frame, ids, prob in zip(clip.frames, told, prob_all, strict=True):
        if ids is None:
            yield Prediction(_read_off(prob, objects, frame.to(prob.device), system), prob, seconds / len(told))
        else:
            yield Prediction(_without_void(ids), None, seconds / len(told))


def _as_told(clip: Clip, told: Sequence[Tensor | None], objects: tuple[int, ...]) -> Clip:
    """The clip without what the system is to find out: untold masks are void, flow and occlusion unknown."""
    void = torch.full(clip.size, VOID)
    ids = torch.stack([void if mask is None else mask for mask in told]) if objects else None
    return replace(clip, ids=ids, flow_fwd=None, flow_bwd=None, occluded=None, object_ids=objects, categories=())


def _timed(work: Callable[[], Tensor | None], device: torch.device | str) -> tuple[Tensor | None, float]:
    start = perf_counter()
    result = work()
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)  # a GPU answers before it has finished
    return result, perf_counter() - start


def _read_off(prob_all: Tensor, objects: tuple[int, ...] | None, frame: Tensor, system) -> Tensor:
    """The ids of one answer, after a look at whether it is one."""
    size = tuple(frame.shape[-2:])
    if not isinstance(prob_all, Tensor) or prob_all.ndim != 3 or tuple(prob_all.shape[1:]) != size or not len(prob_all):
        raise _no_prob_all(system, f"(K+1,{size[0]},{size[1]})", _described(prob_all))
    if objects is None:
        objects = tuple(range(1, len(prob_all)))
    if len(prob_all) != len(objects) + 1:
        raise _no_prob_all(system, f"with {len(objects) + 1} channels for the objects {objects}", _described(prob_all))
    if prob_all.dtype != torch.float32 or prob_all.device != frame.device:
        raise _no_prob_all(system, f"in float32 on {frame.device}", _described(prob_all))
    low, high = (value.item() for value in torch.aminmax(prob_all))
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # NaN fails this too
        raise _no_prob_all(system, "within 0 and 1, without NaN", f"values from {low:.4g} to {high:.4g}")
    return to_ids(prob_all, objects).cpu()


def _no_prob_all(system, expected: str, got: str) -> ShapeError:
    return ShapeError(
        expected=f"prob_all {expected} from {type(system).__name__}",
        got=got,
        try_this="channel 0 is the background, channel k the k-th object told; a new system for each video",
    )


def _described(result) -> str:
    if not isinstance(result, Tensor):
        return f"a {type(result).__name__}"
    return f"{tuple(result.shape)} in {str(result.dtype).removeprefix('torch.')} on {result.device}"


def _without_void(ids: Tensor) -> Tensor:
    return torch.where(ids == VOID, 0, ids.long())


def _make_room(folder: Path, overwrite: bool) -> None:
    masks = sorted(folder.glob("*.png"))
    if masks and not overwrite:
        raise DataError(
            expected=f"a folder without masks, {folder}",
            got=f"{len(masks)} PNG, among them {masks[0].name}",
            try_this="another folder, or overwrite=True where these are results of an earlier run",
        )
    for mask in masks:
        if re.fullmatch(r"\d{5}", mask.stem):
            mask.unlink()
