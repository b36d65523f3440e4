from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from tests.data.studio.scenes import black_floor, handmade, scene_of, white_square
from vostutor.core.errors import SettingsError
from vostutor.data.minivos import draw_clip, draw_recipe, draw_training_clip
from vostutor.data.studio import render_torch
from vostutor.data.studio.recipe import PLAIN
from vostutor.data.studio.render import draw
from vostutor.data.studio.render_torch import film
from vostutor.data.studio.scene import Shadow
from vostutor.data.studio.shoot import motion

NAMES = ("plain", "fast", "deformation", "drift", "camera", "crossing")


def difference(scene, device: str = "cpu") -> dict[str, float]:
    """How far the two renderers are from each other: counts of pixels, pixels of flow, grey levels before the sensor."""
    views = [draw(scene, t) for t in range(scene.frames)]
    shot = film(scene, device)
    owner, ids, forward, backward, hidden, images = (
        getattr(shot, name).cpu().numpy() for name in ("owner", "ids", "flow_fwd", "flow_bwd", "occluded", "images")
    )
    same = np.stack([view.owner for view in views]) == owner
    there, back, gone = motion(views)
    levels = np.abs(np.stack([view.image for view in views]) - images)
    return {
        "pixels": same.size,
        "owner": int((~same).sum()),
        "ids": int((np.stack([view.ids for view in views]) != ids).sum()),
        "occluded": int((gone != hidden).sum()),
        "flow": max(
            float(np.abs(there - forward).max(1)[same[:-1]].max()),
            float(np.abs(back - backward).max(1)[same[1:]].max()),
        ),
        "mean": float(levels.mean()),
        "most": float(levels.max()),
    }


def report(rows: list[dict[str, float]], record_property, capsys) -> dict[str, float]:
    """Sums of counts, largest flow and grey levels, printed and recorded."""
    total = {key: sum(row[key] for row in rows) for key in ("pixels", "owner", "ids", "occluded")}
    total |= {key: max(row[key] for row in rows) for key in ("flow", "mean", "most")}
    record_property("renderers differ", total)
    with capsys.disabled():
        print(f"\nof {total['pixels']} pixels {total['owner']} differ in layer, {total['ids']} in id, ", end="")
        print(f"{total['occluded']} in occlusion; flow by {total['flow']:.1e} px, ", end="")
        print(f"pictures by {total['mean']:.1e} grey levels on average, {total['most']:.1e} at most")
    return total


def agree(total: dict[str, float]) -> bool:
    """OpenCV below 5 rounds positions to 1/32 texel, hence the room in grey levels; from 5 on they agree within .01."""
    few = total["pixels"] / 10_000
    close = total["flow"] < 1e-4 and total["mean"] < 0.3 and total["most"] < 12
    return max(total["owner"], total["ids"], total["occluded"]) <= few and close


def test_both_renderers_draw_the_same_clip(record_property, capsys):
    rows = [difference(scene_of(name, seed)) for seed, name in enumerate(NAMES)]
    assert agree(report(rows, record_property, capsys))


def test_shadow_and_open_shutter_are_the_same_in_both():
    scene = handmade(step=6.0, frames=3, shutter=0.9, shadow=Shadow((3, -2), 1.3, 0.5))
    assert difference(scene)["most"] < 0.05


def test_shadows_from_beside_the_frame_are_the_same_in_both():
    """Squares over a corner, beside it and farther from it, each with a shadow that falls on the corner."""
    for column, row, shift in ((-31.5, -23.5, 5), (-38.5, -30.5, 5), (37.5, 29.5, -6), (45.5, 37.5, -14)):
        scene = handmade(step=0.0, shadow=Shadow((shift, shift), 1.3, 0.9))
        track = scene.things[0].track.copy()
        track[:, :2] = column, row
        scene = replace(scene, stack=(black_floor(grey=100.0), replace(scene.things[0], track=track)))
        assert draw(scene, 0).image.min() < 90 and difference(scene)["most"] < 0.05


def test_a_square_lies_where_its_track_says():
    """Hand-worked as for the other renderer: columns 29 to 36, rows 21 to 28, two pixels further right in each frame."""
    shot = film(handmade())
    rows, columns = shot.ids[0].nonzero(as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max(), len(rows)) == (21, 28, 29, 36, 64)
    assert shot.flow_fwd[0, 0][shot.ids[0] == 1] == pytest.approx(2, abs=1e-5)
    assert shot.flow_bwd[0, 0][shot.ids[1] == 1] == pytest.approx(-2, abs=1e-5)


def test_a_thing_out_of_view_is_no_trouble():
    scene = handmade()
    away = replace(scene.things[0], track=scene.things[0].track + [900.0, 0, 0, 0, 0, 0], links=(white_square(),))
    assert not film(replace(scene, stack=(scene.stack[0], away), shadow=Shadow((1, 1), 1.0, 0.5))).ids.any()


def test_moments_drawn_in_small_groups_give_the_same_clip(monkeypatch):
    scene = scene_of("plain", 0)
    together = film(scene)
    monkeypatch.setattr(render_torch, "MOMENTS", 1)
    apart = film(scene)
    assert torch.equal(together.owner, apart.owner) and torch.allclose(together.images, apart.images, atol=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_both_renderers_draw_the_same_clip_on_a_gpu(record_property, capsys):
    rows = [difference(scene_of(name, seed), "cuda") for seed, name in enumerate(NAMES)]
    assert agree(report(rows, record_property, capsys))


@pytest.mark.parametrize(
    "drawn",
    [partial(draw_clip, "plain"), partial(draw_training_clip, progress=0.0, flow=True), partial(draw_recipe, PLAIN)],
)
def test_a_clip_drawn_by_torch_is_the_one_drawn_by_numpy(drawn):
    """Through the sensor as well, whose noise and JPEG may turn a rounded grey level into a few."""
    ours, theirs = drawn(seed=5, frames=2), drawn(seed=5, frames=2, device="cpu")
    assert (ours.source, ours.categories) == (theirs.source, theirs.categories)
    assert (ours.ids != theirs.ids).sum() <= ours.ids.numel() / 10_000
    same = ours.depth_order[0] == theirs.depth_order[0]
    assert (ours.flow_fwd - theirs.flow_fwd)[0, :, same].abs().max() < 1e-4
    assert (ours.frames.int() - theirs.frames.int()).abs().float().mean() < 0.5


@pytest.mark.parametrize("device", ["tpu", "cuda:x", 0])
def test_a_device_that_is_none_is_refused(device):
    with pytest.raises(SettingsError, match="a device: None"):
        draw_clip("plain", 0, frames=2, device=device)
    with pytest.raises(SettingsError, match="a device: None"):
        draw_training_clip(0, progress=0.0, frames=2, device=device)
    with pytest.raises(SettingsError, match="a device: None"):
        draw_recipe(PLAIN, 0, frames=2, device=device)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="a GPU to draw on"):
        draw_clip("plain", 0, frames=2, device="cuda")
