"""Rows of figures about learning from one frame: what each system makes of each clip of lesson 04's claims.

A row is one system on one clip. `J` is the mean over all frames but the first; `late` over the frames on which the set's effect is looked
for: the last quarter, under occlusion the last three, with a late twin those in which it shows and nobody annotated anything. Frames that
were annotated count like all others, since a network is asked about them too.

Reading order: Recipe; trial, the rows of a set and a seed; answers, how a system is asked; one function for each set.
Letters: T frames, H rows, W columns.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import process_time

import torch
from torch import Generator, Tensor, nn

from vostutor.core.clip import Clip, Segmenter
from vostutor.core.errors import SettingsError
from vostutor.course import one_shot_clips as clips
from vostutor.course.one_shot_clips import Case, draw_case
from vostutor.course.one_shot_systems import SameBeginning, Shifted, instances_of, no_instances, variants
from vostutor.data.instances import noisy_instances
from vostutor.metrics.region import jaccard
from vostutor.models.baselines import CopyFirstMask, FlowWarp
from vostutor.models.onavos import PRESETS, OnAVOS, OnAVOSConfig, Run
from vostutor.models.osvos import OSVOS, OSVOSNet, finetune
from vostutor.models.osvos_s import OSVOSS, Instances, OSVOSSConfig
from vostutor.ops.dis import dis_flow
from vostutor.ops.superpixels import slic

PARENT = ("osvos", "cpu")  # system and profile of the shipped weights
OSVOS_ONE, FROM_NOTHING, COPY, WARP = "OSVOS", "from nothing", "copy", "DIS warp"
ANNOTATED = (2, 3, 4, 5)  # and one, and none, and all
Answers = Iterator[tuple[str, Tensor, dict]]  # system, bool (T,H,W), what else the row tells


def shipped_parent() -> nn.Module:
    """The parent network whose weights lie in data/weights.

    Raises: DataError where they do not.
    """
    from vostutor import zoo

    return zoo.load(*PARENT)


@dataclass(frozen=True)
class Recipe:
    """What all rows have in common: how many clips of which size for each set and seed, and how long a network learns.

    steps: of fine-tuning. patience: how many times as long a network that begins from nothing may learn as well.
    adapting: on drawn clips, which are short. on_film: on real video.
    """

    clips: int = 5
    frames: int = 16
    size: tuple[int, int] = (96, 160)
    steps: int = 50
    patience: int = 3
    adapting: OnAVOSConfig = PRESETS["drift"]
    on_film: OnAVOSConfig = OnAVOSConfig()
    blending: OSVOSSConfig = OSVOSSConfig()
    parent: Callable[[], nn.Module] = shipped_parent


def jobs(seeds: int) -> list[tuple[str, int]]:
    """Set and seed of every piece of the measurement. A seed stands for clips and for the chances of fine-tuning.

    Raises: SettingsError for no seed at all.
    >>> len(jobs(5))
    35
    """
    if seeds < 1:
        raise SettingsError(expected="seeds from 1 on", got=f"{seeds}", try_this="--seeds 5")
    return [(name, seed) for name in clips.SETS for seed in range(seeds)]


def trial(job: tuple[str, int], *, recipe: Recipe) -> list[dict]:
    """The rows of a set and a seed."""
    (name, seed), parent = job, recipe.parent()
    drawn = (draw_case(name, seed, k, size=recipe.size, frames=recipe.frames) for k in range(recipe.clips))
    return [
        {"set": name, "seed": seed, "clip": k, **row}
        for k, case in enumerate(drawn)
        for row in on_case(name, case, parent, recipe)
    ]


def on_case(name: str, case: Case, parent: nn.Module, recipe: Recipe) -> Iterator[dict]:
    """A row for each system of a set. Units: CPU-seconds of all frames and of learning; of what variants share, only the first has them."""
    started = process_time()
    for system, answer, told in ANSWERS[name](case, parent, recipe):
        figures = {
            "J": mean_j(case.clip, answer, range(1, len(case.clip))),
            "late": mean_j(case.clip, answer, case.late),
        }
        figures |= {"cpu_seconds": round(process_time() - started, 2)}
        yield {"system": system, **figures, **told}
        started = process_time()


def mean_j(clip: Clip, answer: Tensor, frames: Sequence[int]) -> float:
    """The mean J of object 1 over some frames. Shapes: answer bool (T,H,W)."""
    frames = list(frames)
    return round(float(jaccard((clip.ids[frames] == 1).numpy(), answer[frames].numpy()).mean()), 4)


def answers(system: Segmenter, clip: Clip, known: Sequence[int] = (0,), order: Sequence[int] | None = None) -> Tensor:
    """Where a system says that object 1 is, in every frame but the first; all masks in `known` are told before it is asked.

    order: in which the frames are shown, as they come when left out. A frame that was annotated is shown as well.

    Shapes: -> bool (T,H,W).
    >>> from vostutor.models import CopyFirstMask
    >>> clip = Clip(torch.zeros(3, 3, 1, 2, dtype=torch.uint8), torch.tensor([[[1, 0]], [[0, 1]], [[0, 0]]]))
    >>> answers(CopyFirstMask(), clip).int().tolist()
    [[[0, 0]], [[1, 0]], [[1, 0]]]
    """
    for t in known:
        system.observe(clip.frames[t], clip.ids[t])
    found = torch.zeros(clip.ids.shape, dtype=torch.bool)
    for t in range(1, len(clip)) if order is None else order:
        found[t] = system.step(clip.frames[t])[1] > 0.5
    return found


def spread(frames: int, count: int) -> tuple[int, ...]:
    """So many frames, the first among them, evenly over a clip.

    >>> spread(16, 1), spread(16, 4)
    ((0,), (0, 4, 8, 12))
    """
    return tuple(k * frames // count for k in range(count))


def one_shot(
    case: Case, network: nn.Module, steps: int, *, clip: Clip | None = None, threshold=0.9, superpixels=None, **how
) -> Tensor:
    """The answers of OSVOS with that many steps; none leaves the network as it is. Another clip than the case's may be shown."""
    tuned = partial(finetune, steps=steps)
    options = {"threshold": threshold, "superpixels": superpixels, "generator": seeded(case)}
    system = OSVOS(network, finetune=tuned, **options)
    return answers(system, clip or case.clip, **how)


def seeded(case: Case) -> Generator:
    """The chances of a case, the same for all systems."""
    return Generator().manual_seed(case.seed)


def unlearned(case: Case) -> Answers:
    """What neither learns nor has weights: in a table by label, the rows to beat."""
    yield COPY, answers(CopyFirstMask(), case.clip), {}
    yield WARP, answers(FlowWarp(dis_flow), case.clip), {}


def on_pairs(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """Two objects of which one is annotated: the parent alone, more and more annotated frames, and no parent at all."""
    yield from unlearned(case)
    frames, fresh = len(case.clip), OSVOSNet(parent.config, generator=seeded(case))
    yield "parent", one_shot(case, parent, 0), {}
    yield "parent from one half on", one_shot(case, parent, 0, threshold=0.5), {}
    for count in (1, *ANNOTATED, frames):
        yield annotated(count, frames), one_shot(case, parent, recipe.steps, known=spread(frames, count)), {}
    yield FROM_NOTHING, one_shot(case, fresh, recipe.steps), {}
    yield f"{FROM_NOTHING}, longer", one_shot(case, fresh, recipe.patience * recipe.steps), {}


def annotated(count: int, frames: int) -> str:
    """What OSVOS with so many annotated frames is called.

    >>> annotated(1, 16), annotated(3, 16), annotated(16, 16)
    ('OSVOS', 'OSVOS, 3 annotated', 'OSVOS, all annotated')
    """
    return OSVOS_ONE if count == 1 else f"{OSVOS_ONE}, {'all' if count == frames else count} annotated"


def on_alone(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """One object, which a parent finds by itself; its masks as they are, and snapped to superpixels."""
    yield "parent", one_shot(case, parent, 0), {}
    yield OSVOS_ONE, one_shot(case, parent, recipe.steps), {}
    yield "OSVOS, snapped", one_shot(case, parent, recipe.steps, superpixels=slic), {}


def on_plain(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """Nothing in particular happens: what adapting costs where nobody needs it."""
    yield from unlearned(case)
    yield from _then_adapting(case, parent, recipe)
    yield from _adapting(case, parent, variants(recipe.adapting), ["OnAVOS", "OnAVOS, frozen"])


def on_drift(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """The object changes its looks: OSVOS, OnAVOS, and OnAVOS with a part taken away."""
    yield from unlearned(case)
    yield from _then_adapting(case, parent, recipe)
    yield from _adapting(case, parent, variants(recipe.adapting))


def _then_adapting(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """OSVOS, and OnAVOS that goes on from the very network that OSVOS has trained: all that is different is what happens later."""
    tuned = partial(finetune, steps=recipe.steps)
    system = OSVOS(parent, finetune=tuned, generator=seeded(case))
    yield OSVOS_ONE, answers(system, case.clip), {}
    network, config = Shifted(system.runs[1].network, system.shift), replace(recipe.adapting, first_steps=0)
    yield "OSVOS, then adapting", answers(OnAVOS(network, config, generator=seeded(case)), case.clip), {}


def _adapting(
    case: Case, parent: nn.Module, configs: dict[str, OnAVOSConfig], names: Sequence[str] | None = None
) -> Answers:
    begun: list[Run] = []
    for name in names or configs:
        yield name, answers(SameBeginning(parent, configs[name], begun, seeded(case)), case.clip), {}


def on_occlusion(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """The object is hidden and comes back; and the same frames in another order, for who carries nothing from frame to frame."""
    order = (1 + torch.randperm(len(case.clip) - 1, generator=seeded(case))).tolist()
    in_order = one_shot(case, parent, recipe.steps)
    yield OSVOS_ONE, in_order, {}
    shuffled = one_shot(case, parent, recipe.steps, order=order)
    yield "OSVOS, shuffled", shuffled, {"differing": int((shuffled != in_order).sum())}
    yield COPY, answers(CopyFirstMask(), case.clip), {}
    warped = answers(FlowWarp(dis_flow), case.clip)
    yield WARP, warped, {}
    shuffled = answers(FlowWarp(dis_flow), case.clip, order=order)
    yield f"{WARP}, shuffled", shuffled, {"differing": int((shuffled != warped).sum())}


def on_distractor(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """A look-alike beside the object: with instances and, by the same recipe, without; and what tells OnAVOS that it is not meant."""
    yield from unlearned(case)
    yield OSVOS_ONE, one_shot(case, parent, recipe.steps), {}
    yield from _counting(case, parent, recipe, noisy_instances(case.whole, generator=seeded(case)))
    ablation = ["OnAVOS", "OnAVOS, frozen", "OnAVOS, negatives only", "OnAVOS, positives only"]
    yield from _adapting(case, parent, variants(recipe.adapting), ablation)


def _counting(case: Case, parent: nn.Module, recipe: Recipe, find: Callable[[Tensor], Instances]) -> Answers:
    for name, finder in {"OSVOS-S": find, "OSVOS-S, no instances": no_instances}.items():
        yield name, answers(OSVOSS(parent, finder, recipe.blending, generator=seeded(case)), case.clip), {}


def on_late_twin(case: Case, parent: nn.Module, recipe: Recipe) -> Answers:
    """A look-alike comes when everything is learned: without it, with it, and with a second annotation where most of it shows; then who
    counts instances, and who goes on learning.

    `taken` is the share of the twin that is taken for the object. The frame of the second annotation is late for nobody.
    """
    second = int(case.twin.sum((1, 2)).argmax())
    late = [t for t in case.late if t != second]
    films = {
        "OSVOS, no twin": (case.without, (0,)),
        OSVOS_ONE: (case.clip, (0,)),
        annotated(2, len(case.clip)): (case.clip, (0, second)),
    }
    told = [
        (name, clip, one_shot(case, parent, recipe.steps, clip=clip, known=known))
        for name, (clip, known) in films.items()
    ]
    told += [(name, case.clip, answer) for name, answer, _ in _counting(case, parent, recipe, instances_of(case))]
    adapting = _adapting(case, parent, variants(recipe.adapting), ["OnAVOS", "OnAVOS, frozen"])
    told += [(name, case.clip, answer) for name, answer, _ in adapting]
    for name, clip, answer in told:
        taken = (answer & case.twin)[late].sum() / case.twin[late].sum().clamp(min=1)
        figures = {"J": mean_j(clip, answer, range(1, len(clip))), "late": mean_j(clip, answer, late)}
        yield name, answer, figures | {"taken": round(taken.item(), 4)}


ANSWERS: dict[str, Callable[[Case, nn.Module, Recipe], Answers]] = {
    clips.PAIRS: on_pairs,
    clips.ALONE: on_alone,
    clips.PLAINLY: on_plain,
    clips.DRIFT: on_drift,
    clips.OCCLUSION: on_occlusion,
    clips.DISTRACTOR: on_distractor,
    clips.TWIN: on_late_twin,
}
