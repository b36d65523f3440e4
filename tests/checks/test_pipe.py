"""A worker can do what it likes: all that comes of it is a diagnosis."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from tests.exercises.harness import nursery
from vostutor.checks import PipeAnswer, spawn_worker
from vostutor.checks.answer import Trouble

# What an answer that means harm does first: look for the socket that its replies go through.
FIND_PIPE = """
sockets = [i for i in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{i}")]
pipe = max(i for i in sockets if "socket" in os.readlink(f"/proc/self/fd/{i}"))
"""


def asked(source: str, *inputs, limit=20.0):
    with PipeAnswer(source, "f", nursery().worker(), limit) as answer:
        return answer.call(inputs)


@pytest.mark.parametrize(
    "body",
    ["os._exit(0)", "os.kill(os.getpid(), 9)", "ctypes.string_at(0)", "os.closerange(3, 100)"],
    ids=["exit", "kill", "crash", "closed pipe"],
)
def test_a_worker_that_dies_is_a_diagnosis(body):
    with pytest.raises(Trouble) as caught:
        asked(f"import os, ctypes\ndef f(x):\n    {body}\n    return 1", 1)
    assert caught.value.kind == "died"


@pytest.mark.parametrize(
    "body",
    ["sum(range(10 ** 12))", "os.write(pipe, b'\\0\\0\\1\\0half a reply'); time.sleep(60)"],
    ids=["holds the interpreter", "half a reply"],
)
def test_a_worker_that_never_answers_is_ended(body):
    began = time.monotonic()
    with pytest.raises(Trouble) as caught:
        asked(f"import os, time\n{FIND_PIPE}def f(x):\n    {body}\n    return 1", 1, limit=0.5)
    assert caught.value.kind == "hung" and time.monotonic() - began < 10


@pytest.mark.parametrize(
    "reply", [b"", b"nonsense", b"\x80\x04N.", b"\xff" * 30], ids=["empty", "text", "pickle", "binary"]
)
def test_a_forged_reply_is_unusable(reply):
    source = f"import os, struct\n{FIND_PIPE}def f(x): os.write(pipe, struct.pack('!i', {len(reply)}) + {reply!r})\n"
    with pytest.raises(Trouble) as caught:
        asked(source, 1)
    assert caught.value.kind == "unusable"


def test_what_an_answer_prints_does_not_disturb_the_pipe(capfd):
    assert (
        asked("import sys\ndef f(x):\n    print('a' * 10000)\n    print('b', file=sys.stderr)\n    return 2 * x", 21)
        == 42
    )
    assert capfd.readouterr() == ("", "")


def test_one_process_answers_all_calls_and_every_answer_has_its_own():
    source = (
        "import os, json\ndef f(x):\n    json.mark = getattr(json, 'mark', 0) + 1\n    return os.getpid(), json.mark"
    )
    with PipeAnswer(source, "f", nursery().worker()) as one, PipeAnswer(source, "f", nursery().worker()) as other:
        (first, _), (second, marks), (third, others_marks) = one.call((0,)), one.call((0,)), other.call((0,))
    assert first == second != third and (marks, others_marks) == (2, 1) and os.getpid() not in (first, third)


def test_a_worker_starts_in_a_fraction_of_a_second():
    asked("def f(x): return x", 1)
    began = time.process_time()
    for _ in range(5):
        asked("import torch\ndef f(x): return torch.ones(2)", 1)
    assert time.process_time() - began < 0.5


def test_closing_ends_the_worker_and_what_it_started():
    source = "import os, subprocess\ndef f(x):\n    return os.getpid(), subprocess.Popen(['sleep', '60']).pid"
    with PipeAnswer(source, "f", nursery().worker()) as answer:
        worker, child = answer.call((0,))
        assert alive(worker) and alive(child)
    assert not alive(worker) and gone_soon(child)


def test_large_tensors_pass_both_ways():
    tensor = torch.arange(2_000_000.0)
    assert torch.equal(asked("def f(x): return x + 1", tensor), tensor + 1)


def test_a_worker_may_also_be_started_alone():
    with PipeAnswer("def f(x): return 2 * x", "f", spawn_worker()) as answer:
        assert answer.call((21,)) == 42


OWNER = """
import sys
from vostutor.checks.pipe import Nursery, PipeAnswer
source = '''
import os
def f(busy):
    if busy:
        print(os.getpid(), file=open(busy, "w"), flush=True)
        sum(range(10 ** 13))
    return os.getpid()
'''
nursery = Nursery()
answer = PipeAnswer(source, "f", nursery.worker())
print(nursery._process.pid, answer.call(("",)), flush=True)
answer.call((sys.argv[1],))
"""


def test_nursery_and_workers_die_with_their_owner_even_in_the_middle_of_a_call(tmp_path):
    busy = tmp_path / "busy"
    owner = subprocess.Popen([sys.executable, "-c", OWNER, busy], stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert len(pids) == 2 and soon(busy.exists) and all(alive(pid) for pid in pids)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert all(gone_soon(pid) for pid in pids)


def alive(pid: int) -> bool:
    """A zombie is dead: nobody has asked for its exit status yet, that is all."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_soon(pid: int) -> bool:
    return soon(lambda: not alive(pid))


def soon(condition) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()
