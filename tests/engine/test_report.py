"""What an evaluation writes, and the command line that runs it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.stored import DAMAGES, blocks, damage, evaluate, stored
from vostutor.__main__ import main
from vostutor.core import SettingsError
from vostutor.engine.report import KEYS


def run(monkeypatch, *words):
    """The exit code of the command line."""
    monkeypatch.setattr(sys, "argv", ["vostutor", "evaluate", *map(str, words)])
    with pytest.raises(SystemExit) as exit_:
        main()
    return exit_.value.code


def test_json_holds_scores_provenance_and_what_was_left_out(place):
    damage(place, "foreign id")
    told = json.loads(evaluate(place).save(place / "out/scores.json").read_text())
    assert (told["task"], told["merge_objects"], told["results"], told["data"]) == (
        "semi-supervised",
        False,
        "results",
        "root",
    )
    assert sorted(told["global"]) == sorted(["J&F-Mean", *KEYS])
    assert list(told["per_sequence"]) == ["cows", "dogs"]
    assert sorted(told["per_sequence"]["cows"]) == sorted([*KEYS, "per_object"])
    assert told["per_sequence"]["cows"]["per_object"]["3"] == dict.fromkeys(KEYS, 1.0) | {"J-Decay": 0, "F-Decay": 0}
    assert told["annotations"] == "Annotations/480p" and told["without_masks"] == []
    assert told["not_evaluated"] == {
        "bear": {
            "expected": "ids 0 to 1 in bear/00002.png",
            "got": "id 2",
            "try": "write ids up to 1 only (the annotation's first mask names the objects), "
            "or score all objects as one with --merge-objects",
        }
    }


def test_json_names_results_without_masks(place):
    stored(place / "results/zebra", blocks())
    assert evaluate(place).as_json()["without_masks"] == ["zebra"]


def test_csv_holds_a_line_for_all_for_each_sequence_and_each_object(place):
    with evaluate(place).save(place / "scores.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["sequence"] + line["object"] for line in lines] == [
        "allmean", "bearmean", "bear1", "cowsmean", "cows1", "cows2", "cows3", "dogsmean", "dogs1",
    ]  # fmt: skip
    assert all(float(line["J&F-Mean"]) == 1 for line in lines)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
@pytest.mark.parametrize("kind", DAMAGES)
def test_no_file_names_a_place_on_this_machine(place, kind, suffix):
    damage(place, kind)
    assert str(place) not in evaluate(place).save(place / f"scores{suffix}").read_text()


def test_the_command_prints_the_table_and_saves_it(place, monkeypatch, capsys):
    out = place / "scores.json"
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", out) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("bear", "cows", "dogs", "all", "J&F", "decay", "1.000", f"wrote {out}"))
    assert json.loads(out.read_text())["global"]["J-Mean"] == 1


def test_what_stood_in_for_the_masks_of_the_unsupervised_task_is_said(place, monkeypatch, capsys):
    words = [place / "results", "--data", place / "root", "--task", "unsupervised"]
    run(monkeypatch, *words)
    assert "no Annotations_unsupervised: masks are those of Annotations/480p" in capsys.readouterr().err
    for name, objects in (("bear", 1), ("cows", 3), ("dogs", 1)):
        stored(place / "root/Annotations_unsupervised/480p" / name, blocks(objects))
    run(monkeypatch, *words)
    assert capsys.readouterr().err == ""


def test_the_command_writes_nothing_to_the_error_stream_where_all_went_well(place, monkeypatch, capsys):
    run(monkeypatch, place / "results", "--data", place / "root")
    assert capsys.readouterr().err == ""


def test_the_command_exits_with_1_and_says_why_where_a_sequence_was_left_out(place, monkeypatch, capsys):
    damage(place, "missing frames")
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", place / "scores.csv") == 1
    printed = capsys.readouterr()
    assert "bear: not evaluated" in printed.err and "00001, 00003 missing" in printed.err and "cows" in printed.out
    assert (place / "scores.csv").exists()


def test_the_command_exits_with_1_where_nothing_could_be_evaluated(place, monkeypatch, capsys):
    damage(place, "corrupt")
    for other in ("cows", "dogs"):
        (place / "results" / other).rename(place / other)
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", place / "scores.json") == 1
    assert json.loads((place / "scores.json").read_text())["global"] == dict.fromkeys(["J&F-Mean", *KEYS])


def test_the_command_merges_objects_and_takes_the_task(place, monkeypatch, capsys):
    words = [place / "results", "--data", place / "root", "--merge-objects", "--task", "unsupervised"]
    assert run(monkeypatch, *words, "--out", place / "scores.json") == 0
    told = json.loads((place / "scores.json").read_text())
    assert told["merge_objects"] and told["task"] == "unsupervised"
    assert list(told["per_sequence"]["cows"]["per_object"]) == ["1"]


@pytest.mark.parametrize("out", ["scores.txt", "scores", "results", "results/bear/00000.png/scores.json"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work_starts(place, out, monkeypatch, capsys):
    monkeypatch.setattr("vostutor.engine.evaluate.read_ids", lambda path: pytest.fail("the work has started"))
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", place / out) == 2
    assert "try       " in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder that nobody can write to, not even root")
def test_a_folder_that_cannot_be_written_to_is_refused_before_the_work_starts(place, monkeypatch, capsys):
    monkeypatch.setattr("vostutor.engine.evaluate.read_ids", lambda path: pytest.fail("the work has started"))
    assert run(monkeypatch, place / "results", "--data", place / "root", "--out", "/proc/scores.json") == 2
    assert "expected  a place where scores.json can be written" in capsys.readouterr().err


def test_what_goes_wrong_while_saving_is_told_without_a_traceback(place):
    with pytest.raises(SettingsError, match="another --out"):
        evaluate(place).save(place / f"{300 * 's'}.json")


@pytest.mark.parametrize("words", [["--task", "interactive"], ["--data", "nowhere"]])
def test_a_mistake_exits_with_2_and_advice(place, words, monkeypatch, capsys):
    assert run(monkeypatch, place / "results", "--data", place / "root", *words) == 2
    assert "expected  " in capsys.readouterr().err


def test_the_command_needs_no_torch(place):
    code = (
        "import sys; sys.argv = ['vostutor', 'evaluate', *sys.argv[1:]]\n"
        "from vostutor.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as exit: assert exit.code == 0, exit.code\n"
        "assert 'torch' not in sys.modules and 'scipy' in sys.modules"
    )
    words = [place / "results", "--data", place / "root", "--task", "unsupervised"]
    subprocess.run([sys.executable, "-c", code, *map(str, words)], check=True, capture_output=True)
