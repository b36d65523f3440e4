import json
import re
from importlib import import_module

import pytest

from tests.conftest import ROOT
from vostutor.core import DataError, SettingsError
from vostutor.course import claims_00
from vostutor.course.claims import PACKAGE, Claims, measure_claims, sources_hash, stored_claims
from vostutor.course.readme import blocks, budgets_table, with_block
from vostutor.data import LABELS, DavisRoot

LESSONS = sorted(
    path.name[:2]
    for path in (ROOT / "solutions").glob("*.py")
    if (PACKAGE / f"course/claims_{path.name[:2]}.py").exists()
)


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_stored_table_is_of_the_sources_as_they_are(lesson):
    sources = import_module(f"vostutor.course.claims_{lesson}").SOURCES
    stored = stored_claims(lesson).provenance["sources"]
    assert stored == sources_hash(sources), f"stale: vostutor claims {lesson} --data DAVIS_ROOT"


@pytest.mark.parametrize("name", ["claims-00", "claims-01", "claims-04", "weights"])
def test_the_readme_quotes_what_is_stored(name):
    text = (ROOT / "README.md").read_text()
    assert with_block(text, name, blocks()[name]) == text, "python -m vostutor.course.readme"


def test_every_lesson_that_measures_has_its_block_in_the_readme():
    assert {f"claims-{lesson}" for lesson in LESSONS} == set(blocks()) - {"weights"}


def test_another_source_is_another_hash():
    assert sources_hash(("ops/dis.py",)) != sources_hash(("ops/dis.py", "ops/warp.py"))


def test_a_definition_of_a_shared_file_is_hashed_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("vostutor.course.claims.PACKAGE", tmp_path)
    file, found = tmp_path / "shared.py", []
    for text in (
        "A = 1\n\ndef f():\n    return A\n",
        "A = 1\nB = 2\n\ndef f():\n    return A\n",
        "A = 1\n\ndef f():\n    return 2\n",
    ):
        file.write_text(text)
        found.append(sources_hash(("shared.py::f",)))
    assert found[0] == found[1] != found[2]
    with pytest.raises(SettingsError, match="no such definition"):
        sources_hash(("shared.py::g",))


def test_rows_are_found_by_their_fields():
    rows = stored_claims("00").where(set=claims_00.REAL, system="copy")
    assert len(rows) == 6 and all(0 <= row["J"] <= 1 for row in rows)


def test_a_mean_is_over_the_rows_asked_for():
    claims = Claims("00", ({"name": "a", "J": 0.2}, {"name": "b", "J": 0.4}, {"name": "b", "J": 0.8}), {})
    assert claims.mean("J", name="b") == pytest.approx(0.6)
    with pytest.raises(DataError, match="none"):
        claims.mean("J", name="c")


def test_measuring_again_gives_the_same_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(claims_00, "turns", lambda: [("things", "fast")])  # all of them take a minute
    measured = measure_claims("00", clips=2, out=tmp_path / "00.json")
    assert list(claims_00.on_label("occlusion", 2)) == measured.where(name="occlusion")
    assert len(measured.rows) == 3 * len(LABELS) + 2
    assert list(claims_00.on_switch("things", "fast", 2)) == measured.where(set=claims_00.SWITCHED)
    assert json.loads((tmp_path / "00.json").read_text())["provenance"]["command"] == "vostutor claims 00 --clips 2"


def test_every_turn_of_a_switch_is_measured():
    names = {row["name"] for row in stored_claims("00").where(set=claims_00.SWITCHED)}
    assert names == {f"{switch}: {level}" for switch, level in claims_00.turns()} and "camera: normal" not in names


def test_a_folder_stands_for_its_modules():
    assert sources_hash(("data/studio",)) != sources_hash(("data/studio/recipe.py",))
    assert sources_hash(("widgets",)) == sources_hash(
        tuple(f"widgets/{p.name}" for p in sorted((PACKAGE / "widgets").glob("*.py")))
    )


def test_a_real_sequence_scores_what_is_stored(davis):
    for row in claims_00.on_sequence(DavisRoot(davis), "car-shadow"):
        (stored,) = stored_claims("00").where(set=claims_00.REAL, name="car-shadow", system=row["system"])
        assert row["J"] == pytest.approx(stored["J"], abs=0.01)  # another build of OpenCV may move single pixels


def test_a_root_that_is_not_there_is_refused_before_anything_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(claims_00, "on_label", lambda *a: pytest.fail("the work has started"))
    with pytest.raises(DataError, match="nowhere"):
        measure_claims("00", data_root=tmp_path / "nowhere", out=tmp_path / "00.json")


def test_a_lesson_without_a_table_is_refused(tmp_path):
    with pytest.raises(SettingsError):
        measure_claims("99")
    with pytest.raises(DataError):
        stored_claims("99")


def test_a_block_is_replaced_and_nothing_else():
    text = "a\n<!-- BEGIN x -->\nold\n<!-- END x -->\nb"
    assert with_block(text, "x", "new") == "a\n<!-- BEGIN x -->\nnew\n<!-- END x -->\nb"
    with pytest.raises(DataError):
        with_block(text, "y", "new")


def test_budgets_stand_declared_beside_measured():
    row = {
        "lesson": "00",
        "title": "T",
        "profile": "cpu",
        "wall_seconds": 90,
        "cpu_seconds": 81.2,
        "memory_gb": 0.91,
        "declared": {"minutes": 2, "memory_gb": 1.2},
    }
    assert (
        budgets_table([row, {**row, "declared": None}]).splitlines()[-1] == "| 00 T | cpu | 1.5 (2) | 81 | 0.9 (1.2) |"
    )


def test_no_table_of_the_readme_is_empty():
    told = re.findall(r"<!-- BEGIN (\S+) -->(.*?)<!-- END \1 -->", (ROOT / "README.md").read_text(), re.S)
    assert {name for name, content in told if "|---|" in content} == {"budgets", *blocks()}
