from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.data.studio.scenes import HEIGHT, WIDTH, black_floor, handmade, scene_of, white_square
from vostutor.data.studio.layers import flow_between, occluded_between, place, project, texel_maps
from vostutor.data.studio.render import _farthest, _pieces, draw, shutter_times, trace
from vostutor.data.studio.render_torch import film
from vostutor.data.studio.scene import Scene, Shadow, Sheet


def test_a_square_lies_where_its_track_says():
    """Hand-worked: 8 pixels around column 32.5 and row 24.5 cover columns 29 to 36 and rows 21 to 28."""
    view = draw(handmade(), 0)
    rows, columns = np.nonzero(view.ids)
    assert (rows.min(), rows.max(), columns.min(), columns.max(), len(rows)) == (21, 28, 29, 36, 64)
    assert view.image[24, 32].tolist() == pytest.approx([255] * 3) and view.image[24, 20].tolist() == [0] * 3


def test_tracing_finds_the_same_owners_as_drawing():
    for seed in range(3):
        scene = scene_of("plain", seed)
        assert all(np.array_equal(trace(scene, t).owner, draw(scene, t).owner) for t in range(2))


def test_what_is_later_in_the_stack_is_in_front():
    scene = handmade()
    front = replace(scene.things[0], number=2)
    assert set(np.unique(draw(replace(scene, stack=(*scene.stack, front)), 0).ids)) == {0, 2}
    assert set(np.unique(draw(replace(scene, stack=(scene.stack[0], front, scene.stack[1])), 0).ids)) == {0, 1}


def test_links_are_painted_in_their_order_and_all_belong_to_their_thing():
    view = draw(handmade(links=[white_square(), white_square(pivot=(0.0, 0.0), swing=0.5, phase=1.0)]), 0)
    assert set(np.unique(view.owner)) == {0, 1, 2} and view.numbers.tolist() == [0, 1, 1]
    assert view.owner[24, 32] == 2


@pytest.mark.parametrize("name", ["plain", "fast", "deformation", "camera"])
def test_boxes_cut_nothing_off(name):
    """Slow reference: the alpha of each link at every pixel of the frame."""
    for seed in range(3):
        scene = scene_of(name, seed)
        columns, rows = (axis.astype(np.float32) for axis in np.meshgrid(np.arange(160), np.arange(96)))
        for here in place(scene, 1.4):
            if here.joints is None:
                continue
            found = {piece.layer - here.first: piece for piece in _pieces(here, scene.size, None)}
            points = cv2.merge(list(here.from_frame(columns, rows)))
            for k, texels in enumerate(texel_maps(here)):
                full = cv2.remap(here.part.links[k].alpha, cv2.transform(points, texels), None, cv2.INTER_LINEAR)
                boxed = np.zeros_like(full)
                if k in found:
                    boxed[found[k].box] = found[k].alpha
                assert np.abs(full - boxed).max() < 1e-3


def test_a_bent_square_stays_inside_its_box():
    """Bent by 3 and 2 pixels, without its box cutting anything off its 64 pixels of alpha."""
    scene = handmade(step=0.0)
    bent = replace(scene.things[0], bend=(0.3, 0.2, 3.0, 2.0, 0.0, 1.0))
    here = place(replace(scene, stack=(scene.stack[0], bent)), 0)[1]
    piece = _pieces(here, scene.size, None)[0]
    assert piece.alpha.sum() == pytest.approx(64, abs=1)  # shears keep areas
    assert max(side.max() for side in (piece.alpha[0], piece.alpha[-1], piece.alpha[:, 0], piece.alpha[:, -1])) == 0


def test_a_layer_owns_a_pixel_from_half_of_it_on():
    thin = replace(white_square(), alpha=0.45 * white_square().alpha)
    assert not draw(handmade(links=[thin]), 0).ids.any()
    assert draw(handmade(links=[replace(thin, alpha=0.55 * white_square().alpha)]), 0).ids.sum() == 64


def covering(*shares: float) -> Scene:
    """One thing of squares over one another, from back to front, each with a share of 64 pixels."""
    return handmade(links=[replace(white_square(), alpha=share * white_square().alpha) for share in shares])


@pytest.mark.parametrize(
    ("shares", "layer"),
    [
        ((0.45, 0.45), 2),  # .55 * .45 = .25 of the first show, .45 of the second; together .70
        ((0.25, 0.25), 0),  # 1 - .75 * .75 = .44
        ((0.25, 0.3, 0.2), 2),  # .14, .24 and .20; together .58
        ((1.0, 0.45), 1),  # .55 and .45
        ((1.0, 0.55), 2),  # .45 and .55
        ((1.0, 0.4, 0.4), 3),  # .36, .24 and .40
    ],
)
def test_a_thing_owns_what_its_links_cover_together_and_the_link_that_shows_most_of_itself_has_it(shares, layer):
    """Hand-worked, at a pixel of all links; both renderers."""
    scene = covering(*shares)
    for owner in (trace(scene, 0).owner, draw(scene, 0).owner, film(scene).owner[0].numpy()):
        assert owner[21:29, 29:37].min() == owner[21:29, 29:37].max() == layer


def test_a_nearer_thing_claims_by_its_own_cover_alone():
    """Hand-worked: .45 of one thing over .45 of another are nobody's; .6 is the nearer one's, whatever is behind."""
    for near, number in ((0.45, 0), (0.6, 2)):
        scene = covering(0.45)
        front = replace(covering(near).things[0], number=2)
        scene = replace(scene, stack=(*scene.stack, front))
        assert trace(scene, 0).ids[24, 32] == film(scene).ids[0, 24, 32] == number


def test_a_sheet_is_coloured_wherever_it_shows():
    """Slow reference: the sheet over the whole frame."""
    for seed in range(6):
        scene = scene_of("plain", seed)
        for here in place(scene, 0):
            if isinstance(here.part, Sheet) and here.part.alpha is not None:
                pieces = _pieces(here, scene.size, 0.0)
                boxed = np.zeros((*scene.size, 3), np.float32)
                for piece in pieces:
                    boxed[piece.box] = piece.alpha[..., None] * piece.colour
                density, (x, y) = here.part.density, here.part.origin
                back = np.array([[density, 0, -x * density], [0, density, -y * density], [0, 0, 1]]) @ here.unpose
                how = {"flags": cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT}
                alpha = cv2.warpPerspective(here.part.alpha, back, scene.size[::-1], **how)
                how["flags"] = cv2.WARP_INVERSE_MAP | cv2.INTER_CUBIC
                full = alpha[..., None] * cv2.warpPerspective(here.part.texture, back, scene.size[::-1], **how)
                assert np.abs(full - boxed).max() < 0.05


def test_a_closed_shutter_is_one_moment_and_an_open_one_an_odd_number_around_the_frame():
    assert shutter_times(handmade(step=20.0), 1) == [1]
    times = np.array(shutter_times(handmade(step=6.0, shutter=0.8), 1))
    assert len(times) == 5 and times[2] == 1  # 6 * 0.8 = 4.8 pixels: up to 5 pixels are 5 moments
    assert times - 1 == pytest.approx(-(times[::-1] - 1))
    assert times[0] > 1 - 0.4 and times[-1] < 1 + 0.4


def test_more_blur_is_drawn_from_more_moments():
    counts = [len(shutter_times(handmade(step=step, shutter=1.0), 1)) for step in (0.4, 1.5, 4, 8, 30)]
    assert counts == [1, 3, 5, 7, 9]


def test_the_fastest_thing_in_view_sets_the_number_of_moments_and_one_out_of_view_does_not():
    scene = handmade(step=3.0)
    assert _farthest(place(scene, 0), place(scene, 1), scene.size) == pytest.approx(3.0)
    away = replace(scene.things[0], track=scene.things[0].track + [500.0, 0, 0, 0, 0, 0])
    gone = replace(scene, stack=(scene.stack[0], away))
    assert _farthest(place(gone, 0), place(gone, 1), gone.size) == pytest.approx(0.0, abs=1e-9)


def test_an_open_shutter_blurs_along_the_motion_and_not_across():
    """Hand-worked: a square that goes 6 pixels right is grey over 4.8 of them at either side, and as sharp above as before."""
    sharp, blurred = (draw(handmade(step=6.0, shutter=shutter), 1).image[..., 0] for shutter in (0.0, 0.8))
    grey = lambda image: ((image > 20) & (image < 235)).sum()  # noqa: E731
    row, middle = 24, 38
    assert grey(sharp[row]) == 0 and 6 <= grey(blurred[row]) <= 10
    assert grey(blurred[:, middle]) == grey(sharp[:, middle]) == 0
    assert blurred.sum() == pytest.approx(sharp.sum(), rel=1e-3)  # light is spread, not lost


def test_an_open_shutter_leaves_a_still_scene_as_it_was():
    scene = scene_of("still", 0)
    closed, opened = draw(scene, 1), draw(replace(scene, shutter=0.9), 1)
    assert np.array_equal(closed.image, opened.image)


def test_ids_do_not_depend_on_the_shutter():
    for name in ("plain", "fast"):
        scene = scene_of(name, 1)
        open_, closed = (draw(replace(scene, shutter=shutter), 1) for shutter in (0.9, 0.0))
        assert np.array_equal(open_.owner, closed.owner) and not np.array_equal(open_.image, closed.image)


def test_a_shadow_darkens_what_is_behind_on_its_side_and_moves_no_id():
    lit = handmade()
    lit = replace(lit, stack=(black_floor(grey=100.0), lit.stack[1]))
    dark = replace(lit, shadow=Shadow((3, 0), 1.0, 0.5))
    light, shaded = draw(lit, 0), draw(dark, 0)
    assert np.array_equal(light.ids, shaded.ids)
    assert shaded.image[24, 38, 0] < 70 and shaded.image[24, 24, 0] == pytest.approx(100)
    assert np.abs(light.image - shaded.image)[light.ids > 0].max() < 0.01  # nothing is its own shadow


def at_the_left_edge(column: float, shift: int) -> np.ndarray:
    """A row of the picture of a square around a column, its shadow as dark as can be and shifted to the right. Shapes: (W,)."""
    scene = handmade(step=0.0)
    track = scene.things[0].track.copy()
    track[:, 0] = column - 31.5
    stack = (black_floor(grey=100.0), replace(scene.things[0], track=track))
    return draw(replace(scene, stack=stack, shadow=Shadow((shift, 0), 0.8, 1.0)), 0).image[24, :, 0]


def test_a_thing_cut_by_the_edge_casts_the_shadow_of_all_of_it():
    """Hand-worked: it covers columns -7 to 0, its shadow -3 to 4, soft over two columns at either side of the border after column 4."""
    shaded = at_the_left_edge(-3.5, shift=4)
    assert shaded[:3] == pytest.approx([255, 0, 0], abs=0.01) and shaded[7:] == pytest.approx(100)
    assert shaded[3:5] + shaded[6:4:-1] == pytest.approx(100, abs=0.01) and 0 < shaded[3] < shaded[4] < 50


def test_a_thing_beside_the_frame_casts_its_shadow_into_it():
    """Hand-worked: it covers columns -11 to -4, its shadow -5 to 2."""
    shaded = at_the_left_edge(-7.5, shift=6)
    assert shaded[0] == pytest.approx(0, abs=0.01) and shaded[5:] == pytest.approx(100)
    assert shaded[1:3] + shaded[4:2:-1] == pytest.approx(100, abs=0.01)
    assert at_the_left_edge(-7.5, shift=-6) == pytest.approx(100)


def test_the_picture_is_cut_out_of_the_picture_of_a_larger_frame():
    """What stands beside the frame is drawn in the larger one; its shadow must be in both. Positions are rounded to 1/32 texel."""
    for seed, shift in enumerate([(5, 2), (-4, -5), (0, 3), (3, -1)]):
        scene = replace(scene_of("plain", seed), shutter=0.0, shadow=Shadow(shift, 2.0, 0.6))
        larger = replace(scene, size=(96 + 40, 160 + 40))
        for t in range(0, 4, 3):
            cut = draw(larger, t).image[20:-20, 20:-20]
            assert np.abs(cut - draw(scene, t).image).max() < 0.5


def test_a_drifting_texture_is_the_new_one_at_the_end():
    link = replace(white_square(), later=np.full((12, 12, 3), 51, np.float32))
    scene = handmade(step=0.0, links=[link], drift=np.array([0, 0, 0.25, 1.0, 1.0]))
    assert [float(draw(scene, t).image[24, 32, 0]) for t in range(3)] == pytest.approx([255, 204, 51])


def test_still_scenes_have_no_flow_and_nothing_is_occluded():
    scene = scene_of("still", 0)
    a, b = trace(scene, 0), trace(scene, 1)
    there = flow_between(a.placed, b.placed, a.owner)
    assert np.abs(there).max() < 1e-4 and not occluded_between(a.owner, b.owner, there).any()


def low_passed(scene: Scene) -> Scene:
    """Every texture blurred by two pixels; borders stay as they are."""

    def soft(part):
        return replace(part, texture=cv2.GaussianBlur(part.texture, (0, 0), 2 * part.density))

    def softened(part):
        return soft(part) if isinstance(part, Sheet) else replace(part, links=tuple(map(soft, part.links)))

    return replace(scene, stack=tuple(map(softened, scene.stack)))


def warp_errors(scene: Scene) -> list[float]:
    """Grey levels between a frame and the next one brought back by the exact flow: where both show the same layer; where no border
    is within a pixel; and, of the first, when nothing is brought back."""
    a, b = draw(scene, 1), draw(scene, 2)
    there = flow_between(a.placed, b.placed, a.owner)
    columns, rows = np.meshgrid(np.arange(160, dtype=np.float32), np.arange(96, dtype=np.float32))
    x, y = columns + there[0], rows + there[1]
    back = cv2.remap(b.image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    borders = [cv2.morphologyEx(view.owner, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) for view in (a, b)]
    seen = ~occluded_between(a.owner, b.owner, there)
    inside = seen & (borders[0] == 0) & (cv2.remap(borders[1], x, y, cv2.INTER_NEAREST) == 0)
    warped, unwarped = np.abs(back - a.image), np.abs(b.image - a.image)
    return [float(error.mean()) for error in (warped[seen], warped[inside], unwarped[seen])]


def test_warping_back_smooth_textures_by_the_flow_restores_the_frame(record_property, capsys):
    """What remains on smooth textures are soft borders, where a pixel mixes layers that part; then interpolation."""
    scenes = [replace(scene_of("plain", seed), shutter=0.0, shadow=Shadow()) for seed in range(12)]
    smooth = np.mean([warp_errors(low_passed(scene)) for scene in scenes], 0)
    real = np.mean([warp_errors(scene) for scene in scenes], 0)
    with capsys.disabled():
        for name, row in (("low-passed", smooth), ("as drawn", real)):
            print(
                f"\nwarp error, {name}: {row[0]:.2f} grey levels, {row[1]:.2f} off borders, {row[2]:.2f} unwarped",
                end="",
            )
            record_property(f"warp_error {name}", row.round(3).tolist())
    assert smooth[0] < 1.0 and smooth[1] < 0.5
    assert real[1] < 0.3 * real[2]


def test_every_pixel_of_the_frame_is_painted():
    view = draw(scene_of("plain", 2), 0)
    assert view.image.shape == (96, 160, 3) and view.image.dtype == np.float32 and np.isfinite(view.image).all()
    assert draw(handmade(), 0).owner.shape == (HEIGHT, WIDTH)


def test_a_camera_that_pans_moves_the_picture_against_its_way():
    """Hand-worked: the camera goes 5 right, so that the square's columns 29 to 36 become 24 to 31."""
    camera = np.zeros((5, 6))
    camera[2:, 0] = 5
    columns = np.nonzero(draw(handmade(step=0.0, camera=camera), 1).ids)[1]
    assert (columns.min(), columns.max()) == (24, 31)
    x, _ = project(place(handmade(step=0.0, camera=camera), 1)[1].pose, 0.0, 0.0)
    assert x == pytest.approx(27.5)
