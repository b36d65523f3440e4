"""The tables of data/README.md, written between their markers from what was measured: `python -m benchmarks.report`.

python -m benchmarks.clip_statistics --out data/minivos-statistics.json
python -m benchmarks.probes --data DAVIS --out data/minivos-probes.json
python -m benchmarks.transfer --data DAVIS        # hours; writes data/minivos-transfer.json
python -m benchmarks.baselines                    # half an hour; writes data/minivos-baselines.json
python -m benchmarks.minivos --out data/minivos-speed.json        # on a machine that does nothing else
python -m benchmarks.correlation --out data/correlation-speed.json
python -m benchmarks.matching --large --out data/matching-speed.json
"""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks import baselines, clip_statistics, correlation, ladder, matching, probes, transfer
from benchmarks.measures import davis
from benchmarks.pools import KNOBS
from vostutor.core.files import write_atomically
from vostutor.course.readme import markdown_table, with_block

ROOT = Path(__file__).parents[1]
README = ROOT / "data" / "README.md"
STATISTICS, PROBES, SPEED = (ROOT / "data" / f"minivos-{name}.json" for name in ("statistics", "probes", "speed"))
CORRELATION, MATCHING = (ROOT / "data" / f"{name}-speed.json" for name in ("correlation", "matching"))
SHUFFLED = "U-Net shuffled"  # held to what a net of nine pixels finds, not to film
LADDER = ("bare", *KNOBS)


def statistics_table(stored: dict) -> str:
    """Each row of the gate: DAVIS's middle half, our percentiles, and where we are outside, why."""
    figures = clip_statistics.judged(stored["percentiles"], stored["shares"])
    rows = [["row", "DAVIS p25", "DAVIS p75", "p5", "p25", "**p50**", "p75", "p95", "inside"]]
    for name in (name for names in davis.ROWS for name in names):
        half, share = (f"{value:.3g}" for value in davis.middle_half(name)), f"{figures[name]:.2f} of frames"
        ours = ["", "", share, "", ""] if name in davis.SHARES else [f"{v:.3g}" for v in stored["percentiles"][name]]
        mark = "yes" if clip_statistics.inside(figures, [name]) else clip_statistics.REASONS[name]
        rows.append([name, *half, *ours, mark])
    count = sum(clip_statistics.inside(figures, names) for names in davis.ROWS)
    return (
        f"{markdown_table(rows)}\n\n{count} of {len(davis.ROWS)} rows have all their medians inside DAVIS's middle half; "
        "a share of frames is inside when it is no further from DAVIS's than the standard error of that over the six sequences."
    )


def probes_table(stored: dict) -> str:
    """What small nets find that sees too little to know an object: on our clips, and on film."""
    rows = [["probe", "drawn", "filmed", "held to", "alarm"]]
    for name, (drawn, other, alarm) in stored["probes"].items():
        filmed = "" if other is None or name == SHUFFLED else f"{other:.2f}"
        held = (
            f"ladder 9 on drawn clips, {other:.2f}"
            if name == SHUFFLED
            else "film"
            if name in probes.PROBES
            else "nothing"
        )
        rows.append([name, f"{drawn:.2f}", filmed, held, "yes" if alarm else "no"])
    return markdown_table(rows)


def speed_table(stored: dict) -> str:
    """Frames a second of one core, and where the time of a plain frame goes."""
    rates = [["drawn", "frames/s"], *([name, f"{rate:.0f}"] for name, rate in stored["frames_per_second"].items())]
    parts = [
        ["stage of a plain frame", "ms"],
        *([name, f"{ms:.2f}"] for name, ms in stored["plain_milliseconds"].items()),
    ]
    return f"{markdown_table(rates)}\n\n{markdown_table(parts)}"


def transfer_tables(rows: list[ladder.Row], earlier: Sequence[ladder.Row] = ()) -> str:
    """The ladder of knobs on the choosing half, then the judgement of v1 against the first minivos on both halves."""
    halves = {"choosing": transfer.CHOOSE, "judging": transfer.JUDGE}
    judged = [
        f"{name} half\n\n{ladder.table(rows, half, 'first', ('first', 'mixture'))}" for name, half in halves.items()
    ]
    looks = len({row.fingerprint for row in (*rows, *earlier) if row.variant == "mixture"})
    told = f"Generators whose mixture was judged on these three: {looks}, the last of which is this one. No knob was chosen by them."
    return "\n\n".join([ladder.table(rows, transfer.CHOOSE, None, LADDER), *judged, told])


BLOCKS = {  # of data/README.md: where the figures lie, and how they are written
    "statistics": (STATISTICS, lambda path: statistics_table(json.loads(path.read_text()))),
    "probes": (PROBES, lambda path: probes_table(json.loads(path.read_text()))),
    "transfer": (transfer.FILE, lambda path: transfer_tables(ladder.read_rows(path), ladder.earlier_rows(path))),
    "speed": (SPEED, lambda path: speed_table(json.loads(path.read_text()))),
    "correlation": (CORRELATION, lambda path: correlation.table(json.loads(path.read_text())["rows"])),
    "matching": (MATCHING, lambda path: matching.table(json.loads(path.read_text())["rows"])),
    "baselines": (baselines.FILE, lambda path: baselines.tables(json.loads(path.read_text()))),
}


def main() -> None:
    """Write every block whose figures are there."""
    text = README.read_text()
    for name, (path, write) in BLOCKS.items():
        if path.exists():
            text = with_block(text, name, write(path))
            print(f"{name}: from {path.name}")
    write_atomically(README, text)


if __name__ == "__main__":
    main()
