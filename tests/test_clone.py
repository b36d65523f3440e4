"""What is committed is enough: HEAD, cloned to an empty folder, builds, evaluates and runs a lesson."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    place = tmp_path_factory.mktemp("clone") / "vostutor"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(place)], check=True)
    return place


def vostutor(clone, *arguments):
    """The command line of the clone, not of this checkout, with this environment's interpreter."""
    environment = {**os.environ, "PYTHONPATH": str(clone), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "vostutor", *map(str, arguments)]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=300)


def test_the_clone_is_what_runs(clone):
    code = "import vostutor; print(vostutor.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(clone)}
    told = subprocess.run([sys.executable, "-c", code], cwd=clone, env=environment, capture_output=True, text=True)
    assert told.stdout.startswith(str(clone))


def test_the_clone_is_in_step_with_its_masters(clone):
    done = vostutor(clone, "build", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_clone_evaluates(clone, tmp_path):
    truth = clone / "data/minivos/Annotations"
    done = vostutor(clone, "evaluate", truth, "--data", clone / "data/minivos", "--out", tmp_path / "scores.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "scores.json").read_text())["global"]["J&F-Mean"] == 1.0


def test_the_clone_runs_a_lesson(clone, tmp_path):
    done = vostutor(clone, "run", "00", "--profile", "smoke", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "budgets.json").exists()
