import subprocess
import sys

from vostutor.course.meter import Meter

SPIN = "import time; t = time.process_time()\nwhile time.process_time() - t < {seconds}: pass"
HOLD = "block = bytearray(150_000_000); block[::4096] = b'x' * len(block[::4096]); del block; print('held', flush=True)"


def measured(program: str) -> Meter:
    """The program ends only when it is told to: a process that is gone can be asked nothing."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", f"{program}\nprint('done', flush=True)\ninput()"], **pipes) as process:
        with Meter(process.pid) as meter:
            while process.stdout.readline() != "done\n":
                pass
        process.communicate("\n")
    return meter


def test_cpu_seconds_count_the_process_and_its_ended_children():
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN.format(seconds=0.4)!r}])"
    meter = measured(SPIN.format(seconds=0.3) + "\n" + child)
    assert 0.7 <= meter.cpu_seconds < 1.2


def test_a_peak_between_two_looks_is_not_missed():
    assert 150e6 < measured(HOLD).peak_bytes < 250e6


def test_sleeping_costs_nothing():
    assert measured("import time; time.sleep(0.3)").cpu_seconds < 0.2


def test_a_process_that_died_leaves_what_was_seen_last():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    with Meter(process.pid) as meter:
        process.wait()
    assert meter.cpu_seconds >= 0
