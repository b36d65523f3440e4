"""The click segmenter: every click is a labelled place of PML's pool, and both frames are segmented anew.

The state -> arrays part is embedding_space.py, the page's part click_segmenter.js. Where no kernel answers, the page looks neighbours up
itself, in as many directions of the space as travel with it.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import torch
import traitlets

from vostutor.core.clip import Clip
from vostutor.core.errors import DataError
from vostutor.viz.draw import draw_masks
from vostutor.viz.picture import Picture
from vostutor.viz.sheet import contact_sheet
from vostutor.widgets.embedding_space import embed_frames, nearest_labels, principal_axes, score
from vostutor.widgets.packing import pack_frames
from vostutor.widgets.places import label_places, looks_of, objects_in
from vostutor.widgets.view import View

_WIDEST = 320  # pixels across of a frame in the page
_BYTES = 120_000  # of embeddings that travel with the widget
_SCALE = 2  # pixels of the still picture a pixel


class ClickSegmenter(View):
    """The first frame and a later one, to click at; every place of both gets the label of the click that is nearest in PML's space.

    Choose a label (or press its number), then click, or move the cross by the arrow keys and press enter; backspace takes the last click
    back. `segmenter.clicks` holds (frame, row, column, label) of each, frame 0 for the first and 1 for the later one; it follows the
    browser, and the browser follows it. `segmenter.found` holds the labels of all places, `segmenter.j` the scores.

    clip, network: PML's network, (frames, times) -> (B,C,h,w). frame: the later one.
    clicks: where it begins.

    Units: row and column in places of the map, 4 pixels each; J in places too.
    Raises: DataError for a clip without masks, a frame that is not there, and clicks beyond the map.
    >>> from vostutor.models.pml import PMLNet
    >>> from vostutor.nn.backbone import Backbone
    >>> from vostutor.data.minivos import draw_clip
    >>> clip = draw_clip("plain", 3, size=(48, 64), frames=3, flow=False)
    >>> segmenter = ClickSegmenter(clip, PMLNet(Backbone()), clicks=[(0, 5, 8, 1)])
    >>> segmenter.found.unique().tolist()                       # one click: everything is like it
    [1]
    """

    scripts = ("probe_draw.js", "match_draw.js", "click_segmenter.js")
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    cells = traitlets.List(traitlets.Int()).tag(sync=True)
    looks = traitlets.List().tag(sync=True)
    frames = traitlets.List(traitlets.Int()).tag(sync=True)
    images = traitlets.List(traitlets.Unicode()).tag(sync=True)
    truth = traitlets.Bytes().tag(sync=True)
    space = traitlets.Bytes().tag(sync=True)
    channels = traitlets.List(traitlets.Int()).tag(sync=True)
    clicks = traitlets.List().tag(sync=True)
    label = traitlets.Int(1).tag(sync=True)
    cross = traitlets.List(traitlets.Int()).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self, clip: Clip, network, *, frame: int | None = None, clicks: Iterable[Sequence[int]] = (), label: int = 1
    ):
        self.clip, self.objects = clip, objects_in(clip)
        frame = min(8, len(clip) - 1) if frame is None else frame
        self.embeddings = embed_frames(clip, network, (0, frame))
        self.place_truth = label_places(clip.ids[[0, frame]], self.objects)
        cells, looks = list(self.embeddings.shape[-2:]), looks_of(clip, self.objects)
        clicks = [list(click) for click in clicks]
        for click in clicks:
            if not _fits(click, cells, len(looks)):
                raise DataError(
                    expected=f"(frame, row, column, label): 0 or 1, a place of {cells[0]} x {cells[1]}, 0 to {len(looks) - 1}",
                    got=repr(click),
                    try_this=f"(0, {cells[0] // 2}, {cells[1] // 2}, 1); a place is 4 pixels wide",
                )
        codes, kept = _pack_space(self.embeddings)
        super().__init__(
            size=list(clip.size),
            cells=cells,
            looks=looks,
            frames=[0, int(frame)],
            images=pack_frames(clip.frames[[0, frame]], min(_WIDEST, clip.size[1])),
            truth=self.place_truth.numpy().astype(np.uint8).tobytes(),
            space=codes,
            channels=[kept, self.embeddings.shape[1]],
            cross=[0, cells[0] // 2, cells[1] // 2],
            clicks=clicks,
            label=label,
        )
        self._answer()
        self.observe(lambda change: self._answer(), "clicks")

    @traitlets.validate("clicks")
    def _keep_clicks(self, proposal):
        """Those that are places of the map, with a label that there is."""
        clicks = [list(click) for click in proposal["value"]]
        return [click for click in clicks if _fits(click, self.cells, len(self.looks))] if self.cells else clicks

    @traitlets.validate("label")
    def _keep_label(self, proposal):
        return min(max(proposal["value"], 0), len(self.looks) - 1) if self.looks else proposal["value"]

    @property
    def found(self) -> torch.Tensor:
        """The label of every place. Shapes: -> int64 (2,h,w), 255 where nobody has clicked."""
        return nearest_labels(self.embeddings, self.clicks)

    @property
    def j(self) -> tuple[float | None, float | None]:
        """J of the first frame and of the later one, the mean over the objects; None where a frame has none."""
        return tuple(score(*pair, len(self.objects)) for pair in zip(self.found, self.place_truth, strict=True))

    def undo(self) -> None:
        """Without the last click."""
        self.clicks = self.clicks[:-1]

    def clear(self) -> None:
        """Without any."""
        self.clicks = []

    def _answer(self) -> None:
        """The kernel's side of the conversation: the labels of all places, marked with the clicks that they belong to."""
        labels = self.found.numpy().astype(np.uint8)
        self.answer = {"state": [list(click) for click in self.clicks], "labels": labels.tobytes(), "j": list(self.j)}

    def static_picture(self) -> Picture:
        """Both frames with what was found in them, and the clicks."""
        ids = torch.tensor([0, *self.objects, *[0] * (255 - len(self.objects))])[
            self.found
        ]  # nobody's place has no tint
        tiles, captions = [], []
        for n, t in enumerate(self.frames):
            large = ids[n].repeat_interleave(4, 0).repeat_interleave(4, 1)[: self.size[0], : self.size[1]]
            tile = draw_masks(self.clip.frames[t], large, scale=_SCALE)
            tiles.append(_mark(tile, [click for click in self.clicks if click[0] == n], self.looks))
            j = self.j[n]
            captions.append(f"frame {t} · " + ("no object" if j is None else f"J {j:.2f}"))
        return Picture(contact_sheet(tiles, captions=captions, size=14), alt=self._in_words(), width=720)

    def _in_words(self) -> str:
        counts = [sum(click[3] == k for click in self.clicks) for k in range(len(self.looks))]
        told = ", ".join(f"{n} of {look['name']}" for n, look in zip(counts, self.looks, strict=True))
        scores = ", ".join(
            f"frame {t}: " + ("none" if j is None else f"{j:.2f}") for t, j in zip(self.frames, self.j, strict=True)
        )
        return (
            f"{len(self.clicks)} clicks ({told}) and what they label in frame {self.frames[0]} and frame {self.frames[1]}: every place is "
            f"told by the click that is nearest to it in the space of embeddings. J in places, {scores}."
        )


def _fits(click: Sequence[int], cells: Sequence[int], labels: int) -> bool:
    whole = len(click) == 4 and all(isinstance(at, int | np.integer) and at >= 0 for at in click)
    return whole and all(at < end for at, end in zip(click, (2, *cells, labels), strict=True))


def _pack_space(embeddings: torch.Tensor) -> tuple[bytes, int]:
    """Embeddings in as many principal directions as there is room for, a signed byte each: distances keep their order but for close ties.

    Shapes: (F,C,h,w) -> int8 (F,h,w,directions), and how many directions.
    """
    places = embeddings.movedim(1, -1)
    kept = int(min(embeddings.shape[1], max(2, _BYTES // places[..., 0].numel())))
    mean, axes = principal_axes(places[0].flatten(0, 1), kept)
    parts = (places - mean) @ axes.T
    return (parts * (127 / parts.abs().max().clamp(min=1e-6))).round().to(torch.int8).numpy().tobytes(), kept


def _mark(tile: np.ndarray, clicks: Sequence[Sequence[int]], looks: Sequence[dict]) -> np.ndarray:
    for _, row, column, label in clicks:
        at = (round((4 * column + 2) * _SCALE), round((4 * row + 2) * _SCALE))
        colour = tuple(int(looks[label]["colour"][k : k + 2], 16) for k in (1, 3, 5))
        cv2.circle(tile, at, 7, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.circle(tile, at, 5, colour, -1, cv2.LINE_AA)
    return tile
