"""Where a course's masters, notebooks, a student's copies and scratch files lie, and how a file is replaced."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vostutor.core.errors import LessonError, SettingsError
from vostutor.core.files import write_atomically

_MASTER = re.compile(r"(?P<number>\d\d)_[a-z0-9_]+\.py")


@dataclass(frozen=True)
class Course:
    """A folder with a course in it.

    `solutions` holds masters and executed notebooks, `notebooks` what students get, `work` a student's own copies (git ignores
    it, a build never touches it), `scratch` what runs leave behind.
    """

    root: Path
    notebooks: Path

    @classmethod
    def at(cls, root: Path) -> "Course":
        """The course of a checkout.

        >>> Course.at(Path("vos")).work.as_posix()
        'vos/work'
        """
        return cls(Path(root), Path(root) / "notebooks")

    @classmethod
    def here(cls) -> "Course":
        """The checkout that this package lies in; from a wheel, its student notebooks with copies under the current folder.

        >>> Course.here().notebooks.name in ("notebooks", "course_notebooks")
        True
        """
        package = Path(__file__).parents[1]
        if (package.parent / "solutions").is_dir():
            return cls.at(package.parent)
        return cls(Path.cwd(), package / "course_notebooks")

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def scratch(self) -> Path:
        return self.root / "build" / "jupyter"

    def masters(self, numbers: Sequence[str] = ()) -> list[Path]:
        """The masters of these lessons, or all of them, in order.

        Raises: SettingsError for a lesson that does not exist, LessonError when two masters share a number.
        """
        found: dict[str, Path] = {}
        for path in sorted(self.solutions.glob("*.py")):
            if not (match := _MASTER.fullmatch(path.name)):
                raise LessonError(
                    expected="masters named NN_slug.py, in small letters",
                    got=f"solutions/{path.name}",
                    try_this="rename it, for example to 00_the_task.py",
                )
            if (other := found.setdefault(match["number"], path)) != path:
                raise LessonError(
                    expected="one master a number", got=f"{other.name} and {path.name}", try_this="renumber one of them"
                )
        wanted = [number.zfill(2) for number in numbers] or list(found)
        for number in wanted:
            if number not in found:
                raise SettingsError(
                    expected=f"a lesson: {', '.join(found) or 'none, there is no master in ' + str(self.solutions)}",
                    got=repr(number),
                    try_this="leave the number out to take every lesson",
                )
        return [found[number] for number in dict.fromkeys(wanted)]


def replace_file(path: Path, text: str) -> bool:
    """Whether the file had to change; it is replaced in one step, so that a crash leaves the old one whole.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(Path(folder) / "a.txt", "1"), replace_file(Path(folder) / "a.txt", "1")
    (True, False)
    """
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return False
    write_atomically(path, data)
    return True
