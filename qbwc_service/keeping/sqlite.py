"""An SQLite file: copied while others write to it, looked through, and whether anybody has it open."""

import contextlib
import os
import pathlib
import sqlite3
from collections.abc import Iterator

from .failures import CannotKeep, Damaged

BUSY_SECONDS = 30
_OPEN_ELSEWHERE_SECONDS = 2


def copy(source: pathlib.Path, target: pathlib.Path) -> None:
    """`target`, which must not be there, holds what was committed when this began; only its owner can read it.

    By SQLite's own backup, in one step: nobody who writes to `source` waits for it. Raises Damaged and CannotKeep; then
    there is no `target`.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise CannotKeep(f"{target}: {error.strerror}") from None
    try:
        with _opened(source) as origin, _opened(target) as made:
            origin.backup(made)
            # The copy comes out in the mode of the original, in which a part of it may stand in a file beside it.
            made.execute("PRAGMA journal_mode = DELETE")
        require_whole(target)
        _to_disk(target)
    except sqlite3.DatabaseError as error:
        target.unlink(missing_ok=True)
        raise Damaged(source, str(error)) from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def require_whole(path: pathlib.Path) -> None:
    """Raises Damaged unless SQLite finds the file in order."""
    try:
        with _opened(path) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
            orphans = db.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Damaged(path, str(error)) from None
    if found != ["ok"]:
        raise Damaged(path, f"it is damaged: {'; '.join(found)}"[:500])
    if orphans is not None:
        raise Damaged(path, f"it is damaged: rows of {orphans[0]} point to nothing")


def is_used(path: pathlib.Path) -> bool:
    """Whether another process has the database open, if only idly."""
    # To leave WAL mode one must be alone; each connection goes back to it by itself.
    try:
        with _opened(path, _OPEN_ELSEWHERE_SECONDS) as db:
            db.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:
        return False  # no database at all: nobody uses it as one
    return False


def move(path: pathlib.Path, target: pathlib.Path) -> None:
    """Moves a database and the files that belong to it, within a folder."""
    for ending in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).replace(target.with_name(target.name + ending))
    _to_disk(target.parent)


def _to_disk(path: pathlib.Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _opened(path: pathlib.Path, seconds: float = BUSY_SECONDS) -> Iterator[sqlite3.Connection]:
    """-> a connection that is closed at the end; a file that is not there is not made."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=seconds, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
