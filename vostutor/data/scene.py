"""What happens in a minivos clip: who is there, how each thing looks and moves, where the camera goes.

The world is a floor seen from above, in pixels of an untouched camera, its origin in the middle of the first view. The seed decides
the scene; a label changes one thing about it, so that the same seed under two labels is a fair pair.

Letters: T frames, H rows, W columns. x points right, y down; `unit` is the length that is one pixel at 96 rows.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vostutor.data.shapes import CATEGORIES, REACH, draw_parts
from vostutor.data.textures import ground, marked, random_colour, surface

DENSITY = 1.3  # texels per pixel: a texture may come 1.3 times closer before it would have to be enlarged
WORLD = 1.6  # the floor is drawn this many frames wide and mirrored beyond
OBJECT_LIMIT = 0.3  # largest radius, in heights of the frame


@dataclass(frozen=True)
class Rule:
    """What a label changes. Units: speed and camera are the clocks of the objects' paths and of the camera; drift is the share of the
    new texture in the last frame."""

    speed: float = 1.0
    camera: float = 1.0
    drift: float = 0.0
    lookalike: bool = False
    occluder: bool = False


RULES = {
    "plain": Rule(),
    "drift": Rule(drift=0.6),
    "occlusion": Rule(occluder=True),
    "distractor": Rule(lookalike=True),
    "static": Rule(speed=0.0, camera=2.0),
    "camera": Rule(camera=4.0),
    "fast": Rule(speed=4.0),
}


@dataclass(frozen=True)
class Sprite:
    """A stiff textured part, flat on the floor.

    Shapes: texture float32 (h,w,4), colour and opacity; later (h,w,3), its colour after drifting, or None.
    Units: origin is where its first texel lies in the object's coordinates, density counts texels per object radius.
    """

    texture: np.ndarray
    later: np.ndarray | None
    origin: tuple[float, float]
    density: float
    pivot: tuple[float, float] = (0.0, 0.0)
    swing: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True)
class Thing:
    """Something that moves by itself: an annotated object (number 1, 2, ...) or an unannotated one (number 0).

    Shapes: path float64 (T,2) world pixels; angle, body_time (T,); bend is (amplitude, amplitude, wave, wave, rate, phase).
    """

    number: int
    category: str
    radius: float
    sprites: tuple[Sprite, ...]
    path: np.ndarray
    angle: np.ndarray
    body_time: np.ndarray
    beat: float
    bend: tuple[float, ...]


@dataclass(frozen=True)
class Scene:
    """Everything that render.py needs. Shapes: floor float32 (h,w,3); camera float64 (T,3,3), world to frame; drift (T,)."""

    size: tuple[int, int]
    floor: Sprite
    things: tuple[Thing, ...]  # from back to front
    camera: np.ndarray
    drift: np.ndarray
    shadow: tuple[float, float, float, float]  # shift x, shift y, softness in pixels, strength
    blur: float
    noise: float
    gains: np.ndarray


def compose(rule: Rule, rng: np.random.Generator, size: tuple[int, int], frames: int) -> Scene:
    """A scene in which everything is decided.

    >>> scene = compose(RULES["plain"], np.random.default_rng(0), (96, 160), 4)
    >>> scene.camera.shape, sorted(thing.number for thing in scene.things)
    ((4, 3, 3), [0, 1, 2])
    """
    unit = min(size[0], size[1] * 0.6) / 96
    light = rng.uniform(0, 2 * np.pi)
    light = np.array([np.cos(light), np.sin(light)])
    colour = random_colour(rng)
    floor = _floor(rng, size, unit, colour, light)
    things = _objects(rule, rng, size, frames, unit, colour, light)
    followed = things[0].path
    depth = rng.permutation(len(things))
    if rule.occluder:
        things.append(_occluder(rng, things[0], frames, colour, light))
        depth = np.append(depth, len(things) - 1)
    height = rng.uniform(1.5, 4) * unit
    strength = rng.uniform(0.2, 0.5) * (rng.random() < 0.75)
    return Scene(
        size=size,
        floor=floor,
        things=tuple(things[i] for i in depth),
        camera=_camera(rng, size, rule.camera * np.arange(frames), followed, unit),
        drift=rule.drift * np.arange(frames) / max(frames - 1, 1),
        shadow=(*np.round(-height * light).tolist(), 0.5 * height, float(strength)),
        blur=rng.uniform(0.35, 0.65),
        noise=rng.uniform(0.8, 2.2),
        gains=rng.uniform(0.95, 1.05, 3),
    )


def _objects(rule, rng, size, frames, unit, colour, light) -> list[Thing]:
    """Object 1 first, then the other annotated ones, then the unannotated: a passer-by or object 1's look-alike."""
    annotated = int(rng.choice([1, 2, 3], p=[0.3, 0.45, 0.25]))
    passers = int(rng.random() < 0.5)
    things: list[Thing] = []
    for number in [*range(1, annotated + 1), *[0] * passers]:
        things.append(_thing(rule, rng, number, size, frames, unit, colour, light, things))
    if rule.lookalike:
        first = things[0]
        path, angle = _path(rule, rng, size, frames, unit, first.radius, things)
        angle = angle if CATEGORIES[first.category].heads else angle[0] + first.angle
        things.append(Thing(**{**vars(first), "number": 0, "path": path, "angle": angle}))
    return things


def _thing(rule, rng, number, size, frames, unit, colour, light, others) -> Thing:
    category = str(rng.choice(list(CATEGORIES)))
    kind = CATEGORIES[category]
    area = np.exp(rng.uniform(np.log(0.018), np.log(0.075))) * size[0] * size[1]
    radius = min((area / (4 * kind.fill)) ** 0.5, OBJECT_LIMIT * min(size))
    if rule.occluder:
        radius = min(radius, 0.2 * min(size))  # what hides it has to fit into the frame as well
    sprites = _sprites(rng, category, radius, colour, light, drifting=rule.drift > 0)
    path, heading = _path(rule, rng, size, frames, unit, radius, others)
    body_time = min(rule.speed, 1.0) * np.arange(frames)
    turn = rng.uniform(-np.pi, np.pi) + rng.uniform(-1, 1) * kind.spin * body_time
    supple = rng.uniform(0.02, 0.09)
    bend = (supple, 0.6 * supple, rng.uniform(2, 3.5), rng.uniform(2, 3.5), rng.uniform(0.1, 0.3), rng.uniform(0, 6.28))
    return Thing(
        number,
        category,
        radius,
        sprites,
        path,
        heading if kind.heads else turn,
        body_time,
        rng.uniform(0.25, 0.55),
        bend,
    )


def _path(rule, rng, size, frames, unit, radius, others) -> tuple[np.ndarray, np.ndarray]:
    """An ellipse walked at a steady pace, of eight drawn the one that starts farthest from the others; and where it heads."""
    height, width = size
    choices = []
    for _ in range(8):
        reach = np.array([rng.uniform(0.16, 0.34) * width, rng.uniform(0.12, 0.28) * height])
        room = np.maximum(np.array([width, height]) / 2 - reach - 0.7 * radius, 0)
        choices.append((reach, rng.uniform(-1, 1, 2) * room, rng.uniform(0, 2 * np.pi)))

    def gap(choice) -> float:
        reach, centre, phase = choice
        start = centre + reach * [np.cos(phase), np.sin(phase)]
        return min([np.hypot(*(start - o.path[0])) - radius - o.radius for o in others], default=0.0)

    reach, centre, phase = max(choices, key=gap)
    pace = float(np.clip(1.2 * np.exp(0.45 * rng.standard_normal()), 0.5, 2.6)) * unit * rng.choice([-1, 1])
    angle = phase + rule.speed * pace / reach.mean() * np.arange(frames)
    path = centre + reach * np.stack([np.cos(angle), np.sin(angle)], 1)
    ahead = np.sign(pace) * np.stack([-reach[0] * np.sin(angle), reach[1] * np.cos(angle)])
    return path, np.unwrap(np.arctan2(ahead[1], ahead[0]))


def _occluder(rng, hidden: Thing, frames: int, colour, light) -> Thing:
    """A pebble that meets object 1 in the middle of the clip and is clear of it at both ends."""
    radius = 1.2 * hidden.radius
    middle = (frames - 1) / 2
    away = rng.uniform(0, 2 * np.pi)
    pace = 1.1 * (radius + hidden.radius) / max(middle, 1)
    since = np.arange(frames)[:, None] - middle
    path = hidden.path + since * pace * np.array([np.cos(away), np.sin(away)])
    still = np.zeros(frames)
    sprites = _sprites(rng, "pebble", radius, colour, light, drifting=False)
    return Thing(0, "pebble", radius, sprites, path, still + away, still, 0.0, (0.0, 0.0, 1.0, 1.0, 0.0, 0.0))


def _sprites(rng, category, radius, colour, light, *, drifting) -> tuple[Sprite, ...]:
    """A fresh individual: its parts cut out of one material or of two related ones, shaded by the scene's light."""
    texels = max(8, round(2 * REACH * radius * DENSITY))
    own = random_colour(rng)
    own = own + rng.uniform(0, 0.45) * (colour - own)
    body = marked(rng, surface(rng, texels, texels, own))
    limbs = body if rng.random() < 0.5 else surface(rng, texels, texels, own + 0.4 * (random_colour(rng) - own))
    new = max((random_colour(rng) for _ in range(3)), key=lambda c: float(np.abs(c - own).sum()))
    later = marked(rng, surface(rng, texels, texels, new)) if drifting else None
    parts = draw_parts(category, rng, texels)
    density = texels / (2 * REACH)
    sprites = []
    for i, part in enumerate(parts):
        shade = _shade(part.alpha, light)
        material = body if i == len(parts) - 1 else limbs
        rows, columns = (slice(max(h.min() - 2, 0), h.max() + 3) for h in np.nonzero(part.alpha))
        texture = np.dstack([np.clip(material * shade, 0, 255), part.alpha])[rows, columns]
        after = None if later is None else np.clip(later * shade, 0, 255)[rows, columns].astype(np.float32)
        origin = tuple(float(n.start + 0.5) / density - REACH for n in (columns, rows))
        sprites.append(Sprite(texture.astype(np.float32), after, origin, density, part.pivot, part.swing, part.phase))
    return tuple(sprites)


def _shade(alpha: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Brightness of a bulging surface under a low light. Shapes: (S,S) -> (S,S,1) around 1."""
    bulge = cv2.GaussianBlur(alpha, (0, 0), max(1.0, 0.07 * len(alpha)))
    slope = -cv2.Sobel(bulge, cv2.CV_32F, 1, 0) * light[0] - cv2.Sobel(bulge, cv2.CV_32F, 0, 1) * light[1]
    return 1 + 0.32 * (slope / max(float(np.abs(slope).max()), 1e-6))[..., None]


def _floor(rng, size, unit, colour, light) -> Sprite:
    """The ground and the things that lie on it, in world pixels."""
    height, width = (round(WORLD * n * DENSITY) for n in size)
    image = ground(rng, height, width, colour)
    for _ in range(rng.integers(2, 12)):
        _scatter(rng, image, unit, colour, light)
    origin = (-(width - 1) / 2 / DENSITY, -(height - 1) / 2 / DENSITY)
    return Sprite(image.astype(np.float32), None, origin, DENSITY)


def _scatter(rng, image, unit, colour, light) -> None:
    """Put one unannotated thing on the floor, drawn like the objects, shadow included. Small ones are the most frequent."""
    radius = (4.0**-2 - rng.random() * (4.0**-2 - 20.0**-2)) ** -0.5 * unit
    (side, angle) = (round(2 * REACH * radius * DENSITY), rng.uniform(0, 360))
    alpha = np.max([part.alpha for part in draw_parts(str(rng.choice(list(CATEGORIES))), rng, side)], axis=0)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, 1)
    alpha = cv2.warpAffine(alpha, turn, (side, side))
    own = random_colour(rng)
    material = marked(rng, surface(rng, side, side, own + rng.uniform(0, 0.6) * (colour - own))) * _shade(alpha, light)
    y, x = (int(rng.integers(2, n - side - 2)) for n in image.shape[:2])
    dx, dy = np.round(-1.5 * unit * light).astype(int)
    shadow = 1 - 0.3 * cv2.GaussianBlur(alpha, (0, 0), 1.0 * unit)[..., None]
    image[y + dy : y + dy + side, x + dx : x + dx + side] *= shadow
    here = image[y : y + side, x : x + side]
    here += alpha[..., None] * (np.clip(material, 0, 255) - here)


def _camera(rng, size, time, followed, unit) -> np.ndarray:
    """World to frame: a hand-held camera that half follows object 1. Shapes: time (T,), followed (T,2) -> (T,3,3)."""
    height, width = size

    def sway(amplitude: float, speed: float) -> np.ndarray:
        """From 0 on, to and fro within the amplitude, at most `speed` a frame."""
        phase = rng.uniform(0, 2 * np.pi)
        rate = speed / amplitude * rng.uniform(0.5, 1)
        return amplitude * (np.sin(rate * time + phase) - np.sin(phase))

    look = rng.uniform(0, 0.6) * (followed - followed[0])
    x, y = look[:, 0] + sway(0.08 * width, 0.7 * unit), look[:, 1] + sway(0.08 * height, 0.4 * unit)
    angle, zoom = sway(0.05, 0.004), np.exp(sway(0.06, 0.004))
    lean_x, lean_y = sway(2e-4 / unit, 1.5e-5 / unit), sway(2e-4 / unit, 1.5e-5 / unit)
    one, zero = np.ones(len(time)), np.zeros(len(time))
    shift = _stack([[one, zero, -x], [zero, one, -y], [zero, zero, one]])
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    turn = _stack([[c, -s, zero], [s, c, zero], [lean_x, lean_y, one]])
    middle = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    return middle @ turn @ shift


def _stack(rows) -> np.ndarray:
    return np.stack([np.stack(row, -1) for row in rows], -2)
