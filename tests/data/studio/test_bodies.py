import cv2
import numpy as np
import pytest

from vostutor.core.errors import SettingsError
from vostutor.data.studio.bodies import CATEGORIES, HELD_BACK, REACH, STYLES, TRAINING, Body, Part, draw_body
from vostutor.data.studio.extras import MOST, add_thin_thing, cut_holes
from vostutor.data.studio.layers import joints_at
from vostutor.data.studio.outlines import Limb
from vostutor.data.studio.scene import Thing
from vostutor.data.studio.sketch import Sketch

SEEDS = range(4)
MOMENTS = (1.0, 3.0, 7.0)


@pytest.fixture(scope="module")
def bodies() -> dict[str, list[Body]]:
    """A few individuals of every category, 80 texels a side."""
    return {name: [draw_body(name, np.random.default_rng(seed), 80) for seed in SEEDS] for name in CATEGORIES}


def two_links(**how) -> Body:
    """An upper arm from (-.5, 0) to (0, 0) and a forearm on to (.5, 0)."""
    alpha = np.ones((5, 20), np.float32)
    upper = Part(alpha, (40, 30), pivot=(-0.5, 0.0), **how)
    return Body(
        (Part(alpha, (40, 45), parent=1, pivot=(0.0, 0.0), **how), upper), 100, 1, 0.25, (0.0, 0.0), False, False, 1.0
    )


def joints(body: Body, t: float) -> np.ndarray:
    """Where a body's parts are at a moment. Shapes: (parts,2,3)."""
    return joints_at(Thing(1, "body", body.parts, np.zeros((3, 6)), beat=body.beat), t)


def silhouette_at(body: Body, t: float | None) -> np.ndarray:
    """All parts of a body carried by their joints, or at rest; what swings out of the side is cut. Shapes: (S,S)."""
    if t is None:
        return body.silhouette()
    whole, scale = np.zeros((body.texels, body.texels), np.float32), body.texels / (2 * REACH)
    for part, joint in zip(body.parts, joints(body, t), strict=True):
        turn, first = joint[:, :2], np.array([part.corner[1] + 0.5, part.corner[0] + 0.5])
        there = turn @ (first / scale - REACH) + joint[:, 2]  # of the middle of its first texel
        matrix = np.column_stack([turn, (there + REACH) * scale - 0.5])
        np.maximum(whole, cv2.warpAffine(part.alpha, matrix, whole.shape[::-1]), out=whole)
    return whole


def test_a_swing_turns_a_part_about_its_pivot_and_carries_what_hangs_on_it():
    """Hand-worked: a quarter beat later sin is 1; both links turn by 90 degrees, so the elbow is at (-.5, .5), the hand at (-1, .5)."""
    fore, upper = joints(two_links(swing=np.pi / 2), 1.0)
    assert upper @ [-0.5, 0, 1] == pytest.approx([-0.5, 0])
    assert upper @ [0, 0, 1] == pytest.approx([-0.5, 0.5])
    assert fore @ [0, 0, 1] == pytest.approx([-0.5, 0.5])
    assert fore @ [0.5, 0, 1] == pytest.approx([-1.0, 0.5])


def test_a_wheel_spins_on():
    """Two ticks at .3 radians: .6, the beat does not matter."""
    _, wheel = joints(two_links(spin=0.3), 2.0)
    assert np.arctan2(wheel[1, 0], wheel[0, 0]) == pytest.approx(0.6)


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_body_fills_the_unit_disk(bodies, name):
    for body in bodies[name]:
        y, x = np.nonzero(body.silhouette() > 0.5)
        assert 0.9 < np.hypot(x - 39.5, y - 39.5).max() / 40 * REACH < 1.06
        assert 0.02 < body.fill < 0.75


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_body_hangs_together_at_rest_and_in_motion(bodies, name):
    """Parts overlap at their joints, so that no gap opens when they bend; crumbs below 2 % of the body do not count."""
    for body in bodies[name]:
        for moment in (None, *MOMENTS):
            solid = (silhouette_at(body, moment) > 0.3).astype(np.uint8)
            _, _, sizes, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
            assert (sizes[1:, cv2.CC_STAT_AREA] > 0.02 * solid.sum()).sum() == 1, moment


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_body_has_few_parts_in_painting_order_with_parents_among_them(bodies, name):
    for body in bodies[name]:
        assert 1 <= len(body.parts) <= MOST
        assert body.parts[body.main].coat == 0 and abs(body.seat[0]) < 1.1 and abs(body.seat[1]) < 1.1
        for index, part in enumerate(body.parts):
            assert -1 <= part.parent < len(body.parts) and part.parent != index
            assert part.alpha.dtype == np.float32 and part.alpha.min() == 0 and part.alpha.max() > 0.9


def legs_of_a_walker(seed: int) -> tuple[Body, list[tuple[int, int]]]:
    """A body and its two pairs of thighs, each pair at one hip: places in painting order."""
    body = draw_body("walker", np.random.default_rng(seed), 40)
    thighs = [index for index, part in enumerate(body.parts) if part.parent == body.main and part.swing > 0.2]
    pairs = [(a, b) for a in thighs for b in thighs if a < b and body.parts[a].pivot == body.parts[b].pivot]
    return body, pairs


@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_legs_at_one_hip_one_is_behind_the_trunk_and_they_swing_in_antiphase(seed):
    body, pairs = legs_of_a_walker(seed)
    assert len(pairs) == 2
    for far, near in pairs:
        assert far < body.main < near
        assert np.cos(body.parts[far].phase - body.parts[near].phase) == pytest.approx(-1)


def test_individuals_differ_and_so_do_categories(bodies):
    for several in bodies.values():
        assert all(not np.array_equal(several[0].silhouette(), other.silhouette()) for other in several[1:])
    average = {name: np.mean([body.silhouette() for body in several], 0).ravel() for name, several in bodies.items()}
    names = list(average)
    for k, name in enumerate(names):
        for other in names[k + 1 :]:
            assert np.corrcoef(average[name], average[other])[0, 1] < 0.95, (name, other)


def test_mirrored_is_upside_down_at_every_moment(bodies):
    body = bodies["wheeled"][1]
    for moment in (None, 3.0):
        assert np.abs(silhouette_at(body.mirrored(), moment) - silhouette_at(body, moment)[::-1]).max() < 0.1
    assert body.mirrored().mirrored().parts[0].pivot == body.parts[0].pivot


@pytest.mark.parametrize("style", STYLES)
def test_the_same_state_draws_the_same_bytes(style):
    one, two = (draw_body("plant", np.random.default_rng(9), 50, style=style) for _ in range(2))
    assert [part.alpha.tobytes() for part in one.parts] == [part.alpha.tobytes() for part in two.parts]
    assert [(part.pivot, part.swing, part.phase) for part in one.parts] == [
        (part.pivot, part.swing, part.phase) for part in two.parts
    ]


def test_only_the_articulated_style_has_joints():
    for name in CATEGORIES:
        assert len(draw_body(name, np.random.default_rng(0), 40, style="simple").parts) == 1
        assert len(draw_body(name, np.random.default_rng(0), 40, style="fourier").parts) == 1
        assert len(draw_body(name, np.random.default_rng(0), 40).parts) >= 2


def test_jointed_bodies_are_less_round_than_simple_ones():
    """Share of the convex hull: real objects have a median of .53, simple drawings of over .9; single bodies are aimed at .5 to .65."""

    def median(style: str) -> float:
        every = [
            draw_body(name, np.random.default_rng(seed), 40, style=style) for name in TRAINING for seed in range(6)
        ]
        return float(np.median([solidity(body.silhouette() > 0.5) for body in every]))

    assert 0.5 < median("articulated") < 0.65 < 0.8 < median("fourier") < median("simple")


def solidity(mask: np.ndarray) -> float:
    hull = cv2.convexHull(cv2.findNonZero(mask.astype(np.uint8)))
    return mask.sum() / cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), hull, 1).sum()


def test_a_cut_body_has_holes_in_its_main_part_and_nowhere_else():
    body = draw_body("blob", np.random.default_rng(2), 80, style="simple")
    cut = [cut_holes(body, np.random.default_rng(seed)) for seed in range(8)]
    lost = [(body.fill - other.fill) * 4 for other in cut]
    smallest, largest = np.pi * 0.06**2, 3 * np.pi * 0.2**2  # one hole; three
    assert min(lost) > 0.8 * smallest and max(lost) < 1.1 * largest
    for other in cut:
        _, family = cv2.findContours((other.silhouette() > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        assert (family[0, :, 3] >= 0).any(), "open to the outside: a notch, not a hole"


def test_thin_things_hang_on_the_main_bone_and_are_left_out_where_there_is_no_room():
    sketch = Sketch(np.random.default_rng(0))
    sketch.bone(Limb(np.array([(-1.0, 0), (1, 0)]), np.array([0.4, 0.4])))
    add_thin_thing(sketch)
    assert len(sketch.bones) > 1 and sketch.bones[1].parent == 0 and sketch.bones[1].swing > 0
    full = Sketch(np.random.default_rng(0), bones=sketch.bones[:1] * MOST)
    add_thin_thing(full)
    assert len(full.bones) == MOST


@pytest.mark.parametrize(
    ("category", "texels", "style", "told"),
    [("unicorn", 80, "simple", "walker"), ("walker", 80, "cubist", "fourier"), ("walker", 8, "simple", "24 texels")],
)
def test_what_cannot_be_drawn_is_refused(category, texels, style, told):
    with pytest.raises(SettingsError, match=told):
        draw_body(category, np.random.default_rng(0), texels, style=style)


def test_held_back_categories_never_appear_in_training():
    assert len(HELD_BACK) == 2 and set(HELD_BACK) < set(CATEGORIES)
    assert not set(HELD_BACK) & set(TRAINING) and set(TRAINING) | set(HELD_BACK) == set(CATEGORIES)
    assert len(TRAINING) >= 10
