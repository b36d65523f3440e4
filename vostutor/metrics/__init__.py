"""Layer 2: how good a segmentation is. NumPy only, so that scoring starts without torch. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "jaccard": "region",
    "boundary": "contour", "boundary_f": "contour", "match_boundaries": "contour", "BoundaryMatch": "contour",
    "disk": "contour", "contour_radius": "contour",
    "statistics": "summary", "Statistics": "summary",
    "confusion": "semantic", "mean_iou": "semantic",
    "semi_supervised": "davis", "unsupervised": "davis", "Curves": "davis",
})  # fmt: skip
