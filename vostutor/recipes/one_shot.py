"""One shot: how the parent network of lesson 04 is put together and trained."""

from vostutor.engine.training import Training
from vostutor.recipes.system import System


def osvos() -> System:
    """The parent of OSVOS."""
    from vostutor.data.foreground import foreground_batches, foreground_pool
    from vostutor.data.minivos import VERSION
    from vostutor.engine.one_shot import measured_parent
    from vostutor.models.osvos import OSVOS, PROFILES, OSVOSNet, objective

    return System(
        title="OSVOS, the parent", lesson="04", configs=PROFILES, trainings=PARENT_TRAININGS,
        scenes={"smoke": 4, "cpu": 400, "gpu": 4000},
        batches=lambda scenes, seed: foreground_batches(foreground_pool(scenes, seed=seed * scenes, report=print)),
        objective=objective, measure=lambda model: measured_parent(model, OSVOS),
        build=lambda config, generator: OSVOSNet(config, generator=generator), data=f"minivos {VERSION}, two frames each",
    )  # fmt: skip


PARENT_TRAININGS = {
    "smoke": Training(steps=10, batch=4, warm_up=5),
    "cpu": Training(steps=3000, batch=12, warm_up=50),
    "gpu": Training(steps=20_000, batch=32, rate=1e-3, warm_up=500, precision="bfloat16", save_every=500),
}
