from pathlib import Path

import pytest

from tests.course.small_lessons import GOOD
from vostutor.core import LessonError
from vostutor.course import Budget, read_master


def test_front_matter_becomes_title_number_and_budgets():
    master = read_master(GOOD)
    assert (master.number, master.name, master.title) == ("01", "01_colours", "Colours")
    assert master.budgets["cpu"] == Budget(minutes=0.5, memory_gb=0.2)


def test_every_cell_knows_the_line_on_which_it_begins():
    lines = GOOD.read_text().splitlines()
    cells = read_master(GOOD).cells
    assert all(lines[cell.line - 1].startswith("# %%") for cell in cells)
    for cell in cells:
        if cell.kind == "code":
            assert lines[cell.line] == cell.source.splitlines()[0]


def test_an_exercise_knows_its_values_and_where_its_answer_lies():
    (cell,) = [cell for cell in read_master(GOOD).cells if cell.exercise]
    assert cell.metadata == {"exercise": "colours.double", "points": 4, "difficulty": 1, "minutes": 5}
    _, first, last, indent = cell.answers[0]
    answer = cell.source.splitlines()[first : last + 1]
    assert answer[0].strip() == "# BEGIN SOLUTION" and answer[-1].strip() == "# END SOLUTION" and indent == "    "


CHECK = 'double = check("colours.double", double)'


def altered(tmp_path, old: str, new: str) -> Path:
    text = GOOD.read_text()
    assert text.count(old) >= 1, "the good master does not hold what this test wants to break"
    path = tmp_path / "01_colours.py"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(("old", "new", "word"), [
    ("#     title: Colours\n", "", "title"),
    ("#       cpu: {minutes: 0.5, memory_gb: 0.2}\n", "", "budgets"),
    ("minutes: 0.1", "minutes: soon", "budgets"),
    ("minutes: 0.1", "hours: 0.1", "budgets"),
    ("#       cpu:", "#       desktop:", "budgets"),
    ("smoke: {minutes: 0.1", "smoke: {minutes: 0.7", "at most 0.5 min"),
    ("# ---\n\n# %% [markdown]", "# ---\n\nimport sys\n\n# %% [markdown]", "first `# %%`"),
    ('tags=["parameters"]', 'tags=["paramters"]', "parameters"),
    ('profile = "cpu"', 'profile = "fast"', "profile"),
    ("device = ", "gadget = ", "device"),
    ("seed = 0", "seed = len([])", "plain values"),
    ('exercise="colours.double"', 'excercise="colours.double"', "excercise"),
    ('exercise="colours.double"', 'exercise="Double"', "flow.correlation"),
    (" points=4", "", "points"),
    ("difficulty=1", "difficulty=6", "difficulty"),
    ("minutes=5", "minutes=-5", "minutes"),
    ('exercise="colours.double" points=4 difficulty=1 minutes=5', "", "nowhere else"),
    ('# %%\ndouble = check("colours.double"', '# %%\ndouble = check("colours.triple"', "right under"),
    ('# %%\ndouble = check("colours.double"', '# %%\n1\n# %%\ndouble = check("colours.double"', "right under"),
    ("    # END SOLUTION\n", "# %%\n    # END SOLUTION\n", "next cell"),
    ('answer="colours.why"', 'answer="colours.how"', "question"),
    ('reflection="colours.why"', 'reflection="colours.double"', "again"),
    ('[markdown] answer="colours.why"', 'answer="colours.why"', "markdown"),
    ("# %% [markdown]\n# ### Exercise 1.1", "# %% [raw]\n# ### Exercise 1.1", "raw"),
    ("# %% [markdown]\n# ### Exercise 1.1", "# %%\n", "not empty"),
    ("# A lesson for the tests", "# BEGIN SOLUTION\n# A", "second"),
    ("# A lesson for the tests", "# BEGIN HIDDEN\n# A\n# END HIDDEN\n# A", "a markdown cell"),
    ("seed = 0\n", "# BEGIN HIDDEN\nseed = 0\n# END HIDDEN\n", "no parameters"),
    ("    unit = ", "    # BEGIN HIDDEN\n    a = 1\n    # END HIDDEN\n    unit = ", "no exercise"),
    ("    # END SOLUTION\n", "    # END SOLUTION\n    # BEGIN STUB\n    # pass\n    # END STUB\n", "untouched"),
    (CHECK, f"# BEGIN HIDDEN\n{CHECK}\n# END HIDDEN\n", "right under"),
    ("def double(x):", "def double(x, text='# BEGIN SOLUTION'):", "inside a string"),
    ("    secret_total = x + x\n", "    secret_total = x +\n", "syntax"),
])  # fmt: skip
def test_a_master_that_is_not_in_order_is_refused(tmp_path, old, new, word):
    with pytest.raises(LessonError) as caught:
        read_master(altered(tmp_path, old, new))
    assert word in str(caught.value) and "01_colours.py" in caught.value.got


def test_a_refusal_names_the_line_of_the_cell(tmp_path):
    path = altered(tmp_path, " points=4", "")
    line = next(k for k, text in enumerate(path.read_text().splitlines(), 1) if "colours.double" in text)
    with pytest.raises(LessonError, match=f"01_colours.py:{line}"):
        read_master(path)


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "an empty file"), (b"\n \n", "an empty file"), (b"# caf\xe9\n", "UTF-8")]
)
def test_a_file_without_text_or_in_another_encoding_is_refused(tmp_path, content, told):
    path = tmp_path / "01_colours.py"
    path.write_bytes(content)
    with pytest.raises(LessonError, match=told):
        read_master(path)


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_a_character_that_ends_a_line_for_some_readers_only_is_refused(tmp_path, odd):
    """It would move an answer out of its region: students would get its last lines."""
    with pytest.raises(LessonError, match="at which some count another line in .*01_colours.py:4"):
        read_master(altered(tmp_path, "title: Colours", f"title: Colours{odd}"))
