"""Layer 2: how good a segmentation is, or a flow. NumPy only, so that scoring starts without torch. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "jaccard": "region",
    "boundary": "contour", "boundary_f": "contour", "match_boundaries": "contour", "BoundaryMatch": "contour",
    "disk": "contour", "contour_radius": "contour",
    "statistics": "summary", "Statistics": "summary",
    "confusion": "semantic", "mean_iou": "semantic",
    "semi_supervised": "davis", "unsupervised": "davis", "Curves": "davis",
    "endpoint_error": "flow", "angular_error": "flow", "average_endpoint_error": "flow", "average_angular_error": "flow",
    "fl_all": "flow", "score_flow": "flow", "FlowScores": "flow",
})  # fmt: skip
