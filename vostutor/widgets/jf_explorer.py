"""The J/F explorer: drag a predicted square over a true one and see what region and contour make of it, frame by frame.

The state -> arrays part is jf_world.py, the page's part jf_explorer.js with its own arithmetic in jf_twin.js.
"""

import numpy as np
import traitlets

from vostutor.core.errors import SettingsError
from vostutor.viz.picture import Picture
from vostutor.widgets.jf_still import draw_explorer
from vostutor.widgets.jf_world import (
    RADII,
    SEQUENCES,
    SIZES,
    TRUTH,
    WORLD,
    Box,
    Explored,
    Functions,
    explore,
    score_box,
    summarise,
)
from vostutor.widgets.view import View


class JFExplorer(View):
    """A true square, a predicted one to drag, the bands around their boundaries, and J of twelve frames with its decay.

    Arrow keys move the prediction by a pixel, + and - grow and shrink it, page up and down change the frame. `jaccard(gt, pred)`,
    `boundary(mask)`, `boundary_f(gt, pred, radius)` and `statistics(values)` may be the student's own: then what is shown is
    what they say. `explorer.boxes`, `.frame`, `.radius` follow the browser; `explorer.answer` holds the numbers.

    Units: radius in pixels of the 64 x 64 world.
    Raises: SettingsError for a sequence that does not exist.
    >>> explorer = JFExplorer("slow drift")
    >>> explorer.frame = 5
    >>> round(explorer.answer["numbers"]["J"], 3)
    0.476
    """

    scripts = ("jf_twin.js", "jf_curve.js", "jf_explorer.js")
    truth = traitlets.List(traitlets.Int()).tag(sync=True)
    boxes = traitlets.List().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    radius = traitlets.Int(1).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    limits = traitlets.Dict().tag(sync=True)
    own = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        sequence: str = "slow drift",
        *,
        frame: int = 4,
        radius: int = 1,
        jaccard=None,
        boundary=None,
        boundary_f=None,
        statistics=None,
    ):
        if sequence not in SEQUENCES:
            raise SettingsError(
                expected=f"a sequence: {', '.join(SEQUENCES)}", got=repr(sequence), try_this="JFExplorer('slow drift')"
            )
        self._functions = Functions(jaccard, boundary, boundary_f, statistics)
        self._scores: dict[Box, float] = {}
        super().__init__(
            truth=_as_list(TRUTH),
            boxes=[_as_list(box) for box in SEQUENCES[sequence]],
            frame=frame,
            radius=radius,
            presets={name: [_as_list(box) for box in boxes] for name, boxes in SEQUENCES.items()},
            limits={"world": WORLD, "sizes": SIZES, "radii": RADII},
            own=self._functions.own,
        )
        self._answer()
        self.observe(lambda change: self._answer(), ["boxes", "frame", "radius"])

    @traitlets.validate("boxes")
    def _keep_boxes_in_world(self, proposal):
        return [_as_list(Box(*(round(place) for place in box)).clamped()) for box in proposal["value"]]

    @traitlets.validate("frame")
    def _keep_frame_in_clip(self, proposal):
        return min(max(proposal["value"], 0), max(len(self.boxes) - 1, 0))

    @traitlets.validate("radius")
    def _keep_radius_in_range(self, proposal):
        return min(max(proposal["value"], RADII[0]), RADII[1])

    @property
    def explored(self) -> Explored:
        """What is seen at the current frame, box and radius."""
        return explore(TRUTH, Box(*self.boxes[self.frame]), self.radius, self._functions)

    @property
    def curve(self) -> list[float]:
        """J of every frame."""
        return [self._score(Box(*box)) for box in self.boxes]

    def _score(self, box: Box) -> float:
        if box not in self._scores:  # a drag changes one frame; the others need not be asked again
            self._scores[box] = score_box(box, self._functions)
        return self._scores[box]

    def _answer(self) -> None:
        """The kernel's side of the conversation: one message with everything, marked with the state that it belongs to."""
        seen, curve = self.explored, self.curve
        summary = _without_nan(summarise(curve, self._functions))
        unsaid = ["statistics gave no mean, recall and decay"] if None in summary.values() else []
        numbers = {"J": seen.J, "F": seen.F, "P": seen.precision, "R": seen.recall}
        self.answer = {
            "state": [*self.boxes[self.frame], self.radius],
            "boxes": self.boxes,
            "numbers": _without_nan(numbers),
            "counts": dict(seen.counts),
            "flags": seen.flags.tobytes(),
            "curve": list(_without_nan(dict(enumerate(curve))).values()),
            "summary": summary,
            "notes": [*seen.notes, *unsaid],
        }

    def static_picture(self) -> Picture:
        """Both boundaries with their bands at the current frame, and the curve with its decay."""
        return draw_explorer(self.explored, self.curve, frame=self.frame, radius=self.radius)


def _as_list(box: Box) -> list[int]:
    return [box.row, box.column, box.size]


def _without_nan(numbers: dict) -> dict:
    return {name: value if np.isfinite(value) else None for name, value in numbers.items()}
