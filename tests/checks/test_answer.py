"""One door, two ways to it: all that is said here holds in a notebook and over a pipe."""

import pytest
import torch

from tests.exercises.harness import nursery
from vostutor.checks import LocalAnswer, PipeAnswer
from vostutor.checks.answer import Trouble
from vostutor.checks.worker import load_answer


@pytest.fixture(params=["local", "pipe"])
def door(request):
    """Source text -> an answer behind the one door or the other."""
    opened = []

    def open_door(source: str, name: str = "f", limit: float = 20.0):
        if request.param == "local":
            return LocalAnswer(load_answer(source, name), limit)
        opened.append(PipeAnswer(source, name, nursery().worker(), limit))
        return opened[-1]

    yield open_door
    for answer in opened:
        answer.close()


def trouble_of(answer, *inputs) -> Trouble:
    with pytest.raises(Trouble) as caught:
        answer.call(inputs)
    return caught.value


def test_inputs_go_in_by_position_or_by_name(door):
    answer = door("def f(a, b=1): return a - b")
    assert answer.call((5,)) == 4 and answer.call((5, 2)) == 3 and answer.call({"b": 5, "a": 7}) == 2


def test_lambdas_decorated_functions_and_callable_objects_are_functions_too(door):
    assert door("f = lambda x: x + 1").call((1,)) == 2
    assert door("import functools\n@functools.lru_cache\ndef f(x): return x + 1").call((1,)) == 2
    assert door("import torch\n@torch.no_grad()\ndef f(x): return x + 1").call((1,)) == 2
    assert door("class F:\n    def __call__(self, x): return x + 1\nf = F()").call((1,)) == 2


def test_an_answer_keeps_its_state_between_calls(door):
    answer = door("seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)")
    assert [answer.call((0,)) for _ in range(3)] == [1, 2, 3]


def test_an_answer_that_writes_into_its_input_is_seen_and_harms_nobody(door):
    answer = door("def f(mask, n, rest):\n    mask |= True\n    rest.append(3)\n    return 0")
    mask, rest = torch.zeros(2, 2, dtype=torch.bool), [1]
    answer.call((mask, 3, rest))
    assert answer.touched == ("mask", "rest") and not mask.any() and rest == [1]
    answer.call({"mask": ~mask, "n": 3, "rest": []})
    assert answer.touched == ("rest",)


def test_not_a_number_is_no_change(door):
    answer = door("def f(x): return 0")
    answer.call((torch.tensor([float("nan")]),))
    assert answer.touched == ()


def test_returning_its_input_is_no_change(door):
    answer = door("def f(x): return x")
    assert torch.equal(answer.call((torch.ones(2),)), torch.ones(2)) and answer.touched == ()


@pytest.mark.parametrize(
    "source",
    [
        "def f(*x): ...",
        "def f(*x): return ...",
        "def f(*x): raise NotImplementedError",
        "def f(*x):\n    '''What it does.'''\n    pass",
        "def f(*x):\n    '''What it does.'''\n    # here\n    return None",
        "f = lambda *x: None",
        "import torch\n@torch.no_grad()\ndef f(*x): ...",
        "def g(*x): return 1",
        "f = ...",
        "f = None",
    ],
)
def test_what_was_not_written_is_blank(door, source):
    assert trouble_of(door(source), 1).kind == "blank"


@pytest.mark.parametrize(
    "source, said",
    [
        ("def f(x):\n    y = 3\n    return [0, 1][y]\n", "IndexError: list index out of range (line 3: return [0, 1][y])"),
        ("import json\ndef f(x):\n    return json.loads('')", "JSONDecodeError: Expecting value: line 1 column 1 (char 0) (line 3: "),
        ("def f(x):\n    assert False\n", "AssertionError (line 2: assert False)"),
        ("def f(x): return undefined", "NameError: name 'undefined' is not defined (line 1: def f(x): return undefined)"),
        ("f = 3", "TypeError: 'int' object is not callable"),
        ("def f(x)\n    return x", "SyntaxError: expected ':' (line 1: def f(x))"),
        ("import nosuch\ndef f(x): return x", "ModuleNotFoundError: No module named 'nosuch' (line 1: import nosuch)"),
        ("def f(x): raise SystemExit(3)", "SystemExit: 3 (line 1: def f(x): raise SystemExit(3))"),
        ("def f(x): return f(x)", "RecursionError: maximum recursion depth exceeded"),
    ],
)  # fmt: skip
def test_an_exception_is_told_with_its_message_and_line(door, source, said):
    trouble = trouble_of(door(source), torch.zeros(2))
    assert trouble.kind == "raised" and trouble.what.startswith(said)


def test_the_line_is_the_students_not_the_librarys(door):
    source = (
        "from vostutor.ops.masks import dilate\ndef helper(x):\n    return dilate(x, 1)\ndef f(x): return helper(x)\n"
    )
    assert trouble_of(door(source), torch.zeros(2, 2)).what.endswith("(line 3: return dilate(x, 1))")


def test_a_result_that_cannot_pass_is_unusable(door):
    assert trouble_of(door("import numpy\ndef f(x): return numpy.zeros((3, 3))"), 1).kind == "unusable"


@pytest.mark.parametrize("number", ["numpy.array(0.5)", "numpy.float64(0.5)", "torch.tensor(0.5)"])
def test_a_number_of_any_kind_passes(door, number):
    assert float(door(f"import numpy, torch\ndef f(x): return {number}").call((1,))) == 0.5


def test_a_row_of_numbers_passes_as_a_list(door):
    assert door("import numpy\ndef f(x): return numpy.array([1.0, 2.0])").call((1,)) == [1.0, 2.0]


@pytest.mark.parametrize(
    "body",
    ["x - x", "x.mean()", "torch.nn.functional.max_pool2d(x[None, None], 3)", "g()", "undone()"],
)
def test_what_a_library_has_not_implemented_is_an_attempt(door, body):
    source = "import torch\ndef undone(): raise NotImplementedError\ndef g(): raise NotImplementedError('later')\n"
    trouble = trouble_of(door(f"{source}def f(x): return {body}"), torch.ones(4, 4, dtype=torch.bool))
    assert trouble.kind == "raised" and trouble.what.startswith("NotImplementedError")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    y = 3",
        "def f(x):\n    x + 1",
        "def f(x):\n    return print(end='')",
        "f = lambda x: print(end='')",
        "import functools\ndef g(x):\n    x + 1\n@functools.wraps(g)\ndef f(x): return g(x)",
    ],
)
def test_code_from_which_nothing_comes_is_an_attempt(door, source):
    trouble = trouble_of(door(source), 1)
    assert (trouble.kind, trouble.what) == ("nothing", "it returned None")


def test_what_an_answer_prints_is_shown_for_its_first_call_only(capsys):
    answer = LocalAnswer(load_answer("def f(x):\n    print('seen', x)\n    return 'a'[x:]", "f"))
    assert [answer.call((k,)) for k in range(3)] == ["a", "", ""]
    assert capsys.readouterr().out == "seen 0\n"


def test_what_an_endless_loop_prints_is_cut(capsys):
    answer = LocalAnswer(load_answer("def f():\n    while True: print('again')", "f"), limit=0.2)
    assert trouble_of(answer).kind == "hung" and len(capsys.readouterr().out) <= 2001


DEAF = """
import time, weakref
class Thing: pass
def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end: pass
def f():
    {body}
    spin(3)
    print("it went on")
    return 1
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "body",
    [
        "weakref.finalize(Thing(), spin, 0.4)",
        "try: spin(0.4)\n    except BaseException: pass",
        "try: spin(3)\n    except BaseException: return 1",
        "try: spin(3)\n    except BaseException as error: raise ValueError from error",
    ],
    ids=["while garbage is collected", "in a bare except", "and then answers", "and then fails"],
)
def test_an_alarm_that_goes_unheard_rings_again(body, capsys):
    trouble = trouble_of(LocalAnswer(load_answer(DEAF.format(body=body), "f"), limit=0.2))
    assert (trouble.kind, trouble.what) == ("hung", "no answer within 0.2 s")
    assert "it went on" not in capsys.readouterr().out


def test_an_endless_loop_ends_and_nobody_is_asked_again(door):
    answer = door(
        "def f(x):\n    while True:\n        try:\n            x += 1\n        except Exception:\n            pass\n",
        limit=0.5,
    )
    assert trouble_of(answer, 1).kind == "hung" and trouble_of(answer, 1).what == "no answer within 0.5 s"


def test_gradients_come_back_nested_like_the_inputs(door):
    answer = door("def f(x, more): return (x * more['y']).sum(), x.sum() * 3, 7")
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    outputs, (for_x, for_more) = answer.call_with_grad((x, {"y": y, "n": 2}))
    assert [float(o) for o in outputs] == [11.0, 9.0, 7.0]
    assert torch.equal(for_x, y + 3) and torch.equal(for_more["y"], x) and for_more["n"] is None


def test_weights_pick_what_the_gradient_is_of(door):
    answer = door("def f(x): return x ** 2, x")
    _, (gradient,) = answer.call_with_grad(
        (torch.tensor([3.0, 5.0]),), weights=(torch.tensor([1.0, 0.0]), torch.zeros(2))
    )
    assert gradient.tolist() == [6.0, 0.0]


def test_a_gradient_that_was_cut_is_none(door):
    x = torch.ones(2)
    assert door("def f(x, y): return (x.detach() * y).sum()").call_with_grad((x, x))[1][0] is None
    assert door("def f(x, y): return x.sum().item()").call_with_grad((x, x))[1] == (None, None)


def test_without_asking_for_gradients_inputs_need_none(door):
    assert door("def f(x): return x.requires_grad").call((torch.ones(2),)) is False
