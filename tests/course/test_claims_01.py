"""course/claims_01.py: the whole measurement at tiny size, and the verdicts by hand."""

import json

import cv2
import numpy as np
import pytest
import torch

from vostutor.core import DataError, SettingsError
from vostutor.course import claims_01, flow_rows, flow_trials
from vostutor.course.claims import PACKAGE, Claims, measure_claims
from vostutor.course.flow_trials import VARIANTS, Recipe
from vostutor.course.verdicts import FAILS, HOLDS, OPEN
from vostutor.data.flow_files import write_kitti_flow
from vostutor.data.flow_pairs import FLOW_RECIPE, count_pairs, take_pairs
from vostutor.data.minivos import draw_recipe
from vostutor.data.palette import write_ids
from vostutor.data.pool import Pool
from vostutor.engine.flow import score_flows
from vostutor.engine.training import Training

SEQUENCE = "thing"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("claims")


@pytest.fixture(scope="module")
def recipe(place):
    training = Training(steps=2, batch=2, save_every=1)
    return Recipe(training, scenes=2, frames=2, size=(48, 80), pairs=2, pools=place / "pools")


@pytest.fixture(scope="module")
def root(place):
    """A DAVIS root with one sequence of a single object, and a pair with flow beside it."""
    clip, root = draw_recipe(FLOW_RECIPE, 5, size=(48, 80), frames=6), place / "root"
    for t, (frame, ids) in enumerate(zip(clip.frames, clip.ids, strict=True)):
        for kind in ("JPEGImages", "Annotations"):
            (root / kind / "480p" / SEQUENCE).mkdir(parents=True, exist_ok=True)
        pixels = frame.permute(1, 2, 0).numpy()[..., ::-1]
        cv2.imwrite(str(root / "JPEGImages/480p" / SEQUENCE / f"{t:05d}.jpg"), pixels)
        write_ids(root / "Annotations/480p" / SEQUENCE / f"{t:05d}.png", (ids > 0).long())
        pair = root / "flow/sintel_alley_1"
        pair.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(pair / f"frame_{t + 1:04d}.png"), pixels)
    write_kitti_flow(pair / "frame_0001_kitti16.png", clip.flow_fwd[0])
    return root


@pytest.fixture(scope="module")
def rows(place, root, recipe):
    patch = pytest.MonkeyPatch()
    patch.setattr(flow_rows, "REAL_ROWS", 24)
    patch.setattr(claims_01, "SINTEL_ROWS", 24)
    patch.setattr(claims_01, "shipped_flows", dict)  # figures of today's weights are no part of this
    told = list(claims_01.measure(data_root=root, seeds=1, workers=1, kept=place / "kept", recipe=recipe))
    patch.undo()
    return told


def test_every_variant_is_on_every_set_beside_what_learned_nothing(rows):
    sets = {name: {row["system"] for row in rows if row["set"] == name} for name in {row["set"] for row in rows}}
    nothing = {"zero", "mean", "geometric median", "Farneback", "DIS ultrafast", "DIS fast", "DIS medium"}
    assert sets == {
        flow_rows.SPLIT: nothing | set(VARIANTS), flow_rows.FAST: nothing | set(VARIANTS), flow_rows.TRAINING: set(VARIANTS),
        flow_rows.SINTEL: nothing | set(VARIANTS), flow_rows.REAL: {"zero", "C", "DIS"},
        claims_01.CURVES: set(VARIANTS),
    }  # fmt: skip


def test_rows_are_json_with_the_pairs_own_errors(rows):
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert all(len(row["per_pair"]) == 2 for row in rows if row["set"] in (flow_rows.SPLIT, flow_rows.FAST))
    assert all(row["steps"] == 2 and row["cpu_seconds"] >= 0 for row in rows if row["set"] == flow_rows.TRAINING)


def test_sintel_is_seen_at_full_size_and_shrunk_but_always_scored_in_full(rows):
    seen = [row["rows"] for row in rows if row["set"] == flow_rows.SINTEL and row["system"] == "C"]
    assert seen == [48, 24]
    zero = [row for row in rows if row["set"] == flow_rows.SINTEL and row["system"] == "zero"]
    assert len(zero) == 1 and zero[0]["rows"] == 48


def test_real_rows_say_whose_weights_they_are_of(rows):
    real = {row["system"]: row for row in rows if row["set"] == flow_rows.REAL}
    assert (
        real["C"]["weights"] == "seed 0"
        and "weights" not in real["zero"]
        and real["DIS"]["name"] == SEQUENCE
        and real["DIS"]["rows"] == 24
    )
    assert all(told["photometric"] > 0 and 0 <= told["J"] <= 1 and 0 <= told["F"] <= 1 for told in real.values())


def test_nothing_is_trained_twice(rows, place, recipe, monkeypatch):
    monkeypatch.setattr(claims_01, "trial", lambda job, **more: pytest.fail(f"{job} is trained again"))
    again = list(claims_01.measure(seeds=1, workers=1, kept=place / "kept", recipe=recipe))
    strip = lambda row: {key: row.get(key) for key in ("set", "system", "seed", "epe", "per_pair", "losses")}  # noqa: E731
    there = [row for row in rows if row["set"] not in (flow_rows.SINTEL, flow_rows.REAL)]
    assert [strip(row) for row in again] == [strip(row) for row in there]


def test_an_interrupted_training_goes_on_to_the_same_weights(rows, place, recipe, monkeypatch):
    real, calls = flow_trials.objective, []

    def breaks_off(model, batch):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(model, batch)

    half = place / "half.pt"
    monkeypatch.setattr(flow_trials, "objective", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        flow_trials.trained("S", 0, recipe, half)
    with pytest.raises(DataError, match="1 steps"):
        flow_trials.finished("S", 0, half)
    model, history = flow_trials.trained("S", 0, recipe, half)
    nets, _ = claims_01.folders(place / "kept", recipe)
    whole = flow_trials.finished("S", 0, claims_01.checkpoint_of(nets, ("S", 0)))
    assert history.steps == 2 and len(calls) == 3
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), whole.parameters(), strict=True))


def test_another_recipe_or_seed_is_kept_elsewhere(place, recipe):
    assert claims_01.folders(place, recipe) != claims_01.folders(place, Recipe())
    nets, rows = claims_01.folders(place, recipe)
    assert claims_01.checkpoint_of(nets, ("C", 0)) != claims_01.checkpoint_of(nets, ("C", 1)) and nets != rows


def test_one_seed_has_the_same_scenes_in_all_variants_and_another_seed_has_others(recipe):
    one, other = recipe.training_pool(0), recipe.training_pool(1)
    assert torch.equal(one.frames, recipe.training_pool(0).frames) and not torch.equal(one.frames, other.frames)


def test_variants_differ_in_what_is_claimed_and_in_nothing_else():
    c, plain, s, raw = (VARIANTS[name] for name in ("C", "C without augmentation", "S", "C raw"))
    weights = [variant.build(3).state_dict() for variant in (c, plain)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    assert (c.augmented, plain.augmented, s.augmented, raw.augmented) == (True, False, True, True)
    assert raw.build(0).config.cost == "raw" and c.build(0).config.cost == "softmax"
    assert type(s.build(0)).__name__ == "FlowNetS" and s.build(0).config.channels == c.build(0).config.channels


def test_a_variant_and_seed_stay_within_their_limit_of_cpu_seconds():
    assert Recipe().training.steps * 0.19 < 180 and Recipe().training.batch == 8


# One row of four pixels that move by (3,0), (12,12), (16,0) and (17,17), the third of them hidden. The second is 17 pixels long, yet a
# window of 16 holds it.
FAR = torch.tensor([[[3.0, 12, 16, 17]], [[0.0, 12, 0, 17]]])


def far_pool():
    hidden = torch.tensor([False, False, True, False]).reshape(1, 1, 1, 4)
    grey = torch.zeros(1, 2, 3, 1, 4, dtype=torch.uint8)
    return Pool(grey, grey[:, :, 0], ("",), flow=FAR[None, None], occluded=hidden)


def test_bands_count_visible_pixels_by_their_larger_component():
    found = flow_rows.error_by_band([torch.zeros(2, 1, 4)], far_pool())
    diagonal = {length: pytest.approx(length * 2**0.5, abs=1e-4) for length in (12, 17)}
    assert found == {"0-4 px": 3.0, "4-8 px": None, "8-16 px": diagonal[12], "16+ px": diagonal[17]}


def test_a_row_holds_what_score_flows_says():
    row = flow_rows.scored("a", "b", 2, [torch.zeros(2, 1, 4)], far_pool())
    scores = score_flows([torch.zeros(2, 1, 4)], far_pool())
    assert row["epe"] == pytest.approx(scores.epe, abs=1e-4) and row["occluded"] == 16 and row["objects"] is None
    assert row["per_pair"] == [round(scores.epe, 3)] and row["seed"] == 2


def test_fast_pairs_move_farther_than_the_split(rows, recipe):
    fast, split = (
        take_pairs(pool, range(2))["flow"] for pool in (flow_rows.fast_pool(recipe), flow_rows.split_pool(recipe))
    )
    assert fast.norm(dim=1).mean() > 1.5 * split.norm(dim=1).mean()


def test_the_first_pairs_are_those_of_the_first_clips():
    grey = torch.zeros(4, 3, 3, 1, 1, dtype=torch.uint8)  # four clips of three frames: two pairs each
    flow = torch.arange(16.0).reshape(4, 2, 2, 1, 1)
    pool = Pool(grey, grey[:, :, 0], ("",) * 4, flow=flow, occluded=torch.zeros(4, 2, 1, 1, dtype=torch.bool))
    few = flow_rows.first_pairs(pool, 4)
    assert count_pairs(few) == 4 and torch.equal(few.flow, flow[:2])


def test_the_photometric_error_by_hand():
    # three frames of a ramp that goes one pixel to the right; at every second frame, zero flow is 10 off wherever both can be seen
    ramp = 10 * torch.arange(8).expand(3, 4, 8)
    frames = [(ramp - 10 * t + 100).byte() for t in range(3)]
    shift = lambda a, b: torch.tensor([1.0 if a[0, 0, 0] > b[0, 0, 0] else -1.0, 0])[:, None, None].expand(2, 4, 8)  # noqa: E731
    flows = {"zero": lambda a, b: torch.zeros(2, 4, 8), "right": shift}
    found = flow_rows.photometric_errors([(frame, None) for frame in frames], flows, every=2)
    assert found == {"zero": pytest.approx(10), "right": pytest.approx(0, abs=1e-4)}


def row(where, system, seed, epe, near=1.0, far=1.0, **more):
    bands = {"8-16 px": near, "16+ px": far}
    return {"set": where, "system": system, "seed": seed, "epe": epe, "bands": bands} | more


def stored():
    """Two seeds. In domain C 1, S 2 and 2.2; without augmentation 1.5 and 0.5. Fast: zero errs 10 and 20 inside and beyond."""
    told = [
        row("fast pairs", "zero", None, 8, 10.0, 20.0),
        row("Sintel pair", "geometric median", None, 1.46, rows=436),
    ]
    for k in (0, 1):
        told += [
            row("minivos flow", "C", k, 1.0), row("minivos flow", "S", k, 2 + 0.2 * k),
            row("minivos flow", "C without augmentation", k, 1.5 - k),
            row("fast pairs", "C", k, 5, 4.0, 16.0 + k), row("fast pairs", "S", k, 5, 9.0 + k, 18.0 + k),
            row("fast pairs", "C without augmentation", k, 6 + k, 9.0, 18.0),
            row("Sintel pair", "C", k, 1.6 + 0.1 * k, rows=436), row("Sintel pair", "C", k, 0.1, rows=224),
        ]  # fmt: skip
    return Claims("01", tuple(told), {})


def test_the_verdicts_by_hand():
    found = {told["claim"]: told for told in claims_01.verdicts(stored())}
    c1, c2, c3, c4 = (found[name] for name in ("C1", "C2", "C3", "C4"))
    assert (c1["difference"], c1["se"], c1["verdict"]) == (1.1, 0.1, HOLDS)
    assert (c2["difference"], c2["se"], c2["verdict"]) == (0.0, 0.5, OPEN)
    faster = found["C2 on faster pairs"]
    assert (faster["difference"], faster["se"], faster["verdict"]) == (1.5, 0.5, HOLDS)
    # inside C gains 5/10 and 6/10, beyond 2/20 both times: 0.45 with a standard error of 0.05
    assert (c3["difference"], c3["se"], c3["verdict"]) == (0.45, 0.05, HOLDS)
    assert (c4["difference"], c4["se"], c4["verdict"]) == (-0.19, 0.05, FAILS)
    # as published S would err less beyond: C 16 and 17, S 18 and 19
    assert (found["C3 as published"]["difference"], found["C3 as published"]["verdict"]) == (-2, FAILS)


def test_a_table_without_sintel_or_far_motion_has_verdicts_on_the_rest():
    told = [
        row | ({"bands": {"8-16 px": None, "16+ px": None}}) for row in stored().rows if row["set"] != "Sintel pair"
    ]
    assert [row["claim"] for row in claims_01.verdicts(Claims("01", tuple(told), {}))] == [
        "C1",
        "C2",
        "C2 on faster pairs",
    ]


def test_tiny_rows_have_verdicts_too(rows):
    found = claims_01.verdicts(Claims("01", tuple(rows), {}))
    assert {told["claim"] for told in found} >= {"C1", "C2", "C4"} and {told["verdict"] for told in found} == {OPEN}


def test_the_command_tells_seeds_and_a_lesson_without_trainings_has_none(tmp_path, monkeypatch):
    def measure(*, data_root, seeds, workers):
        return [{"seeds": seeds, "workers": workers}]

    monkeypatch.setattr(claims_01, "measure", measure)
    found = measure_claims("01", seeds=3, workers=1, out=tmp_path / "01.json")
    assert found.provenance["command"] == "vostutor claims 01 --seeds 3" and found.rows[0] == {"seeds": 3, "workers": 1}


def test_what_cannot_be_measured_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        claims_01.measure(data_root=tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="--seeds"):
        claims_01.measure(seeds=0)


def test_what_decides_the_weights_decides_the_figures():
    assert set(flow_trials.TRAINED_FROM) < set(claims_01.SOURCES)
    assert all((PACKAGE / source.partition("::")[0]).exists() for source in claims_01.SOURCES)


def test_a_shrunk_sequence_keeps_ids_as_they_are(root):
    from vostutor.data.davis import DavisRoot

    source = flow_rows.Shrunk(DavisRoot(root).sequence(SEQUENCE), 24)
    frame, ids = next(iter(source))
    assert source.size == (24, 40) == tuple(ids.shape) == tuple(frame.shape[1:]) and frame.dtype == torch.uint8
    assert set(np.unique(ids)) <= {0, 1} and len(list(source.truth())) == 6
