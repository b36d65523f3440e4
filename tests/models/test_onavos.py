"""models/onavos.py: the network that learns on, and what keeps it from unlearning."""

from dataclasses import replace

import pytest
import torch

from tests.models.tiny import SIZE, Spot, iou, painted, seeded, square
from vostutor.core import Segmenter, SettingsError, ShapeError
from vostutor.models.onavos import Guard, OnAVOS, OnAVOSConfig, Run, View, adaptation_targets

VOID = 255
STILL = OnAVOSConfig(first_steps=0, online_steps=0, distance=float("inf"))  # learns nothing
QUICK = OnAVOSConfig(
    first_steps=10, first_rate=0.05, online_rate=0.05, online_steps=5, interval=5, alpha=0.9, distance=120.0, beta=0.05
)


def watched(config=QUICK, network=None, frame=None):
    """A system that was told a bright square."""
    mask = square(8, 8)
    system = OnAVOS(Spot() if network is None else network, config)
    system.observe(painted(mask) if frame is None else frame, mask.long())
    return system


def shown_frames(run):
    """Notes what a run learns from: "first" or "current", and the weight of the loss."""
    seen, learn = [], run.learn

    def noting(frame, target, weight=1.0):
        seen.append(("first" if any(frame is known for known, _ in run.told) else "current", weight))
        learn(frame, target, weight)

    run.learn = noting
    return seen


# hand-worked


def test_a_run_follows_the_schedule_and_the_current_frame_weighs_less():
    system = watched(replace(QUICK, online_steps=15, beta=0.05))
    system.step(painted(square(8, 9)))
    seen = shown_frames(system.runs[1])
    system.step(painted(square(8, 10)))
    assert seen == [("current", 0.05) if k in (0, 5, 10) else ("first", 1.0) for k in range(15)]


def test_the_answer_is_that_of_the_network_after_it_has_learned_from_the_frame():
    system, frame = watched(replace(QUICK, distance=float("inf"))), painted(square(8, 9))
    prob = system.step(frame)[1]
    before = system.runs[1].posterior(frame)  # as it is before the next step learns
    assert torch.allclose(prob, before, atol=1e-6)
    after = system.step(frame)[1]
    assert not torch.equal(after, before) and torch.allclose(after, system.runs[1].posterior(frame), atol=1e-6)


def test_the_first_frame_and_the_others_have_learning_rates_of_their_own():
    system = watched(replace(QUICK, first_rate=0.05, online_rate=1e-4))
    rates, learn = [], Run.learn

    def noting(run, *shown):
        rates.append(run.optimiser.param_groups[0]["lr"])
        learn(run, *shown)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "learn", noting)
        system.step(painted(square(8, 9)))
    assert rates == [0.05] * QUICK.first_steps + [1e-4] * QUICK.online_steps


def test_the_last_mask_is_that_of_the_frame_that_was_told_last():
    system = watched(STILL)
    system.observe(painted(square(10, 28)), square(10, 28).long())
    system.step(painted(square(10, 28)))  # begins the run
    run = Run(system.network, [(f, ids) for f, ids in system.told], STILL, seeded())
    assert torch.equal(run.mask, square(10, 28))


# views


def test_a_view_is_darker_or_brighter_by_its_exponent():
    grey = torch.full((3, 4, 6), 51, dtype=torch.uint8)  # a fifth
    assert torch.allclose(View((4, 6), False, 2.0).frame(grey), torch.tensor(0.04))


def test_an_answer_to_a_mirrored_view_comes_back_to_its_place():
    mask = square(4, 2)
    view = View((36, 62), True, 1.0)
    seen = (view.frame(painted(mask))[:, :1] > 0.5).float()
    assert iou(view.back(seen, SIZE) > 0.5, mask) > 0.8  # the border blurs
    assert torch.equal(view.target(mask.long())[0].bool(), seen[0, 0] > 0)


def test_void_stays_void_in_a_view_and_nothing_is_mixed():
    target = torch.where(square(4, 2), 1, 0)
    target[10:, 20:] = VOID
    for seed in range(5):
        view = View.draw(SIZE, (0.7, 1.3), seeded(seed))
        assert set(view.target(target).unique().tolist()) == {0, 1, VOID}
        assert view.frame(painted(square(4, 2))).shape[-2:] == view.target(target).shape[-2:]


def test_the_mean_over_views_is_close_to_the_answer_to_the_frame():
    plain = Run(Spot(), [(painted(square(8, 8)), square(8, 8).long())], STILL, seeded())
    many = Run(Spot(), plain.told, replace(STILL, views=10), seeded())
    frame = painted(square(10, 20))
    assert (many.posterior(frame) - plain.posterior(frame)).abs().mean() < 0.03
    assert iou(many.posterior(frame) > 0.5, square(10, 20)) > 0.8


# the system


def test_an_untouched_network_answers_as_the_parent():
    parent = Spot()
    system = watched(STILL, parent)
    frame = painted(square(5, 20))
    expected = parent(frame[None].float() / 255)[-1].sigmoid()[0, 0]
    assert torch.allclose(system.step(frame)[1], expected, atol=1e-6)  # float32: p / (p + (1 - p))


def test_the_parent_stays_as_it_is_and_so_does_its_normalisation():
    parent = Spot(normalised=True)
    before = {name: value.clone() for name, value in parent.state_dict().items()}
    system = watched(QUICK, parent)
    system.step(painted(square(8, 9)))
    assert all(torch.equal(value, before[name]) for name, value in parent.state_dict().items())
    own = system.runs[1].network.state_dict()
    assert not torch.equal(own["weight"], before["weight"])
    assert torch.equal(own["norm.running_mean"], before["norm.running_mean"])
    assert parent.training


def test_what_is_far_from_the_last_mask_is_no_part_of_the_answer():
    system = watched(replace(STILL, distance=240))  # half the height: 12 pixels
    frame = painted(square(8, 8) | square(8, 30))
    prob = system.step(frame)[1]
    assert iou(prob > 0.5, square(8, 8)) == 1
    assert (prob[8:16, 30:38] == 0).all()


def test_after_an_empty_mask_nothing_is_pruned_and_only_the_first_frame_is_replayed():
    system = watched(replace(QUICK, distance=120))
    black = torch.zeros(3, *SIZE, dtype=torch.uint8)
    system.step(black)
    assert not system.runs[1].mask.any()
    seen = shown_frames(system.runs[1])
    prob = system.step(painted(square(10, 28)))  # far from where it was
    assert [shown for shown, _ in seen] == ["first"] * 4
    assert (system.runs[1].targets == VOID).all()
    assert iou(prob[1] > 0.5, square(10, 28)) > 0.9


def test_online_adaptation_follows_an_object_whose_colour_drifts_where_a_frozen_network_loses_it():
    fading = [painted(square(8, 8 + t), (230 - 18 * t, 230 - 18 * t, 230), (30, 30, 30)) for t in range(11)]
    learning = replace(QUICK, first_steps=20, online_steps=6, interval=2, beta=1.0, guard=None, alpha=0.7)
    scores = {}
    for name, config in (("learning", learning), ("frozen", replace(learning, online_steps=0))):
        system = watched(config, Spot(12), frame=fading[0])
        probs = [system.step(frame)[1] for frame in fading[1:]]
        scores[name] = iou(probs[-1] > 0.5, square(8, 18))
    assert scores["learning"] > scores["frozen"] + 0.3


def test_a_function_that_is_passed_in_finds_the_targets_and_its_network_adapts_to_them():
    asked = []

    def mine(prob, last_mask, *, alpha, distance, erosion):
        asked.append((tuple(last_mask.shape), alpha, distance, erosion))
        return torch.zeros(prob.shape, dtype=torch.int64)  # all is background

    config = replace(QUICK, guard=None, distance=240, erosion=60)
    systems = [OnAVOS(Spot(), config, **more) for more in ({}, {"targets": adaptation_targets}, {"targets": mine})]
    for system in systems:
        system.observe(painted(square(8, 8)), square(8, 8).long())
    own, same, other = (system.step(painted(square(8, 9))) for system in systems)
    assert asked == [(SIZE, 0.9, 12.0, 3)]  # 240 and 60 pixels at 480 rows are 12 and 3 at 24
    assert torch.equal(own, same) and own[1].max() > 0.5 and other[1].max() == 0
    assert not torch.equal(systems[0].runs[1].network.weight, systems[2].runs[1].network.weight)


def test_an_object_has_the_same_answer_whatever_else_is_told():
    left, right = square(4, 4), square(12, 28)
    frame = painted(left | right, ground=(90, 60, 30))
    alone, both = OnAVOS(Spot(), QUICK), OnAVOS(Spot(), QUICK)
    alone.observe(frame, right * 4)
    both.observe(frame, left * 2 + right * 4)
    for system in (alone, both):
        system.step(frame)
    assert torch.equal(alone.runs[4].network.weight, both.runs[4].network.weight)


def test_the_same_generator_gives_the_same_answer_and_no_global_random_number_is_drawn():
    state, frame = torch.get_rng_state(), painted(square(8, 9))
    first, again = watched(QUICK).step(frame), watched(QUICK).step(frame)
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)


def test_it_is_a_segmenter_and_works_where_gradients_are_off():
    with torch.no_grad():
        system = watched(QUICK)
        assert isinstance(system, Segmenter)
        system.step(painted(square(8, 9)))
    assert not torch.equal(system.runs[1].network.weight, Spot().weight)


# the guard


@pytest.mark.parametrize(("mask", "trusted"), [
    (square(8, 9), True),
    (square(6, 6, side=11), True),  # 121 of 64 pixels
    (square(4, 4, side=12), False),  # 144
    (square(9, 9, side=5), False),  # 25
])  # fmt: skip
def test_a_guard_does_not_trust_an_object_that_grew_or_shrank_more_than_twofold(mask, trusted):
    system = watched(replace(STILL, distance=240))
    system.step(painted(mask))
    assert system.runs[1].trusted is trusted


def test_without_a_guard_every_frame_teaches():
    system = watched(replace(STILL, distance=240, guard=None))
    system.step(painted(square(4, 4, side=12)))
    assert system.runs[1].trusted


def test_a_guard_does_not_trust_a_frame_with_few_sure_pixels():
    unsure = Spot(3.0)  # 0.77 where it is brightest
    assert not _trusted_after(watched(replace(STILL, alpha=0.9), unsure))
    assert _trusted_after(watched(replace(STILL, alpha=0.6), unsure))
    never = Guard(fewest_positives=0)
    assert _trusted_after(watched(replace(STILL, alpha=1.0, distance=60, guard=never), unsure))


def _trusted_after(system):
    system.step(painted(square(8, 8)))
    return system.runs[1].trusted


def test_a_frame_that_is_not_trusted_is_not_shown():
    system = watched(QUICK)
    system.step(painted(square(8, 8)))
    seen = shown_frames(system.runs[1])
    system.step(painted(square(2, 2, side=20)))
    assert [shown for shown, _ in seen] == ["first"] * 4


# refusals


def test_a_network_of_other_answers_is_refused():
    class Small(Spot):
        def forward(self, frames):
            return [super().forward(frames)[-1][..., ::2, ::2]]

    with pytest.raises(ShapeError, match="a network returns a list of logits"):
        watched(STILL, Small()).step(painted(square(8, 8)))


def test_targets_of_another_size_are_refused():
    system = OnAVOS(Spot(), STILL, targets=lambda prob, last_mask, **how: last_mask[None].long())
    system.observe(painted(square(8, 8)), square(8, 8).long())
    with pytest.raises(ShapeError, match="0, 1 or 255 for each pixel"):
        system.step(painted(square(8, 8)))


@pytest.mark.parametrize("wrong", [
    {"alpha": 0}, {"alpha": 1.5}, {"distance": -1}, {"distance": float("nan")}, {"interval": 0}, {"online_steps": -1},
    {"views": 0}, {"scales": (1.3, 0.7)}, {"scales": (0, 1)}, {"beta": -0.1}, {"erosion": -1}, {"first_steps": -1},
    {"first_steps": 1.5}, {"online_steps": 2.5}, {"interval": 2.5}, {"first_rate": 0}, {"online_rate": float("nan")},
    {"fraction": 0}, {"fraction": 1.5}, {"erosion": float("inf")}, {"scales": (1, float("inf"))}, {"scales": 1.3},
    {"distance": "far"}, {"beta": float("inf")}, {"guard": 2.0},
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(SettingsError, match="Guard" if name == "guard" else name):
        OnAVOSConfig(**wrong)


@pytest.mark.parametrize("wrong", [
    {"largest_jump": 0.5}, {"largest_jump": float("nan")}, {"fewest_positives": -1}, {"fewest_positives": float("inf")},
])  # fmt: skip
def test_a_guard_that_trusts_nothing_is_refused(wrong):
    assert Guard(largest_jump=float("inf")).fewest_positives == 0.1  # any jump may be allowed
    (name,) = wrong
    with pytest.raises(SettingsError, match=name):
        Guard(**wrong)


def test_an_answer_of_nan_tells_to_lower_the_learning_rate():
    with pytest.raises(ShapeError, match="a lower learning rate"):
        watched(STILL, Spot(float("nan"))).step(painted(square(8, 8)))
