"""What each frame of a clip would teach a network that goes on learning: positives, negatives, void; and what replay is worth.

Reading order: TARGETS (the paints), Setting, choices_of, Adaptation (state -> arrays), tell_targets, replay_curves.
Letters: T frames, H rows, W columns.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from vostutor.core.clip import Clip
from vostutor.core.errors import ShapeError
from vostutor.core.ids import VOID
from vostutor.core.shapes import expect
from vostutor.metrics.region import jaccard
from vostutor.viz.colours import BLUE, VERMILLION, VOID_COLOUR
from vostutor.widgets.fine_tuning import ask, object_of
from vostutor.widgets.probe_pair import told

TARGETS = {
    1: (VERMILLION, "positive", "plain"),
    0: (BLUE, "negative", "striped"),
    VOID: (VOID_COLOUR, "void", "dotted"),
}
ALPHAS = (0.5, 0.7, 0.9, 0.97, 0.99)
_DISTANCES, _EROSIONS = (0, 0.1, 0.25, 0.5, 1), (0, 0.02, 0.08, 0.2)  # shares of the height


@dataclass(frozen=True)
class Setting:
    """What the controls say. Units: frame from 1, the first one being told; distance and side of the erosion in pixels."""

    frame: int
    alpha: float
    distance: float
    erosion: int


def choices_of(rows: int) -> dict[str, tuple]:
    """What the sliders offer for frames of so many rows.

    >>> choices_of(96)["distance"], choices_of(96)["erosion"]
    ((0, 10, 24, 48, 96), (1, 3, 9, 21))
    """
    sides = (2 * round(share * rows / 2) + 1 for share in _EROSIONS)
    return {
        "alpha": ALPHAS,
        "distance": tuple(round(share * rows) for share in _DISTANCES),
        "erosion": tuple(dict.fromkeys(sides)),
    }


@dataclass(frozen=True, eq=False)
class Painted:
    """What a frame teaches. Shapes: codes uint8 (H,W): 1 positive, 0 negative, 255 void. note says what failed, or nothing."""

    codes: np.ndarray
    words: str
    note: str = ""


class Adaptation:
    """One object of a clip, a network that was taught its first frame, and what every later frame could teach it.

    network: frames float (B,3,H,W) in [0,1] -> a list of logits (B,1,H,W), the answer last; or its probabilities (T,H,W).
    targets: (prob (H,W), last_mask bool (H,W), alpha=, distance=, erosion=) -> integers (H,W) of 1, 0 and 255; a student's, or the
        package's where left out. The last mask is the network's own, that of frame 0 the told one.

    Raises: DataError for a clip without masks, ShapeError for probabilities of another size.
    >>> clip = Clip(torch.zeros(3, 3, 1, 4, dtype=torch.uint8), torch.tensor([[[0, 1, 0, 0]]] * 3))
    >>> adaptation = Adaptation(clip, torch.tensor([[[0.1, 0.95, 0.2, 0.6]]] * 3))
    >>> adaptation.of(Setting(frame=1, alpha=0.9, distance=1, erosion=1)).codes
    array([[255,   1, 255,   0]], dtype=uint8)
    """

    def __init__(self, clip: Clip, network, *, targets: Callable | None = None, object_id: int | None = None):
        self.clip, self.object_id, self._targets = clip, object_of(clip, object_id), targets
        asked = isinstance(network, nn.Module)
        prob = np.stack([ask(network, frame) for frame in clip.frames]) if asked else np.asarray(network)
        expect("ids: T H W, prob: T H W", ids=clip.ids, prob=prob, hint="one probability for each pixel of each frame")
        if prob.dtype.kind != "f" or not (np.isfinite(prob).all() and prob.min() >= 0 and prob.max() <= 1):
            raise ShapeError(expected="probabilities in [0,1]", got=f"{prob.dtype}", try_this="logits.sigmoid()")
        self.prob, self.truth = prob.astype(np.float32), (clip.ids == self.object_id).numpy()
        self.masks = np.concatenate([self.truth[:1], self.prob[1:] > 0.5])
        self._known: dict[Setting, Painted] = {}

    @property
    def frozen(self) -> list[float]:
        """J of each frame where nothing is learned any more; NaN for the first, which was told."""
        return curve_of(self.clip, self.masks, self.object_id)

    def of(self, setting: Setting) -> Painted:
        """What the frame teaches at this setting; asked for once and kept."""
        if setting not in self._known:
            self._known[setting] = self._paint(setting)
        return self._known[setting]

    def _paint(self, setting: Setting) -> Painted:
        t, how = setting.frame, {"alpha": setting.alpha, "distance": setting.distance, "erosion": setting.erosion}
        prob, last = torch.from_numpy(self.prob[t].copy()), torch.from_numpy(self.masks[t - 1].copy())
        codes, note = np.full(prob.shape, VOID, np.uint8), ""
        try:
            with torch.no_grad():
                answer = torch.as_tensor((self._targets or _own)(prob, last, **how)).cpu().numpy()
            note = _what_is_wrong(answer, codes.shape)
            codes = codes if note else answer.astype(np.uint8)
        except Exception as error:  # anything can come out of a student's function
            note = f"targets gave nothing: {told(error)}"
        return Painted(codes, tell_targets(codes, self.truth[t]), note)


def _own(prob, last_mask, **how):
    from vostutor.models.onavos import adaptation_targets

    return adaptation_targets(prob, last_mask, **how)


def _what_is_wrong(answer: np.ndarray, size: tuple[int, ...]) -> str:
    if answer.shape != size:
        return f"targets gave shape {answer.shape} instead of {size}"
    strange = sorted({float(value) for value in np.unique(answer)} - set(TARGETS))
    return f"targets gave {strange[:3]}, which are none of 0, 1 and 255" if strange else ""


def tell_targets(codes: np.ndarray, truth: np.ndarray) -> str:
    """How many pixels teach what, and how many of them teach the truth. Shapes: codes (H,W), truth bool (H,W).

    >>> tell_targets(np.array([[1, 1, 0, 255]]), np.array([[True, False, False, True]]))
    '2 positives, 1 of them wrong. 1 negative, none of them wrong. 1 of 4 pixels says nothing.'
    """
    positives, negatives = codes == 1, codes == 0
    if not positives.any() and not negatives.any():
        return "All is void: this frame teaches nothing."
    sides = [("positive", positives, ~truth), ("negative", negatives, truth)]
    told = [_count(name, int(said.sum()), int((said & wrong).sum())) for name, said, wrong in sides]
    void = int((codes == VOID).sum())
    return " ".join([*told, f"{void:,} of {codes.size:,} pixels say{'s' * (void == 1)} nothing."])


def _count(name: str, count: int, wrong: int) -> str:
    if not count:
        return f"No {name}."
    return f"{count:,} {name}{'s' * (count > 1)}, {f'{wrong:,}' if wrong else 'none'} of them wrong."


def curve_of(clip: Clip, masks: np.ndarray, object_id: int) -> list[float]:
    """J of an object in each frame but the first, whose mask was told. Shapes: masks bool (T,H,W) -> T values."""
    ids = clip.ids.numpy()
    scores = jaccard(ids == object_id, np.asarray(masks), ids == VOID)
    return [float("nan"), *scores[1:].tolist()]


def replay_curves(
    network: nn.Module,
    clip: Clip,
    config=None,
    *,
    targets: Callable | None = None,
    object_id: int | None = None,
    seed: int = 0,
) -> dict[str, list[float]]:
    """J over time of OnAVOS twice: with the first frame shown again between the others, and without.

    network: what both begin with. config: an OnAVOSConfig; the preset for drift where left out. targets: as in Adaptation.
    Takes some seconds.
    """
    from vostutor.engine.infer import predict_clip
    from vostutor.models.onavos import PRESETS, OnAVOS

    object_id, config, targets = object_of(clip, object_id), config or PRESETS["drift"], targets or _own
    ids = torch.where(clip.ids == VOID, VOID, (clip.ids == object_id).long())
    alone = replace(clip, ids=ids, object_ids=(1,), categories=())
    curves = {}
    for name, how in (("with replay", config), ("without replay", replace(config, interval=1))):
        system = OnAVOS(network, how, targets=targets, generator=torch.Generator().manual_seed(seed))
        curves[name] = curve_of(alone, (predict_clip(system, alone) == 1).numpy(), 1)
    return curves
