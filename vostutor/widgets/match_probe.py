"""The match probe: click a place of a frame, and see which place of the first frame and which of the frame before FEELVOS finds for it.

The state -> arrays part is likeness.py, what a page is told of it match_pack.py, the still picture match_still.py; the page's part is
match_probe.js, with what it draws in match_draw.js.
"""

import numpy as np
import traitlets

from vostutor.core.clip import Clip
from vostutor.core.errors import SettingsError
from vostutor.viz.picture import Picture
from vostutor.widgets.likeness import WORDS, Likeness, Maps, Reading
from vostutor.widgets.match_pack import pack_far, pack_near
from vostutor.widgets.match_still import draw_match
from vostutor.widgets.packing import pack_frames, squeeze
from vostutor.widgets.view import View

_MOMENTS = 8  # frames that can be looked at: of a longer clip every so many-th
_WIDEST = 240  # pixels across of a frame in the page
_PAGE = 285_000  # bytes that travel with the widget once it is filled


class MatchProbe(View):
    """Frame t between the first frame and the one before: lines from a place to its likeness in both, and the maps of every label.

    Click, drag or use the arrow keys in frame t; the sliders set the frame and how far local matching reaches; a label that is chosen
    shows its own nearest places instead of those of the label that wins. `probe.place` (row, column), `.moment` and `.reach` (indices into
    `.moments` and `.reaches`), `.shown` (a label, -1 for the one that wins) follow the browser, and the browser follows them;
    `probe.reading` holds what the maps say, `probe.maps` the maps. `fill()` stores states for pages without a kernel.

    clip, network: as for `Likeness`; a student's matching functions may be inside the network, and what fails is told in the widget.
    frame, reach: where the sliders begin; the nearest that they offer counts.

    Units: place and reach in places of the map, 4 pixels each; frames counted from 0, the first, which is annotated.
    Raises: DataError as `Likeness`, SettingsError for a place beyond the map.
    >>> from vostutor.models.feelvos import FEELVOSNet
    >>> from vostutor.nn.backbone import Backbone
    >>> from vostutor.data.minivos import draw_clip
    >>> probe = MatchProbe(draw_clip("plain", 3, size=(48, 64), frames=3, flow=False), FEELVOSNet(Backbone()), place=(5, 8))
    >>> probe.place, probe.frame, probe.reading.table.shape           # three labels: G, L, the answer before, and now
    ([5, 8], 2, (3, 4))
    """

    scripts = ("paints.js", "probe_draw.js", "match_draw.js", "match_probe.js")
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    cells = traitlets.List(traitlets.Int()).tag(sync=True)
    looks = traitlets.List().tag(sync=True)
    film = traitlets.Dict().tag(sync=True)
    moments = traitlets.List(traitlets.Int()).tag(sync=True)
    reaches = traitlets.List(traitlets.Int()).tag(sync=True)
    reference = traitlets.Bytes().tag(sync=True)
    scale = traitlets.Float(1.0).tag(sync=True)
    words = traitlets.Dict(WORDS).tag(sync=True)
    own = traitlets.List(traitlets.Unicode()).tag(sync=True)
    place = traitlets.List(traitlets.Int(), minlen=2, maxlen=2).tag(sync=True)
    moment = traitlets.Int(0).tag(sync=True)
    reach = traitlets.Int(0).tag(sync=True)
    shown = traitlets.Int(-1).tag(sync=True)
    stored = traitlets.Dict({"far": {}, "near": {}}).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        clip: Clip,
        network,
        *,
        frame: int | None = None,
        reach: int | None = None,
        place: tuple[int, int] | None = None,
    ):
        self.likeness = Likeness(clip, network)
        last, reaches = len(clip) - 1, self.likeness.reaches
        moments = np.unique(np.linspace(1, last, min(last, _MOMENTS)).round().astype(int)).tolist()
        wanted, reach = (last if frame is None else frame), (self.likeness.reach if reach is None else reach)
        kept = sorted({0, *moments, *(t - 1 for t in moments)})
        width = min(_WIDEST, clip.size[1])
        super().__init__(
            size=list(clip.size),
            cells=list(self.likeness.size),
            looks=self.likeness.looks,
            film={str(t): address for t, address in zip(kept, pack_frames(clip.frames[kept], width), strict=True)},
            moments=moments,
            reaches=reaches,
            reference=self.likeness.truth[0].numpy().astype(np.uint8).tobytes(),
            scale=self.likeness.scale,
            own=self.likeness.own,
            moment=_nearest(moments, wanted),
            reach=_nearest(reaches, reach),
            place=[n // 2 for n in self.likeness.size],
        )
        self.place = _check_place(self._start() if place is None else place, self.likeness.size)
        self._answer()
        self.observe(lambda change: self._answer(), ["moment", "reach"])

    @traitlets.validate("place")
    def _keep_place(self, proposal):
        return [min(max(at, 0), n - 1) for at, n in zip(proposal["value"], self.cells, strict=True)]

    @traitlets.validate("moment", "reach")
    def _keep_in_range(self, proposal):
        offered = self.moments if proposal["trait"].name == "moment" else self.reaches
        return min(max(proposal["value"], 0), len(offered) - 1)

    @traitlets.validate("shown")
    def _keep_shown(self, proposal):
        return min(max(proposal["value"], -1), len(self.looks) - 1)

    @property
    def frame(self) -> int:
        """The frame that is looked at, t."""
        return self.moments[self.moment]

    @property
    def maps(self) -> Maps:
        """The maps of the frame at the reach that is set."""
        return self.likeness.of(self.frame, self.reaches[self.reach])

    @property
    def reading(self) -> Reading:
        """What they say of the chosen place."""
        return self.likeness.read(self.frame, self.reaches[self.reach], tuple(self.place), self.shown)

    def fill(self) -> "MatchProbe":
        """The widget with as many states as a page should carry, those nearest to the present one by steps of the sliders first."""
        states = [(m, k) for m in range(len(self.moments)) for k in range(len(self.reaches))]
        steps = {state: (abs(state[0] - self.moment), abs(state[1] - self.reach)) for state in states}
        states.sort(key=lambda state: (min(steps[state]), sum(steps[state])))  # first those that one slider leads to
        stored, room = {"far": {}, "near": {}}, _PAGE - self._weight()
        for moment, reach in states[1:]:  # the present one is the answer
            maps = self.likeness.of(self.moments[moment], self.reaches[reach])
            news = {"near": (f"{moment},{reach}", squeeze(pack_near(maps)))}
            if str(moment) not in stored["far"]:
                news["far"] = (str(moment), squeeze(pack_far(maps)))
            room -= sum(-(-len(blob) * 4 // 3) + 40 for _, blob in news.values())
            if room < 0:
                break
            for kind, (key, blob) in news.items():
                stored[kind][key] = blob
        self.stored = stored
        return self

    def _weight(self) -> int:
        """Bytes that travel in any case: frames as text, the answer as base 64."""
        blobs = sum(len(blob) for blob in (self.answer["far"], self.answer["near"], self.reference))
        return sum(map(len, self.film.values())) + 4 * blobs // 3 + 4_000

    def _start(self) -> tuple[int, int]:
        """A place of the object in the frame, the one in its middle; the middle of the map where it is not seen."""
        rows, columns = np.nonzero((self.maps.truth > 0) & (self.maps.truth < 255))
        if not len(rows):
            return self.cells[0] // 2, self.cells[1] // 2
        middle = np.square(rows - rows.mean()) + np.square(columns - columns.mean())
        return int(rows[middle.argmin()]), int(columns[middle.argmin()])

    def _answer(self) -> None:
        """The kernel's side of the conversation: the maps, marked with the state that they belong to. A place is looked up in the page."""
        maps = self.maps
        self.answer = {
            "state": [self.moment, self.reach],
            "far": squeeze(pack_far(maps)),
            "near": squeeze(pack_near(maps)),
            "notes": list(self.likeness.notes.values()),
        }

    def static_picture(self) -> Picture:
        """The three frames with their lines and the maps of every label."""
        return draw_match(self.likeness, self.reading, self.frame, self.reaches[self.reach], self.scale)


def _nearest(offered: list[int], wanted: int) -> int:
    return int(np.abs(np.array(offered) - wanted).argmin())


def _check_place(place, size: tuple[int, int]) -> list[int]:
    if len(place) != 2 or not all(0 <= at < n for at, n in zip(place, size, strict=True)):
        raise SettingsError(
            expected=f"a place (row, column) of a map of {size[0]} rows and {size[1]} columns",
            got=repr(place),
            try_this=f"place=({size[0] // 2}, {size[1] // 2}); a place is 4 pixels wide",
        )
    return [int(at) for at in place]
