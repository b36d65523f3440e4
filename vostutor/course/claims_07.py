"""What lesson 07 quotes: what each cue of FEELVOS is worth, in networks trained without it; what PML goes by; both on real video.

Every variant and seed keeps its checkpoint and its rows under build/claims/07, in folders that are named by the hash of what decides
them, so an interrupted `vostutor claims 07` goes on, and nothing stale is taken for current. The networks are those of
course/retrieval_trials.py, trained from nothing; label by label and on real video it is the shipped ones that are asked.

Reading order: measure, trial; on_labels, on_real; verdicts, which reads stored rows and trains nothing.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from vostutor.course.claims import Claims, sources_hash
from vostutor.course.trials import kept_file, kept_rows
from vostutor.course.verdicts import paired_row

# What decides the trained weights, and what besides decides the figures; of a folder all of its modules.
TRAINED_FROM = (
    "course/retrieval_trials.py",
    "data/augment.py",
    "data/clip_views.py",
    "data/foreground.py",
    "data/minivos.py",
    "data/pool.py::_drawn",
    "data/pool.py::clip_pool",
    "data/studio",
    "engine/training.py",
    "models/feelvos.py",
    "models/pml.py",
    "nn/backbone.py",
    "nn/label_pool.py::evenly",
    "ops/cells.py",
    "ops/cost_volume.py",
    "ops/grid.py",
    "ops/matching.py",
    "ops/nearest.py",
)
SOURCES = (
    *TRAINED_FROM,
    "course/retrieval_rows.py",
    "course/one_shot_real.py::Metered",
    "course/one_shot_real.py::scores",
    "data/davis.py",
    "data/frames.py",
    "data/palette.py",
    "engine/infer.py",
    "engine/one_shot.py::PAIR",
    "engine/retrieval.py",
    "engine/scaled.py",
    "metrics/contour.py",
    "metrics/davis.py",
    "metrics/region.py",
    "metrics/regions.py",
    "models/baselines.py",
    "nn/label_pool.py",
    "nn/neighbour_votes.py",
    "nn/seen_frames.py",
    "ops/dis.py",
    "ops/masks.py::object_order",
    "ops/masks.py::one_hot",
    "ops/masks.py::to_ids",
    "ops/warp.py",
)
KEPT = Path("build/claims/07")
CURVES = "training curves"
CURVE = 10  # steps between two points of a stored curve, each the mean loss of the steps since the last one
BASELINES = "baselines"
SHIPPED = {"FEELVOS": "feelvos", "PML": "pml"}


def measure(
    *, data_root: Path | None = None, seeds: int = 5, workers: int | None = None, kept: Path | str = KEPT, recipe=None
) -> Iterator[dict]:
    """Rows of every variant and seed, of what learns nothing on the same clips, of the shipped networks by label, and, with a data_root,
    of its sequences.

    Raises: SettingsError for less than one seed; DataError for a root that is not there, before anything is trained.
    """
    from vostutor.course.retrieval_trials import Recipe, jobs
    from vostutor.data.davis import DavisRoot

    root, planned = DavisRoot(Path(data_root), year=2016) if data_root else None, jobs(seeds)
    planned += [(BASELINES, seed) for seed in range(seeds)]
    return _measured(root, planned, workers, Path(kept), recipe or Recipe())


def _measured(root, planned: list[tuple[str, int]], workers: int | None, kept: Path, recipe) -> Iterator[dict]:
    from rich.progress import track

    nets, rows = folders(kept, recipe)
    found = kept_rows(partial(trial, recipe=recipe, nets=nets), planned, rows, workers=workers)
    for some in track(found, description="trained networks", total=len(planned)):
        yield from some
    yield from on_labels(recipe)
    if root:
        yield from on_real(root)


def folders(kept: Path, recipe) -> tuple[Path, Path]:
    """Where checkpoints and rows lie: other sources or another recipe are other folders."""
    from hashlib import sha256

    asked = sha256(repr(recipe).encode()).hexdigest()[:8]
    nets, rows = (f"{sources_hash(sources)[:12]}-{asked}" for sources in (TRAINED_FROM, SOURCES))
    return kept / "nets" / nets, kept / "rows" / rows


def trial(job: tuple[str, int], *, recipe, nets: Path) -> list[dict]:
    """The rows of one variant and seed: on the clips of every set, and its curve; or those of what learns nothing."""
    from vostutor.course import retrieval_rows as rows
    from vostutor.course.retrieval_trials import trained

    name, seed = job
    if name == BASELINES:
        return list(rows.on_clips(rows.UNLEARNED, seed, recipe))
    network, history = trained(name, seed, recipe, kept_file(nets, job).with_suffix(".pt"))
    points = [round(float(mean), 4) for mean in history.smoothed(CURVE)[CURVE - 1 :: CURVE]]
    cost = {"steps": history.steps, "cpu_seconds": round(history.cpu_seconds, 1)}
    asked = rows.systems_of(name, network)
    curve = {"set": CURVES, "system": name, "seed": seed, "every": CURVE, "losses": points, **cost}
    told = [*rows.on_clips(asked, seed, recipe), curve]
    if name == "FEELVOS":  # its target is a row of the table of baselines
        told += [row | {"seed": seed} for row in rows.on_label("plain", name, asked[name], recipe)]
    return told


def on_labels(recipe) -> Iterator[dict]:
    """The shipped networks, and what learns nothing, on the clips of data/minivos-baselines.json: both tables can stand side by side."""
    from rich.progress import track

    from vostutor.course import retrieval_rows as rows

    asked = {rows.PLACED: (rows.UNLEARNED[rows.PLACED], {})}
    for system, (network, weights) in shipped().items():
        made = rows.systems_of(system, network)
        asked |= {f"shipped {name}": (make, {"weights": weights}) for name, make in made.items()}
    for label in track(rows.LABELS, description="labels"):
        for system, (make, told) in asked.items():
            for row in rows.on_label(label, system, make, recipe):
                yield row | told


def on_real(root) -> Iterator[dict]:
    """J, F and seconds on each sequence of a DavisRoot: of the shipped networks at two sizes, and of what learns nothing."""
    from rich.progress import track

    from vostutor.course import retrieval_rows as rows

    seen_whole = (rows.COPY, rows.WARP)
    asked = [(name, make, None if name in seen_whole else rows.HALF, {}) for name, make in rows.UNLEARNED.items()]
    for system, (network, weights) in shipped().items():
        for name, make in rows.systems_of(system, network).items():
            asked += [(name, make, height, {"weights": weights}) for height in (rows.SMALL, rows.HALF)]
    for name in track(root.sequences(), description="real video"):
        for system, make, height, told in asked:
            yield rows.on_sequence(root, name, system, make, height) | told


def shipped() -> dict[str, tuple]:
    """The networks whose weights are there, and which weights they are: the beginning of their hash."""
    from vostutor import zoo
    from vostutor.engine.cards import read_card

    files = {system: zoo.weights_file(name, "cpu") for system, name in SHIPPED.items()}
    return {
        system: (zoo.load(SHIPPED[system], "cpu"), read_card(file).sha256[:8])
        for system, file in files.items()
        if file.exists()
    }


def verdicts(claims: Claims) -> list[dict]:
    """A row for each claim: means over clips, their standard errors over seeds, paired difference, verdict.

    R1 local matching with the frame before beats global matching with it. R2 to R4 what dropping a cue costs: the frame before, the
    first frame, the previous prediction. R5 matching finds again what was hidden, propagation does not. R6 global matching alone is
    fooled by look-alikes, propagation less: in J, and in what a look-alike costs. R7 both together beat either. R8 coordinates help
    PML, R9 a growing pool does. R10 the closest friend and stranger keep an object of two looks together where means do not: means of
    both, and of the friends alone. R11 FEELVOS beats PML, and R12 both what colour and place can do.
    """
    full, twice, first_only = "FEELVOS", "global twice", "no previous frame, no feedback"
    following = "no first frame"
    of, costs = partial(by_seed, claims), lambda name: (f"{name}, lost", lost_to_twins(claims, name))
    everywhere = {"measure": "J", "sets": ("plain", "occlusion", "distractor", "drift")}
    plain, two_looks = ({"measure": "J", "sets": (kind,)} for kind in ("plain", "two in one"))
    told = [row("R1", "local beats global matching with the frame before", full, twice, of, **everywhere)]
    for claim, without in (("R2", "no previous frame"), ("R3", following), ("R4", "no feedback")):
        told.append(row(claim, f"{without}: J is lost", full, without, of, **everywhere))
    hidden, twins = {"measure": "late", "sets": ("occlusion",)}, {"measure": "J", "sets": ("distractor",)}
    told += [
        row("R5", "after an occlusion matching alone beats propagation alone", first_only, following, of, **hidden),
        row("R5, warp", "and warping", first_only, "DIS warp", of, **hidden),
        row("R6", "beside a look-alike propagation alone beats matching alone", following, first_only, of, **twins),
        paired_row("R6, cost", "and a look-alike costs matching more", *(costs(name) for name in (first_only, following))),
        row("R7", "both beat matching alone", full, first_only, of, **everywhere),
        row("R7, propagation", "and propagation alone", full, following, of, **everywhere),
        row("R8", "coordinates help PML", "PML", "PML, no coordinates", of, **everywhere),
        row("R9", "a growing pool helps PML", "PML, growing", "PML", of, **everywhere),
        row("R9, drift", "where looks drift, in the last quarter", "PML, growing", "PML", of, measure="late", sets=("drift",)),
        row("R10", "closest friend and stranger beat the means of both, two looks", "PML", "PML, mean triplet", of, **two_looks),
        row("R10, plain", "and on plain clips", "PML", "PML, mean triplet", of, **plain),
        row("R10, friends", "closest friends beat their mean, two looks", "PML", "PML, plain triplet", of, **two_looks),
        row("R10, friends, plain", "and on plain clips", "PML", "PML, plain triplet", of, **plain),
        row("R11", "FEELVOS beats PML with a growing pool", full, "PML, growing", of, **everywhere),
        row("R11, fixed", "and with the pool of the first frame", full, "PML", of, **everywhere),
        row("R12", "PML beats colour and place", "PML", "colour and place", of, **everywhere),
        row("R12, FEELVOS", "FEELVOS beats colour and place", full, "colour and place", of, **everywhere),
    ]  # fmt: skip
    return told


def row(claim: str, says: str, higher: str, lower: str, of, **where) -> dict:
    """A row of the table of verdicts, paired by training seed."""
    return paired_row(claim, says, (higher, of(higher, **where)), (lower, of(lower, **where)))


def by_seed(claims: Claims, system: str, *, measure: str, sets: tuple[str, ...]) -> dict[int, float]:
    """The mean figure of a system on the clips of some sets, for each training seed.

    >>> rows = tuple({"set": "plain", "system": "PML", "seed": 1, "clip": k, "J": 0.5 + k / 4} for k in range(2))
    >>> by_seed(Claims("07", rows, {}), "PML", measure="J", sets=("plain",))
    {1: 0.625}
    """
    found: dict[int, list[float]] = {}
    for told in claims.where(system=system):
        if told["set"] in sets:
            found.setdefault(told["seed"], []).append(told[measure])
    return {seed: sum(values) / len(values) for seed, values in found.items()}


def lost_to_twins(claims: Claims, system: str) -> dict[int, float]:
    """What a look-alike costs a system, for each training seed: its J on plain clips less that beside a look-alike."""
    plain, twins = (by_seed(claims, system, measure="J", sets=(name,)) for name in ("plain", "distractor"))
    return {seed: plain[seed] - twins[seed] for seed in plain}
