import numpy as np
import pytest

from vostutor.core.errors import ShapeError
from vostutor.data.studio.outlines import (
    REACH,
    Limb,
    Outline,
    fourier,
    polar,
    polygon,
    smoothed,
    soft_mask,
    superformula,
    woven,
)

TEXELS = 100
UNIT = TEXELS / (2 * REACH)  # texels to one unit of length
CURVES = {
    "polar": lambda rng: polar(rng.uniform(0.5, 1, 60)),
    "fourier": lambda rng: fourier(rng, 0.4),
    "woven": woven,
    "superformula": lambda rng: superformula(5, 1.0, rng.uniform(0.8, 2), 1.5),
}


def area(shapes, texels: int = TEXELS) -> float:
    return float(soft_mask(shapes, texels)[0].sum()) * (2 * REACH / texels) ** 2


def circle(radius: float, centre=(0.0, 0.0)) -> np.ndarray:
    return radius * polar(np.ones(64)) + np.asarray(centre)


def test_a_capsule_has_the_area_of_its_rectangle_and_its_disk():
    """Hand-worked: length 1, radius .2: 1 x .4 + pi .04 = .5257; the edge is a quarter of a quarter texel generous."""
    assert area([Limb(np.array([(-0.5, 0), (0.5, 0)]), np.array([0.2, 0.2]))]) == pytest.approx(
        0.4 + np.pi * 0.04, rel=0.02
    )


def test_a_tapered_limb_is_wide_where_its_radius_is_large():
    alpha, corner = soft_mask([Limb(np.array([(-0.8, 0), (0.8, 0)]), np.array([0.3, 0.1]))], TEXELS)
    widths = alpha.sum(0) / UNIT
    at = [round((x + REACH) * UNIT - 0.5) - corner[1] for x in (-0.8, 0.8)]
    assert widths[at] == pytest.approx([0.6, 0.2], abs=0.04)


def test_a_hole_is_taken_from_what_was_filled_before_it():
    ring = area([Outline(circle(0.8)), Outline(circle(0.4), hole=True)])
    assert ring == pytest.approx(np.pi * (0.64 - 0.16), rel=0.03)
    assert area([Outline(circle(0.8)), Outline(circle(0.4), hole=True), Outline(circle(0.4))]) > 1.2 * ring


def test_a_part_is_cut_to_its_own_box_at_the_right_place():
    alpha, (row, column) = soft_mask([Outline(circle(0.2, (0.5, -0.4)))], TEXELS)
    rows, columns = np.indices(alpha.shape) + np.array([row, column])[:, None, None] + 0.5
    centre = (np.array([(columns * alpha).sum(), (rows * alpha).sum()]) / alpha.sum()) / UNIT - REACH
    assert centre == pytest.approx([0.5, -0.4], abs=0.005)
    assert max(alpha.shape) <= 0.4 * UNIT + 4
    assert alpha[[0, -1]].max() == alpha[:, [0, -1]].max() == 0, "no rim: a bilinear renderer would cut the edge"


def test_where_a_curve_crosses_itself_the_overlap_is_filled():
    """A curve that runs twice around: an even-odd rule would leave it empty, as the outline without `crosses` is."""
    twice = np.concatenate([circle(0.8), circle(0.5)])
    assert area([Outline(twice, crosses=True)]) == pytest.approx(np.pi * 0.64, rel=0.03)
    assert area([Outline(twice)]) == pytest.approx(np.pi * (0.64 - 0.25), rel=0.06)


def test_winding_and_even_odd_agree_on_a_simple_outline():
    outline = fourier(np.random.default_rng(3), 0.4)
    wound, plain = (soft_mask([Outline(outline, crosses=crosses)], TEXELS)[0] for crosses in (True, False))
    apart = np.abs(wound - plain)  # fillPoly adds the border's own pixels
    assert apart.max() <= 0.5 and apart.mean() < 0.01


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_reaches_one_and_no_further(name):
    for seed in range(5):
        assert np.hypot(*CURVES[name](np.random.default_rng(seed)).T).max() == pytest.approx(1)


def test_every_border_is_about_one_texel_wide():
    for name, curve in CURVES.items():
        alpha, _ = soft_mask([Outline(curve(np.random.default_rng(1)), crosses=name == "woven")], TEXELS)
        between = ((alpha > 0.05) & (alpha < 0.95)).sum()
        crossings = (np.diff(alpha > 0.5, axis=0) != 0).sum() + (np.diff(alpha > 0.5, axis=1) != 0).sum()
        assert 0.4 < between / crossings < 1.5, name


def test_corner_cutting_rounds_and_keeps_the_middle():
    square = np.array([(-1.0, -1), (1, -1), (1, 1), (-1, 1)])
    assert area([Outline(smoothed(square, 1))]) == pytest.approx(4 - 4 * 0.125, rel=0.02)  # four corners of .5 x .5 / 2
    assert smoothed(square, 3).mean(0) == pytest.approx([0, 0])


def test_a_polygon_has_its_corners_in_order_around_the_middle():
    outline = polygon(np.random.default_rng(2), 9)
    angle = np.unwrap(np.arctan2(outline[:, 1], outline[:, 0]))
    assert len(outline) == 9 and (np.diff(angle) > 0).all()


def test_the_same_state_draws_the_same_curve():
    for curve in CURVES.values():
        assert np.array_equal(curve(np.random.default_rng(4)), curve(np.random.default_rng(4)))
        assert not np.array_equal(curve(np.random.default_rng(4)), curve(np.random.default_rng(5)))


def test_nothing_to_fill_is_refused():
    with pytest.raises(ShapeError, match="not a hole"):
        soft_mask([Outline(circle(0.5), hole=True)], TEXELS)
