"""The correlation probe as a still picture."""

from textwrap import fill

import cv2
import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from vostutor.viz.colours import DASHES, SKY, VERMILLION, Look
from vostutor.viz.draw import as_pixels
from vostutor.viz.figures import new_figure, style
from vostutor.viz.flow import draw_flow, draw_wheel
from vostutor.viz.picture import Picture, render_figure
from vostutor.widgets.probe_pair import Pair, scale_of
from vostutor.widgets.probe_scores import Place, Reading, cell_of

_BEST, _TRUE = Look(VERMILLION, "solid", "o"), Look(SKY, "dashed", "D")
_HALO = [withStroke(linewidth=4, foreground="#141414")]
_PALE = 0.45  # how much white lies over frame 2, so that the scores stand out
_LARGEST = 320  # pixels across of a frame in the picture
_CALM = 0.7  # px of blur: grain costs more bytes than it tells


def draw_probe(reading: Reading, place: Place, pair: Pair, stride: int, *, notes=()) -> Picture:
    """Frame 1 with the pixel, frame 2 with its scores and both arrows, the window in the large, the flow with its wheel.

    Units: stride in pixels a cell.
    """
    figure, axes = _lay_out(pair)
    _show(axes["first"], pair.frames[0], "frame 1: the pixel")
    _show(axes["second"], pair.frames[1], "frame 2: its scores in their places", pale=_PALE)
    with style():
        axes["first"].plot(place.x, place.y, "P", color="white", markersize=9, markeredgecolor="#141414")
        _lay_scores(axes["second"], reading, place, pair, stride)
        _arrows(axes["second"], reading, place, pair, stride)
        _window(figure, axes, reading, place, pair, stride)
        _flow(axes["flow"], pair)
        if axes["second"].get_legend_handles_labels()[1]:
            axes["second"].legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, handlelength=4, fontsize=9.5)
        figure.suptitle(_headline(reading, place), x=0.01, y=0.99, ha="left", va="top", fontsize=10)
    pixels, width = render_figure(
        figure, dpi=96
    )  # two photographs: at a figure's usual size they would fill a notebook
    return Picture(pixels, alt=_alt(reading, place, pair, stride, notes), width=width)


def _lay_out(pair: Pair):
    """(figure, axes by name), placed by hand: two frames above, window, scale and flow below. Units: inches."""
    high = 3.68 * pair.size[0] / pair.size[1]
    total, above = high + 3.85, 3.1
    places = {
        "first": (0.03, above, 3.68, high), "second": (3.79, above, 3.68, high),
        "window": (0.62, 0.5, 2.0, 2.0), "scale": (2.7, 0.5, 0.12, 2.0), "flow": (3.79, 0.5, 3.68, 2.0),
    }  # fmt: skip
    figure, axes = new_figure(height=total, mosaic=[list(places)])
    figure.set_layout_engine("none")
    for name, (left, bottom, wide, tall) in places.items():
        axes[name].set_position((left / 7.5, bottom / total, wide / 7.5, tall / total))
    return figure, axes


def _show(ax, frame: np.ndarray, title: str, pale: float = 0.0) -> None:
    pixels = as_pixels(frame)
    height, width = pixels.shape[:2]
    if width > _LARGEST:
        pixels = cv2.resize(pixels, (_LARGEST, round(height * _LARGEST / width)), interpolation=cv2.INTER_AREA)
    pixels = cv2.GaussianBlur(pixels, (0, 0), _CALM)
    shown = (pixels * (1 - pale) + 255 * pale).astype(np.uint8)
    with style():
        ax.imshow(shown, extent=(-0.5, width - 0.5, height - 0.5, -0.5))
        ax.set_axis_off()
        ax.set_title(title, fontsize=9.5, fontweight="normal")


def _lay_scores(ax, reading: Reading, place: Place, pair: Pair, stride: int) -> None:
    """Every score in its cell of frame 2, as large as the cell: what a step leaves out stays uncovered."""
    rows, columns = -(-pair.size[0] // stride), -(-pair.size[1] // stride)
    row, column = cell_of(place.x, place.y, stride, (rows, columns))
    far = place.reach * place.step
    sheet = np.full((2 * far + 1, 2 * far + 1), np.nan)
    sheet[:: place.step, :: place.step] = reading.scores
    left, top = (column - far) * stride - 0.5, (row - far) * stride - 0.5
    side = (2 * far + 1) * stride
    limits = ax.get_xlim(), ax.get_ylim()
    ax.imshow(sheet, extent=(left, left + side, top + side, top), cmap="viridis", alpha=0.85, interpolation="nearest")
    ax.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor="#141414", linewidth=1, linestyle="dotted"))
    ax.set(xlim=limits[0], ylim=limits[1])


def _arrows(ax, reading: Reading, place: Place, pair: Pair, stride: int) -> None:
    flow = pair.flow[:, place.y, place.x]
    ends = [(_BEST, "best", None if reading.best is None else np.array(reading.best) * stride)]
    ends.append((_TRUE, "true", flow if np.isfinite(flow).all() else None))
    for look, name, end in ends:
        if end is not None:
            across, down = [place.x, place.x + end[0]], [place.y, place.y + end[1]]
            dash = DASHES[look.dash]
            line = (0, dash) if dash[1] else "solid"
            face = look.hex if look is _BEST else "none"
            ax.plot(
                across, down, color=look.hex, linestyle=line, linewidth=1.8, marker=look.marker, markevery=[1], markersize=6,
                markerfacecolor=face, markeredgecolor=look.hex, path_effects=_HALO, label=f"{name} match",
            )  # fmt: skip
    ax.plot(place.x, place.y, "P", color="white", markersize=7, markeredgecolor="#141414")


def _window(figure, axes, reading: Reading, place: Place, pair: Pair, stride: int) -> None:
    ax = axes["window"]
    far = (place.reach + 0.5) * place.step * stride
    picture = ax.imshow(reading.scores, extent=(-far, far, far, -far), cmap="viridis", interpolation="nearest")
    flow = pair.flow[:, place.y, place.x]
    if reading.best is not None:
        figure.colorbar(picture, cax=axes["scale"], label="score")
        ax.plot(*np.array(reading.best) * stride, _BEST.marker, color=_BEST.hex, markersize=7, path_effects=_HALO)
    else:
        axes["scale"].set_axis_off()
    if np.isfinite(flow).all() and np.abs(flow).max() < far:
        look = {"color": "none", "markeredgecolor": _TRUE.hex, "path_effects": _HALO}
        ax.plot(*flow, _TRUE.marker, markersize=6, **look)
    ax.grid(False)
    ax.set(xlabel="to the right, px", ylabel="down, px")
    ax.set_title("the window in the large", fontsize=9.5, fontweight="normal")


def _flow(ax, pair: Pair) -> None:
    ax.set_axis_off()
    if not np.isfinite(pair.flow).any():
        ax.set_title("the true flow is not known", fontsize=9.5, fontweight="normal")
        return
    (height, width), max_flow = pair.size, scale_of(pair)
    flow, wheel = draw_flow(pair.flow, max_flow=max_flow), draw_wheel(240, max_flow=max_flow)
    ax.imshow(flow, extent=(0, width, height, 0))
    ax.imshow(wheel, extent=(width * 1.05, width * 1.05 + height, height, 0))
    ax.set(xlim=(0, width * 1.05 + height), ylim=(height, 0))
    ax.set_title("the true flow of frame 1, and what its colours mean", fontsize=9.5, fontweight="normal")


def _headline(reading: Reading, place: Place) -> str:
    return fill(f"pixel ({place.x}, {place.y}), d = {place.radius}, stride {place.step}:  {reading.words}", width=98)


def _alt(reading: Reading, place: Place, pair: Pair, stride: int, notes) -> str:
    flow = pair.flow[:, place.y, place.x]
    told = [
        f"Frame 1 with pixel ({place.x}, {place.y}) marked, frame 2 with a window of {reading.scores.size} scores over it."
    ]
    if reading.best is not None:
        x, y = (stride * n for n in reading.best)
        told.append(f"The best score, {reading.best_score:.2f}, is {x:+d} px across and {y:+d} px down.")
    if np.isfinite(flow).all():
        told.append(f"The true displacement is ({flow[0]:+.1f}, {flow[1]:+.1f}) px.")
    if reading.rank:
        told.append(f"It has rank {reading.rank} of {reading.numbers['count']}.")
    return " ".join([*told, reading.words, *notes])
