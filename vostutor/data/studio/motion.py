"""Where things and the camera are at every moment of a clip.

A track is sampled once a frame, from one frame before the first to one after the last, so that a shutter can stay open around each
frame. Everything runs on a clock that a label may set faster, slower or still: a label changes how fast, never where.

Letters: N samples (T frames and two more), H rows, W columns. x right, y down; (0, 0) is the middle of the first view.
"""

import math

import numpy as np

PAN, TURN, NEAR, LEAN_X, LEAN_Y = slice(0, 2), 2, 3, 4, 5  # columns of a camera track
# Chosen by hand; what comes of them (speeds, IoU with the next mask, the camera's turns) is held to DAVIS by the statistics gate.
ROOM = 0.34, 0.30  # of the frame's width and height, from its middle: who strolls beyond turns back, so that few leave
TURNING = 0.8, 0.09  # of a turn goes on in the next tick; radians by which it changes
HURRYING = 0.85, 0.2  # likewise the logarithm of the speed
TURN_BACK = 0.35  # radians per tick: half a circle in nine
SLOPE = 0.2, 0.7  # of a pan that goes upwards, against one that goes sideways
TREMOR = 0.25, (4, 9)  # of a hand: pixels at 96 rows, and its periods in ticks
TURNS, NEARS = 0.012, 0.025  # of the camera: radians; logarithm of the magnification
LEANS = 3e-5  # per pixel at 96 rows: the frame's edge is then a quarter of a per cent nearer or farther than its middle


def clock(frames: int, speed: float = 1.0) -> np.ndarray:
    """The time at each sample, 0 at the first frame. Shapes: returns (frames+2,).

    >>> clock(2, 3.0).tolist()
    [-3.0, 0.0, 3.0, 6.0]
    """
    return speed * np.arange(-1.0, frames + 1)


def at(track: np.ndarray, t: float) -> np.ndarray:
    """A track at any moment from -1 to T, straight between samples. Shapes: (N,...) -> (...).

    >>> float(at(np.array([0.0, 1.0, 5.0]), 0.5))
    3.0
    """
    before = min(int(t + 1), len(track) - 2)
    share = t + 1 - before
    return track[before] if share == 0 else (1 - share) * track[before] + share * track[before + 1]


def stroll(
    rng: np.random.Generator, size: tuple[int, int], time: np.ndarray, start: np.ndarray, pace: float
) -> np.ndarray:
    """A way with changing speed and heading that turns back towards the frame when it leaves it.

    Shapes: time (N,), start (2,) -> (N,2). Units: pace in pixels per tick of the clock.
    >>> way = stroll(np.random.default_rng(0), (96, 160), clock(3, 0.0), np.array([5.0, 7.0]), 2.0)
    >>> way[1].tolist() == way[4].tolist() == [5.0, 7.0]
    True
    """
    reach = np.array([ROOM[0] * size[1], ROOM[1] * size[0]])
    heading, bent, hurry = rng.uniform(0, 2 * np.pi), 0.0, 0.0
    steps = max(int(np.ceil(time.max())), 1)
    shocks = rng.standard_normal((steps, 2))
    place, way = np.array(start, dtype=float), [np.array(start, dtype=float)]
    for shock in shocks:
        bent = TURNING[0] * bent + TURNING[1] * shock[0]
        hurry = HURRYING[0] * hurry + HURRYING[1] * shock[1]
        ahead = np.array([np.cos(heading), np.sin(heading)])
        outside = np.clip(np.abs(place) - reach, 0, None) * np.sign(place)
        if outside @ ahead > 0:  # turn to the side that leads back
            bent = TURN_BACK * np.sign(ahead[0] * -outside[1] + ahead[1] * outside[0])
        heading += bent
        place = place + pace * np.exp(hurry) * np.array([np.cos(heading), np.sin(heading)])
        way.append(place)
    way, ticks = np.array(way), np.arange(steps + 1.0)
    first = way[0] - way[1] if time[0] < 0 else 0
    forward = np.stack([np.interp(np.maximum(time, 0), ticks, way[:, k]) for k in (0, 1)], 1)
    return forward + np.minimum(time, 0)[:, None] * -first


def wave(rng: np.random.Generator, time: np.ndarray, spread: float, periods: tuple[float, float]) -> np.ndarray:
    """Two slow sines, 0 at the first frame. Shapes: (N,) -> (N,).

    Units: periods in ticks. spread is how far it gets from 0: once the sines have lost their first phase, the root mean square
    over many draws. About its own mean a draw then deviates by spread / sqrt(2), as a sine of that amplitude does.
    """
    total = np.zeros(len(time))
    for share in (0.8, 0.6):  # .8^2 + .6^2 = 1, so that the two together are as strong as one
        rate, phase = 2 * np.pi / rng.uniform(*periods), rng.uniform(0, 2 * np.pi)
        total += share * rng.standard_normal() * (np.sin(rate * time + phase) - np.sin(phase))
    return spread * total


def camera_track(
    rng: np.random.Generator, size: tuple[int, int], time: np.ndarray, pan: float, sway: float, unit: float
) -> np.ndarray:
    """A camera in a hand that pans, trembles, turns, nears and leans, all zero at the first frame.

    Shapes: time (N,) -> (N,6): pan x, pan y, turn, near, lean x, lean y.
    Units: pixels, pixels, radians, logarithm of the magnification, per pixel; pan is a speed in pixels per tick.
    """
    heading = rng.uniform(0, 2 * np.pi)
    flat = np.array([1.0, rng.uniform(*SLOPE)])
    curve = wave(rng, time, 0.35, (30, 90))
    way = np.stack([np.cos(heading + curve), np.sin(heading + curve)], 1) * flat
    hurry = np.exp(0.6 * wave(rng, time, 0.5, (12, 50)))
    steps = pan * hurry[:, None] * way / np.hypot(*(flat * [np.cos(heading), np.sin(heading)])).clip(0.3)
    passed = np.cumsum(steps * np.gradient(time)[:, None], 0) if np.ptp(time) else np.zeros_like(steps)
    track = np.zeros((len(time), 6))
    track[:, PAN] = passed - passed[1]
    track[:, PAN] += sway * unit * np.stack([wave(rng, time, *TREMOR), wave(rng, time, *TREMOR)], 1)
    track[:, TURN] = sway * wave(rng, time, TURNS, (16, 60))
    track[:, NEAR] = sway * wave(rng, time, NEARS, (25, 90))
    track[:, LEAN_X] = sway * wave(rng, time, LEANS / unit, (20, 60))
    track[:, LEAN_Y] = sway * wave(rng, time, LEANS / unit, (20, 60))
    return track


def view(camera: np.ndarray, nearness: float, size: tuple[int, int]) -> np.ndarray:
    """World to frame for what lies at one depth: what is nearer passes faster.

    Shapes: camera (6,) -> float64 (3,3).
    >>> view(np.array([10.0, 0, 0, 0, 0, 0]), 1.5, (96, 160))[:2, 2].tolist()
    [64.5, 47.5]
    """
    x, y, turn, near, lean_x, lean_y = camera.tolist()
    x, y, grow = nearness * x, nearness * y, math.exp(nearness * near)
    c, s, middle_x, middle_y = grow * math.cos(turn), grow * math.sin(turn), (size[1] - 1) / 2, (size[0] - 1) / 2
    depth = 1 - lean_x * x - lean_y * y
    return np.array(
        [
            [c + middle_x * lean_x, -s + middle_x * lean_y, -c * x + s * y + middle_x * depth],
            [s + middle_y * lean_x, c + middle_y * lean_y, -s * x - c * y + middle_y * depth],
            [lean_x, lean_y, depth],
        ]
    )


def crossing(rng: np.random.Generator, way: np.ndarray, distance: float, quick: float = 1.0) -> np.ndarray:
    """A way that meets another in the middle of the clip and is `distance` away from it at both ends. Shapes: (N,2) -> (N,2).

    >>> crossing(np.random.default_rng(0), np.zeros((5, 2)), 10.0)[2].tolist()
    [0.0, 0.0]
    """
    heading = rng.uniform(0, 2 * np.pi)
    progress = np.clip(quick * np.linspace(-1, 1, len(way)), -1.5, 1.5)[:, None]
    return way + progress * distance * np.array([np.cos(heading), np.sin(heading)])
