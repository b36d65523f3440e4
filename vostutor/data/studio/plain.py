"""Bodies as early sprite generators drew them: one piece without joints, to measure what jointed bodies are worth.

The category's number fixes the form, so that a net can still tell categories apart.
"""

import numpy as np

from vostutor.data.studio.outlines import Outline, fourier, polar, polygon, woven
from vostutor.data.studio.sketch import Sketch, turned


def simple(sketch: Sketch, number: int) -> None:
    """An ellipse, a polygon or a pebble; which of them, and how long it is, is the category's."""
    squeeze = sketch.near(0.45 + 0.5 * (number * 0.382 % 1))
    if number % 3 == 0:
        outline = polar(1 / np.hypot(np.cos(a := np.arange(48) * np.pi / 24), np.sin(a) / squeeze))
    elif number % 3 == 1:
        outline = polygon(sketch.rng, 3 + number % 5, least=0.75, squeeze=squeeze)
    else:
        outline = fourier(sketch.rng, 0.12, 2.0, squeeze)
    sketch.bone(Outline(outline))


def wavy(sketch: Sketch, number: int) -> None:
    """A Fourier outline, rough or smooth, star-shaped or woven, as the category's number says."""
    strength, fall = sketch.near(0.3 + 0.5 * (number * 0.382 % 1)), sketch.near(1.2 + (number * 0.618 % 1), 0.1)
    squeeze = sketch.near(0.5 + 0.4 * (number * 0.236 % 1))
    if number % 3 == 2:
        sketch.bone(Outline(woven(sketch.rng, 4, fall), crosses=True))
    else:
        outline = fourier(sketch.rng, strength, fall, squeeze)
        sketch.bone(Outline(turned(outline, sketch.rng.uniform(0, 2 * np.pi))))


PLANS = {"simple": simple, "fourier": wavy}
