"""One look for all figures: readable at the width of a notebook, on white in light and dark themes alike."""

from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vostutor.viz.draw import as_pixels

DPI = 144  # one and a half dots per CSS pixel: sharp on most screens, small in a file

_RC = {
    "figure.facecolor": "white",
    "figure.dpi": DPI,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so that a figure is the same everywhere
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": "#222222",
    "text.color": "#222222",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "lines.linewidth": 2.0,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "hatch.linewidth": 0.8,
}


@contextmanager
def style():
    """The course's matplotlib settings, for as long as the block lasts; what was set before comes back.

    >>> with style():
    ...     mpl.rcParams["legend.frameon"]
    False
    """
    with mpl.rc_context():
        mpl.rcdefaults()  # a student's own settings do not change the lesson's pictures
        mpl.rcParams.update(_RC)
        yield


def new_figure(
    rows: int = 1, columns: int = 1, *, width: float = 7.5, height: float | None = None, mosaic=None, **kwargs
):
    """(figure, axes) in the course's style; it belongs to no window and closes with its last reference.

    `mosaic` names the axes by their places, as matplotlib's subplot_mosaic does; other settings go to matplotlib.
    Units: width and height in inches, 96 CSS pixels each. 7.5 fills a notebook's column.
    >>> figure, axes = new_figure(1, 2)
    >>> axes.shape
    (2,)
    """
    with style():
        figure = Figure(figsize=(width, height or 2.6 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, **kwargs) if mosaic is None else figure.subplot_mosaic(mosaic, **kwargs)
        return figure, axes


def show_pixels(image, *, ax, title: str = ""):
    """The Axes with an image on it and no ticks, every pixel crisp.

    Shapes: image (3,H,W), (H,W,3) or (H,W), uint8.
    >>> import numpy as np
    >>> show_pixels(np.zeros((4, 6), np.uint8), ax=new_figure()[1], title="nothing").get_title(loc="left")
    'nothing'
    """
    with style():
        ax.imshow(as_pixels(image), interpolation="nearest")
        ax.set_axis_off()
        ax.set_title(title, fontsize=10.5, fontweight="normal")
    return ax
