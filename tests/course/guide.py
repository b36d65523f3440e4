"""docs/authors.md, and what makes it true: `python -m tests.course.guide` runs every command in it and puts in what was printed.

The page is its own source. Its fences are worked off from top to bottom, in a throw-away checkout whose course has no lesson yet:

    ```python solutions/90_a.py        the file is written
    ```diff solutions/90_a.py          lines with - go, lines with + come; `undone` behind the name: only until the next commands have run
    ```console                         each line behind `$ ` is run, and below it stands what it printed

A fence of another kind is only looked at. Where a new output differs from the old in nothing but times and memory, the old one stays.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from vostutor.core.files import write_atomically

PAGE = ROOT / "docs/authors.md"
# What a lesson's author works with. Data that no command here reads or writes stays away.
_TAKEN = (
    "vostutor",
    "tests/exercises",
    "tests/course/warm.py",
    "tests/__init__.py",
    "tests/conftest.py",
    "data/claims",
    "data/proof",
    "data/README.md",
)
_FENCE = re.compile(r"(?ms)^```(?P<kind>\w+) ?(?P<place>[\w/.]*) ?(?P<undone>undone)?\n(?P<inside>.*?)^```$")
_MEASURED = re.compile(r"\d+(\.\d+)?(?= (min|GB|CPU-s)\b)|\d:\d\d:\d\d")


class Checkout:
    """A folder in which commands are run as in a checkout, by one warm process; use it in a `with` block."""

    def __init__(self, root: Path):
        self.root, self._code, self._undo = root, 0, {}
        for place in _TAKEN:
            copy = shutil.copytree if (ROOT / place).is_dir() else shutil.copy
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / place, root / place)
        (root / "solutions").mkdir()
        settings = {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
        command, pipe = [sys.executable, "-m", "tests.course.warm"], subprocess.PIPE
        self._warm = subprocess.Popen(command, cwd=root, env=os.environ | settings, stdin=pipe, stdout=pipe, text=True)

    def write(self, place: str, text: str) -> None:
        """A new file, or new text for one."""
        write_atomically(self.root / place, text)

    def change(self, place: str, diff: str, *, undone: bool = False) -> None:
        """Takes out and puts in what the diff says; the lines that it shows have to be there, once."""
        before = (self.root / place).read_text()
        old, new = (_side(diff, signs) for signs in (" -", " +"))
        assert before.count(old) == 1, f"{place} holds {before.count(old)} times:\n{old}"
        self.write(place, before.replace(old, new))
        if undone:
            self._undo[place] = before

    def run(self, command: str) -> str:
        """What the command prints."""
        if command == "echo $?":
            return f"{self._code}\n"
        print(json.dumps(command), file=self._warm.stdin, flush=True)
        self._code, printed = json.loads(self._warm.stdout.readline())
        return "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip())

    def undo(self) -> None:
        """Takes back the changes that were made for a moment."""
        while self._undo:
            self.write(*self._undo.popitem())

    def __enter__(self) -> "Checkout":
        return self

    def __exit__(self, *_) -> None:
        self._warm.stdin.close()
        self._warm.wait()


def renewed(page: str, checkout: Checkout) -> str:
    """The page as it has to be: below each command what it prints."""
    return _FENCE.sub(lambda fence: _worked_off(fence, checkout), page)


def commands(inside: str) -> list[tuple[str, str]]:
    """(command, output) of each command in a console fence.

    >>> commands("$ a\\nx\\ny\\n$ b\\n")
    [('a', 'x\\ny\\n'), ('b', '')]
    """
    return re.findall(r"(?m)^\$ (.*)\n((?:(?!\$ ).*\n)*)", inside)


def same(old: str, new: str) -> bool:
    """Whether two outputs say the same but for times and memory.

    >>> same("✓ 3.1 CPU-s (limit 30)", "✓ 12.0 CPU-s (limit 30)"), same("9 frames", "8 frames")
    (True, False)
    """
    return _MEASURED.sub("0", old) == _MEASURED.sub("0", new)


def _worked_off(fence: re.Match, checkout: Checkout) -> str:
    kind, place, undone, inside = fence.groups()
    if kind == "diff":
        checkout.change(place, inside, undone=bool(undone))
    elif place:
        checkout.write(place, inside)
    elif kind == "console":
        ran = [(command, old, checkout.run(command)) for command, old in commands(inside)]
        checkout.undo()
        told = (f"$ {command}\n{old if same(old, new) else new}" for command, old, new in ran)
        return f"```console\n{''.join(told)}```"
    return fence[0]


def _side(diff: str, signs: str) -> str:
    """The lines of a diff before (" -") or after (" +") it; an empty line is one that stays."""
    lines = [line or " " for line in diff.splitlines()]
    return "".join(f"{line[1:]}\n" for line in lines if line[0] in signs)


def main() -> None:
    """Renews the page."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, Checkout(Path(folder)) as checkout:
        write_atomically(PAGE, renewed(PAGE.read_text(), checkout))
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
