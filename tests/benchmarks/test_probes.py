import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from benchmarks import probes
from benchmarks.measures.probe_nets import Keyhole, SmallUNet, auc, balanced_loss, mean_auc, train
from benchmarks.probes import Finding, Pictures

SIZE = (48, 80)
STEPS = 50


def noise(rng, count=1):
    """Pictures of blurred noise, all alike in every statistic."""
    plates = rng.normal(size=(count, *SIZE, 3)).astype(np.float32)
    plates = np.stack([cv2.GaussianBlur(plate, (0, 0), 1.5) for plate in plates])
    return np.clip(128 + 40 * plates / plates.std(), 0, 255).astype(np.uint8)


def blobs(rng, count):
    masks = np.zeros((count, *SIZE), np.uint8)
    for mask in masks:
        centre = (int(rng.integers(22, 58)), int(rng.integers(16, 32)))
        cv2.ellipse(mask, centre, (int(rng.integers(8, 14)), int(rng.integers(6, 12))), 0, 0, 360, 1, -1)
    return masks > 0


def pictures(seed, count=24, fringe=False, blurred=False):
    """Blobs that are drawn with nothing but their floor, unless a leak is planted: a red fringe, or a blur inside."""
    rng = np.random.default_rng(seed)
    masks, frames = blobs(rng, count), noise(rng, count)
    for frame, mask in zip(frames, masks, strict=True):
        if fringe:
            frame[mask & ~(cv2.erode(mask.astype(np.uint8), np.ones((3, 3))) > 0)] = (200, 40, 40)
        if blurred:
            frame[mask] = cv2.GaussianBlur(frame, (0, 0), 1.5)[mask]
    return Pictures(frames, masks)


def test_auc_counts_the_pairs_in_order():
    score = np.array([0.1, 0.4, 0.35, 0.8])
    assert auc(score, np.array([0, 0, 1, 1])) == 0.75  # of (.35,.8) against (.1,.4) only .35 < .4 is wrong
    assert auc(score, np.array([0, 1, 0, 1])) == 1
    assert auc(score, np.array([1, 0, 1, 0])) == 0


def test_ties_count_half():
    assert auc(np.ones(5), np.array([1, 0, 0, 1, 0])) == 0.5
    assert auc(np.array([1, 1, 2]), np.array([0, 1, 1])) == 0.75


def test_auc_is_that_of_all_pairs_compared_one_by_one():
    rng = np.random.default_rng(0)
    score, truth = rng.integers(0, 20, 200), rng.random(200) < 0.3
    pairs = np.sign(score[truth][:, None] - score[~truth][None])
    assert auc(score, truth) == pytest.approx((1 + pairs.mean()) / 2)


def test_pictures_with_one_kind_of_pixel_have_no_auc_and_do_not_count():
    assert np.isnan(auc(np.arange(3), np.zeros(3)))
    score = np.array([[[1.0, 2.0]], [[1.0, 2.0]]])
    truth = np.array([[[False, True]], [[False, False]]])
    assert mean_auc(score, truth, np.ones_like(truth)) == 1


@pytest.mark.parametrize("reach", [1, 5, 9])
def test_a_keyhole_sees_as_far_as_it_says_and_no_further(reach):
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 21, 21, requires_grad=True)
    Keyhole(reach)(picture)[0, 0, 10, 10].backward()
    rows, columns = np.nonzero(picture.grad.abs().sum((0, 1)).numpy())
    half = reach // 2
    assert rows.min() >= 10 - half and rows.max() <= 10 + half
    assert columns.min() >= 10 - half and columns.max() <= 10 + half
    if reach > 1:
        assert np.ptp(rows) + 1 > reach - 2  # a unit at rest may hide the outermost pixel, never a whole layer


def test_the_unet_keeps_the_size_and_every_parameter_learns():
    net = SmallUNet()
    net(torch.rand(2, 3, 48, 80)).square().mean().backward()
    assert net(torch.rand(1, 3, 48, 80)).shape == (1, 1, 48, 80)
    assert all(weight.grad is not None for weight in net.parameters())


def test_both_kinds_weigh_the_same_and_uncounted_pixels_nothing():
    logits = torch.tensor([2.0, -1.0, -1.0, 9.0]).reshape(1, 1, 1, 4)
    truth = torch.tensor([True, False, False, True]).reshape(1, 1, 1, 4)
    counted = torch.tensor([True, True, True, False]).reshape(1, 1, 1, 4)
    expected = (np.log1p(np.exp(-2)) + np.log1p(np.exp(-1))) / 2
    assert balanced_loss(logits, truth, counted).item() == pytest.approx(expected, rel=1e-5)


def test_the_same_seed_trains_the_same_net():
    show = torch.rand(6, 3, 16, 16)
    truth = show.mean(1, keepdim=True) > 0.5
    nets = [train(lambda: Keyhole(1), show, truth, torch.ones_like(truth), steps=3) for _ in range(2)]
    for a, b in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.equal(a, b)


def test_high_pass_takes_away_the_mean_of_five_by_five():
    frames = noise(np.random.default_rng(0))
    shown = probes.high_pass(frames)[0, 0].numpy() * 16
    channel = frames[0, ..., 0].astype(float)
    slow = channel - convolve(channel, np.full((5, 5), 1 / 25), mode="mirror")
    assert shown == pytest.approx(slow, abs=1e-3)


def test_the_band_of_a_square_is_five_pixels_wide():
    mask = np.zeros(SIZE, bool)
    mask[10:30, 20:40] = True
    assert probes.band(mask)[20].nonzero()[0].tolist() == [17, 18, 19, 20, 21, 38, 39, 40, 41, 42]


def test_false_outlines_lie_elsewhere_and_shared_pixels_do_not_count():
    masks = blobs(np.random.default_rng(0), 6)
    true, counted = probes.borders(masks)
    for mask, band, pixels in zip(masks, true, counted, strict=True):
        assert np.array_equal(band, probes.band(mask))
        assert np.count_nonzero(pixels & ~band) > 0.2 * np.count_nonzero(band)


def test_shuffling_moves_patches_whole_and_the_mask_with_them():
    frames = np.zeros((1, *SIZE, 3), np.uint8)
    masks = blobs(np.random.default_rng(0), 1)
    frames[masks] = 255
    mixed = probes.shuffled(Pictures(frames, masks))
    assert np.array_equal(mixed.frames[..., 0] == 255, mixed.masks)
    assert mixed.masks.sum() == masks.sum() and not np.array_equal(mixed.masks, masks)
    whole = masks[0].reshape(6, 8, 10, 8).sum((1, 3))
    assert sorted(mixed.masks[0].reshape(6, 8, 10, 8).sum((1, 3)).ravel()) == sorted(whole.ravel())


def test_decoy_recall_is_the_share_of_decoy_pixels_called_object():
    prob, decoys = np.zeros((1, *SIZE)), np.zeros((1, *SIZE), bool)
    decoys[0, :10, :10] = True
    prob[0, :5, :10] = 0.9
    prob[0, 20:, :] = 0.9
    assert probes.decoy_recall(prob, decoys) == 0.5
    assert np.isnan(probes.decoy_recall(prob, np.zeros_like(decoys)))


def test_an_alarm_needs_more_than_the_margin_above_film():
    assert Finding("border", 0.81, 0.7).alarm
    assert not Finding("border", 0.79, 0.7).alarm
    assert not Finding("ladder 1", 0.55, 0.4).alarm  # film's .4 is no better than chance, and .55 is near it
    assert not Finding("border", 0.99, None).alarm
    assert not Finding("U-Net whole", 0.99, 0.7, watched=False).alarm


def test_a_red_fringe_raises_the_border_alarm():
    film = pictures(2)
    found = probes.run_probe("border", pictures(0, fringe=True), pictures(1, fringe=True), film, steps=STEPS)
    assert found.drawn > 0.75 and found.alarm  # three of five pixels see the fringe


def test_without_a_fringe_the_border_probe_is_silent():
    found = probes.run_probe("border", pictures(0), pictures(1), pictures(2), steps=STEPS)
    assert found.drawn == pytest.approx(0.5, abs=0.08) and not found.alarm


def test_blurred_objects_raise_the_high_pass_alarm():
    film = pictures(2)
    found = probes.run_probe("high-pass", pictures(0, blurred=True), pictures(1, blurred=True), film, steps=STEPS)
    assert found.drawn > 0.75 and found.alarm


def test_colour_alone_gives_nothing_away_where_objects_are_floor():
    found = probes.run_probe("ladder 1", pictures(0), pictures(1), pictures(2), steps=STEPS)
    assert found.drawn == pytest.approx(0.5, abs=0.08) and not found.alarm
