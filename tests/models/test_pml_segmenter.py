"""models/pml.py: the system, its pool, and clicks."""

import pytest
import torch
from torch import nn

from tests.models.tiny import SIZE, iou, painted, square
from vostutor.core import DataError, Segmenter, SettingsError, ShapeError
from vostutor.models.pml import PML, PMLConfig, PMLNet, agreed
from vostutor.ops.clicked import clicks

GROUND, VOID = (30, 30, 30), 255
RED, GREEN, BLUE = (230, 40, 40), (40, 230, 40), (40, 40, 230)


class Colour(nn.Module):
    """Takes the mean colour of four by four pixels for an embedding; notes how often it was asked."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.weight, self.asked = nn.Parameter(torch.tensor(factor)), 0
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, frames, times):
        self.asked += 1
        return self.weight * nn.functional.avg_pool2d(frames, 4, ceil_mode=True)


class Normed(nn.Sequential):
    """A backbone with running means."""

    channels = 8

    def __init__(self, stride=4):
        super().__init__(nn.Conv2d(3, 8, 1, stride), nn.BatchNorm2d(8))


def scene(*things, ground=GROUND):
    """A frame with squares (mask, colour) on it."""
    frame = torch.tensor(ground, dtype=torch.uint8)[:, None, None].expand(3, *SIZE)
    for mask, colour in things:
        frame = painted(mask, colour, base=frame)
    return frame


def watching(frame, ids, **options):
    system = PML(Colour(), **{"k": 3} | options)  # squares have four places or more
    system.observe(frame, ids)
    return system


def is_at(prob, mask):
    """Whether an object is found where it is; the enlarging rounds its corners off."""
    return iou(prob > 0.5, mask) > 0.9


RIGHT, LEFT = square(8, 28), square(4, 4)


def two():
    """A red object 3 and a blue object 7, seen in the first frame."""
    return scene((LEFT, RED), (RIGHT, BLUE)), LEFT * 3 + RIGHT * 7


# hand-worked


def test_labels_go_to_the_majority_of_the_nearest():
    """Told are six places with the reds 0 .1 .2 of the object and .24 .8 .9 of the background. Nearest to .25 are .24, .2 and .1."""
    first, ids = torch.zeros(3, 4, 24, dtype=torch.uint8), torch.tensor([1, 1, 1, 0, 0, 0]).repeat_interleave(4)
    first[0] = (255 * torch.tensor([0.0, 0.1, 0.2, 0.24, 0.8, 0.9])).round().byte().repeat_interleave(4)
    asked = torch.zeros_like(first)
    asked[0] = 64
    for k, share in ((1, [1, 0]), (3, [1 / 3, 2 / 3])):
        system = watching(first, ids.expand(4, 24), k=k)
        assert system.step(asked)[:, 2, 11].tolist() == pytest.approx(share, abs=1e-3)


def test_an_object_is_found_wherever_it_goes_and_found_again():
    system = watching(*two())
    elsewhere = square(12, 12), square(0, 20)
    answers = [
        system.step(frame)
        for frame in (scene((elsewhere[0], RED)), scene(), scene((elsewhere[0], BLUE), (elsewhere[1], RED)))
    ]
    assert is_at(answers[0][1], elsewhere[0]) and not answers[0][2].any()
    assert answers[1][0].min() == 1
    assert is_at(answers[2][2], elsewhere[0]) and is_at(answers[2][1], elsewhere[1])


def test_only_agreed_places_join_and_under_the_label_that_was_voted():
    system = watching(*two(), capacity=1000)
    asked = []

    def noting(neighbours):
        asked.append(neighbours)
        return agreed(neighbours) & (torch.arange(len(neighbours)) % 2 == 0)

    system.agree = noting
    system.step(scene((square(8, 8), RED)))
    grown = system.pool.grown
    assert asked[0].shape == (66, 3) and (grown.frames == 1).all()
    assert torch.bincount(grown.labels, minlength=3).tolist() == [31, 2, 0]  # every second of 62 and of 4 places
    assert grown.embedding[grown.labels == 1][:, 0].min() > 0.8 > 0.2 > grown.embedding[grown.labels == 0][:, 0].max()


def test_what_joined_helps_with_an_object_that_changes():
    """Its grey fades from frame to frame until it is nearer to the background of the first frame than to itself."""
    shades = (230, 190, 150, 120, 95, 75)
    frames = [scene((RIGHT, (shade,) * 3), ground=(20, 20, 20)) for shade in shades]
    grows, stays = (watching(frames[0], RIGHT.long(), agree=agree) for agree in (agreed, None))
    for frame in frames[1:]:
        answers = [system.step(frame)[1] for system in (grows, stays)]
    assert is_at(answers[0], RIGHT) and not answers[1].any()


def test_a_click_each_is_enough_and_more_clicks_need_no_network():
    frame, _ = two()
    system = PML(Colour())
    system.observe(frame, clicks([(6, 6, 1), (20, 20, 0)], SIZE))
    first = system.step(frame)
    system.observe(frame, clicks([(6, 6, 1), (20, 20, 0), (10, 30, 2)], SIZE))
    second = system.step(frame)
    assert is_at(first[1], LEFT) and is_at(second[1], LEFT) and is_at(second[2], RIGHT)
    assert system.seen.network.asked == 1 and len(system.pool.places.labels) == 3


def test_a_tiny_object_keeps_a_place_and_is_found_by_a_vote_of_one():
    mask = square(9, 9, side=2)
    frame = scene((mask, RED))
    system = watching(frame, mask.long() * 5)
    assert system.pool.scarcest == 1 and iou(system.step(frame)[1] > 0.5, square(8, 8, side=4)) == 12 / 16


# invariance


@pytest.mark.parametrize("size", [(24, 41), (17, 16), (5, 7)])
def test_probabilities_have_the_size_of_the_frame_and_sum_to_one(size):
    frame = torch.randint(0, 256, (3, *size), generator=torch.Generator().manual_seed(0)).byte()
    ids = torch.zeros(size, dtype=torch.uint8)
    ids[:3, :4], ids[3:, 4:] = 1, 9
    system = watching(frame, ids)
    assert isinstance(system, Segmenter)
    prob_all = system.step(frame.flip(-1))
    assert prob_all.shape == (3, *size) and prob_all.dtype == torch.float32
    assert torch.allclose(prob_all.sum(0), torch.ones(size), atol=1e-5) and prob_all.min() >= 0


def test_permuting_the_objects_permutes_the_channels_and_nothing_else():
    (frame, ids), later = two(), [scene((square(12, 12), RED), (square(0, 24), BLUE)), scene((square(2, 2), BLUE))]
    one, other = watching(frame, ids), watching(frame, torch.where(ids == 3, 9, ids))
    for shown in later:
        assert torch.equal(one.step(shown), other.step(shown)[[0, 2, 1]])


def test_no_weight_and_no_buffer_changes():
    system = watching(*two())
    before = {name: tensor.clone() for name, tensor in system.seen.network.state_dict().items()}
    for left in range(4):
        system.step(scene((square(8, left), RED)))
    after = system.seen.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_a_backbone_with_batch_norm_does_not_learn_from_the_video():
    network = PMLNet(Normed(), PMLConfig(hidden=8, channels=4)).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    system = PML(network)
    system.observe(*two())
    system.step(scene((square(8, 4), RED)))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_asking_twice_answers_twice_alike():
    system, frame = watching(*two()), scene((square(3, 17), RED))
    first, joined = system.step(frame), len(system.pool.grown.labels)
    assert torch.equal(system.step(frame), first) and system.seen.count == 2
    assert len(system.pool.grown.labels) == joined, "a frame joins once, however often it is asked"


def test_a_long_video_does_not_make_the_pool_grow():
    system, sizes = watching(*two(), capacity=30), []
    for k in range(40):
        system.step(scene((square(k % 14, k % 30), RED), (square(12, (3 * k) % 30), BLUE)))
        sizes.append(len(system.pool.places.labels))
    told = len(system.pool.told[0].labels)
    assert max(sizes) <= told + 3 * 30 and sizes[-1] == sizes[-2] and told == 66


def test_switched_off_nothing_joins_and_with_too_few_voters_neither():
    off, few = watching(*two(), agree=None), PML(Colour())
    few.observe(two()[0], clicks([(6, 6, 1), (20, 20, 0)], SIZE))
    for system in (off, few):
        system.step(scene((square(3, 17), RED)))
        assert system.pool.grown is None


def test_a_told_frame_teaches_only_what_was_told_of_it():
    frame, ids = two()
    ids[:, 20:28] = VOID
    system = watching(frame, ids)
    system.step(frame)
    assert system.pool.grown is None and len(system.pool.places.labels) == 66 - 2 * 6


def test_a_mask_replaces_an_earlier_one_of_the_same_frame_and_what_was_guessed_there():
    frame, ids = two()
    system, later = watching(frame, ids), scene((square(12, 12), RED), (RIGHT, GREEN))
    system.step(later)
    assert (system.pool.grown.frames == 1).any()
    system.observe(later, RIGHT.long() * 2)
    assert not (system.pool.grown.frames == 1).any() and system.objects == (3, 7, 2)
    system.observe(frame, torch.where(ids == 7, 3, ids))
    assert sorted(system.pool.told) == [0, 1] and system.seen.network.asked == 2
    answer = system.step(scene((square(0, 20), BLUE), (square(12, 12), GREEN)))
    assert is_at(answer[1], square(0, 20)) and is_at(answer[3], square(12, 12)) and not answer[2].any()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_answers_as_a_processor_does_where_the_frames_lie():
    (frame, ids), later = two(), scene((square(12, 12), RED), (square(0, 24), BLUE))
    system = watching(frame, ids)
    on_gpu = PML(Colour().cuda(), k=3)
    on_gpu.observe(frame, ids)
    for shown in (later, scene((square(2, 2), BLUE))):
        answer = on_gpu.step(shown)
        assert answer.device == shown.device and torch.allclose(answer, system.step(shown), atol=1e-3)


def test_a_mask_without_objects_makes_everything_background():
    system = watching(scene(), torch.zeros(SIZE, dtype=torch.uint8))
    assert torch.equal(system.step(scene((LEFT, RED))), torch.ones(1, *SIZE))


def test_the_mask_and_the_frame_stay_as_they_were():
    frame, ids = two()
    kept = frame.clone(), ids.clone()
    watching(frame, ids).step(frame)
    assert torch.equal(frame, kept[0]) and torch.equal(ids, kept[1])


# refusal of bad input


def test_a_step_before_any_known_place_is_refused():
    system = PML(Colour())
    with pytest.raises(DataError, match="none in 0 masks"):
        system.step(scene())
    system.observe(scene(), clicks([], SIZE))
    with pytest.raises(DataError, match="none in 1 masks"):
        system.step(scene())


def test_frames_and_masks_that_do_not_fit_are_refused():
    system = watching(*two())
    for wrong, said in ((scene()[:, :-1], "a new system for each video"), (scene().float(), "uint8")):
        with pytest.raises(ShapeError, match=said):
            system.step(wrong)
    for wrong, kind, said in (
        (torch.zeros(3, 3).long(), ShapeError, "one mask of the size"),
        (torch.zeros(SIZE), ShapeError, "integers"),
        (torch.full(SIZE, 256), DataError, "0 to 255"),
        (torch.zeros(SIZE).long().numpy(), ShapeError, "a tensor"),
    ):
        with pytest.raises(kind, match=said):
            system.observe(scene(), wrong)
    assert system.objects == (3, 7) and list(system.pool.told) == [0]


def test_a_network_that_diverged_is_refused():
    with pytest.raises(DataError, match="diverged"):
        PML(Colour(float("nan"))).observe(*two())


def test_a_network_at_another_stride_is_refused_and_leaves_nothing_behind():
    system = PML(PMLNet(Normed(stride=8)))
    with pytest.raises(ShapeError, match="stride 4"):
        system.observe(*two())
    assert not system.seen.kept and not system.pool.told and system.objects == () and system.seen.count == 0


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 2.5}, {"capacity": 0}, {"duration": 0}, {"agree": True}])
def test_settings_that_are_none_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        PML(Colour(), **wrong)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(lambda n: n, "one answer"), (lambda n: (n == n).all(1).float(), "bool"), (lambda n: None, "agree")],
)
def test_an_agreement_that_is_none_is_refused(answer, said):
    system = watching(*two(), agree=answer)
    with pytest.raises(ShapeError, match=said):
        system.step(scene())
