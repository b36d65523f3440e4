"""Where things and the camera are in every frame of a minivos clip.

Everything runs on a clock that a label may set faster, slower or still; so a label changes how fast, never where.

Letters: T frames, H rows, W columns. World pixels: x right, y down, (0, 0) in the middle of the first view.
"""

import numpy as np

PACE, PACE_SPREAD = 1.2, 0.45  # pixels per frame at 96 rows: median, and standard deviation of the logarithm
FOLLOW = 0.6  # the camera goes at most this share of object 1's way


def orbit(
    rng: np.random.Generator, size: tuple[int, int], clock: np.ndarray, radius: float, unit: float, others: list
) -> tuple[np.ndarray, np.ndarray]:
    """An ellipse at a steady pace inside the first view, of eight drawn the one that starts farthest from the others.

    Shapes: clock (T,); others are (start (2,), radius) -> path (T,2) and heading (T,) in radians, 0 along x.
    >>> path, heading = orbit(np.random.default_rng(0), (96, 160), np.arange(3), 10.0, 1.0, [])
    >>> path.shape, bool(np.abs(path).max() < 80)
    ((3, 2), True)
    """
    width, height = size[1], size[0]
    choices = []
    for _ in range(8):
        reach = rng.uniform([0.16 * width, 0.12 * height], [0.34 * width, 0.28 * height])
        room = np.maximum(np.array([width, height]) / 2 - reach - 0.7 * radius, 0)
        centre, phase = rng.uniform(-1, 1, 2) * room, rng.uniform(0, 2 * np.pi)
        start = centre + reach * [np.cos(phase), np.sin(phase)]
        gap = min([np.hypot(*(start - place)) - radius - size for place, size in others], default=0.0)
        choices.append((gap, reach, centre, phase))
    _, reach, centre, phase = max(choices, key=lambda choice: choice[0])
    pace = PACE * np.exp(np.clip(PACE_SPREAD * rng.standard_normal(), -0.8, 0.8)) * unit
    turn = rng.choice([-1, 1])
    angle = phase + turn * pace / reach.mean() * clock
    path = centre + reach * np.stack([np.cos(angle), np.sin(angle)], 1)
    return path, np.unwrap(np.arctan2(turn * reach[1] * np.cos(angle), -turn * reach[0] * np.sin(angle)))


def crossing(rng: np.random.Generator, path: np.ndarray, distance: float) -> np.ndarray:
    """A way that meets another in the middle of the clip and is `distance` away from it at both ends. Shapes: (T,2) -> (T,2).

    >>> crossing(np.random.default_rng(0), np.zeros((5, 2)), 10.0)[2].tolist()
    [0.0, 0.0]
    """
    way = rng.uniform(0, 2 * np.pi)
    progress = np.linspace(-1, 1, len(path))[:, None]
    return path + progress * distance * np.array([np.cos(way), np.sin(way)])


def hand_held_camera(
    rng: np.random.Generator, size: tuple[int, int], clock: np.ndarray, followed: np.ndarray, unit: float
) -> np.ndarray:
    """World to frame: a camera in a hand that sways, turns, nears, leans a little, and half follows object 1.

    Shapes: clock (T,), followed (T,2) -> float64 (T,3,3) homographies, the first one a shift.
    >>> hand_held_camera(np.random.default_rng(0), (96, 160), np.arange(2), np.zeros((2, 2)), 1.0)[0, :2, 2].tolist()
    [79.5, 47.5]
    """
    height, width = size

    def sway(amplitude: float, speed: float) -> np.ndarray:
        """From 0 on, to and fro, at most `speed` per tick of the clock."""
        phase = rng.uniform(0, 2 * np.pi)
        rate = speed / amplitude * rng.uniform(0.5, 1)
        return amplitude * (np.sin(rate * clock + phase) - np.sin(phase))

    look = rng.uniform(0, FOLLOW) * (followed - followed[0])
    x, y = look[:, 0] + sway(0.08 * width, 0.9 * unit), look[:, 1] + sway(0.08 * height, 0.5 * unit)
    angle, zoom = sway(0.05, 0.004), np.exp(sway(0.06, 0.004))
    lean_x, lean_y = sway(2e-4 / unit, 1.5e-5 / unit), sway(2e-4 / unit, 1.5e-5 / unit)
    one, zero = np.ones(len(clock)), np.zeros(len(clock))
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    shift = _matrices([[one, zero, -x], [zero, one, -y], [zero, zero, one]])
    turn = _matrices([[c, -s, zero], [s, c, zero], [lean_x, lean_y, one]])
    middle = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    return middle @ turn @ shift


def _matrices(rows: list) -> np.ndarray:
    return np.stack([np.stack(row, -1) for row in rows], -2)
