"""Casting and staging: from a recipe and a seed to a scene in which everything is decided.

A label changes one thing about a scene: what it adds draws from generators of its own, so that one seed under two labels is a fair pair.

Letters: T frames, N samples of a track, H rows, W columns. `unit` is the length that is one pixel at 96 rows.
"""

from dataclasses import replace

import numpy as np

from vostutor.data.studio.bodies import TRAINING, Body, draw_body
from vostutor.data.studio.layers import stand
from vostutor.data.studio.motion import camera_track, clock, crossing, stroll, view, wave
from vostutor.data.studio.recipe import Recipe
from vostutor.data.studio.scene import ANGLE, CLOCK, SIZE, SQUASH, Scene, Shadow, Sheet, Thing, X, Y
from vostutor.data.studio.sensor import draw_sensor
from vostutor.data.studio.sprites import DENSITY, Setting, body_texels, branches, dress, floor, hill
from vostutor.data.studio.surfaces import colour_statistics, random_colour

LARGEST, LARGEST_TO_HIDE, LARGEST_PASSER = 0.6, 0.3, 0.2  # radius in heights of the frame
GROUND_CHROMA = 45.0  # earth, stone and grass are duller than what crawls on them


def compose(recipe: Recipe, rng: np.random.Generator, size: tuple[int, int], frames: int) -> Scene:
    """A scene in which everything is decided.

    >>> from vostutor.data.studio.recipe import PLAIN
    >>> scene = compose(PLAIN, np.random.default_rng(0), (96, 160), 4)
    >>> scene.camera.shape, 1 in scene.objects
    ((6, 6), True)
    """
    place, cast, hand, lens, depth, twist = rng.spawn(6)
    setting = _setting(recipe, place, size, frames)
    leaves = place.integers(recipe.clutter[0], recipe.clutter[1] + 1) if recipe.clutter[1] else 0
    camera = _camera(setting, hand)
    back = floor(setting, place, int(leaves))
    setting = replace(setting, surroundings=colour_statistics(back.texture))
    stage = _Stage(setting, camera, back)
    things = _cast(stage, cast, twist)
    behind, front = _sheets(setting, depth, int(leaves))
    diagonal_open = lens.uniform(0, recipe.shutter) * (lens.random() < 0.5) if recipe.shutter else 0.0
    return Scene(
        size=size,
        frames=frames,
        camera=camera,
        stack=(back, *behind, *things, *front),
        shadow=_shadow(setting, lens),
        drift=recipe.drift * np.clip(np.arange(-1.0, frames + 1) / max(frames - 1, 1), 0, 1) if recipe.drift else None,
        shutter=float(diagonal_open),
        sensor=draw_sensor(lens, size, frames, strength=recipe.sensor, flicker=recipe.flicker),
    )


def _setting(recipe: Recipe, rng, size, frames) -> Setting:
    lamp = rng.uniform(0, 2 * np.pi)
    light = np.array([np.cos(lamp), np.sin(lamp)])
    return Setting(recipe, size, frames, min(size[0], 0.6 * size[1]) / 96, random_colour(rng, GROUND_CHROMA), light)


def _camera(setting: Setting, rng) -> np.ndarray:
    recipe, diagonal = setting.recipe, np.hypot(*setting.size)
    pan = recipe.pan / 100 * diagonal * np.exp(np.clip(recipe.pan_spread * rng.standard_normal(), -2, 1.3))
    time = clock(setting.frames, recipe.camera_clock)
    return camera_track(rng, setting.size, time, pan, recipe.sway, setting.unit)


def _shadow(setting: Setting, rng) -> Shadow:
    height, strength = rng.uniform(1.0, 4) * setting.unit, rng.uniform(0.15, 0.5) * (rng.random() < 0.5)
    shift_x, shift_y = np.rint(-height * setting.light).astype(int).tolist()
    return Shadow((shift_x, shift_y), float(height * rng.uniform(0.3, 0.9)), float(strength))


def _sheets(setting: Setting, rng, leaves: int) -> tuple[list[Sheet], list[Sheet]]:
    """Nearer ground behind the things, and perhaps leaves in front of them."""
    least, most = setting.recipe.sheets
    count, behind, front = int(rng.integers(least, most + 1)), [], []
    for nearness in np.sort(rng.uniform(1.06, 1.3, count)):
        if len(behind) < 2 and rng.random() < 0.75:
            behind.append(hill(setting, rng, float(nearness), leaves // 3))
        elif not front and setting.recipe.clutter[1]:
            front.append(branches(setting, rng, float(nearness + 0.2), int(rng.integers(2, 9))))
    return behind, front


class _Stage:
    """Where things can be put: the setting, the camera's track and the floor."""

    def __init__(self, setting: Setting, camera: np.ndarray, back: Sheet):
        self.setting, self.camera, self.back = setting, camera, back
        self.diagonal = float(np.hypot(*setting.size))

    def individual(self, rng, category: str, most: float = LARGEST) -> tuple[Body, float]:
        """A body and its radius in pixels, from an area drawn log-uniformly: drawn small to learn how full it is, then at its size."""
        (height, width), (least, largest) = self.setting.size, self.setting.recipe.area
        area = np.exp(rng.uniform(np.log(least), np.log(largest))) / 100 * height * width
        first = int(rng.integers(2**32))
        fill = draw_body(category, np.random.default_rng(first), 32, style=self.setting.recipe.shapes).fill
        radius = float(np.clip(np.sqrt(area / (4 * fill)), 6 * self.setting.unit, most * height))
        return self.body(np.random.default_rng(first), category, radius), radius

    def body(self, rng, category: str, radius: float) -> Body:
        """A body drawn for its size. Units: radius in pixels."""
        return draw_body(category, rng, body_texels(radius), style=self.setting.recipe.shapes)

    def way(self, rng, radius: float, others: list[Thing], time: np.ndarray, nearness: float, ride: float):
        """A way in the world that begins apart from the others: seen from the camera, or at rest on the ground, or between."""
        setting, recipe = self.setting, self.setting.recipe
        half = np.array(setting.size[::-1]) / 2
        starts = rng.uniform(-1, 1, (6, 2)) * np.maximum(half - 0.75 * radius, 0.15 * half)
        starts *= 0.5 if recipe.crossing else 1  # room for two to pass each other
        gaps = [
            min(
                [np.hypot(*(start - other.track[1, :2])) - np.exp(other.track[1, SIZE]) for other in others],
                default=0.0,
            )
            for start in starts
        ]
        pace = recipe.pace / 100 * self.diagonal * np.exp(np.clip(recipe.pace_spread * rng.standard_normal(), -2, 1.5))
        pace *= rng.random() >= recipe.still
        seen = stroll(rng, setting.size, time, starts[int(np.argmax(gaps))], pace)
        return self.to_world(seen, nearness, ride)

    def to_world(self, seen: np.ndarray, nearness: float, ride: float) -> np.ndarray:
        """From the middle of the frame to the world, for what rides along with a share of the camera's way. Shapes: (N,2) twice."""
        middle = np.array([(self.setting.size[1] - 1) / 2, (self.setting.size[0] - 1) / 2])
        world = []
        for camera, (x, y) in zip(ride * self.camera, seen + middle, strict=True):
            point = np.linalg.inv(view(camera, nearness, self.setting.size)) @ [x, y, 1]
            world.append(point[:2] / point[2])
        return np.array(world)


def _cast(stage: _Stage, rng, twist) -> list[Thing]:
    """Who is there, from back to front: objects, passers-by, and whom the label sends."""
    recipe = stage.setting.recipe
    count = max(
        int(rng.choice(len(recipe.objects), p=np.array(recipe.objects) / sum(recipe.objects))) + 1, recipe.least_objects
    )
    ride = recipe.follow * (1 - min(abs(rng.normal(0, 0.35)), 1))
    things: list[Thing] = []
    for number in range(1, count + 1):
        crowd = 1 + 0.12 * max(count - 2, 0)
        things.append(
            _thing(
                stage, rng, twist, number, things, ride if number == 1 or rng.random() < 0.75 else 0.0, LARGEST / crowd
            )
        )
    passers = int(rng.integers(0, recipe.passers + 1)) if recipe.passers else 0
    extra = [_thing(stage, rng, None, 0, things, ride * rng.integers(2), LARGEST_PASSER) for _ in range(passers)]
    order = [(things + extra)[i] for i in rng.permutation(count + passers)]
    order = _mounted(stage, rng, order, count)
    return _twisted(stage, rng, twist, order, things)


def _twisted(stage: _Stage, rng, twist, order: list[Thing], things: list[Thing]) -> list[Thing]:
    """What the label adds, and the occasional passer-by in front."""
    recipe, first = stage.setting.recipe, things[0]
    passes = rng.random() < recipe.passing
    occluder = rng.spawn(1)[0]
    if recipe.crossing:
        order = _crossed(stage, twist, order, things)
    if recipe.lookalike:
        order.insert(int(twist.integers(len(order) + 1)), _lookalike(stage, twist, first, things))
    if recipe.occluder:
        order.append(_occluder(stage, twist, first, cover=1.25))
    elif passes:
        order.append(
            _occluder(stage, occluder, first, cover=occluder.uniform(0.4, 1.0), quick=occluder.uniform(0.4, 1.2))
        )
    return order


def _thing(stage: _Stage, rng, twist, number: int, others: list[Thing], ride: float, most: float) -> Thing:
    setting, recipe = stage.setting, stage.setting.recipe
    category = str(rng.choice(TRAINING))
    most = LARGEST_TO_HIDE if (number == 1 and recipe.occluder) or (number <= 2 and recipe.crossing) else most
    (body, radius), nearness = stage.individual(rng, category, most), float(rng.uniform(1.0, 1.25))
    time = clock(setting.frames, recipe.clock)
    way = stage.way(rng, radius, others, time, nearness, ride if recipe.clock else 0.0)
    body, angle = _posture(rng, body, way, time)
    track = _track(setting, rng, way, angle, time, radius)
    stuff = _stuff(stage, rng, way[1], body_texels(radius), recipe.camouflage and number > 0)
    drifting = twist.spawn(1)[0] if recipe.drift and number and twist is not None else None
    links = dress(setting, rng, body, radius, stuff, drifting=drifting)
    links = tuple(replace(link, swing=0.6 * recipe.deform**0.6 * link.swing) for link in links)
    return Thing(number, category, links, track, nearness, body.beat, _bend(setting, rng, body))


def _posture(rng, body: Body, way: np.ndarray, time: np.ndarray) -> tuple[Body, np.ndarray]:
    """How it stands on its way: upright bodies keep their feet down and face where they go; others turn. Shapes: angle (N,)."""
    moves = np.gradient(way, axis=0)
    tilt = wave(rng, time, 0.10, (15, 60))
    if body.upright:
        left = moves[:, 0].sum() < 0 if np.abs(moves[:, 0]).sum() > 1 else rng.random() < 0.5
        return (body.mirrored(), np.pi + tilt) if left else (body, rng.normal(0, 0.12) + tilt)
    if body.heads and np.hypot(*moves.T).min() > 1e-3:
        return body, np.unwrap(np.arctan2(moves[:, 1], moves[:, 0])) + 0.5 * tilt
    return body, rng.choice([0, np.pi]) + rng.normal(0, 0.3) + tilt  # most things are longer than high


def _track(setting: Setting, rng, way, angle, time, radius: float) -> np.ndarray:
    recipe, track = setting.recipe, np.zeros((len(time), 6))
    track[:, [X, Y]], track[:, ANGLE] = way, angle
    growth = recipe.growth * rng.standard_normal() * time / max(setting.frames - 1, 1) + wave(rng, time, 0.03, (10, 40))
    track[:, SIZE] = np.log(radius) + np.clip(growth, -1.6, 0.9)
    track[:, SQUASH] = np.clip(rng.uniform(-0.2, 0.1) + recipe.deform * wave(rng, time, 0.10, (20, 70)), -1.0, 0.25)
    track[:, CLOCK] = time
    return track


def _bend(setting: Setting, rng, body: Body) -> tuple[float, ...]:
    supple = setting.recipe.deform * rng.uniform(0.01, 0.07) * (1 - body.stiffness)
    wave_y, wave_x = rng.uniform(1.5, 4.0, 2)
    return (supple, 0.6 * supple, wave_y, wave_x, rng.uniform(0.1, 0.5), rng.uniform(0, 2 * np.pi))


def _stuff(stage: _Stage, rng, start: np.ndarray, texels: int, hidden: bool):
    """What an object is cut from when it is not of its own stuff: the ground, there or elsewhere. Shapes: (S,S,3) or None."""
    elsewhere = rng.random() < stage.setting.recipe.same_stuff
    image = stage.back.texture
    height, width = image.shape[:2]
    corner = rng.integers(0, [max(height - texels, 1), max(width - texels, 1)])
    if not hidden and not elsewhere:
        return None
    if hidden:
        x, y = (start - stage.back.origin) * DENSITY - texels / 2
        corner = np.clip(np.rint([y, x]), 0, [max(height - texels, 0), max(width - texels, 0)]).astype(int)
    cut = image[corner[0] : corner[0] + texels, corner[1] : corner[1] + texels]
    missing = texels - np.array(cut.shape[:2])
    return np.pad(cut, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="reflect")


def _mounted(stage: _Stage, rng, order: list[Thing], count: int) -> list[Thing]:
    """Perhaps the first object carries a rider, who moves with it: under the same number, or as an object of its own."""
    recipe = stage.setting.recipe
    if rng.random() >= recipe.riders:
        return order
    mount = next(thing for thing in order if thing.number == 1)
    category, share = str(rng.choice(TRAINING)), rng.uniform(0.4, 0.75)
    radius = max(share * float(np.exp(mount.track[1, SIZE])), 4 * stage.setting.unit)
    body = stage.body(rng, category, radius)
    track = mount.track.copy()
    seat = np.array([rng.uniform(-0.3, 0.3), rng.uniform(-0.5, -0.1), 1.0])
    track[:, [X, Y]] = [(stand(row) @ seat)[:2] for row in mount.track]
    track[:, SIZE] += np.log(radius) - mount.track[1, SIZE]
    number = 1 if rng.random() < 0.5 else count + 1
    named = mount.category if number == 1 else category
    rider = Thing(
        number,
        named,
        dress(stage.setting, rng, body, radius),
        track,
        mount.nearness,
        body.beat,
        _bend(stage.setting, rng, body),
    )
    place = order.index(mount) + int(rng.integers(2))
    return [*order[:place], rider, *order[place:]]


def _lookalike(stage: _Stage, rng, first: Thing, others: list[Thing]) -> Thing:
    """Object 1 once more, unannotated and on a way of its own."""
    time = first.track[:, CLOCK]
    way = stage.way(rng, float(np.exp(first.track[1, SIZE])), others, time, first.nearness, 0.5)
    track = first.track.copy()
    track[:, [X, Y]] = way
    track[:, ANGLE] += rng.uniform(-0.8, 0.8)
    return replace(first, number=0, track=track)


def _crossed(stage: _Stage, rng, order: list[Thing], things: list[Thing]) -> list[Thing]:
    """Object 2 goes over or under object 1 in the middle of the clip."""
    first, second = things[0], things[1]
    distance = 1.05 * float(np.exp(first.track[:, SIZE].max()) + np.exp(second.track[:, SIZE].max()))
    track = second.track.copy()
    track[:, [X, Y]] = crossing(rng, first.track[:, [X, Y]], distance)
    return [replace(thing, track=track, nearness=first.nearness) if thing is second else thing for thing in order]


def _occluder(stage: _Stage, rng, hidden: Thing, *, cover: float, quick: float = 1.0) -> Thing:
    """Something that nobody annotated is over object 1 in the middle of the clip and clear of it at both ends."""
    radius = cover * float(np.exp(hidden.track[:, SIZE].max()))
    body = stage.body(rng, "blob", radius)
    track = np.zeros_like(hidden.track)
    way = crossing(rng, hidden.track[:, [X, Y]], 1.1 * (radius + float(np.exp(hidden.track[:, SIZE].max()))), quick)
    track[:, [X, Y]], track[:, SIZE] = way, np.log(radius)
    return Thing(0, "blob", dress(stage.setting, rng, body, radius), track, hidden.nearness)
