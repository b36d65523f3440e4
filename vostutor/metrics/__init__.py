"""Layer 2: how good a segmentation is. NumPy only, so that scoring starts without torch. Names load on first use."""

_HOME = {
    "jaccard": "region",
    "boundary": "contour", "boundary_f": "contour", "match_boundaries": "contour", "BoundaryMatch": "contour",
    "disk": "contour", "contour_radius": "contour",
    "statistics": "summary", "Statistics": "summary",
    "confusion": "semantic", "mean_iou": "semantic",
    "semi_supervised": "davis", "unsupervised": "davis", "Curves": "davis",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
