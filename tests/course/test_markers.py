from pathlib import Path

import pytest

from vostutor.core import LessonError
from vostutor.course.markers import Answer, cell_lines, find_answers

HERE = Path("solutions/00_here.py")


def test_two_answers_in_one_function_are_found_with_their_lines_and_indentation():
    text = """\
def f(x):
    # BEGIN SOLUTION
    y = x
    # END SOLUTION
    if y:
        # BEGIN SOLUTION
        return y
        # END SOLUTION
"""
    assert find_answers(text, HERE) == [Answer(2, 4, "    "), Answer(6, 8, "        ")]


@pytest.mark.parametrize("string", ['"""\n# BEGIN SOLUTION\n"""', "'# END SOLUTION'", 'f"""{1}\n# END SOLUTION\n"""'])
def test_a_marker_inside_a_string_is_no_marker(string):
    assert find_answers(f"a = {string}\n# BEGIN SOLUTION\nb = 1\n# END SOLUTION\nc = {string}\n", HERE) != []


def test_a_cell_mark_inside_a_string_begins_no_cell():
    assert cell_lines('# %%\na = """\n# %%\n"""\n# %% [markdown]\n# b\n', HERE) == [1, 5]


def test_a_cell_mark_behind_code_begins_no_cell():
    assert cell_lines("# %%\nb = 1  # %% of it\n", HERE) == [1]


def test_a_magic_of_two_percent_signs_begins_no_cell():
    assert cell_lines("# %%\n# %%time\nb = 1\n", HERE) == [1]


@pytest.mark.parametrize(("text", "line", "word"), [
    ("a = 1\n# BEGIN SOLUTION\nb = 1\n", 2, "no end"),
    ("a = 1\nb = 1\n# END SOLUTION\n", 3, "no beginning"),
    ("# BEGIN SOLUTION\na = 1\n# BEGIN SOLUTION\nb = 1\n# END SOLUTION\n", 1, "second"),
    ("# BEGIN SOLUTION\na = 1\n# END SOLUTION\n# END SOLUTION\n", 4, "no beginning"),
    ("# BEGIN SOLUTION\na = '''\n# END SOLUTION\n'''\n", 1, "no end"),
    ("# BEGIN SOLUTION\n# END SOLUTION\n", 1, "nothing"),
    ("if 1:\n    # BEGIN SOLUTION\n    a = 1\n# END SOLUTION\n", 4, "column 0"),
    ("# begin solution\na = 1\n# end solution\n", 1, "begin solution"),
    ("#BEGIN SOLUTION\na = 1\n#END SOLUTION\n", 1, "BEGIN"),
    ("# ---- BEGIN SOLUTION ----\na = 1\n", 1, "BEGIN"),
    ("# BEGIN_SOLUTION\na = 1\n", 1, "BEGIN"),
    ("a = 1  # BEGIN SOLUTION\n", 1, "behind code"),
    ("a = 1\ndef f(:\n", 2, "syntax"),
])  # fmt: skip
def test_markers_that_are_not_in_order_are_refused_with_file_and_line(text, line, word):
    with pytest.raises(LessonError) as caught:
        find_answers(text, HERE)
    assert caught.value.got.endswith(f"in solutions/00_here.py:{line}") and word in str(caught.value)
