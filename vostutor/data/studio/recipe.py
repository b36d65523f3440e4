"""What a clip is made of: every knob of the generator with its range, and what each label changes about them.

The numbers follow the statistics of real video where those are known; `benchmarks/transfer.py` says which knobs help a network that
has to work on real video afterwards.
"""

from dataclasses import dataclass, replace

from vostutor.core.errors import SettingsError
from vostutor.data.studio.limits import check_recipe


@dataclass(frozen=True)
class Recipe:
    """The knobs, in the order in which they were expected to matter.

    Units: lengths and speeds in per cent of the frame's diagonal (per tick, which is a frame unless a clock runs faster); strengths
    from 0 (off) on, 1 is the usual.
    Raises: SettingsError for a value outside its limits, which `limits` lists.
    """

    # 1 shapes: part trees with holes and thin things; or Fourier outlines; or simple blobs
    shapes: str = "articulated"
    objects: tuple[float, ...] = (0.35, 0.35, 0.2, 0.1)  # how often one, two, three, four
    area: tuple[float, float] = (2.0, 20.0)  # per cent of the frame, log-uniform
    riders: float = 0.2  # how often the first object carries another
    # 2 a camera that follows, over ground at several depths
    pan: float = 1.1  # median speed of the camera
    pan_spread: float = 0.6  # standard deviation of its logarithm
    sway: float = 1.0  # turning, nearing, leaning and trembling
    follow: float = 0.9  # the share of the camera's way that things ride along with, at most and most often
    sheets: tuple[int, int] = (1, 3)  # of ground in front of the farthest
    # 3 the sensor chain, on the finished frame
    sensor: float = 1.0
    # 4 textures: None is all families
    families: tuple[str, ...] | None = None
    # 5 fast and slow in one set
    pace: float = 0.3
    pace_spread: float = 0.8
    still: float = 0.2  # how often a thing does not move by itself
    # 6 deformation: joints, bending, turning in depth
    deform: float = 1.0
    # 7 what nobody annotated
    clutter: tuple[int, int] = (4, 40)
    passers: int = 1  # moving things without a label, at most
    passing: float = 0.25  # how often something passes in front
    # 8 the shutter stays open for a share U(0, shutter) of the frame, in half of the clips
    shutter: float = 0.7
    # 9 light that changes
    flicker: float = 1.0
    # 10 objects in the colours of their surroundings, with weight U(0, blend)
    blend: float = 0.15
    same_stuff: float = 0.03  # how often an object is cut from what lies around it
    # 11 borders of varied width, shadows of varied softness
    borders: float = 1.0
    # 12 open places and coats of one kind, this often: water, sand, a road to the horizon; a white dog, a black swan
    calm: float = 0.75
    # what labels add
    clock: float = 1.0  # how fast the objects live
    camera_clock: float = 1.0
    drift: float = 0.0  # share of the new texture in the last frame
    growth: float = 0.18  # standard deviation of the logarithm of the size, over a clip
    lookalike: bool = False
    occluder: bool = False
    camouflage: bool = False
    crossing: bool = False
    least_objects: int = 1
    texture_blur: float = 0.33  # texels, 0 for none; what is finer than a pixel flickers as it moves

    def __post_init__(self):
        check_recipe(self)


PLAIN = Recipe()
RECIPES = {
    "plain": PLAIN,
    "drift": replace(PLAIN, drift=0.6),
    "occlusion": replace(PLAIN, occluder=True),
    "distractor": replace(PLAIN, lookalike=True),
    "static": replace(PLAIN, clock=0.0, follow=0.0, camera_clock=1.5),
    "camouflage": replace(PLAIN, camouflage=True),
    "camera": replace(PLAIN, camera_clock=3.0),
    "fast": replace(PLAIN, clock=4.0),
    "scale": replace(PLAIN, growth=1.0),
    "deformation": replace(PLAIN, deform=4.0),
    "crossing": replace(PLAIN, crossing=True, least_objects=2),
    "multi-object": replace(PLAIN, least_objects=4),
}
EASY = replace(  # one or two things in an open place: what a border is
    PLAIN, objects=(0.6, 0.4), area=(2.5, 12.0), sheets=(0, 0), calm=1.0, blend=0.0, same_stuff=0.0, clutter=(0, 3), passers=0, passing=0.0
)  # fmt: skip

BARE = Recipe(
    shapes="simple", riders=0.0, follow=0.0, sheets=(0, 0), sensor=0.0, families=("photo", "noise"), pace_spread=0.3, still=0.0,
    deform=0.4, clutter=(0, 0), passers=0, passing=0.0, shutter=0.0, flicker=0.0, blend=0.0, same_stuff=0.0, borders=0.0, calm=0.0,
)  # fmt: skip
KNOBS = {  # the experiment turns them on in this order, each on top of those before
    "shapes": ("shapes", "riders"),
    "camera": ("follow", "sheets"),
    "sensor": ("sensor",),
    "textures": ("families",),
    "speeds": ("pace_spread", "still"),
    "deformation": ("deform",),
    "clutter": ("clutter", "passers", "passing"),
    "shutter": ("shutter",),
    "light": ("flicker",),
    "colours": ("blend", "same_stuff"),
    "borders": ("borders",),
    "calm": ("calm",),
}


def rung(knob: str | None) -> Recipe:
    """The bare recipe with all knobs up to this one turned on; all of them together are PLAIN.

    Raises: SettingsError for a knob that is none.

    >>> rung(None) == BARE, rung("calm") == PLAIN
    (True, True)
    """
    if knob is not None and knob not in KNOBS:
        raise SettingsError(expected=f"a knob: {', '.join(KNOBS)}", got=repr(knob), try_this='rung("shapes")')
    recipe = BARE
    for name, fields in KNOBS.items():
        if knob is None:
            break
        recipe = replace(recipe, **{field: getattr(PLAIN, field) for field in fields})
        if name == knob:
            break
    return recipe
