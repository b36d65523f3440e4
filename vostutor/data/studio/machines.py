"""Plans of machines: what rolls, lifts and floats. All stand on what lies at +y and, where they have a front, it is at +x.

Units: lengths in shares of the main piece, angles in radians; every body is fitted into the unit disk afterwards.
"""

import numpy as np

from vostutor.data.studio.outlines import Limb, Outline, smoothed
from vostutor.data.studio.sketch import Sketch, along, disk, rod, turned


def wheeled(s: Sketch) -> None:
    """Two or three wheels under a frame of rods or under a closed body."""
    open_frame, big = s.chance(0.35), s.near(0.36 if s.chance(0.5) else 0.26)
    hubs = np.array([(-0.6, 0.0), (0.6, 0.0)]) * [s.near(1.0, 0.1), 1]
    speed = s.near(0.14, 0.6)
    if open_frame:
        _cycle_frame(s, hubs, max(big, 0.32))
    else:
        _coachwork(s, hubs, big)
    for hub in hubs:
        _wheel(s, hub, max(big, 0.32) if open_frame else big, speed, open_frame)


def _wheel(s: Sketch, hub: np.ndarray, radius: float, speed: float, open_frame: bool) -> None:
    tyre, spokes = (0.26 if open_frame else 0.5) * radius, int(s.rng.integers(3, 6))
    shapes = [disk(hub, radius), disk(hub, radius - tyre, hole=True), disk(hub, 0.26 * radius)]
    if not open_frame and s.chance(0.6):  # a disc wheel: three openings show that it spins
        spokes, shapes = (
            0,
            [disk(hub, radius), *(disk(place, 0.17 * radius, hole=True) for place in _around(hub, 0.55 * radius, 3))],
        )
    for turn in np.arange(spokes) * 2 * np.pi / spokes:
        shapes.append(rod([hub, along(hub, [turn], [radius - 0.5 * tyre])[1]], 0.03))
    s.bone(shapes, hub, parent=0, spin=speed / radius * 0.3, coat=1, depth=-0.5 if open_frame else 0.5)


def _around(centre: np.ndarray, radius: float, count: int) -> np.ndarray:
    angle = np.arange(count) * 2 * np.pi / count
    return centre + radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def _cycle_frame(s: Sketch, hubs: np.ndarray, big: float) -> None:
    saddle, bars = np.array([-0.25, -s.near(0.65)]), np.array([0.4, -s.near(0.7)])
    pedals, rear, front = np.array([-0.05, 0.0]), hubs[0], hubs[1]
    tubes = [
        (rear, pedals),
        (rear, saddle),
        (saddle, pedals),
        (saddle + [0.02, 0.15], bars + [0.02, 0.15]),
        (pedals, bars),
        (bars, front),
    ]
    thick = s.near(0.075)
    shapes = [rod(tube, thick) for tube in tubes]
    shapes += [
        rod([saddle - [0.12, 0], saddle + [0.1, 0]], 0.05),
        rod([bars - [0.1, 0.12], bars, bars + [0.06, -0.1]], 0.045),
    ]
    s.bone(shapes, pedals)
    s.seat = tuple(saddle)
    crank = along(pedals, [s.rng.uniform(0, 6)], [0.18])
    s.bone(rod([2 * crank[0] - crank[1], crank[1]], 0.035), pedals, parent=0, spin=s.near(0.2), coat=2, depth=1)


def _coachwork(s: Sketch, hubs: np.ndarray, big: float) -> None:
    left, right, floor = hubs[0, 0] - s.near(0.3, 0.4), hubs[1, 0] + s.near(0.3, 0.4), 0.02
    bonnet, roof = -s.near(0.35, 0.3), -s.near(0.75, 0.3)
    front, back = s.rng.uniform(0.1, 0.7), s.rng.uniform(-0.95, -0.4)
    hull = [
        (left, floor),
        (left, bonnet),
        (back, bonnet),
        (back + 0.12, roof),
        (front - 0.25, roof),
        (front, bonnet),
        (right, bonnet * 0.8),
        (right, floor),
    ]
    shapes = [Outline(smoothed(hull, 1))]
    panes = int(s.rng.integers(0, 4))
    for pane in range(panes):  # windows: one sees through
        wide = (front - back - 0.4) / panes
        x = back + 0.16 + pane * wide
        shapes.append(
            Outline(
                np.array([(x, roof + 0.08), (x + wide - 0.07, roof + 0.08), (x + wide - 0.07, bonnet), (x, bonnet)]),
                hole=True,
            )
        )
    shapes += [disk(hub, 1.12 * big, hole=True) for hub in hubs if s.chance(0.3)]
    shapes.append(rod([hubs[0], hubs[1]], 0.06))
    s.bone(shapes, (0, 0), swing=s.near(0.02))
    s.seat = ((back + front) / 2, roof)


def crane(s: Sketch) -> None:
    """A base, an arm of three booms that fold, a hook or a shovel."""
    s.beat = s.near(0.04, 0.3)
    base = [(-0.6, 0.3), (-0.6, -0.1), (-0.4, -0.55), (0.2, -0.55), (0.35, -0.1), (0.6, -0.05), (0.6, 0.3)]
    cabin = Outline(np.array([(-0.1, -0.42), (0.12, -0.42), (0.18, -0.14), (-0.1, -0.14)]), hole=True)
    s.bone([Outline(smoothed(np.array(base) * [s.near(1), s.near(1)], 1)), cabin], (0, 0))
    s.seat = (-0.1, -0.5)
    s.bone(
        [Limb([(-0.5, 0.38), (0.5, 0.38)], [0.16, 0.16]), Limb([(-0.48, 0.38), (0.48, 0.38)], [0.05, 0.05], hole=True)],
        (0, 0.38),
        parent=0,
        coat=1,
        depth=0.5,
    )
    way = along(
        (0.1, -0.3), [-s.near(1.2), -s.rng.uniform(-0.2, 0.6), s.near(1.3)], [s.near(0.75), s.near(0.6), s.near(0.4)]
    )
    s.chain(way[:3], s.near(0.13) * np.array([1.3, 1.0, 0.8]), s.near(0.2), lag=1, parent=0, coat=2, depth=-1)
    stick = s.chain(way[2:], [0.1, 0.08], s.near(0.3), parent=len(s.bones) - 1, phase=1, coat=2, depth=-0.8)
    bucket = turned(
        1.5 * np.array([(-0.08, -0.15), (0.02, 0.2), (0.32, 0.25), (0.2, 0.02), (0.1, -0.14)]),
        s.rng.uniform(-0.5, 1.2),
        way[3],
    )
    s.bone(Outline(bucket), way[3], parent=stick, swing=s.near(0.4), phase=2, coat=1, depth=-0.7)


def boat(s: Sketch) -> None:
    """A hull, a mast, one or two sails that fill; or a funnel and a cabin."""
    s.beat = s.near(0.05, 0.4)
    deep, rake = s.near(0.3, 0.3), s.rng.uniform(0.1, 0.45)
    hull = [(-0.9, -0.05), (-0.9 + 0.4 * rake, deep), (0.8 - rake, deep), (1.0, -0.08), (0.3, 0.02)]
    s.bone(Outline(smoothed(hull, 1)), (0, deep), swing=s.near(0.06))
    s.seat, foot = (-0.5, 0.0), np.array([s.near(0.1), 0.05])
    (_funnel if s.chance(0.3) else _sails)(s, foot, deep)


def _funnel(s: Sketch, foot: np.ndarray, deep: float) -> None:
    wide = s.near(0.4)
    cabin = Outline(np.array([(-wide, 0.1), (-wide, -0.35), (wide, -0.35), (wide, 0.1)]))
    panes = [disk((x, -0.18), 0.07, hole=True) for x in (-0.5 * wide, 0.1 * wide, 0.6 * wide)]
    top = s.bone([cabin, *panes], (0, deep), parent=0, depth=-1, coat=1)
    s.bone(rod([(0, -0.3), (-0.05, -0.3 - s.near(0.45))], s.near(0.13)), (0, -0.3), parent=top, depth=-2, coat=2)


def _sails(s: Sketch, foot: np.ndarray, deep: float) -> None:
    top = foot + [-0.08, -s.near(1.3)]
    middle = 0.5 * (top + foot)
    s.bone(rod([foot, top], 0.04), foot, parent=0, depth=-0.5, coat=2)
    boom, gap = s.near(0.75), 0.1 if s.chance(0.6) else -0.12  # sails down to the deck or above it
    main = [top + [0.05, 0.0], foot + [0.04, gap + 0.1], foot + [-boom, gap - 0.05], middle + [-0.62 * boom, -0.1]]
    s.bone(Outline(smoothed(main, 1)), foot, parent=0, swing=s.near(0.08), phase=1.0, depth=-0.2, coat=1)
    if s.chance(0.7):
        jib = [top + [-0.06, 0.1], foot + [-0.02, gap + 0.12], np.array([0.98, -0.02]), middle + [0.38, 0.1]]
        how = {"swing": s.near(0.06), "phase": 2.0, "depth": 0.2, "coat": int(s.rng.integers(1, 3))}
        s.bone(Outline(smoothed(jib, 1)), (0.9, -0.1), parent=0, **how)
