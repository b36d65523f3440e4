"""The authors' guide says what running it says, and its tables say what the code says."""

import re

import pytest
from typer.main import get_command

from tests.conftest import ROOT
from tests.course.guide import PAGE, Checkout, commands, renewed, same
from vostutor.__main__ import app
from vostutor.core import PROFILES
from vostutor.course.markers import KINDS
from vostutor.course.rules import _KNOWN, PARAMETERS

TEXT = PAGE.read_text()
REFERENCE = TEXT[TEXT.index("## Reference") :]
WRITTEN = set(re.findall(r"(?m)^```python (\S+)$", TEXT))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    with Checkout(tmp_path_factory.mktemp("guide")) as checkout:
        yield checkout


def section(heading: str) -> str:
    return REFERENCE.partition(f"### {heading}\n")[2].partition("\n#")[0]


def test_the_page_says_what_its_commands_print(checkout):
    assert renewed(TEXT, checkout) == TEXT, "python -m tests.course.guide"


def test_another_output_takes_the_place_of_the_old_and_an_exit_code_is_the_last_commands(checkout):
    page = "a\n```console\n$ grep -c two b.txt\nold\n$ echo $?\n0\n```\nb\n"
    checkout.write("b.txt", "one\n")
    assert renewed(page, checkout) == page.replace("old\n", "0\n").replace("$?\n0\n", "$?\n1\n")


def test_times_and_memory_stay_as_they_were_and_nothing_else_does(checkout):
    checkout.write("c.txt", "✓ 90 0.3 min (declared 0.2) 4.5 CPU-s 0.70 GB\n")
    then = "✓ 90 0.9 min (declared 0.2) 14 CPU-s 1 GB\n"
    page = "```console\n$ grep 90 c.txt\n{}```\n"
    assert renewed(page.format(then), checkout) == page.format(then)
    assert not same(then, then.replace("✓", "✗")) and not same(then, then.replace("declared 0.2", "declared 0.3"))


def test_a_change_for_a_moment_is_gone_after_the_commands_that_see_it(checkout):
    checkout.write("d.txt", "one\ntwo\n")
    look = "```console\n$ grep -c . d.txt\n{}\n```\n"
    page = "```diff d.txt undone\n one\n-two\n```\n" + look.format(1) + look.format(2)
    assert renewed(page, checkout) == page


def test_a_change_that_does_not_fit_is_refused(checkout):
    checkout.write("e.txt", "one\none\n")
    for diff in ("-two\n+three\n", "-one\n+two\n"):
        with pytest.raises(AssertionError, match="e.txt holds"):
            checkout.change("e.txt", diff)


def test_no_path_of_a_machine_and_no_python_error_is_on_the_page():
    assert not re.search(r"/tmp|/home|/root|/work/|Traceback", TEXT)


def test_each_gate_is_seen_to_speak():
    printed = "".join(
        output for fence in re.findall(r"(?ms)^```console\n(.*?)^```$", TEXT) for _, output in commands(fence)
    )
    words = [
        "was never run",
        "no alt text",
        "more than 1.2 times",
        "no end in",
        "no check('thing.middle'",
        "tokens of the answer",
    ]
    words += [
        "words of the answer",
        "at most 5 min",
        "over 2 clips labelled pl', now",
        "lesson 90: proved",
        "passes the gate",
    ]
    assert [word for word in words if word not in printed] == []


def test_the_keys_of_a_cell_and_the_parameters_are_all_named():
    keys = section("The line of a cell")
    assert [key for key in (*_KNOWN, *PARAMETERS) if f"`{key}" not in keys] == []


def test_the_markers_are_all_named():
    assert [kind for kind in KINDS if f"`# BEGIN {kind}` and `# END {kind}`" not in section("Markers")] == []


def test_the_limits_are_those_of_the_profiles():
    rows = {
        row.split(" | ")[0].strip("| "): row.split(" | ")[2:] for row in section("Profiles and budgets").splitlines()
    }
    for name, limit in PROFILES.items():
        minutes = "no limit" if limit.minutes == float("inf") else f"{limit.minutes:g} min"
        seconds = f"{limit.cpu_seconds:g} CPU-seconds, " if limit.cpu_seconds else ""
        assert rows[name] == [f"{minutes}, {limit.memory_gb:g} GB", f"{seconds}{limit.memory_gb:g} GB |"]


def test_every_command_and_every_file_that_is_named_exists():
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())
    assert set(re.findall(r"`make ([a-z]+)`", TEXT)) <= set(targets)
    assert set(re.findall(r"(?:`|\$ )vostutor ([a-z]+)", TEXT)) <= set(get_command(app).commands)
    named = set(re.findall(r"`((?:vostutor|tests|solutions|data|docs)/[\w/.]+)`", TEXT)) | {"data/README.md"}
    there = {
        place
        for place in named
        if (ROOT / place).exists() or place in WRITTEN or re.search(r"NN|90|lesson_name", place)
    }
    assert named == there
