"""A network passes between a check and an answer: as its weights, whole or not at all, and what is done to it is seen."""

import torch
from torch import nn

from vostutor.checks import LocalAnswer
from vostutor.checks.network import SmallNetwork
from vostutor.checks.wire import Unusable, decode, encode


def some_network(seed=0):
    return SmallNetwork(torch.Generator().manual_seed(seed))


def test_a_network_arrives_with_its_weights_and_with_memory_of_its_own():
    sent = some_network()
    came = decode(encode({"parent": [sent]}))["parent"][0]
    frames = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    assert all(torch.equal(one, other) for one, other in zip(sent(frames), came(frames), strict=True))
    with torch.no_grad():
        came.fine.bias.add_(1)
    assert (sent.fine.bias == 0).all() and all(p.requires_grad for p in came.parameters())


def test_reading_a_network_draws_no_random_number():
    state, message = torch.random.get_rng_state(), encode(some_network())
    decode(message)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_other_modules_do_not_pass():
    for module in (nn.Linear(1, 1), nn.Sequential(some_network())):
        try:
            encode(module)
        except Unusable as why:
            assert type(module).__name__ in str(why)
        else:
            raise AssertionError("a module that cannot be rebuilt has passed")


def test_weights_that_lack_a_layer_cannot_be_read():
    message = encode(some_network()).replace(b"fine.bias", b"fine.bits")
    try:
        decode(message)
    except Unusable:
        return
    raise AssertionError("a network with a layer of another name was read")


def test_a_network_that_was_changed_counts_as_touched():
    def trains(parent):
        parent.fused.bias.data += 1
        return parent

    answer, parent = LocalAnswer(trains), some_network()
    trained = answer.call((parent,))
    assert answer.touched == ("parent",)
    assert trained.fused.bias == 1 and parent.fused.bias == 0


def test_every_score_has_the_size_of_its_frame():
    for size in ((20, 28), (7, 5), (1, 1)):
        assert [tuple(s.shape) for s in some_network()(torch.rand(2, 3, *size))] == [(2, 1, *size)] * 2
