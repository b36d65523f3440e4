"""What a cell ends with."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from vostutor.core import VosError
from vostutor.viz import Picture, new_figure, plot_scores, show_pixels, style


def a_figure():
    figure, ax = new_figure()
    plot_scores({"copy": [0.9, 0.5, 0.2], "flow warp": [0.9, 0.8, 0.7]}, ax=ax)
    return figure


def test_the_bytes_are_the_same_on_every_run():
    assert Picture(a_figure(), alt="Two curves.").data == Picture(a_figure(), alt="Two curves.").data


def test_the_bytes_do_not_depend_on_a_students_settings():
    import matplotlib

    expected = Picture(a_figure(), alt="Two curves.").data
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        assert Picture(a_figure(), alt="Two curves.").data == expected


def test_the_settings_that_were_there_before_come_back():
    import matplotlib

    with matplotlib.rc_context({"font.size": 30}):
        with style():
            assert matplotlib.rcParams["font.size"] != 30
        assert matplotlib.rcParams["font.size"] == 30


def test_a_png_holds_no_date_and_no_version():
    picture = Image.open(io.BytesIO(Picture(a_figure(), alt="Two curves.").data))
    assert picture.format == "PNG" and not picture.info.keys() & {"Software", "date", "Creation Time"}


def test_jupyter_gets_the_pixels_and_the_alt_text_twice():
    data, about = Picture(a_figure(), alt="  Two\n curves. ", width=400)._repr_mimebundle_()
    assert data["text/plain"] == "Two curves." == about["image/png"]["alt"]
    assert about["image/png"]["width"] == 400
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_a_small_array_is_stored_pixel_by_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(Picture(pixels, alt="Noise.").data))), pixels)


def test_a_figure_keeps_its_width_in_css_pixels():
    picture = Picture(new_figure(width=5, height=1)[0], alt="Empty axes.")
    assert picture.width == 480 and picture.size[0] == 720  # 1.5 dots per CSS pixel


def test_a_photograph_becomes_smaller_than_its_limit():
    y, x = np.mgrid[:500, :900]
    noise = np.random.default_rng(0).normal(0, 4, (500, 900, 3))
    photograph = (
        (np.sin(x / 60)[..., None] * 60 + np.cos(y / 45)[..., None] * 50 + 128 + noise).clip(0, 255).astype(np.uint8)
    )
    picture = Picture(photograph, alt="Waves.")
    assert picture.mime == "image/jpeg" and len(picture.data) <= 30_000
    assert picture._repr_mimebundle_()[1] == {"image/jpeg": {"alt": "Waves."}}


@pytest.mark.parametrize(("colours", "mime"), [(4, "image/png"), (100_000, "image/jpeg")])
def test_a_figure_keeps_the_colours_of_a_photograph_and_the_edges_of_a_drawing(colours, mime):
    figure, ax = new_figure(height=4)
    pixels = np.random.default_rng(0).integers(0, 256, (colours, 3), dtype=np.uint8)
    places = np.random.default_rng(1).integers(0, colours, (60, 100)).repeat(4, 0).repeat(4, 1)
    assert Picture(show_pixels(pixels[places], ax=ax).figure, alt="Squares.").mime == mime


def test_a_pyplot_figure_is_closed():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots()
    show_pixels(np.zeros((4, 4), np.uint8), ax=ax)
    Picture(figure, alt="Black.")
    assert figure.number not in pyplot.get_fignums()


@pytest.mark.parametrize("alt", ["", "   ", None])
def test_a_picture_without_alt_text_is_refused(alt):
    with pytest.raises(VosError, match="alt text"):
        Picture(np.zeros((2, 2, 3), np.uint8), alt=alt)
