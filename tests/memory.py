"""What memory a process has, as Linux tells it. All are in bytes."""

import ctypes
from pathlib import Path

STATUS = Path("/proc/self/status")


def in_use(process: int | str = "self") -> int:
    return _told("VmRSS:", process)


def settled() -> int:
    """-> what is in use once what is free has gone back to the system."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:  # glibc's own
        trim(0)
    return in_use()


def reset_peak() -> int:
    """-> what is in use; the peak is counted from here on."""
    Path("/proc/self/clear_refs").write_text("5")
    return in_use()


def peak(process: int | str = "self") -> int:
    return _told("VmHWM:", process)


def _told(name: str, process: int | str) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
