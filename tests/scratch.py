"""Where tests write: in memory, if this machine has room there; thousands of databases cost a disk much.

What is left of a run that failed is kept, to be looked at, until the next run. A TMPDIR that is given is used as it is.
"""

import os
import pathlib
import shutil
import tempfile
from contextlib import suppress

_MEMORY = pathlib.Path("/dev/shm")  # a folder of our own in it
_ROOM_BYTES = 4 * 2**30
_NAME = "qbwc-tests-"


def take() -> pathlib.Path | None:
    """-> the new folder in memory in which this process, and those that it starts, write from now on; None where they
    write where they always do."""
    if "TMPDIR" in os.environ or not _has_room():
        return None
    _clear()
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{_NAME}{os.getpid()}-", dir=_MEMORY))
    folder.chmod(0o711)  # PostgreSQL's cluster has another owner
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    return folder


def give_back(folder: pathlib.Path) -> None:
    del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(folder, ignore_errors=True)


def _has_room() -> bool:
    with suppress(OSError, KeyError):
        lines = pathlib.Path("/proc/meminfo").read_text("ascii").splitlines()
        free = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
        return min(shutil.disk_usage(_MEMORY).free, free["MemAvailable"]) >= _ROOM_BYTES and os.access(_MEMORY, os.W_OK)
    return False


def _clear() -> None:
    """Takes away what runs of before left, whose process has ended."""
    for folder in _MEMORY.glob(f"{_NAME}*"):
        number = folder.name.removeprefix(_NAME).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True
