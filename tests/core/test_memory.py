import subprocess
import sys

import pytest

from vostutor.core.memory import keep_freed_memory

COUNT = """
import resource, sys
import numpy as np
from vostutor.core.memory import keep_freed_memory
kept = {keep} and keep_freed_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    for _ in range(20):
        arrays = [np.ones(1 << 20, np.uint8) for _ in range(8)]
        del arrays
work()
before = faults()
work()
print(faults() - before)
"""


def page_faults(keep):
    run = subprocess.run([sys.executable, "-c", COUNT.format(keep=keep)], check=True, capture_output=True, text=True)
    return int(run.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_not_fetched_again_page_by_page():
    assert keep_freed_memory()
    assert page_faults(keep=True) < 100 < page_faults(keep=False)  # 0 and 40,000 where this was written


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()


def test_another_c_library_is_no_error(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    monkeypatch.setattr(sys, "platform", "linux")
    assert not keep_freed_memory()
