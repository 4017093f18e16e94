"""Where tests write: in memory, if this machine has room there; thousands of databases cost a disk much.

What is left of a run that failed is kept, to be looked at, until the next run. A TMPDIR that is given is used as it is.
"""

import fcntl
import os
import pathlib
import shutil
import tempfile
from contextlib import suppress
from typing import IO

_MEMORY = pathlib.Path("/dev/shm")
_ROOM_BYTES = 4 * 2**30
_PREFIX = "qbwc-tests-"
_LOCK = "lock"

_locks: dict[pathlib.Path, IO[bytes]] = {}  # open as long as the run goes on, and locked


def take() -> pathlib.Path | None:
    """-> the new folder in memory in which this process, and those that it starts, write from now on; None where they
    write where they always do."""
    if "TMPDIR" in os.environ or not _has_room():
        return None
    _clear()
    folder = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY))
    folder.chmod(0o711)  # PostgreSQL's cluster has another owner
    _locks[folder] = (folder / _LOCK).open("wb")
    fcntl.flock(_locks[folder], fcntl.LOCK_EX)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    return folder


def give_back(folder: pathlib.Path) -> None:
    del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(folder, ignore_errors=True)
    _locks.pop(folder).close()


def _has_room() -> bool:
    with suppress(OSError, KeyError):
        lines = pathlib.Path("/proc/meminfo").read_text("ascii").splitlines()
        free = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
        return min(shutil.disk_usage(_MEMORY).free, free["MemAvailable"]) >= _ROOM_BYTES and os.access(_MEMORY, os.W_OK)
    return False


def _clear() -> None:
    """Takes away what runs of before left, which hold their lock no more."""
    for lock in _MEMORY.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError), lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
