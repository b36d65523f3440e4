"""The generator is held to film: statistics row by row, and what nets find that see too little to know an object."""

import pytest

from benchmarks import clip_statistics, probes
from benchmarks.measures import davis


@pytest.fixture(scope="module")
def figures():
    values = clip_statistics.measure_drawn(clip_statistics.default_clips, 60, 12)
    return clip_statistics.judged(clip_statistics.percentiles(values), clip_statistics.shares_of(values))


def outside(figures):
    names = [name for row in davis.ROWS for name in row]
    return {name for name in names if not clip_statistics.inside(figures, [name])}


def test_most_rows_of_the_default_mixture_lie_in_the_middle_half_of_film(figures):
    count = sum(clip_statistics.inside(figures, names) for names in davis.ROWS)
    assert count >= 20, f"{count} of {len(davis.ROWS)} rows; outside are {sorted(outside(figures))}"


def test_every_row_that_stays_outside_has_a_reason_and_no_other_row_has_one(figures):
    assert outside(figures) == set(clip_statistics.REASONS)


def test_no_probe_finds_objects_more_easily_than_on_film():
    pictures = probes.from_clips(probes.default_clips(probes.TRAIN + probes.HELD_OUT, probes.FRAMES))
    found = probes.report(pictures[: 2 * probes.TRAIN], pictures[2 * probes.TRAIN :], None)
    assert not [finding for finding in found if finding.alarm]
