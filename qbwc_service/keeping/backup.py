"""A backup: the whole database in one file, made while the service runs. The secret key is never in it."""

import pathlib
from dataclasses import dataclass

from ..settings import Settings
from . import postgres, sqlite
from .failures import CannotKeep

KEEP_THE_KEY_APART = (
    "The secret key is not in it: keep that too, and in another place. Without it the connector passwords cannot be "
    "checked; with both together somebody else could."
)


@dataclass(frozen=True)
class Backup:
    path: pathlib.Path
    size: int  # bytes


def make(settings: Settings, target: pathlib.Path) -> Backup:
    """-> what was written; a file that is there already is never overwritten. Raises CannotKeep."""
    target = target.absolute()
    if target.exists():
        raise CannotKeep(f"{target} is there already; give another name, with the date in it, say")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # of a backup that was interrupted
    if settings.sqlite_path is not None:
        sqlite.copy(settings.sqlite_path, part)
    else:
        postgres.dump(settings.database_url, part)
    part.replace(target)
    return Backup(target, target.stat().st_size)
