"""Long measurements in small pieces: one kept file for each piece, several pieces side by side, and an interrupted run goes on.

Reading order: kept_rows.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from vostutor.core.files import write_atomically


def kept_rows(
    work: Callable[[tuple], list[dict]], jobs: Sequence[tuple], folder: Path | str, *, workers: int | None = None
) -> Iterator[list[dict]]:
    """The rows of every job, in the order of the jobs; those that an earlier run has measured are read from the folder.

    Whoever changes what `work` does has to change the folder: a name with a hash of the sources in it does so by itself.

    work: a job -> its rows, as JSON has them. With several workers it runs in processes of its own and so has to be a function of a
        module, or functools.partial of one.
    workers: processes with one thread each; two on a machine with several cores when left out. One worker is this process.
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> list(kept_rows(lambda job: [{"of": job[0], "twice": 2 * job[1]}], [("a", 1), ("b", 2)], folder, workers=1))
    [[{'of': 'a', 'twice': 2}], [{'of': 'b', 'twice': 4}]]
    >>> sorted(path.name for path in Path(folder).iterdir())
    ['a-1.json', 'b-2.json']
    """
    step = partial(_kept, work, Path(folder))
    workers = min(usual_workers() if workers is None else workers, len(jobs))
    if workers <= 1:
        yield from map(step, jobs)
        return
    alone = multiprocessing.get_context("spawn")  # a forked process would inherit locks of OpenCV and torch
    with ProcessPoolExecutor(workers, mp_context=alone, initializer=one_thread) as pool:
        try:
            yield from pool.map(step, jobs)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after an error, begin nothing more


def usual_workers() -> int:
    """Two on a machine with several cores, one on any other.

    >>> usual_workers() in (1, 2)
    True
    """
    return min(2, os.cpu_count() or 1)


def one_thread() -> None:
    """Let this whole process compute with one thread, as stored figures say they were made; commands and workers do so."""
    import cv2
    import torch

    from vostutor.core.memory import keep_freed_memory

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    keep_freed_memory()


def kept_file(folder: Path | str, job: tuple) -> Path:
    """Where the rows of a job lie.

    >>> kept_file("rows", ("C without augmentation", 3)).as_posix()
    'rows/C-without-augmentation-3.json'
    """
    return Path(folder) / ("-".join(str(part).replace(" ", "-") for part in job) + ".json")


def _kept(work: Callable[[tuple], list[dict]], folder: Path, job: tuple) -> list[dict]:
    path = kept_file(folder, job)
    if not path.exists():
        write_atomically(path, json.dumps(work(job)) + "\n")
    return json.loads(path.read_text())
