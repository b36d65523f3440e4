"""The house has floors: imports run downwards only, a floor never imports its neighbour, and the door opens without torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "vostutor"
FLOORS = [
    {"core"},
    {"ops"},
    {"losses", "metrics", "nn", "data", "viz"},
    {"models"},
    {"engine"},
    {"recipes"},
    {"zoo", "widgets", "checks"},
    {"course"},
    {"__main__"},
]
FLOOR = {name: k for k, names in enumerate(FLOORS) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(path: Path) -> str:
    """The folder or single file of the package that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(text: str, path: Path) -> set[str]:
    """Full names of what a module imports from the package, also inside functions; `from vostutor.core import Clip` gives
    vostutor.core.Clip, a relative import is resolved against the module's place."""
    here = ("vostutor", *path.relative_to(PACKAGE).with_suffix("").parts)
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: -node.level], *filter(None, [node.module])] if node.level else [node.module]
            found |= {".".join([*base, alias.name]) for alias in node.names}
    return {name for name in found if name.split(".")[0] == "vostutor"}


def offences(text: str, path: Path) -> list[str]:
    """Imports that run upwards, sideways into another room, or between two papers."""
    mine, told = room(path), []
    for name in sorted(imported(text, path)):
        parts = name.split(".")
        other = parts[1] if len(parts) > 1 else ""
        if other not in FLOOR:  # vostutor itself: its version
            continue
        if other != mine and FLOOR[other] >= FLOOR[mine]:
            told.append(f"{mine} (floor {FLOOR[mine]}) imports {name} (floor {FLOOR[other]})")
        if mine == other == "models" and path.name != "__init__.py":
            told.append(f"a paper imports its sibling {name}")
    return told


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_downwards(path):
    assert room(path) in FLOOR, f"{path.name} stands on no floor of the design"
    assert offences(path.read_text(), path) == []


@pytest.mark.parametrize(("place", "line", "fine"), [
    ("metrics/region.py", "from vostutor.core import expect", True),
    ("metrics/region.py", "from vostutor.metrics.contour import disk", True),
    ("metrics/region.py", "from vostutor.data import home", False),
    ("metrics/region.py", "from vostutor import data", False),
    ("metrics/region.py", "from .. import data", False),
    ("metrics/region.py", "from ..data.palette import read_ids", False),
    ("core/clip.py", "def f():\n    import vostutor.ops.masks", False),
    ("models/osvos.py", "from vostutor.ops import warp", True),
    ("models/osvos.py", "from vostutor.models.segflow import SegFlow", False),
    ("engine/infer.py", "import vostutor.models", True),
    ("checks/lesson00.py", "from vostutor.widgets import ClipPlayer", False),
    ("course/build.py", "import numpy", True),
])  # fmt: skip
def test_the_judge_of_imports_tells_good_from_bad(place, line, fine):
    assert (offences(line, PACKAGE / place) == []) is fine


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name_of)
def test_a_folder_re_exports_lazily_and_nothing_more(path):
    tree = ast.parse(path.read_text())
    imported = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    kinds = {type(node).__name__ for node in tree.body} - {"Expr", "ImportFrom", "Assign"}
    assert kinds == set() and set(imported) <= {"from vostutor.core.lazy import lazily"}, (
        "only a docstring and the table of lazy names stand in __init__.py"
    )


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=name_of)
def test_every_name_a_folder_promises_is_there(path):
    from importlib import import_module

    folder = import_module(f"vostutor.{room(path)}")
    names = set(getattr(folder, "__all__", ()))
    assert names & {module.stem for module in path.parent.glob("*.py")} == set(), (
        "a module would hide the name it is meant to give"
    )
    for name in names:
        getattr(folder, name)


def loaded(program: str, *words: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after a program."""
    program += "\nimport sys; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    run = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


HEAVY = {"torch", "torchvision", "cv2", "matplotlib", "scipy", "skimage", "papermill", "jupytext"}


def test_opening_every_folder_imports_nothing_heavy():
    folders = [room(path) for path in MODULES if path.name == "__init__.py"]
    assert loaded("; ".join(f"import vostutor.{folder}" for folder in folders)) & HEAVY == set()


def test_help_imports_nothing_heavy():
    program = "import sys; sys.argv = ['vostutor', '--help']\nfrom vostutor.__main__ import main\ntry: main()\nexcept SystemExit: pass"
    assert loaded(program) & HEAVY == set()


def test_building_imports_no_torch():
    program = "from vostutor.course import Course, differences; differences(Course.here())"
    assert loaded(program) & {"torch", "torchvision", "papermill"} == set()
