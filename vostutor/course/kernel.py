"""A kernel that is this very interpreter, whatever kernels the machine has, with its files in a folder of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def kernel_environment(folder: Path, threads: int | None = None) -> dict[str, str]:
    """The environment in which a kernel or a Jupyter tool runs: ours, with settings and caches in `folder`.

    `folder` gets a kernel named python3 that is this interpreter; through JUPYTER_PATH every Jupyter tool finds it first.
    """
    folder = Path(folder).absolute()
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    places = {name: folder / name for name in ("config", "runtime", "ipython", "matplotlib", "kernels/python3")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    (places["kernels/python3"] / "kernel.json").write_text(json.dumps(spec, indent=1))
    settings = {
        "JUPYTER_PATH": str(folder),
        "JUPYTER_CONFIG_DIR": str(places["config"]),
        "JUPYTER_RUNTIME_DIR": str(places["runtime"]),
        "IPYTHONDIR": str(places["ipython"]),
        "MPLCONFIGDIR": str(places["matplotlib"]),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # a caller's Agg would show no figures
    }
    limits = dict.fromkeys(_THREADS, str(threads)) if threads else {}
    environment = os.environ | settings | limits
    _find_fonts(places["matplotlib"], environment)
    return environment


@contextmanager
def started_kernel(folder: Path, cwd: Path, threads: int | None = None) -> Iterator:
    """A running kernel's manager; the kernel ends with the block, however the block ends. What callbacks raise is an error in it."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import run_sync

    environment = kernel_environment(folder, threads)
    folder = Path(folder).absolute()
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder / "kernels")]),
        connection_file=str(folder / "runtime" / f"kernel-{uuid4().hex}.json"),
    )
    with open(folder / "kernel.log", "w") as log:  # greetings of the kernel, last words of a crash
        try:
            run_sync(manager.start_kernel)(
                env=environment,
                cwd=str(cwd),
                stdout=log,
                stderr=log,
                extra_arguments=["--HistoryManager.hist_file=:memory:", "--ext", "vostutor.course.witness"],
            )
            yield manager
        finally:
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)
            run_sync(manager.cleanup_resources)()


def _find_fonts(folder: Path, environment: dict[str, str]) -> None:
    """Let matplotlib list the machine's fonts once, so that the first lesson does not pay for it."""
    if not any(folder.glob("fontlist*.json")):
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=environment, check=False)
