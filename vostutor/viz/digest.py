"""What a figure shows, as words and numbers: short enough to be stored beside its picture, exact enough to notice another curve.

Two pictures of one figure can differ in every byte, and two figures that tell different things can look alike. So what is stored and
compared is what lies on the axes. `vostutor.course.figures` compares two digests.
"""

from collections.abc import Iterator

import numpy as np
from matplotlib.patches import Rectangle

_ALL = 12  # so many values are kept one by one; of longer rows a few, and what sums up the others
_SOME = 7
_GRID = 4  # an image is kept as the means of 4 x 4 blocks


def figure_digest(figure) -> dict:
    """Titles, axes, legends, texts, lines, bars, points and images of a drawn figure, as JSON values.

    Units: places are those of the axes' scales, so decades where an axis is logarithmic; an image's values are shares of its colour
    range; numbers have five digits.

    >>> from vostutor.viz.figures import new_figure
    >>> figure, ax = new_figure()
    >>> line = ax.plot([0.9, 0.8, 0.4], label="copy")
    >>> figure_digest(figure)["axes"][0]["lines"]
    [{'label': 'copy', 'n': 3, 'x': [0, 1, 2], 'y': [0.9, 0.8, 0.4]}]
    """
    words = [text.get_text() for text in figure.texts if text.get_text()]
    return _filled({"texts": words, "axes": [_axes(ax) for ax in _every_axes(figure.axes)]})


def _every_axes(axes) -> Iterator:
    for ax in axes:
        yield ax
        yield from _every_axes(ax.child_axes)  # insets


def _axes(ax) -> dict:
    legend = ax.get_legend()
    return _filled(
        {
            "title": " ".join(filter(None, (ax.get_title(loc=side) for side in ("left", "center", "right")))),
            "x": _axis(ax.xaxis),
            "y": _axis(ax.yaxis),
            "legend": [text.get_text() for text in legend.get_texts()] if legend else [],
            "texts": [text.get_text() for text in ax.texts if text.get_text()],
            "lines": [_line(ax, line) for line in ax.lines if line.get_visible()],
            "bars": _bars(ax),
            "shapes": _shapes(ax),
            "points": [_points(ax, collection) for collection in ax.collections if collection.get_visible()],
            "images": [_image(image) for image in ax.images if image.get_visible()],
        }
    )


def _axis(axis) -> dict:
    ticks = [text for text in (label.get_text() for label in axis.get_ticklabels()) if _is_word(text)]
    scale = axis.get_scale()
    return _filled(
        {
            "label": axis.get_label_text(),
            "limits": _row(axis.get_transform().transform(np.array(axis.get_view_interval(), float))),
            "scale": "" if scale == "linear" else scale,
            "ticks": ticks,
        }
    )


def _is_word(text: str) -> bool:
    """Whether a tick is named, as a bar is; the numbers on an axis follow from its limits."""
    return any(letter.isalpha() for letter in text) and "mathdefault" not in text


def _line(ax, line) -> dict:
    return _named(line) | _places(ax, line.get_xydata())


def _bars(ax) -> dict:
    """All bars and bands of the axes together, as two corners of each."""
    corners = [_outline(patch)[[0, 2]] for patch in ax.patches if patch.get_visible() and isinstance(patch, Rectangle)]
    if not corners:
        return {}
    low, high = np.stack(corners, axis=1)
    return _places(ax, low) | {f"{name} end": row for name, row in _places(ax, high).items() if name != "n"}


def _shapes(ax) -> list[dict]:
    """Every other patch: steps of a histogram, wedges, polygons, arrows."""
    others = [patch for patch in ax.patches if patch.get_visible() and not isinstance(patch, Rectangle)]
    return [_named(patch) | _places(ax, _outline(patch)) for patch in others]


def _outline(patch) -> np.ndarray:
    return patch.get_path().transformed(patch.get_patch_transform()).vertices


def _points(ax, collection) -> dict:
    """Where the points of a cloud lie, or the corners of areas and strokes; what colours them, and the arrows of a field."""
    offsets = np.ma.filled(np.ma.asarray(collection.get_offsets(), float), np.nan).reshape(-1, 2)
    corners = [path.vertices for path in collection.get_paths()]
    is_cloud = len(offsets) > 1 or not corners or bool(np.any(offsets))
    found = _named(collection) | _places(ax, offsets if is_cloud else np.concatenate(corners))
    more = {"value": collection.get_array(), "u": getattr(collection, "U", None), "v": getattr(collection, "V", None)}
    for name, values in more.items():
        if values is not None:
            found[name] = _row(np.ma.filled(np.ma.asarray(values, float), np.nan).ravel())
    return found


def _image(image) -> dict:
    values = np.ma.filled(np.ma.asarray(image.get_array(), float), np.nan)
    if values.ndim == 2:
        low, high = image.get_clim()
        shares = (values - low) / ((high - low) or 1)
    else:
        shares = values[..., :3].mean(-1) / (255 if image.get_array().dtype == np.uint8 else 1)
    blocks = [np.array_split(rows, _GRID, axis=1) for rows in np.array_split(shares.clip(0, 1), _GRID)]
    return {"size": list(values.shape), "grid": [_mean(block) for row in blocks for block in row]}


def _mean(block: np.ndarray) -> float | int | None:
    known = block[np.isfinite(block)]
    return _short(known.mean()) if known.size else None


def _places(ax, points: np.ndarray) -> dict:
    x, y = np.asarray(points, float).reshape(-1, 2).T
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = ax.xaxis.get_transform().transform(x), ax.yaxis.get_transform().transform(y)
    return {"n": len(x), "x": _row(x), "y": _row(y)}


def _row(values: np.ndarray) -> list | dict:
    """Few values as they are; of many the ends of even steps, or some of them with least, most, mean and mean step."""
    values = np.where(np.isfinite(values), values, np.nan)
    if len(values) <= _ALL:
        return [_short(value) for value in values]
    known = values[~np.isnan(values)]
    if len(known) == len(values) and np.ptp(np.diff(values)) < 1e-9 * (np.ptp(values) or 1):
        return {"even": [_short(values[0]), _short(values[-1])]}
    some = values[np.linspace(0, len(values) - 1, _SOME).round().astype(int)]
    if not len(known):
        return {"known": 0}
    summed = (known.min(), known.max(), known.mean(), np.abs(np.diff(known)).mean() if len(known) > 1 else 0)
    return {"known": len(known), "some": [_short(v) for v in some], "sums": [_short(v) for v in summed]}


def _short(value: float) -> float | int | None:
    if not np.isfinite(value):
        return None
    value = float(f"{value:.5g}")
    return int(value) if value == int(value) else value


def _named(artist) -> dict:
    label = str(artist.get_label())
    return {} if label.startswith("_") or label in ("", "None") else {"label": label}


def _filled(values: dict) -> dict:
    return {name: value for name, value in values.items() if value or value == 0}
