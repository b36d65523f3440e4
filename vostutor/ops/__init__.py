"""Layer 1: pure functions on tensors, each with a slow spelled-out oracle in its tests. Names load on first use."""

_HOME = {
    "object_order": "masks", "one_hot": "masks", "to_ids": "masks", "dilate": "masks",
    "pixel_grid": "grid", "to_normalised": "grid", "to_pixels": "grid",
    "backward_warp": "warp",
    "dis_flow": "dis",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
