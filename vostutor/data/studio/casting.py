"""Who is in a scene, what each looks like and where each goes.

Every thing draws from a generator of its own, so that a knob that changes one leaves the others as they were.

Letters: N samples of a track, H rows, W columns, S texels of a body.
"""

from dataclasses import replace

import numpy as np

from vostutor.data.studio.bodies import TRAINING, Body, draw_body
from vostutor.data.studio.layers import stand
from vostutor.data.studio.limits import MOST_OBJECTS, MOST_PASSERS
from vostutor.data.studio.motion import clock, crossing, stroll, view, wave
from vostutor.data.studio.recipe import Recipe
from vostutor.data.studio.scene import ANGLE, CLOCK, SIZE, SQUASH, Sheet, Thing, X, Y
from vostutor.data.studio.sprites import DENSITY, Setting, body_texels, dress

LARGEST, LARGEST_TO_CROSS, LARGEST_PASSER = 0.6, 0.3, 0.2  # radius in heights of the frame; two that cross need room
ABREAST = 0.9  # how often a further object rides along with the camera as the first one does
LEAST_RADIUS = 6  # pixels at 96 rows: below it limbs are thinner than what shows
THRONG = 0.12  # by which each object beyond the second makes all of them smaller
STARTS = 6  # places to begin at, of which the one farthest from the others is taken
RIDER = 0.4, 0.75  # radius of a rider, in shares of its mount's
CLEAR = 1.1  # radii apart at both ends of a clip in which something passes in front; 1 would touch
COVER = 1.25  # radius of an occluder, in shares of the reach of what it has to hide
NEARNESS = 1.2, 1.35  # of things: nearer than the ground behind them, and the nearer of two is painted over the other


class Stage:
    """Where things can be put: the setting, the camera's track and the ground, the floor first and what is nearer after it."""

    def __init__(self, setting: Setting, camera: np.ndarray, ground: tuple[Sheet, ...]):
        self.setting, self.camera, self.ground = setting, camera, ground
        self.recipe: Recipe = setting.recipe
        self.diagonal = float(np.hypot(*setting.size))

    def individual(self, rng, category: str, most: float) -> tuple[Body, float]:
        """A body and its radius in pixels, from an area drawn log-uniformly: drawn small to learn how full it is, then at its size."""
        (height, width), (least, largest) = self.setting.size, self.recipe.area
        area = np.exp(rng.uniform(np.log(least), np.log(largest))) / 100 * height * width
        seed = int(rng.integers(2**32))
        fill = draw_body(category, np.random.default_rng(seed), 32, style=self.recipe.shapes).fill
        radius = float(np.clip(np.sqrt(area / (4 * fill)), LEAST_RADIUS * self.setting.unit, most * height))
        return self.body(np.random.default_rng(seed), category, radius), radius

    def body(self, rng, category: str, radius: float) -> Body:
        """A body drawn for its size. Units: radius in pixels."""
        return draw_body(category, rng, body_texels(radius), style=self.recipe.shapes)

    def ground_at(self, start: np.ndarray, nearness: float, texels: int) -> np.ndarray:
        """The ground that the first frame shows behind a thing, of the nearest sheet that covers most of its place. Shapes: (S,S,3)."""
        size = self.setting.size
        seen = view(self.camera[1], nearness, size) @ [*start, 1.0]
        for sheet in reversed(self.ground):
            x, y, scale = np.linalg.inv(view(self.camera[1], sheet.nearness, size)) @ seen
            corner = (np.array([y, x]) / scale - sheet.origin[::-1]) * DENSITY - texels / 2
            if sheet.alpha is None or _cut(sheet.alpha, corner, texels // 2, texels // 4).mean() > 0.5:
                return _cut(sheet.texture, corner, texels)
        raise AssertionError("the floor has no alpha")

    def way(
        self, rng, radius: float, others: list[Thing], time: np.ndarray, nearness: float, ride: float
    ) -> np.ndarray:
        """A way in the world that begins apart from the others: seen from the camera, or at rest on the ground, or between."""
        half = np.array(self.setting.size[::-1]) / 2
        starts = rng.uniform(-1, 1, (STARTS, 2)) * np.maximum(half - 0.75 * radius, 0.15 * half)
        starts *= 0.5 if self.recipe.crossing else 1  # room for two to pass each other
        start = max(starts, key=lambda start: min([_gap(start, other) for other in others], default=0.0))
        spread = np.exp(np.clip(self.recipe.pace_spread * rng.standard_normal(), -2, 1.5))
        pace = self.recipe.pace / 100 * self.diagonal * spread * (rng.random() >= self.recipe.still)
        return self.to_world(stroll(rng, self.setting.size, time, start, pace), nearness, ride)

    def to_world(self, seen: np.ndarray, nearness: float, ride: float) -> np.ndarray:
        """From the middle of the frame to the world, for what rides along with a share of the camera's way. Shapes: (N,2) twice."""
        middle = np.array([(self.setting.size[1] - 1) / 2, (self.setting.size[0] - 1) / 2])
        world = []
        for camera, (x, y) in zip(ride * self.camera, seen + middle, strict=True):
            point = np.linalg.inv(view(camera, nearness, self.setting.size)) @ [x, y, 1]
            world.append(point[:2] / point[2])
        return np.array(world)


def cast_things(stage: Stage, rng: np.random.Generator, twist: np.random.Generator) -> list[Thing]:
    """Who is there, from back to front: objects, a rider, passers-by, and whom the label sends (it draws from `twist`)."""
    recipe, shares = stage.recipe, np.array(stage.recipe.objects)
    company, riding, mounting, passing, *each = rng.spawn(4 + MOST_PASSERS + MOST_OBJECTS)
    passing_by, each = each[:MOST_PASSERS], each[MOST_PASSERS:]
    count = max(int(company.choice(len(shares), p=shares / shares.sum())) + 1, recipe.least_objects)
    ride = recipe.follow * (1 - min(abs(riding.normal(0, 0.25)), 1))
    largest, things = LARGEST / (1 + THRONG * max(count - 2, 0)), []
    for number, own in enumerate(each[:count], 1):
        rides = riding.random() < ABREAST or number == 1
        drifting = twist.spawn(1)[0] if recipe.drift else None
        things.append(make_thing(stage, own, number, things, ride * rides, largest, drifting))
    passers = [
        make_thing(stage, own, 0, things, ride * own.integers(2), LARGEST_PASSER)
        for own in passing_by[: passing.integers(0, recipe.passers + 1)]
    ]
    order = _mounted(stage, mounting, sorted(things + passers, key=lambda thing: thing.nearness), count, twist)
    return _twisted(stage, passing, twist, order, things)


def make_thing(stage: Stage, rng, number: int, others: list[Thing], ride: float, most: float, drifting=None) -> Thing:
    """Somebody new on a way of its own. Units: ride is its share of the camera's way; most in heights of the frame."""
    recipe, setting = stage.recipe, stage.setting
    going, posing, looking, dressing = rng.spawn(4)
    category = str(rng.choice(TRAINING))
    crosses = recipe.crossing and number in (1, 2)
    body, radius = stage.individual(rng, category, LARGEST_TO_CROSS if crosses else most)
    nearness, time = float(rng.uniform(*NEARNESS)), clock(setting.frames, recipe.clock)
    way = stage.way(going, radius, others, time, nearness, ride if recipe.clock else 0.0)
    body, angle = _posture(posing, body, way, time)
    stuff = _stuff(stage, looking, way[1], nearness, body_texels(radius), recipe.camouflage and number > 0)
    links = dress(setting, dressing, body, radius, stuff, angle=angle[1], drifting=drifting)
    track = _track(setting, posing, way, angle, time, radius)
    return Thing(number, category, links, track, nearness, body.beat, _bend(setting, posing, body), body.seat)


def _gap(start: np.ndarray, other: Thing) -> float:
    return float(np.hypot(*(start - other.track[1, :2])) - np.exp(other.track[1, SIZE]))


def _posture(rng, body: Body, way: np.ndarray, time: np.ndarray) -> tuple[Body, np.ndarray]:
    """How it stands on its way: upright bodies keep their feet down and face where they go; others turn. Shapes: angle (N,)."""
    moves, tilt = np.gradient(way, axis=0), wave(rng, time, 0.10, (15, 60))
    backwards, lean = rng.random() < 0.5, rng.standard_normal()
    if body.upright:
        left = moves[:, 0].sum() < 0 if np.abs(moves[:, 0]).sum() > 1 else backwards
        return (body.mirrored(), np.pi + 0.12 * lean + tilt) if left else (body, 0.12 * lean + tilt)
    if body.heads and np.hypot(*moves.T).min() > 1e-3:
        return body, np.unwrap(np.arctan2(moves[:, 1], moves[:, 0])) + 0.5 * tilt
    return body, np.pi * backwards + 0.3 * lean + tilt  # most things are longer than high


def _track(setting: Setting, rng, way, angle, time, radius: float) -> np.ndarray:
    recipe, track = setting.recipe, np.zeros((len(time), 6))
    track[:, [X, Y]], track[:, ANGLE] = way, angle
    growth = recipe.growth * rng.standard_normal() * time / max(setting.frames - 1, 1) + wave(rng, time, 0.03, (10, 40))
    track[:, SIZE] = np.log(radius) + np.clip(growth, -1.6, 0.9)
    track[:, SQUASH] = np.clip(rng.uniform(-0.12, 0.2) + recipe.deform * wave(rng, time, 0.10, (20, 70)), -1.0, 0.25)
    track[:, CLOCK] = time
    return track


def _bend(setting: Setting, rng, body: Body) -> tuple[float, ...]:
    supple = setting.recipe.deform * rng.uniform(0.01, 0.07) * (1 - body.stiffness)
    wave_y, wave_x = rng.uniform(1.5, 4.0, 2)
    return (supple, 0.6 * supple, wave_y, wave_x, rng.uniform(0.1, 0.5), rng.uniform(0, 2 * np.pi))


def _stuff(stage: Stage, rng, start: np.ndarray, nearness: float, texels: int, hidden: bool) -> np.ndarray | None:
    """What an object is cut from when it is not of its own stuff: the ground, there or elsewhere. Shapes: (S,S,3) or None."""
    elsewhere, floor = rng.random() < stage.recipe.same_stuff, stage.ground[0].texture
    corner = rng.integers(0, np.maximum(np.array(floor.shape[:2]) - texels, 0) + 1)
    if stage.setting.sketch or not (hidden or elsewhere):
        return None
    return stage.ground_at(start, nearness, texels) if hidden else _cut(floor, corner, texels)


def _cut(texture: np.ndarray, corner: np.ndarray, side: int, inset: int = 0) -> np.ndarray:
    """A square window, moved to where the texture has one, and mirrored where it is too small. Shapes: (h,w,...) -> (side,side,...)."""
    room = np.maximum(np.array(texture.shape[:2]) - side, 0)
    row, column = np.clip(np.rint(corner + inset), 0, room).astype(int)
    cut = texture[row : row + side, column : column + side]
    missing = [(0, side - length) for length in cut.shape[:2]]
    return np.pad(cut, [*missing, (0, 0)][: cut.ndim], mode="reflect")


def _mounted(stage: Stage, rng, order: list[Thing], count: int, twist) -> list[Thing]:
    """Perhaps the first object carries a rider, who moves with it: under the same number, or as an object of its own."""
    wanted, share, own = rng.random() < stage.recipe.riders, rng.uniform(*RIDER), rng.random() < 0.5
    category, behind, (growing, dressing) = str(rng.choice(TRAINING)), bool(rng.random() < 0.5), rng.spawn(2)
    if not wanted:
        return order
    mount = next(thing for thing in order if thing.number == 1)
    radius = max(share * float(np.exp(mount.track[1, SIZE])), LEAST_RADIUS * stage.setting.unit)
    body = stage.body(growing, category, radius)
    body = body.mirrored() if body.upright and np.cos(mount.track[1, ANGLE]) < 0 else body
    track = mount.track.copy()
    track[:, [X, Y]] = [(stand(row) @ [*mount.seat, 1.0])[:2] for row in mount.track]
    track[:, SIZE] += np.log(radius) - mount.track[1, SIZE]
    number, named = (count + 1, category) if own else (1, mount.category)
    start, texels = mount.track[1, [X, Y]], body_texels(radius)
    stuff = _stuff(stage, growing, start, mount.nearness, texels, stage.recipe.camouflage)
    drifting, angle = twist.spawn(1)[0] if stage.recipe.drift else None, mount.track[1, ANGLE]
    links = dress(stage.setting, dressing, body, radius, stuff, angle=angle, drifting=drifting)
    bend = _bend(stage.setting, growing, body)
    rider = Thing(number, named, links, track, mount.nearness, body.beat, bend, body.seat)
    place = order.index(mount) + (0 if behind else 1)
    return [*order[:place], rider, *order[place:]]


def _twisted(stage: Stage, rng, twist, order: list[Thing], things: list[Thing]) -> list[Thing]:
    """What the label adds, and the occasional passer-by in front."""
    recipe, first = stage.recipe, things[0]
    passes, occluder = rng.random() < recipe.passing, rng.spawn(1)[0]
    if recipe.crossing:
        order = _crossed(twist, order, things)
    if recipe.lookalike:
        beside = next(place for place, thing in enumerate(order) if thing is first) + int(twist.integers(2))
        order.insert(beside, _lookalike(stage, twist, first, things))
    if recipe.occluder:
        return _in_front(order, _occluder(stage, twist, first, cover=COVER))
    if passes and recipe.clock:
        cover, quick = occluder.uniform(0.4, 1.0), occluder.uniform(0.4, 1.2)
        return _in_front(order, _occluder(stage, occluder, first, cover=cover, quick=quick))
    return order


def _in_front(order: list[Thing], new: Thing) -> list[Thing]:
    """The new thing over all that is as near as it is, under what is nearer."""
    place = sum(thing.nearness <= new.nearness for thing in order)
    return [*order[:place], new, *order[place:]]


def _lookalike(stage: Stage, rng, first: Thing, others: list[Thing]) -> Thing:
    """Object 1 once more, unannotated and on a way of its own."""
    radius, track = float(np.exp(first.track[1, SIZE])), first.track.copy()
    track[:, [X, Y]] = stage.way(rng, radius, others, first.track[:, CLOCK], first.nearness, 0.5)
    track[:, ANGLE] += rng.uniform(-0.8, 0.8)
    return replace(first, number=0, track=track)


def _crossed(rng, order: list[Thing], things: list[Thing]) -> list[Thing]:
    """Object 2 goes over or under object 1 in the middle of the clip."""
    first, second = things[0], things[1]
    track = second.track.copy()
    track[:, [X, Y]] = crossing(rng, first.track[:, [X, Y]], 1.05 * (_reach(first) + _reach(second)))
    others, over = [thing for thing in order if thing is not second], int(rng.integers(2))
    place = next(place for place, thing in enumerate(others) if thing is first) + over
    return [*others[:place], replace(second, track=track, nearness=first.nearness), *others[place:]]


def _occluder(stage: Stage, rng, hidden: Thing, *, cover: float, quick: float = 1.0) -> Thing:
    """Something that nobody annotated is over object 1 in the middle of the clip and clear of it at both ends."""
    radius, track = cover * _reach(hidden), np.zeros_like(hidden.track)
    track[:, [X, Y]] = crossing(rng, hidden.track[:, [X, Y]], CLEAR * (radius + _reach(hidden)), quick)
    track[:, SIZE] = np.log(radius)
    links = dress(stage.setting, rng, stage.body(rng, "blob", radius), radius)
    return Thing(0, "blob", links, track, hidden.nearness)


def _reach(thing: Thing) -> float:
    return float(np.exp(thing.track[:, SIZE].max()))
