"""Scores as figures: over the frames of a clip, by label or sequence, and a loss while it falls."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from vostutor.core.errors import DataError
from vostutor.viz.colours import series_look
from vostutor.viz.figures import new_figure, style

_SHADES = ("#dfe9f2", "#f2e6dd")  # first and last quarter


def plot_scores(
    values: Sequence[float] | Mapping[str, Sequence[float]],
    *,
    ax=None,
    measure: str = "J",
    first_frame: int = 0,
    quarters: bool = True,
    decay: bool = True,
    statistics: Callable | None = None,
):
    """The Axes with a score for every frame; the first and last quarter are shaded and the decay D is the arrow between their means.

    Shapes: values (T,), or a name and values for each of several systems; NaN leaves a gap.
    `statistics(values) -> (mean, recall, decay)` may be a student's own: the number at the arrow is then what it returns.

    Units: scores from 0 to 1; first_frame is the number of the frame that the first value belongs to.
    Raises: DataError for no values, or for systems of different length.
    Source: quarters as in the DAVIS statistics, neighbouring quarters share a frame.
    >>> plot_scores([0.9, 0.8, 0.4, 0.2], first_frame=1).get_xlabel()
    'frame'
    """
    series = _as_series(values)
    ax = ax if ax is not None else new_figure()[1]
    frames = np.arange(len(next(iter(series.values())))) + first_frame
    with style():
        if quarters:
            _shade_quarters(ax, frames)
        for i, (name, scores) in enumerate(series.items()):
            _plot_one(ax, frames, scores, series_look(i), name)
            if decay:
                told = None if statistics is None else float(statistics(scores)[2])
                _draw_decay(ax, frames, scores, series_look(i), place=i, told=told)
        ax.set(xlabel="frame", ylabel=f"{measure} (0 to 1)", ylim=(0, 1.08))
        ticks = MaxNLocator(integer=True).tick_values(frames[0], frames[-1])
        ax.set_xticks([int(t) for t in ticks if frames[0] <= t <= frames[-1]])  # the decay stands beyond the last frame
        if any(series):
            ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(series), handlelength=3)
    return ax


def _as_series(values) -> dict[str, np.ndarray]:
    named = values if isinstance(values, Mapping) else {"": values}
    series = {name: np.asarray(scores, dtype=float) for name, scores in named.items()}
    lengths = {len(scores) for scores in series.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise DataError(
            expected="one score a frame for every system, at least one frame",
            got=f"lengths {sorted(lengths)}",
            try_this="score all systems on the same frames",
        )
    return series


def _plot_one(ax, frames, scores, look, name):
    marker = look.marker if len(frames) <= 40 else ""
    ax.plot(
        frames, scores, color=look.hex, linestyle=look.dash, marker=marker, label=name or None, clip_on=False, zorder=3
    )


def quarter_bounds(frames: int) -> list[tuple[int, int]]:
    """First and last index of each quarter, both inside it.

    Source: DAVIS: edges round(linspace(1, n, 5) + 1e-10) - 1.
    >>> quarter_bounds(8)
    [(0, 2), (2, 4), (4, 5), (5, 7)]
    """
    edges = np.round(np.linspace(1, frames, 5) + 1e-10).astype(int) - 1
    return [(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _shade_quarters(ax, frames) -> None:
    bounds = quarter_bounds(len(frames))
    for (start, end), shade, word in (
        (bounds[0], _SHADES[0], "first quarter"),
        (bounds[3], _SHADES[1], "last quarter"),
    ):
        ax.axvspan(frames[start] - 0.5, frames[end] + 0.5, color=shade, zorder=0, linewidth=0)
        middle = (frames[start] + frames[end]) / 2
        ax.text(middle, 1.065, word, ha="center", va="top", fontsize=8.5, color="#666666")
    ax.set_xlim(frames[0] - 0.6, frames[-1] + 0.6)


def _draw_decay(ax, frames, scores, look, place: int, told: float | None) -> None:
    """Two bars at the means of the outer quarters and the arrow from one to the other, outside the last frame, with its number."""
    (a, b), *_, (c, d) = quarter_bounds(len(scores))
    if np.isnan(scores[a : b + 1]).all() or np.isnan(scores[c : d + 1]).all():
        return
    first, last = np.nanmean(scores[a : b + 1]), np.nanmean(scores[c : d + 1])
    decay = first - last if told is None else told
    step = 0.045 * (frames[-1] - frames[0] + 1)
    x = frames[-1] + 0.6 + step * (0.6 + 2.6 * place)
    for level, (start, end) in ((first, (a, b)), (last, (c, d))):
        ax.hlines(level, frames[start] - 0.4, frames[end] + 0.4, color=look.hex, linewidth=1.2, alpha=0.9)
    ax.hlines(first, frames[b] + 0.4, x, color=look.hex, linewidth=0.7, linestyle=(0, (1, 3)))
    arrow = {"arrowstyle": "-|>", "color": look.hex, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=(x, last), xytext=(x, first), arrowprops=arrow)
    ax.text(x + 0.25 * step, (first + last) / 2, f"D {decay:+.2f}", va="center", fontsize=9.5, color=look.hex)
    ax.set_xlim(right=x + 2.6 * step)


def plot_bars(
    table: Mapping[str, Mapping[str, float]], *, ax=None, measure: str = "J (0 to 1)", baselines: Sequence[str] = ()
):
    """The Axes with one group of bars per label or sequence, one bar per system; baselines are hollow and hatched.

    Shapes: table[system][label] -> number; a label that a system lacks leaves its place empty.
    Units: `measure` is written on the axis, with its unit.
    Raises: DataError for an empty table.
    >>> ax = plot_bars({"copy": {"plain": 0.4, "fast": 0.1}, "flow warp": {"plain": 0.7}}, baselines=["copy"])
    >>> [tick.get_text() for tick in ax.get_xticklabels()]
    ['plain', 'fast']
    """
    labels = list(dict.fromkeys(label for row in table.values() for label in row))
    if not labels:
        raise DataError(
            expected="at least one system with one score", got=f"{dict(table)}", try_this='{"copy": {"plain": 0.4}}'
        )
    ax = ax if ax is not None else new_figure()[1]
    width = 0.8 / len(table)
    with style():
        for i, (system, row) in enumerate(table.items()):
            look, places = series_look(i), np.arange(len(labels)) + (i - (len(table) - 1) / 2) * width
            hollow = {"facecolor": "white", "hatch": "////"} if system in baselines else {"facecolor": look.hex}
            heights = [row.get(label, np.nan) for label in labels]
            bars = ax.bar(places, heights, width * 0.9, label=system, edgecolor=look.hex, linewidth=1.2, **hollow)
            if len(labels) * len(table) <= 24:
                ax.bar_label(bars, [f"{h:.2f}".lstrip("0") if h == h else "" for h in heights], fontsize=8.5, padding=1)
        ax.set_xticks(range(len(labels)), labels)
        ax.set_ylabel(measure)
        ax.tick_params(axis="x", length=0)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(table))
    return ax


def plot_loss(losses: Sequence[float], *, steps: int, ax=None, what: str = "loss", over: int = 20):
    """The Axes with the loss of every step, faint, and its running mean over the last `over` steps; there is room for all `steps`.

    Shapes: losses (n,), n <= steps.
    Units: `what` is written on the axis, with its unit.
    Raises: DataError for more losses than steps, or none.
    >>> plot_loss([3.0, 2.0], steps=10).get_xlabel()
    'step'
    """
    if not 0 < len(losses) <= steps:
        raise DataError(expected=f"1 to {steps} losses", got=f"{len(losses)}", try_this="steps=len(losses)")
    ax = ax if ax is not None else new_figure()[1]
    values, at = np.asarray(losses, float), np.arange(1, len(losses) + 1)
    mean = np.array([values[max(0, k - over) : k].mean() for k in at])
    with style():
        ax.plot(at, values, color=series_look(0).hex, alpha=0.25, linewidth=0.8)
        ax.plot(at, mean, color=series_look(0).hex)
        ax.set(xlabel="step", ylabel=what, xlim=(1, max(2, steps)), ylim=(0, 1.05 * max(values.max(), 1e-12)))
    return ax
