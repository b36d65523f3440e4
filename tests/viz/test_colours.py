"""Nobody needs to see colour to tell objects apart."""

from itertools import combinations

import numpy as np
import pytest
from skimage.color import rgb2lab

from vostutor.viz import look_of, series_look

# How a missing cone type changes linear RGB. Machado, Oliveira, Fernandes: A Physiologically-based Model. TVCG 2009, severity 1.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def seen_by(eye: str, colour) -> np.ndarray:
    """A colour as that eye sees it, in Lab, where distance is what one perceives."""
    share = np.array(colour) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(EYES[eye] @ linear, 0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)[None, None])[0, 0]


@pytest.mark.parametrize("eye", EYES)
def test_the_seven_hues_stay_apart(eye):
    colours = [seen_by(eye, look_of(i).colour) for i in range(1, 8)]
    # 2.3 is just noticeable side by side; 15 is told apart at a glance
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 15


@pytest.mark.parametrize("eye", EYES)
def test_hues_that_come_close_have_different_outlines(eye):
    for i, j in combinations(range(1, 8), 2):
        near = np.linalg.norm(seen_by(eye, look_of(i).colour) - seen_by(eye, look_of(j).colour)) < 20
        assert not near or look_of(i).dash != look_of(j).dash


def test_twenty_one_objects_look_different():
    assert len({look_of(i) for i in range(1, 22)}) == 21


def test_neighbouring_ids_differ_in_their_outline_too():
    assert all(look_of(i).dash != look_of(i + 1).dash for i in range(1, 254))


def test_curves_differ_in_line_or_marker():
    assert len({(series_look(i).dash, series_look(i).marker) for i in range(15)}) == 15


def test_void_is_grey():
    assert len(set(look_of(255).colour)) == 1
