"""Whether this process can do its work, and what is in the way; no sentence here holds a secret."""

import os
import pathlib
import shutil

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from .db import figures, schema
from .db.engine import reading
from .secrets import Keys, WrongKey
from .settings import Settings

LEAST_FREE_BYTES = 32 * 1024 * 1024  # below it SQLite may fail in the middle of an answer of QuickBooks'
GOOD_FREE_BYTES = 512 * 1024 * 1024


def faults(settings: Settings, engine: Engine, keys: Keys) -> list[str]:
    """-> what keeps the service from working, a sentence each; nothing when it is ready."""
    return [fault for fault in (_database(engine, keys), disk(settings)) if fault is not None]


def _database(engine: Engine, keys: Keys) -> str | None:
    try:
        schema.require(engine)
        with reading(engine) as db:
            sealed = figures.a_sealed_password(db)
        if sealed is not None:
            keys.unseal(sealed)
    except schema.SchemaMismatch as error:
        return str(error)
    except WrongKey:
        return "the secret key is not the one that this database was made with"
    except SQLAlchemyError:
        return "the database does not answer"
    return None


def disk(settings: Settings) -> str | None:
    """-> why SQLite could not write, if so. Another database's disk is its own affair."""
    path = settings.sqlite_path
    if path is None:
        return None
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return "the database's file or its folder cannot be written to"
    if (free := free_bytes(path.parent)) < LEAST_FREE_BYTES:
        return f"the disk of the database is full: {free // 1_000_000} MB are left"
    return None


def free_bytes(folder: pathlib.Path) -> int:
    return shutil.disk_usage(folder).free
