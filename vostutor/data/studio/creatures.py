"""Plans of creatures: what walks, runs, swims, flies, crawls and drifts. All look along +x; those that stand have their feet at +y.

Limbs on opposite sides move in antiphase; a link hangs on the one before it and lags behind it.
Units: lengths in shares of the trunk, angles in radians; every body is fitted into the unit disk afterwards.
"""

import numpy as np

from vostutor.data.studio.outlines import Limb, Outline, smoothed
from vostutor.data.studio.sketch import Sketch, along, curved, disk, rod

DOWN = np.pi / 2


def walker(s: Sketch) -> None:
    """Four legs of two links, a trunk, a neck with a head, a tail: from dachshund to giraffe."""
    s.beat = s.near(0.08, 0.4)
    girth = s.girth()
    thick, leg = s.near(0.3) * girth, s.near(0.72, 0.4) + 0.1 * girth
    back = curved([(-0.5, 0), (0, s.rng.uniform(-0.1, 0.06)), (0.5, s.rng.uniform(-0.12, 0.05))])
    bulge = 1 + 0.25 * np.sin(np.linspace(0, 3, 9) + s.rng.uniform(-0.6, 0.6))
    trunk = s.bone(Limb(back, 0.75 * thick * bulge), (0, 0), swing=s.near(0.04), phase=1.0)
    s.seat = (s.rng.uniform(-0.15, 0.1), -thick)
    rise, neck, head = -s.rng.uniform(0.2, 1.2), s.near(0.42, 0.5), s.near(0.15) * girth**0.5
    nape, crown = back[-1] + [-0.04, -0.2 * thick], along(back[-1], [rise], [neck])[1]
    down = s.rng.uniform(0, 0.6)
    muzzle = along(crown, [down], [s.near(0.26, 0.35)])[1]
    ear = along(crown, [-DOWN - s.rng.uniform(0.1, 0.9)], [s.near(0.22, 0.4)])
    skull = [
        Limb([nape, crown], [0.75 * thick, 0.8 * head]),
        Limb([crown, muzzle], [head, 0.55 * head]),
        Limb(ear, [0.06, 0.03]),
    ]
    s.bone(skull, nape, parent=trunk, swing=s.near(0.2), phase=s.rng.uniform(0, 6), depth=0.5)
    curl, drop = np.array([-0.3, 0, 0.3]) * s.rng.uniform(-1, 1), s.rng.uniform(-0.4, 0.6)
    tail = Limb(
        along(back[0], np.pi + curl - drop, np.full(3, s.near(0.2, 0.5))), thick * np.array([0.5, 0.3, 0.25, 0.15])
    )
    s.bone(tail, back[0], parent=trunk, swing=s.near(0.4), phase=2.0, depth=-0.5, coat=1)
    swing, coat, stout = s.near(0.45, 0.35), int(s.rng.integers(0, 2)), s.near(0.125) * girth
    for hip, bend, depth, phase in ((0, 0.35, -1, 0), (8, -0.3, -1, np.pi), (0, 0.35, 1, np.pi), (8, -0.3, 1, 0)):
        joint = back[hip] + [0.06 if hip == 0 else -0.06, 0.25 * thick]
        lean = s.rng.normal(0, 0.25)
        way = along(joint, [DOWN + lean - bend, DOWN + lean + bend], [0.5 * leg, 0.5 * leg])
        radii = stout * np.array([1.45, 0.85, 0.7])
        s.chain(way, radii, swing, lag=0.9, parent=trunk, phase=phase, depth=depth, coat=coat if depth > 0 else 2)


def runner(s: Sketch) -> None:
    """Two legs, two arms, a head: upright like a person or leaning like a bird that runs."""
    s.beat = s.near(0.08, 0.4)
    girth = s.girth()
    lean, thick, leg, arm = s.rng.uniform(-0.15, 0.75), s.near(0.21) * girth, s.near(0.9, 0.25), s.near(0.65, 0.25)
    hip = np.zeros(2)
    neck = along(hip, [-DOWN + lean], [0.62])[1]
    s.seat = tuple(neck)
    trunk = s.bone(Limb([hip, 0.6 * neck, neck], thick * np.array([0.85, 0.9, 1.1])), hip, swing=s.near(0.06))
    face = along(neck, [-DOWN + 0.8 * lean], [s.near(0.3)])[1]
    head = [Limb([neck, face], [0.08, 0.1]), disk(face, s.near(0.18))]
    if s.chance(0.4):  # a hat, a crest or long hair
        head.append(Limb([face, face + [s.rng.uniform(-0.3, 0), s.rng.uniform(-0.25, 0.2)]], [0.13, 0.05]))
    s.bone(head, neck, parent=trunk, swing=s.near(0.12), phase=2.0, coat=1, depth=0.2)
    swing = s.near(0.55, 0.3)
    for depth, phase in ((-1, 0.0), (1, np.pi)):
        stride = s.rng.uniform(0.1, 0.45) * np.sin(phase + DOWN)
        how = {"parent": trunk, "depth": depth}
        _leg(s, hip + [0, -0.02], DOWN - stride, leg, girth, swing=swing, phase=phase, coat=2, **how)
        _arm(s, neck + [0, 0.06], DOWN + stride, arm, girth, swing=0.9 * swing, phase=phase + np.pi, **how)


def _leg(s: Sketch, hip: np.ndarray, angle: float, length: float, girth: float, **how) -> None:
    way = along(hip, [angle - 0.25, angle + s.near(0.4)], [length / 2, length / 2])
    foot = way[2] + [s.near(0.16), 0.0]
    thigh = s.bone(Limb(way[:2], girth * np.array([0.16, 0.11])), hip, **how)
    how |= {"parent": thigh, "phase": how["phase"] - 1}
    s.bone(Limb([way[1], way[2], foot], girth * np.array([0.115, 0.08, 0.07])), way[1], **how)


def _arm(s: Sketch, shoulder: np.ndarray, angle: float, length: float, girth: float, depth: float, **how) -> None:
    raised = s.rng.uniform(1.2, 2.4) if s.chance(0.25) else 0.0  # a hand that waves, throws or holds a stick
    angle = angle + 0.2 - raised
    way = along(shoulder, [angle, angle - s.near(0.9, 0.6)], [length / 2, length / 2])
    s.chain(way, girth * np.array([0.11, 0.085, 0.07]), lag=0.5, depth=1.2 * depth, **how)


def swimmer(s: Sketch) -> None:
    """A fish in four links that follow one another, with fins: from eel to carp."""
    s.beat = s.near(0.09, 0.4)
    height, swing = s.rng.uniform(0.22, 0.58), s.near(0.2, 0.3)
    x = np.linspace(0.6, -0.75, 10)
    half = height * np.array([0.35, 0.72, 0.92, 1.0, 0.95, 0.84, 0.68, 0.5, 0.36, 0.26])
    back = np.stack([x, np.zeros(10)], 1)
    trunk = s.bone(Limb(back[:5], half[:5]), back[2], swing=0.3 * swing, phase=2.4)
    s.seat = (0.1, -0.7 * height)
    loin = s.bone(Limb(back[4:8], half[4:8]), back[4], parent=trunk, swing=swing, phase=1.2, depth=0.1)
    root = s.bone(Limb(back[7:], half[7:]), back[7], parent=loin, swing=swing, phase=0.4, depth=0.2)
    span, length, notch = s.near(0.42, 0.4), s.near(0.42), s.rng.uniform(0.1, 0.35)
    tail = [(0.1, 0.1), (-length, span), (-length + notch, 0), (-length, -span * s.near(1.0)), (0.1, -0.1)]
    how = {"swing": 1.5 * swing, "phase": -0.6, "depth": -0.5, "coat": 1}
    s.bone(Outline(smoothed(np.array(tail) + back[9], 1)), back[8], parent=root, **how)
    _fins(s, trunk, height)


def _fins(s: Sketch, trunk: int, height: float) -> None:
    """One on the back, two below."""
    fin, spike = s.near(0.3, 0.4), s.rng.uniform(-0.25, 0.1)
    edge = [(spike - 0.1, -height - fin), (spike - 0.3, -height - 0.5 * fin)]
    sail = smoothed([(0.25, -0.8 * height), *edge, (-0.15, -0.5 * height)], 1)
    s.bone(Outline(sail), (0.1, -0.5 * height), parent=trunk, swing=0.1, depth=-1, coat=1)
    for foot, share, depth in ((0.2, 1.0, 1), (-0.25, 0.7, -1)):
        top = np.array([foot, 0.45 * height])
        tip = top + share * fin * np.array([-0.8, 1.0]) * s.near(1.3)
        blade = smoothed([top + [0.09, 0], tip + [0.05, 0.02], tip - [0.1, 0], top - [0.1, 0]], 1)
        how = {"swing": s.near(0.45), "phase": s.rng.uniform(0, 6), "depth": depth, "coat": 1}
        s.bone(Outline(blade), top, parent=trunk, **how)


def flyer(s: Sketch) -> None:
    """Two wings of two links, a trunk, a tail: a bird, a bat or a moth seen from above."""
    s.beat = s.near(0.09, 0.4)
    thick = s.near(0.16) * s.girth()
    trunk = Limb([(0.5, 0), (0.2, 0), (-0.2, 0), (-0.45, 0)], thick * np.array([0.7, 0.85, 1.0, 0.5]))
    s.bone([trunk, disk((0.48, 0), thick), rod([(0.5, 0), (0.72, 0)], 0.03)])
    fan, length = s.near(0.25, 0.5), s.near(0.4, 0.4)
    tail = [(0, 0.06), (-length, fan), (-length * s.rng.uniform(0.7, 1.1), 0), (-length, -fan), (0, -0.06)]
    s.bone(Outline(np.array(tail) + (-0.35, 0)), (-0.35, 0), parent=0, swing=s.near(0.15), depth=-1, coat=1)
    (shoulder, arm), (elbow, hand) = _wing(s)
    swing = s.near(0.35, 0.3)
    for side in (-1, 1):
        flip = np.array([1, side])
        inner = s.bone(Outline(arm * flip), shoulder * flip, parent=0, swing=side * swing, depth=-0.4)
        how = {"swing": side * 1.2 * swing, "phase": -1.0, "depth": -0.5, "coat": 2}
        s.bone(Outline(hand * flip), elbow * flip, parent=inner, **how)


def _wing(s: Sketch) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The right wing: shoulder and outline of the arm, elbow and outline of the hand."""
    span, chord, sweep = s.near(0.9, 0.3), s.near(0.5, 0.4), s.rng.uniform(-0.15, 0.45)
    shoulder, elbow = np.array([0.2, 0.04]), np.array([0.2 + 0.3 * sweep, 0.5 * span])
    tip, shape = np.array([0.25 - sweep, span]), s.rng.uniform(0.5, 0.9)
    outer, inner = elbow - [chord, 0], shoulder - [1.1 * chord, 0.03]
    arm = [shoulder + [0.08, -0.05], elbow + [0.06, 0], elbow + [0, 0.07], outer, inner]
    trail = elbow - [shape * chord, -0.2 * span]
    hand = [elbow + [0.06, -0.05], tip, tip - [0.12, 0], trail, elbow - [chord, 0.05]]
    if s.chance(0.5):  # fingers of feathers
        hand[3:3] = [elbow - [0.45 * chord, -0.26 * span], tip - [0.6 * chord, 0.12 * span]]
    return (shoulder, np.array(arm)), (elbow, np.array(hand))


def crawler(s: Sketch) -> None:
    """Seen from above: six or eight bent legs in two alternating sets, a trunk of two or three knots, feelers or claws."""
    s.beat = s.near(0.12, 0.3)
    pairs, long = int(s.rng.integers(3, 5)), s.rng.uniform(0.5, 1.0)
    girth = s.girth()
    thick, leg = s.near(0.38) * girth, s.near(0.6, 0.3) + 0.45 * girth
    knots = [(0.45 * long, 0), (0, 0), (-0.55 * long, 0)]
    shell = Limb(knots, thick * np.array([s.near(0.7), s.near(0.9), s.near(1.25, 0.3)]))
    s.bone(shell, (0, 0), swing=s.near(0.06))
    swing, lean = s.near(0.3, 0.3), s.near(0.5, 0.4)
    for pair in range(pairs):
        along_trunk = 0.35 * long * (1 - 2 * pair / (pairs - 1))
        for side in (-1, 1):
            spread = DOWN - lean * (1 - 2 * pair / (pairs - 1)) * 1.3
            hip = np.array([along_trunk, side * 0.3 * thick])
            way = along(hip, side * np.array([spread - 0.25, spread + 0.55]), [0.5 * leg, 0.6 * leg])
            beat = np.pi * ((pair + (side > 0)) % 2)
            s.bone(
                Limb(way, np.array([0.105, 0.08, 0.05]) * girth**0.5),
                hip,
                parent=0,
                swing=side * swing,
                phase=beat,
                depth=-1,
                coat=1,
            )
    for side in (-1, 1):
        root = np.array([0.5 * long, side * 0.5 * thick * 0.7])
        feeler = along(root, side * np.array([0.6, 0.1, -0.3]), np.full(3, s.near(0.17, 0.4)))
        s.bone(
            Limb(feeler, np.full(4, 0.045) * s.rng.uniform(0.8, 2)),
            root,
            parent=0,
            swing=s.near(0.2),
            phase=side,
            depth=-0.5,
            coat=2,
        )


def jelly(s: Sketch) -> None:
    """A bell that pulses and arms that trail behind it."""
    s.beat = s.near(0.06, 0.3)
    dome, arms, girth = s.near(0.75, 0.3), int(s.rng.integers(4, 6)), s.girth()
    angle = np.linspace(-DOWN, DOWN, 24)
    bell = np.stack([dome * np.cos(angle), 0.6 * np.sin(angle)], 1)
    hem = np.stack([0.07 * np.cos(np.linspace(0, 6 * np.pi, 19)) - 0.05, np.linspace(0.6, -0.6, 19)], 1)
    s.bone(Outline(np.concatenate([bell, hem[1:-1]])), (0, 0), swing=s.near(0.05))
    for arm in range(arms):
        foot = np.array([0.06, 0.5 * (2 * arm / (arms - 1) - 1) * s.near(0.9, 0.1)])
        wave = np.pi + 0.5 * np.sin(np.arange(4) * s.near(1.3) + s.rng.uniform(0, 6))
        way = along(foot, wave, np.full(4, s.near(0.2, 0.45)))
        radii = s.near(0.1) * girth * np.array([1.1, 0.9, 0.75, 0.6, 0.4])
        upper = s.bone(Limb(way[:3], radii[:3]), foot, parent=0, swing=0.3, phase=0.7 * arm, depth=-1, coat=1 + arm % 2)
        s.bone(
            Limb(way[2:], radii[2:]), way[2], parent=upper, swing=0.5, phase=0.7 * arm - 1.2, depth=-1, coat=1 + arm % 2
        )
