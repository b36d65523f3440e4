"""Layer 4: training systems, running them over videos, scoring what comes out. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "train": "training", "Training": "training", "History": "training", "gradients": "training", "step_generator": "training",
    "run_file": "checkpoints",
    "Bar": "watch", "LiveCurve": "watch", "Card": "cards", "save_weights": "cards", "load_weights": "cards", "read_card": "cards",
    "predict": "infer", "predict_clip": "infer", "save_predictions": "infer", "Prediction": "infer",
    "segment_video": "segment", "Segmented": "segment", "Scaled": "scaled",
    "evaluate_results": "evaluate", "evaluate_clip": "evaluate", "Report": "evaluate",
    "compare_flows": "flow", "network_flow": "flow",
    "flow_scores": "flow", "score_flows": "flow", "constant_flows": "flow", "PairScores": "flow",
})  # fmt: skip
