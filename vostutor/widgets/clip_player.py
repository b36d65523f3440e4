"""The clip player: a clip, several results side by side, and their scores under a cursor that is also the time line.

Reading order: PlayerState, compose (what is seen at a moment), score_frames, ClipPlayer, its still picture.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import traitlets

from vostutor.core.errors import DataError
from vostutor.core.shapes import expect
from vostutor.metrics.contour import boundary_f
from vostutor.metrics.region import jaccard
from vostutor.viz.colours import DASHES, INK, look_of, series_look
from vostutor.viz.draw import VOID, draw_masks
from vostutor.viz.figures import new_figure
from vostutor.viz.picture import Picture, render_figure
from vostutor.viz.plots import plot_scores
from vostutor.viz.sheet import contact_sheet
from vostutor.widgets.packing import pack_frames, pack_ids, shrink_ids
from vostutor.widgets.view import View, stacked

Curves = Mapping[str, Sequence[float]]  # a score's name and one value a frame, NaN where nothing is scored


_TILE = 120  # pixels across of one moment in the still picture


@dataclass(frozen=True)
class PlayerState:
    """What the controls say. Units: frame from 0; opacity from 0 to 1; hidden holds the ids that are switched off."""

    frame: int = 0
    opacity: float = 0.45
    outline: bool = True
    hidden: tuple[int, ...] = ()


def compose(
    frames, layers: Mapping[str, np.ndarray], state: PlayerState, *, scale: int = 1, width: int = 2
) -> dict[str, np.ndarray]:
    """What the panes show at this state: the browser does the same from the same data.

    Shapes: frames (T,3,H,W) uint8; each layer ids (T,H,W) -> a name and (scale H, scale W, 3) uint8 for each layer.
    Units: width of the outline in pixels of the result.
    >>> state = PlayerState(opacity=1.0, outline=False)
    >>> compose(np.zeros((1, 3, 4, 4), np.uint8), {"copy": np.ones((1, 4, 4), int)}, state)["copy"][0, 0]
    array([230, 159,   0], dtype=uint8)
    """
    look = {"opacity": state.opacity, "outline": state.outline, "scale": scale, "width": width}
    panes = {}
    for name, ids in layers.items():
        shown = np.where(np.isin(ids[state.frame], state.hidden), 0, ids[state.frame])
        panes[name] = draw_masks(frames[state.frame], shown, **look)
    return panes


def score_frames(truth, result) -> dict[str, list[float]]:
    """J and F of every frame but the first, whose mask was given: the mean over the objects of the truth, void as background.

    Shapes: truth, result (T,H,W) integer -> "J" and "F", T values each, NaN in frame 0.
    Source: the semi-supervised protocol of DAVIS 2017, except that here the last frame is shown as well.
    """
    truth, result = np.asarray(truth), np.asarray(result)
    objects = [i for i in np.unique(truth) if i not in (0, VOID)]
    curves = {"J": [np.nan], "F": [np.nan]}
    for gt, pred in zip(truth[1:], result[1:], strict=True):
        for name, score in (("J", jaccard), ("F", boundary_f)):
            values = [float(score(gt == i, pred == i)) for i in objects]
            curves[name].append(float(np.mean(values)) if values else np.nan)
    return curves


class ClipPlayer(View):
    """Frames with the masks of the truth and of each result, J and F under them; play, step, scrub, by mouse or by keyboard.

    `clip` is a Clip, whose ids are taken as the truth, or frames. `scores` is a name and curves for each result, or a function
    (gt ids, pred ids of one frame) -> {"J": ..., "F": ...}; left out, they are computed where a truth is known.
    `player.frame`, `.opacity`, `.outline`, `.playing`, `.hidden` follow the browser, and the browser follows them.

    Shapes: frames (T,3,H,W) uint8; truth and each result ids (T,H,W), 0 background, 255 void.
    Units: pace in frames per second while playing; max_width in pixels, wider frames are shrunk for the browser.
    Raises: ShapeError for other sizes, DataError for curves that do not fit the clip.
    >>> player = ClipPlayer(np.zeros((3, 3, 8, 8), np.uint8), {"copy": np.ones((3, 8, 8), int)})
    >>> player.frame = 99
    >>> player.frame
    2
    """

    scripts = ("clock.js", "clip_player.js")
    film = traitlets.List(traitlets.Unicode()).tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    fps = traitlets.Float(24.0).tag(sync=True)
    pace = traitlets.Float(8.0).tag(sync=True)
    objects = traitlets.List().tag(sync=True)
    layers = traitlets.List().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    opacity = traitlets.Float(0.45).tag(sync=True)
    outline = traitlets.Bool(True).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    hidden = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, clip, results=None, *, truth=None, scores=None, names=None, fps=None, pace=8.0, max_width=480):
        frames = np.asarray(getattr(clip, "frames", clip))
        expect("frames: T 3 H W", frames=frames)
        truth = truth if truth is not None else getattr(clip, "ids", None)
        results = dict(results or {})
        masks = ({} if truth is None else {"truth": truth}) | results
        for name, ids in masks.items():
            expect(
                "frames: T 3 H W, ids: T H W",
                frames=frames,
                ids=ids,
                hint=f"{name!r} needs one mask per frame, of its size",
            )
        self._name = clip.name if hasattr(clip, "frames") else "clip"  # a bare tensor has a name too: None
        self._curves = {name: _curves(truth, ids, scores, name) for name, ids in results.items()}
        self._frames, self._masks = frames, {name: np.asarray(ids) for name, ids in masks.items()}
        width = max_width if frames.shape[3] > max_width else None
        shown = {name: shrink_ids(ids, width) if width else ids for name, ids in self._masks.items()}
        super().__init__(
            film=pack_frames(frames, width),
            size=list(next(iter(shown.values())).shape[1:]) if shown else list(frames.shape[2:]),
            fps=float(fps or getattr(clip, "fps", 24.0)),
            pace=float(pace),
            objects=_legend(self._masks.values(), names, clip),
            layers=[_layer(name, ids, self._curves.get(name), results) for name, ids in shown.items()]
            or [{"name": self._name, "runs": b"", "curves": {}, "colour": "", "dash": []}],
        )

    @traitlets.validate("frame")
    def _keep_frame_in_clip(self, proposal):
        return min(max(proposal["value"], 0), max(len(self.film) - 1, 0))

    @traitlets.validate("opacity")
    def _keep_opacity_in_range(self, proposal):
        return min(max(proposal["value"], 0.0), 1.0)

    @property
    def state(self) -> PlayerState:
        """What the controls say now."""
        return PlayerState(self.frame, self.opacity, self.outline, tuple(self.hidden))

    def static_picture(self) -> Picture:
        """Five moments of every layer, and the curves under them."""
        moments = np.unique(np.linspace(0, len(self._frames) - 1, 5).round().astype(int)).tolist()
        layers = self._masks or {self._name: np.zeros(np.array(self._frames.shape)[[0, 2, 3]], np.uint8)}
        parts = [_strip(self._frames, layers, self.state, moments)]
        scored = {name: curves for name, curves in self._curves.items() if curves}
        if scored:
            parts.append(_plots(scored))
        return Picture(stacked(parts), alt=_in_words(self._name, len(self._frames), layers, scored), width=720)


def _strip(frames, layers: Mapping[str, np.ndarray], state: PlayerState, moments: list[int]) -> np.ndarray:
    """One row of moments for each layer. Shapes: -> (H',W',3)."""
    high, scale = round(_TILE * frames.shape[2] / frames.shape[3]), -(-2 * _TILE // frames.shape[3])
    width = max(1, round(scale * frames.shape[3] / _TILE))  # one pixel of the tile
    rows = [compose(frames, layers, replace(state, frame=t), scale=scale, width=width) for t in moments]
    tiles = [cv2.resize(row[name], (_TILE, high), interpolation=cv2.INTER_AREA) for name in layers for row in rows]
    captions = [f"{name} · frame {t}" for name in layers for t in moments]
    return contact_sheet(tiles, columns=len(moments), captions=captions)


def _plots(scored: Mapping[str, Curves]) -> np.ndarray:
    measures = list(next(iter(scored.values())))
    figure, axes = new_figure(1, len(measures), height=2.1, squeeze=False)
    for measure, ax in zip(measures, axes[0], strict=True):
        plot_scores({n: c[measure] for n, c in scored.items()}, ax=ax, measure=measure, quarters=False, decay=False)
    return render_figure(figure, dpi=83)[0]  # 623 pixels, as wide as five tiles


def _in_words(name: str, frames: int, layers: Mapping[str, np.ndarray], scored: Mapping[str, Curves]) -> str:
    parts = [f"Clip {name}, {frames} frames, as rows of masks over frames: {', '.join(layers)}."]
    for result, curves in scored.items():
        for measure, values in curves.items():
            known = [v for v in values if np.isfinite(v)]
            if known:
                parts.append(
                    f"{measure} of {result} goes from {known[0]:.2f} to {known[-1]:.2f}, mean {np.mean(known):.2f}."
                )
    return " ".join(parts)


def _curves(truth, ids, scores: Mapping[str, Curves] | Callable | None, name: str) -> dict[str, list[float]]:
    if isinstance(scores, Mapping):
        curves = {measure: [float(v) for v in values] for measure, values in scores.get(name, {}).items()}
    elif truth is None:
        return {}
    elif scores is None:
        curves = score_frames(truth, ids)
    else:
        rows = [scores(gt, pred) for gt, pred in zip(truth, ids, strict=True)]
        curves = {measure: [float(row[measure]) for row in rows] for measure in rows[0]}
    for measure, values in curves.items():
        if len(values) != len(ids):
            raise DataError(
                expected=f"{len(ids)} values of {measure} for {name!r}, one per frame",
                got=f"{len(values)}",
                try_this="put float('nan') where a frame is not scored",
            )
    return curves


def _legend(masks, names: Mapping[int, str] | None, clip) -> list[dict]:
    """Every object once, with the look of its id."""
    present = sorted({int(i) for ids in masks for i in np.unique(ids)} - {0})
    categories = dict(zip(getattr(clip, "object_ids", None) or (), getattr(clip, "categories", ()), strict=False))
    names = {i: f"{i} {category}" for i, category in categories.items()} | {VOID: "void"} | dict(names or {})
    looks = {i: look_of(i) for i in present}
    return [
        {"id": i, "name": str(names.get(i, f"object {i}")), "rgb": list(look.colour), "dash": list(DASHES[look.dash])}
        for i, look in looks.items()
    ]


def _layer(name: str, ids, curves: dict | None, results: dict) -> dict:
    look = series_look(list(results).index(name)) if name in results else None
    return {
        "name": name,
        "runs": pack_ids(ids),
        "curves": {
            measure: [v if np.isfinite(v) else None for v in values] for measure, values in (curves or {}).items()
        },
        "colour": "" if look is None else "currentColor" if look.colour == INK else look.hex,
        "dash": [] if look is None else list(DASHES[look.dash]),
    }
