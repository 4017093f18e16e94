"""What the service's process asks of its system."""

import ctypes
import gc
import sys

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of malloc.h
_LARGE = 256 * 1024


def ask_for_descriptors(count: int) -> None:
    """As many as this, or as many as may be had without asking an administrator."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def have_memory_given_back() -> None:
    """To be called before there are threads. Left to itself glibc keeps what large answers took, once for each thread.
    Where there is another C library, nothing is asked of it."""
    if sys.platform == "win32":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        mallopt(_MMAP_THRESHOLD, _LARGE)


def leave_alone_what_stays() -> None:
    """To be called when all is loaded: what there is now stays to the end, so no collection need walk through it."""
    gc.collect()
    gc.freeze()
