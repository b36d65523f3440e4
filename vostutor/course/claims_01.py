"""What lesson 01 quotes: the four claims of FlowNet in miniature, and what a learned flow is worth on real video.

Every variant and seed keeps its checkpoint and its rows under build/claims/01, in folders that are named by the hash of what decides
them, so an interrupted `vostutor claims 01` goes on, and nothing stale is taken for current. Each variant meets the claims with the
network and the recipe of course/flow_trials.py; the figures are those of course/flow_rows.py.

Reading order: measure, trial, baselines, on_real; verdicts, which reads stored rows and trains nothing.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from vostutor.course.claims import Claims, sources_hash
from vostutor.course.trials import kept_file, kept_rows
from vostutor.course.verdicts import paired_row

# The files that decide the figures; of a folder all of its modules. Those up to ops/grid.py decide the trained weights.
SOURCES = (
    "course/flow_trials.py",
    "data/augment.py",
    "data/flow_pairs.py",
    "data/minivos.py",
    "data/studio",
    "engine/training.py",
    "losses.py::LEVEL_WEIGHTS",
    "losses.py::multiscale_epe",
    "models/flownet.py",
    "ops/cost_volume.py",
    "ops/grid.py",
    "course/flow_rows.py",
    "data/davis.py",
    "data/flow_files.py",
    "data/frames.py",
    "data/palette.py",
    "engine/flow.py",
    "engine/infer.py",
    "metrics/contour.py",
    "metrics/davis.py",
    "metrics/flow.py",
    "metrics/regions.py",
    "models/baselines.py",
    "ops/dis.py",
    "ops/farneback.py",
    "ops/flow.py",
    "ops/masks.py::object_order",
    "ops/masks.py::one_hot",
    "ops/masks.py::to_ids",
    "ops/warp.py",
)
KEPT = Path("build/claims/01")
CURVES = "training curves"
SINTEL_ROWS = 224  # the pair is also shown shrunk: its motion is then nearer to what was trained on
SHIPPED, PROFILES = (
    ("flownets", "flownetc", "flownetc-softmax"),
    ("gpu", "cpu"),
)  # of a system the first profile with weights
CURVE = 25  # steps between two points of a stored curve, each the mean loss of the steps since the last one


def measure(
    *, data_root: Path | None = None, seeds: int = 5, workers: int | None = None, kept: Path | str = KEPT, recipe=None
) -> Iterator[dict]:
    """Rows of the baselines, of every variant and seed, and, with a data_root, of the Sintel pair and the real sequences in it.

    Raises: SettingsError for less than one seed; DataError for a root that is not there, before anything is trained.
    """
    from vostutor.course.flow_trials import Recipe, jobs
    from vostutor.data.davis import DavisRoot

    root = DavisRoot(Path(data_root)) if data_root else None
    return _measured(root, jobs(seeds), workers, Path(kept), recipe or Recipe())


def _measured(root, planned: list[tuple[str, int]], workers: int | None, kept: Path, recipe) -> Iterator[dict]:
    from rich.progress import track

    nets, rows = folders(kept, recipe)
    yield from baselines(recipe)  # draws the pools, before two workers would draw the same ones
    found = kept_rows(partial(trial, recipe=recipe, nets=nets), planned, rows, workers=workers)
    for some in track(found, description="trained networks", total=len(planned)):
        yield from some
    if root:
        yield from on_sintel(root.root, planned, nets)
        yield from on_real(root, nets)


def folders(kept: Path, recipe) -> tuple[Path, Path]:
    """Where checkpoints and rows lie: other sources or another recipe are other folders."""
    from vostutor.course.flow_trials import TRAINED_FROM

    asked = _short_hash(repr(recipe))
    nets, rows = (f"{sources_hash(sources)[:12]}-{asked}" for sources in (TRAINED_FROM, SOURCES))
    return kept / "nets" / nets, kept / "rows" / rows


def _short_hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:8]


def checkpoint_of(nets: Path, job: tuple[str, int]) -> Path:
    """The checkpoint of a variant and seed."""
    return kept_file(nets, job).with_suffix(".pt")


def trial(job: tuple[str, int], *, recipe, nets: Path) -> list[dict]:
    """The rows of one variant and seed: on the split, on the fast pairs, on the first pairs of its own training, and its curve."""
    from vostutor.course import flow_rows as rows
    from vostutor.course.flow_trials import trained
    from vostutor.engine.flow import network_flow

    model, history = trained(*job, recipe, checkpoint_of(nets, job))
    own = rows.first_pairs(recipe.training_pool(job[1]), recipe.pairs)
    pools = {rows.SPLIT: rows.split_pool(recipe), rows.FAST: rows.fast_pool(recipe), rows.TRAINING: own}
    cost = {"steps": history.steps, "cpu_seconds": round(history.cpu_seconds, 1)}
    found = [rows.on_pairs(where, *job, network_flow(model), pool) | cost for where, pool in pools.items()]
    points = [round(float(mean), 4) for mean in history.smoothed(CURVE)[CURVE - 1 :: CURVE]]
    return [*found, {"set": CURVES, "system": job[0], "seed": job[1], "every": CURVE, "losses": points}]


def baselines(recipe) -> Iterator[dict]:
    """The rows of what learned nothing, on the split and on the fast pairs."""
    from vostutor.course import flow_rows as rows

    for where, pool in ((rows.SPLIT, rows.split_pool(recipe)), (rows.FAST, rows.fast_pool(recipe))):
        yield from _without_learning(where, pool)


def _without_learning(where: str, pool) -> Iterator[dict]:
    from vostutor.course.flow_rows import on_pairs, scored
    from vostutor.engine.flow import classical_flows, constant_flows

    for kind in ("zero", "mean", "geometric median"):
        yield scored(where, kind, None, constant_flows(pool, kind), pool)
    for name, function in classical_flows().items():
        yield on_pairs(where, name, None, function, pool)


def on_sintel(data_root: Path, planned: list[tuple[str, int]], nets: Path) -> Iterator[dict]:
    """Rows of the Sintel pair, where the root has it: without learning, of each network, of the shipped ones; at full size and shrunk."""
    from vostutor.course import flow_rows as rows
    from vostutor.course.flow_trials import finished
    from vostutor.engine.flow import network_flow

    pool = rows.sintel_pool(data_root)
    if pool is None:
        return
    full = pool.frames.shape[-2]
    for row in _without_learning(rows.SINTEL, pool):
        yield row | {"rows": full}
    functions = [(*job, network_flow(finished(*job, checkpoint_of(nets, job)))) for job in planned]
    functions += [(name, None, function) for name, (function, _) in shipped_flows().items()]
    for system, seed, function in functions:
        for height in (full, SINTEL_ROWS):
            seen = function if height == full else rows.at_rows(function, height)
            yield rows.on_pairs(rows.SINTEL, system, seed, seen, pool) | {"rows": height}


def on_real(root, nets: Path) -> Iterator[dict]:
    """J, F and photometric error on each sequence of a DavisRoot, of zero flow, the learned flows and DIS."""
    from rich.progress import track

    from vostutor.course.flow_rows import REAL_ROWS, on_sequence
    from vostutor.ops.dis import dis_flow

    learned = shipped_flows() or {"C": (_seed_0(nets), "seed 0")}
    flows = {"zero": _zero_flow, **{name: function for name, (function, _) in learned.items()}, "DIS": dis_flow}
    for sequence in track(root.sequences(), description="real video"):
        for row in on_sequence(root.sequence(sequence), flows, REAL_ROWS):
            yield row | ({"weights": learned[row["system"]][1]} if row["system"] in learned else {})


def _seed_0(nets: Path):
    from vostutor.course.flow_trials import finished
    from vostutor.engine.flow import network_flow

    return network_flow(finished("C", 0, checkpoint_of(nets, ("C", 0))))


def _zero_flow(frame_a, frame_b):
    import torch

    return torch.zeros(2, *frame_a.shape[1:])


def shipped_flows() -> dict[str, tuple]:
    """The flow function of every system whose weights are there, and which weights they are: profile and the beginning of their hash."""
    from vostutor import zoo
    from vostutor.engine.cards import read_card
    from vostutor.engine.flow import network_flow

    found = {}
    for name in SHIPPED:
        paths = {profile: zoo.weights_file(name, profile) for profile in PROFILES}
        there = next((profile for profile, path in paths.items() if path.exists()), None)
        if there is not None:
            weights = f"shipped, {there} {read_card(paths[there]).sha256[:8]}"
            found[f"shipped {name}"] = network_flow(zoo.load(name, there)), weights
    return found


def verdicts(claims: Claims) -> list[dict]:
    """A row for each claim that the stored rows can tell of: means, standard errors over seeds, paired difference, verdict.

    C1: FlowNetC beats FlowNetS in domain, with the softmax of this course and, as published, with raw correlations. C2: no augmentation
    costs endpoint error on unseen pairs, like those of the training and faster ones. C3, on visible pixels of the fast pairs: what C
    gains on S, as a share of zero flow's error, is more just inside its window than beyond; and, as published, beyond it S errs less
    than C. C4: C beats the best constant flow on the Sintel pair, at full size; only one pair, so of this pair only.
    """
    from vostutor.course.flow_rows import FAST, SINTEL, SPLIT

    seeds = lambda name, **where: figures(claims, "epe", system=name, **where)  # noqa: E731
    split, plain = {"set": SPLIT}, "C without augmentation"
    c, s, raw = (seeds(name, **split) for name in ("C", "S", "C raw"))
    faster, plainer = (seeds(name, set=FAST) for name in ("C", plain))
    found = [
        paired_row("C1", "FlowNetC beats FlowNetS in domain", ("S", s), ("C", c)),
        *([paired_row("C1 as published", "raw correlations beat FlowNetS", ("S", s), ("C raw", raw))] if raw else []),
        paired_row("C2", "no augmentation costs error on unseen pairs", (plain, seeds(plain, **split)), ("C", c)),
        paired_row("C2 on faster pairs", "and on pairs faster than all that train", (plain, plainer), ("C", faster)),
        *_of_the_window(claims),
    ]
    rows = claims.where(set=SINTEL, system="geometric median")
    if rows:
        transferred = seeds("C", set=SINTEL, rows=rows[0]["rows"])
        constant = dict.fromkeys(transferred, rows[0]["epe"])
        says = "C beats the best constant flow on the Sintel pair"
        found.append(paired_row("C4", says, ("best constant", constant), ("C", transferred)))
    return found


def _of_the_window(claims: Claims) -> list[dict]:
    """The two rows of C3; none where the pairs hold no such motion."""
    from vostutor.course.flow_rows import FAST, band

    near, far = band(-2), band(-1)
    of = {(name, at): figures(claims, "bands", at, set=FAST, system=name) for name in "CS" for at in (near, far)}
    zero = claims.where(set=FAST, system="zero")[0]["bands"]
    if zero[near] is None or zero[far] is None:
        return []
    gain = {at: {k: (of["S", at][k] - error) / zero[at] for k, error in of["C", at].items()} for at in (near, far)}
    inside, beyond = (f"gain of C on S at {at}" for at in (near, far))
    return [
        paired_row("C3", "beyond its window C gains less on S", (inside, gain[near]), (beyond, gain[far])),
        paired_row("C3 as published", f"at {far} S errs less than C", ("C", of["C", far]), ("S", of["S", far])),
    ]


def figures(claims: Claims, measure: str, part: str | None = None, **wanted) -> dict[int, float]:
    """A figure, or a part of it, for each seed, of the rows whose fields equal those asked for.

    >>> rows = ({"system": "C", "seed": 3, "epe": 1.2, "bands": {"16+ px": 9.0}},)
    >>> figures(Claims("01", rows, {}), "bands", "16+ px", system="C")
    {3: 9.0}
    """
    return {row["seed"]: row[measure] if part is None else row[measure][part] for row in claims.where(**wanted)}
