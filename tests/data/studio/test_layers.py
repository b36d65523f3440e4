from dataclasses import replace

import numpy as np
import pytest

from tests.data.studio.scenes import black_floor, handmade, scene_of, white_square
from vostutor.data.studio.layers import (
    NOWHERE,
    boxes,
    flow_between,
    invert,
    joints_at,
    occluded_between,
    place,
    project,
    sheet_map,
    texel_maps,
)
from vostutor.data.studio.render import draw, trace
from vostutor.data.studio.scene import Sheet, Thing

NAMES = ("plain", "fast", "deformation", "camera")


def test_a_child_turns_with_its_parent_whose_turn_comes_first():
    """Hand-worked: the parent turns 90 degrees around (1, 0), the child 90 degrees around (2, 0), which by then is at (1, 1)."""
    quarter = {"swing": np.pi / 2, "phase": np.pi / 2}
    parent, child = white_square(pivot=(1.0, 0.0), **quarter), white_square(parent=0, pivot=(2.0, 0.0), **quarter)
    joints = joints_at(Thing(1, "arm", (parent, child), np.zeros((3, 6))), 0.0)
    point = np.array([3.0, 0.0, 1.0])
    assert joints[0] @ point == pytest.approx([1, 2])
    # The child's own turn takes (3,0) to (2,1), its parent's that to (0,1).
    assert joints[1] @ point == pytest.approx([0, 1])


def test_a_parent_may_be_painted_after_its_child():
    turning = {"swing": 0.7, "phase": 1.0}
    child, parent = white_square(parent=1, pivot=(2.0, 0.0), **turning), white_square(pivot=(1.0, 0.0), **turning)
    backwards = joints_at(Thing(1, "arm", (child, parent), np.zeros((3, 6))), 0.3)
    forwards = joints_at(Thing(1, "arm", (parent, replace(child, parent=0)), np.zeros((3, 6))), 0.3)
    assert np.array_equal(backwards, forwards[::-1])


def test_joints_agree_with_a_product_of_matrices():
    """Slow reference."""
    for seed in range(3):
        thing = scene_of("plain", seed).things[0]

        def whole(index: int, thing=thing) -> np.ndarray:
            if index < 0:
                return np.eye(3)
            link = thing.links[index]
            turn = link.swing * np.sin(2 * np.pi * thing.beat * 2.3 + link.phase) + link.spin * 2.3
            to, back = np.eye(3), np.eye(3)
            to[:2, 2], back[:2, 2] = link.pivot, np.negative(link.pivot)
            c, s = np.cos(turn), np.sin(turn)
            return whole(link.parent, thing) @ to @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ back

        expected = np.stack([whole(index)[:2] for index in range(len(thing.links))])
        assert joints_at(thing, 2.3) == pytest.approx(expected, abs=1e-12)


def test_a_wheel_turns_by_its_spin_at_each_tick():
    joints = joints_at(Thing(1, "wheel", (white_square(spin=np.pi / 2),), np.zeros((3, 6))), 1.0)
    assert joints[0] @ [1, 0, 1] == pytest.approx([0, 1])


@pytest.mark.parametrize("name", NAMES)
def test_everything_can_be_followed_to_the_frame_and_back(name):
    rng = np.random.default_rng(0)
    for seed in range(3):
        for here in place(scene_of(name, seed), 1.3):
            x, y = rng.uniform(-1, 1, (2, 200))
            assert np.stack(here.from_frame(*here.to_frame(x, y))) == pytest.approx(np.stack([x, y]), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_flow_carries_each_point_of_each_part_to_where_it_is_drawn(name):
    """From a pixel to texels of its layer, along the flow, and to texels again: the same point within .01 pixels."""
    for seed in range(3):
        scene = scene_of(name, seed)
        for t, u in ((1, 2), (2, 1)):
            a, b = trace(scene, t), trace(scene, u)
            flow = flow_between(a.placed, b.placed, a.owner)
            for here, there in zip(a.placed, b.placed, strict=True):
                for k in range(1 if here.joints is None else len(here.joints)):
                    rows, columns = np.nonzero(a.owner == here.first + k)
                    start, end = np.stack([columns, rows]), np.stack([columns, rows]) + flow[:, rows, columns]
                    texels = (part_point(side, k, *points) for side, points in ((here, start), (there, end)))
                    assert np.abs(np.subtract(*texels)).max(initial=0) < 0.01


def part_point(here, k: int, x, y) -> np.ndarray:
    """Frame pixels to a layer's texels, in float64."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if here.joints is None:
        return np.stack(project(sheet_map(here), x, y))
    return texel_maps(here)[k] @ np.stack([*here.from_frame(x, y), np.ones_like(x)])


def test_flow_of_a_square_that_goes_two_pixels_right():
    a, b = draw(handmade(), 0), draw(handmade(), 1)
    there, back = flow_between(a.placed, b.placed, a.owner), flow_between(b.placed, a.placed, b.owner)
    assert there[0][a.ids == 1] == pytest.approx(2, abs=1e-5) and there[1] == pytest.approx(0, abs=1e-5)
    assert there[:, a.ids == 0] == pytest.approx(0, abs=1e-5)
    assert back[0][b.ids == 1] == pytest.approx(-2, abs=1e-5)


def test_a_panning_camera_moves_each_sheet_by_its_nearness():
    """Hand-worked: the camera goes 4 to the right; the floor seems to go 4 left, a sheet half as near again 6."""
    camera = np.zeros((5, 6))
    camera[2:, 0] = 4.0
    half = np.zeros((48, 64), np.float32)
    half[30:] = 1
    near = replace(black_floor(nearness=1.5), alpha=half)
    scene = handmade(step=0.0, camera=camera)
    scene = replace(scene, stack=(black_floor(), near))
    a, b = trace(scene, 0), trace(scene, 1)
    flow = flow_between(a.placed, b.placed, a.owner)
    assert flow[0, :30] == pytest.approx(-4, abs=1e-5) and flow[0, 30:] == pytest.approx(-6, abs=1e-5)
    assert flow[1] == pytest.approx(0, abs=1e-5)


def test_flow_from_a_moment_to_itself_is_zero():
    view = trace(scene_of("deformation", 1), 1)
    assert np.abs(flow_between(view.placed, view.placed, view.owner)).max() < 1e-4


def test_what_the_square_will_cover_is_occluded_and_nothing_else():
    """Hand-worked: of the floor it covers columns 37 and 38 next, 8 rows each."""
    a, b = trace(handmade(), 0), trace(handmade(), 1)
    expected = np.zeros((48, 64), bool)
    expected[21:29, 37:39] = True
    assert np.array_equal(occluded_between(a.owner, b.owner, flow_between(a.placed, b.placed, a.owner)), expected)


def test_what_leaves_the_frame_is_occluded():
    a, b = trace(handmade(step=27.0), 1), trace(handmade(step=27.0), 2)
    gone = occluded_between(a.owner, b.owner, flow_between(a.placed, b.placed, a.owner))
    assert gone[21:29, 56:].all() and not gone[21:29, :50].any()


@pytest.mark.parametrize("name", NAMES)
def test_occlusion_agrees_with_a_look_at_every_pixel(name):
    scene = scene_of(name, 1)
    a, b = trace(scene, 0), trace(scene, 1)
    flow = flow_between(a.placed, b.placed, a.owner)
    fast, slow = occluded_between(a.owner, b.owner, flow), np.ones(scene.size, bool)
    for y in range(96):
        for x in range(160):
            to_x, to_y = round(float(x + flow[0, y, x])), round(float(y + flow[1, y, x]))
            if 0 <= to_x < 160 and 0 <= to_y < 96:
                slow[y, x] = a.owner[y, x] != b.owner[to_y, to_x]
    assert (fast != slow).sum() <= 2  # x + flow is rounded from float32 in one and from float64 in the other


def test_layers_are_counted_from_the_back_without_gaps_and_leave_room_for_nowhere():
    for name in NAMES:
        scene = scene_of(name, 0)
        firsts = [here.first for here in place(scene, 0)]
        counts = [1 if isinstance(part, Sheet) else len(part.links) for part in scene.stack]
        assert firsts == np.cumsum([0, *counts[:-1]]).tolist()
        assert len(scene.numbers) == sum(counts) < NOWHERE


def test_boxes_of_what_is_out_of_view_are_empty():
    scene = handmade()
    away = replace(scene.things[0], track=scene.things[0].track + [900.0, 0, 0, 0, 0, 0])
    here = place(replace(scene, stack=(scene.stack[0], away)), 0)[1]
    assert all(top >= bottom or left >= right for top, bottom, left, right in boxes(here, scene.size))


def test_the_box_of_a_square_is_its_texture_and_a_texel_around():
    """Hand-worked: 12 texels from column 27 to 38, fading to nothing one further out."""
    assert boxes(place(handmade(), 0)[1], (48, 64)) == [[18, 32, 26, 40]]


def test_inverting_agrees_with_numpy():
    rng = np.random.default_rng(0)
    for _ in range(20):
        m = np.eye(3) + rng.normal(0, 0.3, (3, 3))
        assert invert(m) == pytest.approx(np.linalg.inv(m), rel=1e-9, abs=1e-9)
