"""Optical flow: how the networks of lesson 01 are put together and trained."""

from dataclasses import replace

from torch import nn

from vostutor.engine.training import DrawBatch, Training
from vostutor.recipes.system import System


def flownets() -> System:
    """FlowNetS."""
    from vostutor.models.flownet import FlowNetS

    return _flownet("FlowNetS", lambda config, generator: FlowNetS(config, generator=generator))


def flownetc() -> System:
    """FlowNetC, as published."""
    return _flownet("FlowNetC", _with_correlation)


def flownetc_softmax() -> System:
    """FlowNetC with shares."""
    from vostutor.models.flownet import PROFILES

    configs = {name: replace(config, cost="softmax") for name, config in PROFILES.items()}
    return _flownet("FlowNetC, softmax over displacements", _with_correlation, configs)


def _with_correlation(config, generator) -> nn.Module:
    from vostutor.models.flownet import FlowNetC
    from vostutor.ops import correlation

    return FlowNetC(config, correlation=correlation, generator=generator)


def _flownet(title: str, build, configs=None) -> System:
    from vostutor.data.augment import AUGMENTATIONS
    from vostutor.data.flow_pairs import flow_batches, flow_pool
    from vostutor.data.minivos import VERSION
    from vostutor.engine.flow import measured_flow
    from vostutor.models.flownet import PROFILES, objective

    def batches(scenes: int, seed: int) -> DrawBatch:
        return flow_batches(flow_pool(scenes, seed=seed * scenes, report=print), AUGMENTATIONS["cpu"])

    return System(
        title=title,
        lesson="01",
        configs=configs or PROFILES,
        trainings=FLOW_TRAININGS,
        scenes={"smoke": 4, "cpu": 160, "gpu": 800},
        batches=batches,
        objective=objective,
        measure=measured_flow,
        build=build,
        data=f"minivos {VERSION} with large motion",
    )


FLOW_TRAININGS = {
    "smoke": Training(steps=20, batch=4, warm_up=5),
    "cpu": Training(steps=900, batch=8, warm_up=20),
    "gpu": Training(steps=20_000, batch=16, rate=1e-3, warm_up=500, precision="bfloat16", save_every=500),
}
