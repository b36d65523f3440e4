"""Layer 3: one paper per file, read from top to bottom. A parent network or another system's part comes in as an argument."""

_HOME = {
    "CopyFirstMask": "baselines", "FlowWarp": "baselines", "SoftFlowWarp": "baselines",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
