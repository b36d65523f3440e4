"""What happens in a minivos clip: who is there, how each thing looks and moves, where the camera goes.

The world is a floor seen from above. The seed decides the scene; a label changes one thing about it, so that one seed under two
labels is a fair pair.

Letters: T frames, H rows, W columns, S texels. `unit` is the length that is one pixel at 96 rows.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vostutor.data.motion import crossing, hand_held_camera, orbit
from vostutor.data.shapes import CATEGORIES, REACH, draw_parts
from vostutor.data.textures import GROUND_CHROMA, ground, marked, random_colour, surface

DENSITY = 1.3  # texels per pixel: the camera may come 1.3 times closer before a texture would have to be enlarged
TEXEL_BLUR = 0.75  # texels; what is finer than a pixel would flicker as it moves
FLOOR = 1.5  # frames wide, mirrored beyond
LARGEST, LARGEST_TO_HIDE = 0.3, 0.2  # radius in heights of the frame


@dataclass(frozen=True)
class Rule:
    """What a label changes. Units: speed and camera set the clocks of the objects and of the camera; drift is the share of the new
    texture in the last frame."""

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
    """A stiff textured part, or the floor.

    Shapes: texture float32 (h,w,3) for the floor, (h,w,4) with opacity for parts; later (h,w,3) is the colour after drifting, or None.
    Units: origin is where the first texel lies in the thing's coordinates, density counts texels per unit of them; swing in radians.
    """

    texture: np.ndarray
    origin: tuple[float, float]
    density: float
    later: np.ndarray | None = None
    pivot: tuple[float, float] = (0.0, 0.0)
    swing: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True)
class Thing:
    """Something that moves by itself: an annotated object (number 1, 2, ...) or an unannotated one (number 0).

    Shapes: path (T,2) world pixels; angle, clock (T,); bend holds two amplitudes, two waves, a rate and a phase.
    """

    number: int
    category: str
    radius: float
    sprites: tuple[Sprite, ...]
    path: np.ndarray
    angle: np.ndarray
    clock: np.ndarray  # of limbs and bending
    beat: float = 0.0
    bend: tuple[float, ...] = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Scene:
    """Everything that render.py needs. Shapes: camera (T,3,3), world to frame; drift (T,); gains (3,)."""

    size: tuple[int, int]
    floor: Sprite
    things: tuple[Thing, ...]  # from back to front
    camera: np.ndarray
    drift: np.ndarray
    shadow: tuple[int, int, float, float]  # shift x, shift y, softness in pixels, strength
    blur: float  # of the lens, in pixels
    noise: float  # of the sensor, in grey levels
    gains: np.ndarray


@dataclass(frozen=True)
class _Setting:
    """What all things in a scene share. Shapes: colour (3,), of the ground; light (2,), towards the lamp."""

    rule: Rule
    size: tuple[int, int]
    frames: int
    unit: float
    colour: np.ndarray
    light: np.ndarray


def compose(rule: Rule, rng: np.random.Generator, size: tuple[int, int], frames: int) -> Scene:
    """A scene in which everything is decided.

    >>> scene = compose(RULES["plain"], np.random.default_rng(0), (96, 160), 4)
    >>> scene.camera.shape, any(thing.number == 1 for thing in scene.things)
    ((4, 3, 3), True)
    """
    # A stream of its own for each, so that what a label adds leaves the rest of the scene as it was.
    lens, cast, hand, ground_rng, twist = rng.spawn(5)
    unit, lamp = min(size[0], 0.6 * size[1]) / 96, rng.uniform(0, 2 * np.pi)
    setting = _Setting(
        rule, size, frames, unit, random_colour(rng, GROUND_CHROMA), np.array([np.cos(lamp), np.sin(lamp)])
    )
    things = _cast(setting, cast, twist)
    height, strength = lens.uniform(1.5, 4) * unit, lens.uniform(0.2, 0.5) * (lens.random() < 0.8)
    shift_x, shift_y = np.rint(-height * setting.light).astype(int).tolist()
    followed = next(thing.path for thing in things if thing.number == 1)
    return Scene(
        size=size,
        floor=_floor(setting, ground_rng),
        things=tuple(things),
        camera=hand_held_camera(hand, size, rule.camera * np.arange(frames), followed, unit),
        drift=rule.drift * np.arange(frames) / max(frames - 1, 1),
        shadow=(shift_x, shift_y, 0.5 * height, strength),
        blur=lens.uniform(0.3, 0.5),
        noise=lens.uniform(0.8, 2.2),
        gains=lens.uniform(0.95, 1.05, 3).astype(np.float32),
    )


def _cast(setting: _Setting, rng: np.random.Generator, twist: np.random.Generator) -> list[Thing]:
    """Who is there, from back to front: one to three objects, perhaps a passer-by, and whom the label sends."""
    annotated, passers = int(rng.choice([1, 2, 3], p=[0.3, 0.45, 0.25])), int(rng.random() < 0.5)
    things: list[Thing] = []
    for number in [*range(1, annotated + 1), *[0] * passers]:
        things.append(_thing(setting, rng, twist, number, things))
    first = things[0]
    order = [things[i] for i in rng.permutation(len(things))]
    if setting.rule.lookalike:
        order.insert(int(twist.integers(len(order) + 1)), _lookalike(setting, twist, first, things))
    if setting.rule.occluder:
        order.append(_occluder(setting, twist, first))
    return order


def _thing(setting: _Setting, rng, twist, number: int, others: list[Thing]) -> Thing:
    category = str(rng.choice(list(CATEGORIES)))
    kind, (height, width), speed = CATEGORIES[category], setting.size, setting.rule.speed
    area = np.exp(rng.uniform(np.log(0.022), np.log(0.10))) * height * width
    largest = LARGEST_TO_HIDE if setting.rule.occluder else LARGEST  # what hides it has to fit into the frame as well
    radius = float(min((area / (4 * kind.fill)) ** 0.5, largest * min(setting.size)))
    sprites = _sprites(setting, rng, category, radius, twist if setting.rule.drift else None)
    path, heading = _orbit(setting, rng, radius, others)
    clock = min(speed, 1.0) * np.arange(setting.frames)
    turn = rng.uniform(-np.pi, np.pi) + rng.uniform(-1, 1) * kind.spin * clock
    supple, wave_y, wave_x = rng.uniform(0.02, 0.09), *rng.uniform(2, 3.5, 2).tolist()
    bend = (supple, 0.6 * supple, wave_y, wave_x, rng.uniform(0.1, 0.3), rng.uniform(0, 2 * np.pi))
    angle = heading if kind.heads else turn
    return Thing(number, category, radius, sprites, path, angle, clock, rng.uniform(0.25, 0.55), bend)


def _orbit(setting: _Setting, rng, radius: float, others: list[Thing]):
    clock = setting.rule.speed * np.arange(setting.frames)
    return orbit(rng, setting.size, clock, radius, setting.unit, [(other.path[0], other.radius) for other in others])


def _lookalike(setting: _Setting, rng, first: Thing, others: list[Thing]) -> Thing:
    """Object 1 once more, unannotated and on a way of its own."""
    path, heading = _orbit(setting, rng, first.radius, others)
    return replace(first, number=0, path=path, angle=heading if CATEGORIES[first.category].heads else first.angle + 2)


def _occluder(setting: _Setting, rng, hidden: Thing) -> Thing:
    """A pebble that is over object 1 in the middle of the clip and clear of it at both ends."""
    radius = 1.2 * hidden.radius
    path = crossing(rng, hidden.path, 1.1 * (radius + hidden.radius))
    still = np.zeros(setting.frames)
    return Thing(0, "pebble", radius, _sprites(setting, rng, "pebble", radius, None), path, still, still)


def _sprites(setting: _Setting, rng, category: str, radius: float, drifting) -> tuple[Sprite, ...]:
    """A fresh individual: its parts cut out of one material or of two related ones, and shaded by the scene's lamp."""
    texels = max(8, round(2 * REACH * radius * DENSITY))
    density = texels / (2 * REACH)
    own = random_colour(rng)
    own = own + rng.uniform(0, 0.35) * (setting.colour - own)
    body = marked(rng, surface(rng, texels, texels, own))
    limbs = body if rng.random() < 0.5 else surface(rng, texels, texels, own + 0.4 * (random_colour(rng) - own))
    later = None if drifting is None else _new_coat(drifting, texels, own)
    parts, sprites = draw_parts(category, rng, texels), []
    for part in parts:
        shade = _shade(part.alpha, setting.light)
        rows, columns = (slice(max(int(n.min()) - 3, 0), int(n.max()) + 4) for n in np.nonzero(part.alpha))
        colour = np.clip((body if part is parts[-1] else limbs) * shade, 0, 255)
        texture = _softened(np.dstack([colour, part.alpha])[rows, columns])
        coat = None if later is None else _softened(np.clip(later * shade, 0, 255)[rows, columns])
        origin = ((columns.start + 0.5) / density - REACH, (rows.start + 0.5) / density - REACH)
        sprites.append(Sprite(texture, origin, density, coat, part.pivot, part.swing, part.phase))
    return tuple(sprites)


def _new_coat(rng, texels: int, own: np.ndarray) -> np.ndarray:
    """Another material, of three colours the one least like the old."""
    colour = max((random_colour(rng) for _ in range(3)), key=lambda colour: float(np.abs(colour - own).sum()))
    return marked(rng, surface(rng, texels, texels, colour))


def _floor(setting: _Setting, rng) -> Sprite:
    """The ground and what lies on it, in world pixels."""
    height, width = (round(FLOOR * n * DENSITY) for n in setting.size)
    image = np.ascontiguousarray(ground(rng, height, width, setting.colour), dtype=np.float32)
    for _ in range(rng.integers(2, 12)):
        _scatter(setting, rng, image)
    return Sprite(_softened(image), (-(width - 1) / 2 / DENSITY, -(height - 1) / 2 / DENSITY), DENSITY)


def _scatter(setting: _Setting, rng, image: np.ndarray) -> None:
    """Put one thing on the floor, drawn like the objects, shadow included; small ones are the most frequent (radius^-3)."""
    smallest, largest = 4.0, 20.0
    radius = (smallest**-2 - rng.random() * (smallest**-2 - largest**-2)) ** -0.5 * setting.unit
    side, unit = round(2 * REACH * radius * DENSITY), setting.unit
    alpha = np.max([part.alpha for part in draw_parts(str(rng.choice(list(CATEGORIES))), rng, side)], axis=0)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), rng.uniform(0, 360), 1)
    alpha = cv2.warpAffine(alpha, turn, (side, side))
    own = random_colour(rng)
    material = marked(rng, surface(rng, side, side, own + rng.uniform(0, 0.6) * (setting.colour - own)))
    dx, dy = np.rint(-1.5 * unit * setting.light).astype(int)
    edge = 3 + round(2 * unit)  # room for the shadow
    y, x = (int(rng.integers(edge, n - side - edge)) for n in image.shape[:2])
    shadow = 1 - 0.3 * cv2.GaussianBlur(alpha, (0, 0), unit)
    image[y + dy : y + dy + side, x + dx : x + dx + side] *= shadow[..., None]
    here = image[y : y + side, x : x + side]
    here += alpha[..., None] * (np.clip(material * _shade(alpha, setting.light), 0, 255) - here)


def _shade(alpha: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Brightness of a bulging surface under a low lamp. Shapes: (S,S) -> (S,S,1) around 1."""
    bulge = cv2.GaussianBlur(alpha, (0, 0), max(1.0, 0.07 * len(alpha)))
    slope = -cv2.Sobel(bulge, cv2.CV_32F, 1, 0) * light[0] - cv2.Sobel(bulge, cv2.CV_32F, 0, 1) * light[1]
    return 1 + 0.32 * (slope / max(float(np.abs(slope).max()), 1e-6))[..., None]


def _softened(texture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(texture.astype(np.float32), (0, 0), TEXEL_BLUR)
