"""Do nets that learned from drawn clips work on filmed ones? The fixed experiment, one row for each variant and seed.

    python -m benchmarks.transfer --data DAVIS --variant first --seed 0     # trains both nets, writes a row
    python -m benchmarks.transfer --table [--base first] [--judge]          # the rows as a Markdown table

The nets, steps and measures never change, so a difference between two rows comes from their clips. Four scores:
    auc       how well ForegroundNet ranks object above background within a frame
    parent    its J at probability one half
    one-shot  its J after a few steps on the first frame
    matcher   J of Matcher, which is told the first mask
Every row has all six sequences. Knobs are chosen on three of them; the other three are for judging, once, so `--table` hides them.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from benchmarks.ladder import Row, read_rows, table, write_row
from benchmarks.matcher import MatchingTracker
from benchmarks.measures.probe_nets import auc
from benchmarks.nets import ForegroundNet
from benchmarks.pools import ROOT, VARIANTS, check_variant, draw_pool, fingerprint
from benchmarks.training import FOREGROUND_STEPS, MATCHER_STEPS, one_shot, train_foreground, train_matcher
from vostutor.core.errors import DataError
from vostutor.core.memory import keep_freed_memory
from vostutor.data.davis import DavisRoot
from vostutor.data.pool import Pool
from vostutor.metrics.region import jaccard

CHOOSE = ("blackswan", "dog", "kite-surf")
JUDGE = ("car-shadow", "libby", "horsejump-high")
SIZE = (96, 160)
EVERY = 2  # frames of a sequence that are looked at
ONE_SHOT_STEPS = 20
FILE = ROOT / "data" / "minivos-transfer.json"


def real_sequence(root: DavisRoot, name: str) -> tuple[Tensor, Tensor]:
    """Every second frame, shrunk by area averaging, and where more than half of a pixel is object.

    Shapes: -> uint8 (T,3,96,160), bool (T,96,160).
    """
    sequence = root.sequence(name)
    frames, masks = [], []
    for t, ((frame, _), ids) in enumerate(zip(sequence, sequence.truth(), strict=True)):
        if t % EVERY == 0:
            frames.append(cv2.resize(frame.permute(1, 2, 0).numpy(), SIZE[::-1], interpolation=cv2.INTER_AREA))
            masks.append(cv2.resize((ids > 0).float().numpy(), SIZE[::-1], interpolation=cv2.INTER_AREA) > 0.5)
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(np.stack(masks))


def frames_auc(logits: np.ndarray, masks: np.ndarray) -> float:
    """Mean AUC of the frames; one that shows no object, or nothing else, counts a half. Shapes: (T,H,W) each.

    >>> frames_auc(np.array([[0.1, 0.4, 0.3, 0.9]] * 2), np.array([[False, False, True, True], [False] * 4]))     # .75 and .5
    0.625
    """
    each = [auc(score, mask) for score, mask in zip(logits, masks, strict=True)]
    return float(np.mean(np.nan_to_num(each, nan=0.5)))


@torch.no_grad()
def logits_of(net: ForegroundNet, frames: Tensor) -> Tensor:
    """Logits of all frames, a few at a time. Shapes: uint8 (T,3,H,W) -> (T,H,W)."""
    return torch.cat([net(part) for part in frames.split(8)])


def foreground_scores(
    net: ForegroundNet, frames: Tensor, masks: Tensor, generator: torch.Generator
) -> dict[str, float]:
    """Three of the four scores of a sequence."""
    logits, truth = logits_of(net, frames).numpy(), masks.numpy()
    tuned = one_shot(net, frames[0], masks[0], ONE_SHOT_STEPS, generator)
    return {
        "auc": frames_auc(logits, truth),
        "parent": float(jaccard(truth, logits > 0).mean()),
        "one-shot": float(jaccard(truth[1:], logits_of(tuned, frames[1:]).numpy() > 0).mean()),
    }


def tracked(tracker: MatchingTracker, frames: Tensor, ids: Tensor) -> Tensor:
    """Ids of all frames but the first, whose mask is told. Shapes: (T,3,H,W), (H,W) -> int64 (T-1,H,W), numbered from 1."""
    tracker.observe(frames[0], ids)
    return torch.stack([tracker.step(frame).argmax(0) for frame in frames[1:]])


def run(variant: str, seed: int, pool: Pool, sequences: dict[str, tuple[Tensor, Tensor]]) -> Row:
    """Train both nets on the pool and score them on all sequences."""
    generator, start = torch.Generator().manual_seed(seed), time.process_time()
    net = train_foreground(pool, FOREGROUND_STEPS, generator)
    seconds = {"foreground": time.process_time() - start}
    scores = {name: foreground_scores(net, *sequence, generator) for name, sequence in sequences.items()}
    start = time.process_time()
    matcher = train_matcher(pool, MATCHER_STEPS, generator)
    seconds["matcher"] = time.process_time() - start
    for name, (frames, masks) in sequences.items():
        answers = tracked(MatchingTracker(matcher), frames, masks[0].long())
        scores[name]["matcher"] = float(jaccard(masks[1:].numpy(), answers.numpy()).mean())
    steps = {"foreground": FOREGROUND_STEPS, "one-shot": ONE_SHOT_STEPS, "matcher": MATCHER_STEPS}
    rounded = {name: {score: round(value, 4) for score, value in row.items()} for name, row in scores.items()}
    times = {name: round(value, 1) for name, value in seconds.items()}
    return Row(variant, seed, fingerprint(variant), steps, times, rounded)


def run_and_keep(data: Path, variant: str, seed: int, file: Path) -> bool:
    """Write the row of a variant and a seed, unless it is there; whether there was anything to do."""
    check_variant(variant)
    known = (variant, seed, fingerprint(variant))
    if any((row.variant, row.seed, row.fingerprint) == known for row in read_rows(file)):
        return False
    root = DavisRoot(data, year=2016)
    missing = {*CHOOSE, *JUDGE} - {*root.sequences()}
    if missing:
        raise DataError(
            expected=f"the sequences {', '.join(CHOOSE + JUDGE)} of DAVIS",
            got=f"{len(missing)} missing: {', '.join(sorted(missing))}",
            try_this="--data with the folder that holds JPEGImages and Annotations",
        )
    sequences = {name: real_sequence(root, name) for name in CHOOSE + JUDGE}
    write_row(file, run(variant, seed, draw_pool(variant, seed), sequences))
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one variant and seed, or print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder in DAVIS layout; its pixels are read, never kept")
    parser.add_argument(
        "--variant", nargs="+", default=list(VARIANTS), help="of the generator; for the table, the rungs in order"
    )
    parser.add_argument("--seed", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--base", help="the variant that others are compared with; left out, the rung before")
    parser.add_argument("--table", action="store_true", help="print what was measured so far")
    parser.add_argument("--judge", action="store_true", help="show the half that is looked at only once, too")
    parser.add_argument("--file", type=Path, default=FILE)
    asked = parser.parse_args(arguments)
    if not asked.table and asked.data is None:
        parser.error("--data ROOT of the six DAVIS sequences, or --table")
    if not asked.table:
        keep_freed_memory()
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        for variant in asked.variant:
            for seed in asked.seed:
                done = run_and_keep(asked.data, variant, seed, asked.file)
                print(f"{variant} seed {seed}: {'written' if done else 'was there'}", flush=True)
    halves = {"choosing": CHOOSE, "judging": JUDGE} if asked.judge else {"choosing": CHOOSE}
    for name, sequences in halves.items():
        print(
            f"\n{name} half: {', '.join(sequences)}\n\n{table(read_rows(asked.file), sequences, asked.base, asked.variant)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
