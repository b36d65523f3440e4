from pathlib import Path

import pytest

from vostutor.core import LessonError
from vostutor.course.markers import Region, cell_lines, find_regions

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
    assert find_regions(text, HERE) == [
        Region("SOLUTION", 2, 4, "    "),
        Region("SOLUTION", 6, 8, "        "),
    ]


def test_each_kind_of_region_is_found_in_order():
    text = """\
# BEGIN HIDDEN
a = 1
# END HIDDEN
# BEGIN SOLUTION
b = 1
# END SOLUTION
# BEGIN STUB
# b = ...
# END STUB
"""
    assert [(region.kind, region.first, region.last) for region in find_regions(text, HERE)] == [
        ("HIDDEN", 1, 3),
        ("SOLUTION", 4, 6),
        ("STUB", 7, 9),
    ]


@pytest.mark.parametrize(("string", "line"), [
    ('"""\n# BEGIN SOLUTION\n"""', 3),
    ("'# END SOLUTION'", 2),
    ('f"""{1}\n\n# END HIDDEN\n"""', 4),
    ("r'#begin_stub'", 2),
    ("(1,\n'a b',\n'c # End Solutions')", 4),
])  # fmt: skip
def test_a_marker_inside_a_string_is_refused_where_it_stands(string, line):
    with pytest.raises(LessonError, match=f"inside a string.* in solutions/00_here.py:{line}\n"):
        find_regions(f"b = 1\na = {string}\n", HERE)


def test_words_in_a_string_that_no_marker_is_made_of_are_let_through():
    assert find_regions("a = '# the end of the solution, BEGIN SOLUTION, # hidden'\n", HERE) == []


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
    ("# BEGIN SOLUTION\na = '''\n# END SOLUTION\n'''\n", 3, "inside a string"),
    ("# BEGIN HIDDEN\na = 1\n", 1, "'# END HIDDEN'"),
    ("# END STUB\na = 1\n", 1, "'# BEGIN STUB'"),
    ("# BEGIN SOLUTION\na = 1\n# END HIDDEN\n", 1, "'# END HIDDEN' on line 3"),
    ("# BEGIN HIDDEN\n# BEGIN SOLUTION\na = 1\n# END SOLUTION\n# END HIDDEN\n", 1, "second"),
    ("# BEGIN SOLUTION\na = 1\n# BEGIN STUB\n# ...\n# END STUB\n# END SOLUTION\n", 1, "second"),
    ("# BEGIN STUB\n# ...\n# END STUB\n", 1, "no answer"),
    ("# BEGIN SOLUTION\na = 1\n# END SOLUTION\n\n# BEGIN STUB\n# ...\n# END STUB\n", 5, "no answer"),
    ("if 1:\n    # BEGIN SOLUTION\n    a = 1\n    # END SOLUTION\n# BEGIN STUB\n# ...\n# END STUB\n", 5, "same column"),
    ("# BEGIN SOLUTION\na = 1\n# END SOLUTION\n# BEGIN STUB\n# a = \\\na = 1\n# END STUB\n", 6, "comment"),
    ("# BEGIN SOLUTION\na = 1\n# END SOLUTION\n# BEGIN STUB\n#a = ...\n# END STUB\n", 5, "behind `# `"),
    ("### BEGIN HIDDEN TESTS\nassert a\n", 1, "HIDDEN"),
    ("# BEGIN SOLUTION\n# END SOLUTION\n", 1, "nothing"),
    ("if 1:\n    # BEGIN SOLUTION\n    a = 1\n# END SOLUTION\n", 4, "column 0"),
    ("# begin solution\na = 1\n# end solution\n", 1, "begin solution"),
    ("#BEGIN SOLUTION\na = 1\n#END SOLUTION\n", 1, "BEGIN"),
    ("# ---- BEGIN SOLUTION ----\na = 1\n", 1, "BEGIN"),
    ("# BEGIN_SOLUTION\na = 1\n", 1, "BEGIN"),
    ("a = 1  # BEGIN SOLUTION\n", 1, "behind code"),
    ("# BEGIN SOLUTON\na = 1\n# END SOLUTON\n", 1, "SOLUTON"),
    ("# BEGIN HIDEN\na = 1\n# END HIDEN\n", 1, "HIDEN"),
    ("# BEGINN HIDDEN\na = 1\n", 1, "BEGINN"),
    ("# START HIDDEN\na = 1\n# STOP HIDDEN\n", 1, "START"),
    ("# HIDDEN BEGIN\na = 1\n# HIDDEN END\n", 1, "HIDDEN BEGIN"),
    ("a = 1\ndef f(:\n", 2, "syntax"),
])  # fmt: skip
def test_markers_that_are_not_in_order_are_refused_with_file_and_line(text, line, word):
    with pytest.raises(LessonError) as caught:
        find_regions(text, HERE)
    assert caught.value.got.endswith(f"in solutions/00_here.py:{line}") and word in str(caught.value)
