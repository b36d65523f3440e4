"""models/osvos_s.py: two heads on one network, and instances that decide which of them is believed."""

from dataclasses import replace
from math import log

import pytest
import torch
from torch import nn

from tests.models.tiny import SIZE, iou, painted, seeded, square
from vostutor.core import DataError, Segmenter, SettingsError, ShapeError
from vostutor.models.osvos import OSVOSConfig, OSVOSNet
from vostutor.models.osvos_s import OSVOSS, Instances, OSVOSSConfig, with_two_heads

QUICK = OSVOSSConfig(steps=12, batch=2, rate=1e-2, sigma=20)  # one pixel at 24 rows
STILL = replace(QUICK, steps=0)
LEFT, RIGHT = square(3, 3), square(3, 28)


def tiny(seed=0):
    config = OSVOSConfig(channels=(8, 8), convs=(1, 1), sides=(8, 8), small=True, refined=True)
    return OSVOSNet(config, generator=seeded(seed))


def found(*masks, labels=None):
    """An instance segmenter that always sees the same."""
    masks = torch.stack(masks) if masks else torch.zeros(0, *SIZE, dtype=torch.bool)
    return lambda frame: Instances(masks, labels or ["cow"] * len(masks), [1.0] * len(masks))


class Told(nn.Module):
    """A network without anything to learn from the picture: brightness is its only side map."""

    def __init__(self):
        super().__init__()
        self.paths = nn.ModuleList([nn.Module()])
        self.paths[0].fuse = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.constant_(self.paths[0].fuse.weight, 10.0)
        self.bias = nn.Parameter(torch.full((1,), -5.0))

    def forward(self, frames):
        return [self.paths[0].fuse(frames[:, :1]) + self.bias]


def told(find, config=STILL, network=None, mask=LEFT, frame=None, **more):
    system = OSVOSS(Told() if network is None else network, find, config, **more)
    system.observe(painted(mask) if frame is None else frame, mask.long())
    return system


# two heads


def test_both_heads_begin_as_the_answer_that_was_there():
    network = tiny()
    frames = torch.rand(2, 3, *SIZE, generator=seeded())
    wide = with_two_heads(network)(frames)[-1]
    assert wide.shape == (2, 3, *SIZE)
    assert torch.allclose(wide, network(frames)[-1].expand(-1, 3, -1, -1), atol=1e-6)
    assert network(frames)[-1].shape == (2, 1, *SIZE)  # the parent has one


def test_each_head_learns_its_own():
    network = with_two_heads(tiny())
    network(torch.rand(1, 3, *SIZE, generator=seeded()))[-1][:, 1].sum().backward()
    for path in network.paths:
        assert (path.fuse.weight.grad[1] != 0).any()
        assert (path.fuse.weight.grad[[0, 2]] == 0).all()


# the system


def test_before_it_has_learned_it_answers_as_the_parent():
    system = told(found(LEFT), network=Told(), threshold=0.5)
    frame = painted(RIGHT)
    assert torch.allclose(system.step(frame)[1], Told()(frame[None].float() / 255)[-1][0, 0].sigmoid(), atol=1e-5)


def test_probabilities_are_moved_so_that_the_threshold_becomes_one_half():
    # Shade 153 is 0.6 of white: a logit of 10 * 0.6 - 5 = 1, and a probability of 0.73.
    frame = painted(LEFT, colour=(153, 153, 153))
    one, other = (told(found(), threshold=t, frame=frame).step(frame)[1, 5, 5] for t in (0.7, 0.75))
    assert one.item() == pytest.approx(1 / (1 + 0.7 / 0.3 / 2.718282), abs=1e-4) and one > 0.5 > other


def test_the_first_round_counts_from_the_threshold_on():
    system = told(found(LEFT), threshold=0.9)
    system.step(painted(LEFT))
    system.step(painted(LEFT, colour=(153, 153, 153)))  # 0.73 is no object, which instances would have to overlap
    assert system.runs[1].prior.max() == 0
    system.runs[1].shift = log(0.7 / 0.3)
    system.step(painted(LEFT, colour=(153, 153, 153)))
    assert system.runs[1].prior.max() > 0.9


def test_a_look_alike_is_left_out_although_the_first_round_takes_both():
    system = told(found(LEFT, RIGHT), threshold=0.5)
    system.step(painted(LEFT))
    system.runs[1].network = _heads(10.0, -5.0, inside=(0.0, 6.0), outside=(0.0, -6.0))
    frame = painted(LEFT | square(3, 28, side=7))
    prob = system.step(frame)[1]
    assert (system.runs[1].network(frame[None].float() / 255)[-1][0, 0, 3:10, 28:35] > 0).all()
    assert iou(prob > 0.5, LEFT) > 0.9  # the corners of the prior are round
    assert not (prob > 0.5)[:, 20:].any()


def _heads(slope, bias, inside, outside):
    network = with_two_heads(Told())
    with torch.no_grad():
        network.paths[0].fuse.weight.copy_(torch.tensor([slope, inside[0], outside[0]]).reshape(3, 1, 1, 1))
        network.bias.copy_(torch.tensor([bias, inside[1], outside[1]]).reshape(3, 1, 1))
    return network


def test_where_the_instances_miss_the_object_the_classifier_for_outside_finds_it():
    find = found(LEFT)
    system = told(find, replace(QUICK, steps=60), tiny())
    assert iou(system.step(painted(LEFT))[1] > 0.5, LEFT) > 0.6
    system.runs[1].find = found()
    recovered = system.step(painted(LEFT))[1]
    assert system.runs[1].prior.max() == 0
    assert iou(recovered > 0.5, LEFT) > 0.5  # where masking by the prior would leave nothing


def test_without_instances_shown_as_unreliable_priors_are_the_smoothed_masks():
    run = _run(replace(STILL, forget=0))
    unions = torch.stack([LEFT, RIGHT])
    assert torch.equal(
        run.unreliable(unions, seeded()), torch.stack([run.smoothed(LEFT), run.smoothed(RIGHT)])[:, None]
    )


def test_a_quarter_of_the_priors_is_nowhere_and_a_quarter_everywhere():
    priors = _run(replace(STILL, forget=0.25)).unreliable(LEFT.expand(400, -1, -1), seeded()).mean((1, 2, 3))
    shares = [(priors == value).float().mean().item() for value in (0, 1)]
    assert shares == [pytest.approx(0.25, abs=0.06), pytest.approx(0.25, abs=0.06)]


def _run(config):
    system = told(found(LEFT), config)
    system.step(painted(LEFT))
    return system.runs[1]


def test_frames_are_independent_of_their_order():
    frames = [painted(square(3, 3 + t)) for t in range(4)]
    forwards, backwards = (told(found(LEFT), QUICK, tiny()) for _ in range(2))
    first = [forwards.step(frame) for frame in frames]
    again = [backwards.step(frame) for frame in reversed(frames)][::-1]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_the_parent_stays_as_it_is_and_the_copy_learns():
    parent = tiny()
    before = {name: value.clone() for name, value in parent.state_dict().items()}
    system = told(found(LEFT), QUICK, parent)
    system.step(painted(LEFT))
    assert all(torch.equal(value, before[name]) for name, value in parent.state_dict().items())
    moved = [name for name, value in system.runs[1].network.named_parameters() if (value.grad != 0).any()]
    assert len(moved) > 5


def test_each_object_has_its_own_kinds_and_counts():
    system = OSVOSS(Told(), found(LEFT, RIGHT, labels=["cow", "dog"]), STILL)
    system.observe(painted(LEFT | RIGHT), LEFT * 4 + RIGHT * 9)
    assert system.step(painted(LEFT | RIGHT)).shape == (3, *SIZE)
    assert [system.runs[value].want for value in (4, 9)] == [{"cow": 1}, {"dog": 1}]


def test_a_frame_is_segmented_once_for_all_objects_and_another_one_anew():
    asked, find = [], found(LEFT, RIGHT)

    def counting(frame):
        asked.append(frame.clone())
        return find(frame)

    system, frame = OSVOSS(Told(), counting, STILL), painted(LEFT | RIGHT)
    system.observe(frame, LEFT.long() + 2 * RIGHT)
    system.step(frame)
    assert len(asked) == 1
    frame[:] = 255 - frame  # the same tensor, with another picture in it
    system.step(frame)
    assert len(asked) == 2 and torch.equal(asked[1], frame)


def test_void_pixels_do_not_count_in_the_choice():
    ids = torch.where(LEFT, 1, torch.where(RIGHT, 255, 0))
    system = OSVOSS(Told(), found(square(3, 3, side=7), LEFT | RIGHT, labels=["dog", "cow"]), STILL)
    system.observe(painted(LEFT), ids)
    system.step(painted(LEFT))
    assert system.runs[1].want == {"cow": 1}


def test_unsure_instances_are_not_looked_at():
    system = OSVOSS(Told(), lambda frame: (torch.stack([LEFT]), ["cow"], [0.2]), STILL)
    system.observe(painted(LEFT), LEFT.long())
    system.step(painted(LEFT))
    assert system.runs[1].want == {}


def test_masks_are_snapped_to_the_superpixels_that_are_passed_in():
    columns = (torch.arange(SIZE[1]) // 10).expand(SIZE)  # regions of ten columns
    wide = torch.zeros(SIZE, dtype=torch.bool)
    wide[:, 2:10] = True
    system = OSVOSS(Told(), found(wide), STILL, superpixels=lambda frame: columns)
    system.observe(painted(wide), wide * 5)
    assert torch.equal(system.step(painted(wide))[1], (columns == 0).float())


def test_it_is_a_segmenter():
    assert isinstance(told(found(LEFT)), Segmenter)


# refusals


def test_a_network_without_side_paths_is_refused():
    with pytest.raises(SettingsError, match="a network with side paths"):
        with_two_heads(nn.Conv2d(3, 1, 1))


def test_instances_of_another_size_are_refused():
    with pytest.raises(ShapeError, match="masks: N H W"):
        told(lambda frame: (torch.zeros(1, 5, 5, dtype=torch.bool), ["cow"], [1.0])).step(painted(LEFT))


@pytest.mark.parametrize("threshold", [0, 1, -0.5, float("nan")])
def test_no_threshold_is_refused(threshold):
    with pytest.raises(SettingsError, match="a threshold between 0 and 1"):
        told(found(LEFT), threshold=threshold)


@pytest.mark.parametrize("wrong", [
    {"steps": -1}, {"steps": 1.5}, {"batch": 0}, {"batch": 2.0}, {"rate": 0}, {"rate": float("nan")}, {"sigma": -1},
    {"sigma": float("inf")}, {"forget": 0.6}, {"forget": "a quarter"}, {"least_score": float("nan")}, {"least_score": 2},
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(SettingsError, match=f"expected  {name} a "):
        OSVOSSConfig(**wrong)


def test_a_segmenter_that_gives_no_scores_is_refused():
    with pytest.raises(DataError, match="return masks, labels, scores"):
        told(lambda frame: (torch.stack([LEFT]), ["cow"])).step(painted(LEFT))
