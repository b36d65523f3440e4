"""What lesson 04 quotes: what one annotated frame, more of them, instances and learning on the way are worth, on minivos and on real video.

Every set and seed, and every system on a real sequence, is a piece whose rows are kept under build/claims/04, in a folder that is named
by the hash of what decides them: sources, recipe, the parent's weights. So an interrupted `vostutor claims 04` goes on, and nothing
stale is taken for current. A seed draws clips and the chances of fine-tuning; the parent is always the shipped one, so the verdicts
speak of it, and one clip is one trial. The sets are those of course/one_shot_clips.py, the figures those of course/one_shot_rows.py and
course/one_shot_real.py.

Reading order: measure; verdicts, which reads stored rows and trains nothing.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from vostutor.course.claims import Claims, sources_hash
from vostutor.course.trials import kept_rows
from vostutor.course.verdicts import FAILS, HOLDS, paired_row

# The files that decide the figures; of a folder all of its modules.
SOURCES = (
    "course/one_shot_clips.py",
    "course/one_shot_rows.py",
    "course/one_shot_systems.py",
    "course/one_shot_real.py",
    "course/flow_rows.py::Shrunk",
    "course/flow_rows.py::shrunk",
    "data/augment.py",
    "data/davis.py",
    "data/foreground.py::change_masked",
    "data/frames.py",
    "data/instances.py",
    "data/minivos.py",
    "data/palette.py",
    "data/studio",
    "engine/evaluate.py",
    "engine/infer.py",
    "engine/one_shot.py::PAIR",
    "engine/scaled.py",
    "losses.py::balanced_bce",
    "losses.py::bootstrapped_ce",
    "metrics/contour.py",
    "metrics/davis.py",
    "metrics/region.py",
    "metrics/regions.py",
    "metrics/summary.py",
    "models/baselines.py",
    "models/onavos.py",
    "models/osvos.py",
    "models/osvos_s.py",
    "nn/instances.py",
    "nn/one_by_one.py",
    "ops/dis.py",
    "ops/distance.py",
    "ops/grid.py",
    "ops/masks.py::erode",
    "ops/masks.py::object_order",
    "ops/masks.py::one_hot",
    "ops/masks.py::to_ids",
    "ops/objects.py",
    "ops/superpixels.py",
    "ops/upsampling.py",
    "ops/warp.py",
)
KEPT = Path("build/claims/04")
PARENT = "parent"
NO_GAIN = 0.03  # of J: what counts as no better on plain clips; chosen before measuring


def measure(
    *, data_root: Path | None = None, seeds: int = 5, workers: int | None = None, kept: Path | str = KEPT, recipe=None
) -> Iterator[dict]:
    """A row that names the parent's weights; one for each clip and system; with a data_root also for each of its sequences and system.

    Raises: SettingsError for less than one seed; DataError for a root that is not there, or without a parent, before anything is tried.
    """
    from vostutor.course.one_shot_rows import Recipe, jobs
    from vostutor.data.davis import DavisRoot

    root, recipe = DavisRoot(Path(data_root), year=2016) if data_root else None, recipe or Recipe()
    return _measured(root, jobs(seeds), workers, Path(kept), recipe, weights_hash(recipe.parent()))


def _measured(root, planned: list[tuple], workers: int | None, kept: Path, recipe, weights: str) -> Iterator[dict]:
    from rich.progress import track

    from vostutor.course import one_shot_real, one_shot_rows

    place = folder(kept, recipe, weights)
    yield {"set": PARENT, "weights": weights}
    pieces = [(partial(one_shot_rows.trial, recipe=recipe), planned, "clips")]
    if root:
        work = partial(one_shot_real.trial, folder=root.root, recipe=recipe)
        pieces.append((work, one_shot_real.jobs(root), "real video"))
    for work, jobs, what in pieces:
        found = kept_rows(work, jobs, place, workers=workers)
        for some in track(found, description=what, total=len(jobs)):
            yield from some
    if root:
        yield from one_shot_real.published(root)


def folder(kept: Path, recipe, weights: str) -> Path:
    """Where rows lie: other sources, another recipe or another parent are another folder."""
    from dataclasses import fields
    from hashlib import sha256

    asked = [
        getattr(recipe, field.name) for field in fields(recipe) if field.name != "parent"
    ]  # its weights speak for it
    return kept / f"{sources_hash(SOURCES)[:12]}-{sha256(repr((asked, weights)).encode()).hexdigest()[:8]}"


def weights_hash(network) -> str:
    """The beginning of a SHA-256 over all weights of a network.

    >>> from torch import nn
    >>> layer = nn.Linear(2, 1)
    >>> before, _ = weights_hash(layer), nn.init.ones_(layer.weight)
    >>> len(before), before == weights_hash(layer)
    (12, False)
    """
    from hashlib import sha256

    digest = sha256()
    for name, weight in sorted(network.state_dict().items()):
        digest.update(name.encode() + weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def verdicts(claims: Claims) -> list[dict]:
    """A row for each claim: means, standard errors, paired difference over clips, verdict.

    K1 fine-tuning beats the parent, which cannot know which of two objects is meant. K2 a parent beats none. K3 a second annotated frame
    helps, and the fifth helps less. K4 the order of frames changes nothing for OSVOS, and it finds again what was hidden. K5 a look-alike
    that comes late fools it, and a second annotation repairs that. K6 instances help beside a look-alike. K7 OnAVOS beats OSVOS where
    looks drift, not where they do not, and takes less of a late look-alike. K8 it needs the first frame. K9 its negatives matter more
    than its positives.
    """
    from vostutor.course import one_shot_clips as clips

    on = {name: partial(figures, claims, set=name) for name in clips.SETS}
    told = [*_of_one_frame(on[clips.PAIRS], on[clips.ALONE]), *_of_order(claims, on[clips.OCCLUSION])]
    told += [*_of_look_alikes(on[clips.TWIN], on[clips.DISTRACTOR])]
    return told + [*_of_adapting(on[clips.DRIFT], on[clips.PLAINLY], on[clips.DISTRACTOR])]


def _of_one_frame(pairs, alone) -> Iterator[dict]:
    one, two, four, five = (pairs("J", f"OSVOS{more}") for more in ("", *(f", {n} annotated" for n in (2, 4, 5))))
    yield row(
        "K1",
        "fine-tuning beats the parent alone, one of two objects meant",
        ("OSVOS", one),
        ("parent", pairs("J", "parent")),
    )
    half = "parent from one half on"
    yield row(
        "K1, half", "also where the parent's answer counts from one half on", ("OSVOS", one), (half, pairs("J", half))
    )
    lone = {name: alone("J", name) for name in ("OSVOS", "parent")}
    yield row("K1, alone", "also with a single object, which the parent can know", *lone.items())
    yield row(
        "K2", "with a parent is better than from nothing", ("OSVOS", one), ("from nothing", pairs("J", "from nothing"))
    )
    snapped = "OSVOS, snapped"
    yield row(
        "K1, snapped", "snapping to superpixels gains J", (snapped, alone("J", snapped)), ("OSVOS", lone["OSVOS"])
    )
    longer = "from nothing, longer"
    yield row("K2, longer", "also where nothing may learn longer", ("OSVOS", one), (longer, pairs("J", longer)))
    yield row("K3", "a second annotated frame helps", ("two", two), ("one", one))
    second, fifth = ("gain of the second", minus(two, one)), ("gain of the fifth", minus(five, four))
    yield row("K3, saturates", "the fifth annotated frame helps less than the second", second, fifth)


def _of_order(claims: Claims, occluded) -> Iterator[dict]:
    differing = [told["differing"] for told in claims.where(system="OSVOS, shuffled")]
    if differing:
        yield {
            "claim": "K4, order", "says": "the order of the frames does not change a pixel", "means": {}, "errors": {},
            "difference": sum(differing), "se": None, "clips": len(differing), "verdict": FAILS if any(differing) else HOLDS,
        }  # fmt: skip
    after = {name: occluded("late", name) for name in ("OSVOS", "DIS warp")}
    yield row("K4", "what was hidden is found again, where warping has lost it", *after.items())


def _of_look_alikes(twin, distractor) -> Iterator[dict]:
    one, two, none = ("OSVOS", "OSVOS, 2 annotated", "OSVOS, no twin")
    yield row("K5", "a late look-alike costs J", (none, twin("late", none)), (one, twin("late", one)))
    taken = {name: twin("taken", name) for name in (one, two)}
    yield row("K5, taken", "a second annotation leaves less of the look-alike taken for the object", *taken.items())
    yield row("K5, repaired", "a second annotation gives J back", (two, twin("late", two)), (one, twin("late", one)))
    prior, none = (twin("late", name) for name in ("OSVOS-S", "OSVOS-S, no instances"))
    late = "OSVOS-S beats OSVOS where the look-alike comes late"
    yield row("K6, late", late, ("OSVOS-S", prior), (one, twin("late", one)))
    yield row("K6, late instances", "and itself without instances", ("OSVOS-S", prior), ("no instances", none))
    less = "OnAVOS takes less of a late look-alike for the object than OSVOS"
    yield row("K7, twin", less, ("OSVOS", taken[one]), ("OnAVOS", twin("taken", "OnAVOS")))
    seen = {name: distractor("J", name) for name in ("OSVOS-S", "OSVOS", "OSVOS-S, no instances")}
    prior, plain, blind = seen.items()
    yield row("K6", "OSVOS-S beats OSVOS beside a look-alike", prior, plain)
    yield row("K6, instances", "and itself without instances", prior, blind)


def _of_adapting(drift, plain, distractor) -> Iterator[dict]:
    late = {name: drift("late", name) for name in ("OnAVOS", "OSVOS", "OnAVOS, frozen")}
    adapting, one, frozen = late.items()
    yield row("K7", "under drift OnAVOS beats OSVOS in the last quarter", adapting, one)
    yield row("K7, frozen", "and itself without adapting", adapting, frozen)
    then = "OSVOS, then adapting"
    yield row("K7, same start", "also where it goes on from the network of OSVOS", (then, drift("late", then)), one)
    free = "OnAVOS, no guard"
    yield row("K7, guard", "and itself without the guard", adapting, (free, drift("late", free)))
    gain = minus(plain("late", "OnAVOS"), plain("late", "OSVOS"))
    bound = dict.fromkeys(gain, NO_GAIN)
    yield row(
        "K7, plain", f"on plain clips it gains less than {NO_GAIN}", ("bound", bound), ("gain on plain clips", gain)
    )
    for more, name in (("", "OnAVOS, no first frame"), (", one step", "OnAVOS, no first frame, one step")):
        yield row(f"K8{more}", "without the first frame it is worse", adapting, (name, drift("late", name)))
    for where, told, part in (("", drift, "late"), (", look-alike", distractor, "J")):
        both = {name: told(part, f"OnAVOS, {name}") for name in ("negatives only", "positives only")}
        yield row(f"K9{where}", "negatives alone are better than positives alone", *both.items())


def row(claim: str, says: str, higher: tuple[str, Mapping], lower: tuple[str, Mapping]) -> dict:
    """A row of the table of verdicts, paired by clip."""
    told = paired_row(claim, says, higher, lower)
    return {("clips" if key == "seeds" else key): value for key, value in told.items()}


def figures(claims: Claims, measure: str, system: str, **wanted) -> dict[tuple[int, int], float]:
    """A figure of a system for each seed and clip.

    >>> rows = ({"set": "drift", "system": "OSVOS", "seed": 1, "clip": 0, "late": 0.5},)
    >>> figures(Claims("04", rows, {}), "late", "OSVOS", set="drift")
    {(1, 0): 0.5}
    """
    return {(told["seed"], told["clip"]): told[measure] for told in claims.where(system=system, **wanted)}


def minus(one: Mapping, other: Mapping) -> dict:
    """The differences of figures that are paired.

    >>> minus({(0, 0): 0.75}, {(0, 0): 0.5})
    {(0, 0): 0.25}
    """
    return {key: one[key] - other[key] for key in one.keys() & other.keys()}
