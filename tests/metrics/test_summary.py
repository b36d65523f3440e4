import numpy as np
import pytest
import torch

from tests.metrics import oracle
from vostutor.core import ShapeError
from vostutor.metrics import statistics
from vostutor.metrics.summary import quarter_edges

# section 9 of the specification: values, mean, recall, decay
VECTORS = {
    "8 frames down": ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], 0.55, 0.5, 0.5),
    "10 frames down": ([1, 1, 0.9, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2], 0.66, 0.6, 2 / 3),
    "constant one half": ([0.5] * 12, 0.5, 0, 0),
    "101 frames": (np.linspace(1, 0, 101), 0.5, 50 / 101, 0.75),
    "400 frames": (np.linspace(1, 0, 400), 0.5, 0.5, 0.749373),
}


@pytest.mark.parametrize("case", VECTORS)
def test_the_vectors_of_the_specification(case):
    values, *wanted = VECTORS[case]
    assert statistics(values) == pytest.approx(wanted, abs=5e-7)


@pytest.mark.parametrize(
    ("n", "edges"),
    [
        (8, [0, 2, 4, 5, 7]),
        (10, [0, 2, 5, 7, 9]),
        (100, [0, 25, 50, 74, 99]),
        (300, [0, 75, 150, 224, 299]),
        (1, [0] * 5),
    ],
)
def test_the_edges_of_the_quarters(n, edges):
    assert quarter_edges(n) == edges


def test_edges_kept_in_a_byte_would_give_another_decay_at_400_frames():
    values = np.linspace(1, 0, 400)
    edges = np.array(quarter_edges(400)).astype(np.uint8)
    wrapped = values[edges[0] : edges[1] + 1].mean() - values[edges[3] : edges[4] + 1].mean()
    assert wrapped == pytest.approx(0.107769, abs=5e-7) and statistics(values).decay == pytest.approx(
        0.749373, abs=5e-7
    )


def test_exactly_one_half_is_not_recalled():
    assert statistics([0.5, 0.5000001]).recall == 0.5


def test_one_frame_has_no_decay():
    assert statistics([0.7]) == (0.7, 1, 0)


def test_decay_changes_sign_with_time_except_where_the_quarters_are_no_mirror_images():
    rng = np.random.default_rng(0)
    for n in range(4, 257):
        values = rng.random(n)
        mirrored = statistics(values).decay == pytest.approx(-statistics(values[::-1]).decay, abs=1e-12)
        assert mirrored == (n % 4 != 3)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 41, 257, 300, 1000])
def test_it_equals_the_oracle_for_short_and_long_clips(n):
    values = np.random.default_rng(n).random(n)
    assert statistics(values) == pytest.approx(oracle.statistics(values.tolist()), abs=1e-12)


def test_a_list_an_array_and_a_tensor_give_the_same():
    values = [0.25, 0.75, 1.0, 0.5]
    assert statistics(values) == statistics(np.array(values)) == statistics(torch.tensor(values))


@pytest.mark.parametrize("values", [[], [[0.5]], 0.5, [0.5, float("nan")], [float("inf")]])
def test_what_is_no_curve_is_refused(values):
    with pytest.raises(ShapeError, match="at least one finite number"):
        statistics(values)
