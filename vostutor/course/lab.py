"""JupyterLab on a lesson, on a copy that belongs to the student."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from vostutor.core.errors import SettingsError
from vostutor.course.kernel import kernel_environment
from vostutor.course.places import Course

_HANDED_OUT = ".handed_out"


def open_lesson(number: str, *, browser: bool = True, port: int | None = None, course: Course | None = None) -> None:
    """Never returns: this process becomes JupyterLab, showing the student's copy of the lesson.

    Raises: SettingsError for a lesson that has no notebook.
    """
    course = course or Course.here()
    copy, fresh = own_copy(course, number)
    origin = f"copied from {course.notebooks.name}/" if fresh else "as you left it"
    print(f"{course.work.name}/{copy.name} is yours, {origin}: builds never touch it, git ignores it.", flush=True)
    if is_outdated(course, copy):
        print(f"A newer {copy.name} is out. To take it: rename yours, then vostutor lab {number} again.", flush=True)
    command = lab_command(course.work, copy.name, browser=browser, port=port)
    kernel_environment(course.scratch)  # writes the kernel that is this interpreter
    # Only the place of the kernel is ours; a student's own settings of JupyterLab stay in force.
    paths = [str(course.scratch.absolute()), os.environ.get("JUPYTER_PATH", "")]
    os.execve(command[0], command, os.environ | {"JUPYTER_PATH": os.pathsep.join(filter(None, paths))})


def own_copy(course: Course, number: str) -> tuple[Path, bool]:
    """The student's copy of the lesson, and whether it was just made; the other lessons are laid beside it, existing copies stay.

    Raises: SettingsError for a lesson that has no notebook.
    """
    lessons = {path.name[:2]: path for path in sorted(course.notebooks.glob("[0-9][0-9]_*.ipynb"))}
    number = number.zfill(2)
    if number not in lessons:
        raise SettingsError(
            expected=f"a lesson: {', '.join(lessons) or 'none is built yet'}",
            got=repr(number),
            try_this="vostutor build",
        )
    missing = [path for path in lessons.values() if not (course.work / path.name).exists()]
    course.work.mkdir(parents=True, exist_ok=True)
    for path in missing:
        for place in (course.work, course.work / _HANDED_OUT):  # the second stays as it was handed out
            place.mkdir(exist_ok=True)
            shutil.copyfile(path, place / path.name)
    return course.work / lessons[number].name, lessons[number] in missing


def is_outdated(course: Course, copy: Path) -> bool:
    """Whether the lesson was built anew since the student's copy was made."""
    handed_out, now = course.work / _HANDED_OUT / copy.name, course.notebooks / copy.name
    return handed_out.exists() and handed_out.read_bytes() != now.read_bytes()


def lab_command(folder: Path, notebook: str, *, browser: bool = True, port: int | None = None) -> list[str]:
    """The command that serves `folder` and opens `notebook` in it.

    Raises: SettingsError where JupyterLab is not installed.
    >>> lab_command(Path("work"), "00_the_task.ipynb", browser=False, port=8899)[1:4]
    ['-m', 'jupyterlab', '--no-browser']
    """
    if find_spec("jupyterlab") is None:
        raise SettingsError(
            expected="JupyterLab beside vostutor", got="none", try_this="pip install 'vostutor[course]', or make setup"
        )
    flags = [] if browser else ["--no-browser"]
    if port is not None:
        flags += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--allow-root")  # in a container there is nobody else to be
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        *flags,
        f"--ServerApp.root_dir={Path(folder).absolute()}",
        f"--LabApp.default_url=/lab/tree/{notebook}",
        # The course works offline: no news, no look for updates, no catalogue of extensions.
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
