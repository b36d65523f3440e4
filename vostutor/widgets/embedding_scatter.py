"""The embedding scatter: places of two frames as points, an anchor with its closest positive and negative, and the margin.

The state -> arrays part is embedding_space.py, the page's part embedding_scatter.js, which has all distances and needs no kernel.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import traitlets

from vostutor.core.clip import Clip
from vostutor.core.ids import VOID
from vostutor.viz.colours import SKY, VERMILLION, Look, look_of
from vostutor.viz.draw import as_pixels, draw_masks
from vostutor.viz.figures import new_figure, style
from vostutor.viz.picture import Picture, render_figure
from vostutor.widgets.embedding_space import compare, embed_frames, principal_axes
from vostutor.widgets.packing import pack_frames
from vostutor.widgets.places import GREY, label_places, looks_of, objects_in
from vostutor.widgets.probe_pair import told
from vostutor.widgets.view import View, stacked

WORDS = {
    "neither": "Its closest positive is nearer than its closest negative by the margin, and so are all on average: nothing to learn.",
    "mean": "Its closest positive is near enough. The mean over all positives is not: that loss would pull together what looks different.",
    "both": "Its closest positive is not nearer than its closest negative by the margin: both losses pull.",
    "unknown": "Whose this place is, or its like in the first frame, is not known: no loss asks it.",
}
SHAPES = "oos^Dv"  # a mark for each label, the background's first
_WIDEST = 240  # pixels across of a frame in the page
_STEPS = 40  # of the margin's slider


@dataclass(frozen=True)
class AnchorReading:
    """What the triplets of an anchor say. label: its own, 255 unknown. positive, negative, mean: squared distances, NaN unknown.

    hinges: of the closest pair, and of the mean distance. shares: of the anchors whose hinges are above zero, of all in the frame;
    label_shares: of those with the anchor's label.
    """

    label: int
    positive: float
    negative: float
    mean: float
    hinges: tuple[float, float]
    shares: tuple[float, float]
    label_shares: tuple[float, float]
    said: str

    @property
    def words(self) -> str:
        """The reading as a sentence."""
        return WORDS[self.said]


class EmbeddingScatter(View):
    """The places of the first frame and of a later one as points in a plane, the two frames, and a slider for the margin.

    Click a point or a place of the later frame, or use the arrow keys there: it becomes the anchor, and lines join it with its closest
    positive and its closest negative among the places of the first frame. `scatter.anchor` (row, column) and `.margin` follow the browser,
    and the browser follows them; `scatter.reading` holds the numbers, `scatter.anchors` those of every place.

    clip, network: PML's network, (frames, times) -> (B,C,h,w). frame: the later one; 0 compares the first with itself.
    triplet: (anchors (A,C), positives (M,C), negatives (N,C), margin=) -> (A,), a student's, asked about the anchor; what fails is told.

    Units: anchor in places of the map, 4 pixels each; margin in squared distance. The plane is that of the first frame's two principal
    axes; all numbers are of the whole space.
    Raises: DataError for a clip without masks, and a frame that is not there.
    >>> from vostutor.models.pml import PMLNet
    >>> from vostutor.nn.backbone import Backbone
    >>> from vostutor.data.minivos import draw_clip
    >>> clip = draw_clip("plain", 3, size=(48, 64), frames=3, flow=False)
    >>> scatter = EmbeddingScatter(clip, PMLNet(Backbone()), margin=0.5)
    >>> scatter.margin = -1
    >>> scatter.margin, scatter.plane.shape
    (0.0, (2, 192, 2))
    """

    scripts = ("probe_draw.js", "match_draw.js", "embedding_scatter.js")
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    cells = traitlets.List(traitlets.Int()).tag(sync=True)
    looks = traitlets.List().tag(sync=True)
    frames = traitlets.List(traitlets.Int()).tag(sync=True)
    images = traitlets.List(traitlets.Unicode()).tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    distances = traitlets.Bytes().tag(sync=True)
    found = traitlets.Bytes().tag(sync=True)
    kept = traitlets.Float().tag(sync=True)
    channels = traitlets.Int().tag(sync=True)
    words = traitlets.Dict(WORDS).tag(sync=True)
    limits = traitlets.Dict().tag(sync=True)
    own = traitlets.Bool(False).tag(sync=True)
    anchor = traitlets.List(traitlets.Int(), minlen=2, maxlen=2).tag(sync=True)
    margin = traitlets.Float(0.7).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        clip: Clip,
        network,
        *,
        frame: int | None = None,
        anchor: tuple[int, int] | None = None,
        margin: float | None = None,
        triplet: Callable | None = None,
    ):
        self.clip, self.objects, self._triplet = clip, objects_in(clip, 1), triplet
        frame = min(5, len(clip) - 1) if frame is None else frame
        cells, kept = self._embed(network, frame)
        own_margin = float(getattr(getattr(network, "config", None), "margin", 0.7))
        most = self._largest_margin(own_margin)
        distances = np.stack([self.anchors.positive, self.anchors.negative, self.anchors.mean])
        super().__init__(
            size=list(clip.size),
            cells=cells,
            looks=looks_of(clip, self.objects),
            frames=[0, int(frame)],
            images=pack_frames(clip.frames[[0, frame]], min(_WIDEST, clip.size[1])),
            points=np.rint(self.plane * (32767 / max(np.abs(self.plane).max(), 1e-6))).astype("<i2").tobytes(),
            labels=self.place_labels.numpy().astype(np.uint8).tobytes(),
            distances=distances.astype("<f4").tobytes(),
            found=np.stack([self.anchors.positive_at, self.anchors.negative_at]).astype("<i2").tobytes(),
            kept=kept,
            channels=self.places.shape[2],
            limits={"most": most, "step": most / _STEPS},
            own=triplet is not None,
            anchor=[n // 2 for n in cells],
        )
        self.margin = own_margin if margin is None else margin
        self.anchor = list(self._start() if anchor is None else anchor)
        self._answer()
        self.observe(lambda change: self._answer(), ["anchor", "margin"])

    def _embed(self, network, frame: int) -> tuple[list[int], float]:
        """Embed both frames, compare their places, and lay them into a plane; the map's size, and how much the plane keeps."""
        embeddings = embed_frames(self.clip, network, (0, frame))
        self.places = embeddings.flatten(2).mT.contiguous()  # (2,P,C)
        self.place_labels = label_places(self.clip.ids[[0, frame]], self.objects).flatten(1)
        (pool, asked), (known, own) = self.places, self.place_labels
        self.anchors = compare(asked, own, pool, known, apart=frame > 0)
        mean, axes = principal_axes(self.places[0], 2)
        centred = self.places - mean
        self.plane = (centred @ axes.T).numpy()
        return list(embeddings.shape[-2:]), _kept(centred[0], axes)

    def _largest_margin(self, own: float) -> float:
        """Where the slider ends: at twice the network's own margin, or where nine tenths of the anchors are still nearer to a stranger."""
        known = self.anchors.negative[np.isfinite(self.anchors.negative)]
        return round(max(2 * own, float(np.quantile(known, 0.9)) if known.size else 0.0), 1)

    @traitlets.validate("anchor")
    def _keep_anchor(self, proposal):
        return [min(max(at, 0), n - 1) for at, n in zip(proposal["value"], self.cells, strict=True)]

    @traitlets.validate("margin")
    def _keep_margin(self, proposal):
        return min(max(proposal["value"], 0.0), self.limits["most"]) if np.isfinite(proposal["value"]) else 0.0

    @property
    def reading(self) -> AnchorReading:
        """What the triplets of the anchor say."""
        k, anchors = self._index, self.anchors
        hinges = tuple(float(h[k]) for h in anchors.hinges(self.margin))
        said = "unknown" if not np.isfinite(hinges).all() else ("neither", "mean", "both")[sum(h > 0 for h in hinges)]
        distances = (float(each[k]) for each in (anchors.positive, anchors.negative, anchors.mean))
        label = int(self.place_labels[1, k])
        shares = (anchors.shares(self.margin, chosen) for chosen in (None, self.place_labels[1].numpy() == label))
        return AnchorReading(label, *distances, hinges, *shares, said)

    @property
    def _index(self) -> int:
        return self.anchor[0] * self.cells[1] + self.anchor[1]

    def _start(self) -> tuple[int, int]:
        """The object's place that the mean distance asks most of: if it looks two ways, this is one of them."""
        closest, mean = self.anchors.hinges(0.0)
        asked = (self.place_labels[1].numpy() > 0) & (self.place_labels[1].numpy() != VOID) & np.isfinite(mean)
        worth = np.where(asked, mean - closest, -1.0)
        return divmod(int(worth.argmax()), self.cells[1])

    def _answer(self) -> None:
        """The kernel's side of the conversation: what the student's own loss says of the anchor. All else is known to the page."""
        said = {"state": [*self.anchor, self.margin], "own": None, "note": ""}
        label = int(self.place_labels[1, self._index])
        if self._triplet is not None and label != VOID:
            try:
                value = float(self._ask(label))
                said["own"] = value if np.isfinite(value) else None
            except Exception as error:  # anything can come out of a student's function
                said["note"] = f"triplet gave nothing: {told(error)}"
        self.answer = said

    def _ask(self, label: int) -> torch.Tensor:
        known, anchor = self.place_labels[0], self.places[1, self._index][None].clone()
        same, other = self.places[0][known == label], self.places[0][(known != label) & (known != VOID)]
        return self._triplet(anchor, same, other, margin=self.margin)[0]

    def static_picture(self) -> Picture:
        """The points with the anchor's lines, and both frames with the same places marked."""
        figure, axes = new_figure(height=4.4, mosaic=[["points", "points", "first"], ["points", "points", "later"]])
        with style():
            self._plot_points(axes["points"])
            for n, name in enumerate(("first", "later")):
                self._show_frame(axes[name], n)
        return Picture(stacked([render_figure(figure, dpi=110)[0]]), alt=self._in_words(), width=720)

    def _joined(self) -> list[tuple[int, Look, str]]:
        """The closest positive and negative that there are: place of the first frame, look, name."""
        k, anchors = self._index, self.anchors
        both = (
            (anchors.positive_at[k], Look(SKY, "solid", "o"), "closest positive"),
            (anchors.negative_at[k], Look(VERMILLION, "dashed", "D"), "closest negative"),
        )
        return [(int(at), look, name) for at, look, name in both if at >= 0]

    def _plot_points(self, ax) -> None:
        names = [look["name"] for look in self.looks]
        for label, name in enumerate(names):
            colour = look_of(self.objects[label - 1]).hex if label else GREY
            mark = {"marker": SHAPES[label % len(SHAPES)], "linestyle": "none", "markersize": 3.5 if label else 2.5}
            mark["alpha"] = 0.9 if label else 0.45
            for n, face in enumerate((colour, "none")):
                points = self.plane[n][self.place_labels[n].numpy() == label]
                ax.plot(*points.T, color=colour, markerfacecolor=face, label=None if n else name, **mark)
        own = self.plane[1][self._index]
        for at, look, name in self._joined():
            line = {"linestyle": look.dash, "linewidth": 2, "marker": look.marker, "markevery": [1], "label": name}
            ax.plot(*zip(own, self.plane[0][at], strict=True), color=look.hex, **line)
        ax.plot(*own, "P", color="white", markeredgecolor="#141414", markersize=10)
        ax.set_title(f"filled: first frame; hollow: frame {self.frames[1]}", fontsize=9.5)
        ax.set(xlabel="first principal axis", ylabel="second", aspect="equal")
        ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3)

    def _show_frame(self, ax, n: int) -> None:
        pixels = cv2.GaussianBlur(as_pixels(self.clip.frames[self.frames[n]]), (0, 0), 0.7)
        ax.imshow(
            draw_masks(pixels, self.clip.ids[self.frames[n]], scale=2),
            extent=(-0.5, self.size[1] - 0.5, self.size[0] - 0.5, -0.5),
        )
        marked = self._joined() if n == 0 else [(self._index, Look((255, 255, 255), "solid", "P"), "anchor")]
        for at, look, _ in marked:
            row, column = divmod(at, self.cells[1])
            ax.plot(
                4 * column + 1.5, 4 * row + 1.5, look.marker, color=look.hex, markeredgecolor="#141414", markersize=8
            )
        ax.set_axis_off()
        ax.set_title("first frame" if n == 0 else f"frame {self.frames[1]}: the anchor", fontsize=9.5)

    def _in_words(self) -> str:
        seen = self.reading
        return (
            f"Places of the first frame and of frame {self.frames[1]} as points in the plane of two principal axes. The anchor at "
            f"{tuple(self.anchor)}: closest positive {seen.positive:.2f}, closest negative {seen.negative:.2f}, positives on average "
            f"{seen.mean:.2f} in squared distance. At a margin of {self.margin:.2f} the hinge is {seen.hinges[0]:.2f} for the closest pair "
            f"and {seen.hinges[1]:.2f} for the mean; above zero for {seen.shares[0]:.0%} and {seen.shares[1]:.0%} of all anchors. "
            f"{seen.words} {self.answer['note']}"
        )


def _kept(centred: torch.Tensor, axes: torch.Tensor) -> float:
    """How much of the spread of the first frame's places the plane shows."""
    whole = float(centred.square().sum())
    return float((centred @ axes.T).square().sum()) / whole if whole else 1.0
