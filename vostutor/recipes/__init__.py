"""Layer 5: a recipe for each system that is trained, a file for each lesson. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "System": "system",
    "flownets": "flow", "flownetc": "flow", "flownetc_softmax": "flow",
    "osvos": "one_shot",
    "pml": "retrieval", "feelvos": "retrieval",
})  # fmt: skip
