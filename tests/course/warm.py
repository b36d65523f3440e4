"""A process that keeps the slow libraries loaded and runs command lines, each in a fork of it: `python -m tests.course.warm`.

Reads one command line a line, as JSON, and answers with [exit code, what was printed]. `vostutor`, `python -m` and `jupytext` are what the
installed commands are, called in the fork; anything else, and what stands behind a `|`, is the shell's. Of our own code nothing is
loaded before the fork: a command sees every file as it is by then.
"""

import json
import os
import runpy
import shlex
import subprocess
import sys
import tempfile

SLOW = ("torch", "cv2", "skimage.data", "jupytext", "papermill", "nbval.plugin", "typer", "rich.progress")


def answer(command: str) -> tuple[int, str]:
    """(exit code, stdout and stderr as they came) of one command line."""
    here, _, behind = command.partition(" | ")
    with tempfile.TemporaryFile() as printed:
        if not (child := os.fork()):
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            _become(shlex.split(here))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed.seek(0)
        text = printed.read()
    if behind:
        done = subprocess.run(behind, shell=True, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        code, text = done.returncode, done.stdout
    return code, text.decode()


def _become(words: list[str]) -> None:
    """Runs the command and ends this process as it would."""
    code = 1
    try:
        code = _called(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _called(words: list[str]) -> int:
    sys.argv = list(words)
    if words[0] == "vostutor":
        from vostutor.__main__ import main

        main()
    elif words[:2] == ["python", "-m"]:
        sys.argv = words[2:]
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    elif words[0] == "jupytext":
        from jupytext.cli import jupytext

        return jupytext(words[1:]) or 0
    else:
        return subprocess.run(words).returncode
    return 0


def main() -> None:
    """Answers until nobody asks any more."""
    for name in SLOW:
        __import__(name)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
