from dataclasses import replace

from vostutor.course import Budget, Outcome

RUN = Outcome("00", "The task", "smoke", Budget(0.2, 1.0), 9, wall_seconds=14.0, cpu_seconds=13.0, memory_gb=0.9)


def test_a_run_within_its_declaration_passes_without_a_word():
    assert RUN.passed and RUN.warnings == () and "\n" not in RUN.line()


def test_more_than_1_2_times_the_declared_minutes_or_memory_warns_and_passes():
    assert replace(RUN, cpu_seconds=14.5, wall_seconds=14.3).warnings == ()
    slow = replace(RUN, cpu_seconds=14.5, wall_seconds=14.5)
    assert slow.passed and len(slow.warnings) == 1 and "0.2 min" in slow.line()
    assert "1 GB" in replace(RUN, memory_gb=1.21).warnings[0]


def test_a_busy_machine_or_two_threads_alone_do_not_make_a_lesson_long():
    assert replace(RUN, wall_seconds=100.0).warnings == replace(RUN, cpu_seconds=25.0).warnings == ()


def test_the_limit_of_the_profile_fails_the_run_and_names_it():
    over = replace(RUN, cpu_seconds=30.1)
    assert not over.passed and over.faults == ("30.1 CPU-s, smoke allows 30",) and over.line().startswith("✗")
    assert replace(RUN, profile="cpu", cpu_seconds=599.0).passed
    assert not replace(RUN, profile="cpu", cpu_seconds=601.0).passed
    assert replace(RUN, memory_gb=4.1).faults == ("4.10 GB, smoke allows 4",)


def test_wall_time_is_never_a_fault():
    assert replace(RUN, wall_seconds=1e5).passed


def test_a_profile_without_a_declaration_says_so():
    undeclared = replace(RUN, profile="gpu", declared=None)
    assert undeclared.passed and "no budget declared" in undeclared.line()


def test_a_failure_stands_below_the_line_and_in_the_row():
    failed = replace(RUN, failure="cell 1 of 2: KeyError: 'x'")
    assert failed.line().splitlines()[1] == "  ✗ cell 1 of 2: KeyError: 'x'"
    assert failed.row()["faults"] == ["cell 1 of 2: KeyError: 'x'"] and failed.row()["passed"] is False
