"""Layer 6: masters become notebooks, notebooks are executed and measured. Names load on first use."""

_HOME = {
    "Course": "places", "replace_file": "places",
    "Master": "lesson", "Cell": "lesson", "Budget": "lesson",
    "read_master": "master",
    "solution_notebook": "notebook", "write_notebook": "notebook",
    "student_notebook": "student",
    "clean_outputs": "clean", "machine_paths": "clean",
    "build_notebooks": "build", "differences": "build", "renew": "build",
    "kernel_environment": "kernel",
    "run_notebook": "execute", "Ran": "execute",
    "run_lessons": "run",
    "Outcome": "budget",
    "lab_command": "lab", "open_lesson": "lab",
}  # fmt: skip
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
