"""Layer 5: what an exercise must do, the mistakes it recognises, its hints. Names load on first use."""

_HOME = {
    "check": "desk", "hint": "desk", "score": "desk", "finish": "desk",
    "find_exercise": "catalog", "exercises_of": "catalog", "LESSONS": "catalog",
    "Exercise": "exercise", "Slip": "exercise",
    "judge": "verdict", "Verdict": "verdict", "Trial": "trial",
    "LocalAnswer": "answer", "PipeAnswer": "pipe", "Nursery": "pipe", "spawn_worker": "pipe",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
