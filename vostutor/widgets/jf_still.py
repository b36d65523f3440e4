"""The J/F explorer as a still picture."""

from collections.abc import Sequence

import numpy as np

from vostutor.viz.colours import GREEN, ORANGE, SKY, VERMILLION, Look
from vostutor.viz.figures import new_figure, style
from vostutor.viz.picture import Picture
from vostutor.viz.plots import plot_scores

_TRUTH, _GUESS = np.array(SKY) / 255, np.array(ORANGE) / 255
_HIT, _MISS = Look(GREEN, "solid").hex, Look(VERMILLION, "solid").hex


def draw_explorer(seen, curve: Sequence[float], *, frame: int, radius: int) -> Picture:
    """Left the predicted boundary in the band of the truth (precision), right the reverse (recall), below J over the frames.

    Shapes: `seen` as `explore` gives it, curve (T,).
    """
    figure, parts = new_figure(height=6.0, mosaic=[["precision", "recall"], ["curve", "curve"]], height_ratios=[2.2, 1])
    p, r = seen.precision, seen.recall
    _panel(
        parts["precision"],
        seen,
        seen.pred_boundary,
        seen.gt_band,
        _TRUTH,
        f"precision {p:.3f}: prediction in the truth's band",
    )
    _panel(
        parts["recall"],
        seen,
        seen.gt_boundary,
        seen.pred_band,
        _GUESS,
        f"recall {r:.3f}: truth in the prediction's band",
    )
    plot_scores(curve, ax=parts["curve"])
    with style():
        parts["curve"].axvline(frame, color="#222222", linewidth=1, linestyle="dotted")
        figure.suptitle(
            f"frame {frame}, r = {radius} px:   J = {seen.J:.3f}   F = {seen.F:.3f}", x=0.01, ha="left", fontsize=12
        )
    alt = (
        f"A true and a predicted square of 64 by 64 pixels at frame {frame}. With a band of {radius} px, J is {seen.J:.3f}, "
        f"precision {p:.3f}, recall {r:.3f}, F {seen.F:.3f}. Below, J of {len(curve)} frames from {curve[0]:.2f} to {curve[-1]:.2f}."
    )
    return Picture(figure, alt=alt)


def _panel(ax, seen, boundary: np.ndarray, band: np.ndarray, band_colour: np.ndarray, title: str) -> None:
    ground = np.ones((*seen.gt.shape, 3))
    for mask, colour, share in ((seen.gt, _TRUTH, 0.3), (seen.pred, _GUESS, 0.3), (band, band_colour, 0.7)):
        ground[mask] = (1 - share) * ground[mask] + share * colour
    with style():
        ax.imshow((ground * 255).astype(np.uint8), interpolation="nearest")
        for mask, look, word in (
            (boundary & band, {"marker": "o", "s": 7, "color": _HIT}, "in the band"),
            (boundary & ~band, {"marker": "x", "s": 11, "color": _MISS, "linewidths": 1.1}, "outside"),
        ):
            rows, columns = np.nonzero(mask)
            ax.scatter(columns, rows, label=f"{word}: {len(rows)}", **look)
        for mask, name, pick, side in ((seen.gt, "truth", "min", "bottom"), (seen.pred, "prediction", "max", "top")):
            row, column = (int(getattr(places, pick)()) for places in np.nonzero(mask))
            away, align = (-2.5, "left") if pick == "min" else (2.5, "right")
            ax.text(column, row + away, name, va=side, ha=align, fontsize=9)
        ax.set_title(title, fontsize=9.5, fontweight="normal")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, fontsize=9, handletextpad=0.2)
