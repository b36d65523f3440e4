"""The command line refuses what cannot work before it begins, and its help reads cleanly."""

import re

import pytest
from typer.testing import CliRunner

from vostutor import __version__
from vostutor.__main__ import app
from vostutor.core import SettingsError


def vostutor(*words):
    return CliRunner().invoke(app, words, env={"COLUMNS": "140", "TERM": "dumb"})


def test_it_says_its_version():
    run = vostutor("--version")
    assert (run.exit_code, run.output) == (0, f"vostutor {__version__}\n")


@pytest.mark.parametrize("words", [("lab", "--port", "0"), ("lab", "--port", "65536"), ("run", "--seed", "-1")])
def test_a_number_out_of_range_is_refused(words, monkeypatch):
    for work in ("vostutor.course.lab.open_lesson", "vostutor.course.run.run_lessons"):
        monkeypatch.setattr(work, lambda *a, **k: pytest.fail("it has started"))
    run = vostutor(*words)
    assert run.exit_code == 2 and words[1] in run.output


def test_checking_and_executing_at_once_is_refused():
    error = vostutor("build", "--check", "--execute").exception
    assert isinstance(error, SettingsError) and "--check or --execute" in error.expected


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("lab", "[NN]"),
        ("run", "[NN]..."),
        ("build", "[NN]..."),
        ("claims", "NN"),
        ("evaluate", "RESULTS"),
        ("segment", "VIDEO"),
    ],
)
def test_help_names_arguments_once(command, usage):
    text = vostutor(command, "--help").output
    (line,) = [line.strip() for line in text.splitlines() if "Usage:" in line]
    assert re.sub("[{}]", "", line).endswith(f"vostutor {command} [OPTIONS] {usage}")  # braces: it has to be given
