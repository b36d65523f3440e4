import io
import subprocess
import sys
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell

from tests.course.planted import PLANTS, packed
from vostutor.core import LessonError
from vostutor.course import (
    Course,
    Secrets,
    build_notebooks,
    differences,
    read_master,
    student_notebook,
    write_notebook,
)
from vostutor.course import student as student_module

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def masters():
    return [read_master(path) for path in Course.at(ROOT).masters()]


@pytest.fixture(scope="module")
def secrets(masters):
    return Secrets(masters)


@pytest.fixture(scope="module")
def students(masters):
    return {master.name: student_notebook(master) for master in masters}


@pytest.fixture
def beginning(masters, students):
    """The first student notebook up to its first exercise and a little further, for one test to spoil."""
    notebook = deepcopy(students[masters[0].name])
    exercise = next(k for k, cell in enumerate(notebook.cells) if cell.metadata.get("exercise"))
    notebook.cells = notebook.cells[exercise - 8 : exercise + 3]
    return notebook


def code_answers(masters) -> list[tuple[str, str]]:
    return [(cell.exercise, cell.inside(region)) for m in masters for cell in m.cells for region in cell.answers]


@pytest.mark.parametrize("way", PLANTS)
def test_a_planted_answer_is_found_and_told_with_file_cell_and_answer(way, masters, secrets, beginning):
    """Each way of giving an answer away is tried with another answer of the course."""
    answers = code_answers(masters)
    name, answer = answers[[*PLANTS].index(way) % len(answers)]
    file, data, cell = PLANTS[way](beginning, answer)
    leaks = secrets.leaks(file, data)
    assert f"{leaks[0]}".startswith(file) and f" of the answer to {name}" in f"{leaks[0]}"
    assert {cell in leak.place.cell for leak in leaks} == {True}, [str(leak) for leak in leaks]


def test_every_answer_of_the_course_is_known(masters, secrets):
    """None is so short, or so much like what its lesson shows, that it could be given away unseen."""
    model_answers = [(cell.answer, cell.source) for master in masters for cell in master.cells if cell.answer]
    for name, answer in code_answers(masters) + model_answers:
        assert [leak.answer for leak in secrets.leaks("a.md", answer.encode())][:1] == [name]


def test_a_model_answer_in_prose_is_found_without_its_bold_type_and_line_breaks(masters, secrets, beginning):
    cell, notebook = next(cell for cell in masters[0].cells if cell.answer), beginning
    notebook.cells.append(
        new_markdown_cell("a", id="cell-z", metadata={"rubric": " ".join(cell.source.replace("*", "").split())})
    )
    (leak,) = secrets.leaks("a.ipynb", write_notebook(notebook).encode())
    assert (leak.answer, leak.place.cell, leak.place.part) == (cell.answer, "cell-z", "metadata")


def test_nothing_is_reported_on_the_clean_course(secrets, students):
    files = {f"{name}.ipynb": write_notebook(notebook).encode() for name, notebook in students.items()}
    for name, data in files.items():
        assert secrets.leaks(f"notebooks/{name}", data) == []
    checkpoints = {f".ipynb_checkpoints/{name}": data for name, data in files.items()}
    assert secrets.leaks("release.zip", packed(**files, **checkpoints)) == []


CELLS = """\
# %% exercise="a.b" points=1 difficulty=1 minutes=1
def f(a, b):
    # BEGIN SOLUTION
    {answer}
    # END SOLUTION

# %%
check("a.b", f)

# %%
{shown}
"""
ANSWER = "return (a - b).abs().sum().sqrt() / len(a) + 1"


def lesson(write, name: str, answer: str = ANSWER, shown: str = "1"):
    return read_master(write(name, CELLS.format(answer=answer, shown=shown)))


def test_what_the_lesson_shows_itself_is_no_secret(write):
    open_lesson = lesson(write, "02_open.py", shown=f"def g(a, b):\n    {ANSWER}")
    assert Secrets([open_lesson]).leaks("a.md", ANSWER.encode()) == []
    assert Secrets([lesson(write, "02_open.py")]).leaks("a.md", ANSWER.encode()) != []


def test_what_another_lesson_shows_is_a_secret_only_in_the_answers_own_lesson(write):
    asks = lesson(write, "02_asks.py")
    shows = read_master(write("03_shows.py", f"# %%\ndef g(a, b):\n    {ANSWER}\n"))
    secrets = Secrets([asks, shows])
    assert secrets.leaks("notebooks/03_shows.ipynb", ANSWER.encode()) == []
    assert [leak.answer for leak in secrets.leaks("notebooks/02_asks.ipynb", ANSWER.encode())] == ["a.b"]


def test_seven_tokens_are_let_through_and_eight_are_not(write):
    secrets = Secrets([lesson(write, "02_asks.py")])
    assert secrets.leaks("a.md", b"see abs ( ) . sum ( ) nothing") == []
    (leak,) = secrets.leaks("a.md", b"see abs ( ) . sum ( ) . nothing")
    assert leak.told == "8 tokens of the answer to a.b, from line 1 on: abs ( ) . sum ( ) ."


def test_a_short_answer_is_looked_for_as_a_whole(write):
    secrets = Secrets([lesson(write, "02_asks.py", answer="return a + b")])
    assert secrets.leaks("a.md", b"you could return a + b here")[0].answer == "a.b"
    assert secrets.leaks("a.md", b"you could return a + c here") == []


def test_hidden_lines_are_secrets_too(write):
    master = read_master(write("02_hidden.py", f"# %%\na = 1\n# BEGIN HIDDEN\nx = {ANSWER[7:]}\n# END HIDDEN\n"))
    line = master.path.read_text().splitlines().index("# BEGIN HIDDEN") + 1
    (leak,) = Secrets([master]).leaks("a.md", f"x = {ANSWER[7:]}".encode())
    assert leak.answer == f"the hidden lines at 02_hidden.py:{line}"


def test_names_from_outside_are_not_taken_for_names_of_ones_own(write):
    secrets = Secrets([lesson(write, "02_asks.py", answer="return first(a, b) + second(b, a) * third(a, a)")])
    assert secrets.leaks("a.md", b"return eins(u, v) + zwei(v, u) * drei(u, u)") == []
    (leak,) = secrets.leaks("a.md", b"# see\nreturn first(u, v) + second(v, u) * third(u, u)")
    assert leak.told.startswith("21 tokens of the answer to a.b, under other names, from line 2 on: return first ( u")


def test_one_name_for_two_is_not_the_same_under_other_names(write):
    secrets = Secrets([lesson(write, "02_asks.py", answer="return a * b + a / b - a ** b + a % b")])
    assert secrets.leaks("a.md", b"return u * v + u / v - u ** v + u % v") != []
    assert secrets.leaks("a.md", b"return u * u + u / u - u ** u + u % u") == []


def locked() -> bytes:
    """An archive that says of its only file that it is encrypted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "secret")
    data = bytearray(buffer.getvalue())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(("data", "why"), [
    (locked(), "encrypted"),
    (b"7z\xbc\xaf\x27\x1c" + bytes(40), "7z is not read"),
    (b"\x1f\x8b\x08" + bytes(20), "broken"),
    (packed(a=packed(a=packed(a=packed(a=packed(a=packed(a=packed(a=packed(a=b"x")))))))), "too deep"),
], ids=["encrypted", "7z", "cut gzip", "deep"])  # fmt: skip
def test_what_cannot_be_looked_into_is_not_let_through(secrets, data, why):
    (leak,) = secrets.leaks("release.zip", data)
    assert "cannot be looked into" in leak.told and why in leak.told and leak.answer == ""


def test_a_build_that_would_give_an_answer_away_writes_nothing(course, write, monkeypatch):
    lesson(write, "02_asks.py")
    monkeypatch.setattr(student_module, "stub", lambda cell: cell.source)
    with pytest.raises(LessonError, match=r"02_asks.ipynb, exercise-a-b \(code\).* of the answer to a.b"):
        build_notebooks(course, ["02"])
    assert not course.notebooks.exists()


def test_check_names_a_leak_in_any_file_beside_the_notebooks(course, write):
    lesson(write, "02_asks.py")
    build_notebooks(course)
    assert differences(course) == []
    left = course.notebooks / ".ipynb_checkpoints" / "02_asks-checkpoint.ipynb"
    left.parent.mkdir()
    left.write_bytes((course.solutions / "02_asks.ipynb").read_bytes())
    (told,) = differences(course)
    assert told.startswith("notebooks/.ipynb_checkpoints/02_asks-checkpoint.ipynb, exercise-a-b (code): ")


def test_a_check_of_one_lesson_finds_answers_to_another(course, write):
    lesson(write, "02_asks.py")
    lesson(write, "03_asks_too.py", answer="return sorted({b: a for a in range(9)}.items())[-1]")
    build_notebooks(course)
    (course.notebooks / "copy.json").write_bytes((course.solutions / "02_asks.ipynb").read_bytes())
    assert [told for told in differences(course, ["03"]) if "copy.json" in told]


def test_the_gate_needs_no_torch():
    program = "import sys; import vostutor.course.leaks; print('torch' in sys.modules, 'nbformat' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told == "False False\n"
