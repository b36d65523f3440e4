"""Layer 4: running systems over videos, scoring what comes out. Names load on first use."""

_HOME = {
    "predict": "infer", "predict_clip": "infer", "save_predictions": "infer", "Prediction": "infer",
    "evaluate_results": "evaluate", "evaluate_clip": "evaluate", "Report": "evaluate",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
