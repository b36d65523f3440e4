"""What stands in a scene, and how it moves: plain data that the renderers draw.

Letters: T frames, N samples of a track (T+2: one before the first frame, one after the last), h, w texels.
World coordinates are pixels of the first view, x right, y down, (0, 0) in its middle.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from vostutor.data.studio.sensor import Sensor

X, Y, ANGLE, SIZE, SQUASH, CLOCK = range(6)  # columns of a thing's track


@dataclass(frozen=True, eq=False)
class Sheet:
    """Ground at one depth: the floor, or a hill, a wall, a row of leaves in front of it. Mirrored where it ends.

    Shapes: texture float32 (h,w,3) 0..255, alpha float32 (h,w) 0..1, or None when nothing shines through.
    Units: origin is where the middle of the first texel lies in the world, density counts texels per pixel, nearness is how much
    faster it passes than what lies at depth 1.
    """

    texture: np.ndarray
    alpha: np.ndarray | None
    origin: tuple[float, float]
    density: float
    nearness: float


@dataclass(frozen=True, eq=False)
class Link:
    """A stiff textured part of a thing, in the thing's coordinates (its body fills the unit disk).

    Shapes: texture float32 (h,w,3), alpha float32 (h,w); later is the texture after drifting, or None.
    Units: swing and phase in radians, spin in radians per tick; parent counts links, -1 is the body itself.
    """

    texture: np.ndarray
    alpha: np.ndarray
    origin: tuple[float, float]
    density: float
    later: np.ndarray | None = None
    parent: int = -1
    pivot: tuple[float, float] = (0.0, 0.0)
    swing: float = 0.0
    phase: float = 0.0
    spin: float = 0.0


@dataclass(frozen=True, eq=False)
class Thing:
    """Something that moves by itself: an annotated object (number 1, 2, ...) or one that nobody annotated (number 0).

    Shapes: track (N,6): x, y in world pixels, angle, logarithm of the radius in pixels, logarithm of how much turning in depth
    shortens it, clock of its limbs. bend holds two amplitudes, two waves, a rate and a phase; links are in painting order.
    """

    number: int
    category: str
    links: tuple[Link, ...]
    track: np.ndarray
    nearness: float = 1.0
    beat: float = 0.0  # cycles per tick
    bend: tuple[float, ...] = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
    seat: tuple[float, float] = (0.0, -0.3)  # where another can sit, in body coordinates

    @cached_property
    def parents_first(self) -> list[int]:
        """The links, each after the one that it hangs on, which may be painted later."""

        def depth(index: int) -> int:
            return 0 if index < 0 else 1 + depth(self.links[index].parent)

        return sorted(range(len(self.links)), key=depth)

    @cached_property
    def extents(self) -> tuple[np.ndarray, np.ndarray]:
        """Middle and half the extent of what each link can cover at rest, as far as its last texel fades. Shapes: (L,2), (L,2)."""
        low = np.array([np.subtract(link.origin, 1 / link.density) for link in self.links])
        sides = np.array([np.add(link.alpha.shape[::-1], 1) / link.density for link in self.links])
        return low + sides / 2, sides / 2

    @cached_property
    def rulers(self) -> tuple[np.ndarray, np.ndarray]:
        """Density and origin of each link's texels. Shapes: (L,1,1), (L,2)."""
        return np.array([[[link.density]] for link in self.links]), np.array([link.origin for link in self.links])


@dataclass(frozen=True)
class Shadow:
    """What a thing casts on what lies behind it. Units: shift and softness in pixels; strength 0..1."""

    shift: tuple[int, int] = (0, 0)
    softness: float = 1.0
    strength: float = 0.0

    @property
    def reach(self) -> int:
        """How many pixels the blur of its outline goes."""
        return int(2 * self.softness) + 1

    @property
    def margin(self) -> tuple[int, int]:
        """How many rows and columns out of the frame something can stand and still darken it.

        >>> Shadow((3, -1), softness=1.3, strength=0.5).margin
        (4, 6)
        """
        dx, dy = self.shift
        return (self.reach + abs(dy), self.reach + abs(dx)) if self.strength else (0, 0)


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that a renderer needs. Shapes: camera (N,6), drift (N,). Units: shutter is the share of a frame that it is open."""

    size: tuple[int, int]
    frames: int
    camera: np.ndarray
    stack: tuple[Sheet | Thing, ...]  # from back to front; the first is the floor
    shadow: Shadow = field(default_factory=Shadow)
    drift: np.ndarray | None = None
    shutter: float = 0.0
    sensor: Sensor | None = None

    @property
    def things(self) -> tuple[Thing, ...]:
        """What moves by itself, from back to front."""
        return tuple(part for part in self.stack if isinstance(part, Thing))

    @property
    def numbers(self) -> np.ndarray:
        """Which object each layer belongs to, 0 for none: one layer a sheet, one a link. Shapes: uint8 (layers,)."""
        layers = [[0] if isinstance(part, Sheet) else [part.number] * len(part.links) for part in self.stack]
        return np.array(sum(layers, []), np.uint8)

    @property
    def objects(self) -> dict[int, str]:
        """The annotated objects and their categories, ascending."""
        named = {}
        for thing in self.things:
            named.setdefault(thing.number, thing.category)
        return dict(sorted((number, category) for number, category in named.items() if number))
