import sys

import pytest

from vostutor.checks import LESSONS, check, desk, exercises_of, find_exercise, finish, hint, score
from vostutor.core import SettingsError
from vostutor.metrics import jaccard as own


@pytest.fixture(autouse=True)
def fresh_record():
    desk.forget()
    yield
    desk.forget()


def right(gt, pred, void=None):
    return own(gt, pred, void)


def half_right(gt, pred, void=None):
    return own(gt, pred)


def stub(gt, pred, void=None): ...


def test_what_passes_comes_back_and_takes_one_line(capsys):
    assert check("task.jaccard", right) is right
    assert capsys.readouterr().out == "✓ task.jaccard  7 of 7 properties, 3/3 points\n"


def test_what_does_not_pass_is_replaced_and_a_fifth_line_says_so(capsys):
    assert check("task.jaccard", half_right) is own
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[0].startswith("✗ task.jaccard  6 of 7 properties, 2.6/3 points - stopped at")
    assert lines[4] == "→ the lesson goes on with vostutor's own jaccard"


def test_what_a_student_prints_stands_once_before_the_verdict(capsys):
    def talks(gt, pred, void=None):
        print("gt has", int(gt.sum()), "pixels")
        return own(gt, pred, void)

    check("task.jaccard", talks)
    assert capsys.readouterr().out.splitlines() == [
        "gt has 16 pixels",
        "✓ task.jaccard  7 of 7 properties, 3/3 points",
    ]


def test_a_stub_is_replaced_and_is_no_attempt(capsys):
    assert check("task.jaccard", stub) is own
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("○ task.jaccard  not attempted (it returned None), 0/3 points") and "goes on with" in second


def test_without_fallback_the_students_own_comes_back(capsys):
    assert check("task.jaccard", half_right, fallback=False) is half_right
    assert check("task.jaccard", stub, fallback=False) is stub
    assert "goes on with" not in capsys.readouterr().out


def test_the_function_is_found_by_the_name_that_the_exercise_gives(capsys):
    page = {"check": check}
    exec("jaccard = check('task.jaccard')", page)
    assert page["jaccard"] is own and "there is no such function" in capsys.readouterr().out
    page["jaccard"] = right
    exec("jaccard = check('task.jaccard')", page)
    assert page["jaccard"] is right


@pytest.mark.parametrize("thing", [None, ..., 3, "jaccard", print, int])
def test_whatever_is_handed_in_nothing_is_raised(thing, capsys):
    assert check("task.jaccard", thing) is own
    assert any(line.startswith(("○", "✗")) for line in capsys.readouterr().out.splitlines())


def test_the_stand_in_is_not_taken_for_the_students_work(capsys):
    given_back = check("task.jaccard", half_right)
    assert check("task.jaccard", given_back) is own
    assert "run your cell again" in capsys.readouterr().out.splitlines()[-1]
    assert score("00").as_json()["exercises"][0]["properties"] == 6


def test_a_seed_can_be_given_for_grading(capsys):
    assert check("task.jaccard", right, seed=123456) is right


def test_an_unknown_exercise_is_refused_with_those_that_come_close():
    for call in (
        lambda: check("task.jacard", right),
        lambda: hint("task.jacard"),
        lambda: find_exercise("task.jacard"),
    ):
        with pytest.raises(SettingsError, match=r"task\.jaccard"):
            call()
    for lesson in ("0", "13", 0):
        with pytest.raises(SettingsError, match="00"):
            finish(lesson)


def test_hints_climb_and_the_last_one_stays(capsys):
    for _ in range(4):
        hint("task.warp")
    hint("task.warp", 1)
    lines = capsys.readouterr().out.splitlines()
    hints = find_exercise("task.warp").hints
    assert lines == [f"? task.warp  hint {k} of 3: {hints[k - 1]}" for k in (1, 2, 3, 3, 1)]
    for number in (0, 4, "x"):
        with pytest.raises(SettingsError, match="from 1 to 3"):
            hint("task.warp", number)


def test_the_record_counts_solved_exercises_and_points(capsys):
    assert score("00").summary == "0 of 5 exercises solved, 0/17 points"
    check("task.jaccard", right)
    check("task.boundary", lambda mask: ...)
    check("task.warp", lambda ids, flow: ids)
    hint("task.warp", 2)
    table = repr(score("00")).splitlines()
    assert table[0] == "✓ task.jaccard        3/3 points  7 of 7 properties"
    assert table[1] == "○ task.boundary       0/3 points  not attempted"
    assert table[4].startswith("✗ task.warp") and table[5] == f"→ {score('00').summary}"
    entries = score("00").as_json()["exercises"]
    assert [e["state"] for e in entries] == ["passed", "not attempted", "not attempted", "not attempted", "attempted"]
    assert [e["hints_told"] for e in entries] == [0, 0, 0, 0, 2]


def test_the_last_check_counts(capsys):
    check("task.jaccard", right)
    check("task.jaccard", half_right)
    assert score("00").as_json()["points"] == 2.57


def test_finish_ends_with_the_line_that_says_so(capsys):
    for exercise in exercises_of("00"):
        own_function = exercise.stand_in()
        check(exercise.id, lambda *inputs, f=own_function: f(*inputs))
    finish("00")
    assert capsys.readouterr().out.splitlines()[-1] == "lesson 00 ran to its end: 5 of 5 exercises solved, 17/17 points"


def test_every_id_in_the_catalogue_leads_to_its_exercise():
    for lesson, ids in LESSONS.items():
        assert [exercise.id for exercise in exercises_of(lesson)] == list(ids)


def test_importing_checks_loads_no_torch():
    import subprocess

    code = "import sys, vostutor.checks; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


CELLS = {
    "start": "from vostutor.checks import check, hint, score, finish",
    "right": "def warp_ids(ids, flow):\n    from vostutor.checks.lesson00.warp import fetched\n    return fetched(ids, flow)",
    "passes": 'warp_ids = check("task.warp", warp_ids)',
    "wrong": "def jaccard(gt, pred, void=None):\n    return 1 / 0",
    "fails": 'jaccard = check("task.jaccard", jaccard)',
    "missing": 'boundary = check("task.boundary")',
    "endless": 'def boundary_f(gt, pred, radius):\n    while True: pass\nboundary_f = check("task.boundary_f", boundary_f)',
    "hint": 'hint("task.boundary")',
    "score": 'score("00")',
    "end": 'finish("00")',
}


def test_in_a_notebook_outputs_are_rich_and_the_kernel_goes_on(tmp_path, monkeypatch):
    """In a real kernel: text that carries everything, colours beside it, the score as JSON for whoever runs the notebook."""
    import nbformat
    from nbclient import NotebookClient

    for place in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(place, str(tmp_path / place))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    NotebookClient(book, timeout=60, kernel_name="python3").execute()
    seen = {name: cell.outputs for name, cell in zip(CELLS, book.cells, strict=True)}

    text = {name: outputs[0].data["text/plain"] for name, outputs in seen.items() if outputs and "data" in outputs[0]}
    assert text["passes"] == "✓ task.warp  7 of 7 properties, 4/4 points"
    assert "ZeroDivisionError: division by zero (line 2: return 1 / 0)" in text["fails"]
    assert text["missing"].startswith("○ task.boundary  not attempted (there is no such function)")
    assert "no answer within 5 s" in text["endless"] and text["hint"].startswith("? task.boundary  hint 1 of 3")
    assert seen["score"][0].output_type == "execute_result"

    html = seen["fails"][0].data["text/html"]
    assert "#c2570c" in html and html.count("#3b78c4") == 1, "the verdict is orange, the note below it is blue"
    table, sentinel = seen["end"]
    assert table.data[desk.SCORE_MIME]["points"] == 4.0 and len(table.data[desk.SCORE_MIME]["exercises"]) == 5
    assert sentinel.text == "lesson 00 ran to its end: 1 of 5 exercises solved, 4/17 points\n"
    assert all(len(str(output)) < 6000 for outputs in seen.values() for output in outputs)
