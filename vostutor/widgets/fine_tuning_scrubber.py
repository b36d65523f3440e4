"""The fine-tuning scrubber: move through the online steps, add annotated frames, and see what the network finds in a late frame.

The state -> arrays part is fine_tuning.py, the page's part fine_tuning_scrubber.js. A training takes the kernel some seconds; what was
trained once is kept, and travels with the widget to pages without a kernel.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import traitlets
from torch import nn

from vostutor.core.clip import Clip
from vostutor.viz.colours import BLUE, Look, series_look
from vostutor.viz.draw import as_pixels, draw_masks, draw_prob
from vostutor.viz.figures import new_figure, style
from vostutor.viz.picture import Picture, render_figure
from vostutor.viz.sheet import contact_sheet
from vostutor.widgets.fine_tuning import STEPS, FineTuning, Learning
from vostutor.widgets.packing import pack_frames, pack_ids, shrink_ids, squeeze
from vostutor.widgets.verdicts import PAINT, judge, paint, paint_key, tell_paints
from vostutor.widgets.view import View, stacked

_WIDEST = 160  # pixels across of a mask in the page, and twice as many of a frame
_SURE = 80  # of a map of probabilities, which is smooth


class FineTuningScrubber(View):
    """The annotated frames, a late frame with what the network finds in it, how sure it is, and J over the online steps.

    Drag the curve or use the arrow keys to go through the steps, up and down for more or fewer annotated frames; space plays.
    `scrubber.moment` (index of the step), `.annotated` (how many frames), `.playing` follow the browser, and the browser follows them;
    `scrubber.learning` holds the maps. Each number of frames is trained when it is first asked for; `fill()` trains all.

    parent, clip, frames, steps, finetune, late, object_id: as for `FineTuning`; `frames` are those that can be annotated, in order.
    finetune: (network, frame float (3,H,W) in [0,1], mask bool (H,W), steps) -> network, a student's; what fails is told in the widget.

    Raises: DataError, SettingsError as `FineTuning`.
    >>> import torch
    >>> from vostutor.core import Clip
    >>> from vostutor.checks.network import SmallNetwork
    >>> clip = Clip(torch.zeros(6, 3, 12, 16, dtype=torch.uint8), torch.ones(6, 12, 16, dtype=torch.int64))
    >>> scrubber = FineTuningScrubber(SmallNetwork(torch.Generator().manual_seed(0)), clip, steps=(0, 2), annotated=0)
    >>> scrubber.moment = 9
    >>> scrubber.moment, scrubber.step
    (1, 2)
    """

    scripts = ("clock.js", "paints.js", "score_line.js", "fine_tuning_scrubber.js")
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    places = traitlets.List().tag(sync=True)
    late = traitlets.Int().tag(sync=True)
    image = traitlets.Unicode().tag(sync=True)
    paints = traitlets.List().tag(sync=True)
    own = traitlets.Bool(False).tag(sync=True)
    moment = traitlets.Int(0).tag(sync=True)
    annotated = traitlets.Int(1).tag(sync=True)
    reached = traitlets.List(traitlets.Int()).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    pace = traitlets.Float(2.0).tag(sync=True)
    runs = traitlets.Dict().tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        parent: nn.Module,
        clip: Clip,
        frames: Sequence[int] | None = None,
        *,
        annotated: int = 1,
        moment: int = 0,
        steps: Sequence[int] = STEPS,
        finetune: Callable | None = None,
        late: int | None = None,
        object_id: int | None = None,
        seed: int = 0,
    ):
        how = {"steps": steps, "finetune": finetune, "late": late, "object_id": object_id, "seed": seed}
        self.tuning = FineTuning(parent, clip, frames, **how)
        self._width = min(_WIDEST, clip.size[1])
        frame = clip.frames[self.tuning.late]
        super().__init__(
            size=[round(clip.size[0] * self._width / clip.size[1]), self._width],
            steps=list(self.tuning.steps),
            places=[self._place(t) for t in self.tuning.annotated],
            late=self.tuning.late,
            image=pack_frames(frame[None], min(2 * _WIDEST, clip.size[1]))[0],
            paints=tell_paints(PAINT),
            own=finetune is not None,
            reached=[-1] * (len(self.tuning.annotated) + 1),
            annotated=annotated,
            moment=moment,
        )
        self._show()
        self.observe(lambda change: self._show(), ["moment", "annotated"])

    @traitlets.validate("moment")
    def _keep_moment(self, proposal):
        return min(max(proposal["value"], 0), len(self.steps) - 1)

    @traitlets.validate("annotated")
    def _keep_annotated(self, proposal):
        return min(max(proposal["value"], 0), len(self.places))

    @property
    def step(self) -> int:
        """How many online steps were taken at this moment."""
        return self.steps[self.moment]

    @property
    def learning(self) -> Learning:
        """What is found with as many annotated frames as now, at every moment."""
        return self.tuning.of(self.annotated)

    def fill(self) -> "FineTuningScrubber":
        """The widget, trained for every number of annotated frames: what a page without a kernel can show."""
        for count in range(len(self.places) + 1):
            self._train(count)
        return self

    def _show(self) -> None:
        """The kernel's side of the conversation: what was never trained is trained, and the curve is known as far as it was seen."""
        self._train(self.annotated)
        seen = list(self.reached)
        seen[self.annotated] = max(seen[self.annotated], self.moment)
        self.reached = seen

    def _train(self, count: int) -> None:
        if str(count) in self.runs:
            return
        learning = self.tuning.of(count, lambda scores: self.set_trait("progress", {"count": count, "j": list(scores)}))
        self.runs = {**self.runs, str(count): self._pack(learning)}

    def _pack(self, learning: Learning) -> dict:
        verdicts = judge(np.broadcast_to(self.tuning.truth, learning.masks.shape), learning.masks)
        # Whether a map is sure shows in broad strokes; a page holds dozens of them.
        sure = [draw_prob(prob) for prob in learning.prob]
        return {
            "masks": squeeze(pack_ids(shrink_ids(verdicts, self._width))),
            "sure": pack_frames(np.stack(sure), min(_SURE, self.tuning.clip.size[1])),
            "j": [float(j) if np.isfinite(j) else None for j in learning.j],
            "note": learning.note,
        }

    def _place(self, t: int) -> dict:
        """A frame that can be annotated: as it is, and with its annotation."""
        clip = self.tuning.clip
        bare, told = (
            pack_frames(pixels[None], self._width)[0] for pixels in (as_pixels(clip.frames[t]), self._told(t))
        )
        return {"frame": t, "bare": bare, "told": told}

    def _told(self, t: int, scale: int = 2) -> np.ndarray:
        clip = self.tuning.clip
        return draw_masks(clip.frames[t], (clip.ids[t] == self.tuning.object_id).long(), width=scale, scale=scale)

    def static_picture(self) -> Picture:
        """The frames that are annotated, the late frame before and after all steps, and J over the steps."""
        panes = self._panes()
        parts = [panes, draw_curves(self.tuning, self.annotated, wide=panes.shape[1])]
        return Picture(stacked(parts, gap=6), alt=self._in_words(), width=820)

    def _panes(self) -> np.ndarray:
        learning, frame = self.learning, as_pixels(self.tuning.clip.frames[self.tuning.late])
        calm = cv2.GaussianBlur(frame, (0, 0), 0.6)  # grain costs more bytes than it tells
        scale = max(1, round(2 * _WIDEST / frame.shape[1]))
        first = self.tuning.annotated[0]
        bare = as_pixels(self.tuning.clip.frames[first]).repeat(scale, 0).repeat(scale, 1)
        tiles = [self._told(first, scale) if self.annotated else bare]
        captions = [f"frame {first}, {'annotated' if self.annotated else 'not annotated'}"]
        for k in (0, -1):
            verdicts = judge(self.tuning.truth, learning.masks[k])
            tiles.append(paint(calm, verdicts, scale=scale))
            captions.append(f"frame {self.tuning.late} after {self.steps[k]} steps · J {learning.j[k]:.2f}")
        return contact_sheet(tiles, columns=3, captions=captions, size=14)

    def _in_words(self) -> str:
        known = [count for count in range(len(self.places) + 1) if self.tuning.knows(count)]
        told = "; ".join(f"{pattern} is {word}" for _, word, pattern in PAINT.values())
        ends = [f"{_frames(n)}: {self.tuning.of(n).j[0]:.2f} to {self.tuning.of(n).j[-1]:.2f}" for n in known]
        note = self.learning.note
        return (
            f"A network is fine-tuned on annotated frames; shown is what it finds in frame {self.late} before and after "
            f"{self.steps[-1]} steps ({told}). J with {', with '.join(ends)}. {note}"
        )


def draw_curves(tuning: FineTuning, current: int, wide: int) -> np.ndarray:
    """J over the online steps, a line for each number of annotated frames that was trained. Shapes: -> (H,wide,3)."""
    figure, ax = new_figure(width=wide / 96, height=2.1)
    with style():
        for count in range(len(tuning.annotated) + 1):
            if tuning.knows(count):
                look = look_of_count(count, current)
                more = {"linewidth": 2.6 if count == current else 1.2, "marker": series_look(count).marker}
                ax.plot(tuning.of(count).j, color=look.hex, linestyle=look.dash, label=_frames(count), **more)
        ax.set_xticks(range(len(tuning.steps)), [str(step) for step in tuning.steps])
        ax.set(xlabel="online steps", ylabel=f"J of frame {tuning.late}", ylim=(0, 1.05), yticks=(0, 0.5, 1))
        ax.grid(False)
        lines, _ = ax.get_legend_handles_labels()
        figure.legend(handles=lines + paint_key(PAINT), loc="outside upper left", ncols=4, frameon=False)
    return render_figure(figure, dpi=96)[0]


def look_of_count(count: int, current: int) -> Look:
    """The line of a number of annotated frames: the current one is blue, the others grey; the parent alone is dashed."""
    return Look(BLUE if count == current else (130, 130, 130), "solid" if count else "dashed")


def _frames(count: int) -> str:
    return "no frame annotated" if not count else f"{count} frame{'s' * (count > 1)}"
