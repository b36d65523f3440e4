"""What an instance segmenter might say of a drawn clip: masks and labels that are nearly right. A stand-in for a detector.

Letters: N instances, T frames, H rows, W columns.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.shapes import expect
from vostutor.data.minivos import scene_of
from vostutor.data.studio.categories import CATEGORIES
from vostutor.data.studio.labels import layers_of

Found = tuple[Tensor, list[str], list[float]]  # masks bool (N,H,W), labels, scores


def noisy_instances(
    clip: Clip,
    *,
    missed: float = 0.1,
    mislabelled: float = 0.05,
    wobble: float = 0.15,
    generator: torch.Generator | None = None,
) -> Callable[[Tensor], Found]:
    """A function from a frame of the clip to the instances in it: everything annotated, and in a clip of minivos also what nobody
    annotated. The same frame always gives the same.

    missed: how often an instance is not found; mislabelled: how often it is taken for another category; wobble: how wrong its
    outline is, 0 for exact. All 0 is an oracle. A score is the overlap with the true mask, as a good detector would have it.
    A clip without categories gives the label "object".

    Shapes: frame uint8 (3,H,W) -> masks bool (N,H,W), N labels, N scores, on the frame's device.
    Raises: DataError for a clip without masks, or asked about another frame; SettingsError for shares outside 0..1.
    Source: own design.
    >>> from vostutor.data import draw_clip
    >>> clip = draw_clip("plain", 3, frames=2, flow=False)
    >>> masks, labels, scores = noisy_instances(clip, missed=0, mislabelled=0, wobble=0)(clip.frames[1])
    >>> torch.equal(masks[0], clip.ids[1] == 1), labels[0] == clip.categories[0], scores[0]
    (True, True, 1.0)
    """
    if clip.ids is None:
        raise DataError(expected="a clip with masks", got=f"{clip.name} without", try_this='draw_clip("plain", 0)')
    _check_noise(missed, mislabelled, wobble)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    seed = int(torch.randint(2**31, (), generator=generator))
    frame_of = {_digest(frame): t for t, frame in reversed(list(enumerate(clip.frames)))}
    unannotated = _unannotated(clip)

    def find(frame: Tensor) -> Found:
        expect("frame: 3 H W", frame=frame, hint="one frame of the clip")
        t = frame_of.get(_digest(frame.cpu()))
        if t is None:
            raise DataError(
                expected=f"a frame of {clip.name}", got="another", try_this="noisy_instances(clip) for each clip"
            )
        own = torch.Generator().manual_seed(seed + t)  # so that the order of the questions does not matter
        found = []
        for mask, label in _seen(clip, unannotated, t):
            chances = torch.rand(2, generator=own).tolist()
            label = _another(label, own) if chances[1] < mislabelled else label
            shown = wobbled(mask, wobble, own) if wobble else mask
            if chances[0] >= missed and shown.any():
                found.append((shown, label, ((shown & mask).sum() / (shown | mask).sum()).item()))
        masks = [mask for mask, _, _ in found]
        stacked = torch.stack(masks) if masks else torch.zeros(0, *clip.size, dtype=torch.bool)
        return stacked.to(frame.device), [label for _, label, _ in found], [score for _, _, score in found]

    return find


def wobbled(mask: Tensor, wobble: float, generator: torch.Generator) -> Tensor:
    """A mask whose outline wanders in and out by a pixel or two, smoothly along it. Shapes: bool (H,W) -> bool (H,W)."""
    height, width = mask.shape
    noise = torch.randn(1, 1, -(-height // 6), -(-width // 6), generator=generator)
    noise = interpolate(noise, size=(height, width), mode="bilinear", align_corners=False)
    soft = avg_pool2d(mask.float()[None, None], 5, stride=1, padding=2, count_include_pad=False)
    return ((soft + 2 * wobble * noise > 0.5) & (soft > 0))[0, 0]


def _seen(clip: Clip, unannotated: list[tuple[range, str]], t: int) -> Iterator[tuple[Tensor, str]]:
    """Mask and label of everything that shows in a frame."""
    labels = clip.categories or ("object",) * len(clip.object_ids)
    for number, label in zip(clip.object_ids, labels, strict=True):
        if (clip.ids[t] == number).any():
            yield clip.ids[t] == number, label
    for layers, label in unannotated:
        mask = torch.isin(clip.depth_order[t], torch.tensor(list(layers), dtype=torch.uint8))
        if mask.any():
            yield mask, label


def _unannotated(clip: Clip) -> list[tuple[range, str]]:
    """Layers and category of the things in a scene of minivos that have no number."""
    try:
        scene = scene_of(clip)
    except SettingsError:  # no clip of minivos, so nothing but its masks is known
        return []
    return [(layers_of(scene, thing), thing.category) for thing in scene.things if thing.number == 0]


def _another(label: str, generator: torch.Generator) -> str:
    others = [name for name in CATEGORIES if name != label]
    return others[int(torch.randint(len(others), (), generator=generator))]


def _digest(frame: Tensor) -> bytes:
    return sha256(frame.contiguous().numpy().tobytes()).digest()


def _check_noise(missed: float, mislabelled: float, wobble: float) -> None:
    if not (0 <= missed <= 1 and 0 <= mislabelled <= 1 and wobble >= 0):
        raise SettingsError(
            expected="missed and mislabelled from 0 to 1, wobble from 0 on",
            got=f"{missed}, {mislabelled}, {wobble}",
            try_this="noisy_instances(clip)",
        )
