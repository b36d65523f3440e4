import ast

import nbformat
import pytest

from vostutor.core import LessonError
from vostutor.course import Cell, read_master, solution_notebook, student_notebook, write_notebook
from vostutor.course.markers import Region
from vostutor.course.student import ROOM, stub


def notebooks(course):
    master = read_master(course.solutions / "01_colours.py")
    return solution_notebook(master), student_notebook(master)


def test_an_answer_becomes_three_dots_at_its_indentation():
    source = "def f(x):\n    if x:\n        # BEGIN SOLUTION\n        return 1\n        # END SOLUTION\n    return 2"
    assert (
        stub(Cell("code", source, 1, regions=(Region("SOLUTION", 2, 4, "        "),)))
        == "def f(x):\n    if x:\n        ...\n    return 2"
    )


def test_every_answer_of_a_cell_is_replaced():
    source = "# BEGIN SOLUTION\na = 1\nb = 2\n# END SOLUTION\nc = 3\n# BEGIN SOLUTION\nd = 4\n# END SOLUTION"
    assert (
        stub(Cell("code", source, 1, regions=(Region("SOLUTION", 0, 3, ""), Region("SOLUTION", 5, 7, ""))))
        == "...\nc = 3\n..."
    )


def test_a_stub_of_the_masters_own_takes_the_place_of_the_three_dots():
    source = """\
def f(x):
    # BEGIN SOLUTION
    return sum(x)
    # END SOLUTION
    # BEGIN STUB
    # total = 0
    # for one in x:
    #     total += ...
    #
    # return total
    # END STUB
"""
    cell = Cell("code", source, 1, regions=(Region("SOLUTION", 1, 3, "    "), Region("STUB", 4, 10, "    ")))
    lines = ["def f(x):", "    total = 0", "    for one in x:", "        total += ...", "", "    return total"]
    assert stub(cell).splitlines() == lines


def test_hidden_lines_are_in_the_solution_and_nowhere_else(write):
    cells = "# %%\na = 1\n# BEGIN HIDDEN\nb = 2\n# END HIDDEN\nc = 3\n\n# %%\n# BEGIN HIDDEN\nd = 4\n# END HIDDEN\n\n# %%\ne = 5\n"
    master = read_master(write("02_hidden.py", cells))
    assert [cell.source for cell in student_notebook(master).cells[1:]] == ["a = 1\nc = 3", "e = 5"]
    assert [cell.id for cell in student_notebook(master).cells[1:]] == ["cell-002", "cell-004"]
    assert "b = 2" in solution_notebook(master).cells[1].source and "d = 4" in solution_notebook(master).cells[2].source


def test_nothing_of_an_answer_is_anywhere_in_the_students_file(course):
    _, student = notebooks(course)
    text = write_notebook(student)
    for word in ("secret_total", "x + x", "finite in age"):
        assert word not in text
    words = [cell.source for cell in student.cells if "SOLUTION" in cell.source]
    assert len(words) == 1 and "like any other" in words[0], "only the docstring may speak of solutions"


def test_the_stub_is_python_and_keeps_what_stands_around_the_answer(course):
    _, student = notebooks(course)
    (cell,) = [cell for cell in student.cells if cell.metadata.get("exercise")]
    ast.parse(cell.source)
    assert cell.source.startswith("def double(x):") and cell.source.endswith('unit = "# of colours"\n    ...')
    assert cell.metadata == {"exercise": "colours.double", "points": 4, "difficulty": 1, "minutes": 5}


def test_a_written_question_is_followed_by_room_to_answer(course):
    _, student = notebooks(course)
    (k,) = [k for k, cell in enumerate(student.cells) if cell.metadata.get("reflection")]
    room = student.cells[k + 1]
    assert (room.cell_type, room.source, room.metadata) == ("markdown", ROOM, {"answer": "colours.why"})


def test_room_is_there_also_where_the_master_has_no_model_answer(course):
    path = course.solutions / "01_colours.py"
    cut = '# %% [markdown] answer="colours.why"\n# Because the universe is finite in age.\n'
    path.write_text(path.read_text().replace(cut, ""))
    assert [cell.source for cell in notebooks(course)[1].cells].count(ROOM) == 1


def test_the_two_notebooks_differ_in_answers_and_profile_only(course):
    solution, student = notebooks(course)
    differing = [
        a.id for a, b in zip(solution.cells, student.cells, strict=True) if (a.id, a.source) != (b.id, b.source)
    ]
    assert differing == ["cell-002", "exercise-colours-double", "answer-colours-why"]
    assert 'profile = "smoke"  # how much' in solution.cells[1].source
    assert 'profile = "cpu"  # how much' in student.cells[1].source


def test_ids_are_the_same_at_every_build_and_valid(course):
    for one, again in zip(notebooks(course), notebooks(course), strict=True):
        assert write_notebook(one) == write_notebook(again)
        nbformat.validate(one)
        assert len({cell.id for cell in one.cells}) == len(one.cells)
    assert [cell.id for cell in one.cells[:3]] == ["cell-001", "cell-002", "cell-003"]


def test_a_student_notebook_has_no_outputs_and_no_counts(course):
    code = [cell for cell in notebooks(course)[1].cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_metadata_says_lesson_title_and_budgets_and_no_language_version(course):
    metadata = notebooks(course)[1].metadata
    assert metadata.vostutor.lesson == "01" and metadata.vostutor.budgets.cpu.minutes == 0.5
    assert metadata.language_info == {"name": "python"}


def test_an_answer_that_leaves_no_python_behind_is_refused(write):
    cells = """\
# %% exercise="a.b" points=1 difficulty=1 minutes=1
if True:
    # BEGIN SOLUTION
    x = 1
else:
    x = 2
    # END SOLUTION
    y = 3

# %%
check("a.b", 1)
"""
    path = write("02_broken.py", cells.replace("    # BEGIN", "# BEGIN").replace("    # END", "# END"))
    with pytest.raises(LessonError, match="without its answer"):
        student_notebook(read_master(path))


def test_an_id_too_long_for_a_cell_is_refused(write):
    cells = f'# %% exercise="a.{"b" * 60}" points=1 difficulty=1 minutes=1\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n\n'
    path = write("02_long.py", cells + f'# %%\ncheck("a.{"b" * 60}", 1)\n')
    with pytest.raises(LessonError, match="48 characters"):
        student_notebook(read_master(path))
