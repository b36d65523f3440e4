"""What every widget has in common: its scripts are read from beside it, and a still picture travels with it."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from vostutor.core.errors import SettingsError
from vostutor.viz.picture import Picture

try:
    import anywidget
except ImportError as missing:
    raise SettingsError(
        expected="anywidget, which the widgets are built on",
        got=str(missing),
        try_this="pip install 'vostutor[widgets]'",
    ) from None


class View(anywidget.AnyWidget):
    """A widget that names its scripts and can be drawn without a browser.

    `scripts` are joined in order; the last one exports what anywidget calls. Nothing is fetched from anywhere.
    A front end shows the live widget; whatever cannot (a notebook on the web, a book, a terminal) finds the still picture
    and its alt text in the same output.
    """

    scripts: tuple[str, ...] = ()

    @property
    def _esm(self) -> str:  # read when a widget is made, so that importing reads no file
        return "\n".join(_text(name) for name in ("parts.js", *self.scripts))

    @property
    def _css(self) -> str:
        return _text("theme.css")

    def static_picture(self) -> Picture:
        """The widget as it stands now, as a picture."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        live, about = super()._repr_mimebundle_(**kwargs)
        still, about_still = self.static_picture()._repr_mimebundle_()
        return {**live, **still}, {**about, **about_still}


def stacked(parts: Sequence[np.ndarray], gap: int = 0) -> np.ndarray:
    """Pictures one below the other on white, each with a gap below it. Shapes: (H,W,3) uint8 each -> (H',W',3).

    >>> stacked([np.zeros((2, 4, 3), np.uint8), np.zeros((1, 6, 3), np.uint8)], gap=1).shape
    (5, 6, 3)
    """
    wide = max(part.shape[1] for part in parts)
    padded = [np.pad(p, ((0, gap), (0, wide - p.shape[1]), (0, 0)), constant_values=255) for p in parts]
    return np.concatenate(padded)


@cache
def _text(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
