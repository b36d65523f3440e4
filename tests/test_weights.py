"""The weights that are shipped: small, loadable, and as good as their cards say."""

import pytest

from tests.conftest import ROOT
from vostutor import zoo
from vostutor.data import flow_split
from vostutor.engine.flow import classical_flows, flow_scores, network_flow
from vostutor.engine.retrieval import label_j

CARDS = {card.system: card for card in zoo.cards()}
FLOWS = ("flownets", "flownetc", "flownetc-softmax")


def error(system: str) -> float:
    return CARDS[system].metrics[0]["mean"]


@pytest.mark.parametrize("path", sorted((ROOT / "data/weights").glob("*.safetensors")), ids=lambda path: path.stem)
def test_a_file_of_weights_is_small_and_has_a_card(path):
    assert path.stat().st_size < 5e6 and path.with_suffix(".json").exists()


@pytest.mark.parametrize("system", sorted(CARDS))
def test_weights_fit_their_system(system):
    model = zoo.load(system, CARDS[system].profile)
    assert sum(p.numel() for p in model.parameters()) == CARDS[system].parameters and not model.training


@pytest.mark.parametrize("system", FLOWS)
def test_a_flow_network_is_as_good_as_its_card_says(system):
    few = flow_split(24)
    measured = flow_scores(network_flow(zoo.load(system, "cpu")), few).epe
    ultrafast = flow_scores(classical_flows()["DIS ultrafast"], few).epe
    assert measured < ultrafast and abs(measured - error(system)) < 0.25  # the card is about all 120 pairs


def test_flow_networks_reach_what_they_were_trained_for():
    zero = CARDS["flownets"].metrics[1]["mean"]
    assert error("flownets") < zero / 2
    assert error("flownetc") < 1.48 and error("flownetc-softmax") < 1.48  # DIS ultrafast on the same pairs


@pytest.mark.parametrize("system", [name for name in ("pml", "feelvos") if name in CARDS])
def test_a_network_that_retrieves_is_as_good_as_its_card_says(system):
    plain, *_ = CARDS[system].metrics
    measured = label_j(lambda: zoo.segmenter(system), "plain", slice(1, None), clips=2)
    assert abs(sum(measured) / 2 - plain["mean"]) < 2 * plain["spread"]  # the card is about six clips
