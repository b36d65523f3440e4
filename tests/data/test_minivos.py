import os
import re
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from tests.data.measured import FRAMES, SIZE, develop_elsewhere, digest, ids_of, traced
from vostutor.core.errors import SettingsError
from vostutor.data import home
from vostutor.data.minivos import (
    CURRICULUM,
    LABELS,
    LONGER,
    MIXTURE,
    VALIDATION_SEED,
    VERSION,
    draw_clip,
    draw_recipe,
    draw_training_clip,
    mixed_label,
)
from vostutor.data.studio.compose import compose
from vostutor.data.studio.layers import flow_between, occluded_between
from vostutor.data.studio.recipe import PLAIN, RECIPES
from vostutor.data.studio.render import trace
from vostutor.data.studio.scene import Thing
from vostutor.data.studio.shoot import SMALLEST_OBJECT, cast

SEEDS = range(100, 105)


# What every clip is


@pytest.mark.parametrize("label", LABELS)
def test_a_clip_says_what_it_is(label):
    clip = draw_clip(label, 7, size=(54, 90), frames=8)
    assert clip.frames.shape == (8, 3, 54, 90) and clip.frames.is_contiguous()
    assert clip.flow_fwd.shape == clip.flow_bwd.shape == (7, 2, 54, 90) and clip.occluded.shape == (7, 54, 90)
    assert clip.labels == {label} and clip.source == f"minivos {VERSION} {label} seed 7"
    assert clip.object_ids == tuple(range(1, len(clip.categories) + 1)) and len(clip.categories) >= 1


@pytest.mark.parametrize("label", LABELS)
def test_every_object_shows_itself_in_the_first_frame(label):
    for seed in SEEDS:
        scene, first = traced(label, seed)[0], ids_of(label, seed)[0]
        assert min((first == number).sum() for number in scene.objects) >= SMALLEST_OBJECT * first.size


def test_a_scene_in_which_an_object_does_not_show_itself_is_drawn_again():
    def smallest(scene):
        first = trace(scene, 0).ids
        return min((first == number).mean() for number in scene.objects)

    hidden = (
        seed
        for seed in range(200)
        if smallest(compose(PLAIN, np.random.default_rng([seed, 0, 0]), (48, 80), 2)) < 0.004
    )
    seed = next(hidden)
    assert smallest(cast(PLAIN, seed, (48, 80), 2)) >= SMALLEST_OBJECT == 0.004


def test_the_same_arguments_give_the_same_bytes_and_another_seed_another_scene():
    assert digest("occlusion", 1) == digest("occlusion", 1) != digest("occlusion", 2)
    assert not np.array_equal(ids_of("plain", 100), ids_of("plain", 101))


def test_a_fresh_process_draws_the_same_bytes():
    code = "from tests.data.measured import digest; print(digest('distractor', 3))"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home().parent)
    assert fresh.stdout.strip() == digest("distractor", 3)


def test_a_processor_without_wide_registers_draws_nearly_the_same(tmp_path, record_property):
    fewer = {
        "OPENCV_CPU_DISABLE": ",".join(re.findall(r"\*([^\s?]+)", cv2.getCPUFeaturesLine())),
        "NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])),
        "OPENCV_IPP": "disabled", "OPENCV_FOR_THREADS_NUM": "3", "OMP_NUM_THREADS": "3",
    }  # fmt: skip
    develop_elsewhere(tmp_path / "here.npz")
    draws = [sys.executable, "-m", "tests.data.measured", str(tmp_path / "there.npz")]
    subprocess.run(draws, env=os.environ | fewer, capture_output=True, check=True, cwd=home().parent)
    here, there = np.load(tmp_path / "here.npz"), np.load(tmp_path / "there.npz")
    apart = np.abs(here["frames"].astype(int) - there["frames"])
    record_property("values that differ by one grey level", f"{(apart == 1).sum()} of {apart.size}")
    record_property("ids that differ", f"{(here['ids'] != there['ids']).sum()} of {here['ids'].size}")
    assert apart.max() <= 1
    assert (here["ids"] != there["ids"]).mean() <= 1e-4


# Geometry


@pytest.mark.parametrize("label", ["plain", "occlusion", "fast", "deformation"])
def test_ids_agree_where_the_flow_leads(label):
    _, views = traced(label, 101)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    for here, there in zip(views, views[1:], strict=False):
        flow = flow_between(here.placed, there.placed, here.owner)
        seen = ~occluded_between(here.owner, there.owner, flow)
        x, y = np.rint(columns + flow[0])[seen].astype(int), np.rint(rows + flow[1])[seen].astype(int)
        assert np.array_equal(there.ids[y, x], here.ids[seen])


@pytest.mark.parametrize("label", ["plain", "camera", "fast"])
def test_flow_there_and_back_undo_each_other(label):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    left = []
    for seed in SEEDS:
        here, there = traced(label, seed)[1][3:5]
        way, back = (flow_between(a.placed, b.placed, a.owner) for a, b in ((here, there), (there, here)))
        hidden = occluded_between(here.owner, there.owner, way).astype(np.uint8)
        returned = [cv2.remap(axis, columns + way[0], rows + way[1], cv2.INTER_LINEAR) for axis in back]
        # Away from borders between layers, where the interpolated way back is that of one layer.
        border = cv2.morphologyEx(here.owner, cv2.MORPH_GRADIENT, np.ones((7, 7))) + cv2.dilate(hidden, np.ones((7, 7)))
        left.append(np.hypot(*(way + returned))[border == 0])
    assert np.percentile(np.concatenate(left), 99) < 0.02


def test_what_is_seen_is_what_has_the_larger_depth_order():
    scene, views = traced("crossing", 102)
    for t in range(0, FRAMES, 4):
        nearest, first = np.zeros(SIZE, int), 0
        for part in scene.stack:  # each alone over the floor
            count = len(part.links) if isinstance(part, Thing) else 1
            if first:
                alone = trace(replace(scene, stack=(scene.stack[0], part)), t).owner.astype(int)
                nearest = np.maximum(nearest, np.where(alone > 0, alone + first - 1, 0))
            first += count
        assert np.array_equal(views[t].owner, nearest)
    assert torch.equal(
        draw_clip("crossing", 102, frames=FRAMES, flow=False).depth_order,
        torch.from_numpy(np.stack([view.owner for view in views])),
    )


# Training clips


def test_the_mixture_and_every_stage_of_the_curriculum_sum_to_one():
    assert CURRICULUM[0.3] is MIXTURE and set(MIXTURE) == {"easy", *LABELS}
    assert all(sum(stage.values()) == pytest.approx(1) for stage in CURRICULUM.values())


def test_labels_come_as_often_as_the_mixture_says():
    drawn = [mixed_label(seed) for seed in range(3000)]
    for label, share in MIXTURE.items():
        spread = np.sqrt(share * (1 - share) / 3000)
        assert abs(drawn.count(label) / 3000 - share) < 4 * spread


def test_the_curriculum_begins_easy_and_goes_on_with_the_mixture():
    assert {mixed_label(seed, 0.1) for seed in range(50)} == {"easy"}
    assert {mixed_label(seed, 1.0) for seed in range(600)} == set(MIXTURE)


def test_short_training_clips_have_no_label_that_takes_a_while():
    seed = next(seed for seed in range(100) if mixed_label(seed) in LONGER)
    assert draw_training_clip(seed, size=(48, 80), frames=2).labels == {"plain"}
    assert draw_training_clip(seed, size=(48, 80), frames=8).labels == {mixed_label(seed)}


def test_easy_clips_are_drawn_at_the_start_and_hold_what_other_clips_do():
    clip = draw_training_clip(2, progress=0.0, size=(48, 80), frames=2, flow=True)
    assert clip.labels == {"easy"} and clip.flow_fwd.shape == (1, 2, 48, 80) and clip.source.endswith("easy seed 2")


def test_the_knobs_are_in_your_hands():
    clips = [draw_recipe(replace(PLAIN, sensor=sensor), 3, size=(48, 80), frames=2) for sensor in (1.0, 0.0)]
    assert torch.equal(clips[0].ids, clips[1].ids) and not torch.equal(clips[0].frames, clips[1].frames)
    assert VALIDATION_SEED == 2_000_000 and tuple(RECIPES) == LABELS


def test_a_label_is_no_recipe():
    with pytest.raises(SettingsError, match="draw_clip for a label"):
        draw_recipe("plain", 3)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"label": "easy"}, "plain, drift, occlusion, distractor, static, camouflage, camera, fast"),
        ({"seed": -1}, "a whole number from 0 on"),
        ({"seed": 1.5}, "a whole number from 0 on"),
        ({"size": (96,)}, "each from 48 to 1080"),
        ({"size": (40, 160)}, "each from 48 to 1080"),
        ({"size": 96}, "each from 48 to 1080"),
        ({"frames": 1}, "2 to 256 frames"),
        ({"label": "occlusion", "frames": 4}, "8 to 256 frames for occlusion"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, expected):
    with pytest.raises(SettingsError, match=expected) as refusal:
        draw_clip(**({"label": "plain", "seed": 0} | arguments))
    assert refusal.value.got and refusal.value.try_this


@pytest.mark.parametrize(
    "arguments", [{"seed": -1}, {"seed": 0, "progress": 1.5}, {"seed": 0, "progress": "end"}, {"seed": 0, "frames": 1}]
)
def test_a_training_clip_that_cannot_be_drawn_is_refused(arguments):
    with pytest.raises(SettingsError):
        draw_training_clip(**arguments)
