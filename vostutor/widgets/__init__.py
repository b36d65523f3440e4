"""Layer 5: interactive pictures, each a class and the JavaScript beside it, with a still picture where no kernel runs."""

_HOME = {"ClipPlayer": "clip_player", "JFExplorer": "jf_explorer"}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
