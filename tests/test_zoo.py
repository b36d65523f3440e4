"""A system is built, trained, measured and found again by its name."""

import json
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from vostutor import zoo
from vostutor.__main__ import app
from vostutor.core import Segmenter
from vostutor.core.errors import DataError, SettingsError
from vostutor.core.profiles import PROFILES
from vostutor.course.train import train_system
from vostutor.engine.training import Training

NAMES = sorted(zoo.SYSTEMS)


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """flownetc-softmax, trained for two steps on two small scenes and measured on two pairs: all parts real, all of them small."""
    from vostutor.data.flow_pairs import flow_batches, flow_pool, flow_split
    from vostutor.engine import flow

    real = zoo.system_named("flownetc-softmax")
    pool = flow_pool(2, frames=2, size=(48, 80), folder=tmp_path / "pools")
    split = flow_split(2, size=(48, 80), folder=tmp_path / "pools")
    monkeypatch.setattr(flow, "flow_split", lambda report: split)
    small = replace(
        real, trainings={"smoke": Training(steps=2, batch=2)}, batches=lambda scenes, seed: flow_batches(pool)
    )
    monkeypatch.setitem(zoo.SYSTEMS, "flownetc-softmax", lambda: small)
    monkeypatch.chdir(tmp_path)
    return small


@pytest.mark.parametrize("name", NAMES)
def test_every_system_has_a_lesson_and_trainings_for_profiles_it_can_be_built_in(name):
    system = zoo.system_named(name)
    assert len(system.lesson) == 2
    assert set(system.trainings) <= set(system.configs) and set(system.scenes) == set(system.trainings)


@pytest.mark.parametrize("name", NAMES)
def test_fresh_weights_follow_from_the_seed(name):
    a, b, c = (zoo.build(name, "smoke", seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(a[key], b[key]) for key in a) and any(not torch.equal(a[key], c[key]) for key in a)


def test_a_system_is_trained_measured_and_loaded_again(tiny, tmp_path):
    told = []
    path = train_system(
        "flownetc-softmax", "smoke", seed=3, out=tmp_path / "w", checkpoint=tmp_path / "c.pt", tell=told.append
    )
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["steps"] == 2 and card["seed"] == 3 and card["metrics"][0]["mean"] > 0
    assert card["command"] == "vostutor train flownetc-softmax --profile smoke --seed 3" and "measuring" in told[-1]
    model = zoo.load("flownetc-softmax", "smoke", folder=tmp_path / "w")
    fresh = zoo.build("flownetc-softmax", "smoke", seed=3)
    assert not model.training and any(
        not torch.equal(a, b) for a, b in zip(model.parameters(), fresh.parameters(), strict=True)
    )


def test_what_was_asked_of_a_training_stands_on_its_card(tiny, tmp_path):
    asked = {"steps": 1, "scenes": 7, "precision": "bfloat16"}
    path = train_system("flownetc-softmax", "smoke", **asked, out=tmp_path, checkpoint=tmp_path / "c.pt", tell=str)
    card = zoo.read_card(path)
    assert card.steps == 1 and card.data.startswith("7 scenes of minivos")
    assert card.command.endswith("--seed 0 --steps 1 --precision bfloat16 --scenes 7")


def test_a_precision_that_does_not_exist_is_refused(tiny, tmp_path):
    with pytest.raises(SettingsError, match="bfloat16"):
        train_system("flownetc-softmax", "smoke", precision="int4", out=tmp_path, checkpoint=tmp_path / "c.pt")


def test_the_command_trains_lists_and_tells(tiny, tmp_path):
    run = CliRunner()
    trained = run.invoke(app, ["train", "flownetc-softmax", "--profile", "smoke", "--out", "w"])
    assert trained.exit_code == 0 and "wrote w/flownetc-softmax-smoke.safetensors" in trained.output
    assert (tmp_path / "build/train/flownetc-softmax-smoke-0.pt").exists()
    listed = run.invoke(app, ["models", "--folder", "w"]).output
    assert "415,779" in listed and "no weights yet" in listed
    card = run.invoke(app, ["models", "flownetc-softmax", "--folder", "w"]).output
    assert (
        "vostutor train flownetc-softmax --profile smoke --seed 0" in card and "EPE on the minivos flow split" in card
    )


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: zoo.build("flownet"), "a system: flownets"),
        (lambda: zoo.build("flownets", "huge"), "a profile of flownets: smoke"),
        (lambda: train_system("flownets", "paper", out="w", checkpoint="c"), "a profile of flownets: smoke, cpu"),
        (
            lambda: train_system("flownets", "smoke", out="w", checkpoint="c", device="tpu"),
            "a device of this machine",
        ),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_drawn(ask, said):
    with pytest.raises(SettingsError, match=said):
        ask()


@pytest.mark.parametrize("name", ["copy", "warp"])
def test_a_segmenter_without_weights_is_there_in_every_profile(name):
    assert all(isinstance(zoo.segmenter(name, profile), Segmenter) for profile in PROFILES)


def test_the_learned_warp_carries_masks_along_the_flow_of_its_network(monkeypatch):
    """Its weights are loaded by name and profile; the network here says that everything was two pixels to the left a frame ago."""
    asked = []

    class ToTheRight(torch.nn.Linear):
        def flow(self, frame1, frame2):
            return torch.tensor([-2.0, 0.0])[None, :, None, None].expand(1, 2, *frame1.shape[-2:])

    monkeypatch.setattr(zoo, "load", lambda *words: asked.append(words) or ToTheRight(1, 1))
    system, frame = zoo.segmenter("warp-flownetc", "smoke"), torch.zeros(3, 1, 4, dtype=torch.uint8)
    system.observe(frame, torch.tensor([[1, 0, 0, 0]]))
    assert system.step(frame)[1].tolist() == [[0, 0, 1, 0]] and asked == [("flownetc-softmax", "smoke")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("flownets",), "a system that segments videos: copy, warp"),
        (("copy", "huge"), "a profile: smoke"),
        (("copy", "cpu", "tpu"), "a device of this machine"),
    ],
)
def test_a_segmenter_profile_or_device_that_does_not_exist_is_refused(words, said):
    with pytest.raises(SettingsError, match=said):
        zoo.segmenter(*words)


def test_weights_that_are_not_there_are_told(tmp_path):
    with pytest.raises(DataError, match="weights of flownets for the profile cpu"):
        zoo.load("flownets", "cpu", folder=tmp_path)


@pytest.mark.parametrize("name", [None, "tpu", "cuda:99", "cuda:x", "cpu:0", 0, torch.device("meta")], ids=str)
def test_a_device_that_is_not_in_this_machine_is_refused(name):
    with pytest.raises(SettingsError, match="a device of this machine: cpu"):
        zoo.checked_device(name)


def test_the_devices_that_are_there_are_all_that_is_offered(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [zoo.checked_device(name).index for name in ("cpu", "cuda", "cuda:0", "cuda:1")] == [None, None, 0, 1]
    with pytest.raises(SettingsError, match="cpu, cuda, cuda:0, cuda:1"):
        zoo.checked_device("cuda:2")


def test_without_weights_for_a_profile_it_says_for_which_there_are_some():
    with pytest.raises(DataError, match="weights of osvos for the profile gpu") as refused:
        zoo.segmenter("osvos", "gpu")
    assert "weights for cpu" in refused.value.got and refused.value.try_this == "--profile cpu"
