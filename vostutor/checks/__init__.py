"""Layer 5: what an exercise must do, the mistakes it recognises, its hints. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "check": "desk", "hint": "desk", "score": "desk", "finish": "desk",
    "find_exercise": "catalog", "exercises_of": "catalog", "LESSONS": "catalog",
    "Exercise": "exercise", "Slip": "exercise",
    "judge": "verdict", "Verdict": "verdict", "Trial": "trial",
    "LocalAnswer": "answer", "PipeAnswer": "pipe", "Nursery": "pipe", "spawn_worker": "pipe",
})  # fmt: skip
