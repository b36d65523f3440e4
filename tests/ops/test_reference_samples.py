"""ops/reference_samples.py: samples whose first frame tells what is asked."""

import pytest
import torch

from vostutor.core import DataError, ShapeError
from vostutor.ops.reference_samples import expect_reference_samples


def samples(change=None):
    """Two samples of three frames: of the first both objects, of the second object 1."""
    ids = torch.zeros(2, 3, 4, 8, dtype=torch.int64)
    ids[:, :, 1, 1:3], ids[0, :, 3, 5], ids[1, :, 0] = 1, 2, 255
    batch = {"frames": torch.zeros(2, 3, 3, 4, 8), "ids": ids, "progress": torch.tensor([0.0, 1.0])}
    if change:
        change(batch)
    return batch


def put(number, sample, frame):
    return lambda batch: batch["ids"][sample, frame, 2].fill_(number)


def replaced(name, how):
    return lambda batch: batch.update({name: how(batch[name])})


def test_objects_are_counted_over_the_batch():
    assert expect_reference_samples(samples()) == 2
    assert expect_reference_samples(samples(replaced("ids", torch.zeros_like))) == 0


def test_an_object_may_leave_and_may_come_before_anybody_asks_for_it():
    assert expect_reference_samples(samples(lambda batch: batch["ids"][:, 1:].zero_())) == 2
    assert expect_reference_samples(samples(put(2, sample=1, frame=1))) == 2


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (put(2, sample=1, frame=2), DataError, "object 2 of sample 1"),
        (put(200, sample=0, frame=slice(None)), DataError, "without gaps"),
        (put(256, sample=0, frame=0), DataError, "0 to 256"),
        (put(-1, sample=0, frame=2), DataError, "-1 to 255"),
        (lambda batch: batch.pop("progress"), DataError, "no progress"),
        (lambda batch: batch.update({name: each[:0] for name, each in batch.items()}), DataError, "sample at least"),
        (lambda batch: batch["progress"].fill_(float("nan")), DataError, "progress from 0 to 1"),
        (lambda batch: batch["progress"].fill_(1.5), DataError, "progress from 0 to 1"),
        (lambda batch: batch["progress"].fill_(-0.1), DataError, "progress from 0 to 1"),
        (replaced("ids", torch.Tensor.int), ShapeError, "ids.long"),
        (replaced("ids", torch.Tensor.numpy), ShapeError, "tensor"),
        (replaced("frames", torch.Tensor.byte), ShapeError, "/ 255"),
        (replaced("progress", lambda progress: 0.5), ShapeError, "tensor"),
        (replaced("progress", lambda progress: progress[:1]), ShapeError, "progress: B"),
    ],
)  # fmt: skip
def test_what_nothing_can_be_learned_from_is_refused(change, error, words):
    with pytest.raises(error, match=words):
        expect_reference_samples(samples(change))
