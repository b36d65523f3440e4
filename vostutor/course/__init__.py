"""Layer 6: masters become notebooks, notebooks are executed and measured. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "Course": "places", "replace_file": "places",
    "Master": "lesson", "Cell": "lesson", "Budget": "lesson",
    "read_master": "master",
    "solution_notebook": "notebook", "write_notebook": "notebook",
    "student_notebook": "student",
    "clean_outputs": "clean", "machine_paths": "clean",
    "Secrets": "leaks", "find_leaks": "leaks", "Leak": "leaks",
    "build_notebooks": "build", "differences": "build", "renew": "build", "stored_faults": "build",
    "look_over": "gate", "compare_runs": "gate", "Fault": "gate",
    "kernel_environment": "kernel",
    "run_notebook": "execute", "Ran": "execute",
    "run_lessons": "run",
    "Limits": "meter",
    "Outcome": "budget",
    "lab_command": "lab", "open_lesson": "lab",
})  # fmt: skip
