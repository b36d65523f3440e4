"""pyproject.toml, environment.yml, the constraints and the Makefile say the same."""

import re
import tomllib

import pytest
import yaml

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements_of(extra: str) -> list[str]:
    """An extra with the vostutor[...] references in it resolved."""
    found = []
    for requirement in PROJECT["optional-dependencies"][extra]:
        nested = re.fullmatch(r"vostutor\[(.*)\]", requirement)
        found += [r for name in nested[1].split(",") for r in requirements_of(name)] if nested else [requirement]
    return found


def test_the_conda_environment_installs_the_core_and_the_course():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip_list = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip_list == [*PROJECT["dependencies"], *requirements_of("course"), "-e ."]
    assert "python=3.12" in environment["dependencies"]


def test_there_is_one_opencv_and_it_is_headless():
    every = [
        *PROJECT["dependencies"],
        *(r for extra in PROJECT["optional-dependencies"] for r in requirements_of(extra)),
    ]
    assert {r.split(">")[0] for r in every if r.startswith("opencv")} == {"opencv-python-headless"}


def test_every_requirement_is_constrained_and_no_constraint_has_an_address():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {re.split(r"[=<> ;\[]", line)[0].lower() for line in lines}
    wanted = [
        *PROJECT["dependencies"],
        *(r for extra in PROJECT["optional-dependencies"] for r in requirements_of(extra)),
    ]
    assert not [r for r in wanted if re.split(r"[=<> ;\[]", r)[0].lower() not in pinned]
    assert not [line for line in lines if "://" in line or "@" in line]


def test_torch_and_torchvision_are_pinned_together_for_every_python():
    text = (ROOT / "constraints.txt").read_text()
    assert len(re.findall(r"^torch==", text, re.M)) == len(re.findall(r"^torchvision==", text, re.M)) == 1


@pytest.mark.parametrize("target", ["setup", "lab", "course", "test", "proof", "build", "benchmark"])
def test_the_makefile_has_the_target(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_the_citation_and_the_package_name_one_version():
    import vostutor

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == vostutor.__version__ == PROJECT["version"]
