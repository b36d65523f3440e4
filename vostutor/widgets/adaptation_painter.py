"""The adaptation painter: set threshold, distance and erosion, and see which pixels of a frame would teach OnAVOS what.

The state -> arrays part is adaptation.py, the page's part adaptation_painter.js. The sliders offer a few values each, so that every state
can be computed once and kept.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product, zip_longest

import cv2
import numpy as np
import traitlets

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError, SettingsError
from vostutor.viz.colours import DASHES, INK, series_look
from vostutor.viz.draw import as_pixels, draw_outline, draw_prob
from vostutor.viz.figures import new_figure, style
from vostutor.viz.picture import Picture, render_figure
from vostutor.viz.sheet import contact_sheet
from vostutor.widgets.adaptation import TARGETS, Adaptation, Painted, Setting, choices_of
from vostutor.widgets.packing import pack_frames, pack_ids, shrink_ids, squeeze
from vostutor.widgets.probe_pair import told
from vostutor.widgets.verdicts import paint, paint_key, tell_paints
from vostutor.widgets.view import View, stacked

CONTROLS = ("alpha", "distance", "erosion")
FROZEN = "nothing learned"  # the curve of the network as it is
_MOMENTS = 15  # frames that can be looked at: of a longer clip every so many-th
_WIDEST = 160  # pixels across of what is painted in the page
_SAID = 112  # of a map of probabilities, which is smooth
_CALM = 0.6  # px of blur: grain costs more bytes than it tells


class AdaptationPainter(View):
    """What the network says of a frame, the same frame painted with what it teaches, and J over time with replay on and off.

    Drag the sliders, or the cursor over the curves; arrow keys go from frame to frame, space plays. `painter.moment` (index of the frame),
    `.alpha`, `.distance`, `.erosion` (indices into `.choices`) follow the browser, and the browser follows them; `painter.painted` holds
    the targets, `painter.setting` the values. `fill()` computes all states of a frame.

    clip, network, targets, object_id: as for `Adaptation`.
    targets: (prob, last_mask, alpha=, distance=, erosion=) -> targets, a student's; what fails is told in the widget.
    curves: a name and J of every frame, for each of one or two systems; or a function that gives them, asked when its button is
        pressed, such as `lambda: replay_curves(network, clip)`.
    choices: values for some of the sliders, instead of those of `choices_of`.
    Units: distance and erosion in pixels of the clip.
    Raises: DataError for curves of another length, SettingsError for choices that do not exist; else as `Adaptation`.
    >>> import torch
    >>> clip = Clip(torch.zeros(3, 3, 12, 16, dtype=torch.uint8), torch.ones(3, 12, 16, dtype=torch.int64))
    >>> painter = AdaptationPainter(clip, torch.full((3, 12, 16), 0.8), choices={"alpha": (0.7, 0.9)})
    >>> painter.setting.alpha, painter.answer["words"]
    (0.7, '192 positives, none of them wrong. No negative. 0 of 192 pixels say nothing.')
    """

    scripts = ("clock.js", "paints.js", "score_line.js", "adaptation_painter.js")
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    moments = traitlets.List(traitlets.Int()).tag(sync=True)
    film = traitlets.List(traitlets.Unicode()).tag(sync=True)
    says = traitlets.List(traitlets.Unicode()).tag(sync=True)
    paints = traitlets.List().tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)
    own = traitlets.Bool(False).tag(sync=True)
    moment = traitlets.Int(0).tag(sync=True)
    alpha = traitlets.Int(0).tag(sync=True)
    distance = traitlets.Int(0).tag(sync=True)
    erosion = traitlets.Int(0).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    pace = traitlets.Float(2.0).tag(sync=True)
    lines = traitlets.List().tag(sync=True)
    runnable = traitlets.Bool(False).tag(sync=True)
    wanted = traitlets.Bool(False).tag(sync=True)
    trouble = traitlets.Unicode("").tag(sync=True)
    stored = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        clip: Clip,
        network,
        *,
        targets: Callable | None = None,
        curves: Mapping[str, Sequence[float]] | Callable | None = None,
        frame: int | None = None,
        choices: Mapping[str, Sequence[float]] | None = None,
        object_id: int | None = None,
    ):
        self.adaptation = Adaptation(clip, network, targets=targets, object_id=object_id)
        self._curves, offered = curves, _check_choices({**choices_of(clip.size[0]), **(choices or {})})
        last = len(clip) - 1
        moments = np.unique(np.linspace(1, last, min(last, _MOMENTS)).round().astype(int)).tolist()
        self._width = min(_WIDEST, clip.size[1])
        frame = round(0.75 * last) if frame is None else frame
        super().__init__(
            size=[round(clip.size[0] * self._width / clip.size[1]), self._width],
            moments=moments,
            film=pack_frames(clip.frames[moments], self._width),
            says=pack_frames(np.stack([_says(self.adaptation, t) for t in moments]), min(_SAID, clip.size[1])),
            paints=tell_paints(TARGETS),
            choices={name: list(offered[name]) for name in CONTROLS},
            own=targets is not None,
            runnable=callable(curves),
            moment=int(np.abs(np.array(moments) - frame).argmin()),
            **{name: (len(offered[name]) - 1) // 2 for name in CONTROLS},
            lines=self._lines({} if curves is None or callable(curves) else curves),
        )
        self._answer()
        self.observe(lambda change: self._answer(), ["moment", *CONTROLS])
        self.observe(lambda change: self._run(), "wanted")

    @traitlets.validate("moment", *CONTROLS)
    def _keep_in_range(self, proposal):
        name = proposal["trait"].name
        return min(max(proposal["value"], 0), len(self.moments if name == "moment" else self.choices[name]) - 1)

    @property
    def state(self) -> tuple[int, int, int, int]:
        """Where the controls stand: the indices of frame, alpha, distance and erosion."""
        return self.moment, self.alpha, self.distance, self.erosion

    @property
    def setting(self) -> Setting:
        """What the controls say."""
        return self._setting(self.state)

    @property
    def painted(self) -> Painted:
        """What the frame teaches now."""
        return self.adaptation.of(self.setting)

    def fill(self) -> "AdaptationPainter":
        """The widget with all states of its frame, and of the other frames as the sliders stand: what a page without a kernel shows."""
        ranges = [range(len(self.choices[name])) for name in CONTROLS]
        states = [(self.moment, *rest) for rest in product(*ranges)]
        states += [(moment, *self.state[1:]) for moment in range(len(self.moments))]
        self.stored = {",".join(map(str, state)): self._pack(state) for state in states}
        return self

    def _setting(self, state: Sequence[int]) -> Setting:
        values = (self.choices[name][at] for name, at in zip(CONTROLS, state[1:], strict=True))
        return Setting(self.moments[state[0]], *values)

    def _pack(self, state: Sequence[int]) -> dict:
        painted = self.adaptation.of(self._setting(state))
        runs = squeeze(pack_ids(shrink_ids(painted.codes[None], self._width)))
        return {"runs": runs, "words": painted.words, "note": painted.note}

    def _answer(self) -> None:
        """The kernel's side of the conversation: the targets, marked with the state that they belong to."""
        self.answer = {"state": list(self.state), **self._pack(self.state)}

    def _run(self) -> None:
        """J with replay on and off, when the button is pressed."""
        if not (self.wanted and self.runnable):
            return
        try:
            self.lines, self.runnable, self.trouble = self._lines(self._curves()), False, ""
        except Exception as error:  # anything can come out of a student's function
            self.trouble = f"curves gave nothing: {told(error)}"
        self.wanted = False

    def _lines(self, curves: Mapping[str, Sequence[float]]) -> list[dict]:
        """The curves as the page draws them, that of the network as it is last."""
        curves = {name: [float(j) for j in scores] for name, scores in curves.items()}
        for name, scores in curves.items():
            if len(scores) != len(self.adaptation.clip):
                raise DataError(
                    expected=f"{len(self.adaptation.clip)} values of J for {name!r}, one for each frame",
                    got=f"{len(scores)}",
                    try_this="float('nan') for the first frame, which is told",
                )
        looks = [series_look(index) for index in range(len(curves) + 1)]
        return [
            {
                "name": name,
                "colour": "currentColor" if look.colour == INK else look.hex,
                "dash": list(DASHES[look.dash]),
                "curve": [j if np.isfinite(j) else None for j in scores],
            }
            for (name, scores), look in zip({**curves, FROZEN: self.adaptation.frozen}.items(), looks, strict=True)
        ]

    def static_picture(self) -> Picture:
        """What the network says of the frame, what the frame teaches, and J over time."""
        panes = self._panes()
        parts = [panes, draw_lines(self.lines, self.setting.frame, wide=panes.shape[1])]
        return Picture(stacked(parts, gap=6), alt=self._in_words(), width=720)

    def _panes(self) -> np.ndarray:
        frame = as_pixels(self.adaptation.clip.frames[self.setting.frame])
        scale = max(1, round(2 * _WIDEST / frame.shape[1]))
        tiles = [
            _says(self.adaptation, self.setting.frame, scale),
            paint(cv2.GaussianBlur(frame, (0, 0), _CALM), self.painted.codes, scale=scale, paints=TARGETS),
        ]
        a, d, e = (f"{getattr(self.setting, name):g}" for name in CONTROLS)
        captions = [f"frame {self.setting.frame}: how sure the network is", f"alpha {a}, distance {d} px, erosion {e}"]
        return contact_sheet(tiles, columns=2, captions=captions, size=14)

    def _in_words(self) -> str:
        s, means = self.setting, [f"{line['name']} {_mean(line['curve']):.2f}" for line in self.lines]
        told = ", ".join(f"{word} {pattern}" for _, word, pattern in TARGETS.values())
        return (
            f"Frame {s.frame} and what it teaches at alpha {s.alpha:g}, distance {s.distance:g} px, erosion {s.erosion} px ({told}). "
            f"{self.painted.words} {self.painted.note} Mean J over time: {', '.join(means)}."
        )


def _says(adaptation: Adaptation, t: int, scale: int = 2) -> np.ndarray:
    """The probabilities of a frame, and the outline of the last mask. Shapes: -> (scale H, scale W, 3)."""
    size = {"fx": scale, "fy": scale}
    pixels = cv2.resize(draw_prob(adaptation.prob[t]), None, interpolation=cv2.INTER_LINEAR, **size)
    last = cv2.resize(adaptation.masks[t - 1].astype(np.uint8), None, interpolation=cv2.INTER_NEAREST, **size)
    return draw_outline(pixels, last > 0, (255, 255, 255), dash="dashed", width=scale)


def draw_lines(lines: Sequence[Mapping], frame: int, wide: int) -> np.ndarray:
    """J over time, a line for each system, with a line at the frame. Shapes: -> (H,wide,3)."""
    return render_figure(plot_lines(lines, frame, wide), dpi=96)[0]


def plot_lines(lines: Sequence[Mapping], frame: int, wide: int):
    """The same as a figure; its legend has a row for the systems and one for the paints. Units: wide in pixels."""
    figure, ax = new_figure(width=wide / 96, height=2.3)
    with style():
        for index, line in enumerate(lines):
            look = series_look(index)
            values = [np.nan if j is None else j for j in line["curve"]]
            ax.plot(values, color=look.hex, linestyle=look.dash, marker=look.marker, markersize=3.5, label=line["name"])
        ax.axvline(frame, color="#999999", linewidth=0.8, zorder=0)
        ax.set(xlabel="frame", ylabel="J", ylim=(0, 1.05), yticks=(0, 0.5, 1), xlim=(0, None))
        ax.grid(False)
        handles, _ = ax.get_legend_handles_labels()
        (blank,) = ax.plot([], linestyle="none", label=" ")
        columns = list(zip_longest(handles, paint_key(TARGETS), fillvalue=blank))  # a legend is filled column by column
        key = [entry for column in columns for entry in column]
        figure.legend(handles=key, loc="outside upper left", ncols=len(columns), frameon=False)
    return figure


def _mean(curve: Sequence[float | None]) -> float:
    known = [j for j in curve if j is not None]
    return float(np.mean(known)) if known else float("nan")


def _check_choices(choices: Mapping[str, Sequence[float]]) -> Mapping[str, Sequence[float]]:
    for name, values in choices.items():
        if name not in CONTROLS or not len(values):
            raise SettingsError(
                expected=f"values for {', '.join(CONTROLS)}", got=f"{name}: {values}", try_this='{"alpha": (0.5, 0.9)}'
            )
    return choices
