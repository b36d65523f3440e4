"""The correlation probe: click a pixel of frame 1, and how well it fits the places around it lies over frame 2 as a heat map.

What is looked at: probe_pair.py; what the scores say: probe_scores.py; the still picture: probe_still.py; the page's part:
correlation_probe.js with its own arithmetic in probe_twin.js.
"""

from collections.abc import Callable

import numpy as np
import traitlets

from vostutor.core.errors import SettingsError
from vostutor.viz.flow import draw_flow, draw_wheel
from vostutor.viz.picture import Picture
from vostutor.widgets.packing import pack_frames
from vostutor.widgets.probe_pair import Pair, Volumes, pair_of, scale_of
from vostutor.widgets.probe_scores import (
    RADII,
    STEPS,
    WORDS,
    Place,
    Reading,
    cell_of,
    pick_flow,
    read_slice,
    take_slice,
)
from vostutor.widgets.probe_still import draw_probe
from vostutor.widgets.view import View

_FRACTION = 32  # the page knows the flow to 1/32 px; so does the kernel, that both say the same
_UNKNOWN = -32768
_PLACES = 16_000  # pixels of frame 1 that can be clicked: of a larger frame every so many-th
_STORED = 80_000  # scores that travel with the widget, for pages without a kernel
_WIDEST = 480  # pixels across of a frame in the page


class CorrelationProbe(View):
    """Frame 1 to click at, frame 2 with the scores of that pixel in their places, the best match and the true one as arrows.

    Drag or use the arrow keys in frame 1 (shift: by single pixels); the sliders set how far the window reaches and in which steps;
    a click at the colour wheel shows which pixels move like that. `probe.pixel`, `.radius`, `.step`, `.picked` follow the browser, and
    the browser follows them; `probe.reading` holds what the scores say, `probe.picked_pixels` the pixels of the wheel.

    clip_or_pair: a Clip, looked at from `frame` to the next, or (frame1, frame2), with flow, or with flow and what is hidden.
    features: frames float (2,3,H,W) in [0,1] -> (2,C,h,w); left out, describe_patches, which nobody had to train.
    correlation: (f1, f2, radius) -> (1,(2r+1)²,h,w), dy outside; a student's, or the package's where left out. It is asked once for each
    radius; of what it answers, the window's steps are kept. What fails is told in the widget, never raised.

    Units: radius and step in cells of the features, h and w to a frame; pixel (x, y), picked (x, y) in pixels.
    Raises: DataError for what is no pair, ShapeError for frames and flow that do not fit, SettingsError for a radius, step or pixel
    that cannot be set.
    >>> y, x = np.mgrid[:24, :32]
    >>> frame = (127 + 60 * np.sin(x * x / 17 + y) + 60 * np.cos(y * y / 11 - x)).astype(np.uint8)
    >>> moved = np.broadcast_to(np.array([4.0, 0.0])[:, None, None], (2, 24, 32))
    >>> probe = CorrelationProbe((frame, np.roll(frame, 4, axis=1), moved), pixel=(12, 12))
    >>> probe.reading.best, probe.reading.rank              # cells of 2 pixels
    ((2, 0), 1)
    """

    scripts = ("probe_twin.js", "probe_draw.js", "correlation_probe.js")
    images = traitlets.List(traitlets.Unicode()).tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    cells = traitlets.List(traitlets.Int()).tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    every = traitlets.Int(1).tag(sync=True)
    flow = traitlets.Bytes().tag(sync=True)
    hidden = traitlets.Bytes().tag(sync=True)
    max_flow = traitlets.Float(0).tag(sync=True)
    legends = traitlets.List(traitlets.Unicode()).tag(sync=True)
    words = traitlets.Dict(WORDS).tag(sync=True)
    limits = traitlets.Dict({"radii": list(RADII), "steps": list(STEPS)}).tag(sync=True)
    own = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pixel = traitlets.List(traitlets.Int(), minlen=2, maxlen=2).tag(sync=True)
    radius = traitlets.Int(4).tag(sync=True)
    step = traitlets.Int(1).tag(sync=True)
    picked = traitlets.List(traitlets.Float()).tag(sync=True)
    stored = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        clip_or_pair,
        features: Callable | None = None,
        correlation: Callable | None = None,
        radius: int = 4,
        *,
        step: int = 1,
        frame: int = 0,
        pixel: tuple[int, int] | None = None,
    ):
        pair = pair_of(clip_or_pair, frame)
        _check("radius", radius, RADII)
        _check("step", step, STEPS)
        height, width = pair.size
        every = int(np.ceil(np.sqrt(height * width / _PLACES)))
        self.pair = Pair(pair.frames, np.rint(pair.flow * _FRACTION).clip(-32767, 32767) / _FRACTION, pair.hidden)
        self._volumes = Volumes(self.pair, features, correlation)
        own = [name for name, given in (("features", features), ("correlation", correlation)) if given is not None]
        super().__init__(
            images=pack_frames(pair.frames, _WIDEST if width > _WIDEST else None),
            size=[height, width],
            cells=list(self._volumes.cells),
            stride=self._volumes.stride,
            every=every,
            own=own,
            radius=radius,
            step=step,
            pixel=list(self._start() if pixel is None else _check_pixel(pixel, pair.size)),
            **_pack_flow(self.pair, every),
            stored=self._store(),
        )
        self._answer()
        self.observe(lambda change: self._answer(), ["pixel", "radius", "step"])

    @traitlets.validate("pixel")
    def _keep_pixel(self, proposal):
        """The nearest pixel that can be chosen: inside the frame, and of a large frame every so many-th."""
        last = [(n - 1 - self.every // 2) // self.every for n in reversed(self.size)]
        places = [min(max(at // self.every, 0), end) for at, end in zip(proposal["value"], last, strict=True)]
        return [place * self.every + self.every // 2 for place in places]

    @traitlets.validate("radius", "step")
    def _keep_in_range(self, proposal):
        low, high = RADII if proposal["trait"].name == "radius" else STEPS
        return min(max(proposal["value"], low), high)

    @traitlets.validate("picked")
    def _keep_picked(self, proposal):
        motion = proposal["value"]
        return motion if len(motion) == 2 and np.isfinite(motion).all() else []

    @property
    def place(self) -> Place:
        """The chosen pixel and its window."""
        return Place(*self.pixel, self.radius, self.step)

    @property
    def reading(self) -> Reading:
        """What the scores of the chosen pixel say."""
        return self.read(self.place)

    @property
    def tolerance(self) -> float:
        """How far a pixel's motion may be from the picked one. Units: pixels."""
        return max(0.5, self.max_flow / 12)

    @property
    def picked_pixels(self) -> np.ndarray:
        """Where frame 1 moves as picked on the wheel. Shapes: -> (H,W) bool, all False where nothing is picked."""
        motion = self.picked or (np.nan, np.nan)
        return pick_flow(self.pair.flow, motion, self.tolerance)

    def read(self, place: Place) -> Reading:
        """What the scores say at any place, from the functions that the probe was given."""
        cell = cell_of(place.x, place.y, self._volumes.stride, self._volumes.cells)
        scores = take_slice(self._volumes.of(place.radius), cell, place.radius, place.step)
        return read_slice(scores, place, self.pair, self._volumes.stride)

    def _start(self) -> tuple[int, int]:
        """The middle of the frame. What there is to find is left to find."""
        height, width = self.pair.size
        return width // 2, height // 2

    def _store(self) -> dict:
        """Scores of a lattice of cells at the largest radius, a byte each: smaller windows and larger steps are parts of these."""
        volume, side = self._volumes.of(RADII[1]), 2 * RADII[1] + 1
        (rows, columns), every = self._volumes.cells, 1
        while -(-rows // every) * -(-columns // every) * side * side > _STORED:
            every += 1
        kept = volume[:, :, every // 2 :: every, every // 2 :: every]
        known = kept[np.isfinite(kept)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        codes = np.rint(254 * (np.where(np.isfinite(kept), kept, low) - low) / ((high - low) or 1.0))
        codes = np.where(np.isfinite(kept), codes, 255).astype(np.uint8).transpose(2, 3, 0, 1)
        return {
            "every": every, "rows": codes.shape[0], "columns": codes.shape[1], "radius": RADII[1],
            "low": low, "high": high, "codes": codes.tobytes(),
        }  # fmt: skip

    def _answer(self) -> None:
        """The kernel's side of the conversation: the scores, marked with the state that they belong to."""
        seen = self.reading
        self.answer = {
            "state": [*self.pixel, self.radius, self.step],
            "scores": seen.scores.astype("<f4").tobytes(),
            "notes": self._volumes.notes(self.radius),
            "words": seen.words,
        }

    def static_picture(self) -> Picture:
        """The probe as it stands: both frames, the window, the arrows, and the flow with its wheel."""
        return draw_probe(self.reading, self.place, self.pair, self.stride, notes=self._volumes.notes(self.radius))


def _check(name: str, value, limits: tuple[int, int]) -> None:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not limits[0] <= value <= limits[1]:
        raise SettingsError(
            expected=f"{name} a whole number of cells, {limits[0]} to {limits[1]}",
            got=repr(value),
            try_this=f"{name}={limits[0] if name == 'step' else 4}",
        )


def _check_pixel(pixel, size: tuple[int, int]) -> tuple[int, int]:
    inside = len(pixel) == 2 and all(0 <= at < n for at, n in zip(pixel, reversed(size), strict=True))
    if not inside:
        raise SettingsError(
            expected=f"a pixel (x, y) of a frame {size[1]} wide and {size[0]} high",
            got=repr(pixel),
            try_this=f"pixel=({size[1] // 2}, {size[0] // 2})",
        )
    return int(pixel[0]), int(pixel[1])


def _pack_flow(pair: Pair, every: int) -> dict:
    """The flow of the pixels that can be chosen, their occlusion, and the pictures of both; nothing where no flow is known."""
    kept = slice(every // 2, None, every)
    flow, hidden = pair.flow[:, kept, kept], pair.hidden[kept, kept]
    codes = np.where(np.isnan(flow), _UNKNOWN, np.nan_to_num(flow) * _FRACTION).astype("<i2")
    packed = {"flow": codes.tobytes(), "hidden": np.packbits(hidden).tobytes()}
    if not np.isfinite(flow).any():
        return packed
    max_flow = scale_of(pair)
    pictures = [draw_flow(flow, max_flow=max_flow), draw_wheel(320, max_flow=max_flow)]
    return packed | {
        "max_flow": max_flow,
        "legends": pack_frames(np.stack(pictures[:1])) + pack_frames(np.stack(pictures[1:])),
    }
