"""Plans of things: what grows, is held, hangs, flies on a line or has no form of its own.

Units: lengths in shares of the main piece, angles in radians; every body is fitted into the unit disk afterwards.
"""

import numpy as np

from vostutor.data.studio.outlines import Limb, Outline, fourier, polygon, superformula
from vostutor.data.studio.sketch import Sketch, along, curved, disk, rod, turned

UP = -np.pi / 2


def plant(s: Sketch) -> None:
    """A stem of three links that sway, with leaves and sometimes a flower."""
    s.beat = s.near(0.05, 0.4)
    way = along((0, 0.9), UP + np.cumsum(s.rng.normal(0, 0.22, 3)), [s.near(0.6), s.near(0.55), s.near(0.5)])
    s.seat = tuple(way[1])
    swing, kind = s.near(0.1, 0.4), s.rng.choice(["blade", "round", "lobed"])
    s.chain(way, [0.08, 0.066, 0.052, 0.038], swing, lag=0.5)  # bones 0, 1 and 2
    leaves, long = int(s.rng.integers(5, 8)), s.near(0.65, 0.4)
    for leaf in range(leaves):
        link, share = divmod(3 * (leaf + 0.6) / leaves, 1)
        foot = way[int(link)] * (1 - share) + way[int(link) + 1] * share
        blade = turned(_leaf(s, kind, long * (1.1 - 0.06 * leaf)), UP + (-1) ** leaf * s.near(0.95, 0.4), foot)
        how = {"swing": s.near(0.25), "phase": s.rng.uniform(0, 6), "depth": s.rng.choice([-1, 1]), "coat": 1}
        s.bone(Outline(blade), foot, parent=int(link), **how)
    if s.chance(0.5):
        petals = superformula(2 * int(s.rng.integers(2, 5)), 1.0, s.near(1.5), s.near(1.5)) * s.near(0.36)
        flower = [Outline(petals + way[3]), disk(way[3], 0.05, hole=s.chance(0.3))]
        s.bone(flower, way[3], parent=2, swing=swing, phase=-1.5, coat=2, depth=2)


def _leaf(s: Sketch, kind: str, long: float) -> np.ndarray:
    """A leaf along +x from its stalk at the origin. Shapes: (N,2)."""
    x = np.linspace(0, 1, 14)
    if kind == "lobed":
        half = 0.42 * np.sin(np.pi * x) ** 0.7 * (0.7 + 0.45 * np.cos(4.5 * np.pi * x) ** 2)
    else:
        half = (0.2 if kind == "blade" else 0.38) * np.sin(np.pi * x**0.85)
    half, arch = np.maximum(half, 0.03), s.rng.uniform(-0.25, 0.25) * x**2
    return long * np.concatenate([np.stack([x, arch + half], 1), np.stack([x, arch - half], 1)[::-1]])


def tool(s: Sketch) -> None:
    """A long handle with a head: hammer, fork, ring spanner or a pair of scissors."""
    s.beat = s.near(0.06, 0.4)
    kind = s.rng.choice(["hammer", "fork", "ring", "scissors"])
    thick = s.near(0.11) * s.girth()
    if kind == "scissors":
        _scissors(s, thick)
        return
    s.bone(
        [Limb([(-0.9, 0), (-0.3, 0)], [1.5 * thick, 1.2 * thick]), Limb([(-0.3, 0), (0.75, 0)], [thick, 0.8 * thick])],
        (-0.6, 0),
    )
    s.seat = (0.0, -thick)
    tip, half = np.array([0.75, 0.0]), s.near(0.42, 0.3)
    if kind == "hammer":
        head = polygon(s.rng, 6, 0.8, s.rng.integers(0, 2), 0.5) * half
        head = [
            Outline(turned(head, np.pi / 2, tip)),
            Limb([tip, tip + [s.rng.uniform(-0.3, 0.1), -1.5 * half]], [0.16, 0.06]),
        ]
    elif kind == "fork":
        prongs = int(s.rng.integers(2, 5))
        y = np.linspace(-half, half, prongs)
        head = [rod([(0.72, -half), (0.72, half)], 0.11)] + [rod([(0.72, v), (1.25, v * 1.1)], 0.075) for v in y]
    else:
        ring = tip + [0.8 * half, 0]
        head = [disk(ring, half), disk(ring, half * s.rng.uniform(0.35, 0.6), hole=True)]
    s.bone(head, tip, parent=0, swing=s.near(0.12), coat=1, depth=1)


def _scissors(s: Sketch, thick: float) -> None:
    eye, opening = s.near(0.3), s.near(0.22, 0.5)
    for side, depth in ((-1, 0), (1, 1)):
        blade = [Limb(turned([(-0.5, 0), (0, 0), (0.95, 0)], side * opening), [thick, 1.5 * thick, 0.5 * thick])]
        grip = turned([(-0.5 - 0.8 * eye, 0)], side * opening)[0]
        shapes = [*blade, disk(grip, eye), disk(grip, 0.5 * eye, hole=True)]
        s.bone(shapes, (0, 0), swing=side * s.near(0.2), coat=depth, depth=depth)


def rope(s: Sketch) -> None:
    """A long thin chain of links that swing one after the other; often it ends in a loop."""
    s.beat = s.near(0.06, 0.4)
    links, thick = int(s.rng.integers(7, 10)), s.near(0.09) * s.girth()
    bend = np.cumsum(s.rng.normal(0, 0.45, links)) + s.rng.uniform(0.2, 0.9) * np.sin(np.arange(links) * s.near(0.9))
    way = along((0, 0), bend, np.full(links, 0.3))
    s.chain(way, thick * np.linspace(1.1, 0.8, links + 1), s.near(0.16), lag=0.6)
    s.seat = tuple(way[0])
    radius = s.near(0.24, 0.3)
    ring = along(way[-1], [bend[-1]], [radius])[1]
    end = (
        [disk(ring, radius + thick), disk(ring, radius - thick, hole=True)]
        if s.chance(0.6)
        else [disk(ring, 0.9 * radius)]
    )
    s.bone(end, way[-1], parent=links - 1, swing=0.25, phase=-0.6 * links, coat=1, depth=1)
    if s.chance(0.4):
        knot = way[links // 2]
        s.bone(disk(knot, 2 * thick), knot, parent=links // 2, coat=1, depth=1)


def kite(s: Sketch) -> None:
    """A sail on lines, with a tail of ribbons or somebody who holds it."""
    s.beat = s.near(0.05, 0.4)
    span, deep = s.near(0.75), s.near(0.55, 0.4)
    if s.chance(0.5):
        sail = Outline(turned([(span, 0), (0, deep), (-span * s.near(1.5), 0), (0, -deep)], UP))
    else:
        arc = np.linspace(-1.2, 1.2, 12)
        outer = np.stack([np.sin(arc) * span * 1.4, -np.cos(arc) * deep * 1.6], 1)
        sail = Outline(np.concatenate([outer, (outer * [0.9, 0.45])[::-1] + [0, 0.08]]))
    s.bone(sail, (0, 0), swing=s.near(0.12))
    low = sail.points[:, 1].max()
    hand = np.array([s.rng.normal(0, 0.5), low + s.near(0.8, 0.4)])
    s.seat = (0.0, 0.0)
    for corner in (sail.points[:, 0].argmin(), sail.points[:, 0].argmax()):
        s.bone(rod([0.9 * sail.points[corner], hand], 0.03), hand, coat=1, depth=-1, swing=0.02)
    if s.chance(0.6):
        grip = s.bone(
            [disk(hand - [0, 0.05], 0.14), Limb([hand, hand + [0.05, 0.4]], [0.13, 0.11])], hand, coat=2, swing=0.15
        )
        s.bone(
            Limb([hand + [-0.3, 0.45], hand + [0.35, 0.42]], [0.1, 0.08]),
            hand + [0.05, 0.4],
            parent=grip,
            coat=1,
            swing=0.2,
            phase=1,
        )
    tail = curved([(0, low), (s.rng.uniform(-0.4, 0.4), low + 0.3), (s.rng.uniform(-0.5, 0.5), low + 0.8)], 7)
    s.chain(tail[::2], [0.06, 0.08, 0.07, 0.06], 0.3, lag=1, parent=0, coat=2, depth=-0.5)


def blob(s: Sketch) -> None:
    """Lobes that slide over one another: it merges, splits and has no form of its own."""
    s.beat = s.near(0.06, 0.4)
    lobes = int(s.rng.integers(3, 6))
    s.bone(Outline(fourier(s.rng, s.near(0.5, 0.4), 1.4, s.near(0.75)) * 0.6), (0, 0), swing=0.2)
    for lobe in range(lobes):
        angle = 2 * np.pi * lobe / lobes + s.rng.uniform(-0.5, 0.5)
        centre = along((0, 0), [angle], [s.near(0.55, 0.4)])[1]
        shape = fourier(s.rng, s.near(0.45), 1.5, s.near(0.7)) * s.near(0.42, 0.4) + centre
        bridge = Limb([(0, 0), centre], [0.12, 0.1])
        s.bone(
            [Outline(shape), bridge],
            (0, 0),
            parent=0,
            swing=s.near(0.35),
            phase=s.rng.uniform(0, 6),
            coat=int(s.rng.integers(0, 3)),
            depth=s.rng.choice([-1, 1]),
        )
