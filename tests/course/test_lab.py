import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from vostutor.core import SettingsError
from vostutor.course import build_notebooks, lab_command
from vostutor.course.lab import is_outdated, own_copy


@pytest.fixture
def built(course, write):
    write("02_more.py", "# %%\n1\n")
    build_notebooks(course)
    return course


def test_a_student_works_on_a_copy_and_finds_the_other_lessons_beside_it(built):
    copy, fresh = own_copy(built, "1")
    assert fresh and copy.read_bytes() == (built.notebooks / "01_colours.ipynb").read_bytes()
    assert {path.name for path in built.work.glob("*.ipynb")} == {"01_colours.ipynb", "02_more.ipynb"}


def test_a_later_build_never_touches_a_students_work(built):
    copy, _ = own_copy(built, "01")
    copy.write_text("my work")
    master = built.solutions / "01_colours.py"
    master.write_text(master.read_text().replace("Colours", "Colors"))
    build_notebooks(built)
    assert own_copy(built, "01") == (copy, False) and copy.read_text() == "my work"


def test_a_student_is_told_when_a_newer_lesson_is_out(built):
    copy, _ = own_copy(built, "01")
    copy.write_text("my work")
    assert not is_outdated(built, copy)
    master = built.solutions / "01_colours.py"
    master.write_text(master.read_text().replace("Colours", "Colors"))
    build_notebooks(built)
    assert is_outdated(built, copy)
    copy.rename(copy.with_stem("mine"))
    assert own_copy(built, "01") == (copy, True) and not is_outdated(built, copy)


def test_a_lesson_without_a_notebook_is_refused(built):
    with pytest.raises(SettingsError, match="01, 02"):
        own_copy(built, "09")


def test_root_may_start_jupyterlab_and_others_are_not_told_to(built, monkeypatch):
    for user, allowed in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert ("--allow-root" in lab_command(built.work, "01_colours.ipynb")) is allowed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def asked(port: int, path: str):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "token secret"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.url, answer.read()


def test_jupyterlab_starts_without_a_display_opens_the_lesson_and_stops(built):
    port, program = (
        free_port(),
        (
            "import sys; from pathlib import Path; from vostutor.course import Course, open_lesson;"
            "open_lesson('01', browser=False, port=int(sys.argv[1]), course=Course.at(Path(sys.argv[2])))"
        ),
    )
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"} | {"JUPYTER_TOKEN": "secret"}
    log = built.root / "lab.log"
    with open(log, "w") as file:
        server = subprocess.Popen(
            [sys.executable, "-c", program, str(port), str(built.root)], env=environment, stdout=file, stderr=file
        )
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                status = json.loads(asked(port, "/api/status")[1])
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
        assert status["kernels"] == 0
        assert asked(port, "/")[0].endswith("/lab/tree/01_colours.ipynb")
        specs = json.loads(asked(port, "/api/kernelspecs")[1])
        assert specs["kernelspecs"]["python3"]["spec"]["argv"][0] == sys.executable
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) is not None
    assert "work/01_colours.ipynb is yours, copied from notebooks/" in log.read_text()
