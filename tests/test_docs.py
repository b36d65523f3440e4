"""What the docstrings promise: they exist, they give shapes and sources, their examples run."""

import ast
import doctest
import importlib
import inspect
import pkgutil

import pytest

import vostutor
from tests.conftest import ROOT

MODULES = sorted(
    m.name for m in pkgutil.walk_packages(vostutor.__path__, "vostutor.") if not m.name.startswith("vostutor.course_")
)
WITH_SHAPES = ("vostutor.ops.", "vostutor.metrics.", "vostutor.losses", "vostutor.nn.")


def public_members(name: str):
    module = importlib.import_module(name)
    for key, member in vars(module).items():
        mine = getattr(member, "__module__", None) == name
        if mine and not key.startswith("_") and (inspect.isfunction(member) or inspect.isclass(member)):
            yield f"{name}.{key}", member


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_has_a_docstring_and_every_example_runs(name):
    module = importlib.import_module(name)
    assert module.__doc__ or not vars(module).get("__file__", "").endswith(".py"), f"{name} says nothing about itself"
    assert not [key for key, member in public_members(name) if not inspect.getdoc(member)]
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).failed == 0


@pytest.mark.parametrize("name", [m for m in MODULES if m.startswith(WITH_SHAPES)])
def test_operators_and_metrics_give_shapes_and_source(name):
    for key, member in public_members(name):
        if inspect.isfunction(member):
            doc = inspect.getdoc(member)
            assert "Shapes:" in doc and "Source:" in doc, f"{key} lacks Shapes: or Source:"


@pytest.mark.parametrize("path", sorted((ROOT / "vostutor/models").glob("[a-z]*.py")), ids=lambda p: p.stem)
def test_a_model_file_opens_like_its_paper(path):
    header = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert all(word in header for word in ("Reading order", "Letters", "Departures")), f"{path.name}: header incomplete"
    assert len(path.read_text().splitlines()) <= 330


def test_files_and_functions_stay_short():
    for path in (ROOT / "vostutor").rglob("*.py"):
        if path.parent.name != "models":
            assert len(path.read_text().splitlines()) <= 300, f"{path.relative_to(ROOT)} is longer than 300 lines"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                body = node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
                assert body <= 40, f"{path.relative_to(ROOT)}: {node.name} has {body} lines"
