import json
import re
from dataclasses import replace

import pytest

from benchmarks import baselines, clip_statistics, ladder, pools, report, transfer
from benchmarks.measures import davis

NAMES = [name for row in davis.ROWS for name in row]


def block(name):
    return re.search(f"<!-- BEGIN {name} -->\n(.*?)\n?<!-- END {name} -->", report.README.read_text(), re.S).group(1)


def test_a_row_outside_tells_its_reason_and_a_row_inside_says_yes():
    middle = {name: [0, 0, sum(davis.middle_half(name)) / 2, 0, 0] for name in NAMES}
    outside = {"outline / ring": [0, 0, 99, 0, 0]}
    table = report.statistics_table({"percentiles": middle | outside, "shares": davis.SHARES | {"has a hole": 0.99}})
    assert all(clip_statistics.REASONS[name] in table for name in ("outline / ring", "has a hole"))
    assert table.count("| yes |") == len(NAMES) - 2 and f"{len(davis.ROWS) - 2} of {len(davis.ROWS)} rows" in table
    assert "| 0.99 of frames |" in table


def test_the_ladder_is_read_on_the_choosing_half_and_v1_is_judged_on_both():
    scores = {name: dict.fromkeys(ladder.SCORES, 0.5) for name in transfer.CHOOSE + transfer.JUDGE}
    rows = [
        ladder.Row(variant, seed, "", {}, {}, scores) for variant in ("first", "mixture", "bare") for seed in (0, 1)
    ]
    climbed, rest = report.transfer_tables(rows).split("choosing half")
    choosing, judging = rest.split("judging half")
    assert "bare" in climbed and "first" not in climbed
    assert choosing.count("mixture") == 1 and judging.count("| mixture |") == 1
    assert "judged on these three: 1," in judging
    older = [replace(row, fingerprint="older") for row in rows]
    assert "judged on these three: 2," in report.transfer_tables(rows, older)


@pytest.mark.parametrize("name", report.BLOCKS)
def test_the_readme_shows_what_is_stored(name):
    path, write = report.BLOCKS[name]
    assert block(name) == (write(path) if path.exists() else "")


@pytest.mark.parametrize(
    "path", [report.STATISTICS, report.PROBES, report.SPEED, baselines.FILE], ids=lambda path: path.stem
)
def test_stored_figures_are_of_the_frozen_generator(path):
    frozen = json.loads((report.ROOT / "data" / "minivos" / "frozen.json").read_text())["fingerprint"]
    assert json.loads(path.read_text())["fingerprint"] in (frozen, pools.fingerprint("mixture"))


def test_every_row_of_the_experiment_is_of_the_generator_that_its_variant_has_today():
    stale = {
        row.variant for row in ladder.read_rows(transfer.FILE) if row.fingerprint != pools.fingerprint(row.variant)
    }
    assert stale == set()


def test_every_rung_was_measured_with_three_seeds():
    seeds = {}
    for row in ladder.read_rows(transfer.FILE):
        seeds.setdefault(row.variant, set()).add(row.seed)
    assert seeds == {variant: {0, 1, 2} for variant in pools.VARIANTS}


def test_a_shuffled_net_stands_beside_no_film():
    told = report.probes_table({"probes": {"ladder 9": [0.6, 0.5, False], "U-Net shuffled": [0.5, 0.6, False]}})
    assert "| ladder 9 | 0.60 | 0.50 | film | no |" in told
    assert "| U-Net shuffled | 0.50 |  | ladder 9 on drawn clips, 0.60 | no |" in told
