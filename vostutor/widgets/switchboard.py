"""The switchboard: turn the generator's switches and see which system breaks on the very clip that comes out, and when.

The state -> arrays part is switches.py, the page's part switchboard.js. A clip takes the kernel some tenths of a second; what was drawn
once is kept.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import traitlets

from vostutor.core.errors import SettingsError
from vostutor.viz.colours import DASHES, INK, series_look
from vostutor.viz.draw import as_pixels
from vostutor.viz.figures import new_figure, style
from vostutor.viz.picture import Picture, render_figure
from vostutor.viz.sheet import contact_sheet
from vostutor.widgets.packing import pack_frames, pack_ids
from vostutor.widgets.switches import BROKEN, FRAMES, SEED, SWITCHES, Trial, film, moved, try_systems
from vostutor.widgets.verdicts import PAINT, paint, paint_key, tell_paints
from vostutor.widgets.view import View, stacked


class Switchboard(View):
    """One scene twice, as its seed draws it and with switches turned; what each system makes of both, and J of both over time.

    Click or use the arrow keys in a row of switches; space plays, the time line steps. `board.settings`, `.seed`, `.frame`, `.playing`
    follow the browser, and the browser follows them; `board.before` and `board.after` hold the trials.

    systems: a name and what makes a new system, for one to three of them; the two baselines where left out.
    jaccard: (gt, pred) -> float, a student's own, or the package's where left out.
    Units: seed a whole number from 0 on; frame from 0.
    Raises: SettingsError for a switch, level, seed or number of systems that does not exist.
    >>> board = Switchboard({"things": "fast"})
    >>> board.after.mean("flow warp") < board.before.mean("flow warp")
    True
    """

    scripts = ("clock.js", "paints.js", "score_line.js", "switchboard.js")
    switches = traitlets.List().tag(sync=True)
    looks = traitlets.List().tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    paints = traitlets.List().tag(sync=True)
    broken = traitlets.Float(BROKEN).tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    seed = traitlets.Int(SEED).tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    frames = traitlets.Int(FRAMES).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    pace = traitlets.Float(6.0).tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        seed: int = SEED,
        frame: int = 6,
        systems: Mapping[str, Callable] | None = None,
        jaccard: Callable | None = None,
    ):
        self._systems, self._jaccard = dict(systems or _baselines()), jaccard
        if not 1 <= len(self._systems) <= 3:
            raise SettingsError(
                expected="one to three systems", got=str(len(self._systems)), try_this="Switchboard() shows two"
            )
        self._trials: dict = {}
        self._packed: dict = {}
        size = list(film({}, seed).ids.shape[1:])
        super().__init__(
            switches=[{"name": s.name, "about": s.about, "levels": list(s.levels), "rest": s.rest} for s in SWITCHES],
            looks=[_look(name, index) for index, name in enumerate(self._systems)],
            paints=tell_paints(PAINT),
            size=size,
            settings=moved(settings or {}),
            seed=seed,
            frame=frame,
        )
        self._show()
        self.observe(lambda change: self._show(), ["settings", "seed"])

    @traitlets.validate("settings")
    def _keep_settings(self, proposal):
        return moved(proposal["value"])

    @traitlets.validate("seed")
    def _keep_seed(self, proposal):
        return max(proposal["value"], 0)

    @traitlets.validate("frame")
    def _keep_frame(self, proposal):
        return min(max(proposal["value"], 0), FRAMES - 1)

    @property
    def before(self) -> Trial:
        """The trial of the seed's own clip."""
        return self._trial({})

    @property
    def after(self) -> Trial:
        """The trial with the switches as they are now."""
        return self._trial(self.settings)

    def _trial(self, settings: Mapping[str, str]) -> Trial:
        key = (self.seed, *moved(settings).items())
        if key not in self._trials:
            self._trials[key] = try_systems(film(settings, self.seed), self._systems, self._jaccard)
        return self._trials[key]

    def _show(self) -> None:
        """The kernel's side of the conversation: one message with both sides, marked with the state that it belongs to."""
        self.shown = {
            "seed": self.seed,
            "settings": dict(self.settings),
            "sides": [self._side(self.before), self._side(self.after)],
            "verdict": tell_verdict(self.before, self.after),
            "notes": _notes(self.before, self.after),
        }

    def _side(self, trial: Trial) -> dict:
        key = id(trial)  # trials are kept, so that an id stays theirs
        if key not in self._packed:
            self._packed[key] = {
                "film": pack_frames(trial.clip.frames),
                "systems": [_column(trial, name) for name in self._systems],
            }
        return self._packed[key]

    def static_picture(self) -> Picture:
        """The board's four panes at its frame, twice as large as drawn, what the tints mean, and J before and after."""
        panes = _panes(self)
        parts = [panes, _curves(self.before, self.after, self.frame, wide=max(panes.shape[1], 480))]
        kinds = ", ".join(self.before.clip.categories)
        told = "; ".join(f"{pattern} is {word}" for _, word, pattern in PAINT.values())
        alt = (
            f"Scene {self.seed} ({kinds}), frame {self.frame}: above as its seed draws it, below with {_turned(self)}. "
            f"What each system made of it: {told}. {tell_verdict(self.before, self.after)}"
        )
        return Picture(stacked(parts, gap=6), alt=alt, width=820)


def tell_verdict(before: Trial, after: Trial) -> str:
    """Who lost how much, in words.

    >>> board = Switchboard()
    >>> tell_verdict(board.before, board.after).startswith("Mean J: copy")
    True
    """
    told = []
    for name in before.curves:
        old, new, broke = before.mean(name), after.mean(name), after.breaks_at(name)
        when = f"never below {BROKEN:g}" if broke is None else f"below {BROKEN:g} from frame {broke} on"
        told.append(f"{name} {old:.2f} before, {new:.2f} after ({when})")
    return "Mean J: " + "; ".join(told) + "."


def _notes(before: Trial, after: Trial) -> list[str]:
    notes = list(dict.fromkeys([*before.notes, *after.notes]))
    if before.clip.categories != after.clip.categories:
        notes.append(
            "With these switches this seed begins with another cast: compare with care, or take another scene."
        )
    return notes


def _baselines() -> dict[str, Callable]:
    from vostutor.models import CopyFirstMask, FlowWarp
    from vostutor.ops.dis import dis_flow

    return {"copy": CopyFirstMask, "flow warp": lambda: FlowWarp(dis_flow)}


def _look(name: str, index: int) -> dict:
    look = series_look(index)
    return {
        "name": name,
        "colour": "currentColor" if look.colour == INK else look.hex,
        "dash": list(DASHES[look.dash]),
    }


def _column(trial: Trial, name: str) -> dict:
    curve = [value if np.isfinite(value) else None for value in trial.curves[name]]
    mean = trial.mean(name)
    return {
        "runs": pack_ids(trial.verdicts(name)),
        "curve": curve,
        "mean": mean if np.isfinite(mean) else None,
        "breaks": trial.breaks_at(name),
    }


def _turned(board: Switchboard) -> str:
    return ", ".join(f"{name} {word}" for name, word in board.settings.items()) or "nothing turned"


def _panes(board: Switchboard) -> np.ndarray:
    """Grain is smoothed away and the frame made a little paler: a stored picture is small, and the verdicts stand out."""
    tiles, captions, t = [], [], board.frame
    for trial, side in ((board.before, "as drawn"), (board.after, _turned(board))):
        calm = cv2.GaussianBlur(as_pixels(trial.clip.frames[t]), (0, 0), 0.6)
        pale = cv2.addWeighted(calm, 0.8, calm, 0, 40)
        for name in board._systems:
            tiles.append(paint(pale, trial.verdicts(name)[t], scale=2))
            j = trial.curves[name][t]
            captions.append(f"{name} · {side} · " + (f"J {j:.2f}" if np.isfinite(j) else "not scored"))
    return contact_sheet(tiles, columns=len(board._systems), captions=captions, size=14)


def _curves(before: Trial, after: Trial, frame: int, wide: int) -> np.ndarray:
    figure, ax = new_figure(width=wide / 96, height=1.9)
    with style():
        for index, name in enumerate(after.curves):
            look = series_look(index)
            ax.plot(before.curves[name], color=look.hex, alpha=0.4, linewidth=1, marker=look.marker, markersize=3)
            ax.plot(after.curves[name], color=look.hex, linestyle=look.dash, marker=look.marker, label=name)
        ax.axhline(BROKEN, color="#999999", linewidth=0.8, linestyle="dotted")
        ax.axvline(frame, color="#999999", linewidth=0.8, zorder=0)
        ax.set(xlabel="frame; strong with the switches, faint as drawn", ylabel="J", yticks=(0, 0.5, 1))
        ax.set(ylim=(0, 1.05), xlim=(0, FRAMES - 1))
        ax.grid(False)
        figure.legend(handles=ax.lines[1:-2:2] + paint_key(PAINT), loc="outside upper left", ncols=6, frameon=False)
    return render_figure(figure, dpi=96)[0]
