import subprocess
import sys

from vostutor.course.meter import Limits, Meter

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


def killed(program: str, limits: Limits) -> Meter:
    """The program is ended by the meter, or the test fails after half a minute."""
    with subprocess.Popen([sys.executable, "-c", program]) as process, Meter(process.pid, limits) as meter:
        process.wait(30)
    return meter


def test_a_process_that_takes_too_long_is_killed():
    meter = killed("import time; time.sleep(60)", Limits(wall_seconds=1))
    assert meter.broken == "killed, because the whole run took longer than 1 s"


def test_a_process_whose_child_takes_too_much_memory_is_killed_with_it():
    child = "block = bytearray(400_000_000); block[::4096] = b'x' * len(block[::4096]); import time; time.sleep(60)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    meter = killed(program, Limits(wall_seconds=25, memory_gb=0.2))
    assert "and 0.2 GB is the limit" in meter.broken


def test_within_its_limits_a_process_is_left_alone():
    process = subprocess.Popen([sys.executable, "-c", "print(1)"], stdout=subprocess.DEVNULL)
    with Meter(process.pid, Limits(wall_seconds=60, memory_gb=1)) as meter:
        assert process.wait() == 0
    assert meter.broken is None
