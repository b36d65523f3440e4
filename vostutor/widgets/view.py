"""What every widget has in common: its scripts are read from beside it, and a still picture travels with it."""

from functools import cache
from importlib.resources import files

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


@cache
def _text(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
