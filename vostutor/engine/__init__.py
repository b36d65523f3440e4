"""Layer 4: running systems over videos, scoring what comes out. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "predict": "infer", "predict_clip": "infer", "save_predictions": "infer", "Prediction": "infer",
    "evaluate_results": "evaluate", "evaluate_clip": "evaluate", "Report": "evaluate",
})  # fmt: skip
