from dataclasses import replace

import cv2
import numpy as np
import pytest

from vostutor.data.minivos import LABELS
from vostutor.data.render import develop, draw, flow_between, grain_for, layers_at, occluded_between
from vostutor.data.scene import RULES, Scene, Sprite, Thing, compose

HEIGHT, WIDTH = 48, 64


def handmade(step: float = 2.0, frames: int = 3, strength: float = 0.0) -> Scene:
    """A white square of 8x8 pixels that goes `step` pixels to the right per frame over a black floor, under a camera at rest."""
    square = np.zeros((12, 12, 4), np.float32)
    square[..., :3], square[2:10, 2:10, 3] = 255, 1
    floor = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    path = np.stack([step * np.arange(frames), np.zeros(frames)], 1)
    still = np.zeros(frames)
    thing = Thing(1, "square", 1.0, (Sprite(square, (-5.5, -5.5), 1.0),), path, still, still)
    camera = np.tile(np.array([[1.0, 0, 32.5], [0, 1, 24.5], [0, 0, 1]]), (frames, 1, 1))
    return Scene(
        size=(HEIGHT, WIDTH),
        floor=Sprite(floor, (-32.5, -24.5), 1.0),
        things=(thing,),
        camera=camera,
        drift=still,
        shadow=(3, 0, 1.0, strength),
        blur=0.01,
        noise=0.0,
        gains=np.ones(3, np.float32),
    )


def scene_of(label: str, seed: int) -> Scene:
    return compose(RULES[label], np.random.default_rng(seed), (96, 160), 6)


def test_a_square_lies_where_its_path_says():
    """Hand-worked: the centre of 8 pixels at 32.5 covers columns 29 to 36, rows 21 to 28."""
    ids = draw(handmade(), 0).ids
    rows, columns = np.nonzero(ids)
    assert (rows.min(), rows.max(), columns.min(), columns.max(), len(rows)) == (21, 28, 29, 36, 64)
    assert draw(handmade(), 0).image[24, 32].tolist() == [255, 255, 255]


def test_flow_of_a_square_that_goes_two_pixels_right():
    a, b = draw(handmade(), 0), draw(handmade(), 1)
    there, back = flow_between(a, b), flow_between(b, a)
    assert np.unique(there[0][a.ids == 1]) == pytest.approx([2]) and np.abs(there[1]).max() == pytest.approx(
        0, abs=1e-5
    )
    assert np.abs(there[:, a.ids == 0]).max() == pytest.approx(0, abs=1e-5)
    assert np.unique(back[0][b.ids == 1]) == pytest.approx([-2])


def test_what_the_square_will_cover_is_occluded_and_nothing_else():
    """Hand-worked: of the floor it covers columns 37 and 38 next, 8 rows each."""
    a, b = draw(handmade(), 0), draw(handmade(), 1)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[21:29, 37:39] = True
    assert np.array_equal(occluded_between(a, b, flow_between(a, b)), expected)


def test_what_leaves_the_frame_is_occluded():
    scene = handmade(step=27.0)
    a, b = draw(scene, 0), draw(scene, 1)
    gone = occluded_between(a, b, flow_between(a, b))
    assert gone[21:29, 37:].sum() == 64  # the floor under the square's new place, columns 56 to 63
    assert not gone[21:29, 29:37].any()
    c = draw(scene, 2)
    assert occluded_between(b, c, flow_between(b, c))[21:29, 56:].all()


def test_a_shadow_darkens_the_floor_beside_and_moves_no_id():
    lit, shaded = handmade(), handmade(strength=0.5)
    scenes = [replace(s, floor=replace(s.floor, texture=s.floor.texture + 100)) for s in (lit, shaded)]
    light, dark = (draw(scene, 0) for scene in scenes)
    assert np.array_equal(light.ids, dark.ids)
    assert dark.image[24, 38, 0] < 90 and dark.image[24, 20, 0] == pytest.approx(100)


@pytest.mark.parametrize("seed", range(6))
def test_every_layer_can_be_followed_to_the_frame_and_back(seed):
    rng = np.random.default_rng(seed)
    for layer in layers_at(scene_of("plain", seed), 3)[1:]:
        x, y = rng.uniform(-1, 1, (2, 200))
        assert np.stack(layer.from_frame(*layer.to_frame(x, y))) == pytest.approx(np.stack([x, y]), abs=1e-9)


@pytest.mark.parametrize("label", ["plain", "static", "camera", "fast"])
def test_warping_back_by_the_flow_restores_the_frame(label):
    """The best interpolation at hand, because the error of interest is the flow's; what remains is interpolation, soft borders and
    shadows, in grey levels before the sensor's noise. Under "fast" a shadow crosses more of the floor."""
    columns, rows = np.meshgrid(np.arange(160, dtype=np.float32), np.arange(96, dtype=np.float32))
    warped, unwarped = [], []
    for seed in range(12):
        scene = scene_of(label, seed)
        a, b = draw(scene, 2), draw(scene, 3)
        flow = flow_between(a, b)
        seen = ~occluded_between(a, b, flow)
        mode = {"interpolation": cv2.INTER_LANCZOS4, "borderMode": cv2.BORDER_REPLICATE}
        back = cv2.remap(b.image, columns + flow[0], rows + flow[1], **mode)
        warped.append(np.abs(back - a.image)[seen].mean())
        unwarped.append(np.abs(b.image - a.image)[seen].mean())
    assert np.mean(warped) < (1.5 if label == "fast" else 1.0)
    assert np.mean(warped) < 0.3 * np.mean(unwarped)


@pytest.mark.parametrize("label", LABELS)
def test_occlusion_agrees_with_a_look_at_every_pixel(label):
    scene = scene_of(label, 1)
    a, b = draw(scene, 0), draw(scene, 1)
    flow = flow_between(a, b)
    fast = occluded_between(a, b, flow)
    slow = np.ones_like(fast)
    for y in range(96):
        for x in range(160):
            to_x, to_y = round(float(x + flow[0, y, x])), round(float(y + flow[1, y, x]))
            if 0 <= to_x < 160 and 0 <= to_y < 96:
                slow[y, x] = a.owner[y, x] != b.owner[to_y, to_x]
    assert (fast != slow).sum() <= 2  # x + flow is rounded from float32 in one and from float64 in the other


def test_the_sensor_adds_the_noise_it_is_told_and_fresh_noise_to_every_frame():
    scene = replace(handmade(), noise=2.0)
    grain, rng = grain_for(scene, np.random.default_rng(0)), np.random.default_rng(1)
    grey = np.full((HEIGHT, WIDTH, 3), 100, np.float32)
    one, two = (develop(grey, scene, grain, rng).astype(float) for _ in range(2))
    assert one.std() == pytest.approx((2.0**2 + 1 / 12) ** 0.5, rel=0.03)  # and rounding to whole levels
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.05


def test_colours_beyond_the_scale_saturate():
    scene = handmade()
    grain = grain_for(scene, np.random.default_rng(0))
    levels = develop(np.full((HEIGHT, WIDTH, 3), 300, np.float32), scene, grain, np.random.default_rng(0))
    assert (levels == 255).all()
