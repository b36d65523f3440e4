import re

import pytest

from benchmarks import clip_statistics, ladder, report, transfer
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
    assert choosing.count("mixture") == judging.count("mixture") == 1


@pytest.mark.parametrize("name", report.BLOCKS)
def test_the_readme_shows_what_is_stored(name):
    path, write = report.BLOCKS[name]
    assert block(name) == (write(path) if path.exists() else "")
