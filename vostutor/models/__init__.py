"""Layer 3: one paper per file, read from top to bottom. A parent network or another system's part comes in as an argument."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "CopyFirstMask": "baselines", "FlowWarp": "baselines", "SoftFlowWarp": "baselines",
})  # fmt: skip
