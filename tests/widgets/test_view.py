"""What all widgets share."""

import importlib
import importlib.resources
import sys

import pytest

from vostutor.core import VosError
from vostutor.widgets import (
    AdaptationPainter,
    ClipPlayer,
    CorrelationProbe,
    FineTuningScrubber,
    JFExplorer,
    Switchboard,
)
from vostutor.widgets.view import View


@pytest.mark.parametrize(
    "widget", [AdaptationPainter, ClipPlayer, CorrelationProbe, FineTuningScrubber, JFExplorer, Switchboard]
)
def test_a_widgets_script_is_one_module_with_one_export(widget):
    folder = importlib.resources.files("vostutor.widgets")
    joined = "\n".join((folder / name).read_text() for name in ("parts.js", *widget.scripts))
    assert joined.count("export default") == 1 and joined.rstrip().endswith("};")


def test_a_view_has_to_draw_its_own_picture():
    with pytest.raises(NotImplementedError):
        View().static_picture()


def test_without_anywidget_the_error_names_the_repair(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "vostutor.widgets.view")
    with pytest.raises(VosError, match=r"vostutor\[widgets\]"):
        importlib.import_module("vostutor.widgets.view")
