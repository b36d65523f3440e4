"""ops/superpixels.py: masks follow the borders of regions, by majority."""

import pytest
import torch

from vostutor.core import SettingsError, ShapeError
from vostutor.ops.superpixels import slic, snap


def drawn(seed=0, size=(20, 30)):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 12, size, generator=generator), torch.rand(size, generator=generator) > 0.5


def test_the_majority_decides_and_a_tie_is_background():
    regions = torch.tensor([[0, 0, 0], [1, 1, 2], [1, 1, 2]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 1], [1, 0, 1]]).bool()  # 2 of 3, 2 of 4, 2 of 2
    assert torch.equal(snap(regions, mask), torch.tensor([[1, 1, 1], [0, 0, 1], [0, 0, 1]]).bool())


def test_snapping_again_changes_nothing():
    regions, mask = drawn()
    assert torch.equal(snap(regions, snap(regions, mask)), snap(regions, mask))


def test_the_numbers_of_the_regions_do_not_matter():
    regions, mask = drawn()
    renamed = torch.randperm(12, generator=torch.Generator().manual_seed(1))[regions]
    assert torch.equal(snap(renamed, mask), snap(regions, mask))


def test_single_pixels_keep_a_mask_and_a_single_region_takes_the_majority():
    _, mask = drawn()
    assert torch.equal(snap(torch.arange(mask.numel()).reshape(mask.shape), mask), mask)
    assert torch.equal(
        snap(torch.zeros_like(mask, dtype=torch.long), mask), torch.full_like(mask, mask.float().mean() > 0.5)
    )


def test_regions_counted_one_by_one_agree():
    regions, mask = drawn(2)
    expected = torch.zeros_like(mask)
    for region in regions.unique():
        inside = mask[regions == region]
        expected[regions == region] = inside.sum().item() > len(inside) / 2
    assert torch.equal(snap(regions, mask), expected)


def test_slic_separates_colours_so_that_a_ragged_mask_becomes_the_square():
    frame = torch.zeros(3, 32, 48, dtype=torch.uint8)
    frame[0, 8:24, 16:32] = 255
    truth = frame[0] > 0
    ragged = truth.clone()
    ragged[8:24, 32:34], ragged[8:10, 16:20] = True, False
    assert torch.equal(snap(slic(frame, regions=40), ragged), truth)


@pytest.mark.parametrize("ask", [
    lambda: snap(torch.zeros(2, 2), torch.zeros(2, 2, dtype=torch.bool)),
    lambda: snap(torch.zeros(2, 2, dtype=torch.long), torch.zeros(2, 2)),
    lambda: snap(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 2, dtype=torch.bool)),
    lambda: slic(torch.zeros(3, 8, 8)),
])  # fmt: skip
def test_other_types_and_sizes_are_refused(ask):
    with pytest.raises(ShapeError):
        ask()


@pytest.mark.parametrize("wrong", [
    {"regions": 0}, {"regions": 2.5}, {"compactness": 0}, {"compactness": -1}, {"compactness": float("nan")},
])  # fmt: skip
def test_no_region_and_no_compactness_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        slic(torch.zeros(3, 8, 8, dtype=torch.uint8), **wrong)


def test_regions_may_have_any_numbers():
    regions, mask = drawn()
    strange = torch.tensor([-7, 10**12])[regions % 2]
    assert torch.equal(snap(strange, mask), snap(regions % 2, mask))


def test_arrays_of_numpy_are_refused_as_such():
    labels, mask = drawn()
    with pytest.raises(ShapeError, match="(?s)frame: a tensor.*torch.as_tensor"):
        slic(torch.zeros(3, 8, 8, dtype=torch.uint8).numpy())
    for wrong in ((labels.numpy(), mask), (labels, mask.numpy())):
        with pytest.raises(ShapeError, match="(?s): a tensor.*torch.as_tensor"):
            snap(*wrong)
