"""Memory that was freed may be kept for the next frame."""

import ctypes
import sys

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # of glibc's malloc.h
_KEPT = 1 << 28


def keep_freed_memory() -> bool:
    """Ask the C library to keep up to 256 MB of freed memory for this process; whether it could be asked.

    Otherwise glibc hands the arrays of every frame back to the kernel and fetches them again page by page: 400 page faults for two
    masks of 854x480, a quarter of the time that scoring them takes. It concerns the whole process, so commands do it, not functions.

    Source: mallopt(3) of glibc; elsewhere nothing happens.
    >>> keep_freed_memory() in (True, False)
    True
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    return all([mallopt(_MMAP_THRESHOLD, 1 << 25), mallopt(_TRIM_THRESHOLD, _KEPT)])
