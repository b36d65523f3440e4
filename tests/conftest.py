"""What every test stands on: one thread, where real video lies, how many seeds an exercise is tried with."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest  # noqa: E402

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    parser.addoption(
        "--seeds", type=int, default=2, help="input seeds each exercise answer is tried with (make proof: 20)"
    )


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def davis() -> Path:
    """Six real DAVIS sequences; the only place that reads VOSTUTOR_DAVIS."""
    place = Path(os.environ.get("VOSTUTOR_DAVIS") or ROOT.parent / "shared/data/davis-dev")
    if not (place / "JPEGImages").is_dir():
        pytest.skip("no real video: set VOSTUTOR_DAVIS to a DAVIS root")
    return place


# What takes longest comes first, so that no worker is left alone with it at the end.
LONGEST = (
    "tests/test_notebooks.py",
    "tests/lessons/",
    "tests/course/test_guide.py",
    "tests/course/test_gate_runs.py",
    "in_browser.py",
)


def pytest_collection_modifyitems(items):
    """A test that asks for real video is a `real` test; the longest files go first."""
    for item in items:
        if "davis" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)
    rank = {name: k for k, name in enumerate(LONGEST)}
    items.sort(key=lambda item: min((k for name, k in rank.items() if name in item.nodeid), default=len(rank)))


LEFT_OUT = {
    "real": "real video (set VOSTUTOR_DAVIS)",
    "browser": "the browser (install chromium)",
    "gpu": "CUDA (no GPU)",
}


def pytest_terminal_summary(terminalreporter):
    """One line for each kind of test that this machine could not run; .ci/run reads it."""
    for mark, what in LEFT_OUT.items():
        skipped = [report for report in terminalreporter.stats.get("skipped", []) if mark in report.keywords]
        if skipped:
            terminalreporter.write_line(f"did not run: {what}: {len(skipped)} tests")
