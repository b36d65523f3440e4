import cv2
import numpy as np
import pytest

from vostutor.data.shapes import CATEGORIES, REACH, draw_parts

EVERY = [(name, seed) for name in CATEGORIES for seed in range(4)]


def outline(name: str, seed: int, texels: int = 80) -> np.ndarray:
    return np.max([part.alpha for part in draw_parts(name, np.random.default_rng(seed), texels)], axis=0)


def test_a_pebble_of_unit_radius_covers_the_area_of_its_outline():
    """Hand-worked: the unit disk has pi of the (2 REACH)^2 = 5.29 that a mask shows; a pebble lies inside it."""
    share = outline("pebble", 0).mean() * (2 * REACH) ** 2
    assert 0.3 * np.pi < share < np.pi


@pytest.mark.parametrize(("name", "seed"), EVERY)
def test_a_shape_stays_inside_its_mask_and_reaches_about_one(name, seed):
    alpha = outline(name, seed)
    assert alpha.min() == 0 and alpha.max() == 1
    edge = np.concatenate([alpha[:1], alpha[-1:], alpha[:, :1].T, alpha[:, -1:].T], axis=None)
    assert edge.max() == 0, "cut off at the mask's border"
    y, x = np.nonzero(alpha > 0.5)
    radius = np.hypot(x - 39.5, y - 39.5).max() / 40 * REACH
    assert 0.85 < radius <= 1.12


@pytest.mark.parametrize(("name", "seed"), EVERY)
def test_a_shape_hangs_together_when_its_parts_are_at_rest(name, seed):
    pieces, _ = cv2.connectedComponents((outline(name, seed, 120) > 0.3).astype(np.uint8))
    assert pieces == 2, "one piece and the background"


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_border_is_soft_and_about_one_texel_wide(name):
    alpha = outline(name, 1)
    between = ((alpha > 0.05) & (alpha < 0.95)).sum()
    solid = (alpha > 0.5).astype(np.uint8)
    contour = (solid - cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=0)).sum()
    assert 0.4 < between / contour < 2


def test_a_ring_has_a_hole_and_leaves_sometimes_have():
    def holes(name: str, seed: int) -> int:
        _, hierarchy = cv2.findContours(
            (outline(name, seed) > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        return int((hierarchy[0, :, 3] >= 0).sum())

    assert all(holes("ring", seed) == 1 for seed in range(6))
    assert {holes("leaf", seed) > 0 for seed in range(12)} == {True, False}


def test_creatures_have_parts_that_swing_about_a_point_of_their_own():
    for name, count in {"fish": 2, "lizard": 4}.items():
        parts = draw_parts(name, np.random.default_rng(0), 60)
        assert len(parts) == count
        for part in parts:
            if part.swing:
                x, y = ((np.array(part.pivot) + REACH) * 60 / (2 * REACH)).astype(int)
                assert part.alpha[y, x] > 0.5, f"a {name}'s joint lies outside the part that turns around it"


def test_individuals_of_a_category_differ_and_the_same_seed_repeats():
    assert np.array_equal(outline("lizard", 3), outline("lizard", 3))
    assert np.abs(outline("lizard", 3) - outline("lizard", 4)).mean() > 0.01
