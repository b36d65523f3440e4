"""Layer 1: pure functions on tensors, each with a slow spelled-out oracle in its tests. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "cell_shares": "cells", "cell_labels": "cells", "enlarge_cells": "cells",
    "clicks": "clicked",
    "object_order": "masks", "one_hot": "masks", "to_ids": "masks", "dilate": "masks", "erode": "masks",
    "distance_to": "distance",
    "pixel_grid": "grid", "to_normalised": "grid", "to_pixels": "grid",
    "backward_warp": "warp", "forward_splat": "splat", "Splat": "splat",
    "find_occluded": "flow", "resize_flow": "flow",
    "dis_flow": "dis", "farneback_flow": "farneback",
    "correlation": "cost_volume",
    "global_match": "matching", "local_match": "matching",
    "squared_distances": "nearest", "squash": "nearest", "nearest_per_label": "nearest", "k_nearest": "nearest",
    "min_triplet": "nearest",
})  # fmt: skip
